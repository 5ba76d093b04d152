//! The last error of a thread, and its copy in `errno`.

use std::cell::Cell;

use linkwright_win32::Win32Error;

thread_local! {
    static LAST: Cell<u32> = const { Cell::new(0) };
}

pub(crate) fn get() -> u32 {
    LAST.get()
}

pub(crate) fn set(code: u32) {
    LAST.set(code);
}

/// The last act of a function that failed: .NET and Mono read `errno` after it for
/// `SetLastError = true`, and nothing may come in between that sets it.
pub(crate) fn fail(code: Win32Error) {
    set(code.0);
    set_errno(code.0);
}

/// Makes the copy.
pub(crate) fn set_errno(code: u32) {
    #[cfg(any(target_os = "linux", target_os = "emscripten"))]
    // SAFETY: the function has no requirement and gives the thread's own variable.
    let errno = unsafe { libc::__errno_location() };
    #[cfg(any(target_os = "macos", target_os = "ios", target_os = "freebsd"))]
    // SAFETY: as above.
    let errno = unsafe { libc::__error() };
    // SAFETY: a valid `int` that only this thread uses.
    unsafe { errno.write(code.cast_signed()) };
}
