//! Which names are accepted, by whom, and why not.
//!
//! Three rule books, each stricter than the one before: what can stand in a
//! directory at all ([`check_posix_component`]), what the NTFS driver of Windows
//! takes ([`check_ntfs_component`], MS-FSCC 2.1.5.2), and what a Win32 program
//! can name without the `\\?\` prefix ([`check_win32_component`], "Naming Files,
//! Paths, and Namespaces").

use crate::unit;

/// The longest component NTFS can store, in 16-bit units: its length is kept in
/// one byte.
pub const MAX_COMPONENT_UNITS: usize = 255;

/// A name that is refused: what is wrong, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind} (at unit {index})")]
pub struct NameError {
    /// What is wrong.
    pub kind: NameErrorKind,
    /// The index of the offending unit; of the first unit too many for
    /// [`NameErrorKind::TooLong`]; 0 where the name as a whole is wrong.
    pub index: usize,
}

/// Why a name is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NameErrorKind {
    /// There are no units.
    #[error("the name is empty")]
    Empty,
    /// More units than [`MAX_COMPONENT_UNITS`].
    #[error("the name is {units} units long, the limit is {MAX_COMPONENT_UNITS}")]
    TooLong {
        /// Length that was given, in units.
        units: usize,
    },
    /// U+0000.
    #[error("the name contains NUL")]
    Nul,
    /// U+0001 to U+001F.
    #[error("the name contains the control character U+{0:04X}")]
    Control(u16),
    /// `\` or `/`: these end a component.
    #[error("the name contains a path separator")]
    Separator(u16),
    /// `:`: this starts a stream name.
    #[error("the name contains ':'")]
    Colon,
    /// `*` or `?`: these are wildcards.
    #[error("the name contains a wildcard")]
    Wildcard(u16),
    /// `<`, `>`, `"` or `|`.
    #[error("the name contains one of < > \" |")]
    Reserved(u16),
    /// `.` or `..`: these are path syntax.
    #[error("'.' and '..' are not names")]
    DotName,
    /// Win32 takes a final `.` away.
    #[error("the name ends in a dot")]
    TrailingDot,
    /// Win32 takes a final space away.
    #[error("the name ends in a space")]
    TrailingSpace,
    /// Win32 opens a device instead.
    #[error("the name is the device {0}")]
    Device(ReservedDevice),
}

/// The DOS devices whose names Win32 keeps to itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ReservedDevice {
    /// `CON`
    Con,
    /// `PRN`
    Prn,
    /// `AUX`
    Aux,
    /// `NUL`
    Nul,
    /// `COM1` to `COM9`; `COM¹`, `COM²` and `COM³` count as 1, 2 and 3.
    Com(u8),
    /// `LPT1` to `LPT9`; `LPT¹`, `LPT²` and `LPT³` count as 1, 2 and 3.
    Lpt(u8),
    /// `CONIN$`
    ConIn,
    /// `CONOUT$`
    ConOut,
}

impl std::fmt::Display for ReservedDevice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Con => f.write_str("CON"),
            Self::Prn => f.write_str("PRN"),
            Self::Aux => f.write_str("AUX"),
            Self::Nul => f.write_str("NUL"),
            Self::Com(n) => write!(f, "COM{n}"),
            Self::Lpt(n) => write!(f, "LPT{n}"),
            Self::ConIn => f.write_str("CONIN$"),
            Self::ConOut => f.write_str("CONOUT$"),
        }
    }
}

/// What no directory entry can hold: an empty or too long name, NUL, `/`, `.`
/// and `..`.
///
/// Everything else is storable in the POSIX namespace, but Windows will not open
/// it when [`check_ntfs_component`] refuses it.
///
/// # Errors
/// The first thing that is wrong, length first.
pub fn check_posix_component(name: &[u16]) -> Result<(), NameError> {
    check_shape(name)?;
    first_refused(name, |unit| match classify(unit) {
        kind @ Some(NameErrorKind::Nul) => kind,
        kind @ Some(NameErrorKind::Separator(SLASH)) => kind,
        _ => None,
    })
}

/// What the NTFS driver of Windows refuses in a name (STATUS_OBJECT_NAME_INVALID;
/// MS-FSCC 2.1.5.2): an empty or too long name, `.` and `..`, U+0000 to U+001F
/// and any of `" * / : < > ? \ |`.
///
/// Trailing dots and spaces and device names pass: they are reached with `\\?\`.
///
/// # Errors
/// The first thing that is wrong, length first.
pub fn check_ntfs_component(name: &[u16]) -> Result<(), NameError> {
    check_shape(name)?;
    first_refused(name, classify)
}

