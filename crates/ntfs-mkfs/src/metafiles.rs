//! The file records of a fresh volume.
//!
//! Attributes, their order and their instance numbers are those that Windows
//! gives the same records.

use linkwright_names::UpcaseTable;
use linkwright_ntfs_format::attribute::AttributeType as Type;
use linkwright_ntfs_format::collation::Collation;
use linkwright_ntfs_format::record::{NewRecord, RecordFlags};
use linkwright_ntfs_format::security::SecurityDescriptor;
use linkwright_ntfs_format::standard_information::{Extended, FileAttributes, StandardInformation};
use linkwright_ntfs_format::upcase_info::UpcaseInfo;
use linkwright_ntfs_format::usn::UsnMax;
use linkwright_ntfs_format::volume_information::{VolumeFlags, VolumeInformation};
use linkwright_ntfs_format::{FormatError, NtTime, RecordNumber, SecurityId};

use crate::plan::{Extent, Plan};
use crate::record_builder::{Attribute, RecordBuilder};
use crate::root::{self, Directory, METAFILE, same_times, sequence_of};
use crate::secure::{self, READ_ONLY_ID, WRITABLE_ID};
use crate::view_indexes as views;
use crate::{ChangeJournal, FormatOptions, ShortNames};

/// The contents of `$UpCase`.
pub(crate) fn upcase_stream() -> Vec<u8> {
    UpcaseTable::windows().to_le_bytes()
}

/// Builds every record of a fresh volume.
pub(crate) struct Metafiles<'a> {
    plan: &'a Plan,
    options: &'a FormatOptions,
    root: Directory,
    extend: Directory,
}

impl<'a> Metafiles<'a> {
    pub(crate) fn new(plan: &'a Plan, options: &'a FormatOptions) -> Self {
        Self {
            plan,
            options,
            root: Directory::root(plan, options.time),
            extend: Directory::extend(options),
        }
    }

    /// The root's index block.
    pub(crate) fn root_block(&self) -> Result<Vec<u8>, FormatError> {
        self.root.index_block(self.plan)
    }

    /// Numbers of the records in use, for the bitmap of `$MFT`.
    pub(crate) const fn used_records(&self) -> [(u64, u64); 2] {
        let extend = match self.options.change_journal {
            Some(_) => 4,
            None => 3,
        };
        // 16 to 23 are free for $MFT's own extension records.
        [(0, 16), (24, extend)]
    }

    /// The record `number` as it goes to disk.
    pub(crate) fn record(&self, number: RecordNumber) -> Result<Vec<u8>, FormatError> {
        match number {
            RecordNumber::MFT => self.mft(),
            RecordNumber::MFT_MIRROR => self.plain_stream(number, &self.plan.mirror),
            RecordNumber::LOG_FILE => self.plain_stream(number, &self.plan.log),
            RecordNumber::VOLUME => self.volume(),
            RecordNumber::ATTR_DEF => self.plain_stream(number, &self.plan.attr_def),
            RecordNumber::ROOT => self.root_directory(),
            RecordNumber::BITMAP => self.bitmap(),
            RecordNumber::BOOT => self.boot(),
            RecordNumber::BAD_CLUSTERS => self.bad_clusters(),
            RecordNumber::SECURE => self.secure(),
            RecordNumber::UPCASE => self.upcase(),
            RecordNumber::EXTEND => self.extend_directory(),
            RecordNumber(12..=15) => self.reserved(number),
            root::QUOTA => self.quota(),
            root::OBJECT_IDS => self.extend_view(number, "$O"),
            root::REPARSE => self.extend_view(number, "$R"),
            root::CHANGE_JOURNAL => match self.options.change_journal {
                Some(journal) => self.change_journal(journal),
                None => self.free(number),
            },
            _ => self.free(number),
        }
    }

    fn begin(
        &self,
        number: RecordNumber,
        flags: RecordFlags,
    ) -> Result<RecordBuilder, FormatError> {
        let new = NewRecord {
            number,
            sequence: sequence_of(number),
            flags,
            base: None,
        };
        RecordBuilder::new(self.plan, &new)
    }

