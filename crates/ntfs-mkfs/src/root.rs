//! The names of the metafiles and the directories that hold them.

use linkwright_ntfs_format::attribute::AttributeType;
use linkwright_ntfs_format::collation::Collation;
use linkwright_ntfs_format::file_name::{Duplicated, FileName, Namespace};
use linkwright_ntfs_format::standard_information::{FileAttributes, Times};
use linkwright_ntfs_format::{
    FileReference, FormatError, NtTime, RecordNumber, SequenceNumber, fixup, index, num, usn,
};

use crate::FormatOptions;
use crate::plan::{Extent, Plan};
use crate::view_indexes::root_header;

/// Sequence number of a record that a fresh volume uses (NTFS.md 2.2): its own
/// number among the metafiles, 1 behind them.
pub(crate) const fn sequence_of(number: RecordNumber) -> SequenceNumber {
    match number.0.to_le_bytes() {
        [low @ 1..=23, 0, ..] => SequenceNumber(low as u16),
        _ => SequenceNumber(1),
    }
}

/// The reference to a record of a fresh volume.
pub(crate) const fn reference_to(number: RecordNumber) -> FileReference {
    FileReference::new(number, sequence_of(number))
}

/// `$Quota`, `$ObjId`, `$Reparse`: the first records behind the reserved ones.
pub(crate) const QUOTA: RecordNumber = RecordNumber(24);
pub(crate) const OBJECT_IDS: RecordNumber = RecordNumber(25);
pub(crate) const REPARSE: RecordNumber = RecordNumber(26);
/// `$UsnJrnl`, on volumes that get one.
pub(crate) const CHANGE_JOURNAL: RecordNumber = RecordNumber(27);

/// Hidden and system: what every metafile is.
pub(crate) const METAFILE: FileAttributes = FileAttributes::HIDDEN.union(FileAttributes::SYSTEM);

/// A name of a metafile and the record it leads to.
#[derive(Debug, Clone)]
pub(crate) struct Named {
    pub(crate) number: RecordNumber,
    pub(crate) name: FileName,
}

/// The names in one directory, in the order of its index.
#[derive(Debug)]
pub(crate) struct Directory {
    names: Vec<Named>,
}

impl Directory {
    /// The root's twelve metafiles; their sizes come from the plan.
    pub(crate) fn root(plan: &Plan, time: NtTime) -> Self {
        let none = Extent {
            lcn: 0,
            clusters: 0,
            len: 0,
        };
        let directory = FileAttributes::FILE_NAME_INDEX;
        let view = FileAttributes::VIEW_INDEX;
        let file = FileAttributes::empty();
        let names = [
            (RecordNumber::ATTR_DEF, "$AttrDef", file, plan.attr_def),
            (RecordNumber::BAD_CLUSTERS, "$BadClus", file, none),
            (RecordNumber::BITMAP, "$Bitmap", file, plan.bitmap),
            (RecordNumber::BOOT, "$Boot", file, plan.boot),
            (RecordNumber::EXTEND, "$Extend", directory, none),
            (RecordNumber::LOG_FILE, "$LogFile", file, plan.log),
            (RecordNumber::MFT, "$MFT", file, plan.mft),
            (RecordNumber::MFT_MIRROR, "$MFTMirr", file, plan.mirror),
            (RecordNumber::SECURE, "$Secure", view, none),
            (RecordNumber::UPCASE, "$UpCase", file, plan.upcase),
            (RecordNumber::VOLUME, "$Volume", file, none),
            (RecordNumber::ROOT, ".", directory, none),
        ]
        .map(|(number, text, kind, extent)| Named {
            number,
            name: FileName {
                parent: FileReference::ROOT,
                duplicated: Duplicated {
                    times: same_times(time),
                    allocated: plan.allocated(&extent),
                    size: extent.len,
                    attributes: METAFILE | kind,
                    ea_or_tag: 0,
                },
                namespace: Namespace::Win32AndDos,
                name: text.encode_utf16().collect(),
            },
        });
        Self {
            names: names.into(),
        }
    }

