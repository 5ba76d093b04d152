//! The structures of the SDK that calls fill in, byte for byte as a program on
//! 64-bit Windows sees them.
//!
//! Structures of fixed size are `repr(C)` with the fields of the SDK in its
//! order, padding written out; their bytes are those of `as_bytes`, and each
//! offset is checked when this crate is compiled. Structures that end in a name
//! are encoded by [`directory`], [`names`] and [`streams`].

use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

pub mod chain;
pub mod directory;
pub mod find;
pub mod information;
pub mod names;
pub mod streams;

pub use find::{ByHandleFileInformation, Win32FileAttributeData, Win32FindData};
pub use information::{
    FileAttributeTagInfo, FileBasicInfo, FileCaseSensitiveInfo, FileCompressionInfo, FileIdInfo,
    FileNetworkOpenInformation, FileObjectIdBuffer, FileStandardInfo, FileStandardLinkInformation,
    FileStorageInfo,
};
pub use streams::Win32FindStreamData;

/// Checks the size of a structure and the offsets of its fields (in bytes).
macro_rules! layout {
    ($type:ty, $size:literal, { $($field:ident: $offset:literal),* $(,)? }) => {
        const _: () = {
            assert!(size_of::<$type>() == $size);
            $(assert!(std::mem::offset_of!($type, $field) == $offset);)*
        };
    };
}
pub(crate) use layout;

/// FILETIME: 100 ns ticks since 1601-01-01 UTC, in two halves (minwinbase.h).
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    FromBytes,
    IntoBytes,
    Immutable,
    KnownLayout,
)]
#[repr(C)]
pub struct FileTime {
    /// dwLowDateTime.
    pub low: u32,
    /// dwHighDateTime.
    pub high: u32,
}

layout!(FileTime, 8, { low: 0, high: 4 });

impl FileTime {
    /// Of ticks.
    #[must_use]
    pub const fn from_ticks(ticks: u64) -> Self {
        let (high, low) = halves(ticks);
        Self { low, high }
    }

    /// As ticks.
    #[must_use]
    pub const fn ticks(self) -> u64 {
        (self.high as u64) << 32 | self.low as u64
    }
}

/// The upper and the lower half of a number.
pub(crate) const fn halves(number: u64) -> (u32, u32) {
    ((number >> 32) as u32, (number & 0xFFFF_FFFF) as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_its_two_halves() {
        let time = FileTime::from_ticks(0x01DA_2B3C_4D5E_6F70);
        assert_eq!((time.high, time.low), (0x01DA_2B3C, 0x4D5E_6F70));
        assert_eq!(time.ticks(), 0x01DA_2B3C_4D5E_6F70);
        assert_eq!(
            time.as_bytes(),
            [0x70, 0x6F, 0x5E, 0x4D, 0x3C, 0x2B, 0xDA, 0x01]
        );
    }
}
