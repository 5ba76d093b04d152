//! The lines of a plan.

use linkwright_fs::Name;
use serde::{Deserialize, Serialize};

use super::state::State;

/// The version of the format that is written, and the only one that is read.
pub const VERSION: u32 = 1;

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "message_type", rename_all = "snake_case")]
pub enum Line {
    /// The first line of a plan.
    Plan(Header),
    /// The first line of an undo file.
    Undo(Header),
    /// What is to be done to one link.
    Step(Box<Step>),
    /// The last line of what is whole.
    End(End),
}

/// What a plan is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// [`VERSION`].
    pub version: u32,
    /// The verb that made it.
    pub verb: String,
    /// When, as RFC 3339.
    pub made: String,
    /// The place as it was given, made absolute: `/home/me/disk.img:/dir`.
    pub location: String,
    /// Its bytes, where it is no text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location_bytes: Option<Vec<u8>>,
    /// The volume.
    pub volume: VolumeId,
}

/// What tells one volume, and the place on it, from others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VolumeId {
    /// `NTFS` or `posix`.
    pub kind: String,
    /// Serial number in hexadecimal, 0 where there is none.
    pub serial: String,
    /// Record number of the place, or its inode number.
    pub record: u64,
    /// How often the record was used before.
    pub sequence: u16,
}

/// A path of names, `/` between them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PathText {
    /// As text.
    pub path: String,
    /// Its UTF-16 units, where it is no text; then they are what counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path_utf16: Option<Vec<u16>>,
}

impl PathText {
    /// Of names.
    pub fn of(names: &[Name]) -> Self {
        const SLASH: u16 = b'/' as u16;
        let parts: Vec<&[u16]> = names.iter().map(Name::units).collect();
        let units = parts.join(&SLASH);
        match String::from_utf16(&units) {
            Ok(path) => Self {
                path,
                path_utf16: None,
            },
            Err(_) => Self {
                path: String::from_utf16_lossy(&units),
                path_utf16: Some(units),
            },
        }
    }

    /// The names; `None` when a name is empty, `.` or `..`, or none is there:
    /// nothing may lead out of the place.
    pub fn names(&self) -> Option<Vec<Name>> {
        let units = match &self.path_utf16 {
            Some(units) => units.clone(),
            None => self.path.encode_utf16().collect(),
        };
        units
            .split(|&unit| unit == u16::from(b'/'))
            .map(|part| {
                let is_dots = part.iter().all(|&unit| unit == u16::from(b'.')) && part.len() <= 2;
                let has_nul = part.contains(&0);
                (!is_dots && !has_nul).then(|| Name::from_units(part.to_vec()))
            })
            .collect()
    }
}

/// One link: what it was and what it shall be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Where, below the place.
    #[serde(flatten)]
    pub path: PathText,
    /// What for: codes of findings, or the verb.
    pub why: Vec<String>,
    /// What is there before.
    pub was: State,
    /// What is there afterwards.
    pub shall: State,
}

impl Step {
    /// The step that takes this one back.
    #[must_use]
    pub fn reversed(&self) -> Self {
        Self {
            path: self.path.clone(),
            why: self.why.clone(),
            was: self.shall.clone().after(&self.was),
            shall: self.was.clone(),
        }
    }
}

/// The last line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    /// How many steps there are.
    pub steps: u64,
}