    /// The files of `$Extend`.
    pub(crate) fn extend(options: &FormatOptions) -> Self {
        let view = FileAttributes::VIEW_INDEX;
        let journal = options.change_journal.map(|_| {
            let kind = FileAttributes::ARCHIVE | FileAttributes::SPARSE_FILE;
            (CHANGE_JOURNAL, usn::FILE_NAME, kind)
        });
        let names = [
            (OBJECT_IDS, "$ObjId", view),
            (QUOTA, "$Quota", view),
            (REPARSE, "$Reparse", view),
        ]
        .into_iter()
        .chain(journal)
        .map(|(number, text, kind)| Named {
            number,
            name: FileName {
                parent: reference_to(RecordNumber::EXTEND),
                duplicated: Duplicated {
                    times: same_times(options.time),
                    attributes: METAFILE | kind,
                    ..Duplicated::default()
                },
                namespace: Namespace::Posix,
                name: text.encode_utf16().collect(),
            },
        });
        Self {
            names: names.collect(),
        }
    }

    /// The name that leads to `number`, encoded.
    pub(crate) fn name_of(&self, number: RecordNumber) -> Result<Vec<u8>, FormatError> {
        self.names
            .iter()
            .find(|named| named.number == number)
            .map_or_else(|| Ok(Vec::new()), |named| named.name.encode())
    }

    /// The entries of the index, the last one included.
    fn entries(&self) -> Result<Vec<u8>, FormatError> {
        let mut out = Vec::new();
        for named in &self.names {
            let reference = reference_to(named.number);
            out.extend(index::encode_directory_entry(
                reference,
                &named.name.encode()?,
            )?);
        }
        out.extend(index::encode_last_entry(None));
        Ok(out)
    }

    /// An `$INDEX_ROOT` that holds all entries.
    pub(crate) fn index_root(&self, plan: &Plan) -> Result<Vec<u8>, FormatError> {
        let header = root_header(plan, AttributeType::FILE_NAME.0, Collation::FileName);
        index::encode_root(&header, &self.entries()?, false)
    }

    /// An `$INDEX_ROOT` that points to index block 0.
    pub(crate) fn index_root_above_block(plan: &Plan) -> Result<Vec<u8>, FormatError> {
        let header = root_header(plan, AttributeType::FILE_NAME.0, Collation::FileName);
        index::encode_root(&header, &index::encode_last_entry(Some(0)), true)
    }

    /// Index block 0 with all entries, as it goes to disk.
    pub(crate) fn index_block(&self, plan: &Plan) -> Result<Vec<u8>, FormatError> {
        let mut block = vec![0; num::u32_to_usize(plan.geometry.index_block_size())?];
        index::format_block(&mut block, 0, &self.entries()?, false)?;
        fixup::apply(&mut block)?;
        Ok(block)
    }
}

/// All four time stamps alike.
pub(crate) const fn same_times(time: NtTime) -> Times {
    Times {
        created: time,
        modified: time,
        changed: time,
        accessed: time,
    }
}

#[cfg(test)]
mod tests {
    use linkwright_names::UpcaseTable;

    use super::*;

    #[test]
    fn names_stand_in_the_order_of_the_index() {
        let options = FormatOptions {
            change_journal: Some(crate::ChangeJournal::default()),
            ..FormatOptions::default()
        };
        let plan = Plan::new(8 << 20, &options).unwrap();
        let table = UpcaseTable::windows();
        for directory in [
            Directory::root(&plan, NtTime(0)),
            Directory::extend(&options),
        ] {
            assert!(
                directory
                    .names
                    .is_sorted_by(|a, b| { table.compare(&a.name.name, &b.name.name).is_lt() })
            );
        }
    }

    #[test]
    fn sequence_numbers_are_those_windows_gives() {
        for (number, sequence) in [
            (0, 1),
            (1, 1),
            (5, 5),
            (23, 23),
            (24, 1),
            (256, 1),
            (257, 1),
        ] {
            assert_eq!(sequence_of(RecordNumber(number)), SequenceNumber(sequence));
        }
    }
}
