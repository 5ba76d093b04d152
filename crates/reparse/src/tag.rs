//! Reparse tags: numbers, names and the meaning of their upper bits (MS-FSCC 2.1.2.1).

use std::fmt;

use crate::error::{ReparseError, ReparseErrorKind};
use crate::header;
use crate::vendor_tags::VENDOR_TAGS;

/// The 32-bit tag at the start of every reparse buffer (MS-FSCC 2.1.2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReparseTag(pub u32);

macro_rules! tags {
    ($($name:ident = $value:literal, $doc:literal;)*) => {
        impl ReparseTag {
            $(#[doc = $doc] pub const $name: Self = Self($value);)*
        }
        /// Microsoft's own tags and the reserved ones, with full names.
        const MICROSOFT_TAGS: &[(ReparseTag, &str)] = &[
            $((ReparseTag($value), stringify!($name)),)*
        ];
    };
}

tags! {
    RESERVED_ZERO = 0x0000_0000, "Reserved; never valid on disk.";
    RESERVED_ONE = 0x0000_0001, "Reserved; never valid on disk.";
    RESERVED_TWO = 0x0000_0002, "Reserved by newer kernels.";
    MOUNT_POINT = 0xA000_0003, "Junction or volume mount point.";
    HSM = 0xC000_0004, "Hierarchical storage manager, obsolete.";
    DRIVE_EXTENDER = 0x8000_0005, "Home Server drive extender.";
    HSM2 = 0x8000_0006, "Hierarchical storage manager, obsolete.";
    SIS = 0x8000_0007, "Single-instance storage filter.";
    WIM = 0x8000_0008, "File of a mounted WIM image.";
    CSV = 0x8000_0009, "Cluster shared volume, obsolete.";
    DFS = 0x8000_000A, "Distributed file system.";
    FILTER_MANAGER = 0x8000_000B, "Filter manager test harness.";
    SYMLINK = 0xA000_000C, "Symbolic link.";
    IIS_CACHE = 0xA000_0010, "Web server cache.";
    DFSR = 0x8000_0012, "Distributed file system replication.";
    DEDUP = 0x8000_0013, "Data deduplication.";
    NFS = 0x8000_0014, "Special file made by the NFS server.";
    APPXSTRM = 0xC000_0014, "Streamed application package, unused.";
    FILE_PLACEHOLDER = 0x8000_0015, "Placeholder of Windows 8.1 cloud files, obsolete.";
    DFM = 0x8000_0016, "Dynamic file filter.";
    WOF = 0x8000_0017, "File compressed by the Windows overlay filter.";
    WCI = 0x8000_0018, "Windows container isolation filter.";
    WCI_1 = 0x9000_1018, "Windows container isolation filter, version 1.";
    GLOBAL_REPARSE = 0xA000_0019, "Object manager link into the global namespace (named pipes of containers).";
    CLOUD = 0x9000_001A, "Cloud files filter.";
    CLOUD_1 = 0x9000_101A, "Cloud files filter, provider class 1.";
    CLOUD_2 = 0x9000_201A, "Cloud files filter, provider class 2.";
    CLOUD_3 = 0x9000_301A, "Cloud files filter, provider class 3.";
    CLOUD_4 = 0x9000_401A, "Cloud files filter, provider class 4.";
    CLOUD_5 = 0x9000_501A, "Cloud files filter, provider class 5.";
    CLOUD_6 = 0x9000_601A, "Cloud files filter, provider class 6.";
    CLOUD_7 = 0x9000_701A, "Cloud files filter, provider class 7.";
    CLOUD_8 = 0x9000_801A, "Cloud files filter, provider class 8.";
    CLOUD_9 = 0x9000_901A, "Cloud files filter, provider class 9.";
    CLOUD_A = 0x9000_A01A, "Cloud files filter, provider class 10.";
    CLOUD_B = 0x9000_B01A, "Cloud files filter, provider class 11.";
    CLOUD_C = 0x9000_C01A, "Cloud files filter, provider class 12.";
    CLOUD_D = 0x9000_D01A, "Cloud files filter, provider class 13.";
    CLOUD_E = 0x9000_E01A, "Cloud files filter, provider class 14.";
    CLOUD_F = 0x9000_F01A, "Cloud files filter, provider class 15.";
    APPEXECLINK = 0x8000_001B, "Execution alias of a packaged application.";
    PROJFS = 0x9000_001C, "Projected file system entry.";
    LX_SYMLINK = 0xA000_001D, "Symbolic link of the Windows subsystem for Linux.";
    STORAGE_SYNC = 0x8000_001E, "Azure file sync.";
    WCI_TOMBSTONE = 0xA000_001F, "Deleted entry of a container layer.";
    UNHANDLED = 0x8000_0020, "Entry that the container layer cannot handle.";
    ONEDRIVE = 0x8000_0021, "OneDrive, unused.";
    PROJFS_TOMBSTONE = 0xA000_0022, "Deleted entry of a projected file system.";
    AF_UNIX = 0x8000_0023, "Unix domain socket.";
    LX_FIFO = 0x8000_0024, "Named pipe of the Windows subsystem for Linux.";
    LX_CHR = 0x8000_0025, "Character device of the Windows subsystem for Linux.";
    LX_BLK = 0x8000_0026, "Block device of the Windows subsystem for Linux.";
    STORAGE_SYNC_FOLDER = 0x9000_0027, "Folder of Azure file sync.";
    WCI_LINK = 0xA000_0027, "Link of the container isolation filter.";
    WCI_LINK_1 = 0xA000_1027, "Link of the container isolation filter, version 1.";
    DATALESS_CIM = 0xA000_0028, "File of a mounted composite image.";
}

const PREFIX: &str = "IO_REPARSE_TAG_";

impl ReparseTag {
    /// Bit 31: the tag belongs to Microsoft, and its buffer has no GUID.
    pub const MICROSOFT_BIT: u32 = 0x8000_0000;
    /// Bit 30: reserved, formerly "slow to access".
    pub const HIGH_LATENCY_BIT: u32 = 0x4000_0000;
    /// Bit 29: the object stands for another named object.
    pub const NAME_SURROGATE_BIT: u32 = 0x2000_0000;
    /// Bit 28: a directory with this tag can have children.
    pub const DIRECTORY_BIT: u32 = 0x1000_0000;

    /// Whether the tag belongs to Microsoft; all other tags carry a GUID in their buffer.
    #[must_use]
    pub const fn is_microsoft(self) -> bool {
        self.0 & Self::MICROSOFT_BIT != 0
    }

    /// Whether the object stands for another named object, as links and mount points do.
    #[must_use]
    pub const fn is_name_surrogate(self) -> bool {
        self.0 & Self::NAME_SURROGATE_BIT != 0
    }

    /// Whether a directory with this tag can have children (bit 28).
    #[must_use]
    pub const fn is_directory(self) -> bool {
        self.0 & Self::DIRECTORY_BIT != 0
    }

    /// Whether this is 0 or 1, which no reparse point may carry (MS-FSCC 2.3.82).
    #[must_use]
    pub const fn is_reserved(self) -> bool {
        self.0 <= 1
    }

    /// The documented name without prefix, as `SYMLINK`, or `None` for an unknown tag.
    #[must_use]
    pub fn short_name(self) -> Option<&'static str> {
        let own = MICROSOFT_TAGS.iter().map(|&(tag, name)| (tag.0, name));
        own.chain(VENDOR_TAGS.iter().copied())
            .find_map(|(value, name)| (value == self.0).then_some(name))
    }

    /// The documented name with its prefix, as `IO_REPARSE_TAG_SYMLINK`.
    #[must_use]
    pub fn name(self) -> Option<String> {
        self.short_name().map(|name| format!("{PREFIX}{name}"))
    }

    /// The tag of that name; the prefix `IO_REPARSE_TAG_` may be left out, case does not count.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        let short = match name.get(..PREFIX.len()) {
            Some(head) if head.eq_ignore_ascii_case(PREFIX) => name.get(PREFIX.len()..)?,
            _ => name,
        };
        Self::known()
            .find(|(_, known)| known.eq_ignore_ascii_case(short))
            .map(|(tag, _)| tag)
    }

    /// Every known tag with its short name: Microsoft's first, then those of other companies.
    pub fn known() -> impl Iterator<Item = (Self, &'static str)> {
        let vendors = VENDOR_TAGS.iter().map(|&(value, name)| (Self(value), name));
        MICROSOFT_TAGS.iter().copied().chain(vendors)
    }

    /// The tag of an encoded buffer, whatever the rest of it holds.
    ///
    /// # Errors
    /// [`ReparseErrorKind::Truncated`] when the buffer has no complete 8-byte header.
    pub fn of_buffer(bytes: &[u8]) -> Result<Self, ReparseError> {
        let (head, _) = header::split(bytes)?;
        Ok(head.tag())
    }

    /// Refuses tags that no buffer may carry.
    pub(crate) fn check_not_reserved(self) -> Result<Self, ReparseError> {
        if self.is_reserved() {
            return Err(ReparseError::new(ReparseErrorKind::ReservedTag(self), 0));
        }
        Ok(self)
    }
}

