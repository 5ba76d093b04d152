//! NtSetInformationFile for the classes that are about names: link, rename,
//! disposition, each with its Ex form (MS-FSCC 2.4.28, 2.4.42, 2.4.11).
//!
//! Buffers have the layout of a 64-bit system.

use std::sync::Arc;

use linkwright_codes::NtStatus;
use linkwright_names::path::NtPath;

use super::destination::{Caller, Destination, Replacing};
use super::disposition::Fate;
use super::objects::FileObject;
use crate::constants::{
    FILE_DISPOSITION_INFORMATION, FILE_DISPOSITION_INFORMATION_EX,
    FILE_LINK_IGNORE_READONLY_ATTRIBUTE, FILE_LINK_INFORMATION, FILE_LINK_INFORMATION_EX,
    FILE_LINK_POSIX_SEMANTICS, FILE_LINK_REPLACE_IF_EXISTS, FILE_RENAME_INFORMATION,
    FILE_RENAME_INFORMATION_EX,
};
use crate::path::Limit;
use crate::settings::{Token, WindowsVersion};
use crate::{Handle, System};

/// Bytes of FILE_LINK_INFORMATION and FILE_RENAME_INFORMATION, padding included.
const NAME_STRUCTURE: usize = 24;
/// Where the name begins in it.
const NAME_AT: usize = 20;

/// FILE_LINK_INFORMATION or FILE_RENAME_INFORMATION.
struct NewName {
    flags: u32,
    root: u64,
    name: Vec<u16>,
}

/// How a name in a buffer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Grammar {
    /// NT paths, as NtSetInformationFile takes them.
    Nt,
    /// Win32 paths, as SetFileInformationByHandle takes them.
    Win32,
}

/// A transacted handle sees the new place in its transaction.
fn caller<'a>(token: &'a Token, open: &'a FileObject) -> Caller<'a> {
    Caller {
        token,
        view: open.view(),
    }
}

impl System {
    /// `NtSetInformationFile`: FileLinkInformation(Ex), FileRenameInformation(Ex),
    /// FileDispositionInformation(Ex); and FileBasicInformation, the sizes, the
    /// position and FileCaseSensitiveInformation.
    ///
    /// A name in a buffer is an NT path (`\??\C:\x`), a name beside the handle's
    /// own, or a path below the directory handle in RootDirectory.
    pub fn nt_set_information_file(&self, handle: Handle, class: u32, buffer: &[u8]) -> NtStatus {
        let Ok(open) = self.object::<FileObject>(handle) else {
            return NtStatus::INVALID_HANDLE;
        };
        let plain = || self.machine.set_plain(&open, class, buffer);
        let names = self.set_name_information(&open, class, buffer, Grammar::Nt);
        match names.or_else(plain) {
            Some(Ok(())) => NtStatus::SUCCESS,
            Some(Err(status)) => status,
            None => NtStatus::INVALID_INFO_CLASS,
        }
    }

    /// Sets one of the classes about names; `None` for any other class.
    pub(crate) fn set_name_information(
        &self,
        open: &FileObject,
        class: u32,
        buffer: &[u8],
        grammar: Grammar,
    ) -> Option<Result<(), NtStatus>> {
        Some(match class {
            FILE_LINK_INFORMATION => self.set_link(open, buffer, Form::Plain, grammar),
            FILE_LINK_INFORMATION_EX => self
                .since(WindowsVersion::WINDOWS_10_1809)
                .and_then(|()| self.set_link(open, buffer, Form::Ex, grammar)),
            FILE_RENAME_INFORMATION => self.set_rename(open, buffer, Form::Plain, grammar),
            FILE_RENAME_INFORMATION_EX => self
                .since(WindowsVersion::WINDOWS_10_1709)
                .and_then(|()| self.set_rename(open, buffer, Form::Ex, grammar)),
            FILE_DISPOSITION_INFORMATION => self.set_delete(open, buffer),
            FILE_DISPOSITION_INFORMATION_EX => self.set_delete_ex(open, buffer),
            _ => return None,
        })
    }

    /// Classes that older systems do not know.
    fn since(&self, version: WindowsVersion) -> Result<(), NtStatus> {
        match self.machine.version >= version {
            true => Ok(()),
            false => Err(NtStatus::INVALID_INFO_CLASS),
        }
    }

    fn set_link(
        &self,
        open: &FileObject,
        buffer: &[u8],
        form: Form,
        grammar: Grammar,
    ) -> Result<(), NtStatus> {
        if open.transacted.is_some() {
            // Links are transacted through the function with a name only
            // (SEMANTICS 5).
            return Err(NtStatus::OPERATION_NOT_SUPPORTED_IN_TRANSACTION);
        }
        let new = NewName::read(buffer)?;
        let destination = self.destination(&new, grammar)?;
        self.machine.link_file(
            &caller(&self.token(), open),
            open,
            destination,
            new.replacing(form),
        )
    }

