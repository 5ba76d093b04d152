//! The one location grammar of the program.
//!
//! A text on the command line is read by these rules, in this order:
//!
//! 1. `\\server\share\path` is a share (not supported yet).
//! 2. One letter, `:`, then a separator or the end is a drive, mapped with
//!    `--drive C=disk.img`. An image file called `C` is `./C:/`.
//! 3. The leftmost `:/` or `:\` whose left side is an existing regular file or
//!    block device - tried literally first, then without `@N` (a partition) -
//!    is `IMAGE:/path` or `IMAGE@2:/path`.
//! 4. Everything else is a path of the host.
//!
//! Where both 3 and 4 exist, nothing is guessed: `--image` or `--host` decides.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use linkwright_fs::{Name, StreamName};

/// What a location names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Location {
    /// A path of the host's own file system.
    Host(PathBuf),
    /// A path on a volume in an image file or on a block device.
    Image(ImageLocation),
}

/// A path on a volume.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ImageLocation {
    /// Where the volume is.
    pub(crate) device: DeviceSpec,
    /// The drive letter the text used, in upper case.
    pub(crate) drive: Option<char>,
    /// The path inside.
    pub(crate) path: VolumePath,
}

/// A volume's place: a file or block device, and which partition of it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct DeviceSpec {
    /// The image file or block device.
    pub(crate) path: PathBuf,
    /// The partition number, from 1; `None` takes the whole device, or its
    /// only NTFS partition.
    pub(crate) partition: Option<u32>,
}

/// A path inside a volume: components from the root, and perhaps a stream.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct VolumePath {
    /// The components from the root, without `.` and `..`.
    pub(crate) components: Vec<Name>,
    /// The named stream of the last component.
    pub(crate) stream: Option<StreamName>,
    /// Whether the text ended in a separator.
    pub(crate) trailing_separator: bool,
}

/// Whether the user has decided between image and host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Reading {
    /// Nothing was said: rules 1 to 4.
    #[default]
    Auto,
    /// `--image`: rule 3 only, after the drives.
    Image,
    /// `--host`: rule 4, after the drives.
    Host,
}

/// How `:` inside an image is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum NameRules {
    /// `:` starts a stream.
    #[default]
    Win32,
    /// `--posix-names`: `:` is a character of the name.
    Posix,
}

/// The drives given with `--drive`.
#[derive(Debug, Clone, Default)]
pub(crate) struct DriveMap(Vec<(char, DeviceSpec)>);

/// What the parser asks the host about a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HostKind {
    /// A regular file or a block device (after following links).
    Image,
    /// A directory.
    Directory,
    /// Something else, or a link that leads nowhere.
    Other,
    /// Nothing is there.
    Missing,
}

/// Why a text is no location.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum LocationError {
    #[error("an empty text names no place")]
    Empty,
    #[error("file shares are not supported yet")]
    Share,
    #[error("drive {0}: is not mapped")]
    UnmappedDrive(char),
    #[error("this names both a place in an image and a path of the host")]
    Ambiguous,
    #[error("{} is not an image: no such file", .0.display())]
    NoImage(PathBuf),
    #[error("{} is a directory, not an image file or a block device", .0.display())]
    DirectoryAsImage(PathBuf),
    #[error("--image was given, but this is not of the form IMAGE:/path")]
    NotAnImagePath,
    #[error("the name {0:?} has a ':' where no stream can be")]
    ColonInDirectory(String),
    #[error("{0:?} is not a stream that can be opened; only $DATA streams can")]
    StreamType(String),
    #[error("{0:?} names no stream")]
    EmptyStream(String),
    #[error("--drive takes LETTER=IMAGE or LETTER=IMAGE@PARTITION, not {0:?}")]
    BadDrive(String),
    #[error("drive {0}: is mapped twice")]
    DriveTwice(char),
}

