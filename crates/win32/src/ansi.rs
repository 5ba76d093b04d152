//! The `A` functions: names in the ANSI code page of the process.
//!
//! kernel32 converts the name and calls the `W` function. The first name of a
//! call goes through a buffer of MAX_PATH units in the thread's environment block,
//! so that a longer one is ERROR_FILENAME_EXCED_RANGE whatever the opt-in to long
//! paths says; a second name has a buffer of its own and only `W`'s limits.

use linkwright_codes::Win32Error;
use linkwright_names::path::MAX_PATH;

use crate::volume::{DiskFreeSpace, DiskFreeSpaceEx};
use crate::{FullPathName, Handle, System, Win32Result};

/// What `GetVolumeInformationA` tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VolumeInformationA {
    /// The label.
    pub name: Vec<u8>,
    /// The serial number.
    pub serial: u32,
    /// Most units of a component.
    pub max_component_length: u32,
    /// FILE_SUPPORTS_HARD_LINKS, ...
    pub flags: u32,
    /// Name of the file system.
    pub file_system: Vec<u8>,
}

impl System {
    /// The name of a call through the buffer of the thread.
    pub(crate) fn first_name(&self, name: Option<&[u8]>) -> Win32Result<Option<Vec<u16>>> {
        let name = self.other_name(name);
        match &name {
            Some(units) if units.len() >= MAX_PATH => {
                self.remember(Err(Win32Error::FILENAME_EXCED_RANGE))
            }
            _ => Ok(name),
        }
    }

    /// A further name of a call.
    pub(crate) fn other_name(&self, name: Option<&[u8]>) -> Option<Vec<u16>> {
        let name = name?;
        let end = name.iter().position(|&byte| byte == 0);
        let name = end.and_then(|end| name.get(..end)).unwrap_or(name);
        Some(self.process.code_page.decode(name))
    }

    /// Hands a text on in the code page. The length without the NUL, or the room
    /// that is needed with it.
    pub(crate) fn give_ansi(&self, text: &[u16], buffer: &mut [u8]) -> u32 {
        let text = self.process.code_page.encode(text);
        let needed = text.len() + 1;
        let (length, fits) = match buffer.len() >= needed {
            true => (text.len(), true),
            false => (needed, false),
        };
        if fits {
            for (to, from) in buffer.iter_mut().zip(text.into_iter().chain([0])) {
                *to = from;
            }
        }
        u32::try_from(length).unwrap_or(u32::MAX)
    }

    /// A text that must fit its buffer.
    fn put_ansi(&self, text: &[u16], buffer: &mut [u8]) -> Win32Result<()> {
        let room = u32::try_from(buffer.len()).unwrap_or(u32::MAX);
        match self.give_ansi(text, buffer) < room {
            true => Ok(()),
            false => Err(Win32Error::FILENAME_EXCED_RANGE),
        }
    }

    /// `CreateHardLinkA`.
    ///
    /// # Errors
    /// ERROR_FILENAME_EXCED_RANGE for a long new name, and those of
    /// [`System::create_hard_link_w`].
    pub fn create_hard_link_a(
        &self,
        new: Option<&[u8]>,
        existing: Option<&[u8]>,
        security: Option<&[u8]>,
    ) -> Win32Result<()> {
        let new = self.first_name(new)?;
        let existing = self.other_name(existing);
        self.create_hard_link_w(new.as_deref(), existing.as_deref(), security)
    }

    /// `CreateSymbolicLinkA`.
    ///
    /// # Errors
    /// ERROR_FILENAME_EXCED_RANGE for a long link name, and those of
    /// [`System::create_symbolic_link_w`].
    pub fn create_symbolic_link_a(
        &self,
        link: Option<&[u8]>,
        target: Option<&[u8]>,
        flags: u32,
    ) -> Win32Result<()> {
        let link = self.first_name(link)?;
        let target = self.other_name(target);
        self.create_symbolic_link_w(link.as_deref(), target.as_deref(), flags)
    }

    /// `CreateFileA`.
    ///
    /// # Errors
    /// ERROR_FILENAME_EXCED_RANGE, and those of [`System::create_file_w`].
    #[expect(clippy::too_many_arguments, reason = "the SDK's function has seven")]
    pub fn create_file_a(
        &self,
        name: Option<&[u8]>,
        access: u32,
        share: u32,
        security: Option<&[u8]>,
        disposition: u32,
        flags: u32,
        template: Option<Handle>,
    ) -> Win32Result<Handle> {
        let name = self.first_name(name)?;
        self.create_file_w(
            name.as_deref(),
            access,
            share,
            security,
            disposition,
            flags,
            template,
        )
    }

    /// `DeleteFileA`.
    ///
    /// # Errors
    /// ERROR_FILENAME_EXCED_RANGE, and those of [`System::delete_file_w`].
    pub fn delete_file_a(&self, name: Option<&[u8]>) -> Win32Result<()> {
        let name = self.first_name(name)?;
        self.delete_file_w(name.as_deref())
    }