    fn set_rename(
        &self,
        open: &FileObject,
        buffer: &[u8],
        form: Form,
        grammar: Grammar,
    ) -> Result<(), NtStatus> {
        let new = NewName::read(buffer)?;
        let destination = self.destination(&new, grammar)?;
        self.machine.rename_file(
            &caller(&self.token(), open),
            open,
            destination,
            new.replacing(form),
        )
    }

    fn set_delete(&self, open: &FileObject, buffer: &[u8]) -> Result<(), NtStatus> {
        let delete = buffer.first().ok_or(NtStatus::INFO_LENGTH_MISMATCH)?;
        let fate = match delete {
            0 => Fate::Keep,
            _ => Fate::Delete,
        };
        self.machine.set_disposition(open, fate)
    }

    /// Windows 10 knows the class from 1607 on and does it from 1709 on
    /// (SEMANTICS row 224).
    fn set_delete_ex(&self, open: &FileObject, buffer: &[u8]) -> Result<(), NtStatus> {
        const KNOWN_SINCE: WindowsVersion = WindowsVersion(14_393);
        self.since(KNOWN_SINCE)?;
        if self.machine.version < WindowsVersion::WINDOWS_10_1709 {
            return Err(NtStatus::INVALID_DEVICE_REQUEST);
        }
        let flags = u32_at(buffer, 0).ok_or(NtStatus::INFO_LENGTH_MISMATCH)?;
        self.machine.set_disposition_flags(open, flags)
    }

    fn destination(&self, new: &NewName, grammar: Grammar) -> Result<Destination, NtStatus> {
        if new.root != 0 {
            let root: Arc<FileObject> = self
                .object(Handle::from_value(new.root))
                .map_err(|_| NtStatus::INVALID_PARAMETER)?;
            return Ok(Destination::Below(root, new.name.clone()));
        }
        if grammar == Grammar::Win32 {
            return Ok(Destination::Path(
                match self.nt_path(&new.name, Limit::File) {
                    Ok(path) => self.locate(&path),
                    Err(_) => Err(NtStatus::OBJECT_PATH_NOT_FOUND),
                },
            ));
        }
        match NtPath::parse(&new.name) {
            Ok(path) => Ok(Destination::Path(self.locate(&path))),
            Err(_) => Ok(Destination::Beside(new.name.clone())),
        }
    }
}

/// Whether the first field is a BOOLEAN or flags.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Plain,
    Ex,
}

impl NewName {
    fn read(buffer: &[u8]) -> Result<Self, NtStatus> {
        if buffer.len() < NAME_STRUCTURE {
            return Err(NtStatus::INFO_LENGTH_MISMATCH);
        }
        let mismatch = NtStatus::INFO_LENGTH_MISMATCH;
        let flags = u32_at(buffer, 0).ok_or(mismatch)?;
        let root = u64::from(u32_at(buffer, 8).ok_or(mismatch)?)
            | u64::from(u32_at(buffer, 12).ok_or(mismatch)?) << 32;
        let length = u32_at(buffer, 16).ok_or(mismatch)?;
        let length = usize::try_from(length).map_err(|_| NtStatus::INVALID_PARAMETER)?;
        let bytes = NAME_AT
            .checked_add(length)
            .and_then(|end| buffer.get(NAME_AT..end))
            .ok_or(NtStatus::INVALID_PARAMETER)?;
        let (pairs, []) = bytes.as_chunks::<2>() else {
            return Err(NtStatus::INVALID_PARAMETER);
        };
        Ok(Self {
            flags,
            root,
            name: pairs.iter().copied().map(u16::from_le_bytes).collect(),
        })
    }

    /// The flags of links and renames have the same numbers.
    fn replacing(&self, form: Form) -> Replacing {
        match form {
            Form::Plain => Replacing {
                replace: self.flags & 0xFF != 0,
                ..Replacing::default()
            },
            Form::Ex => Replacing {
                replace: self.flags & FILE_LINK_REPLACE_IF_EXISTS != 0,
                posix: self.flags & FILE_LINK_POSIX_SEMANTICS != 0,
                ignore_read_only: self.flags & FILE_LINK_IGNORE_READONLY_ATTRIBUTE != 0,
            },
        }
    }
}

fn u32_at(buffer: &[u8], at: usize) -> Option<u32> {
    let bytes = buffer.get(at..)?.first_chunk::<4>()?;
    Some(u32::from_le_bytes(*bytes))
}