impl LocationError {
    /// One line that says what to do about it.
    pub(crate) fn help(&self) -> &'static str {
        match self {
            Self::Empty => "the current directory is .",
            Self::BadDrive(_) => "write --drive C=disk.img, or --drive C=disk.img@2",
            Self::DriveTwice(_) => "give each letter one volume",
            Self::Share => "mount the share and give the path of the mount",
            Self::UnmappedDrive(_) => {
                "map it with --drive C=disk.img; an image file called C is ./C:/"
            }
            Self::Ambiguous => "say which with --image or --host",
            Self::NoImage(_) => "make one with: linkwright volume create IMAGE",
            Self::DirectoryAsImage(_) => "give an image file, or leave out the ':' for a host path",
            Self::NotAnImagePath => "write disk.img:/dir/file, or disk.img@2:/dir/file",
            Self::ColonInDirectory(_) => {
                "a stream follows the last name; --posix-names takes ':' literally"
            }
            Self::StreamType(_) => "write FILE:stream or FILE:stream:$DATA",
            Self::EmptyStream(_) => "write FILE:stream, or FILE alone for the file's own data",
        }
    }
}

impl DriveMap {
    /// Reads the values of all `--drive` options.
    pub(crate) fn parse<'a>(
        values: impl IntoIterator<Item = &'a OsString>,
        probe: &dyn Fn(&Path) -> HostKind,
    ) -> Result<Self, LocationError> {
        let mut map = Self::default();
        for value in values {
            let bad = || LocationError::BadDrive(value.to_string_lossy().into_owned());
            let bytes = value.as_bytes();
            let (letter, device) = match bytes {
                [letter, b'=', device @ ..] | [letter, b':', b'=', device @ ..]
                    if letter.is_ascii_alphabetic() && !device.is_empty() =>
                {
                    (char::from(letter.to_ascii_uppercase()), device)
                }
                _ => return Err(bad()),
            };
            if map.get(letter).is_some() {
                return Err(LocationError::DriveTwice(letter));
            }
            // `C=disk.img:/` is what a user may well write.
            let device = device
                .strip_suffix(b":/")
                .or_else(|| device.strip_suffix(b":\\"))
                .unwrap_or(device);
            map.0.push((letter, device_spec(device, probe)));
        }
        Ok(map)
    }

    /// One drive.
    pub(crate) fn one(letter: char, device: DeviceSpec) -> Self {
        Self(vec![(letter, device)])
    }

    /// The volume behind a drive letter.
    pub(crate) fn get(&self, letter: char) -> Option<&DeviceSpec> {
        let letter = letter.to_ascii_uppercase();
        self.0
            .iter()
            .find_map(|(known, device)| (*known == letter).then_some(device))
    }

    /// The drive letter of a volume, when it has one.
    pub(crate) fn letter_of(&self, device: &DeviceSpec) -> Option<char> {
        self.0
            .iter()
            .find_map(|(letter, known)| (known == device).then_some(*letter))
    }
}

/// The parser, with everything it depends on.
pub(crate) struct Grammar<'a> {
    pub(crate) drives: &'a DriveMap,
    pub(crate) reading: Reading,
    pub(crate) names: NameRules,
    pub(crate) probe: &'a dyn Fn(&Path) -> HostKind,
}