/// What a Win32 program cannot name without `\\?\`: all that
/// [`check_ntfs_component`] refuses, a trailing dot or space, and the device
/// names, with or without an extension.
///
/// # Errors
/// The first thing that is wrong: length, characters, ending, device.
pub fn check_win32_component(name: &[u16]) -> Result<(), NameError> {
    check_ntfs_component(name)?;
    let kind = match name.last() {
        Some(&DOT) => Some(NameErrorKind::TrailingDot),
        Some(&SPACE) => Some(NameErrorKind::TrailingSpace),
        _ => None,
    };
    if let Some(kind) = kind {
        let index = name.len().saturating_sub(1);
        return Err(NameError { kind, index });
    }
    match reserved_device(name) {
        Some(device) => Err(whole(NameErrorKind::Device(device))),
        None => Ok(()),
    }
}

/// The device that Win32 opens for this component, if it is one.
///
/// The part before the first `.` or `:` counts, without trailing spaces and in
/// either case: `nul`, `NUL.txt` and `Nul :x` are all `NUL`. `CONIN$` and
/// `CONOUT$` count only when they are the whole component.
#[must_use]
pub fn reserved_device(name: &[u16]) -> Option<ReservedDevice> {
    if eq_ascii(name, b"CONIN$") {
        return Some(ReservedDevice::ConIn);
    }
    if eq_ascii(name, b"CONOUT$") {
        return Some(ReservedDevice::ConOut);
    }
    let base = device_base(name);
    if let Some((stem, &[digit])) = base.split_at_checked(3) {
        let number = device_number(digit)?;
        if eq_ascii(stem, b"COM") {
            return Some(ReservedDevice::Com(number));
        }
        return eq_ascii(stem, b"LPT").then_some(ReservedDevice::Lpt(number));
    }
    [
        (b"CON", ReservedDevice::Con),
        (b"PRN", ReservedDevice::Prn),
        (b"AUX", ReservedDevice::Aux),
        (b"NUL", ReservedDevice::Nul),
    ]
    .into_iter()
    .find_map(|(text, device)| eq_ascii(base, text).then_some(device))
}

/// The part of a component that can be the name of a device: what stands before the
/// first `.` or `:`, without trailing spaces.
pub(crate) fn device_base(name: &[u16]) -> &[u16] {
    let end = name
        .iter()
        .position(|&u| u == DOT || u == COLON)
        .unwrap_or(name.len());
    trim_end(name.get(..end).unwrap_or(name), |u| u == SPACE)
}

const DOT: u16 = unit(b'.');
const SPACE: u16 = unit(b' ');
const COLON: u16 = unit(b':');
const SLASH: u16 = unit(b'/');

/// The checks that need the whole name: length and the two dot names.
fn check_shape(name: &[u16]) -> Result<(), NameError> {
    match name {
        [] => Err(whole(NameErrorKind::Empty)),
        [DOT] | [DOT, DOT] => Err(whole(NameErrorKind::DotName)),
        _ if name.len() > MAX_COMPONENT_UNITS => Err(NameError {
            kind: NameErrorKind::TooLong { units: name.len() },
            index: MAX_COMPONENT_UNITS,
        }),
        _ => Ok(()),
    }
}

fn whole(kind: NameErrorKind) -> NameError {
    NameError { kind, index: 0 }
}

fn first_refused(
    name: &[u16],
    refuse: impl Fn(u16) -> Option<NameErrorKind>,
) -> Result<(), NameError> {
    for (index, &unit) in name.iter().enumerate() {
        if let Some(kind) = refuse(unit) {
            return Err(NameError { kind, index });
        }
    }
    Ok(())
}

/// What MS-FSCC 2.1.5.2 has against this unit.
fn classify(unit: u16) -> Option<NameErrorKind> {
    match u8::try_from(unit).ok()? {
        0 => Some(NameErrorKind::Nul),
        1..=0x1F => Some(NameErrorKind::Control(unit)),
        b'/' | b'\\' => Some(NameErrorKind::Separator(unit)),
        b':' => Some(NameErrorKind::Colon),
        b'*' | b'?' => Some(NameErrorKind::Wildcard(unit)),
        b'<' | b'>' | b'"' | b'|' => Some(NameErrorKind::Reserved(unit)),
        _ => None,
    }
}

/// The number of a COM or LPT name's last unit; the superscripts are the three
/// of ISO 8859-1.
fn device_number(unit: u16) -> Option<u8> {
    match u8::try_from(unit).ok()? {
        digit @ b'1'..=b'9' => digit.checked_sub(b'0'),
        0xB9 => Some(1),
        0xB2 => Some(2),
        0xB3 => Some(3),
        _ => None,
    }
}

/// ASCII comparison without regard to case.
pub(crate) fn eq_ascii(units: &[u16], text: &[u8]) -> bool {
    units.len() == text.len()
        && units.iter().zip(text).all(|(&u, expected)| {
            u8::try_from(u).is_ok_and(|byte| byte.eq_ignore_ascii_case(expected))
        })
}