    fn file(&self, number: RecordNumber) -> Result<RecordBuilder, FormatError> {
        self.begin(number, RecordFlags::IN_USE)
    }

    /// `$STANDARD_INFORMATION` with a security id.
    fn standard(
        &self,
        record: &mut RecordBuilder,
        kind: FileAttributes,
        security_id: SecurityId,
    ) -> Result<(), FormatError> {
        let info = StandardInformation {
            extended: Some(Extended {
                security_id,
                ..Extended::default()
            }),
            ..information(self.options.time, METAFILE | kind)
        };
        record.resident(
            Attribute::plain(Type::STANDARD_INFORMATION, 0),
            &info.encode(),
        )?;
        Ok(())
    }

    /// The short form, for records that carry their own descriptor.
    fn short_standard(&self, record: &mut RecordBuilder) -> Result<(), FormatError> {
        let info = information(self.options.time, METAFILE);
        record.resident(
            Attribute::plain(Type::STANDARD_INFORMATION, 0),
            &info.encode(),
        )?;
        Ok(())
    }

    fn root_name(
        &self,
        record: &mut RecordBuilder,
        number: RecordNumber,
        instance: u16,
    ) -> Result<(), FormatError> {
        let name = self.root.name_of(number)?;
        record.resident(Attribute::plain(Type::FILE_NAME, instance), &name)?;
        Ok(())
    }

    fn mft(&self) -> Result<Vec<u8>, FormatError> {
        let number = RecordNumber::MFT;
        let mut record = self.file(number)?;
        self.standard(&mut record, FileAttributes::empty(), READ_ONLY_ID)?;
        self.root_name(&mut record, number, 3)?;
        record
            .stream(Attribute::plain(Type::DATA, 1), self.plan, &self.plan.mft)?
            .stream(
                Attribute::plain(Type::BITMAP, 5),
                self.plan,
                &self.plan.mft_bitmap,
            )?;
        record.finish(6)
    }

    /// A file that is nothing but one stream.
    fn plain_stream(&self, number: RecordNumber, extent: &Extent) -> Result<Vec<u8>, FormatError> {
        let mut record = self.file(number)?;
        self.standard(&mut record, FileAttributes::empty(), READ_ONLY_ID)?;
        self.root_name(&mut record, number, 2)?;
        record.stream(Attribute::plain(Type::DATA, 1), self.plan, extent)?;
        record.finish(4)
    }

    fn upcase(&self) -> Result<Vec<u8>, FormatError> {
        let number = RecordNumber::UPCASE;
        let mut record = self.file(number)?;
        self.standard(&mut record, FileAttributes::empty(), READ_ONLY_ID)?;
        self.root_name(&mut record, number, 2)?;
        let info = UpcaseInfo::for_table(&upcase_stream());
        record
            .stream(
                Attribute::plain(Type::DATA, 1),
                self.plan,
                &self.plan.upcase,
            )?
            .resident(Attribute::named(Type::DATA, "$Info", 4), &info.encode())?;
        record.finish(5)
    }

    fn volume(&self) -> Result<Vec<u8>, FormatError> {
        let number = RecordNumber::VOLUME;
        let mut record = self.file(number)?;
        self.standard(&mut record, FileAttributes::empty(), WRITABLE_ID)?;
        self.root_name(&mut record, number, 1)?;
        let label = self.options.label.to_le_bytes();
        let info = VolumeInformation {
            flags: match self.options.short_names {
                ShortNames::Off => VolumeFlags::SHORT_NAMES_OFF,
                ShortNames::On => VolumeFlags::empty(),
            },
            ..VolumeInformation::NEW
        };
        record
            .resident(Attribute::plain(Type::VOLUME_NAME, 4), &label)?
            .resident(
                Attribute::plain(Type::VOLUME_INFORMATION, 5),
                &info.encode(),
            )?
            .resident(Attribute::plain(Type::DATA, 3), &[])?;
        record.finish(6)
    }

