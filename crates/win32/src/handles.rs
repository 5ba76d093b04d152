//! Handles and the table of a process.

use std::any::Any;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use linkwright_codes::Win32Error;

use crate::system::Machine;
use crate::{System, Win32Result};

/// A handle: never 0 and never `INVALID_HANDLE_VALUE`, a multiple of four.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Handle(u64);

impl Handle {
    /// The number a C program sees.
    #[must_use]
    pub const fn value(self) -> u64 {
        self.0
    }

    /// The handle of a number; whether it is open is seen when it is used.
    #[must_use]
    pub const fn from_value(value: u64) -> Self {
        Self(value)
    }
}

/// Which function closes a handle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ClosedBy {
    /// `CloseHandle`.
    CloseHandle,
    /// `FindClose`.
    FindClose,
}

/// What a handle can stand for.
pub(crate) trait Object: Any + Send + Sync {
    /// Which function closes it.
    fn closed_by(&self) -> ClosedBy {
        ClosedBy::CloseHandle
    }

    /// The last handle is gone.
    fn close(&self, _machine: &Machine) {}
}

/// The handles of a process.
#[derive(Default)]
pub(crate) struct HandleTable {
    next: AtomicU64,
    objects: Mutex<HashMap<Handle, Arc<dyn Object>>>,
}

impl HandleTable {
    fn objects(&self) -> MutexGuard<'_, HashMap<Handle, Arc<dyn Object>>> {
        // Nothing in the table is left half done by a panic.
        self.objects.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives an object a handle.
    pub(crate) fn insert(&self, object: Arc<dyn Object>) -> Handle {
        let number = self.next.fetch_add(1, Ordering::Relaxed) + 1;
        let handle = Handle(number * 4);
        self.objects().insert(handle, object);
        handle
    }

    /// The object of a handle, when it is one of this kind.
    pub(crate) fn get<T: Object>(&self, handle: Handle) -> Option<Arc<T>> {
        let object: Arc<dyn Any + Send + Sync> = self.objects().get(&handle).cloned()?;
        object.downcast().ok()
    }

    /// Whether anything is open under a handle.
    pub(crate) fn is_open(&self, handle: Handle) -> bool {
        self.objects().contains_key(&handle)
    }

    /// Takes a handle away that this function closes.
    fn take(&self, handle: Handle, by: ClosedBy) -> Option<Arc<dyn Object>> {
        let mut objects = self.objects();
        match objects.get(&handle) {
            Some(object) if object.closed_by() == by => objects.remove(&handle),
            _ => None,
        }
    }

    /// Takes all handles away, as the end of a process does.
    pub(crate) fn take_all(&self) -> Vec<Arc<dyn Object>> {
        self.objects().drain().map(|(_, object)| object).collect()
    }
}

impl System {
    /// `CloseHandle`: what was to happen on close happens now.
    ///
    /// # Errors
    /// ERROR_INVALID_HANDLE: not open, or the handle of a search.
    pub fn close_handle(&self, handle: Handle) -> Win32Result<()> {
        self.remember(self.close_by(handle, ClosedBy::CloseHandle))
    }

    /// `FindClose`.
    ///
    /// # Errors
    /// ERROR_INVALID_HANDLE: not the handle of a search.
    pub fn find_close(&self, handle: Handle) -> Win32Result<()> {
        self.remember(self.close_by(handle, ClosedBy::FindClose))
    }

    fn close_by(&self, handle: Handle, by: ClosedBy) -> Win32Result<()> {
        let object = self.process.handles.take(handle, by);
        object
            .ok_or(Win32Error::INVALID_HANDLE)?
            .close(&self.machine);
        Ok(())
    }

    /// The object of a handle.
    pub(crate) fn object<T: Object>(&self, handle: Handle) -> Win32Result<Arc<T>> {
        self.process
            .handles
            .get(handle)
            .ok_or(Win32Error::INVALID_HANDLE)
    }
}
