//! A problem: what, how bad, where, found and expected.

use core::fmt;

use linkwright_names::NtName;
use linkwright_ntfs_format::attribute::{AttributeType, AttributeView};
use linkwright_ntfs_format::{FileReference, RecordNumber};

use crate::code::{ProblemCode, Severity};

/// Where a problem is; what does not apply is `None`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Place {
    /// File record.
    pub record: Option<RecordNumber>,
    /// Type of the attribute.
    pub attribute: Option<AttributeType>,
    /// Name of the attribute: a stream or an index.
    pub stream: Option<NtName>,
    /// Name of the file in question.
    pub file_name: Option<NtName>,
    /// Cluster of the stream; in an index the number of the block.
    pub vcn: Option<u64>,
    /// Number of the entry in its node or list, from 0.
    pub entry: Option<u64>,
    /// Byte offset in the structure: boot sector, record, attribute or node.
    pub offset: Option<u64>,
    /// First cluster of the volume.
    pub cluster: Option<u64>,
    /// Number of clusters or blocks, where there is more than one.
    pub length: Option<u64>,
}

/// A value found or expected.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Value {
    /// A count or size.
    Number(u64),
    /// A number people know in hexadecimal: flags, tags, hashes.
    Hex(u64),
    /// A file reference.
    Reference(FileReference),
    /// Words.
    Text(String),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Hex(number) => write!(f, "{number:#x}"),
            Self::Reference(reference) => write!(f, "{reference}"),
            Self::Text(text) => f.write_str(text),
        }
    }
}

impl From<u64> for Value {
    fn from(number: u64) -> Self {
        Self::Number(number)
    }
}

impl From<u32> for Value {
    fn from(number: u32) -> Self {
        Self::Number(number.into())
    }
}

impl From<u16> for Value {
    fn from(number: u16) -> Self {
        Self::Number(number.into())
    }
}

impl From<usize> for Value {
    fn from(number: usize) -> Self {
        Self::Number(number as u64)
    }
}

impl From<FileReference> for Value {
    fn from(reference: FileReference) -> Self {
        Self::Reference(reference)
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

/// Something that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Problem {
    /// What.
    pub code: ProblemCode,
    /// How bad.
    pub severity: Severity,
    /// Where.
    pub place: Place,
    /// What is there.
    pub found: Option<Value>,
    /// What should be there.
    pub expected: Option<Value>,
}

impl Problem {
    pub(crate) fn new(code: ProblemCode) -> Self {
        Self {
            code,
            severity: code.severity(),
            place: Place::default(),
            found: None,
            expected: None,
        }
    }

    /// The note that what was checked is the view through the log, and not the
    /// bytes as they lie: for whoever made that view, as the checker cannot know.
    #[must_use]
    pub fn log_holds_work(groups: u64) -> Self {
        Self::record(ProblemCode::LogHoldsWork, RecordNumber::LOG_FILE)
            .stream(AttributeType::DATA, &[])
            .found(groups)
    }

    /// A problem with record `number`.
    pub(crate) fn record(code: ProblemCode, number: RecordNumber) -> Self {
        let mut problem = Self::new(code);
        problem.place.record = Some(number);
        problem
    }

    /// A problem with an attribute that lies in record `number`.
    pub(crate) fn attribute(
        code: ProblemCode,
        number: RecordNumber,
        view: &AttributeView<'_>,
    ) -> Self {
        let mut problem = Self::record(code, number).stream(view.type_code(), &view.name_units());
        problem.place.offset = u64::try_from(view.offset()).ok();
        problem
    }

    pub(crate) fn stream(mut self, type_code: AttributeType, name: &[u16]) -> Self {
        self.place.attribute = Some(type_code);
        self.place.stream = (!name.is_empty()).then(|| NtName::from_units(name));
        self
    }

    pub(crate) fn file_name(mut self, name: &[u16]) -> Self {
        self.place.file_name = Some(NtName::from_units(name));
        self
    }

    pub(crate) fn vcn(mut self, vcn: u64) -> Self {
        self.place.vcn = Some(vcn);
        self
    }

    pub(crate) fn entry(mut self, entry: u64) -> Self {
        self.place.entry = Some(entry);
        self
    }

    pub(crate) fn offset(mut self, offset: usize) -> Self {
        self.place.offset = u64::try_from(offset).ok();
        self
    }

    pub(crate) fn clusters(mut self, first: u64, length: u64) -> Self {
        self.place.cluster = Some(first);
        self.place.length = Some(length);
        self
    }

    pub(crate) fn found(mut self, value: impl Into<Value>) -> Self {
        self.found = Some(value.into());
        self
    }

    pub(crate) fn expected(mut self, value: impl Into<Value>) -> Self {
        self.expected = Some(value.into());
        self
    }

    /// Lowers the severity to a note.
    pub(crate) fn into_note(mut self) -> Self {
        self.severity = Severity::Note;
        self
    }

    pub(crate) fn note_if(self, condition: bool) -> Self {
        if condition { self.into_note() } else { self }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        let mut part = |f: &mut fmt::Formatter<'_>, text: fmt::Arguments<'_>| {
            write!(f, "{separator}{text}")?;
            separator = ", ";
            Ok(())
        };
        if let Some(record) = self.record {
            part(f, format_args!("file record segment {record}"))?;
        }
        if let Some(name) = &self.file_name {
            part(f, format_args!("\"{}\"", name.to_string_lossy()))?;
        }
        match (self.attribute, &self.stream) {
            (Some(attribute), Some(name)) => {
                part(
                    f,
                    format_args!("{attribute} \"{}\"", name.to_string_lossy()),
                )?;
            }
            (Some(attribute), None) => part(f, format_args!("{attribute}"))?,
            (None, Some(name)) => part(f, format_args!("\"{}\"", name.to_string_lossy()))?,
            (None, None) => {}
        }
        if let Some(vcn) = self.vcn {
            part(f, format_args!("VCN {vcn:#x}"))?;
        }
        if let Some(entry) = self.entry {
            part(f, format_args!("entry {entry}"))?;
        }
        if let Some(offset) = self.offset {
            part(f, format_args!("byte {offset:#x}"))?;
        }
        match (self.cluster, self.length) {
            (Some(first), Some(length)) if length > 1 => part(
                f,
                format_args!(
                    "clusters {first:#x} to {:#x}",
                    first.saturating_add(length - 1)
                ),
            ),
            (Some(first), _) => part(f, format_args!("cluster {first:#x}")),
            (None, _) => Ok(()),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}[{}]: {}", self.severity, self.code, self.code.text())?;
        if self.place != Place::default() {
            write!(f, " ({})", self.place)?;
        }
        match (&self.found, &self.expected) {
            (Some(found), Some(expected)) => write!(f, ": found {found}, expected {expected}"),
            (Some(found), None) => write!(f, ": found {found}"),
            (None, Some(expected)) => write!(f, ": expected {expected}"),
            (None, None) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_reads_as_a_line() {
        let problem = Problem::record(ProblemCode::LinkCount, RecordNumber(38))
            .found(3_u64)
            .expected(2_u64);
        assert_eq!(
            problem.to_string(),
            "inconsistency[link-count]: The link count of a file is incorrect \
             (file record segment 38): found 3, expected 2"
        );
        let leak = Problem::new(ProblemCode::Leaked).clusters(16, 4);
        assert!(leak.to_string().ends_with("(clusters 0x10 to 0x13)"));
    }
}
