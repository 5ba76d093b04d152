//! Security descriptors that come in by a pointer alone: how long one is, its own
//! parts say (MS-DTYP 2.4.6).

use linkwright_win32::{Win32Error, Win32Result};

use crate::boundary::get;
use crate::types::{SECURITY_ATTRIBUTES, VOID};

/// Bytes in front of the parts.
const HEADER: usize = 20;
/// No descriptor is longer than its two lists of 64 KiB, two SIDs and the header.
const MAX: usize = 2 * 65_535 + 2 * 68 + HEADER;
/// SE_SELF_RELATIVE.
const SELF_RELATIVE: u16 = 0x8000;

/// A part of a descriptor.
#[derive(Clone, Copy)]
enum Part {
    Sid,
    Acl,
}

/// The bytes of a self-relative descriptor; `None` for NULL.
///
/// # Errors
/// ERROR_INVALID_SECURITY_DESCR for one of pointers, and for offsets that lead
/// nowhere.
///
/// # Safety
/// NULL, or readable as far as the parts say that it reaches.
pub(crate) unsafe fn descriptor(at: *const VOID) -> Win32Result<Option<Vec<u8>>> {
    if at.is_null() {
        return Ok(None);
    }
    let at = at.cast::<u8>();
    // SAFETY: a descriptor has its header.
    let header = unsafe { at.cast::<[u8; HEADER]>().read_unaligned() };
    let control = u16::from_le_bytes([header[2], header[3]]);
    if control & SELF_RELATIVE == 0 {
        return Err(Win32Error::INVALID_SECURITY_DESCR);
    }
    let mut end = HEADER;
    let parts = [
        (4, Part::Sid),
        (8, Part::Sid),
        (12, Part::Acl),
        (16, Part::Acl),
    ];
    for (field, part) in parts {
        let [a, b, c, d] = std::array::from_fn(|i| header[field + i]);
        let offset = u32::from_le_bytes([a, b, c, d]);
        let Ok(offset) = usize::try_from(offset) else {
            return Err(Win32Error::INVALID_SECURITY_DESCR);
        };
        if offset == 0 {
            continue;
        }
        if !(HEADER..MAX).contains(&offset) {
            return Err(Win32Error::INVALID_SECURITY_DESCR);
        }
        // SAFETY: each part has four bytes at least.
        let start = unsafe { at.wrapping_add(offset).cast::<[u8; 4]>().read_unaligned() };
        let length = match part {
            Part::Sid => 8 + 4 * usize::from(start[1]),
            Part::Acl => usize::from(u16::from_le_bytes([start[2], start[3]])),
        };
        end = end.max(offset + length);
    }
    if end > MAX {
        return Err(Win32Error::INVALID_SECURITY_DESCR);
    }
    // SAFETY: the parts reach to here.
    Ok(Some(
        unsafe { std::slice::from_raw_parts(at, end) }.to_vec(),
    ))
}

/// The descriptor in SECURITY_ATTRIBUTES.
///
/// # Errors
/// As [`descriptor`].
///
/// # Safety
/// NULL, or a readable structure whose descriptor is as [`descriptor`] needs it.
pub(crate) unsafe fn attributes(at: *const SECURITY_ATTRIBUTES) -> Win32Result<Option<Vec<u8>>> {
    // SAFETY: the caller's.
    let Some(attributes) = (unsafe { get(at) }) else {
        return Ok(None);
    };
    // SAFETY: the caller's.
    unsafe { descriptor(attributes.lpSecurityDescriptor) }
}
