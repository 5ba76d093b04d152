//! Reading and writing through handles.

use std::sync::Arc;

use linkwright_codes::Win32Error;
use linkwright_fs::Stat;

use crate::constants::{
    FILE_APPEND_DATA, FILE_BEGIN, FILE_CURRENT, FILE_END, FILE_READ_DATA, FILE_WRITE_DATA,
};
use crate::nt::objects::{FileObject, NullDevice, StreamKind};
use crate::nt::status;
use crate::{Handle, System, Win32Result};

impl System {
    /// `ReadFile` at the handle's position; how many bytes were read. At the end
    /// of the file that is 0, and a success.
    ///
    /// # Errors
    /// ERROR_ACCESS_DENIED without FILE_READ_DATA; ERROR_INVALID_FUNCTION for a
    /// directory.
    pub fn read_file(&self, handle: Handle, buffer: &mut [u8]) -> Win32Result<u32> {
        self.remember(self.read(handle, buffer))
    }

    fn read(&self, handle: Handle, buffer: &mut [u8]) -> Win32Result<u32> {
        if self.object::<NullDevice>(handle).is_ok() {
            return Ok(0);
        }
        let open = self.data(handle)?;
        if !open.may(FILE_READ_DATA) {
            return Err(Win32Error::ACCESS_DENIED);
        }
        let mut position = open.position();
        let most = usize::try_from(u32::MAX).unwrap_or(usize::MAX);
        let length = buffer.len().min(most);
        let buffer = buffer.get_mut(..length).unwrap_or_default();
        let read = open
            .fs
            .read_at(&open.node, open.stream.as_ref(), *position, buffer)
            .map_err(code)?;
        *position += u64::try_from(read).unwrap_or(u64::MAX);
        Ok(u32::try_from(read).unwrap_or(u32::MAX))
    }

    /// `WriteFile` at the handle's position, at the end of the file for a handle
    /// that may only append; how many bytes were written.
    ///
    /// # Errors
    /// ERROR_ACCESS_DENIED, ERROR_DISK_FULL, ...
    pub fn write_file(&self, handle: Handle, data: &[u8]) -> Win32Result<u32> {
        self.remember(self.write(handle, data))
    }

    fn write(&self, handle: Handle, data: &[u8]) -> Win32Result<u32> {
        let written = u32::try_from(data.len()).map_err(|_| Win32Error::INVALID_PARAMETER)?;
        if self.object::<NullDevice>(handle).is_ok() {
            return Ok(written);
        }
        let open = self.data(handle)?;
        let appends = match (open.may(FILE_WRITE_DATA), open.may(FILE_APPEND_DATA)) {
            (true, _) => false,
            (false, true) => true,
            (false, false) => return Err(Win32Error::ACCESS_DENIED),
        };
        let mut position = open.position();
        if appends {
            *position = self.length(&open)?;
        }
        if !data.is_empty() {
            let at = *position;
            open.changing(|| open.fs.write_at(&open.node, open.stream.as_ref(), at, data))?;
        }
        *position += u64::from(written);
        Ok(written)
    }

    /// `SetFilePointerEx`: the new position.
    ///
    /// # Errors
    /// ERROR_NEGATIVE_SEEK; ERROR_INVALID_PARAMETER for an unknown `method`.
    pub fn set_file_pointer_ex(
        &self,
        handle: Handle,
        distance: i64,
        method: u32,
    ) -> Win32Result<u64> {
        self.remember(self.seek(handle, distance, method))
    }

    fn seek(&self, handle: Handle, distance: i64, method: u32) -> Win32Result<u64> {
        let open = self.object::<FileObject>(handle)?;
        let mut position = open.position();
        let from = match method {
            FILE_BEGIN => 0,
            FILE_CURRENT => *position,
            FILE_END => self.length(&open)?,
            _ => return Err(Win32Error::INVALID_PARAMETER),
        };
        let to = from
            .checked_add_signed(distance)
            .filter(|to| i64::try_from(*to).is_ok())
            .ok_or(Win32Error::NEGATIVE_SEEK)?;
        *position = to;
        Ok(to)
    }

    /// `SetEndOfFile`: the file ends at the handle's position.
    ///
    /// # Errors
    /// ERROR_ACCESS_DENIED without FILE_WRITE_DATA.
    pub fn set_end_of_file(&self, handle: Handle) -> Win32Result<()> {
        self.remember(self.set_end(handle))
    }

    fn set_end(&self, handle: Handle) -> Win32Result<()> {
        let open = self.data(handle)?;
        if !open.may(FILE_WRITE_DATA) {
            return Err(Win32Error::ACCESS_DENIED);
        }
        let position = *open.position();
        Ok(open.changing(|| open.fs.set_len(&open.node, open.stream.as_ref(), position))?)
    }

    /// `FlushFileBuffers`: what the volume was told is durable.
    ///
    /// # Errors
    /// ERROR_ACCESS_DENIED for a handle that may not write.
    pub fn flush_file_buffers(&self, handle: Handle) -> Win32Result<()> {
        self.remember(self.flush(handle))
    }

    fn flush(&self, handle: Handle) -> Win32Result<()> {
        let open = self.object::<FileObject>(handle)?;
        if open.granted & (FILE_WRITE_DATA | FILE_APPEND_DATA) == 0 {
            return Err(Win32Error::ACCESS_DENIED);
        }
        open.fs.sync().map_err(code)
    }

    /// `GetFileSizeEx`.
    ///
    /// # Errors
    /// ERROR_INVALID_HANDLE.
    pub fn get_file_size_ex(&self, handle: Handle) -> Win32Result<u64> {
        self.remember(
            self.object::<FileObject>(handle)
                .and_then(|open| self.length(&open)),
        )
    }

    /// Bytes of the stream that is open.
    fn length(&self, open: &FileObject) -> Win32Result<u64> {
        let Some(name) = &open.stream else {
            return self.stat(open).map(|stat| stat.size);
        };
        let streams = open.fs.streams(&open.node).map_err(code)?;
        let found = streams
            .into_iter()
            .find(|stream| stream.name.as_ref() == Some(name));
        Ok(found.ok_or(Win32Error::FILE_NOT_FOUND)?.size)
    }

    /// Facts about an open file.
    pub(crate) fn stat(&self, open: &FileObject) -> Win32Result<Stat> {
        open.fs.stat(&open.node).map_err(code)
    }

    /// The open file of a handle that has data.
    fn data(&self, handle: Handle) -> Win32Result<Arc<FileObject>> {
        let open = self.object::<FileObject>(handle)?;
        match open.kind {
            StreamKind::Data => Ok(open),
            StreamKind::Directory => Err(Win32Error::INVALID_FUNCTION),
        }
    }
}

pub(crate) fn code(error: linkwright_fs::Error) -> Win32Error {
    status::status(&error).to_win32()
}
