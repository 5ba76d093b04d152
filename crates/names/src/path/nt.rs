//! Paths as the kernel takes them and reparse points hold them.

use std::fmt;

use super::{
    BACKSLASH, COLON, CurrentDirectories, DEVICE_PREFIX, FullPath, NT_PREFIX, PathError,
    VERBATIM_PREFIX, Win32Path, Win32PathKind, check_length, check_text,
};
use crate::NtName;
use crate::validity::eq_ascii;

/// A path in the kernel's object namespace, such as `\??\C:\x`: separated by
/// backslashes only, and taken as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NtPath(NtName);

/// Where an NT path leads. `rest` is empty (the device itself) or begins with a
/// backslash (a file on it).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NtPathKind<'a> {
    /// `\??\C:\x`
    Drive {
        /// The letter as written.
        letter: u16,
        /// What follows the colon.
        rest: &'a [u16],
    },
    /// `\??\UNC\server\share\x`
    Unc {
        /// The server; may be empty in a damaged path.
        server: &'a [u16],
        /// The share; empty if there is none.
        share: &'a [u16],
        /// What follows the share.
        rest: &'a [u16],
    },
    /// `\??\Volume{GUID}\x`
    Volume {
        /// The volume.
        guid: VolumeGuid,
        /// What follows the closing brace.
        rest: &'a [u16],
    },
    /// Any other name in `\??\`, such as `\??\GLOBALROOT\Device\x`.
    DosDevice {
        /// The first component.
        name: &'a [u16],
        /// What follows it.
        rest: &'a [u16],
    },
    /// A path that is not in `\??\`, such as `\Device\HarddiskVolume2\x`.
    Native,
}

/// The number in `Volume{...}`, as its 16 bytes in the order of the text.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct VolumeGuid([u8; 16]);

impl NtPath {
    /// Takes a path that is in NT form, unchanged.
    ///
    /// # Errors
    /// [`PathError::NotNt`] unless it begins with `\`; [`PathError::Empty`],
    /// [`PathError::Nul`], [`PathError::TooLong`].
    pub fn parse(path: &[u16]) -> Result<Self, PathError> {
        check_text(path)?;
        if path.first() != Some(&BACKSLASH) {
            return Err(PathError::NotNt);
        }
        Ok(Self(NtName::from_units(path)))
    }

    /// The NT path that a Win32 function opens for `path`: that of its full path, or
    /// `path` itself when it begins with `\??\`.
    ///
    /// # Errors
    /// Those of [`FullPath::new`]; [`PathError::TooLong`] also when the longer prefix
    /// does not fit.
    pub fn from_win32(path: &[u16], directories: &CurrentDirectories) -> Result<Self, PathError> {
        if Win32Path::parse(path)?.is_nt() {
            return Self::parse(path);
        }
        Self::from_full(&FullPath::new(path, directories)?)
    }

    /// The NT form of a full path: `\??\C:\x`, `\??\UNC\server\share\x`, and `\??\x`
    /// for `\\.\x` and `\\?\x`.
    ///
    /// # Errors
    /// [`PathError::TooLong`] when the prefix does not fit.
    pub fn from_full(path: &FullPath) -> Result<Self, PathError> {
        let units = path.units();
        let tail = |skip: usize| units.get(skip..).unwrap_or_default();
        let nt = match path.kind() {
            Win32PathKind::UncAbsolute => [&NT_PREFIX, &UNC_PREFIX[..], tail(2)].concat(),
            Win32PathKind::Verbatim
            | Win32PathKind::LocalDevice
            | Win32PathKind::RootLocalDevice => [&NT_PREFIX, tail(DEVICE_PREFIX.len())].concat(),
            Win32PathKind::DriveAbsolute
            | Win32PathKind::DriveRelative
            | Win32PathKind::Rooted
            | Win32PathKind::Relative => [&NT_PREFIX, units].concat(),
        };
        check_length(&nt)?;
        Ok(Self(NtName::from(nt)))
    }

    /// The text.
    #[must_use]
    pub fn units(&self) -> &[u16] {
        self.0.units()
    }

    /// The text, as a name.
    #[must_use]
    pub fn into_name(self) -> NtName {
        self.0
    }

