//! Execution aliases of packaged applications (tag 0x8000001B).
//!
//! Not documented by Microsoft; the layout (a version, then NUL-terminated UTF-16 strings:
//! package, entry point, program, kind of application) is what public tools read.

use crate::error::{ReparseError, ReparseErrorKind};
use crate::header::{HEADER_BYTES, truncated, units};

const STRINGS_AT: usize = HEADER_BYTES + 4;

/// Decoded data of a [`crate::ReparseTag::APPEXECLINK`] reparse point.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppExecLink {
    version: u32,
    strings: Vec<Vec<u16>>,
}

impl AppExecLink {
    /// From the data behind the reparse header.
    ///
    /// # Errors
    /// [`ReparseErrorKind::Truncated`] without a version,
    /// [`ReparseErrorKind::UnterminatedString`] when the last string has no NUL.
    pub fn from_data(data: &[u8]) -> Result<Self, ReparseError> {
        let (version, bytes) = data
            .split_first_chunk::<4>()
            .ok_or_else(|| truncated(STRINGS_AT, HEADER_BYTES + data.len(), HEADER_BYTES))?;
        let mut strings = Vec::new();
        let text = units(bytes);
        let mut rest = text.as_slice();
        while !rest.is_empty() {
            let end = rest.iter().position(|&unit| unit == 0).ok_or_else(|| {
                let at = STRINGS_AT + 2 * (text.len() - rest.len());
                ReparseError::new(ReparseErrorKind::UnterminatedString, at)
            })?;
            strings.push(rest.get(..end).unwrap_or_default().to_vec());
            rest = rest.get(end + 1..).unwrap_or_default();
        }
        Ok(Self {
            version: u32::from_le_bytes(*version),
            strings,
        })
    }

    /// Version of the structure; 3 so far.
    #[must_use]
    pub fn version(&self) -> u32 {
        self.version
    }

    /// All strings in order, without their NULs.
    #[must_use]
    pub fn strings(&self) -> &[Vec<u16>] {
        &self.strings
    }

    /// Identity of the package (first string).
    #[must_use]
    pub fn package(&self) -> Option<&[u16]> {
        self.string(0)
    }

    /// The application's user model id, that is, the entry point (second string).
    #[must_use]
    pub fn entry_point(&self) -> Option<&[u16]> {
        self.string(1)
    }

    /// Path of the program that is run (third string).
    #[must_use]
    pub fn program(&self) -> Option<&[u16]> {
        self.string(2)
    }

    fn string(&self, at: usize) -> Option<&[u16]> {
        self.strings.get(at).map(Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(text: &str) -> Vec<u8> {
        let mut bytes = vec![3, 0, 0, 0];
        bytes.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
        bytes
    }

    #[test]
    fn strings_come_in_order() {
        let link = AppExecLink::from_data(&data("pkg\0pkg!App\0C:\\app.exe\0\x30\0")).unwrap();
        assert_eq!(link.version(), 3);
        assert_eq!(link.strings().len(), 4);
        let program: Vec<u16> = "C:\\app.exe".encode_utf16().collect();
        assert_eq!(link.program(), Some(program.as_slice()));
        assert_eq!(link.package().map(<[u16]>::len), Some(3));
        assert_eq!(link.entry_point().map(<[u16]>::len), Some(7));
    }

    #[test]
    fn damage_is_told_by_kind_and_place() {
        assert_eq!(
            AppExecLink::from_data(&data("ab\0cd")),
            Err(ReparseError {
                kind: ReparseErrorKind::UnterminatedString,
                offset: 18
            })
        );
        assert_eq!(
            AppExecLink::from_data(&[3, 0]).unwrap_err().kind,
            ReparseErrorKind::Truncated {
                needed: 12,
                actual: 10
            }
        );
    }
}
