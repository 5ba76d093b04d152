//! `CreateHardLinkW` and `CreateSymbolicLinkW`.

use linkwright_codes::{NtStatus, Win32Error};
use linkwright_fs::LinkContent;
use linkwright_names::path::{FullPath, NtPath, NtPathKind, Win32PathKind};
use linkwright_names::reserved_device;
use linkwright_reparse::SymbolicLink;

use crate::constants::{
    FILE_DIRECTORY_FILE, FILE_NON_DIRECTORY_FILE, FILE_OPEN_FOR_BACKUP_INTENT,
    FILE_OPEN_REPARSE_POINT, FILE_SHARE_DELETE, FILE_SHARE_READ, FILE_SHARE_WRITE,
    FILE_SYNCHRONOUS_IO_NONALERT, FILE_WRITE_ATTRIBUTES,
    SYMBOLIC_LINK_FLAG_ALLOW_UNPRIVILEGED_CREATE, SYMBOLIC_LINK_FLAG_DIRECTORY, SYNCHRONIZE,
};
use crate::nt::create::{Disposition, NewLink, Request};
use crate::nt::destination::{Caller, Destination, Replacing};
use crate::nt::lookup::{PlainView, View};
use crate::path::{Limit, StreamPart, Target, c_string};
use crate::settings::{DeveloperMode, Privileges};
use crate::{System, Win32Result};

impl System {
    /// `CreateHardLinkW`: gives the file `existing` the further name `new`. A
    /// symbolic link named as `existing` is itself linked. `security` is reserved
    /// and ignored: a descriptor belongs to the file.
    ///
    /// # Errors
    /// Those of opening `existing` first; then, in this order:
    /// ERROR_ACCESS_DENIED for a directory, ERROR_NOT_SUPPORTED or
    /// ERROR_INVALID_FUNCTION for a volume without hard links,
    /// ERROR_INVALID_NAME, ERROR_TOO_MANY_LINKS, what the new directory says,
    /// ERROR_NOT_SAME_DEVICE, ERROR_ALREADY_EXISTS.
    pub fn create_hard_link_w(
        &self,
        new: Option<&[u16]>,
        existing: Option<&[u16]>,
        security: Option<&[u8]>,
    ) -> Win32Result<()> {
        let _ = security;
        self.remember(self.hard_link(new, existing, &PlainView))
    }

    pub(crate) fn hard_link(
        &self,
        new: Option<&[u16]>,
        existing: Option<&[u16]>,
        view: &dyn View,
    ) -> Win32Result<()> {
        let (Some(new), Some(existing)) = (new, existing) else {
            return Err(Win32Error::INVALID_PARAMETER);
        };
        let existing = self.nt_path(existing, Limit::File)?;
        let Target::File(location) = self.locate(&existing)? else {
            // A device knows no such information class.
            return Err(NtStatus::INVALID_PARAMETER.into());
        };
        let request = Request {
            location: &location,
            access: SYNCHRONIZE | FILE_WRITE_ATTRIBUTES,
            share: FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
            disposition: Disposition::Open,
            options: FILE_SYNCHRONOUS_IO_NONALERT | FILE_OPEN_REPARSE_POINT,
            attributes: 0,
            security: None,
            link: None,
            token: &self.token(),
            view,
        };
        let (open, _) = self.machine.create(&request)?;
        let result = self.nt_path(new, Limit::File).and_then(|new| {
            let caller = Caller {
                token: &self.token(),
                view,
            };
            let target = match self.locate(&new) {
                // A device, there or not, is none that holds the file.
                Err(_) if is_reserved_device(&new) => Err(NtStatus::NOT_SAME_DEVICE),
                target => target,
            };
            let destination = Destination::Path(target);
            let replacing = Replacing::default();
            Ok(self
                .machine
                .link_file(&caller, &open, destination, replacing)?)
        });
        self.machine.close_file(&open);
        result
    }