    /// Where the path leads. `\DosDevices\` and `\GLOBAL??\` mean `\??\`.
    #[must_use]
    pub fn kind(&self) -> NtPathKind<'_> {
        let Some(path) = dos_devices_tail(self.units()) else {
            return NtPathKind::Native;
        };
        let (name, rest) = split_component(path);
        if let [letter, COLON] = name {
            return NtPathKind::Drive {
                letter: *letter,
                rest,
            };
        }
        if eq_ascii(name, b"UNC") && !rest.is_empty() {
            let (server, rest) = split_component(without_separator(rest));
            let (share, rest) = split_component(without_separator(rest));
            return NtPathKind::Unc {
                server,
                share,
                rest,
            };
        }
        match VolumeGuid::parse(name) {
            Some(guid) => NtPathKind::Volume { guid, rest },
            None => NtPathKind::DosDevice { name, rest },
        }
    }

    /// The path as people write it: `C:\x`, `\\server\share\x`, else the verbatim
    /// form. Win32 would normalise it, so where it is to be opened again take
    /// [`NtPath::to_verbatim`].
    #[must_use]
    pub fn to_win32(&self) -> NtName {
        let path = dos_devices_tail(self.units()).unwrap_or_default();
        match self.kind() {
            // `C:` alone would be the current directory of the drive.
            NtPathKind::Drive { rest: [_, ..], .. } => NtName::from_units(path),
            NtPathKind::Unc { .. } => {
                let tail = path.get(UNC_PREFIX.len()..).unwrap_or_default();
                NtName::from([&[BACKSLASH, BACKSLASH], tail].concat())
            }
            _ => self.to_verbatim(),
        }
    }

    /// The Win32 path (`\\?\x`) that opens exactly this one.
    #[must_use]
    pub fn to_verbatim(&self) -> NtName {
        match dos_devices_tail(self.units()) {
            Some(path) => NtName::from([&VERBATIM_PREFIX, path].concat()),
            None => {
                let mut name = NtName::from(r"\\?\GLOBALROOT");
                name.push_units(self.units());
                name
            }
        }
    }
}

impl fmt::Display for NtPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl VolumeGuid {
    /// Reads `Volume{xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx}`, in either case.
    #[must_use]
    pub fn parse(name: &[u16]) -> Option<Self> {
        let (word, braced) = name.split_at_checked(6)?;
        let [OPEN_BRACE, digits @ .., CLOSE_BRACE] = braced else {
            return None;
        };
        if !eq_ascii(word, b"Volume") || digits.len() != 36 {
            return None;
        }
        let mut number = 0u128;
        for (index, &u) in digits.iter().enumerate() {
            let digit = char::from(u8::try_from(u).ok()?);
            if [8, 13, 18, 23].contains(&index) {
                if digit != '-' {
                    return None;
                }
            } else {
                number = (number << 4) | u128::from(digit.to_digit(16)?);
            }
        }
        Some(Self(number.to_be_bytes()))
    }

    /// The bytes in the order of the text.
    #[must_use]
    pub const fn bytes(self) -> [u8; 16] {
        self.0
    }
}

impl fmt::Display for VolumeGuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Volume{")?;
        for (index, byte) in self.0.iter().enumerate() {
            if [4, 6, 8, 10].contains(&index) {
                f.write_str("-")?;
            }
            write!(f, "{byte:02x}")?;
        }
        f.write_str("}")
    }
}

impl fmt::Debug for VolumeGuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

const UNC_PREFIX: [u16; 4] = [
    crate::unit(b'U'),
    crate::unit(b'N'),
    crate::unit(b'C'),
    BACKSLASH,
];
const OPEN_BRACE: u16 = crate::unit(b'{');
const CLOSE_BRACE: u16 = crate::unit(b'}');

