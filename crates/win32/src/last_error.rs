//! The last error of each thread.

use std::cell::RefCell;
use std::collections::HashMap;

use linkwright_codes::Win32Error;

use crate::{System, Win32Result};

thread_local! {
    /// By process: a thread may use several systems.
    static LAST: RefCell<HashMap<u64, Win32Error>> = RefCell::default();
}

impl System {
    /// The calling thread's last error (`GetLastError`).
    #[must_use]
    pub fn get_last_error(&self) -> Win32Error {
        LAST.try_with(|last| last.borrow().get(&self.process.id).copied())
            .ok()
            .flatten()
            .unwrap_or(Win32Error::SUCCESS)
    }

    /// Sets the calling thread's last error (`SetLastError`).
    pub fn set_last_error(&self, code: Win32Error) {
        // A thread that has ended its variables already has nobody to ask.
        let _ended = LAST.try_with(|last| last.borrow_mut().insert(self.process.id, code));
    }

    /// Hands a result on; a failure becomes the thread's last error. Every
    /// function ends with this.
    pub(crate) fn remember<T>(&self, result: Result<T, impl Into<Win32Error>>) -> Win32Result<T> {
        result.map_err(|error| {
            let code = error.into();
            self.set_last_error(code);
            code
        })
    }
}