    /// `CreateSymbolicLinkW`: makes the link object `link` that leads to
    /// `target`, which need not exist.
    ///
    /// # Errors
    /// ERROR_INVALID_PARAMETER: flags that this Windows does not know, NULL, an
    /// empty target; ERROR_ALREADY_EXISTS; ERROR_PATH_NOT_FOUND;
    /// ERROR_PRIVILEGE_NOT_HELD; ERROR_INVALID_REPARSE_DATA: a target that fits
    /// no reparse point; ...
    pub fn create_symbolic_link_w(
        &self,
        link: Option<&[u16]>,
        target: Option<&[u16]>,
        flags: u32,
    ) -> Win32Result<()> {
        self.remember(match flags & !self.link_flags() {
            0 => self.symbolic_link(link, target, flags, &PlainView),
            _ => Err(Win32Error::INVALID_PARAMETER),
        })
    }

    pub(crate) fn symbolic_link(
        &self,
        link: Option<&[u16]>,
        target: Option<&[u16]>,
        flags: u32,
        view: &dyn View,
    ) -> Win32Result<()> {
        let (Some(link), Some(target)) = (link, target) else {
            return Err(Win32Error::INVALID_PARAMETER);
        };
        let path = self.nt_path(link, Limit::File)?;
        let content = self.link_content(c_string(target))?;
        let location = match self.locate(&path)? {
            Target::File(location) if location.stream == StreamPart::None => location,
            // A reparse point belongs to a file, not to a stream of one.
            Target::File(_) => return Err(Win32Error::INVALID_PARAMETER),
            // A device knows no such control.
            Target::Null | Target::Volume(_) => return Err(Win32Error::INVALID_FUNCTION),
        };
        let kind = match flags & SYMBOLIC_LINK_FLAG_DIRECTORY {
            0 => FILE_NON_DIRECTORY_FILE,
            _ => FILE_DIRECTORY_FILE,
        };
        let request = Request {
            location: &location,
            access: FILE_WRITE_ATTRIBUTES | SYNCHRONIZE,
            share: FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
            disposition: Disposition::Create,
            options: kind
                | FILE_OPEN_REPARSE_POINT
                | FILE_OPEN_FOR_BACKUP_INTENT
                | FILE_SYNCHRONOUS_IO_NONALERT,
            attributes: 0,
            security: None,
            link: Some(NewLink {
                content,
                privilege: self.link_privilege(flags),
            }),
            token: &self.token(),
            view,
        };
        let (open, _) = self.machine.create(&request)?;
        self.machine.close_file(&open);
        Ok(())
    }

    /// Whether this process may make symbolic links.
    pub(crate) fn link_privilege(&self, flags: u32) -> Result<(), NtStatus> {
        let unprivileged = flags & SYMBOLIC_LINK_FLAG_ALLOW_UNPRIVILEGED_CREATE != 0
            && self.machine.developer_mode == DeveloperMode::On;
        let privileges = self.token().privileges;
        match unprivileged || privileges.contains(Privileges::CREATE_SYMBOLIC_LINK) {
            true => Ok(()),
            false => Err(NtStatus::PRIVILEGE_NOT_HELD),
        }
    }

    /// What is stored for a target text (SEMANTICS 3.1): relative and rooted
    /// texts as they are, all others as an NT path beside the text. That a buffer
    /// is too long is found when it is set, after the create.
    fn link_content(&self, target: &[u16]) -> Win32Result<Result<LinkContent, NtStatus>> {
        if target.is_empty() {
            return Err(Win32Error::INVALID_PARAMETER);
        }
        let kind = Win32PathKind::of(target);
        let link = if kind.is_relative_link_target() {
            SymbolicLink::relative(target)
        } else {
            let path = self.nt_path(target, Limit::File)?;
            let print = match kind {
                Win32PathKind::DriveRelative => self.full_path(target)?,
                _ => target.to_vec(),
            };
            SymbolicLink::absolute(&print, path.units())
        };
        Ok(link
            .map(|link| LinkContent::Reparse(link.into()))
            .map_err(|_| NtStatus::IO_REPARSE_DATA_INVALID))
    }

    fn full_path(&self, text: &[u16]) -> Win32Result<Vec<u16>> {
        FullPath::new(text, &self.process.directories())
            .map(|path| path.into_name().into_units())
            .map_err(|_| Win32Error::PATH_NOT_FOUND)
    }
}

/// Whether a path names a DOS device, as `C:\dir\com1` does.
fn is_reserved_device(path: &NtPath) -> bool {
    match path.kind() {
        NtPathKind::DosDevice { name, .. } => reserved_device(name).is_some(),
        _ => false,
    }
}
