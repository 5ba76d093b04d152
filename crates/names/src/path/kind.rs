//! What sort of path a text is.

use super::{
    BACKSLASH, COLON, DOT, NT_PREFIX, PathError, QUESTION, Separators, VERBATIM_PREFIX, check_text,
    components, is_separator,
};

/// The kinds of Win32 path, as `RtlDetermineDosPathNameType_U` tells them apart;
/// the kind [`Win32PathKind::Verbatim`] is split off its local devices.
///
/// `\` and `/` both separate, except that only backslashes make a path verbatim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Win32PathKind {
    /// `\\server\share\x`
    UncAbsolute,
    /// `C:\x`
    DriveAbsolute,
    /// `C:x`: from the current directory of that drive.
    DriveRelative,
    /// `\x`: from the root of the current drive or share.
    Rooted,
    /// `x`: from the current directory.
    Relative,
    /// `\\.\x`, and `//?/x` with any slash: a device by name.
    LocalDevice,
    /// `\\?\x`, with backslashes: what follows is not touched.
    Verbatim,
    /// `\\.` or `\\?` alone.
    RootLocalDevice,
}

impl Win32PathKind {
    /// The kind of a path. Every text has one; an empty text is relative.
    #[must_use]
    pub fn of(path: &[u16]) -> Self {
        if path.starts_with(&VERBATIM_PREFIX) {
            return Self::Verbatim;
        }
        match path {
            [a, b, DOT | QUESTION] if is_separator(*a) && is_separator(*b) => Self::RootLocalDevice,
            [a, b, DOT | QUESTION, c, ..]
                if is_separator(*a) && is_separator(*b) && is_separator(*c) =>
            {
                Self::LocalDevice
            }
            [a, b, ..] if is_separator(*a) && is_separator(*b) => Self::UncAbsolute,
            [a, ..] if is_separator(*a) => Self::Rooted,
            [_, COLON, c, ..] if is_separator(*c) => Self::DriveAbsolute,
            [_, COLON, ..] => Self::DriveRelative,
            _ => Self::Relative,
        }
    }

    /// Whether the meaning does not depend on any current directory.
    #[must_use]
    pub const fn is_full(self) -> bool {
        match self {
            Self::UncAbsolute
            | Self::DriveAbsolute
            | Self::LocalDevice
            | Self::Verbatim
            | Self::RootLocalDevice => true,
            Self::DriveRelative | Self::Rooted | Self::Relative => false,
        }
    }

    /// Whether `CreateSymbolicLink` stores a target of this kind as it stands, with
    /// `SYMLINK_FLAG_RELATIVE`. The others are made full and absolute first,
    /// drive-relative ones among them.
    #[must_use]
    pub const fn is_relative_link_target(self) -> bool {
        matches!(self, Self::Relative | Self::Rooted)
    }
}

/// A Win32 path with its kind and root found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Win32Path<'a> {
    units: &'a [u16],
    kind: Win32PathKind,
    root_len: usize,
}

impl<'a> Win32Path<'a> {
    /// Looks at a path. Nothing is changed or completed.
    ///
    /// # Errors
    /// [`PathError::Empty`], [`PathError::Nul`], [`PathError::TooLong`].
    pub fn parse(units: &'a [u16]) -> Result<Self, PathError> {
        check_text(units)?;
        Ok(Self::known(units))
    }

    /// A path that was checked before.
    pub(super) fn known(units: &'a [u16]) -> Self {
        let kind = Win32PathKind::of(units);
        Self {
            units,
            kind,
            root_len: root_len(units, kind),
        }
    }

    /// The path as it was given.
    #[must_use]
    pub const fn units(self) -> &'a [u16] {
        self.units
    }

    /// The kind.
    #[must_use]
    pub const fn kind(self) -> Win32PathKind {
        self.kind
    }

    /// What `..` cannot remove: `C:\`, `C:`, `\\server\share\`, `\\.\`, `\\?\`, `\`
    /// or nothing, its separators as they were given.
    #[must_use]
    pub fn root(self) -> &'a [u16] {
        self.units.get(..self.root_len).unwrap_or(self.units)
    }

    /// What follows the root.
    #[must_use]
    pub fn rest(self) -> &'a [u16] {
        self.units.get(self.root_len..).unwrap_or_default()
    }

    /// The characters that separate components in this path.
    #[must_use]
    pub const fn separators(self) -> Separators {
        match self.kind {
            Win32PathKind::Verbatim => Separators::Nt,
            _ => Separators::Win32,
        }
    }

    /// The components after the root.
    pub fn components(self) -> impl DoubleEndedIterator<Item = &'a [u16]> + Clone {
        components(self.rest(), self.separators())
    }

    /// The unit before the colon of a path on a drive. Windows takes any; only
    /// letters are ever mapped.
    #[must_use]
    pub fn drive(self) -> Option<u16> {
        match (self.kind, self.units) {
            (Win32PathKind::DriveAbsolute | Win32PathKind::DriveRelative, [drive, ..]) => {
                Some(*drive)
            }
            _ => None,
        }
    }

    /// Server and share of a UNC path; both must be there.
    #[must_use]
    pub fn server_and_share(self) -> Option<(&'a [u16], &'a [u16])> {
        if self.kind != Win32PathKind::UncAbsolute {
            return None;
        }
        let mut parts = components(self.root(), Separators::Win32);
        Some((parts.next()?, parts.next()?))
    }

    /// Whether the path already is an NT path (`\??\x`): opening functions pass such
    /// a text on, though by its kind it is [`Win32PathKind::Rooted`] and is stored so
    /// as the target of a symbolic link.
    #[must_use]
    pub fn is_nt(self) -> bool {
        self.units.starts_with(&NT_PREFIX)
    }
}

