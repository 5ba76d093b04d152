//! `FindFirstFileNameW`, `FindNextFileNameW`: every name of a file.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use linkwright_codes::{NtStatus, Win32Error};
use linkwright_fs::Capabilities;

use crate::constants::{
    FILE_OPEN_FOR_BACKUP_INTENT, FILE_READ_ATTRIBUTES, FILE_SYNCHRONOUS_IO_NONALERT, SYNCHRONIZE,
};
use crate::handles::{ClosedBy, Object};
use crate::nt::lookup::{PlainView, View};
use crate::nt::objects::FileObject;
use crate::nt::query::joined;
use crate::nt::status;
use crate::opening::Wanted;
use crate::{Handle, System, Win32Result};

/// The names that are left.
struct NameSearch(Mutex<VecDeque<Vec<u16>>>);

impl NameSearch {
    fn names(&self) -> MutexGuard<'_, VecDeque<Vec<u16>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Object for NameSearch {
    fn closed_by(&self) -> ClosedBy {
        ClosedBy::FindClose
    }
}

impl System {
    /// `FindFirstFileNameW`: one of the names of a file, from the root of its
    /// volume, `\dir\name`, and a handle for the others; 8.3 names and names that
    /// are to be deleted are left out. `length` is the room in `link_name` (in
    /// units) and becomes the length of the name with its NUL.
    ///
    /// # Errors
    /// ERROR_MORE_DATA when the name does not fit, and `length` says what it
    /// needs; ERROR_INVALID_PARAMETER for NULL, and flags other than 0;
    /// ERROR_NOT_SUPPORTED for a file on a share or a volume that cannot tell;
    /// those of opening the file.
    pub fn find_first_file_name_w(
        &self,
        name: Option<&[u16]>,
        flags: u32,
        length: &mut u32,
        link_name: &mut [u16],
    ) -> Win32Result<Handle> {
        self.remember(self.first_file_name(name, flags, length, link_name, &PlainView))
    }

    /// `FindFirstFileNameTransactedW`: the names as a transaction sees them, its own
    /// among them and without those it took away.
    ///
    /// # Errors
    /// Those of [`System::find_first_file_name_w`] and of a transaction
    /// ([`System::create_file_transacted_w`]).
    pub fn find_first_file_name_transacted_w(
        &self,
        name: Option<&[u16]>,
        flags: u32,
        length: &mut u32,
        link_name: &mut [u16],
        transaction: Handle,
    ) -> Win32Result<Handle> {
        self.remember(
            self.transacted(transaction)
                .and_then(|view| self.first_file_name(name, flags, length, link_name, &view)),
        )
    }

    /// The same in a transaction's view, last error left alone on failure.
    pub(crate) fn first_file_name(
        &self,
        name: Option<&[u16]>,
        flags: u32,
        length: &mut u32,
        link_name: &mut [u16],
        view: &dyn View,
    ) -> Win32Result<Handle> {
        let name = name.ok_or(Win32Error::INVALID_PARAMETER)?;
        if flags != 0 {
            return Err(Win32Error::INVALID_PARAMETER);
        }
        let wanted = Wanted {
            access: FILE_READ_ATTRIBUTES | SYNCHRONIZE,
            options: FILE_SYNCHRONOUS_IO_NONALERT | FILE_OPEN_FOR_BACKUP_INTENT,
        };
        let open = self.open_short(name, wanted, view)?;
        let mut names = self.names_of(&open)?;
        drop(open);
        // Every file that can be opened has a name.
        let first = names.front().ok_or(Win32Error::HANDLE_EOF)?;
        give(first, length, link_name)?;
        names.pop_front();
        let search = NameSearch(Mutex::new(names));
        Ok(self.process.handles.insert(Arc::new(search)))
    }

    /// `FindNextFileNameW`; a name that does not fit is the next one still.
    ///
    /// # Errors
    /// ERROR_HANDLE_EOF behind the last name; ERROR_MORE_DATA;
    /// ERROR_INVALID_HANDLE.
    pub fn find_next_file_name_w(
        &self,
        handle: Handle,
        length: &mut u32,
        link_name: &mut [u16],
    ) -> Win32Result<()> {
        self.remember(self.next_file_name(handle, length, link_name))
    }

    fn next_file_name(
        &self,
        handle: Handle,
        length: &mut u32,
        link_name: &mut [u16],
    ) -> Win32Result<()> {
        let search = self.object::<NameSearch>(handle)?;
        let mut names = search.names();
        give(
            names.front().ok_or(Win32Error::HANDLE_EOF)?,
            length,
            link_name,
        )?;
        names.pop_front();
        Ok(())
    }

    fn names_of(&self, open: &FileObject) -> Result<VecDeque<Vec<u16>>, NtStatus> {
        let can = open
            .fs
            .capabilities()
            .contains(Capabilities::NAMES_OF_FILES);
        if open.volume.is_remote() || !can {
            return Err(NtStatus::NOT_SUPPORTED);
        }
        let mut names = VecDeque::new();
        for placed in open.fs.names(&open.node).map_err(status::of)? {
            if self.machine.is_name_pending(open, &placed)? {
                continue;
            }
            let path = placed.path.ok_or(NtStatus::FILE_CORRUPT_ERROR)?;
            names.push_back(joined(&path));
        }
        Ok(names)
    }
}

/// Hands a name over, or tells the room it needs.
fn give(name: &[u16], length: &mut u32, link_name: &mut [u16]) -> Win32Result<()> {
    let needed = name.len() + 1;
    let room = usize::try_from(*length)
        .unwrap_or(usize::MAX)
        .min(link_name.len());
    *length = u32::try_from(needed).unwrap_or(u32::MAX);
    if room < needed {
        return Err(Win32Error::MORE_DATA);
    }
    let closed = name.iter().copied().chain([0]);
    for (to, from) in link_name.iter_mut().zip(closed) {
        *to = from;
    }
    Ok(())
}
