//! Errors with the place where they happened.

use std::fmt;

use linkwright_fs::{ErrorKind, Win32Error};

/// What went wrong, and where.
#[derive(Debug)]
pub struct Error {
    place: String,
    source: linkwright_fs::Error,
}

/// Results of this crate.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    pub(crate) fn new(place: String, source: linkwright_fs::Error) -> Self {
        Self { place, source }
    }

    /// What kind of error it is.
    pub fn kind(&self) -> ErrorKind {
        self.source.kind()
    }

    /// The code that Windows gives for it.
    pub fn win32(&self) -> Win32Error {
        self.source.win32()
    }

    /// The place, as it was given.
    pub fn place(&self) -> &str {
        &self.place
    }
}

/// `place: what went wrong (ERROR_NAME, code)`
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let code = self.win32();
        write!(f, "{}: {}", self.place, self.source)?;
        match code.name() {
            Some(name) => write!(f, " ({name}, {})", code.0),
            None => write!(f, " ({})", code.0),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.source)
    }
}
