//! The grammar of Win32 and NT paths.
//!
//! | item | what |
//! |---|---|
//! | [`Win32PathKind`], [`Win32Path`] | what sort of path a text is, and its root |
//! | [`FullPath`], [`CurrentDirectories`], [`normalise`] | full paths, as `GetFullPathName` makes them |
//! | [`NtPath`], [`NtPathKind`] | paths as the kernel and reparse points hold them |
//! | [`StreamSpec`], [`StreamType`] | `name:stream:$TYPE` |
//! | [`components`] | the parts between separators |
//! | [`relative_path`] | the way from one directory to another path |
//!
//! Everything is text: nothing here looks whether a path exists, and limits that
//! depend on the caller (MAX_PATH) are left to it.

mod full;
mod kind;
mod nt;
mod relative;
mod stream;

pub use full::{CurrentDirectories, FullPath, normalise};
pub use kind::{Win32Path, Win32PathKind};
pub use nt::{NtPath, NtPathKind, VolumeGuid};
pub use relative::relative_path;
pub use stream::{StreamNameError, StreamSpec, StreamType, check_stream_name};

use crate::unit;

/// The most units a path can have: a `UNICODE_STRING` counts bytes in 16 bits.
pub const MAX_PATH_UNITS: usize = 32_767;

/// The length that a Win32 path must stay below, its NUL included, unless the
/// program opted in to long paths or the path begins with `\\?\`.
pub const MAX_PATH: usize = 260;

/// A text that is not a path of the sort that is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PathError {
    /// Nothing but spaces, or nothing at all.
    #[error("the path is empty")]
    Empty,
    /// A NUL inside the path.
    #[error("the path contains NUL at unit {index}")]
    Nul {
        /// Where, in units.
        index: usize,
    },
    /// More than [`MAX_PATH_UNITS`], as given or once completed.
    #[error("the path is {units} units long, the limit is {MAX_PATH_UNITS}")]
    TooLong {
        /// Length in units.
        units: usize,
    },
    /// A full path is needed (`C:\x`, `\\server\share\x`, `\\?\x`, `\\.\x`).
    #[error("the path is not a full path")]
    NotFull,
    /// A current directory must be on a drive or a share.
    #[error("a current directory is on a drive or a share")]
    NotADirectoryRoot,
    /// An NT path begins with `\`.
    #[error("an NT path begins with a backslash")]
    NotNt,
}

/// Which characters separate components.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Separators {
    /// `\` and `/`: Win32 paths.
    Win32,
    /// `\` only: NT paths and paths that begin with `\\?\`.
    Nt,
    /// `/` only: POSIX names, such as the targets of WSL links.
    Posix,
}

impl Separators {
    /// Whether `unit` separates.
    #[must_use]
    pub const fn contains(self, unit: u16) -> bool {
        match self {
            Self::Win32 => unit == BACKSLASH || unit == SLASH,
            Self::Nt => unit == BACKSLASH,
            Self::Posix => unit == SLASH,
        }
    }
}

/// The parts of `path` between separators, empty ones left out. `.` and `..` are
/// parts like others.
pub fn components(
    path: &[u16],
    separators: Separators,
) -> impl DoubleEndedIterator<Item = &[u16]> + Clone {
    path.split(move |&u| separators.contains(u))
        .filter(|part| !part.is_empty())
}

pub(crate) const BACKSLASH: u16 = unit(b'\\');
pub(crate) const SLASH: u16 = unit(b'/');
pub(crate) const DOT: u16 = unit(b'.');
pub(crate) const COLON: u16 = unit(b':');
pub(crate) const SPACE: u16 = unit(b' ');
pub(crate) const QUESTION: u16 = unit(b'?');

/// `\\?\`: the rest goes to the kernel as it stands.
pub(crate) const VERBATIM_PREFIX: [u16; 4] = [BACKSLASH, BACKSLASH, QUESTION, BACKSLASH];
/// `\\.\`
pub(crate) const DEVICE_PREFIX: [u16; 4] = [BACKSLASH, BACKSLASH, DOT, BACKSLASH];
/// `\??\`: the kernel's directory of drive letters and other DOS devices.
pub(crate) const NT_PREFIX: [u16; 4] = [BACKSLASH, QUESTION, QUESTION, BACKSLASH];

pub(crate) const fn is_separator(unit: u16) -> bool {
    Separators::Win32.contains(unit)
}

/// What holds for any path, whatever its kind.
fn check_text(path: &[u16]) -> Result<(), PathError> {
    if path.iter().all(|&u| u == SPACE) {
        return Err(PathError::Empty);
    }
    if let Some(index) = path.iter().position(|&u| u == 0) {
        return Err(PathError::Nul { index });
    }
    check_length(path)
}

fn check_length(path: &[u16]) -> Result<(), PathError> {
    if path.len() > MAX_PATH_UNITS {
        return Err(PathError::TooLong { units: path.len() });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn components_by_grammar() {
        let path: Vec<u16> = r"\a//b\./..\c d/".encode_utf16().collect();
        let text = |separators| {
            components(&path, separators)
                .map(String::from_utf16_lossy)
                .collect::<Vec<_>>()
        };
        assert_eq!(text(Separators::Win32), ["a", "b", ".", "..", "c d"]);
        assert_eq!(text(Separators::Nt), ["a//b", "./..", "c d/"]);
        assert_eq!(text(Separators::Posix), ["\\a", "b\\.", "..\\c d"]);
        assert_eq!(components(&[], Separators::Win32).count(), 0);
    }
}
