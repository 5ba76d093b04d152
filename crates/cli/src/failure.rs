//! An error as the user sees it: the path, what went wrong, the Win32 code and
//! name, one line of help.

use std::ffi::OsStr;

use linkwright_fs::{Error, ErrorKind, Win32Error};
use serde::Serialize;

use crate::exit::Exit;
use crate::location::LocationError;

mod remedy;

use remedy::Remedy;

/// One error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    /// The place, as the user gave it or can give it.
    pub(crate) path: Option<String>,
    /// What went wrong.
    pub(crate) what: String,
    /// The kind of error of a file system, where it is one.
    pub(crate) kind: Option<ErrorKind>,
    /// What Windows would call it.
    pub(crate) win32: Option<Win32Error>,
    /// What to do about it.
    pub(crate) help: Option<String>,
    /// How the program ends when nothing else was done.
    pub(crate) exit: Exit,
}

/// The result of a verb, or of a part of one.
pub(crate) type Result<T> = std::result::Result<T, Failure>;

#[derive(Serialize)]
struct Line<'a> {
    message_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<&'a str>,
    error: &'a str,
    win32: Option<u32>,
    win32_name: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<&'a str>,
}

impl Failure {
    /// An error of a file system at a place.
    pub(crate) fn at(path: impl Into<String>, error: &Error) -> Self {
        Self {
            path: Some(path.into()),
            what: error.to_string(),
            kind: Some(error.kind()),
            win32: Some(error.win32()),
            help: Remedy::of(error.kind()).text().map(str::to_owned),
            exit: Exit::of(error.kind()),
        }
    }

    /// A kind of error of a file system at a place, with other words.
    pub(crate) fn of_kind(
        path: impl Into<String>,
        kind: ErrorKind,
        what: impl Into<String>,
    ) -> Self {
        Self {
            path: Some(path.into()),
            what: what.into(),
            kind: Some(kind),
            win32: Some(kind.win32()),
            help: Remedy::of(kind).text().map(str::to_owned),
            exit: Exit::of(kind),
        }
    }

    /// A text that is no location.
    pub(crate) fn location(text: &OsStr, error: &LocationError) -> Self {
        let (win32, exit) = match error {
            LocationError::Share => (Win32Error::NOT_SUPPORTED, Exit::Unsupported),
            LocationError::UnmappedDrive(_) => (Win32Error::INVALID_DRIVE, Exit::Usage),
            LocationError::NoImage(_) => (Win32Error::FILE_NOT_FOUND, Exit::Failed),
            LocationError::DirectoryAsImage(_) => (Win32Error::DIRECTORY, Exit::Failed),
            LocationError::ColonInDirectory(_)
            | LocationError::StreamType(_)
            | LocationError::EmptyStream(_) => (Win32Error::INVALID_NAME, Exit::Failed),
            LocationError::Empty
            | LocationError::Ambiguous
            | LocationError::NotAnImagePath
            | LocationError::BadDrive(_)
            | LocationError::DriveTwice(_) => (Win32Error::INVALID_PARAMETER, Exit::Usage),
        };
        Self {
            path: Some(text.to_string_lossy().into_owned()),
            what: error.to_string(),
            kind: None,
            win32: Some(win32),
            help: Some(error.help().to_owned()),
            exit,
        }
    }

    /// Arguments that do not go together.
    pub(crate) fn usage(what: impl Into<String>) -> Self {
        Self {
            path: None,
            what: what.into(),
            kind: None,
            win32: None,
            help: None,
            exit: Exit::Usage,
        }
    }

    /// The user interrupted the work.
    pub(crate) fn interrupted() -> Self {
        Self {
            path: None,
            what: ErrorKind::Interrupted.to_string(),
            kind: None,
            win32: None,
            help: None,
            exit: Exit::Interrupted,
        }
    }

    /// As an error of a file system, for who takes nothing else.
    pub(crate) fn into_error(self) -> Error {
        Error::with_source(self.kind.unwrap_or(ErrorKind::InvalidArgument), self.what)
    }

    /// The same with another line of help.
    #[must_use]
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The same with another end of the program.
    #[must_use]
    pub(crate) fn exit(mut self, exit: Exit) -> Self {
        self.exit = exit;
        self
    }

    /// The same at a place.
    #[must_use]
    pub(crate) fn path(mut self, path: impl Into<String>) -> Self {
        self.path = Some(path.into());
        self
    }

    /// The lines for people, without the program's name.
    pub(crate) fn text(&self) -> String {
        let mut text = String::from("error: ");
        if let Some(path) = &self.path {
            text.push_str(path);
            text.push_str(": ");
        }
        text.push_str(&self.what);
        if let Some(code) = self.win32 {
            let name = code.name().unwrap_or("unnamed");
            text.push_str(&format!(" ({name}, {})", code.0));
        }
        if let Some(help) = &self.help {
            text.push_str("\n  help: ");
            text.push_str(help);
        }
        text
    }

    /// The line for programs.
    pub(crate) fn json(&self) -> serde_json::Result<String> {
        serde_json::to_string(&Line {
            message_type: "error",
            path: self.path.as_deref(),
            error: &self.what,
            win32: self.win32.map(|code| code.0),
            win32_name: self.win32.and_then(Win32Error::name),
            help: self.help.as_deref(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_reads_as_path_what_code_and_help() {
        let failure = Failure::at("disk.img:/a", &Error::from(ErrorKind::TooManyLinks));
        assert_eq!(
            failure.text(),
            "error: disk.img:/a: the file has as many names as it can have \
             (ERROR_TOO_MANY_LINKS, 1142)\n  help: a file on NTFS has at most 1,024 names; \
             make a copy of it"
        );
        let value: serde_json::Value = serde_json::from_str(&failure.json().unwrap()).unwrap();
        assert_eq!(value["message_type"], "error");
        assert_eq!(value["win32"], 1142);
        assert_eq!(value["win32_name"], "ERROR_TOO_MANY_LINKS");
        assert_eq!(value["path"], "disk.img:/a");
    }

    #[test]
    fn usage_errors_have_no_code() {
        let failure = Failure::usage("no");
        assert_eq!(failure.text(), "error: no");
        assert_eq!(failure.exit, Exit::Usage);
    }
}
