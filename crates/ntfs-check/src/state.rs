//! What is remembered of every record: about 30 bytes each, so that ten
//! million records stay within 512 MiB. Names and entries are not kept but
//! added up as fingerprints from both sides; what does not come out even is
//! read again.

use std::collections::{BTreeMap, HashSet};

use linkwright_ntfs_format::file_name::Duplicated;
use linkwright_ntfs_format::ids::{FileReference, RecordNumber, SequenceNumber};
use linkwright_ntfs_format::standard_information::FileAttributes;

use crate::bits::Bits;
use crate::clusters::Shared;
use crate::directory::Cache;
use crate::usn::Stamps;

/// What a record is, as bits.
pub(crate) mod is {
    /// A base record in use.
    pub(crate) const BASE: u16 = 1;
    /// An extension record in use.
    pub(crate) const EXTENSION: u16 = 2;
    /// An attribute list leads to this extension record.
    pub(crate) const CLAIMED: u16 = 4;
    /// A directory: it has a file-name index.
    pub(crate) const DIRECTORY: u16 = 8;
    /// Has an index other than of file names.
    pub(crate) const VIEW_INDEX: u16 = 16;
    /// Has a reparse point.
    pub(crate) const REPARSE: u16 = 32;
    /// `$R` has it.
    pub(crate) const REPARSE_INDEXED: u16 = 64;
    /// Has an object id.
    pub(crate) const OBJECT_ID: u16 = 128;
    /// `$O` has it.
    pub(crate) const OBJECT_ID_INDEXED: u16 = 256;
    /// Has several names that are links.
    pub(crate) const MANY_NAMES: u16 = 512;
    /// A metafile: system record or child of `$Extend`.
    pub(crate) const METAFILE: u16 = 1024;
    /// Could not be looked at: nothing is said about what refers to it.
    pub(crate) const DAMAGED: u16 = 2048;
}

/// Arrays over all records.
pub(crate) struct Records {
    flags: Vec<u16>,
    sequence: Vec<u16>,
    names: Vec<u64>,
    sizes: Vec<u32>,
    tags: Vec<u32>,
    info: Vec<u32>,
}

fn at<T: Copy + Default>(list: &[T], number: u64) -> T {
    usize::try_from(number)
        .ok()
        .and_then(|n| list.get(n))
        .copied()
        .unwrap_or_default()
}

fn slot<T>(list: &mut [T], number: u64) -> Option<&mut T> {
    usize::try_from(number).ok().and_then(|n| list.get_mut(n))
}

impl Records {
    pub(crate) fn new(count: u64) -> Self {
        let count = usize::try_from(count).unwrap_or(0);
        // Zeroed vectors take memory only where something is written.
        Self {
            flags: vec![0; count],
            sequence: vec![0; count],
            names: vec![0; count],
            sizes: vec![0; count],
            tags: vec![0; count],
            info: vec![0; count],
        }
    }

    pub(crate) fn flags(&self, number: u64) -> u16 {
        at(&self.flags, number)
    }

    pub(crate) fn has(&self, number: u64, flag: u16) -> bool {
        self.flags(number) & flag != 0
    }

    pub(crate) fn add(&mut self, number: u64, flags: u16) {
        if let Some(slot) = slot(&mut self.flags, number) {
            *slot |= flags;
        }
    }

    pub(crate) fn sequence(&self, number: u64) -> SequenceNumber {
        SequenceNumber(at(&self.sequence, number))
    }

    pub(crate) fn set_sequence(&mut self, number: u64, sequence: SequenceNumber) {
        if let Some(slot) = slot(&mut self.sequence, number) {
            *slot = sequence.0;
        }
    }

    /// Adds a name of the file.
    pub(crate) fn add_name(&mut self, number: u64, print: u64) {
        if let Some(slot) = slot(&mut self.names, number) {
            *slot = slot.wrapping_add(print);
        }
    }

    /// Takes off an entry to the file.
    pub(crate) fn take_entry(&mut self, number: u64, print: u64) {
        if let Some(slot) = slot(&mut self.names, number) {
            *slot = slot.wrapping_sub(print);
        }
    }

    /// Whether names and entries came out even.
    pub(crate) fn is_even(&self, number: u64) -> bool {
        at(&self.names, number) == 0
    }

    pub(crate) fn set_duplicated(&mut self, number: u64, prints: Prints) {
        if let Some(slot) = slot(&mut self.sizes, number) {
            *slot = prints.sizes;
        }
        if let Some(slot) = slot(&mut self.tags, number) {
            *slot = prints.tag;
        }
        if let Some(slot) = slot(&mut self.info, number) {
            *slot = prints.info;
        }
    }

    pub(crate) fn duplicated(&self, number: u64) -> Prints {
        Prints {
            sizes: at(&self.sizes, number),
            tag: at(&self.tags, number),
            info: at(&self.info, number),
        }
    }

    /// Records that have all of `flags`, in order.
    pub(crate) fn with(&self, flags: u16) -> impl Iterator<Item = u64> + '_ {
        self.flags
            .iter()
            .enumerate()
            .filter(move |(_, have)| **have & flags == flags)
            .filter_map(|(number, _)| u64::try_from(number).ok())
    }
}

/// The duplicated information of a file, short enough to keep for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Prints {
    pub(crate) sizes: u32,
    pub(crate) tag: u32,
    pub(crate) info: u32,
}

