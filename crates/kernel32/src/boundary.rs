//! What happens at the boundary, for all functions alike (docs/c-api.md).

use std::panic::{AssertUnwindSafe, catch_unwind};

use linkwright_win32::{Boolean, Handle, System, Win32Error, Win32Result};

use crate::types::{BOOL, BOOLEAN_RESULT, DWORD, HANDLE, INVALID_HANDLE_VALUE};
use crate::{last_error, process};

/// Runs one call. What a function gives for a failure is `failed`, the last error
/// and `errno` say why; a panic becomes ERROR_INTERNAL_ERROR.
pub(crate) fn call<T>(failed: T, work: impl FnOnce(&System) -> Win32Result<T>) -> T {
    outside(failed, || {
        let system = process::system()?;
        // Which is what a success without a code of its own leaves.
        system.set_last_error(Win32Error(last_error::get()));
        let done = work(system)?;
        last_error::set(system.get_last_error().0);
        Ok(done)
    })
}

/// The same without the system.
pub(crate) fn outside<T>(failed: T, work: impl FnOnce() -> Win32Result<T>) -> T {
    let done = catch_unwind(AssertUnwindSafe(work));
    match done.unwrap_or(Err(Win32Error::INTERNAL_ERROR)) {
        Ok(done) => done,
        Err(code) => {
            last_error::fail(code);
            failed
        }
    }
}

/// A function that gives a `BOOL`.
pub(crate) fn flag(work: impl FnOnce(&System) -> Win32Result<()>) -> BOOL {
    call(0, |system| work(system).map(|()| 1))
}

/// A function that gives a `BOOLEAN`: all of the return register is set, so that who
/// reads four bytes reads the same truth.
pub(crate) fn boolean(work: impl FnOnce(&System) -> Win32Result<()>) -> BOOLEAN_RESULT {
    call(0, |system| {
        work(system).map(|()| {
            let truth = Boolean::from(&Win32Result::Ok(())).register();
            BOOLEAN_RESULT::try_from(truth).unwrap_or(1)
        })
    })
}

/// A function that gives a handle, or INVALID_HANDLE_VALUE.
pub(crate) fn handle(work: impl FnOnce(&System) -> Win32Result<Handle>) -> HANDLE {
    call(INVALID_HANDLE_VALUE, |system| work(system).map(to_c))
}

/// The number of a handle as a C program has it.
pub(crate) fn to_c(handle: Handle) -> HANDLE {
    let value = usize::try_from(handle.value()).unwrap_or(usize::MAX);
    std::ptr::without_provenance_mut(value)
}

/// The handle of a number; nothing is read from it.
pub(crate) fn from_c(handle: HANDLE) -> Handle {
    Handle::from_value(u64::try_from(handle.addr()).unwrap_or(u64::MAX))
}

/// Puts a result where the caller wants it; nowhere, when the caller does not.
///
/// # Safety
/// NULL, or writable for a `T`.
pub(crate) unsafe fn put<T>(to: *mut T, value: T) {
    if !to.is_null() {
        // SAFETY: the caller's; alignment is not asked for.
        unsafe { to.write_unaligned(value) };
    }
}

/// Refuses NULL where something must be given back.
pub(crate) fn required<T>(to: *mut T) -> Win32Result<*mut T> {
    match to.is_null() {
        true => Err(Win32Error::INVALID_PARAMETER),
        false => Ok(to),
    }
}

/// What a pointer points to; `None` for NULL.
///
/// # Safety
/// NULL, or readable for a `T` of any bytes.
pub(crate) unsafe fn get<T: Copy>(from: *const T) -> Option<T> {
    // SAFETY: not NULL, the rest is the caller's.
    (!from.is_null()).then(|| unsafe { from.read_unaligned() })
}

/// A handle that need not be there.
pub(crate) fn template(handle: HANDLE) -> Option<Handle> {
    (!handle.is_null()).then(|| from_c(handle))
}

