//! The header that all reparse buffers begin with (MS-FSCC 2.1.2.2 and 2.1.2.3).

use zerocopy::little_endian::{U16, U32};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::error::{ReparseError, ReparseErrorKind};
use crate::tag::ReparseTag;

/// Largest reparse buffer in bytes, header included (`MAXIMUM_REPARSE_DATA_BUFFER_SIZE`).
pub const MAX_REPARSE_BYTES: usize = 16_384;

/// Bytes of the header of a Microsoft tag.
pub(crate) const HEADER_BYTES: usize = size_of::<Header>();
/// Bytes of the GUID that follows the header for all other tags.
pub(crate) const GUID_BYTES: usize = 16;

/// `REPARSE_DATA_BUFFER` up to its data.
#[derive(Debug, Clone, Copy, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub(crate) struct Header {
    tag: U32,
    data_length: U16,
    reserved: U16,
}

const _: () = assert!(size_of::<Header>() == 8);

impl Header {
    pub(crate) fn tag(&self) -> ReparseTag {
        ReparseTag(self.tag.get())
    }

    /// The unused field; zero as written by Windows, kept as found.
    pub(crate) fn reserved(&self) -> u16 {
        self.reserved.get()
    }
}

/// Cuts the header off without judging what follows.
pub(crate) fn split(bytes: &[u8]) -> Result<(Header, &[u8]), ReparseError> {
    Header::read_from_prefix(bytes).map_err(|_| truncated(HEADER_BYTES, bytes.len(), 0))
}

/// Cuts the header off and proves all lengths: the rest is GUID (if the tag is not Microsoft's)
/// and data, exactly as long as the header says.
pub(crate) fn split_checked(bytes: &[u8]) -> Result<(Header, &[u8]), ReparseError> {
    if bytes.len() > MAX_REPARSE_BYTES {
        let kind = ReparseErrorKind::TooLong {
            length: bytes.len(),
        };
        return Err(ReparseError::new(kind, MAX_REPARSE_BYTES));
    }
    let (header, rest) = split(bytes)?;
    let guid_bytes = if header.tag().check_not_reserved()?.is_microsoft() {
        0
    } else {
        GUID_BYTES
    };
    let actual = rest
        .len()
        .checked_sub(guid_bytes)
        .ok_or_else(|| truncated(HEADER_BYTES + guid_bytes, bytes.len(), HEADER_BYTES))?;
    let declared = usize::from(header.data_length.get());
    if declared != actual {
        let kind = ReparseErrorKind::LengthMismatch { declared, actual };
        return Err(ReparseError::new(kind, 4));
    }
    Ok((header, rest))
}

/// The same for one expected tag.
pub(crate) fn split_tagged(
    bytes: &[u8],
    expected: ReparseTag,
) -> Result<(Header, &[u8]), ReparseError> {
    let (header, rest) = split_checked(bytes)?;
    let found = header.tag();
    if found != expected {
        let kind = ReparseErrorKind::WrongTag { expected, found };
        return Err(ReparseError::new(kind, 0));
    }
    Ok((header, rest))
}

/// Header, GUID and data as one buffer. Callers have proven that the data fits the limit.
pub(crate) fn join(tag: ReparseTag, reserved: u16, guid: Option<[u8; 16]>, data: &[u8]) -> Vec<u8> {
    let header = Header {
        tag: U32::new(tag.0),
        data_length: U16::new(u16::try_from(data.len()).unwrap_or(u16::MAX)),
        reserved: U16::new(reserved),
    };
    let mut out = Vec::with_capacity(HEADER_BYTES + GUID_BYTES + data.len());
    out.extend_from_slice(header.as_bytes());
    out.extend_from_slice(guid.as_ref().map_or(&[], |guid| guid.as_slice()));
    out.extend_from_slice(data);
    out
}

pub(crate) fn truncated(needed: usize, actual: usize, offset: usize) -> ReparseError {
    ReparseError::new(ReparseErrorKind::Truncated { needed, actual }, offset)
}

/// UTF-16 units of little-endian bytes; a last odd byte is left out.
pub(crate) fn units(bytes: &[u8]) -> Vec<u16> {
    let (pairs, _) = bytes.as_chunks::<2>();
    pairs.iter().map(|&pair| u16::from_le_bytes(pair)).collect()
}

/// Little-endian bytes of UTF-16 units.
pub(crate) fn unit_bytes(units: &[u16]) -> impl Iterator<Item = u8> {
    units.iter().flat_map(|unit| unit.to_le_bytes())
}