impl Grammar<'_> {
    /// Reads one text by the rules at the top of this file.
    pub(crate) fn parse(&self, text: &OsStr) -> Result<Location, LocationError> {
        let bytes = text.as_bytes();
        if bytes.is_empty() {
            return Err(LocationError::Empty);
        }
        if is_share(bytes) {
            return Err(LocationError::Share);
        }
        if let Some((letter, path)) = split_drive(bytes) {
            let device = self
                .drives
                .get(letter)
                .ok_or(LocationError::UnmappedDrive(letter))?;
            return Ok(Location::Image(ImageLocation {
                device: device.clone(),
                drive: Some(letter),
                path: VolumePath::parse(path, self.names)?,
            }));
        }
        let host = || Location::Host(PathBuf::from(text));
        match self.reading {
            Reading::Host => Ok(host()),
            Reading::Image => match self.split_image(bytes) {
                Some((device, path)) => self.image(device, path),
                None => Err(self.explain_no_image(bytes)),
            },
            Reading::Auto => match self.split_image(bytes) {
                Some(_) if (self.probe)(Path::new(text)) != HostKind::Missing => {
                    Err(LocationError::Ambiguous)
                }
                Some((device, path)) => self.image(device, path),
                None => Ok(host()),
            },
        }
    }

    /// Reads a text that names a volume and not a path on it: `disk.img`,
    /// `disk.img@2`, `disk.img:/` or a mapped drive.
    pub(crate) fn parse_device(&self, text: &OsStr) -> Result<DeviceSpec, LocationError> {
        let bytes = text.as_bytes();
        if bytes.is_empty() {
            return Err(LocationError::Empty);
        }
        if let Some((letter, path)) = split_drive(bytes)
            && is_only_separators(path)
        {
            return self
                .drives
                .get(letter)
                .cloned()
                .ok_or(LocationError::UnmappedDrive(letter));
        }
        if let Some((device, path)) = self.split_image(bytes)
            && is_only_separators(path)
        {
            return Ok(device);
        }
        Ok(device_spec(bytes, self.probe))
    }

    fn image(&self, device: DeviceSpec, path: &[u8]) -> Result<Location, LocationError> {
        Ok(Location::Image(ImageLocation {
            device,
            drive: None,
            path: VolumePath::parse(path, self.names)?,
        }))
    }

    /// Rule 3: the leftmost `:/` or `:\` whose left side is an image.
    fn split_image<'t>(&self, bytes: &'t [u8]) -> Option<(DeviceSpec, &'t [u8])> {
        image_splits(bytes).find_map(|(left, path)| {
            let literal = host_path(left);
            if (self.probe)(&literal) == HostKind::Image {
                return Some((
                    DeviceSpec {
                        path: literal,
                        partition: None,
                    },
                    path,
                ));
            }
            let (image, number) = split_partition(left)?;
            let image = host_path(image);
            ((self.probe)(&image) == HostKind::Image).then_some((
                DeviceSpec {
                    path: image,
                    partition: Some(number),
                },
                path,
            ))
        })
    }

    /// Why a text that must be an image path is none.
    fn explain_no_image(&self, bytes: &[u8]) -> LocationError {
        let Some((left, _)) = image_splits(bytes).next() else {
            return LocationError::NotAnImagePath;
        };
        let left = host_path(left);
        match (self.probe)(&left) {
            HostKind::Directory => LocationError::DirectoryAsImage(left),
            _ => LocationError::NoImage(left),
        }
    }

    /// Why a host path that does not exist may have been meant as an image:
    /// its `:/` has a left side that is a directory, or is not there.
    pub(crate) fn meant_as_image(&self, path: &Path) -> Option<LocationError> {
        let bytes = path.as_os_str().as_bytes();
        image_splits(bytes).next()?;
        Some(self.explain_no_image(bytes))
    }

    /// Whether a text reads as a place in an image (rule 3).
    pub(crate) fn reads_as_image(&self, text: &OsStr) -> bool {
        self.split_image(text.as_bytes()).is_some()
    }
}

/// What the host has at a path, for the parser.
pub(crate) fn probe_host(path: &Path) -> HostKind {
    use std::os::unix::fs::FileTypeExt;
    match std::fs::metadata(path) {
        Ok(meta) if meta.is_dir() => HostKind::Directory,
        Ok(meta) if meta.is_file() || meta.file_type().is_block_device() => HostKind::Image,
        Ok(_) => HostKind::Other,
        Err(_) if std::fs::symlink_metadata(path).is_ok() => HostKind::Other,
        Err(_) => HostKind::Missing,
    }
}

impl VolumePath {
    /// Reads the part after `IMAGE:`. Both separators separate; `.` and `..`
    /// are collapsed as text, as Win32 does before it looks at any link.
    pub(crate) fn parse(bytes: &[u8], rules: NameRules) -> Result<Self, LocationError> {
        let mut parts: Vec<&[u8]> = Vec::new();
        for part in bytes.split(|&byte| is_separator(byte)) {
            match part {
                b"" | b"." => {}
                b".." => {
                    parts.pop();
                }
                name => parts.push(name),
            }
        }
        let trailing_separator = bytes.last().copied().is_some_and(is_separator);
        let stream = match (rules, parts.last()) {
            (NameRules::Win32, Some(last)) if last.contains(&b':') => {
                let (name, stream) = split_stream(last)?;
                parts.pop();
                if !name.is_empty() {
                    parts.push(name);
                }
                stream
            }
            _ => None,
        };
        if rules == NameRules::Win32
            && let Some(bad) = parts.iter().find(|part| part.contains(&b':'))
        {
            return Err(LocationError::ColonInDirectory(lossy(bad)));
        }
        Ok(Self {
            components: parts.into_iter().map(Name::from_host_bytes).collect(),
            stream,
            trailing_separator,
        })
    }