/// What follows `\??\` or one of its other names.
fn dos_devices_tail(path: &[u16]) -> Option<&[u16]> {
    if let Some(tail) = path.strip_prefix(&NT_PREFIX) {
        return Some(tail);
    }
    [br"\DosDevices\".as_slice(), br"\GLOBAL??\"]
        .into_iter()
        .find_map(|prefix| {
            let (head, tail) = path.split_at_checked(prefix.len())?;
            eq_ascii(head, prefix).then_some(tail)
        })
}

/// The units before the first backslash, and the rest with it.
fn split_component(path: &[u16]) -> (&[u16], &[u16]) {
    let end = path
        .iter()
        .position(|&u| u == BACKSLASH)
        .unwrap_or(path.len());
    path.split_at_checked(end).unwrap_or((path, &[]))
}

fn without_separator(path: &[u16]) -> &[u16] {
    path.strip_prefix(&[BACKSLASH]).unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn units(text: &str) -> Vec<u16> {
        text.encode_utf16().collect()
    }

    fn nt(text: &str) -> NtPath {
        NtPath::parse(&units(text)).unwrap()
    }

    #[test]
    fn from_win32_paths() {
        let here = FullPath::parse(&units(r"C:\work")).unwrap();
        let directories = CurrentDirectories::new(here).unwrap();
        for (path, expected) in [
            (r"C:\a\b", r"\??\C:\a\b"),
            ("x:/a/./b/", r"\??\x:\a\b\"),
            ("foo", r"\??\C:\work\foo"),
            ("C:foo", r"\??\C:\work\foo"),
            (r"\\srv\share\x", r"\??\UNC\srv\share\x"),
            (r"\\\srv\x", r"\??\UNC\\srv\x"),
            (r"\\?\C:\x\..", r"\??\C:\x\.."),
            (r"\\?\UNC\s\h", r"\??\UNC\s\h"),
            (r"\\.\dev", r"\??\dev"),
            (r"\\.", r"\??\"),
            (r"\??\C:\x.", r"\??\C:\x."),
            ("nul", r"\??\nul"),
        ] {
            let made = NtPath::from_win32(&units(path), &directories).unwrap();
            assert_eq!(made.to_string(), expected, "{path}");
        }
        let long = [&units("C:\\")[..], &vec![0x61; 32_764]].concat();
        assert_eq!(
            NtPath::from_win32(&long, &directories),
            Err(PathError::TooLong { units: 32_771 })
        );
    }

    #[test]
    fn kinds() {
        let (a, s, h) = (units(r"\a\b"), units("srv"), units("share"));
        let letter = u16::from(b'c');
        for path in [r"\??\c:\a\b", r"\DosDevices\c:\a\b", r"\global??\c:\a\b"] {
            assert_eq!(nt(path).kind(), NtPathKind::Drive { letter, rest: &a });
        }
        assert_eq!(
            nt(r"\??\c:").kind(),
            NtPathKind::Drive { letter, rest: &[] }
        );
        assert_eq!(
            nt(r"\??\unc\srv\share\a\b").kind(),
            NtPathKind::Unc {
                server: &s,
                share: &h,
                rest: &a
            }
        );
        assert_eq!(
            nt(r"\??\UNC\srv").kind(),
            NtPathKind::Unc {
                server: &s,
                share: &[],
                rest: &[]
            }
        );
        let other = nt(r"\??\GLOBALROOT\a\b");
        let name = units("GLOBALROOT");
        assert_eq!(
            other.kind(),
            NtPathKind::DosDevice {
                name: &name,
                rest: &a
            }
        );
        assert_eq!(
            nt(r"\??\").kind(),
            NtPathKind::DosDevice {
                name: &[],
                rest: &[]
            }
        );
        assert_eq!(nt(r"\Device\HarddiskVolume2\a").kind(), NtPathKind::Native);
        assert_eq!(nt(r"\").kind(), NtPathKind::Native);
        assert_eq!(NtPath::parse(&units(r"C:\x")), Err(PathError::NotNt));
    }

    #[test]
    fn volumes() {
        let text = r"\??\Volume{3808876B-c176-4e48-b7ae-04046e6cc752}\x";
        let path = nt(text);
        let NtPathKind::Volume { guid, rest } = path.kind() else {
            panic!("{:?}", path.kind())
        };
        assert_eq!(
            guid.to_string(),
            "Volume{3808876b-c176-4e48-b7ae-04046e6cc752}"
        );
        assert_eq!(guid.bytes()[..4], [0x38, 0x08, 0x87, 0x6B]);
        assert_eq!(rest, units(r"\x"));
        for bad in [
            "Volume{3808876bc176-4e48-b7ae-04046e6cc752}",
            "Volume{3808876b-c176-4e48-b7ae-04046e6cc75}",
            "Volume{3808876b-c176-4e48-b7ae-04046e6cc75g}",
            "Volume{3808876b-c176-4e48-b7ae+04046e6cc752}",
            "Volume3808876b-c176-4e48-b7ae-04046e6cc752",
            "Volume",
            "",
        ] {
            assert_eq!(VolumeGuid::parse(&units(bad)), None, "{bad}");
        }
    }

    #[test]
    fn back_to_win32() {
        for (path, win32, verbatim) in [
            (r"\??\C:\a", r"C:\a", r"\\?\C:\a"),
            (r"\??\C:", r"\\?\C:", r"\\?\C:"),
            (r"\??\UNC\s\h\x", r"\\s\h\x", r"\\?\UNC\s\h\x"),
            (r"\??\dev\x", r"\\?\dev\x", r"\\?\dev\x"),
            (
                r"\Device\x",
                r"\\?\GLOBALROOT\Device\x",
                r"\\?\GLOBALROOT\Device\x",
            ),
        ] {
            assert_eq!(nt(path).to_win32(), win32);
            assert_eq!(nt(path).to_verbatim(), verbatim);
        }
    }
}