    fn root_directory(&self) -> Result<Vec<u8>, FormatError> {
        let number = RecordNumber::ROOT;
        let mut record = self.begin(number, RecordFlags::IN_USE | RecordFlags::DIRECTORY)?;
        self.short_standard(&mut record)?;
        self.root_name(&mut record, number, 1)?;
        let mut first_block_used = [0; 8];
        if let Some(byte) = first_block_used.first_mut() {
            *byte = 1;
        }
        record
            .resident(
                Attribute::plain(Type::SECURITY_DESCRIPTOR, 2),
                &SecurityDescriptor::data_volume_root().encode()?,
            )?
            .resident(
                Attribute::named(Type::INDEX_ROOT, "$I30", 6),
                &Directory::index_root_above_block(self.plan)?,
            )?
            .stream(
                Attribute::named(Type::INDEX_ALLOCATION, "$I30", 8),
                self.plan,
                &self.plan.root_index,
            )?
            .resident(Attribute::named(Type::BITMAP, "$I30", 7), &first_block_used)?;
        record.finish(9)
    }

    fn bitmap(&self) -> Result<Vec<u8>, FormatError> {
        let number = RecordNumber::BITMAP;
        let mut record = self.file(number)?;
        self.standard(&mut record, FileAttributes::empty(), READ_ONLY_ID)?;
        self.root_name(&mut record, number, 2)?;
        record.stream(
            Attribute::plain(Type::DATA, 4),
            self.plan,
            &self.plan.bitmap,
        )?;
        record.finish(5)
    }

    fn boot(&self) -> Result<Vec<u8>, FormatError> {
        let number = RecordNumber::BOOT;
        let mut record = self.file(number)?;
        self.short_standard(&mut record)?;
        self.root_name(&mut record, number, 2)?;
        record
            .resident(
                Attribute::plain(Type::SECURITY_DESCRIPTOR, 3),
                &SecurityDescriptor::system_file_read_only().encode()?,
            )?
            .stream(Attribute::plain(Type::DATA, 1), self.plan, &self.plan.boot)?;
        record.finish(4)
    }

    fn bad_clusters(&self) -> Result<Vec<u8>, FormatError> {
        let number = RecordNumber::BAD_CLUSTERS;
        let clusters = self.plan.geometry.cluster_count();
        let mut record = self.file(number)?;
        self.standard(&mut record, FileAttributes::empty(), READ_ONLY_ID)?;
        self.root_name(&mut record, number, 3)?;
        record
            .resident(Attribute::plain(Type::DATA, 2), &[])?
            .hole(
                Attribute::named(Type::DATA, "$Bad", 1),
                clusters,
                clusters << self.plan.geometry.cluster_shift(),
            )?;
        record.finish(5)
    }

    fn secure(&self) -> Result<Vec<u8>, FormatError> {
        let number = RecordNumber::SECURE;
        let mut record = self.begin(number, RecordFlags::IN_USE | RecordFlags::VIEW_INDEX)?;
        self.standard(&mut record, FileAttributes::VIEW_INDEX, WRITABLE_ID)?;
        self.root_name(&mut record, number, 7)?;
        let hashes = views::view_root(self.plan, Collation::SecurityHash, &secure::sdh_entries()?)?;
        let ids = views::view_root(self.plan, Collation::Ulong, &secure::sii_entries()?)?;
        record
            .stream(
                Attribute::named(Type::DATA, "$SDS", 8),
                self.plan,
                &self.plan.sds,
            )?
            .resident(Attribute::named(Type::INDEX_ROOT, "$SDH", 4), &hashes)?
            .resident(Attribute::named(Type::INDEX_ROOT, "$SII", 5), &ids)?;
        record.finish(9)
    }

