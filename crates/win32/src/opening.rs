//! Opens that a function makes for itself and closes before it returns.

use std::sync::Arc;

use linkwright_codes::{NtStatus, Win32Error};

use crate::constants::{FILE_SHARE_DELETE, FILE_SHARE_READ, FILE_SHARE_WRITE};
use crate::nt::create::{Disposition, Request};
use crate::nt::lookup::View;
use crate::nt::objects::FileObject;
use crate::path::{Limit, Location, Target};
use crate::{System, Win32Result};

/// What such an open asks for; everything is shared.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted {
    /// Rights.
    pub(crate) access: u32,
    /// FILE_ options of NtOpenFile.
    pub(crate) options: u32,
}

/// An open that ends with this value.
pub(crate) struct ShortOpen<'a> {
    system: &'a System,
    open: Arc<FileObject>,
}

impl<'a> ShortOpen<'a> {
    /// Closes `open` when this value ends.
    pub(crate) fn new(system: &'a System, open: Arc<FileObject>) -> Self {
        Self { system, open }
    }
}

impl std::ops::Deref for ShortOpen<'_> {
    type Target = FileObject;

    fn deref(&self) -> &FileObject {
        &self.open
    }
}

impl Drop for ShortOpen<'_> {
    fn drop(&mut self) {
        self.system.machine.close_file(&self.open);
    }
}

impl System {
    /// Opens what a name leads to.
    ///
    /// # Errors
    /// Those of CreateFile; INVALID_PARAMETER for a device.
    pub(crate) fn open_short(
        &self,
        name: &[u16],
        wanted: Wanted,
        view: &dyn View,
    ) -> Win32Result<ShortOpen<'_>> {
        let path = self.nt_path(name, Limit::File)?;
        let Target::File(location) = self.locate(&path)? else {
            return Err(Win32Error::INVALID_PARAMETER);
        };
        Ok(self.open_location(&location, wanted, view)?)
    }

    /// Opens a place on a volume.
    pub(crate) fn open_location(
        &self,
        location: &Location,
        wanted: Wanted,
        view: &dyn View,
    ) -> Result<ShortOpen<'_>, NtStatus> {
        let open = self.open_shared(location, wanted, view)?;
        Ok(ShortOpen::new(self, open))
    }

    /// The same for an open that its caller closes.
    pub(crate) fn open_shared(
        &self,
        location: &Location,
        wanted: Wanted,
        view: &dyn View,
    ) -> Result<Arc<FileObject>, NtStatus> {
        let request = Request {
            location,
            access: wanted.access,
            share: FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
            disposition: Disposition::Open,
            options: wanted.options,
            attributes: 0,
            security: None,
            link: None,
            token: &self.token(),
            view,
        };
        Ok(self.machine.create(&request)?.0)
    }
}