/// The length of the root in units.
pub(super) fn root_len(path: &[u16], kind: Win32PathKind) -> usize {
    match kind {
        Win32PathKind::Relative => 0,
        Win32PathKind::Rooted => 1,
        Win32PathKind::DriveRelative => 2,
        Win32PathKind::DriveAbsolute | Win32PathKind::RootLocalDevice => 3,
        Win32PathKind::LocalDevice | Win32PathKind::Verbatim => 4,
        Win32PathKind::UncAbsolute => unc_root_len(path),
    }
}

/// `\\server\share\` with the separators after it.
fn unc_root_len(path: &[u16]) -> usize {
    let mut rest = path.get(2..).unwrap_or_default();
    for _ in ["server", "share"] {
        rest = skip_while(rest, |u| !is_separator(u));
        rest = skip_while(rest, is_separator);
    }
    path.len().saturating_sub(rest.len())
}

fn skip_while(units: &[u16], skip: impl Fn(u16) -> bool) -> &[u16] {
    let start = units.iter().position(|&u| !skip(u)).unwrap_or(units.len());
    units.get(start..).unwrap_or_default()
}

/// Whether the text is a root by itself, so that nothing need be added before a
/// component.
pub(super) fn ends_with_separator(path: &[u16]) -> bool {
    path.last().is_some_and(|&u| u == BACKSLASH)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn units(text: &str) -> Vec<u16> {
        text.encode_utf16().collect()
    }

    #[test]
    fn kinds_and_roots() {
        use Win32PathKind::*;
        for (text, kind, root) in [
            ("", Relative, ""),
            ("x", Relative, ""),
            (".", Relative, ""),
            ("..\\x", Relative, ""),
            ("...", Relative, ""),
            (":x", Relative, ""),
            ("\\", Rooted, "\\"),
            ("/x", Rooted, "/"),
            ("\\??\\C:\\x", Rooted, "\\"),
            ("C:", DriveRelative, "C:"),
            ("C:x", DriveRelative, "C:"),
            ("f:ads", DriveRelative, "f:"),
            ("C:\\", DriveAbsolute, "C:\\"),
            ("c:/x", DriveAbsolute, "c:/"),
            ("1:\\x", DriveAbsolute, "1:\\"),
            ("\\\\", UncAbsolute, "\\\\"),
            ("\\\\s", UncAbsolute, "\\\\s"),
            ("\\\\s\\h", UncAbsolute, "\\\\s\\h"),
            ("\\\\s\\h\\x\\y", UncAbsolute, "\\\\s\\h\\"),
            ("//s/h//x", UncAbsolute, "//s/h//"),
            ("\\\\\\s\\h\\x", UncAbsolute, "\\\\\\s\\"),
            ("\\\\.x\\h", UncAbsolute, "\\\\.x\\h"),
            ("\\\\?x\\h\\", UncAbsolute, "\\\\?x\\h\\"),
            ("\\\\.\\COM1", LocalDevice, "\\\\.\\"),
            ("//./x", LocalDevice, "//./"),
            ("//?/C:/x", LocalDevice, "//?/"),
            ("\\\\?/C:", LocalDevice, "\\\\?/"),
            ("\\\\?\\C:\\x", Verbatim, "\\\\?\\"),
            ("\\\\?\\", Verbatim, "\\\\?\\"),
            ("\\\\.", RootLocalDevice, "\\\\."),
            ("\\/?", RootLocalDevice, "\\/?"),
        ] {
            let path = units(text);
            assert_eq!(Win32PathKind::of(&path), kind, "{text}");
            let len = root_len(&path, kind);
            assert_eq!(String::from_utf16_lossy(&path[..len]), root, "{text}");
        }
    }

    #[test]
    fn parts() {
        let text = units("//srv/share/a\\b");
        let path = Win32Path::parse(&text).unwrap();
        let (server, share) = path.server_and_share().unwrap();
        assert_eq!((server, share), (&units("srv")[..], &units("share")[..]));
        assert_eq!(
            path.components().collect::<Vec<_>>(),
            [units("a"), units("b")]
        );
        assert_eq!(path.drive(), None);

        let text = units(r"\\?\C:\a/b\..");
        let path = Win32Path::parse(&text).unwrap();
        let parts: Vec<_> = path.components().collect();
        assert_eq!(parts, [units("C:"), units("a/b"), units("..")]);

        let text = units("c:x");
        assert_eq!(
            Win32Path::parse(&text).unwrap().drive(),
            Some(u16::from(b'c'))
        );
        assert!(Win32Path::parse(&units(r"\??\C:\x")).unwrap().is_nt());
    }

    #[test]
    fn link_targets() {
        for (text, relative) in [
            ("x", true),
            (r"..\x", true),
            (r"\x", true),
            (r"\??\C:\x", true),
            ("C:x", false),
            (r"C:\x", false),
            (r"\\s\h", false),
            (r"\\?\Volume{0}\", false),
            (r"\\.\x", false),
        ] {
            assert_eq!(
                Win32PathKind::of(&units(text)).is_relative_link_target(),
                relative
            );
        }
    }

    #[test]
    fn refusals() {
        assert_eq!(Win32Path::parse(&[]), Err(PathError::Empty));
        assert_eq!(Win32Path::parse(&units("   ")), Err(PathError::Empty));
        assert_eq!(
            Win32Path::parse(&units("a\0b")),
            Err(PathError::Nul { index: 1 })
        );
        let long = vec![0x61; 32_768];
        assert_eq!(
            Win32Path::parse(&long),
            Err(PathError::TooLong { units: 32_768 })
        );
        assert!(Win32Path::parse(&long[1..]).is_ok());
    }
}
