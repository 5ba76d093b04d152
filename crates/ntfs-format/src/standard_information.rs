//! `$STANDARD_INFORMATION`: times, attributes, security id of a file.
//!
//! Source: libfsntfs documentation, "The standard information attribute";
//! attribute bits: MS-FSCC 2.6.

use crate::error::FormatError;
use crate::ids::SecurityId;
use crate::num;
use crate::times::NtTime;

bitflags::bitflags! {
    /// File attributes (MS-FSCC 2.6) with the two bits that only NTFS'
    /// `$FILE_NAME` uses.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
    pub struct FileAttributes: u32 {
        /// Read-only.
        const READ_ONLY = 0x0000_0001;
        /// Hidden.
        const HIDDEN = 0x0000_0002;
        /// System.
        const SYSTEM = 0x0000_0004;
        /// Directory (Win32's bit; not stored in `$STANDARD_INFORMATION`).
        const DIRECTORY = 0x0000_0010;
        /// Archive.
        const ARCHIVE = 0x0000_0020;
        /// Device.
        const DEVICE = 0x0000_0040;
        /// Normal: no other bit.
        const NORMAL = 0x0000_0080;
        /// Temporary.
        const TEMPORARY = 0x0000_0100;
        /// Sparse.
        const SPARSE_FILE = 0x0000_0200;
        /// Has a reparse point.
        const REPARSE_POINT = 0x0000_0400;
        /// Compressed.
        const COMPRESSED = 0x0000_0800;
        /// Offline.
        const OFFLINE = 0x0000_1000;
        /// Not content indexed.
        const NOT_CONTENT_INDEXED = 0x0000_2000;
        /// Encrypted.
        const ENCRYPTED = 0x0000_4000;
        /// Integrity stream (ReFS).
        const INTEGRITY_STREAM = 0x0000_8000;
        /// No scrub data.
        const NO_SCRUB_DATA = 0x0002_0000;
        /// Recall on open / has extended attributes.
        const RECALL_ON_OPEN = 0x0004_0000;
        /// Pinned.
        const PINNED = 0x0008_0000;
        /// Unpinned.
        const UNPINNED = 0x0010_0000;
        /// Recall on data access.
        const RECALL_ON_DATA_ACCESS = 0x0040_0000;
        /// Has a file-name index (the directory bit of `$FILE_NAME`).
        const FILE_NAME_INDEX = 0x1000_0000;
        /// Has a view index.
        const VIEW_INDEX = 0x2000_0000;
        const _ = !0;
    }
}

/// Value length on NTFS 1.x and of some metafiles.
pub const SHORT_LEN: usize = 48;
/// Where the change time is in a value.
pub const CHANGED_OFFSET: usize = 16;
/// Where the attributes are in a value.
pub const ATTRIBUTES_OFFSET: usize = 32;
/// Value length since NTFS 3.0.
pub const FULL_LEN: usize = 72;

/// The four times of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Times {
    /// Creation.
    pub created: NtTime,
    /// Last write of data.
    pub modified: NtTime,
    /// Last change of the record ("change time").
    pub changed: NtTime,
    /// Last access.
    pub accessed: NtTime,
}

/// The fields that version 3 added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Extended {
    /// Owner for quota.
    pub owner_id: u32,
    /// Key into `$Secure`.
    pub security_id: SecurityId,
    /// Bytes charged to the owner.
    pub quota_charged: u64,
    /// Last update sequence number in `$UsnJrnl`.
    pub usn: u64,
}

/// The decoded attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StandardInformation {
    /// The four times.
    pub times: Times,
    /// Attributes; the directory bit is not among them.
    pub attributes: FileAttributes,
    /// Maximum versions; 0 together with version bit 0 marks a case-sensitive
    /// directory.
    pub maximum_versions: u32,
    /// Version; bit 0 marks a case-sensitive directory.
    pub version: u32,
    /// Class id.
    pub class_id: u32,
    /// Version 3 fields, absent in the 48-byte form.
    pub extended: Option<Extended>,
}

impl StandardInformation {
    /// Decodes the value; bytes behind the known fields are not looked at.
    ///
    /// # Errors
    /// Fewer than 48 bytes.
    pub fn decode(value: &[u8]) -> Result<Self, FormatError> {
        let time = |at| num::u64_at(value, at).map(NtTime);
        let extended = if value.len() >= FULL_LEN {
            Some(Extended {
                owner_id: num::u32_at(value, 48)?,
                security_id: SecurityId(num::u32_at(value, 52)?),
                quota_charged: num::u64_at(value, 56)?,
                usn: num::u64_at(value, 64)?,
            })
        } else {
            None
        };
        Ok(Self {
            times: Times {
                created: time(0)?,
                modified: time(8)?,
                changed: time(16)?,
                accessed: time(24)?,
            },
            attributes: FileAttributes::from_bits_retain(num::u32_at(value, 32)?),
            maximum_versions: num::u32_at(value, 36)?,
            version: num::u32_at(value, 40)?,
            class_id: num::u32_at(value, 44)?,
            extended,
        })
    }

    /// Encodes the value in its short or full form.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(FULL_LEN);
        let times = &self.times;
        for time in [times.created, times.modified, times.changed, times.accessed] {
            out.extend(time.0.to_le_bytes());
        }
        let words = [
            self.attributes.bits(),
            self.maximum_versions,
            self.version,
            self.class_id,
        ];
        out.extend(words.iter().flat_map(|word| word.to_le_bytes()));
        if let Some(extended) = &self.extended {
            out.extend(extended.owner_id.to_le_bytes());
            out.extend(extended.security_id.0.to_le_bytes());
            out.extend(extended.quota_charged.to_le_bytes());
            out.extend(extended.usn.to_le_bytes());
        }
        out
    }

    /// The key into `$Secure`; 0 when there is none.
    #[must_use]
    pub fn security_id(&self) -> SecurityId {
        self.extended.map_or(SecurityId(0), |e| e.security_id)
    }

    /// Whether names in this directory differ by case (per-directory case
    /// sensitivity of Windows 10; NTFS.md 2.14).
    #[must_use]
    pub const fn is_case_sensitive_directory(&self) -> bool {
        self.maximum_versions == 0 && self.version & 1 != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_round_trip() {
        let full = StandardInformation {
            times: Times {
                created: NtTime(1),
                modified: NtTime(2),
                changed: NtTime(3),
                accessed: NtTime(4),
            },
            attributes: FileAttributes::ARCHIVE | FileAttributes::REPARSE_POINT,
            maximum_versions: 0,
            version: 1,
            class_id: 6,
            extended: Some(Extended {
                owner_id: 7,
                security_id: SecurityId(0x108),
                quota_charged: 9,
                usn: 10,
            }),
        };
        let short = StandardInformation {
            extended: None,
            ..full
        };
        for (info, len) in [(full, FULL_LEN), (short, SHORT_LEN)] {
            assert_eq!(info.encode().len(), len);
            assert_eq!(StandardInformation::decode(&info.encode()), Ok(info));
        }
        assert!(full.is_case_sensitive_directory());
        assert!(StandardInformation::decode(&[0; 47]).is_err());
    }
}