/// Runs a function whose length comes in as room and goes out as what is used, or
/// needed when the code is ERROR_MORE_DATA.
///
/// # Safety
/// NULL, or readable and writable for a number.
pub(crate) unsafe fn with_length<T>(
    length: *mut DWORD,
    work: impl FnOnce(&mut u32) -> Win32Result<T>,
) -> Win32Result<T> {
    // SAFETY: the caller's.
    let mut value = unsafe { get(length) }.ok_or(Win32Error::INVALID_PARAMETER)?;
    let done = work(&mut value);
    if matches!(done, Ok(_) | Err(Win32Error::MORE_DATA)) {
        // SAFETY: the caller's.
        unsafe { put(length, value) };
    }
    done
}

fn count(length: DWORD) -> usize {
    usize::try_from(length).unwrap_or(usize::MAX)
}

/// Bytes that come in.
///
/// # Errors
/// ERROR_INVALID_PARAMETER for NULL with a length.
///
/// # Safety
/// NULL, or readable for the length while the result lives.
pub(crate) unsafe fn bytes<'a, T>(from: *const T, length: DWORD) -> Win32Result<&'a [u8]> {
    match (from.is_null(), length) {
        (_, 0) => Ok(&[]),
        (true, _) => Err(Win32Error::INVALID_PARAMETER),
        // SAFETY: not NULL, and the caller's; a byte has no alignment.
        (false, _) => Ok(unsafe { std::slice::from_raw_parts(from.cast(), count(length)) }),
    }
}

/// Room for results.
///
/// # Errors
/// ERROR_INVALID_PARAMETER for NULL with a length, and for units at an odd address.
///
/// # Safety
/// NULL, or writable for `length` of `T`, by nobody else while the result lives.
/// Every bit pattern must be a `T`.
pub(crate) unsafe fn room<'a, T>(to: *mut T, length: DWORD) -> Win32Result<&'a mut [T]> {
    match (to.is_null(), length) {
        (_, 0) => Ok(&mut []),
        (true, _) => Err(Win32Error::INVALID_PARAMETER),
        (false, _) if !to.is_aligned() => Err(Win32Error::INVALID_PARAMETER),
        // SAFETY: not NULL, aligned, and the caller's.
        (false, _) => Ok(unsafe { std::slice::from_raw_parts_mut(to, count(length)) }),
    }
}

/// The same in bytes.
///
/// # Errors
/// As [`room`].
///
/// # Safety
/// As [`room`].
pub(crate) unsafe fn byte_room<'a, T>(to: *mut T, length: DWORD) -> Win32Result<&'a mut [u8]> {
    // SAFETY: passed on.
    unsafe { room(to.cast::<u8>(), length) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_a_code() {
        let failed = outside(7, || panic!("on purpose"));
        assert_eq!(failed, 7);
        assert_eq!(last_error::get(), Win32Error::INTERNAL_ERROR.0);
        let errno = std::io::Error::last_os_error().raw_os_error();
        assert_eq!(errno, Some(1359));
    }

    #[test]
    fn a_failure_is_in_errno_and_a_success_leaves_the_last_error() {
        let failed = outside(0, || Err(Win32Error::ALREADY_EXISTS));
        let errno = std::io::Error::last_os_error().raw_os_error();
        assert_eq!((failed, errno, last_error::get()), (0, Some(183), 183));
        assert_eq!(outside(0, || Ok(1)), 1);
        assert_eq!(last_error::get(), 183);
    }

    #[test]
    fn null_has_no_length() {
        // SAFETY: NULL.
        let (none, some) = unsafe {
            (
                bytes(std::ptr::null::<u8>(), 0),
                bytes(std::ptr::null::<u8>(), 1),
            )
        };
        assert_eq!(none, Ok(&[][..]));
        assert_eq!(some, Err(Win32Error::INVALID_PARAMETER));
        let odd = std::ptr::without_provenance_mut::<u16>(3);
        // SAFETY: refused before it is touched.
        let refused = unsafe { room(odd, 1) };
        assert_eq!(refused, Err(Win32Error::INVALID_PARAMETER));
    }
}