impl Prints {
    pub(crate) fn of(duplicated: &Duplicated) -> Self {
        let times = &duplicated.times;
        let mut sizes = Hash::new();
        sizes.add(duplicated.allocated);
        sizes.add(duplicated.size);
        let mut info = Hash::new();
        info.add(times.created.0);
        info.add(times.modified.0);
        info.add(times.changed.0);
        info.add(times.accessed.0);
        info.add(duplicated.attributes.bits().into());
        Self {
            sizes: sizes.short(),
            tag: tag_or_ea(duplicated),
            info: info.short(),
        }
    }
}

/// The reparse tag, or the size of extended attributes, which is 16 bits: Windows
/// leaves a reserved word behind it that is not always zero (measured).
pub(crate) fn tag_or_ea(duplicated: &Duplicated) -> u32 {
    if duplicated
        .attributes
        .contains(FileAttributes::REPARSE_POINT)
    {
        duplicated.ea_or_tag
    } else {
        duplicated.ea_or_tag & 0xFFFF
    }
}

/// Mixes words into 64 bits. Good against accidents, not against an enemy:
/// whoever forges a volume so that sums come out even hides a stale entry.
pub(crate) struct Hash(u64);

impl Hash {
    pub(crate) const fn new() -> Self {
        Self(0x9E37_79B9_7F4A_7C15)
    }

    pub(crate) const fn add(&mut self, word: u64) {
        let mixed = (self.0 ^ word).wrapping_mul(0xFF51_AFD7_ED55_8CCD);
        self.0 = (mixed ^ (mixed >> 32)).wrapping_mul(0xC4CE_B9FE_1A85_EC53);
        self.0 ^= self.0 >> 29;
    }

    /// 64 bits that are never 0.
    pub(crate) const fn finish(&self) -> u64 {
        self.0 | 1
    }

    fn short(&self) -> u32 {
        let [a, b, c, d, ..] = self.0.to_le_bytes();
        u32::from_le_bytes([a, b, c, d])
    }
}

/// What a name must agree on with its index entry.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Link {
    /// The directory and its sequence number as the name says.
    pub(crate) parent: FileReference,
    /// The file and its sequence number.
    pub(crate) file: FileReference,
    /// Namespace.
    pub(crate) namespace: u8,
    /// Name.
    pub(crate) name: Vec<u16>,
}

impl Link {
    /// The fingerprint of a link given by parts.
    pub(crate) fn print(
        parent: FileReference,
        file: FileReference,
        namespace: u8,
        name: impl Iterator<Item = u16>,
    ) -> u64 {
        let mut hash = Hash::new();
        hash.add(parent.raw());
        hash.add(file.raw());
        let (mut word, mut filled) = (u64::from(namespace), 1);
        for unit in name {
            word = word << 16 | u64::from(unit);
            filled += 1;
            if filled == 4 {
                hash.add(word);
                (word, filled) = (0, 0);
            }
        }
        hash.add(word);
        hash.add(filled);
        hash.finish()
    }
}

/// Everything gathered while going over the volume.
pub(crate) struct State {
    pub(crate) records: Records,
    /// Clusters that some attribute has.
    pub(crate) used: Bits,
    /// Clusters that several have.
    pub(crate) shared: Vec<Shared>,
    /// `$Bitmap`.
    pub(crate) bitmap: Bits,
    /// `$MFT:$BITMAP`.
    pub(crate) mft_bitmap: Bits,
    /// Ids that `$SII` has; `None` when there is no `$Secure` to ask.
    pub(crate) security_ids: Option<HashSet<u32>>,
    /// What entries of files read again must repeat.
    pub(crate) duplicated: Cache,
    /// Files without a security id.
    pub(crate) without_security: Vec<RecordNumber>,
    /// Files that are no directories, without an unnamed stream.
    pub(crate) without_data: Vec<RecordNumber>,
    /// The parent of every directory, by its first name.
    pub(crate) parents: BTreeMap<u64, FileReference>,
    /// Extension records in use and the base they name.
    pub(crate) extensions: Vec<(RecordNumber, FileReference)>,
    /// Whether `$R` could be walked whole; `None` when there is none.
    pub(crate) reparse_index: Option<bool>,
    /// The same of `$O`.
    pub(crate) object_id_index: Option<bool>,
    /// Directories whose index could not be walked whole.
    pub(crate) broken: HashSet<u64>,
    /// Whether the volume was closed cleanly.
    pub(crate) clean_close: bool,
    /// The log's current LSN, where there is a log to go by.
    pub(crate) log_lsn: Option<u64>,
    /// What files say of the change journal.
    pub(crate) stamps: Stamps,
}

/// Steps from a metafile up to `$Extend`.
const MAX_BELOW_EXTEND: usize = 16;

impl State {
    /// Whether a directory is `$Extend` or lies below it: what is in it are
    /// metafiles, whose entries Windows does not refresh.
    pub(crate) fn is_below_extend(&self, directory: RecordNumber) -> bool {
        let mut number = directory;
        for _ in 0..MAX_BELOW_EXTEND {
            if number == RecordNumber::EXTEND {
                return true;
            }
            match self.parents.get(&number.0) {
                Some(parent) if parent.record() != number => number = parent.record(),
                _ => return false,
            }
        }
        false
    }
}
