//! Full paths, as `GetFullPathName` makes them.

use std::collections::BTreeMap;
use std::fmt;

use super::kind::{ends_with_separator, root_len};
use super::{
    BACKSLASH, COLON, DEVICE_PREFIX, DOT, PathError, SLASH, SPACE, Win32Path, Win32PathKind,
    check_length, is_separator,
};
use crate::validity::{device_base, reserved_device, trim_end};
use crate::{NtName, unit};

/// A Win32 path that depends on no current directory and is in its normal form:
/// backslashes, none doubled, no `.` and `..`, no trailing dots and spaces. A
/// verbatim path (`\\?\`) is whatever its author wrote.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FullPath(NtName);

/// The current directory of a process, and the one it last had on each drive
/// (what cmd keeps in the variables `=C:`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CurrentDirectories {
    current: FullPath,
    drives: BTreeMap<u16, FullPath>,
}

impl FullPath {
    /// Completes and normalises a path.
    ///
    /// What is missing comes from `directories`. Then, by "Path normalization" of the
    /// .NET documentation and `RtlGetFullPathName_U`: `/` becomes `\`; repeated
    /// separators become one; `.` goes, and `..` goes with the component before it
    /// but never into the root; one final dot of a component goes; all final dots and
    /// spaces of the last component go. A final separator stays.
    ///
    /// A path whose last component is a DOS device ([`reserved_device`]) becomes that
    /// device (`C:\dir\nul.txt` becomes `\\.\nul`), except on a share. A path that
    /// begins with `\\?\` stays as it is, as it does when it is opened
    /// (`GetFullPathName` itself would collapse its dots).
    ///
    /// # Errors
    /// [`PathError::Empty`], [`PathError::Nul`], [`PathError::TooLong`].
    pub fn new(path: &[u16], directories: &CurrentDirectories) -> Result<Self, PathError> {
        let parsed = Win32Path::parse(path)?;
        match parsed.kind() {
            Win32PathKind::Verbatim => Ok(Self(NtName::from_units(path))),
            Win32PathKind::UncAbsolute
            | Win32PathKind::LocalDevice
            | Win32PathKind::RootLocalDevice => Self::normalised(path),
            Win32PathKind::DriveAbsolute
            | Win32PathKind::DriveRelative
            | Win32PathKind::Rooted
            | Win32PathKind::Relative => match device_of(parsed) {
                Some(device) => Ok(Self(NtName::from([&DEVICE_PREFIX, device].concat()))),
                None => Self::normalised(&completed(parsed, directories)),
            },
        }
    }

    /// Normalises a path that is full already.
    ///
    /// # Errors
    /// [`PathError::NotFull`] if it is not, and those of [`FullPath::new`].
    pub fn parse(path: &[u16]) -> Result<Self, PathError> {
        let parsed = Win32Path::parse(path)?;
        match (parsed.kind(), device_of(parsed)) {
            (kind, _) if !kind.is_full() => Err(PathError::NotFull),
            (Win32PathKind::Verbatim, _) => Ok(Self(NtName::from_units(path))),
            (Win32PathKind::DriveAbsolute, Some(device)) => {
                Ok(Self(NtName::from([&DEVICE_PREFIX, device].concat())))
            }
            _ => Self::normalised(path),
        }
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

    /// The kind; always a full one.
    #[must_use]
    pub fn kind(&self) -> Win32PathKind {
        Win32PathKind::of(self.units())
    }

    /// Root and components.
    #[must_use]
    pub fn as_path(&self) -> Win32Path<'_> {
        Win32Path::known(self.units())
    }

    fn normalised(path: &[u16]) -> Result<Self, PathError> {
        let full = normalise(path);
        check_length(&full)?;
        Ok(Self(NtName::from(full)))
    }
}

impl fmt::Display for FullPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl CurrentDirectories {
    /// A process that is in `current` and has been nowhere else.
    ///
    /// # Errors
    /// [`PathError::NotADirectoryRoot`] unless it is on a drive or a share.
    pub fn new(current: FullPath) -> Result<Self, PathError> {
        check_directory(&current)?;
        let mut directories = Self {
            current: current.clone(),
            drives: BTreeMap::new(),
        };
        directories.remember(current);
        Ok(directories)
    }

    /// The current directory.
    #[must_use]
    pub const fn current(&self) -> &FullPath {
        &self.current
    }

