//! Paths of what is there: `GetFinalPathNameByHandle`, `GetShortPathName`,
//! `GetLongPathName`.

use linkwright_codes::Win32Error;
use linkwright_fs::Name;
use linkwright_names::expression::has_wildcards;
use linkwright_names::path::{NtPath, NtPathKind, Win32Path, Win32PathKind};

use crate::constants::{
    FILE_NAME_OPENED, FILE_OPEN_FOR_BACKUP_INTENT, FILE_OPEN_REPARSE_POINT, FILE_READ_ATTRIBUTES,
    SYNCHRONIZE, VOLUME_NAME_DOS, VOLUME_NAME_GUID, VOLUME_NAME_NONE, VOLUME_NAME_NT,
};
use crate::nt::lookup::PlainView;
use crate::nt::objects::FileObject;
use crate::nt::status;
use crate::opening::Wanted;
use crate::path::c_string;
use crate::volumes::Volume;
use crate::{Handle, System, Win32Result};

const BACKSLASH: u16 = b'\\' as u16;
const SLASH: u16 = b'/' as u16;

/// Which form of a name a path is rewritten to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Short,
    Long,
}

impl System {
    /// `GetFinalPathNameByHandleW`: the path of what a handle has open, links
    /// resolved, in the form that `flags` ask for. The length without its NUL; or
    /// when `buffer` is too small the room that is needed with it, and nothing is
    /// written.
    ///
    /// # Errors
    /// ERROR_INVALID_HANDLE; ERROR_INVALID_PARAMETER for flags that contradict;
    /// ERROR_ACCESS_DENIED for FILE_NAME_NORMALIZED without the right to pass a
    /// directory above;
    /// ERROR_PATH_NOT_FOUND when the volume has no drive letter (VOLUME_NAME_DOS)
    /// or is a share (VOLUME_NAME_GUID).
    pub fn get_final_path_name_by_handle_w(
        &self,
        handle: Handle,
        buffer: &mut [u16],
        flags: u32,
    ) -> Win32Result<u32> {
        self.remember(
            self.final_path(handle, flags)
                .map(|path| give(&path, buffer)),
        )
    }

    /// The path itself.
    pub(crate) fn final_path(&self, handle: Handle, flags: u32) -> Win32Result<Vec<u16>> {
        const VOLUME: u32 = VOLUME_NAME_GUID | VOLUME_NAME_NT | VOLUME_NAME_NONE;
        if flags & !(VOLUME | FILE_NAME_OPENED) != 0 {
            return Err(Win32Error::INVALID_PARAMETER);
        }
        let open = self.file_or(handle, Win32Error::INVALID_FUNCTION)?;
        let name = match flags & FILE_NAME_OPENED {
            0 => {
                self.machine.check_traverse(&open, &self.token())?;
                self.machine.normalized_name(&open)?
            }
            _ => self.machine.opened_name(&open)?,
        };
        let volume = &open.volume;
        // Of a share the name begins with server and share.
        match flags & VOLUME {
            VOLUME_NAME_DOS => Ok(join(&dos_prefix(volume)?, &name)),
            VOLUME_NAME_GUID if volume.share.is_some() => Err(Win32Error::PATH_NOT_FOUND),
            VOLUME_NAME_GUID => Ok(join(&guid_prefix(volume), &name)),
            VOLUME_NAME_NT if volume.share.is_some() => Ok(join(&units(r"\Device\Mup"), &name)),
            VOLUME_NAME_NT => Ok(join(&volume.device_name(), &name)),
            VOLUME_NAME_NONE => Ok(name),
            _ => Err(Win32Error::INVALID_PARAMETER),
        }
    }

    /// `GetLongPathNameW`: the same path with every 8.3 name replaced by the long
    /// one. Lengths as in [`System::get_final_path_name_by_handle_w`]; `.` and
    /// `..` and the form of the path stay.
    ///
    /// # Errors
    /// ERROR_INVALID_PARAMETER for NULL; ERROR_FILE_NOT_FOUND,
    /// ERROR_PATH_NOT_FOUND.
    pub fn get_long_path_name_w(
        &self,
        path: Option<&[u16]>,
        buffer: &mut [u16],
    ) -> Win32Result<u32> {
        self.remember(
            self.rewritten(path, Form::Long)
                .map(|path| give(&path, buffer)),
        )
    }

    /// `GetShortPathNameW`: the same path with the 8.3 name of each component
    /// that has one.
    ///
    /// # Errors
    /// As [`System::get_long_path_name_w`].
    pub fn get_short_path_name_w(
        &self,
        path: Option<&[u16]>,
        buffer: &mut [u16],
    ) -> Win32Result<u32> {
        self.remember(
            self.rewritten(path, Form::Short)
                .map(|path| give(&path, buffer)),
        )
    }

