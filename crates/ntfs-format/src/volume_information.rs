//! `$VOLUME_INFORMATION`: NTFS version and volume flags.
//!
//! Source: libfsntfs documentation, "The volume information attribute".

use zerocopy::little_endian::U16;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::error::{FormatError, FormatErrorKind};

bitflags::bitflags! {
    /// Flags of a volume. Bits without a name are kept as they are.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
    pub struct VolumeFlags: u16 {
        /// Needs a check: a change was under way, or damage was found.
        const DIRTY = 0x0001;
        /// `$LogFile` is to be resized at the next mount.
        const RESIZE_LOG_FILE = 0x0002;
        /// To be upgraded at the next mount.
        const UPGRADE_ON_MOUNT = 0x0004;
        /// Mounted by Windows NT 4.
        const MOUNTED_ON_NT4 = 0x0008;
        /// The change journal is being deleted.
        const DELETE_USN_UNDERWAY = 0x0010;
        /// Object ids are to be repaired.
        const REPAIR_OBJECT_IDS = 0x0020;
        /// No 8.3 names are made on this volume: its persistent state
        /// `SHORT_NAME_CREATION_DISABLED` (ntifs.h). Set on all volumes
        /// of Windows 10 seen (made without 8.3 names), clear on that of
        /// Windows 7 (with them); DiscUtils names it so.
        const SHORT_NAMES_OFF = 0x0080;
        /// chkdsk is at work.
        const CHKDSK_UNDERWAY = 0x4000;
        /// chkdsk changed the volume.
        const MODIFIED_BY_CHKDSK = 0x8000;
        const _ = !0;
    }
}

/// The 12 bytes of the attribute's value.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned,
)]
#[repr(C)]
struct Raw {
    reserved: [u8; 8],
    major: u8,
    minor: u8,
    flags: U16,
}

const _: () = assert!(size_of::<Raw>() == VolumeInformation::LEN);

/// The value of `$VOLUME_INFORMATION`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VolumeInformation {
    /// Major version: 3 since Windows 2000.
    pub major: u8,
    /// Minor version: 1 since Windows XP.
    pub minor: u8,
    /// Flags.
    pub flags: VolumeFlags,
    /// Unused bytes, kept.
    pub reserved: [u8; 8],
}

impl VolumeInformation {
    /// Bytes of the value.
    pub const LEN: usize = 12;
    /// Offset of the flags in it.
    pub const FLAGS_OFFSET: usize = 10;

    /// Version 3.1 without flags: a fresh volume.
    pub const NEW: Self = Self {
        major: 3,
        minor: 1,
        flags: VolumeFlags::empty(),
        reserved: [0; 8],
    };

    /// Reads the attribute's value; bytes behind the twelfth are ignored.
    ///
    /// # Errors
    /// [`FormatErrorKind::Truncated`].
    pub fn decode(value: &[u8]) -> Result<Self, FormatError> {
        let (raw, _) = Raw::read_from_prefix(value)
            .map_err(|_| FormatError::new(FormatErrorKind::Truncated, value.len()))?;
        Ok(Self {
            major: raw.major,
            minor: raw.minor,
            flags: VolumeFlags::from_bits_retain(raw.flags.get()),
            reserved: raw.reserved,
        })
    }

    /// The attribute's value.
    #[must_use]
    pub fn encode(&self) -> [u8; Self::LEN] {
        zerocopy::transmute!(Raw {
            reserved: self.reserved,
            major: self.major,
            minor: self.minor,
            flags: U16::new(self.flags.bits()),
        })
    }

    /// Whether it is 3.0 or 3.1, the versions with `$Secure` and `$Extend`.
    #[must_use]
    pub const fn is_version_3(&self) -> bool {
        self.major == 3 && self.minor <= 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_of_a_windows_volume_come_back() {
        let bytes = [0, 0, 0, 0, 0, 0, 0, 0, 3, 1, 0x80, 0x21];
        let info = VolumeInformation::decode(&bytes).unwrap();
        assert!(info.flags.contains(VolumeFlags::SHORT_NAMES_OFF));
        assert!(!info.flags.contains(VolumeFlags::DIRTY));
        assert!(info.is_version_3());
        assert_eq!(info.encode(), bytes);
        assert_eq!(VolumeInformation::NEW.encode()[8..], [3, 1, 0, 0]);
    }

    #[test]
    fn short_values_are_refused() {
        let error = VolumeInformation::decode(&[0; 11]).unwrap_err();
        assert_eq!(error, FormatError::new(FormatErrorKind::Truncated, 11));
    }
}
