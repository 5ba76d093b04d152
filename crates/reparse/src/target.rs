//! From the target text of a link to the names it stores.

use linkwright_names::path::{Win32PathKind, normalise};

use crate::error::TargetError;

pub(crate) const SEPARATOR: u16 = b'\\' as u16;

/// What a link target may depend on besides its own text.
#[derive(Debug, Clone, Copy, Default)]
pub struct TargetContext<'a> {
    /// Current directory of the drive that a drive-relative target (`C:name`) names, as an
    /// absolute path (`C:\dir`); `None` when it is not known.
    pub drive_directory: Option<&'a [u16]>,
}

/// The kinds of path text that Win32 tells apart, by the beginning of the text alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TargetForm {
    /// `name`, `.\name`: relative to the directory of the link.
    Relative,
    /// `\name`: relative to the root of the volume of the link.
    Rooted,
    /// `C:name`: relative to the current directory of a drive.
    DriveRelative,
    /// `C:\name`.
    DriveAbsolute,
    /// `\\server\share\name`.
    Unc,
    /// `\\?\name`, `\\.\name`.
    Device,
}

impl TargetForm {
    /// Form of `text`; `/` counts as `\`. The empty text is relative.
    #[must_use]
    pub fn of(text: &[u16]) -> Self {
        match Win32PathKind::of(text) {
            Win32PathKind::Relative => Self::Relative,
            Win32PathKind::Rooted => Self::Rooted,
            Win32PathKind::DriveRelative => Self::DriveRelative,
            Win32PathKind::DriveAbsolute => Self::DriveAbsolute,
            Win32PathKind::UncAbsolute => Self::Unc,
            Win32PathKind::LocalDevice
            | Win32PathKind::Verbatim
            | Win32PathKind::RootLocalDevice => Self::Device,
        }
    }
}

/// Refuses what the Win32 interface cannot be given.
pub(crate) fn check_text(text: &[u16]) -> Result<(), TargetError> {
    if text.is_empty() {
        return Err(TargetError::Empty);
    }
    match text.iter().position(|&unit| unit == 0) {
        Some(position) => Err(TargetError::InteriorNul { position }),
        None => Ok(()),
    }
}

/// Joins `X:name` with the current directory of drive X; the result is normalised.
pub(crate) fn drive_relative_path(
    text: &[u16],
    context: &TargetContext<'_>,
) -> Result<Vec<u16>, TargetError> {
    let directory = context
        .drive_directory
        .ok_or(TargetError::NeedsDriveDirectory)?;
    let same_drive = match (directory.first(), text.first()) {
        (Some(&a), Some(&b)) => ascii_lower(a) == ascii_lower(b),
        _ => false,
    };
    if !same_drive || TargetForm::of(directory) != TargetForm::DriveAbsolute {
        return Err(TargetError::BadDriveDirectory);
    }
    let mut joined = directory.to_vec();
    let name = text.get(2..).unwrap_or_default();
    if !name.is_empty() {
        joined.push(SEPARATOR);
        joined.extend_from_slice(name);
    }
    Ok(normalise(&joined))
}

/// NT name of an absolute Win32 path: `\??\C:\x`, `\??\UNC\server\share\x`, `\??\device`.
/// The path is normalised first, unless it begins with exactly `\\?\`.
pub(crate) fn nt_name(path: &[u16]) -> Vec<u16> {
    let full = if is_verbatim(path) {
        path.to_vec()
    } else {
        normalise(path)
    };
    let (prefix, rest) = match TargetForm::of(&full) {
        TargetForm::Device => (r"\??\", full.get(4..)),
        TargetForm::Unc => (r"\??\UNC\", full.get(2..)),
        _ => (r"\??\", full.get(..)),
    };
    let mut name: Vec<u16> = prefix.encode_utf16().collect();
    name.extend_from_slice(rest.unwrap_or_default());
    name
}

/// Whether the path begins with `\\?\`, which switches all parsing off.
pub(crate) fn is_verbatim(path: &[u16]) -> bool {
    Win32PathKind::of(path) == Win32PathKind::Verbatim
}

fn ascii_lower(unit: u16) -> u16 {
    match u8::try_from(unit) {
        Ok(byte) => u16::from(byte.to_ascii_lowercase()),
        Err(_) => unit,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_by_the_beginning_of_the_text() {
        use TargetForm as F;
        for (text, form) in [
            ("", F::Relative),
            ("x", F::Relative),
            ("..", F::Relative),
            ("\\", F::Rooted),
            ("/x", F::Rooted),
            ("\\??\\C:\\x", F::Rooted),
            ("C:", F::DriveRelative),
            ("C:x", F::DriveRelative),
            ("C:/x", F::DriveAbsolute),
            ("\\\\", F::Unc),
            ("//s/x", F::Unc),
            ("\\\\?x", F::Unc),
            ("\\\\.", F::Device),
            ("\\\\?\\C:\\", F::Device),
            ("//./x", F::Device),
        ] {
            let units: Vec<u16> = text.encode_utf16().collect();
            assert_eq!(TargetForm::of(&units), form, "{text}");
        }
    }
}