    /// Makes `directory` the current one, and that of its drive.
    ///
    /// # Errors
    /// [`PathError::NotADirectoryRoot`] unless it is on a drive or a share.
    pub fn change(&mut self, directory: FullPath) -> Result<(), PathError> {
        check_directory(&directory)?;
        self.remember(directory.clone());
        self.current = directory;
        Ok(())
    }

    /// Sets the directory of a drive without going there.
    ///
    /// # Errors
    /// [`PathError::NotADirectoryRoot`] unless it is on a drive or a share; one on a
    /// share changes nothing.
    pub fn set_for_drive(&mut self, directory: FullPath) -> Result<(), PathError> {
        check_directory(&directory)?;
        self.remember(directory);
        Ok(())
    }

    /// The directory that `C:x` starts from: the last one on that drive, or its root.
    #[must_use]
    pub fn for_drive(&self, drive: u16) -> Vec<u16> {
        match self.drives.get(&upper(drive)) {
            Some(directory) => {
                // The letter is the one that was asked with.
                let rest = directory.units().get(1..).unwrap_or_default();
                [&[drive], rest].concat()
            }
            None => vec![drive, COLON, BACKSLASH],
        }
    }

    fn remember(&mut self, directory: FullPath) {
        if let Some(drive) = directory.as_path().drive() {
            self.drives.insert(upper(drive), directory);
        }
    }
}

fn check_directory(directory: &FullPath) -> Result<(), PathError> {
    match directory.kind() {
        Win32PathKind::DriveAbsolute | Win32PathKind::UncAbsolute => Ok(()),
        _ => Err(PathError::NotADirectoryRoot),
    }
}

fn upper(drive: u16) -> u16 {
    if (unit(b'a')..=unit(b'z')).contains(&drive) {
        drive.wrapping_sub(0x20)
    } else {
        drive
    }
}

/// The name of the device that the last component is.
fn device_of(path: Win32Path<'_>) -> Option<&[u16]> {
    let last = path.rest().rsplit(|&u| is_separator(u)).next()?;
    let last = trim_end(last, |u| u == SPACE || u == DOT);
    reserved_device(last).map(|_| device_base(last))
}

/// Puts before a path what its kind leaves out.
fn completed(path: Win32Path<'_>, directories: &CurrentDirectories) -> Vec<u16> {
    let directory = match (path.kind(), path.drive()) {
        (Win32PathKind::DriveRelative, Some(drive)) => directories.for_drive(drive),
        (Win32PathKind::Rooted, _) => directories.current.as_path().root().to_vec(),
        (Win32PathKind::Relative, _) => directories.current.units().to_vec(),
        _ => return path.units().to_vec(),
    };
    let mut full = directory;
    // `C:` alone is the directory itself.
    let names_more = path.kind() == Win32PathKind::Rooted || !path.rest().is_empty();
    if names_more && !ends_with_separator(&full) {
        full.push(BACKSLASH);
    }
    full.extend_from_slice(path.rest());
    full
}

/// The normal form of a text, nothing completed and no device looked for:
/// backslashes, none doubled, no `.` and `..` where there is a root for them to end
/// at, no trailing dots and spaces.
#[must_use]
pub fn normalise(path: &[u16]) -> Vec<u16> {
    collapse(path, root_len(path, Win32PathKind::of(path)))
}

/// Normalises what follows the first `root` units.
fn collapse(path: &[u16], root: usize) -> Vec<u16> {
    let (root, rest) = path.split_at_checked(root).unwrap_or((path, &[]));
    let mut kept: Vec<&[u16]> = Vec::new();
    let mut final_separator = false;
    let mut parts = rest.split(|&u| is_separator(u)).peekable();
    while let Some(part) = parts.next() {
        let is_last = parts.peek().is_none();
        match part {
            [] => final_separator = true,
            [DOT] => final_separator = !is_last,
            [DOT, DOT] => {
                kept.pop();
                final_separator = !is_last;
            }
            _ => {
                kept.push(if is_last { part } else { trim_inner(part) });
                final_separator = !is_last;
            }
        }
    }
    if !final_separator && let Some(last) = kept.pop() {
        let trimmed = trim_end(last, |u| u == SPACE || u == DOT);
        final_separator = trimmed.is_empty();
        kept.extend(Some(trimmed).filter(|part| !part.is_empty()));
    }
    let mut full = normal_root(root);
    full.extend(kept.join(&BACKSLASH));
    if final_separator && !ends_with_separator(&full) && !kept.is_empty() {
        full.push(BACKSLASH);
    }
    full
}