    /// `RemoveDirectoryA`.
    ///
    /// # Errors
    /// ERROR_FILENAME_EXCED_RANGE, and those of [`System::remove_directory_w`].
    pub fn remove_directory_a(&self, name: Option<&[u8]>) -> Win32Result<()> {
        let name = self.first_name(name)?;
        self.remove_directory_w(name.as_deref())
    }

    /// `CreateDirectoryA`.
    ///
    /// # Errors
    /// ERROR_FILENAME_EXCED_RANGE, and those of [`System::create_directory_w`].
    pub fn create_directory_a(
        &self,
        name: Option<&[u8]>,
        security: Option<&[u8]>,
    ) -> Win32Result<()> {
        let name = self.first_name(name)?;
        self.create_directory_w(name.as_deref(), security)
    }

    /// `GetFullPathNameA`; lengths are in bytes.
    ///
    /// # Errors
    /// As [`System::get_full_path_name_w`].
    pub fn get_full_path_name_a(
        &self,
        path: Option<&[u8]>,
        buffer: &mut [u8],
    ) -> Win32Result<FullPathName> {
        let path = self.other_name(path);
        let full = self.remember(self.full_path_name(path.as_deref()))?;
        let room = u32::try_from(buffer.len()).unwrap_or(u32::MAX);
        let length = self.give_ansi(&full, buffer);
        let last = full.iter().rposition(|&unit| unit == u16::from(b'\\'));
        let (before, name) = full.split_at(last.map_or(0, |at| at + 1));
        let start = self.process.code_page.encode(before).len();
        Ok(FullPathName {
            length,
            file_part: (length < room && !name.is_empty())
                .then(|| u32::try_from(start).unwrap_or(u32::MAX)),
        })
    }

    /// `GetCurrentDirectoryA`; lengths are in bytes.
    ///
    /// # Errors
    /// None.
    pub fn get_current_directory_a(&self, buffer: &mut [u8]) -> Win32Result<u32> {
        Ok(self.give_ansi(&self.current_directory(), buffer))
    }

    /// `SetCurrentDirectoryA`.
    ///
    /// # Errors
    /// As [`System::set_current_directory_w`].
    pub fn set_current_directory_a(&self, path: Option<&[u8]>) -> Win32Result<()> {
        let path = self.first_name(path)?;
        self.set_current_directory_w(path.as_deref())
    }

    /// `GetVolumeInformationA`.
    ///
    /// # Errors
    /// As [`System::get_volume_information_w`].
    pub fn get_volume_information_a(&self, root: Option<&[u8]>) -> Win32Result<VolumeInformationA> {
        let root = self.first_name(root)?;
        let found = self.get_volume_information_w(root.as_deref())?;
        let page = self.process.code_page;
        Ok(VolumeInformationA {
            name: page.encode(&found.name),
            serial: found.serial,
            max_component_length: found.max_component_length,
            flags: found.flags,
            file_system: page.encode(&found.file_system),
        })
    }

    /// `GetVolumePathNameA`.
    ///
    /// # Errors
    /// As [`System::get_volume_path_name_w`].
    pub fn get_volume_path_name_a(
        &self,
        path: Option<&[u8]>,
        buffer: &mut [u8],
    ) -> Win32Result<()> {
        let path = self.other_name(path);
        let found = self.volume_path(path.as_deref());
        self.remember(found.and_then(|found| self.put_ansi(&found, buffer)))
    }

    /// `GetVolumeNameForVolumeMountPointA`.
    ///
    /// # Errors
    /// As [`System::get_volume_name_for_volume_mount_point_w`].
    pub fn get_volume_name_for_volume_mount_point_a(
        &self,
        mount_point: Option<&[u8]>,
        buffer: &mut [u8],
    ) -> Win32Result<()> {
        let mount_point = self.first_name(mount_point)?;
        let found = self.mounted_volume_name(mount_point.as_deref());
        self.remember(found.and_then(|found| self.put_ansi(&found, buffer)))
    }

    /// `GetDiskFreeSpaceA`.
    ///
    /// # Errors
    /// As [`System::get_disk_free_space_w`].
    pub fn get_disk_free_space_a(&self, root: Option<&[u8]>) -> Win32Result<DiskFreeSpace> {
        let root = self.first_name(root)?;
        self.get_disk_free_space_w(root.as_deref())
    }

    /// `GetDiskFreeSpaceExA`.
    ///
    /// # Errors
    /// As [`System::get_disk_free_space_ex_w`].
    pub fn get_disk_free_space_ex_a(
        &self,
        directory: Option<&[u8]>,
    ) -> Win32Result<DiskFreeSpaceEx> {
        let directory = self.first_name(directory)?;
        self.get_disk_free_space_ex_w(directory.as_deref())
    }
}