    /// The last component, and the path of the directory that holds it;
    /// `None` for the root.
    pub(crate) fn split_last(&self) -> Option<(&[Name], &Name)> {
        self.components
            .split_last()
            .map(|(name, parent)| (parent, name))
    }

    /// The path with another component at its end, without a stream.
    pub(crate) fn join(&self, name: Name) -> Self {
        let mut components = self.components.clone();
        components.push(name);
        Self {
            components,
            stream: None,
            trailing_separator: false,
        }
    }
}

/// `name:stream` or `name:stream:$DATA`; `name::$DATA` is the unnamed stream.
fn split_stream(last: &[u8]) -> Result<(&[u8], Option<StreamName>), LocationError> {
    let mut fields = last.split(|&byte| byte == b':');
    let name = fields.next().unwrap_or_default();
    let stream = fields.next().unwrap_or_default();
    let kind = fields.next();
    let is_data = kind.is_none_or(|kind| kind.eq_ignore_ascii_case(b"$DATA"));
    if !is_data || fields.next().is_some() {
        return Err(LocationError::StreamType(lossy(last)));
    }
    match (stream.is_empty(), kind) {
        (true, None) => Err(LocationError::EmptyStream(lossy(last))),
        (true, Some(_)) => Ok((name, None)),
        (false, _) => Ok((name, Some(StreamName::from_host_bytes(stream)))),
    }
}

/// `\\server...`, but not `\\?\` and `\\.\`, which are no shares; neither can
/// name a place here, and both are left to rule 4 to fail on.
fn is_share(bytes: &[u8]) -> bool {
    matches!(bytes, [b'\\', b'\\', first, ..] if !matches!(first, b'\\' | b'/' | b'?' | b'.'))
}

/// `C:`, `C:/...`, `C:\...`.
fn split_drive(bytes: &[u8]) -> Option<(char, &[u8])> {
    match bytes {
        [letter, b':', path @ ..]
            if letter.is_ascii_alphabetic() && path.first().is_none_or(|&b| is_separator(b)) =>
        {
            Some((char::from(letter.to_ascii_uppercase()), path))
        }
        _ => None,
    }
}

/// All ways to cut a text at a `:/` or `:\`, leftmost first.
fn image_splits(bytes: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    bytes.windows(2).enumerate().filter_map(move |(at, pair)| {
        let cut = at > 0 && pair[0] == b':' && is_separator(pair[1]);
        cut.then(|| (&bytes[..at], &bytes[at + 1..]))
    })
}

/// `disk.img@2` is `disk.img` and 2.
fn split_partition(bytes: &[u8]) -> Option<(&[u8], u32)> {
    let at = bytes.iter().rposition(|&byte| byte == b'@')?;
    let (image, number) = (&bytes[..at], &bytes[at + 1..]);
    if image.is_empty() || !number.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let number: u32 = std::str::from_utf8(number).ok()?.parse().ok()?;
    (number > 0).then_some((image, number))
}

/// A device text: the literal path when that exists, else without `@N`.
fn device_spec(bytes: &[u8], probe: &dyn Fn(&Path) -> HostKind) -> DeviceSpec {
    let literal = host_path(bytes);
    if probe(&literal) == HostKind::Missing
        && let Some((image, number)) = split_partition(bytes)
    {
        return DeviceSpec {
            path: host_path(image),
            partition: Some(number),
        };
    }
    DeviceSpec {
        path: literal,
        partition: None,
    }
}

fn host_path(bytes: &[u8]) -> PathBuf {
    PathBuf::from(OsString::from_vec(bytes.to_vec()))
}

fn is_separator(byte: u8) -> bool {
    matches!(byte, b'/' | b'\\')
}

fn is_only_separators(bytes: &[u8]) -> bool {
    bytes.iter().copied().all(is_separator)
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests;
