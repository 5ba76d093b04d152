//! From the text a Win32 function is given to a place on a volume.
//!
//! Two steps, as on Windows: kernel32 completes and normalises the text and puts
//! it into NT form ([`System::nt_path`]), which is where MAX_PATH counts; the
//! object manager then finds the volume, and the file system looks at the
//! characters ([`System::locate`]).

use std::sync::Arc;

use linkwright_codes::{NtStatus, Win32Error};
use linkwright_fs::{Name, StreamName};
use linkwright_names::check_ntfs_component;
use linkwright_names::path::{
    FullPath, MAX_PATH, NtPath, NtPathKind, PathError, StreamSpec, StreamType, Win32Path,
    Win32PathKind,
};
use linkwright_names::{ReservedDevice, reserved_device};

use crate::System;
use crate::volumes::Volume;

const BACKSLASH: u16 = b'\\' as u16;

/// A place on a volume.
#[derive(Clone)]
pub(crate) struct Location {
    /// The volume.
    pub(crate) volume: Arc<Volume>,
    /// The components from its root; none is the root itself.
    pub(crate) names: Vec<Name>,
    /// The stream part of the last component.
    pub(crate) stream: StreamPart,
    /// Whether a backslash follows the last component.
    pub(crate) trailing: Trailing,
}

impl Location {
    pub(crate) fn has_trailing_backslash(&self) -> bool {
        self.trailing == Trailing::Backslash
    }
}

/// What is opened of an object.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) enum StreamPart {
    /// No stream is named.
    #[default]
    None,
    /// `::$DATA`: the unnamed stream, so nothing that is a directory.
    UnnamedData,
    /// A named data stream.
    Data(StreamName),
    /// `:$I30:$INDEX_ALLOCATION`: the directory.
    Directory,
}

/// Whether a path ends in a backslash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trailing {
    Backslash,
    Nothing,
}

/// What an NT path leads to.
#[derive(Clone)]
pub(crate) enum Target {
    /// A file or directory of a volume.
    File(Location),
    /// The volume itself, as `\\.\C:` is.
    Volume(Arc<Volume>),
    /// The null device.
    Null,
}

/// Which limit a path has that is not opted in to long paths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Limit {
    /// MAX_PATH, its NUL included.
    File,
    /// Room for an 8.3 name must be left in a new directory.
    Directory,
}

/// What stands before the first NUL, as a C string ends there.
pub(crate) fn c_string(text: &[u16]) -> &[u16] {
    let end = text.iter().position(|&u| u == 0).unwrap_or(text.len());
    text.get(..end).unwrap_or(text)
}

impl System {
    /// The NT path that a Win32 function opens for a text
    /// (RtlDosPathNameToNtPathName).
    ///
    /// # Errors
    /// ERROR_PATH_NOT_FOUND: empty, or longer than the program may have it;
    /// ERROR_FILENAME_EXCED_RANGE: longer than any path.
    pub(crate) fn nt_path(&self, text: &[u16], limit: Limit) -> Result<NtPath, Win32Error> {
        let text = c_string(text);
        let directories = self.process.directories();
        let path = Win32Path::parse(text).map_err(path_error)?;
        if path.is_nt() {
            return NtPath::parse(text).map_err(path_error);
        }
        let full = FullPath::new(text, &directories).map_err(path_error)?;
        let exempt = path.kind() == Win32PathKind::Verbatim;
        if !exempt && !self.process.long_paths.is_on() {
            let units = full.units().len();
            match limit {
                _ if units >= MAX_PATH => return Err(Win32Error::PATH_NOT_FOUND),
                Limit::Directory if units + 12 >= MAX_PATH => {
                    return Err(Win32Error::FILENAME_EXCED_RANGE);
                }
                _ => {}
            }
        }
        NtPath::from_full(&full).map_err(path_error)
    }

    /// Where an NT path leads.
    ///
    /// # Errors
    /// OBJECT_PATH_NOT_FOUND: no such drive; OBJECT_NAME_NOT_FOUND: no such
    /// device; BAD_NETWORK_PATH, BAD_NETWORK_NAME: no such server or share;
    /// OBJECT_NAME_INVALID: characters, dots, lengths.
    pub(crate) fn locate(&self, path: &NtPath) -> Result<Target, NtStatus> {
        let volumes = &self.machine.volumes;
        let (volume, rest) = match path.kind() {
            NtPathKind::Drive { letter, rest } => {
                let letter = char::from_u32(u32::from(letter));
                let volume = letter.and_then(|letter| volumes.drive(letter));
                (volume.ok_or(NtStatus::OBJECT_PATH_NOT_FOUND)?, rest)
            }
            NtPathKind::Unc {
                server,
                share,
                rest,
            } => (volumes.share(server, share)?, rest),
            NtPathKind::Volume { guid, rest } => {
                let volume = volumes.by_guid(guid);
                (volume.ok_or(NtStatus::OBJECT_PATH_NOT_FOUND)?, rest)
            }
            NtPathKind::DosDevice { name, rest } => return self.dos_device(name, rest),
            NtPathKind::Native => return self.native(path.units()),
        };
        on_volume(&volume, rest)
    }

