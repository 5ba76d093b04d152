//! Update sequence arrays: how a block shows that it was written whole.
//!
//! Each 512-byte stride of a block ends in the update sequence number while on
//! disk; the two bytes that belong there wait in the array behind the header.
//! The stride is 512 bytes whatever the sector size of the medium is
//! (libfsntfs documentation, "The fix-up values").

use crate::error::{FormatError, FormatErrorKind};
use crate::num;

/// Bytes guarded by one entry of the array.
pub const STRIDE: usize = 512;

const OFFSET_FIELD: usize = 4;
const COUNT_FIELD: usize = 6;

/// Number of array entries (the number itself and one a stride) for a block.
#[must_use]
pub const fn entries_for(block_len: usize) -> usize {
    block_len / STRIDE + 1
}

/// Where the array lies: its offset, checked against the block.
fn array_offset(block: &[u8]) -> Result<usize, FormatError> {
    let bad = |at| FormatError::new(FormatErrorKind::UpdateSequence, at);
    let offset = usize::from(num::u16_at(block, OFFSET_FIELD)?);
    let count = usize::from(num::u16_at(block, COUNT_FIELD)?);
    if block.is_empty() || !block.len().is_multiple_of(STRIDE) || count != entries_for(block.len())
    {
        return Err(bad(COUNT_FIELD));
    }
    // The array must not reach the first place it repairs.
    if offset % 2 != 0 || offset < 8 || offset.saturating_add(count * 2) > STRIDE - 2 {
        return Err(bad(OFFSET_FIELD));
    }
    Ok(offset)
}

/// Checks every stride and puts the kept bytes back in place.
///
/// # Errors
/// [`FormatErrorKind::UpdateSequence`] when the array cannot be right,
/// [`FormatErrorKind::TornBlock`] when a stride ends in another number; the
/// block is unchanged then.
pub fn remove(block: &mut [u8]) -> Result<(), FormatError> {
    let array = array_offset(block)?;
    let number = num::u16_at(block, array)?;
    let strides = block.len() / STRIDE;
    for stride in 1..=strides {
        let end = stride * STRIDE - 2;
        if num::u16_at(block, end)? != number {
            return Err(FormatError::new(FormatErrorKind::TornBlock, end));
        }
    }
    for stride in 1..=strides {
        let kept: [u8; 2] = num::array(block, array + stride * 2)?;
        num::put(block, stride * STRIDE - 2, &kept)?;
    }
    Ok(())
}

/// Where a byte of a block lies while it is on disk: at its place, or, at the
/// end of a stride, in the array. Either way in one sector alone.
///
/// # Errors
/// [`FormatErrorKind::UpdateSequence`] when the array does not fit the block.
pub fn stored_at(block: &[u8], offset: usize) -> Result<usize, FormatError> {
    let array = array_offset(block)?;
    let inside = offset % STRIDE;
    if inside < STRIDE - 2 {
        return Ok(offset);
    }
    Ok(array + (offset / STRIDE + 1) * 2 + (inside - (STRIDE - 2)))
}

/// The update sequence number behind another.
#[must_use]
pub const fn next_number(number: u16) -> u16 {
    match number.wrapping_add(1) {
        // 0xFFFF is skipped by Windows as well as 0.
        0 | 0xFFFF => 1,
        n => n,
    }
}

/// Moves the update sequence number on without writing it to the strides: for
/// a block in memory whose next [`apply`] works on a copy, so that two versions
/// of the block never go out under one number.
///
/// # Errors
/// [`FormatErrorKind::UpdateSequence`] when the array does not fit the block.
pub fn advance(block: &mut [u8]) -> Result<(), FormatError> {
    let array = array_offset(block)?;
    let number = next_number(num::u16_at(block, array)?);
    num::put(block, array, &number.to_le_bytes())
}

/// Takes the next update sequence number (never 0) and puts it at the end of
/// every stride; the bytes there move into the array.
///
/// # Errors
/// [`FormatErrorKind::UpdateSequence`] when the array does not fit the block.
pub fn apply(block: &mut [u8]) -> Result<(), FormatError> {
    let array = array_offset(block)?;
    stamp(block, next_number(num::u16_at(block, array)?))
}

/// As [`apply`], with a number that the caller has for it.
///
/// # Errors
/// As [`apply`].
pub fn stamp(block: &mut [u8], number: u16) -> Result<(), FormatError> {
    let array = array_offset(block)?;
    num::put(block, array, &number.to_le_bytes())?;
    for stride in 1..=block.len() / STRIDE {
        let end = stride * STRIDE - 2;
        let kept: [u8; 2] = num::array(block, end)?;
        num::put(block, array + stride * 2, &kept)?;
        num::put(block, end, &number.to_le_bytes())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block() -> Vec<u8> {
        let mut block: Vec<u8> = (0..1024_u32).map(|n| n.to_le_bytes()[0]).collect();
        block[4..8].copy_from_slice(&[0x30, 0, 3, 0]);
        block
    }

    #[test]
    fn apply_then_remove_gives_the_bytes_back() {
        let mut bytes = block();
        apply(&mut bytes).unwrap();
        assert_eq!(bytes[510..512], bytes[0x30..0x32]);
        assert_eq!(bytes[1022..1024], bytes[0x30..0x32]);
        remove(&mut bytes).unwrap();
        assert_eq!(bytes[0x36..], block()[0x36..]);
    }

    #[test]
    fn every_byte_is_found_where_it_is_stored() {
        let plain = block();
        let mut stored = plain.clone();
        apply(&mut stored).unwrap();
        for offset in 0x36..plain.len() {
            let at = stored_at(&plain, offset).unwrap();
            assert_eq!(stored[at], plain[offset], "{offset:#x}");
        }
    }

    #[test]
    fn a_torn_stride_is_named() {
        let mut bytes = block();
        apply(&mut bytes).unwrap();
        bytes[1022] ^= 1;
        let before = bytes.clone();
        assert_eq!(
            remove(&mut bytes),
            Err(FormatError::new(FormatErrorKind::TornBlock, 1022))
        );
        assert_eq!(bytes, before);
    }

    #[test]
    fn arrays_that_do_not_fit_are_refused() {
        for (field, value) in [(4, 0x31), (4, 2), (5, 2), (6, 2), (6, 4)] {
            let mut bytes = block();
            bytes[field] = value;
            assert_eq!(
                remove(&mut bytes).unwrap_err().kind,
                FormatErrorKind::UpdateSequence
            );
        }
        assert!(remove(&mut []).is_err());
    }
}