/// `units` without the units at its end that `drop` accepts.
pub(crate) fn trim_end(units: &[u16], drop: impl Fn(u16) -> bool) -> &[u16] {
    let keep = units
        .iter()
        .rposition(|&u| !drop(u))
        .map_or(0, |last| last.saturating_add(1));
    units.get(..keep).unwrap_or(units)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn units(text: &str) -> Vec<u16> {
        text.encode_utf16().collect()
    }

    fn ntfs(text: &str) -> Result<(), NameError> {
        check_ntfs_component(&units(text))
    }

    fn win32(text: &str) -> Result<(), NameError> {
        check_win32_component(&units(text))
    }

    #[test]
    fn length_limits() {
        assert_eq!(ntfs("").unwrap_err().kind, NameErrorKind::Empty);
        assert_eq!(win32(&"あ".repeat(255)), Ok(()));
        assert_eq!(
            ntfs(&"x".repeat(256)),
            Err(NameError {
                kind: NameErrorKind::TooLong { units: 256 },
                index: 255
            })
        );
        // A pair of surrogates counts twice.
        assert_eq!(ntfs(&"😀".repeat(127)), Ok(()));
        assert!(ntfs(&"😀".repeat(128)).is_err());
    }

    #[test]
    fn each_illegal_character_has_its_kind_and_place() {
        for c in "\"*/:<>?\\|\u{1}\u{1f}\0".chars() {
            let error = ntfs(&format!("ab{c}c")).unwrap_err();
            assert_eq!(error.index, 2, "{c:?}");
            assert_eq!(win32(&format!("ab{c}c")), Err(error));
        }
        assert_eq!(ntfs("a:b").unwrap_err().kind, NameErrorKind::Colon);
        assert_eq!(ntfs("a*").unwrap_err().kind, NameErrorKind::Wildcard(0x2A));
        assert_eq!(ntfs("a\tb").unwrap_err().kind, NameErrorKind::Control(9));
        assert_eq!(ntfs("a\0b").unwrap_err().kind, NameErrorKind::Nul);
        assert_eq!(
            ntfs("a/b").unwrap_err().kind,
            NameErrorKind::Separator(0x2F)
        );
        assert_eq!(ntfs("\u{7f}+,;=[]~' é"), Ok(()));
        assert_eq!(check_ntfs_component(&[0xD800, 0x61]), Ok(()));
    }

    #[test]
    fn posix_takes_all_but_nul_and_slash() {
        assert_eq!(check_posix_component(&units("a:b*?<>|\"\\\u{1}. ")), Ok(()));
        for (text, index) in [("a/b", 1), ("ab\0", 2)] {
            assert_eq!(
                check_posix_component(&units(text)).unwrap_err().index,
                index
            );
        }
        for text in [".", "..", ""] {
            assert!(check_posix_component(&units(text)).is_err());
        }
    }

    #[test]
    fn dots_and_spaces_at_the_end() {
        assert_eq!(ntfs("...").map_err(|e| e.kind), Ok(()));
        assert_eq!(ntfs("..").unwrap_err().kind, NameErrorKind::DotName);
        assert_eq!(win32("...").unwrap_err().kind, NameErrorKind::TrailingDot);
        assert_eq!(
            win32("a ").unwrap_err(),
            NameError {
                kind: NameErrorKind::TrailingSpace,
                index: 1
            }
        );
        assert_eq!(ntfs("a. "), Ok(()));
        assert_eq!(win32(" .a"), Ok(()));
    }

    #[test]
    fn devices() {
        let device = |text: &str| reserved_device(&units(text));
        assert_eq!(device("nul"), Some(ReservedDevice::Nul));
        assert_eq!(device("Nul.tar.gz"), Some(ReservedDevice::Nul));
        assert_eq!(device("con  .x"), Some(ReservedDevice::Con));
        assert_eq!(device("aux:s"), Some(ReservedDevice::Aux));
        assert_eq!(device("COM9"), Some(ReservedDevice::Com(9)));
        assert_eq!(device("lpt².log"), Some(ReservedDevice::Lpt(2)));
        assert_eq!(device("COM³"), Some(ReservedDevice::Com(3)));
        assert_eq!(device("conin$"), Some(ReservedDevice::ConIn));
        assert_eq!(device("CONOUT$"), Some(ReservedDevice::ConOut));
        for text in [
            "COM0", "COM10", "COM", "LPT⁴", "NULL", "nu", "XNUL", " NUL", "conin$.x", "",
        ] {
            assert_eq!(device(text), None, "{text}");
        }
        assert_eq!(
            win32("PRN.doc").unwrap_err().kind,
            NameErrorKind::Device(ReservedDevice::Prn)
        );
        assert_eq!(ntfs("PRN.doc"), Ok(()));
    }
}