    /// Other names in `\??\`.
    fn dos_device(&self, name: &[u16], rest: &[u16]) -> Result<Target, NtStatus> {
        match reserved_device(name) {
            Some(ReservedDevice::Nul) if rest.is_empty() => return Ok(Target::Null),
            _ => {}
        }
        if is_text(name, "GLOBALROOT") {
            return self.native(rest);
        }
        // The consoles and ports of a machine without any.
        Err(match rest {
            [] => NtStatus::OBJECT_NAME_NOT_FOUND,
            _ => NtStatus::OBJECT_PATH_NOT_FOUND,
        })
    }

    /// `\Device\HarddiskVolume3\x` and `\Device\Mup\server\share\x`.
    fn native(&self, path: &[u16]) -> Result<Target, NtStatus> {
        for volume in self.machine.volumes.list().iter() {
            let device = volume.device_name();
            let Some((head, rest)) = path.split_at_checked(device.len()) else {
                continue;
            };
            let ends = rest.first().is_none_or(|&u| u == BACKSLASH);
            let same = head
                .iter()
                .zip(&device)
                .all(|(a, b)| ascii_upper(*a) == ascii_upper(*b));
            if ends && same {
                return on_volume(volume, rest);
            }
        }
        Err(NtStatus::OBJECT_PATH_NOT_FOUND)
    }
}

fn is_text(units: &[u16], text: &str) -> bool {
    units.len() == text.len()
        && units
            .iter()
            .zip(text.bytes())
            .all(|(u, b)| ascii_upper(*u) == u16::from(b.to_ascii_uppercase()))
}

fn ascii_upper(unit: u16) -> u16 {
    match u8::try_from(unit) {
        Ok(byte) => u16::from(byte.to_ascii_uppercase()),
        Err(_) => unit,
    }
}

fn path_error(error: PathError) -> Win32Error {
    match error {
        PathError::TooLong { .. } => Win32Error::FILENAME_EXCED_RANGE,
        _ => Win32Error::PATH_NOT_FOUND,
    }
}

/// The components after the name of a volume.
fn on_volume(volume: &Arc<Volume>, rest: &[u16]) -> Result<Target, NtStatus> {
    let Some(path) = rest.strip_prefix(&[BACKSLASH]) else {
        // Of a share the root is meant even without the backslash.
        return match volume.share {
            None => Ok(Target::Volume(Arc::clone(volume))),
            Some(_) => on_volume(volume, &[BACKSLASH]),
        };
    };
    let (path, trailing) = match path.split_last() {
        Some((&BACKSLASH, before)) => (before, Trailing::Backslash),
        _ => (path, Trailing::Nothing),
    };
    let mut location = Location {
        volume: Arc::clone(volume),
        names: Vec::new(),
        stream: StreamPart::None,
        trailing,
    };
    if path.is_empty() {
        return match (trailing, rest.len()) {
            // Two backslashes and nothing between them.
            (Trailing::Backslash, 2) => Err(NtStatus::OBJECT_NAME_INVALID),
            _ => Ok(Target::File(location)),
        };
    }
    let mut parts = path.split(|&u| u == BACKSLASH).peekable();
    while let Some(part) = parts.next() {
        let name = match parts.peek() {
            Some(_) => part,
            None => {
                let (name, stream) = split_stream(part)?;
                location.stream = stream;
                name
            }
        };
        if name.is_empty() && location.stream != StreamPart::None {
            // `dir\:stream` is a stream of the directory.
            continue;
        }
        check_ntfs_component(name).map_err(|_| NtStatus::OBJECT_NAME_INVALID)?;
        location.names.push(Name::from_units(name.to_vec()));
    }
    Ok(Target::File(location))
}

fn split_stream(component: &[u16]) -> Result<(&[u16], StreamPart), NtStatus> {
    if !component.contains(&u16::from(b':')) {
        return Ok((component, StreamPart::None));
    }
    let spec = StreamSpec::parse(component).map_err(|_| NtStatus::OBJECT_NAME_INVALID)?;
    let part = match (spec.stream, spec.stream_type) {
        ([], Some(StreamType::Data)) => StreamPart::UnnamedData,
        ([], Some(StreamType::IndexAllocation)) => StreamPart::Directory,
        (name, Some(StreamType::IndexAllocation)) if is_text(name, "$I30") => StreamPart::Directory,
        ([], None) => return Err(NtStatus::OBJECT_NAME_INVALID),
        (name, None | Some(StreamType::Data)) => {
            StreamPart::Data(StreamName::from_units(name.to_vec()))
        }
        // The other attributes of a file are not opened by name.
        _ => return Err(NtStatus::ACCESS_DENIED),
    };
    Ok((spec.file, part))
}