impl fmt::Display for ReparseTag {
    /// `IO_REPARSE_TAG_SYMLINK (0xA000000C)`, or only the number for an unknown tag.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.short_name() {
            Some(name) => write!(f, "{PREFIX}{name} (0x{:08X})", self.0),
            None => write!(f, "0x{:08X}", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_known_tag_has_its_own_number_and_name() {
        let mut numbers = HashSet::new();
        let mut names = HashSet::new();
        for (tag, name) in ReparseTag::known() {
            assert!(numbers.insert(tag), "{tag} twice");
            assert!(names.insert(name), "{name} twice");
            assert_eq!(tag.short_name(), Some(name));
            assert_eq!(ReparseTag::from_name(name), Some(tag));
            let long = tag.name().unwrap();
            assert_eq!(ReparseTag::from_name(&long.to_lowercase()), Some(tag));
        }
    }

    #[test]
    fn vendor_tags_lack_the_microsoft_bit_and_others_have_it() {
        for &(value, name) in VENDOR_TAGS {
            assert!(!ReparseTag(value).is_microsoft(), "{name}");
        }
        for &(tag, name) in MICROSOFT_TAGS {
            assert_eq!(tag.is_microsoft(), tag.0 > 2, "{name}");
        }
    }

    #[test]
    fn bits_follow_the_layout_of_the_specification() {
        assert!(ReparseTag::SYMLINK.is_name_surrogate());
        assert!(ReparseTag::MOUNT_POINT.is_name_surrogate());
        assert!(!ReparseTag::WOF.is_name_surrogate());
        assert!(ReparseTag::CLOUD_3.is_directory());
        assert!(!ReparseTag::SYMLINK.is_directory());
        assert!(ReparseTag::RESERVED_ONE.is_reserved());
        assert!(!ReparseTag::RESERVED_TWO.is_reserved());
    }

    #[test]
    fn display_gives_name_and_number() {
        assert_eq!(
            ReparseTag::SYMLINK.to_string(),
            "IO_REPARSE_TAG_SYMLINK (0xA000000C)"
        );
        assert_eq!(ReparseTag(0x1234_5678).to_string(), "0x12345678");
        assert_eq!(ReparseTag::from_name("NO_SUCH_TAG"), None);
    }
}
