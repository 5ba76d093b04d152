//! `CreateFileMapping` with SEC_IMAGE: a program that runs. What files are to
//! programs matters to links - a running one is not deleted, but may be linked;
//! memory itself is not mapped here.

use std::sync::Arc;

use linkwright_codes::{NtStatus, Win32Error};

use crate::constants::{FILE_EXECUTE, FILE_READ_DATA, PAGE_EXECUTE_READ, PAGE_READONLY, SEC_IMAGE};
use crate::handles::Object;
use crate::nt::objects::{FileKey, FileObject, StreamKind};
use crate::system::Machine;
use crate::{Handle, System, Win32Result};

/// An image section, which lives on when its file is closed.
struct ImageSection {
    file: FileKey,
}

impl Object for ImageSection {
    fn close(&self, machine: &Machine) {
        machine.nt.images.remove(self.file);
    }
}

impl System {
    /// `CreateFileMappingW` of a program file, without a name: `protection` is
    /// SEC_IMAGE with PAGE_READONLY or PAGE_EXECUTE_READ. The handle stands for
    /// the program that runs; closing it ends that.
    ///
    /// # Errors
    /// ERROR_NOT_SUPPORTED for other sections; ERROR_ACCESS_DENIED without the
    /// right to read or execute; ERROR_FILE_INVALID for an empty file;
    /// ERROR_BAD_EXE_FORMAT for one that is no program.
    pub fn create_file_mapping_w(&self, file: Handle, protection: u32) -> Win32Result<Handle> {
        self.remember(self.image_section(file, protection))
    }

    fn image_section(&self, file: Handle, protection: u32) -> Win32Result<Handle> {
        let needed = match protection ^ SEC_IMAGE {
            PAGE_READONLY => FILE_READ_DATA,
            PAGE_EXECUTE_READ => FILE_READ_DATA | FILE_EXECUTE,
            _ => return Err(Win32Error::NOT_SUPPORTED),
        };
        let open = self.object::<FileObject>(file)?;
        if open.kind != StreamKind::Data {
            return Err(NtStatus::INVALID_FILE_FOR_SECTION.into());
        }
        if !open.may(needed) {
            return Err(Win32Error::ACCESS_DENIED);
        }
        let mut head = [0; 2];
        let read = open
            .fs
            .read_at(&open.node, open.stream.as_ref(), 0, &mut head)
            .map_err(crate::read_write::code)?;
        match (read, &head) {
            (0, _) => return Err(Win32Error::FILE_INVALID),
            (2, b"MZ") => {}
            _ => return Err(NtStatus::INVALID_IMAGE_NOT_MZ.into()),
        }
        self.machine.nt.images.add(open.key);
        Ok(self
            .process
            .handles
            .insert(Arc::new(ImageSection { file: open.key })))
    }
}
