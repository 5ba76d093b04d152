//! `FindFirstStreamW`, `FindNextStreamW`: the data streams of a file.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use linkwright_codes::Win32Error;
use linkwright_fs::Capabilities;

use crate::constants::{
    FILE_OPEN_FOR_BACKUP_INTENT, FILE_READ_ATTRIBUTES, FILE_SYNCHRONOUS_IO_NONALERT,
    FIND_STREAM_INFO_STANDARD, SYNCHRONIZE,
};
use crate::handles::{ClosedBy, Object};
use crate::nt::lookup::PlainView;
use crate::nt::query::stream_entries;
use crate::opening::Wanted;
use crate::structures::Win32FindStreamData;
use crate::{Handle, System, Win32Result};

/// The streams that are left.
struct StreamSearch(Mutex<VecDeque<Win32FindStreamData>>);

impl Object for StreamSearch {
    fn closed_by(&self) -> ClosedBy {
        ClosedBy::FindClose
    }
}

impl System {
    /// `FindFirstStreamW`: the first data stream of a file, `::$DATA` where it has
    /// data of its own, and a handle for the others. `level` is
    /// FindStreamInfoStandard (0), `flags` are 0.
    ///
    /// # Errors
    /// ERROR_HANDLE_EOF when there is none; ERROR_INVALID_PARAMETER on a file
    /// system without streams, for NULL, and other levels or flags; those of
    /// opening the file.
    pub fn find_first_stream_w(
        &self,
        name: Option<&[u16]>,
        level: u32,
        flags: u32,
    ) -> Win32Result<(Handle, Win32FindStreamData)> {
        self.remember(self.first_stream(name, level, flags))
    }

    fn first_stream(
        &self,
        name: Option<&[u16]>,
        level: u32,
        flags: u32,
    ) -> Win32Result<(Handle, Win32FindStreamData)> {
        let name = name.ok_or(Win32Error::INVALID_PARAMETER)?;
        if level != FIND_STREAM_INFO_STANDARD || flags != 0 {
            return Err(Win32Error::INVALID_PARAMETER);
        }
        let wanted = Wanted {
            access: FILE_READ_ATTRIBUTES | SYNCHRONIZE,
            options: FILE_SYNCHRONOUS_IO_NONALERT | FILE_OPEN_FOR_BACKUP_INTENT,
        };
        let open = self.open_short(name, wanted, &PlainView)?;
        if !open.fs.capabilities().contains(Capabilities::NAMED_STREAMS) {
            return Err(Win32Error::INVALID_PARAMETER);
        }
        let mut streams: VecDeque<_> = stream_entries(&open)?
            .iter()
            .map(Win32FindStreamData::from)
            .collect();
        let first = streams.pop_front().ok_or(Win32Error::HANDLE_EOF)?;
        let search = StreamSearch(Mutex::new(streams));
        Ok((self.process.handles.insert(Arc::new(search)), first))
    }

    /// `FindNextStreamW`.
    ///
    /// # Errors
    /// ERROR_HANDLE_EOF behind the last one; ERROR_INVALID_HANDLE.
    pub fn find_next_stream_w(&self, handle: Handle) -> Win32Result<Win32FindStreamData> {
        self.remember(self.next_stream(handle))
    }

    fn next_stream(&self, handle: Handle) -> Win32Result<Win32FindStreamData> {
        let search = self.object::<StreamSearch>(handle)?;
        let mut streams = search.0.lock().unwrap_or_else(PoisonError::into_inner);
        streams.pop_front().ok_or(Win32Error::HANDLE_EOF)
    }
}