/// Backslashes, and one at most after the root.
fn normal_root(root: &[u16]) -> Vec<u16> {
    let mut root: Vec<u16> = root
        .iter()
        .map(|&u| if u == SLASH { BACKSLASH } else { u })
        .collect();
    match Win32PathKind::of(&root) {
        Win32PathKind::RootLocalDevice => root.push(BACKSLASH),
        Win32PathKind::UncAbsolute => {
            while let [_, _, .., BACKSLASH, BACKSLASH] = root.as_slice() {
                root.pop();
            }
        }
        _ => {}
    }
    root
}

/// A component before the last loses a dot at its end, if it is a single one.
fn trim_inner(part: &[u16]) -> &[u16] {
    match part {
        [.., DOT, DOT] => part,
        [rest @ .., DOT] => rest,
        _ => part,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn units(text: &str) -> Vec<u16> {
        text.encode_utf16().collect()
    }

    fn full(path: &str) -> FullPath {
        FullPath::parse(&units(path)).unwrap()
    }

    fn in_c_work() -> CurrentDirectories {
        let mut directories = CurrentDirectories::new(full(r"D:\data")).unwrap();
        directories.change(full(r"C:\work\sub")).unwrap();
        directories
    }

    fn check(path: &str, expected: &str) {
        let made = FullPath::new(&units(path), &in_c_work()).unwrap();
        assert_eq!(made.to_string(), expected, "{path}");
    }

    #[test]
    fn normal_forms() {
        for (given, expected) in [
            ("C:\\", "C:\\"),
            ("C:\\a\\b", "C:\\a\\b"),
            ("C:\\a\\b\\", "C:\\a\\b\\"),
            ("c:/a//b", "c:\\a\\b"),
            ("C:\\a\\.\\b\\..\\c", "C:\\a\\c"),
            ("C:\\..\\..", "C:\\"),
            ("C:\\a\\..\\", "C:\\"),
            ("C:\\a\\b\\..", "C:\\a"),
            ("C:\\a\\.", "C:\\a"),
            ("C:\\a. \\b. . ", "C:\\a. \\b"),
            ("C:\\a.\\b", "C:\\a\\b"),
            ("C:\\a\\...", "C:\\a\\"),
            ("\\\\s\\h", "\\\\s\\h"),
            ("\\\\s\\h\\..\\x", "\\\\s\\h\\x"),
            ("\\\\s\\h\\a\\..\\..\\", "\\\\s\\h\\"),
            ("\\\\.\\a\\..\\b", "\\\\.\\b"),
            ("\\\\.", "\\\\.\\"),
        ] {
            let made = normalise(&units(given));
            assert_eq!(String::from_utf16_lossy(&made), expected, "{given}");
        }
    }

    #[test]
    fn completion() {
        check("x", r"C:\work\sub\x");
        check(r"..\x", r"C:\work\x");
        check(r"..\..\..\..\x", r"C:\x");
        check(r"\x", r"C:\x");
        check("C:x", r"C:\work\sub\x");
        check("c:x", r"c:\work\sub\x");
        check("D:x", r"D:\data\x");
        check("d:", r"d:\data");
        check("E:x", r"E:\x");
        check(r"E:..\x", r"E:\x");
        check(".", r"C:\work\sub");
        check("..", r"C:\work");
        check("...", r"C:\work\sub\");
    }

    #[test]
    fn completion_on_a_share() {
        let directories = CurrentDirectories::new(full(r"\\srv\share\dir")).unwrap();
        let made = |path: &str| {
            FullPath::new(&units(path), &directories)
                .unwrap()
                .to_string()
        };
        assert_eq!(made("x"), r"\\srv\share\dir\x");
        assert_eq!(made(r"\x"), r"\\srv\share\x");
        assert_eq!(made(r"..\..\..\x"), r"\\srv\share\x");
        assert_eq!(made("C:x"), r"C:\x");
        let at_root = CurrentDirectories::new(full(r"\\srv\share")).unwrap();
        assert_eq!(
            FullPath::new(&units("x"), &at_root).unwrap().to_string(),
            r"\\srv\share\x"
        );
        assert_eq!(
            FullPath::new(&units(r"\x"), &at_root).unwrap().to_string(),
            r"\\srv\share\x"
        );
    }

    #[test]
    fn collapsing() {
        check("C:/a/./b//c/../d", r"C:\a\b\d");
        check(r"C:\a\b\", r"C:\a\b\");
        check(r"C:\a\b\\", r"C:\a\b\");
        check(r"C:\a\b\.", r"C:\a\b");
        check(r"C:\a\b\..", r"C:\a");
        check(r"C:\a\b\..\", r"C:\a\");
        check(r"C:\a\..", r"C:\");
        check(r"C:\..\..\", r"C:\");
        check(r"C:\", r"C:\");
        check(r"\\srv\share\..\x", r"\\srv\share\x");
        check(r"//srv/share//a/..", r"\\srv\share\");
        check(r"\\srv\share", r"\\srv\share");
        check(r"\\srv", r"\\srv");
        check(r"\\\srv\share\x", r"\\\srv\share\x");
        check(r"\\.\C:\a\..\b", r"\\.\C:\b");
        check(r"\\.\..\x", r"\\.\x");
        check(r"//?/C:/a/../b", r"\\?\C:\b");
        check(r"\\.", r"\\.\");
        check(r"\\", r"\\");
    }

    #[test]
    fn dots_and_spaces() {
        check(r"C:\a.", r"C:\a");
        check(r"C:\a . . ", r"C:\a");
        check(r"C:\a.\b", r"C:\a\b");
        check(r"C:\a..\b", r"C:\a..\b");
        check(r"C:\...\b", r"C:\...\b");
        check(r"C:\a \b", r"C:\a \b");
        check(r"C:\a\.. ", r"C:\a\");
        check(r"C:\a.. \b", r"C:\a.. \b");
        check(r"C:\ a", r"C:\ a");
        check(" a", r"C:\work\sub\ a");
        check(r"C:\a.\", r"C:\a\");
        check(r"C:\a \.", r"C:\a");
        check(r"C:\a. \b\..", r"C:\a");
    }

    #[test]
    fn devices() {
        check("nul", r"\\.\nul");
        check(r"C:\dir\NUL.txt", r"\\.\NUL");
        check("C:con", r"\\.\con");
        check("com1:", r"\\.\com1");
        check("aux .x", r"\\.\aux");
        check("prn. ", r"\\.\prn");
        check("conin$", r"\\.\conin$");
        check(r"C:\nul\x", r"C:\nul\x");
        check(r"C:\nul\", r"C:\nul\");
        check(r"\\srv\share\nul", r"\\srv\share\nul");
        assert_eq!(full(r"C:\aux").to_string(), r"\\.\aux");
    }

    #[test]
    fn verbatim_is_left_alone() {
        check(r"\\?\C:\a\..\b. \NUL", r"\\?\C:\a\..\b. \NUL");
        assert_eq!(full(r"\\?\C:\a/b").to_string(), r"\\?\C:\a/b");
    }

    #[test]
    fn refusals() {
        let new = |path: &[u16]| FullPath::new(path, &in_c_work());
        assert_eq!(new(&[]), Err(PathError::Empty));
        assert_eq!(new(&units("a\0")), Err(PathError::Nul { index: 1 }));
        let long = vec![0x61; 32_767];
        assert_eq!(new(&long), Err(PathError::TooLong { units: 32_767 + 12 }));
        assert_eq!(FullPath::parse(&units("x")), Err(PathError::NotFull));
        assert_eq!(FullPath::parse(&units("C:nul")), Err(PathError::NotFull));
        for path in [r"\\?\C:\", r"\\.\x"] {
            let refused = CurrentDirectories::new(full(path));
            assert_eq!(refused, Err(PathError::NotADirectoryRoot));
            assert_eq!(
                in_c_work().change(full(path)),
                Err(PathError::NotADirectoryRoot)
            );
        }
    }

    proptest! {
        #[test]
        fn a_full_path_is_its_own_full_path(path in r"(C:|\\\\s\\h|\\\\\.|d)?[\\/ab.:? ]{0,12}") {
            if let Ok(once) = FullPath::new(&units(&path), &in_c_work()) {
                prop_assert!(once.kind().is_full());
                let twice = FullPath::new(once.units(), &in_c_work()).unwrap();
                prop_assert_eq!(&once, &twice, "{}", path);
                if once.kind() != Win32PathKind::Verbatim {
                    prop_assert!(once.as_path().components().all(|part| part != units("..")));
                    prop_assert!(!once.units().contains(&SLASH));
                }
            }
        }
    }
}