    fn rewritten(&self, path: Option<&[u16]>, form: Form) -> Win32Result<Vec<u16>> {
        let path = c_string(path.ok_or(Win32Error::INVALID_PARAMETER)?);
        let start = root_len(path);
        let (root, rest) = path.split_at_checked(start).unwrap_or((path, &[]));
        if has_wildcards(rest) {
            return Err(Win32Error::INVALID_NAME);
        }
        // What is not there has no other form.
        self.file_attributes(Some(path), &PlainView)?;
        let mut out = root.to_vec();
        let mut looked_up = root.to_vec();
        for (at, part) in rest.split(|&unit| is_separator(unit)).enumerate() {
            if at > 0 {
                out.push(BACKSLASH);
                looked_up.push(BACKSLASH);
            }
            looked_up.extend(part);
            match part {
                [] => {}
                dots if dots.iter().all(|&unit| unit == u16::from(b'.')) => out.extend(dots),
                name => out.extend(self.other_form(&looked_up, name, form)?),
            }
        }
        Ok(out)
    }

    /// The last component of a path in the wanted form.
    fn other_form(&self, path: &[u16], name: &[u16], form: Form) -> Win32Result<Vec<u16>> {
        let wanted = Wanted {
            access: FILE_READ_ATTRIBUTES | SYNCHRONIZE,
            options: FILE_OPEN_REPARSE_POINT | FILE_OPEN_FOR_BACKUP_INTENT,
        };
        let open = self.open_short(path, wanted, &PlainView)?;
        let entry = self.entry_of(&open)?;
        Ok(match (entry, form) {
            (None, _) => name.to_vec(),
            (Some((long, _)), Form::Long) => long.units().to_vec(),
            (Some((_, Some(short))), Form::Short) => short.units().to_vec(),
            // One that has none beside it is its own.
            (Some((long, None)), Form::Short) => long.units().to_vec(),
        })
    }

    /// Long and 8.3 name of what a handle has open.
    fn entry_of(&self, open: &FileObject) -> Win32Result<Option<(Name, Option<Name>)>> {
        let Some(link) = self.machine.open_name(open) else {
            return Ok(None);
        };
        let entry = open.fs.entry(&link.dir, &link.name).map_err(status::of)?;
        Ok(Some((entry.name, entry.short_name)))
    }
}

fn units(text: &str) -> Vec<u16> {
    text.encode_utf16().collect()
}

fn join(prefix: &[u16], name: &[u16]) -> Vec<u16> {
    [prefix, name].concat()
}

/// `\\?\C:`, or `\\?\UNC` in front of server and share.
fn dos_prefix(volume: &Volume) -> Win32Result<Vec<u16>> {
    if volume.share.is_some() {
        return Ok(units(r"\\?\UNC"));
    }
    let letter = volume.drives.first().ok_or(Win32Error::PATH_NOT_FOUND)?;
    Ok(units(&format!(r"\\?\{letter}:")))
}

/// `\\?\Volume{...}`.
fn guid_prefix(volume: &Volume) -> Vec<u16> {
    let mut out = units(r"\\?\");
    out.extend(units(&volume.guid.to_string()));
    out
}

/// Hands a path over when it fits with its NUL; the length without it, or the
/// room that is needed with it.
pub(crate) fn give(path: &[u16], buffer: &mut [u16]) -> u32 {
    let needed = path.len() + 1;
    if buffer.len() < needed {
        return u32::try_from(needed).unwrap_or(u32::MAX);
    }
    for (to, from) in buffer.iter_mut().zip(path.iter().copied().chain([0])) {
        *to = from;
    }
    u32::try_from(path.len()).unwrap_or(u32::MAX)
}

fn is_separator(unit: u16) -> bool {
    matches!(unit, BACKSLASH | SLASH)
}

/// Units of a path that name a volume, with the separator behind it.
fn root_len(path: &[u16]) -> usize {
    let Ok(parsed) = Win32Path::parse(path) else {
        return 0;
    };
    match parsed.kind() {
        Win32PathKind::Verbatim => verbatim_root_len(path),
        _ => parsed.root().len(),
    }
}

/// The same where drive, share or volume stand behind `\\?\`.
fn verbatim_root_len(path: &[u16]) -> usize {
    let nt: Vec<u16> = units(r"\??\")
        .into_iter()
        .chain(path.iter().copied().skip(4))
        .collect();
    let Ok(nt) = NtPath::parse(&nt) else {
        return path.len();
    };
    let rest = match nt.kind() {
        NtPathKind::Drive { rest, .. }
        | NtPathKind::Unc { rest, .. }
        | NtPathKind::Volume { rest, .. } => rest.len(),
        NtPathKind::DosDevice { .. } | NtPathKind::Native => 0,
    };
    path.len() - rest.saturating_sub(1)
}
