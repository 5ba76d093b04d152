//! Checked access to untrusted bytes and numbers.

use crate::error::{FormatError, FormatErrorKind};

/// `bytes[offset..offset + len]`, or [`FormatErrorKind::Truncated`].
///
/// # Errors
/// The range does not lie inside `bytes`.
#[inline]
pub fn slice(bytes: &[u8], offset: usize, len: usize) -> Result<&[u8], FormatError> {
    let end = offset
        .checked_add(len)
        .ok_or(FormatError::new(FormatErrorKind::Truncated, offset))?;
    bytes
        .get(offset..end)
        .ok_or(FormatError::new(FormatErrorKind::Truncated, offset))
}

/// Mutable [`slice()`].
///
/// # Errors
/// The range does not lie inside `bytes`.
#[inline]
pub fn slice_mut(bytes: &mut [u8], offset: usize, len: usize) -> Result<&mut [u8], FormatError> {
    let end = offset
        .checked_add(len)
        .ok_or(FormatError::new(FormatErrorKind::Truncated, offset))?;
    bytes
        .get_mut(offset..end)
        .ok_or(FormatError::new(FormatErrorKind::Truncated, offset))
}

/// A fixed-size array at `offset`.
///
/// # Errors
/// The array does not lie inside `bytes`.
#[inline]
pub fn array<const N: usize>(bytes: &[u8], offset: usize) -> Result<[u8; N], FormatError> {
    slice(bytes, offset, N)?
        .try_into()
        .map_err(|_| FormatError::new(FormatErrorKind::Truncated, offset))
}

/// Little-endian `u16` at `offset`.
///
/// # Errors
/// The bytes are not there.
#[inline]
pub fn u16_at(bytes: &[u8], offset: usize) -> Result<u16, FormatError> {
    array(bytes, offset).map(u16::from_le_bytes)
}

/// Little-endian `u32` at `offset`.
///
/// # Errors
/// The bytes are not there.
#[inline]
pub fn u32_at(bytes: &[u8], offset: usize) -> Result<u32, FormatError> {
    array(bytes, offset).map(u32::from_le_bytes)
}

/// Little-endian `u64` at `offset`.
///
/// # Errors
/// The bytes are not there.
#[inline]
pub fn u64_at(bytes: &[u8], offset: usize) -> Result<u64, FormatError> {
    array(bytes, offset).map(u64::from_le_bytes)
}

/// Writes `value` at `offset`.
///
/// # Errors
/// The place does not lie inside `bytes`.
#[inline]
pub fn put(bytes: &mut [u8], offset: usize, value: &[u8]) -> Result<(), FormatError> {
    slice_mut(bytes, offset, value.len())?.copy_from_slice(value);
    Ok(())
}

/// The next multiple of 8, or the error that the size cannot be represented.
///
/// # Errors
/// `value` is within 7 of `usize::MAX`.
#[inline]
pub fn align8(value: usize) -> Result<usize, FormatError> {
    value
        .checked_next_multiple_of(8)
        .ok_or(FormatError::new(FormatErrorKind::Length, 0))
}

/// `u64` to `usize`, or [`FormatErrorKind::Length`].
///
/// # Errors
/// The value does not fit this machine's address space.
#[inline]
pub fn to_usize(value: u64) -> Result<usize, FormatError> {
    usize::try_from(value).map_err(|_| FormatError::new(FormatErrorKind::Length, 0))
}

/// `u32` to `usize`, or [`FormatErrorKind::Length`].
///
/// # Errors
/// The value does not fit this machine's address space.
#[inline]
pub fn u32_to_usize(value: u32) -> Result<usize, FormatError> {
    usize::try_from(value).map_err(|_| FormatError::new(FormatErrorKind::Length, 0))
}

/// `usize` to `u32`, or [`FormatErrorKind::Length`].
///
/// # Errors
/// The value is over `u32::MAX`.
#[inline]
pub fn to_u32(value: usize) -> Result<u32, FormatError> {
    u32::try_from(value).map_err(|_| FormatError::new(FormatErrorKind::Length, 0))
}

/// `usize` to `u16`, or [`FormatErrorKind::Length`].
///
/// # Errors
/// The value is over `u16::MAX`.
#[inline]
pub fn to_u16(value: usize) -> Result<u16, FormatError> {
    u16::try_from(value).map_err(|_| FormatError::new(FormatErrorKind::Length, 0))
}

/// UTF-16 units from little-endian bytes; an odd last byte is dropped.
#[must_use]
pub fn units_from_le(bytes: &[u8]) -> Vec<u16> {
    bytes
        .as_chunks::<2>()
        .0
        .iter()
        .map(|pair| u16::from_le_bytes(*pair))
        .collect()
}

/// Appends UTF-16 units as little-endian bytes.
pub fn push_units(out: &mut Vec<u8>, units: &[u16]) {
    let start = out.len();
    out.resize(start + units.len() * 2, 0);
    let new = out.get_mut(start..).unwrap_or_default();
    for (to, unit) in new.as_chunks_mut::<2>().0.iter_mut().zip(units) {
        *to = unit.to_le_bytes();
    }
}