    fn extend_directory(&self) -> Result<Vec<u8>, FormatError> {
        let number = RecordNumber::EXTEND;
        let mut record = self.begin(number, RecordFlags::IN_USE | RecordFlags::DIRECTORY)?;
        self.standard(&mut record, FileAttributes::empty(), WRITABLE_ID)?;
        self.root_name(&mut record, number, 3)?;
        let root = self.extend.index_root(self.plan)?;
        record.resident(Attribute::named(Type::INDEX_ROOT, "$I30", 4), &root)?;
        record.finish(5)
    }

    /// Records 12 to 15: in use, without a name.
    fn reserved(&self, number: RecordNumber) -> Result<Vec<u8>, FormatError> {
        let mut record = self.file(number)?;
        self.short_standard(&mut record)?;
        record
            .resident(
                Attribute::plain(Type::SECURITY_DESCRIPTOR, 2),
                &SecurityDescriptor::system_file_read_write().encode()?,
            )?
            .resident(Attribute::plain(Type::DATA, 1), &[])?;
        record.finish(3)
    }

    /// What the files of `$Extend` start with.
    fn begin_extend_view(&self, number: RecordNumber) -> Result<RecordBuilder, FormatError> {
        let flags = RecordFlags::IN_USE | RecordFlags::IN_EXTEND | RecordFlags::VIEW_INDEX;
        let mut record = self.begin(number, flags)?;
        self.standard(&mut record, FileAttributes::VIEW_INDEX, WRITABLE_ID)?;
        let name = self.extend.name_of(number)?;
        record.resident(Attribute::plain(Type::FILE_NAME, 1), &name)?;
        Ok(record)
    }

    fn quota(&self) -> Result<Vec<u8>, FormatError> {
        let mut record = self.begin_extend_view(root::QUOTA)?;
        let owners = views::view_root(self.plan, Collation::Sid, &views::owner_entries()?)?;
        let quotas = views::view_root(
            self.plan,
            Collation::Ulong,
            &views::quota_entries(self.options.time)?,
        )?;
        record
            .resident(Attribute::named(Type::INDEX_ROOT, "$O", 3), &owners)?
            .resident(Attribute::named(Type::INDEX_ROOT, "$Q", 2), &quotas)?;
        record.finish(4)
    }

    /// `$ObjId` and `$Reparse`: one empty index.
    fn extend_view(
        &self,
        number: RecordNumber,
        index: &'static str,
    ) -> Result<Vec<u8>, FormatError> {
        let mut record = self.begin_extend_view(number)?;
        let root = views::view_root(self.plan, Collation::Ulongs, &views::no_entries())?;
        record.resident(Attribute::named(Type::INDEX_ROOT, index, 2), &root)?;
        record.finish(3)
    }

    /// `$UsnJrnl`: a journal without records. Its identity is the time, as
    /// Windows has it.
    fn change_journal(&self, journal: ChangeJournal) -> Result<Vec<u8>, FormatError> {
        let number = root::CHANGE_JOURNAL;
        let mut record = self.begin(number, RecordFlags::IN_USE | RecordFlags::IN_EXTEND)?;
        let kind = FileAttributes::ARCHIVE | FileAttributes::SPARSE_FILE;
        self.standard(&mut record, kind, WRITABLE_ID)?;
        let name = self.extend.name_of(number)?;
        let max = UsnMax {
            maximum_size: journal.maximum_size,
            allocation_delta: journal.allocation_delta,
            journal_id: self.options.time.0,
            lowest_valid_usn: 0,
        };
        record
            .resident(Attribute::plain(Type::FILE_NAME, 2), &name)?
            .empty_sparse(Attribute::named(Type::DATA, "$J", 3))?
            .resident(Attribute::named(Type::DATA, "$Max", 4), &max.encode())?;
        record.finish(5)
    }

    /// A record that was never used.
    fn free(&self, number: RecordNumber) -> Result<Vec<u8>, FormatError> {
        self.begin(number, RecordFlags::empty())?.finish(0)
    }
}

fn information(time: NtTime, attributes: FileAttributes) -> StandardInformation {
    StandardInformation {
        times: same_times(time),
        attributes,
        ..StandardInformation::default()
    }
}
