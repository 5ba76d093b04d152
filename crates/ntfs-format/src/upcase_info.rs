//! The `$Info` stream of `$UpCase`, which Windows 8 and later write.
//!
//! Measured on volumes of Windows 10: 32 bytes, the CRC is that of the
//! `$UpCase` data beside it.

use zerocopy::little_endian::{U16, U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::error::{FormatError, FormatErrorKind};

/// Name of the stream: `$Info`.
pub const STREAM_NAME: [u16; 5] = [
    b'$' as u16,
    b'I' as u16,
    b'n' as u16,
    b'f' as u16,
    b'o' as u16,
];

/// Reflected polynomial of the checksum.
const POLYNOMIAL: u64 = 0x9A6C_9329_AC4B_C9B5;

#[derive(FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
struct Raw {
    length: U64,
    crc: U64,
    os_major: U32,
    os_minor: U32,
    build: U32,
    service_pack_major: U16,
    service_pack_minor: U16,
}

const _: () = assert!(size_of::<Raw>() == UpcaseInfo::LEN);

/// The stream's content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UpcaseInfo {
    /// [`upcase_crc`] of the table.
    pub crc: u64,
    /// Major version of the Windows that wrote the table (10); 0 from others.
    pub os_major: u32,
    /// Its minor version.
    pub os_minor: u32,
    /// Its build number.
    pub build: u32,
    /// Its service pack, major.
    pub service_pack_major: u16,
    /// Its service pack, minor.
    pub service_pack_minor: u16,
}

impl UpcaseInfo {
    /// Bytes of the stream.
    pub const LEN: usize = 32;

    /// What belongs to `table` (the bytes of `$UpCase`), naming no Windows.
    #[must_use]
    pub fn for_table(table: &[u8]) -> Self {
        Self {
            crc: upcase_crc(table),
            os_major: 0,
            os_minor: 0,
            build: 0,
            service_pack_major: 0,
            service_pack_minor: 0,
        }
    }

    /// Reads the stream.
    ///
    /// # Errors
    /// [`FormatErrorKind::Truncated`]; [`FormatErrorKind::Length`] when the
    /// stream's own length field is below its size.
    pub fn decode(bytes: &[u8]) -> Result<Self, FormatError> {
        let (raw, _) = Raw::read_from_prefix(bytes)
            .map_err(|_| FormatError::new(FormatErrorKind::Truncated, bytes.len()))?;
        if raw.length.get() < 32 {
            return Err(FormatError::new(FormatErrorKind::Length, 0));
        }
        Ok(Self {
            crc: raw.crc.get(),
            os_major: raw.os_major.get(),
            os_minor: raw.os_minor.get(),
            build: raw.build.get(),
            service_pack_major: raw.service_pack_major.get(),
            service_pack_minor: raw.service_pack_minor.get(),
        })
    }

    /// The stream's bytes.
    #[must_use]
    pub fn encode(&self) -> [u8; Self::LEN] {
        zerocopy::transmute!(Raw {
            length: U64::new(32),
            crc: U64::new(self.crc),
            os_major: U32::new(self.os_major),
            os_minor: U32::new(self.os_minor),
            build: U32::new(self.build),
            service_pack_major: U16::new(self.service_pack_major),
            service_pack_minor: U16::new(self.service_pack_minor),
        })
    }
}

/// The checksum of a table: CRC-64 over its bytes, reflected, all ones before
/// and after.
#[must_use]
pub fn upcase_crc(table: &[u8]) -> u64 {
    let mut crc = u64::MAX;
    for byte in table {
        crc ^= u64::from(*byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ if crc & 1 == 1 { POLYNOMIAL } else { 0 };
        }
    }
    !crc
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_of_windows_come_back() {
        let bytes = [
            0x20, 0, 0, 0, 0, 0, 0, 0, 0x0C, 0x69, 0x1B, 0x6B, 0x77, 0x7E, 0xDC, 0xDA, 0x0A, 0, 0,
            0, 0, 0, 0, 0, 0xAC, 0x47, 0, 0, 0, 0, 0, 0,
        ];
        let info = UpcaseInfo::decode(&bytes).unwrap();
        assert_eq!((info.os_major, info.build), (10, 0x47AC));
        assert_eq!(info.encode(), bytes);
        assert!(UpcaseInfo::decode(&bytes[..31]).is_err());
        assert!(UpcaseInfo::decode(&[0; 32]).is_err());
    }

    #[test]
    fn the_checksum_is_a_crc() {
        assert_eq!(upcase_crc(b""), 0);
        // CRC-64 is linear: equal differences give equal changes.
        let change = |a: &[u8], b: &[u8]| upcase_crc(a) ^ upcase_crc(b);
        assert_eq!(change(b"ab", b"ac"), change(b"xb", b"xc"));
        assert_ne!(upcase_crc(b"ab"), upcase_crc(b"ba"));
    }
}
