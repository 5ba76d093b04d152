//! Texts that come in: read up to their NUL, and never further than a text can be.

use linkwright_win32::{Win32Error, Win32Result};

use crate::types::{CHAR, WCHAR};

/// Units of the longest text, without its NUL: UNICODE_STRING counts bytes in 16
/// bits.
const MAX_UNITS: usize = 32_767;
/// Bytes of the longest ANSI text, without its NUL (ANSI_STRING).
const MAX_BYTES: usize = 65_534;

/// The units of a text; `None` for NULL.
///
/// # Errors
/// ERROR_FILENAME_EXCED_RANGE when there is no NUL as far as a text can reach.
///
/// # Safety
/// NULL, or readable up to a NUL or for 32,768 units. It need not be aligned.
pub(crate) unsafe fn wide(text: *const WCHAR) -> Win32Result<Option<Vec<u16>>> {
    // SAFETY: passed on.
    unsafe { until_nul(text, MAX_UNITS) }
}

/// The bytes of a text; `None` for NULL.
///
/// # Errors
/// As [`wide`].
///
/// # Safety
/// NULL, or readable up to a NUL or for 65,535 bytes.
pub(crate) unsafe fn narrow(text: *const CHAR) -> Win32Result<Option<Vec<u8>>> {
    // SAFETY: passed on; both are one byte.
    unsafe { until_nul(text.cast::<u8>(), MAX_BYTES) }
}

/// Reads units in front of a NUL, which is the unit that is its type's default.
unsafe fn until_nul<T: Copy + Default + PartialEq>(
    text: *const T,
    most: usize,
) -> Win32Result<Option<Vec<T>>> {
    if text.is_null() {
        return Ok(None);
    }
    let mut units = Vec::new();
    for at in 0..=most {
        // SAFETY: no NUL stood before it, so that it can be read; alignment is not
        // asked for.
        let unit = unsafe { text.wrapping_add(at).read_unaligned() };
        if unit == T::default() {
            return Ok(Some(units));
        }
        units.push(unit);
    }
    Err(Win32Error::FILENAME_EXCED_RANGE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_ends_at_its_nul_or_at_the_limit() {
        let text = [0x61, 0x62, 0, 0x63];
        // SAFETY: closed by NUL.
        let read = unsafe { wide(text.as_ptr()) };
        assert_eq!(read, Ok(Some(vec![0x61, 0x62])));
        // SAFETY: NULL.
        assert_eq!(unsafe { wide(std::ptr::null()) }, Ok(None));
        // Exactly as long as may be read, under Miri and valgrind too.
        let endless = vec![0x61; MAX_UNITS + 1];
        // SAFETY: readable for the limit.
        let read = unsafe { wide(endless.as_ptr()) };
        assert_eq!(read, Err(Win32Error::FILENAME_EXCED_RANGE));
        let mut longest = endless;
        longest[MAX_UNITS] = 0;
        // SAFETY: closed by NUL.
        let read = unsafe { wide(longest.as_ptr()) };
        assert_eq!(read.unwrap().unwrap().len(), MAX_UNITS);
        let endless = vec![0x61; MAX_BYTES + 1];
        // SAFETY: readable for the limit.
        let read = unsafe { narrow(endless.as_ptr()) };
        assert_eq!(read, Err(Win32Error::FILENAME_EXCED_RANGE));
    }

    #[test]
    fn an_odd_address_is_read() {
        let bytes = [0u8, 0x61, 0, 0x62, 0, 0, 0];
        let odd = bytes.as_ptr().wrapping_add(1).cast::<u16>();
        // SAFETY: a NUL unit stands at byte 5.
        let read = unsafe { wide(odd) };
        let units = [[0x61, 0], [0x62, 0]].map(u16::from_ne_bytes);
        assert_eq!(read, Ok(Some(units.to_vec())));
    }
}
