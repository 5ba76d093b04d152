//! Reading plans, which are hostile input: a line is bounded, every name stays
//! below the place, every link content is one, and the words that people read
//! say what the bytes do.

use std::io::{self, BufRead};

use super::format::{End, Header, Line, Step, VERSION};
use super::state::{FileState, LinkState, State, from_hex};

/// Most bytes of a line: two states of 16 KiB of reparse data in hexadecimal,
/// with their names as text and their security descriptors of 64 KiB.
pub const MAX_LINE: usize = 1 << 20;

/// What is wrong with a plan.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlanError {
    /// It could not be read.
    #[error("it cannot be read: {0}")]
    Io(#[from] io::Error),
    /// A line is too long.
    #[error("line {line} has more than {MAX_LINE} bytes")]
    TooLong {
        /// Number of the line, from 1.
        line: u64,
    },
    /// A line is not of the format.
    #[error("line {line} is no line of a plan: {source}")]
    Json {
        /// Number of the line, from 1.
        line: u64,
        /// What the parser says.
        source: serde_json::Error,
    },
    /// The first line is no header.
    #[error("the first line is no header of a plan or undo file")]
    NoHeader,
    /// A later version made it.
    #[error("it has version {0} of the format, and this program reads {VERSION}")]
    Version(u32),
    /// A line that makes no sense where it is.
    #[error("line {line}: {what}")]
    Bad {
        /// Number of the line, from 1.
        line: u64,
        /// What is wrong.
        what: &'static str,
    },
    /// It ends before its end.
    #[error("it ends after {steps} steps without its last line: it was cut off")]
    CutOff {
        /// How many steps were read.
        steps: u64,
    },
}

/// Whether a file is a plan or takes one back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A plan.
    Plan,
    /// An undo file, which may have been cut off: its writer was killed.
    Undo,
}

/// The lines of a plan.
pub struct Lines<R> {
    input: R,
    purpose: Purpose,
    header: Header,
    number: u64,
    steps: u64,
    ended: bool,
    cut_off: bool,
}

impl<R: BufRead> Lines<R> {
    /// Reads the header.
    ///
    /// # Errors
    /// [`PlanError`].
    pub fn open(mut input: R) -> Result<Self, PlanError> {
        let Some(Read::Whole(text)) = line(&mut input, 1)? else {
            return Err(PlanError::NoHeader);
        };
        let (purpose, header) = match parse(&text, 1) {
            Ok(Line::Plan(header)) => (Purpose::Plan, header),
            Ok(Line::Undo(header)) => (Purpose::Undo, header),
            Ok(_) => return Err(PlanError::NoHeader),
            Err(error) => return Err(error),
        };
        if header.version != VERSION {
            return Err(PlanError::Version(header.version));
        }
        Ok(Self {
            input,
            purpose,
            header,
            number: 1,
            steps: 0,
            ended: false,
            cut_off: false,
        })
    }

    /// The header.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Whether it is a plan or an undo file.
    pub fn purpose(&self) -> Purpose {
        self.purpose
    }

    /// Whether an undo file ended without its last line.
    pub fn was_cut_off(&self) -> bool {
        self.cut_off
    }

    fn read(&mut self) -> Result<Option<Step>, PlanError> {
        self.number += 1;
        let (text, whole) = match line(&mut self.input, self.number)? {
            None => return self.cut().map(|()| None),
            Some(Read::Whole(text)) => (text, true),
            Some(Read::Partial(text)) => (text, false),
        };
        let parsed = match parse(&text, self.number) {
            // The writer was killed in the middle of a line.
            Err(_) if !whole && self.purpose == Purpose::Undo => {
                return self.cut().map(|()| None);
            }
            other => other?,
        };
        let bad = |what| PlanError::Bad {
            line: self.number,
            what,
        };
        match parsed {
            Line::Step(step) => {
                check_step(&step).map_err(bad)?;
                self.steps += 1;
                Ok(Some(*step))
            }
            Line::End(End { steps }) if steps == self.steps => {
                self.ended = true;
                Ok(None)
            }
            Line::End(_) => Err(bad("it counts other steps than there are")),
            Line::Plan(_) | Line::Undo(_) => Err(bad("a second header")),
        }
    }

    fn cut(&mut self) -> Result<(), PlanError> {
        self.ended = true;
        self.cut_off = true;
        match self.purpose {
            Purpose::Undo => Ok(()),
            Purpose::Plan => Err(PlanError::CutOff { steps: self.steps }),
        }
    }
}

impl<R: BufRead> Iterator for Lines<R> {
    type Item = Result<Step, PlanError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let read = self.read().transpose();
        if matches!(read, Some(Err(_))) {
            self.ended = true;
        }
        read
    }
}

/// A line of the input.
enum Read {
    /// One that has its end.
    Whole(Vec<u8>),
    /// What stands behind the last end of a line.
    Partial(Vec<u8>),
}

fn line(input: &mut impl BufRead, number: u64) -> Result<Option<Read>, PlanError> {
    let mut text = Vec::new();
    let limit = u64::try_from(MAX_LINE).unwrap_or(u64::MAX);
    io::Read::take(&mut *input, limit).read_until(b'\n', &mut text)?;
    match text.last() {
        None => Ok(None),
        Some(b'\n') => Ok(Some(Read::Whole(text))),
        Some(_) if text.len() >= MAX_LINE => Err(PlanError::TooLong { line: number }),
        Some(_) => Ok(Some(Read::Partial(text))),
    }
}

fn parse(text: &[u8], line: u64) -> Result<Line, PlanError> {
    serde_json::from_slice(text).map_err(|source| PlanError::Json { line, source })
}

fn check_step(step: &Step) -> Result<(), &'static str> {
    step.path
        .names()
        .ok_or("its path is empty or leads out of the place")?;
    check_state(&step.was)?;
    check_state(&step.shall)
}

fn check_state(state: &State) -> Result<(), &'static str> {
    match state {
        State::Absent => Ok(()),
        State::Link(link) => check_link(link),
        State::File(file) => check_file(file),
    }
}

fn check_link(link: &LinkState) -> Result<(), &'static str> {
    link.content()
        .ok_or("its bytes are no link, or are not what its words say")?;
    link.link_type().ok_or("its type is neither file nor dir")?;
    check_security(link.security.as_deref())?;
    match &link.short_name {
        Some(name) if name.names().is_none_or(|names| names.len() != 1) => {
            Err("its 8.3 name is no name")
        }
        _ => Ok(()),
    }
}

fn check_file(file: &FileState) -> Result<(), &'static str> {
    check_security(file.security.as_deref())?;
    match &file.of {
        Some(of) if of.names().is_none() => Err("the file it shares data with has no path"),
        None if file.shared => Err("it shares data with no file"),
        _ => Ok(()),
    }
}

fn check_security(hex: Option<&str>) -> Result<(), &'static str> {
    match hex {
        Some(hex) if from_hex(hex).is_none() => Err("its security descriptor is no bytes"),
        _ => Ok(()),
    }
}
