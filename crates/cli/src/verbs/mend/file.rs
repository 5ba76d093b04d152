//! Plans and undo files on the host.

use std::cell::RefCell;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Seek, Write};
use std::path::{Path, PathBuf};

use linkwright_fs::ErrorKind;
use linkwright_links::plan::apply::{Plan, UndoLog};
use linkwright_links::plan::read::{Lines, PlanError, Purpose};
use linkwright_links::plan::{End, Header, Line, Step};

use crate::exit::Exit;
use crate::failure::{Failure, Result};

/// A plan that is being written.
pub(super) struct PlanWriter {
    out: BufWriter<File>,
    /// Where it is; a plan that is applied at once has no name.
    path: Option<PathBuf>,
    steps: u64,
}

impl PlanWriter {
    /// A new file, which must not be there yet; a nameless one without a path.
    pub(super) fn create(path: Option<&Path>, header: &Header) -> Result<Self> {
        let file = match path {
            Some(path) => File::create_new(path).map_err(|error| failure(path, error)),
            None => tempfile::tempfile().map_err(|error| failure(&std::env::temp_dir(), error)),
        }?;
        let mut writer = Self {
            out: BufWriter::new(file),
            path: path.map(Path::to_owned),
            steps: 0,
        };
        writer.line(&Line::Plan(header.clone()))?;
        Ok(writer)
    }

    /// One step.
    pub(super) fn step(&mut self, step: &Step) -> Result<()> {
        self.steps += 1;
        self.line(&Line::Step(Box::new(step.clone())))
    }

    /// The last line; gives the plan to be read.
    pub(super) fn end(mut self) -> Result<PlanFile> {
        self.line(&Line::End(End { steps: self.steps }))?;
        let at = self.path.clone().unwrap_or_else(std::env::temp_dir);
        let file = self
            .out
            .into_inner()
            .map_err(|error| failure(&at, error.into_error()))?;
        PlanFile::of(file, &at)
    }

    /// Removes what was written.
    pub(super) fn abandon(self) {
        if let Some(path) = &self.path {
            std::fs::remove_file(path).ok();
        }
    }

    fn line(&mut self, line: &Line) -> Result<()> {
        write_line(&mut self.out, line)
            .map_err(|error| failure(self.path.as_deref().unwrap_or(Path::new("plan")), error))
    }
}

fn write_line(out: &mut impl Write, line: &Line) -> io::Result<()> {
    serde_json::to_writer(&mut *out, line)?;
    out.write_all(b"\n")
}

/// A plan that is there.
pub(super) struct PlanFile {
    file: RefCell<File>,
    /// The header.
    pub(super) header: Header,
    purpose: Purpose,
    /// How many steps there are.
    pub(super) steps: u64,
}

impl PlanFile {
    /// Opens a file and reads all of it once.
    pub(super) fn open(path: &Path) -> Result<Self> {
        let file = File::open(path).map_err(|error| failure(path, error))?;
        Self::of(file, path)
    }

    fn of(mut file: File, path: &Path) -> Result<Self> {
        let read = |file: &mut File| -> std::result::Result<(Header, Purpose, u64), PlanError> {
            file.rewind()?;
            let mut lines = Lines::open(BufReader::new(file))?;
            let header = lines.header().clone();
            let purpose = lines.purpose();
            let mut steps = 0;
            for step in &mut lines {
                step?;
                steps += 1;
            }
            Ok((header, purpose, steps))
        };
        let (header, purpose, steps) =
            read(&mut file).map_err(|error| plan_failure(path, &error))?;
        Ok(Self {
            file: RefCell::new(file),
            header,
            purpose,
            steps,
        })
    }
}

impl Plan for PlanFile {
    fn purpose(&self) -> Purpose {
        self.purpose
    }

    fn steps(
        &self,
    ) -> std::result::Result<
        Box<dyn Iterator<Item = std::result::Result<Step, PlanError>> + '_>,
        PlanError,
    > {
        let mut file = self.file.borrow().try_clone()?;
        file.rewind()?;
        Ok(Box::new(Lines::open(BufReader::new(file))?))
    }
}

/// An undo file that is being written.
pub(super) struct UndoFile {
    out: BufWriter<File>,
    path: PathBuf,
    header: Header,
    steps: u64,
}

impl UndoFile {
    /// A new file, which must not be there yet.
    pub(super) fn create(path: &Path, header: Header) -> Result<Self> {
        let file = File::create_new(path).map_err(|error| {
            let failure = failure(path, error);
            match failure.kind {
                Some(ErrorKind::AlreadyExists) => {
                    failure.help("it takes back what was done before; name another with --undo")
                }
                _ => failure,
            }
        })?;
        Ok(Self {
            out: BufWriter::new(file),
            path: path.to_owned(),
            header,
            steps: 0,
        })
    }

    /// Removes it: nothing was done.
    pub(super) fn abandon(&self) {
        std::fs::remove_file(&self.path).ok();
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    fn sync_directory(&self) -> io::Result<()> {
        let parent = match self.path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        File::open(parent)?.sync_all()
    }
}

impl UndoLog for UndoFile {
    fn restart(&mut self) -> io::Result<()> {
        self.out.flush()?;
        self.out.get_mut().set_len(0)?;
        self.out.rewind()?;
        self.steps = 0;
        write_line(&mut self.out, &Line::Undo(self.header.clone()))
    }

    fn step(&mut self, step: &Step) -> io::Result<()> {
        self.steps += 1;
        write_line(&mut self.out, &Line::Step(Box::new(step.clone())))
    }

    fn durable(&mut self) -> io::Result<()> {
        self.out.flush()?;
        self.out.get_mut().sync_all()?;
        self.sync_directory()
    }

    fn end(&mut self) -> io::Result<()> {
        write_line(&mut self.out, &Line::End(End { steps: self.steps }))?;
        self.durable()
    }
}

/// An error of a file of the host.
pub(super) fn failure(path: &Path, error: io::Error) -> Failure {
    Failure::at(path.display().to_string(), &error.into())
}

/// An error of a plan.
pub(super) fn plan_failure(path: &Path, error: &PlanError) -> Failure {
    let kind = match error {
        PlanError::Io(error) => linkwright_fs::Error::from(io::Error::from(error.kind())).kind(),
        _ => ErrorKind::InvalidArgument,
    };
    Failure {
        exit: Exit::Refused,
        help: Some("make the plan anew".to_owned()),
        ..Failure::of_kind(path.display().to_string(), kind, error.to_string())
    }
}
