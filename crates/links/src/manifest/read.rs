//! Reading a manifest. Nothing in it is believed.

use std::collections::btree_map::Entry;
use std::io::{BufRead, Read};

use super::line::Line;
use super::{Manifest, VERSION};

/// Longest line: a path of 32,767 units and a reparse buffer of 16 KiB, each
/// written as long as JSON can, have room.
const MAX_LINE: u64 = 1 << 20;

/// Why a manifest cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("line {line}: {kind}")]
pub struct ManifestError {
    /// The line, from 1.
    pub line: u64,
    /// What is wrong there.
    pub kind: ManifestErrorKind,
}

/// What is wrong with a line.
#[derive(Debug, thiserror::Error)]
pub enum ManifestErrorKind {
    /// Reading failed.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// Longer than any line can be.
    #[error("the line is longer than {MAX_LINE} bytes")]
    LineTooLong,
    /// No JSON, or fields that are none of a manifest.
    #[error("{}", without_line(.0))]
    Json(#[from] serde_json::Error),
    /// The file does not begin with a `manifest` line.
    #[error("this is not a manifest: the first line must be its header")]
    NoHeader,
    /// Written by a later version.
    #[error("the manifest is of version {0}; up to {VERSION} is known")]
    Version(u32),
    /// A second header, or a line behind the last one.
    #[error("this line cannot stand here")]
    OutOfPlace,
    /// An absolute path, or one with `.`, `..`, an empty name, a NUL.
    #[error("the path leads out of the place, or is none")]
    PathLeadsOut,
    /// The path was there before.
    #[error("the path has a line already")]
    Twice,
    /// A field is missing, malformed, or contradicts another.
    #[error("{0} is missing, or makes no sense here")]
    Field(&'static str),
    /// The reparse buffer is none.
    #[error("{0}")]
    Reparse(linkwright_reparse::ReparseError),
    /// The last line is missing: the file was cut off.
    #[error("the file ends before its last line: it was cut off")]
    CutOff,
    /// The last line counts other than there are.
    #[error("the last line counts {said} links, and there are {found}")]
    Count {
        /// What it says.
        said: u64,
        /// What there are.
        found: u64,
    },
}

/// What is wrong with the JSON of a line, which is its line 1.
fn without_line(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rsplit_once(" at line ") {
        Some((what, _)) => format!("{what}, column {}", error.column()),
        None => text,
    }
}

/// Reads a whole manifest. Memory grows with the file, and a line with its own
/// length.
///
/// # Errors
/// The first line at fault.
pub fn read(input: &mut dyn BufRead) -> Result<Manifest, ManifestError> {
    let mut reader = Reader {
        manifest: Manifest::default(),
        state: State::Before,
    };
    let mut number = 0;
    let mut text = Vec::new();
    loop {
        number += 1;
        let at = |kind| ManifestError { line: number, kind };
        text.clear();
        let got = (&mut *input)
            .take(MAX_LINE + 1)
            .read_until(b'\n', &mut text)
            .map_err(|error| at(error.into()))?;
        if got == 0 {
            return reader.finish().map_err(at);
        }
        if text.len() as u64 > MAX_LINE {
            return Err(at(ManifestErrorKind::LineTooLong));
        }
        reader.line(&text).map_err(at)?;
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Before,
    Inside,
    After,
}

struct Reader {
    manifest: Manifest,
    state: State,
}

impl Reader {
    fn line(&mut self, text: &[u8]) -> Result<(), ManifestErrorKind> {
        let line = match serde_json::from_slice(text) {
            Ok(line) => line,
            Err(_) if self.state == State::Before => return Err(ManifestErrorKind::NoHeader),
            Err(error) => return Err(error.into()),
        };
        match (self.state, line) {
            (State::Before, Line::Manifest(header)) if header.version > VERSION => {
                Err(ManifestErrorKind::Version(header.version))
            }
            (State::Before, Line::Manifest(header)) => {
                self.manifest.header = header.into_header();
                self.state = State::Inside;
                Ok(())
            }
            (State::Before, _) => Err(ManifestErrorKind::NoHeader),
            (State::Inside, Line::Link(line)) => {
                let (path, link) = line.read()?;
                match self.manifest.links.entry(path) {
                    Entry::Occupied(_) => Err(ManifestErrorKind::Twice),
                    Entry::Vacant(vacant) => {
                        vacant.insert(link);
                        Ok(())
                    }
                }
            }
            (State::Inside, Line::End(end)) => {
                let found = self.manifest.links.len() as u64;
                if end.links != found {
                    return Err(ManifestErrorKind::Count {
                        said: end.links,
                        found,
                    });
                }
                self.manifest.unreadable = end.unreadable;
                self.state = State::After;
                Ok(())
            }
            (_, Line::Other) => Ok(()),
            (State::Inside | State::After, _) => Err(ManifestErrorKind::OutOfPlace),
        }
    }

    fn finish(self) -> Result<Manifest, ManifestErrorKind> {
        match self.state {
            State::Before => Err(ManifestErrorKind::NoHeader),
            State::Inside => Err(ManifestErrorKind::CutOff),
            State::After => Ok(self.manifest),
        }
    }
}
