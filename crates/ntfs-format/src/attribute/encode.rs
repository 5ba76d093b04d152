//! Attributes as bytes of a record.

use zerocopy::IntoBytes;
use zerocopy::little_endian::{U16, U32, U64};

use super::{
    AttributeFlags, AttributeHeader, AttributeType, HEADER_LEN, NON_RESIDENT_LEN,
    NON_RESIDENT_SPARSE_LEN, NonResidentPart, RESIDENT_LEN, ResidentPart, StreamSizes,
};
use crate::error::{FormatError, FormatErrorKind};
use crate::num;

/// What every attribute to be encoded has.
#[derive(Debug, Clone, Copy)]
pub struct Identity<'a> {
    /// Type code.
    pub type_code: AttributeType,
    /// Name in UTF-16 units, at most 255.
    pub name: &'a [u16],
    /// Flags.
    pub flags: AttributeFlags,
    /// Number in the record.
    pub instance: u16,
}

/// The extent of a non-resident attribute to be encoded.
#[derive(Debug, Clone, Copy)]
pub struct ExtentSpec<'a> {
    /// First mapped cluster of the stream.
    pub lowest_vcn: u64,
    /// One more than the last mapped cluster.
    pub end_vcn: u64,
    /// Log2 of clusters a compression unit.
    pub compression_unit: u8,
    /// Sizes; written in the extent with lowest VCN 0, zero in the others.
    pub sizes: StreamSizes,
    /// The mapping pairs with their terminator.
    pub pairs: &'a [u8],
}

fn header(
    id: &Identity<'_>,
    length: usize,
    non_resident: u8,
    name_offset: usize,
) -> Result<AttributeHeader, FormatError> {
    let name_length =
        u8::try_from(id.name.len()).map_err(|_| FormatError::new(FormatErrorKind::Length, 9))?;
    Ok(AttributeHeader {
        type_code: U32::new(id.type_code.0),
        length: U32::new(num::to_u32(length)?),
        non_resident,
        name_length,
        name_offset: U16::new(num::to_u16(name_offset)?),
        flags: U16::new(id.flags.bits()),
        instance: U16::new(id.instance),
    })
}

/// Bytes that a resident attribute takes in a record.
#[must_use]
pub fn resident_len(name_units: usize, value_len: usize) -> usize {
    let value_offset = (RESIDENT_LEN + name_units * 2).next_multiple_of(8);
    (value_offset + value_len).next_multiple_of(8)
}

/// Bytes that a non-resident attribute takes in a record.
#[must_use]
pub fn non_resident_len(
    flags: AttributeFlags,
    lowest_vcn: u64,
    name_units: usize,
    pairs_len: usize,
) -> usize {
    let name_offset = non_resident_name_offset(flags, lowest_vcn);
    ((name_offset + name_units * 2).next_multiple_of(8) + pairs_len).next_multiple_of(8)
}

const fn non_resident_name_offset(flags: AttributeFlags, lowest_vcn: u64) -> usize {
    if lowest_vcn == 0 && flags.has_total_allocated() {
        NON_RESIDENT_SPARSE_LEN
    } else {
        NON_RESIDENT_LEN
    }
}

/// Encodes a resident attribute; the indexed byte is set for `$FILE_NAME`.
///
/// # Errors
/// A name of over 255 units or a value that no record can hold.
pub fn encode_resident(id: &Identity<'_>, value: &[u8]) -> Result<Vec<u8>, FormatError> {
    let mut out = Vec::new();
    push_resident(&mut out, id, value)?;
    Ok(out)
}

/// As [`encode_resident`], behind what `out` holds.
///
/// # Errors
/// As [`encode_resident`].
pub fn push_resident(
    out: &mut Vec<u8>,
    id: &Identity<'_>,
    value: &[u8],
) -> Result<(), FormatError> {
    let start = out.len();
    out.resize(start + resident_len(id.name.len(), value.len()), 0);
    put_resident(out.get_mut(start..).unwrap_or_default(), id, value)
}

/// Writes a resident attribute over `out`, which has its length
/// ([`resident_len`]).
///
/// # Errors
/// As [`encode_resident`]; another length.
pub fn put_resident(out: &mut [u8], id: &Identity<'_>, value: &[u8]) -> Result<(), FormatError> {
    let value_offset = num::align8(RESIDENT_LEN + id.name.len() * 2)?;
    let length = resident_len(id.name.len(), value.len());
    num::to_u16(length)?;
    if out.len() != length {
        return Err(FormatError::new(FormatErrorKind::Length, 4));
    }
    let part = ResidentPart {
        value_length: U32::new(num::to_u32(value.len())?),
        value_offset: U16::new(num::to_u16(value_offset)?),
        indexed: u8::from(id.type_code == AttributeType::FILE_NAME),
        reserved: 0,
    };
    num::put(out, 0, header(id, length, 0, RESIDENT_LEN)?.as_bytes())?;
    num::put(out, HEADER_LEN, part.as_bytes())?;
    let name = num::slice_mut(out, RESIDENT_LEN, value_offset - RESIDENT_LEN)?;
    name.fill(0);
    for (to, unit) in name.as_chunks_mut::<2>().0.iter_mut().zip(id.name) {
        *to = unit.to_le_bytes();
    }
    num::put(out, value_offset, value)?;
    num::slice_mut(
        out,
        value_offset + value.len(),
        length - value_offset - value.len(),
    )?
    .fill(0);
    Ok(())
}

/// Encodes one extent of a non-resident attribute.
///
/// # Errors
/// A name of over 255 units, or mapping pairs that no record can hold.
pub fn encode_non_resident(
    id: &Identity<'_>,
    extent: &ExtentSpec<'_>,
) -> Result<Vec<u8>, FormatError> {
    let name_offset = non_resident_name_offset(id.flags, extent.lowest_vcn);
    let pairs_offset = num::align8(name_offset + id.name.len() * 2)?;
    let length = num::align8(pairs_offset + extent.pairs.len())?;
    num::to_u16(length)?;
    let first = extent.lowest_vcn == 0;
    let size = |bytes: u64| U64::new(if first { bytes } else { 0 });
    let part = NonResidentPart {
        lowest_vcn: U64::new(extent.lowest_vcn),
        highest_vcn: U64::new(extent.end_vcn.wrapping_sub(1)),
        pairs_offset: U16::new(num::to_u16(pairs_offset)?),
        compression_unit: extent.compression_unit,
        reserved: [0; 5],
        allocated_size: size(extent.sizes.allocated),
        data_size: size(extent.sizes.data),
        initialized_size: size(extent.sizes.initialized),
    };
    let mut out = Vec::with_capacity(length);
    out.extend_from_slice(header(id, length, 1, name_offset)?.as_bytes());
    out.extend_from_slice(part.as_bytes());
    if name_offset == NON_RESIDENT_SPARSE_LEN {
        let total = extent
            .sizes
            .total_allocated
            .unwrap_or(extent.sizes.allocated);
        out.extend_from_slice(&total.to_le_bytes());
    }
    num::push_units(&mut out, id.name);
    out.resize(pairs_offset, 0);
    out.extend_from_slice(extent.pairs);
    out.resize(length, 0);
    Ok(out)
}
