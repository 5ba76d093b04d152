//! What the links are about: every check but that for names that are taken.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;

use linkwright_ntfs_format::file_name::{Duplicated, FileName, FileNameHeader, Namespace};
use linkwright_ntfs_format::standard_information::FileAttributes;
use linkwright_ntfs_format::{
    FileReference, FormatError, FormatErrorKind, NtTime, RecordNumber, SequenceNumber,
};

use super::NewLink;
use crate::cache::NumberHasher;
use crate::engine::Engine;
use crate::error::{Error, InvalidInput, Result};
use crate::index::directory::NameCase;
use crate::link::names::MAX_NAMES;
use crate::meta::Survey;

/// A file that gets names.
#[derive(Debug)]
pub(super) struct PlannedFile {
    pub(super) reference: FileReference,
    /// What its new entries repeat.
    pub(super) duplicated: Duplicated,
    /// Names it has, 8.3 names among them, and those without them when that
    /// counts.
    counted: u32,
    long: Option<u32>,
    /// Names it gets.
    pub(super) coming: u32,
}

/// A directory that gets names.
#[derive(Debug)]
pub(super) struct PlannedDirectory {
    pub(super) base: RecordNumber,
    pub(super) reference: FileReference,
    pub(super) case: NameCase,
}

/// The file and the directory of a link.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ends {
    pub(super) file: u32,
    pub(super) directory: u32,
}

/// Files and directories, each once, and which of them a link is about.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) files: Vec<PlannedFile>,
    pub(super) directories: Vec<PlannedDirectory>,
    /// Of each link that passed.
    pub(super) of: Vec<Ends>,
    /// When all of them are made.
    pub(super) now: NtTime,
}

/// Which link is refused, and why.
pub(super) type Refused = (usize, Error);

impl Plan {
    pub(super) fn file(&self, ends: Ends) -> Option<&PlannedFile> {
        self.files.get(usize::try_from(ends.file).ok()?)
    }

    pub(super) fn directory(&self, ends: Ends) -> Option<&PlannedDirectory> {
        self.directories.get(usize::try_from(ends.directory).ok()?)
    }

    /// The fixed part of a link's name, and the file that it is a name of.
    pub(super) fn header(
        &self,
        ends: Ends,
        name: &[u16],
    ) -> Result<(FileReference, FileNameHeader), FormatError> {
        // Every link has both: a name without them fits nowhere.
        let nowhere = FormatError::new(FormatErrorKind::Value, 0);
        let file = self.file(ends).ok_or(nowhere)?;
        let directory = self.directory(ends).ok_or(nowhere)?;
        let header = FileNameHeader::new(
            directory.reference,
            &file.duplicated,
            // A further name never gets an 8.3 name (SEMANTICS.md 4.4).
            Namespace::Posix,
            name.len(),
        )?;
        Ok((file.reference, header))
    }

    /// A link's name as its file has it.
    pub(super) fn file_name(&self, at: usize, link: &NewLink<'_>) -> Option<FileName> {
        let ends = self.of.get(at).copied()?;
        Some(FileName {
            parent: self.directory(ends)?.reference,
            duplicated: self.file(ends)?.duplicated,
            namespace: Namespace::Posix,
            name: link.name.to_vec(),
        })
    }
}

/// Numbers of files and directories by their references.
#[derive(Default)]
struct Known {
    numbers: HashMap<u64, u32, BuildHasherDefault<NumberHasher>>,
    last: Option<(FileReference, u32)>,
}

impl Known {
    fn get(&mut self, reference: FileReference) -> Option<u32> {
        if let Some((last, number)) = self.last
            && last == reference
        {
            return Some(number);
        }
        let number = *self.numbers.get(&reference.raw())?;
        self.last = Some((reference, number));
        Some(number)
    }

    /// A reference leads to a record: the number of that record, which is `next`
    /// when it is new.
    fn put(&mut self, reference: FileReference, record: RecordNumber, next: usize) -> u32 {
        let next = u32::try_from(next).unwrap_or(u32::MAX);
        // As a reference that any sequence number matches.
        let any = FileReference::new(record, SequenceNumber(0));
        let number = *self.numbers.entry(any.raw()).or_insert(next);
        self.numbers.insert(reference.raw(), number);
        self.last = Some((reference, number));
        number
    }
}

impl Engine {
    /// Checks links in the order of MS-FSA, up to the first that is refused.
    pub(super) fn plan_links(&self, links: &[NewLink<'_>]) -> Result<(Plan, Option<Refused>)> {
        if u32::try_from(links.len()).is_err() {
            return Err(InvalidInput::OutOfRange.into());
        }
        let mut plan = Plan {
            files: Vec::new(),
            directories: Vec::new(),
            of: Vec::with_capacity(links.len()),
            now: self.now(),
        };
        let (mut files, mut directories) = (Known::default(), Known::default());
        for (at, link) in links.iter().enumerate() {
            match self.plan_link(&mut plan, &mut files, &mut directories, link) {
                Ok(ends) => plan.of.push(ends),
                Err(error @ Error::InvalidInput(_)) => return Ok((plan, Some((at, error)))),
                Err(error) => return Err(error),
            }
        }
        Ok((plan, None))
    }

    fn plan_link(
        &self,
        plan: &mut Plan,
        files: &mut Known,
        directories: &mut Known,
        link: &NewLink<'_>,
    ) -> Result<Ends> {
        let file = match files.get(link.file) {
            Some(file) => file,
            None => {
                self.check_content_change(link.file)?;
                let record = link.file.record();
                let file = files.put(link.file, record, plan.files.len());
                if plan.files.len() == usize::try_from(file).unwrap_or(usize::MAX) {
                    plan.files.push(self.plan_file(record, plan.now)?);
                }
                file
            }
        };
        Self::check_name(link.name)?;
        self.count_one(plan, file)?;
        let directory = match directories.get(link.parent) {
            Some(directory) => directory,
            None => {
                let base = self.directory(link.parent)?;
                if base == RecordNumber::EXTEND {
                    return Err(InvalidInput::Metafile.into());
                }
                let directory = directories.put(link.parent, base, plan.directories.len());
                if plan.directories.len() == usize::try_from(directory).unwrap_or(usize::MAX) {
                    plan.directories.push(PlannedDirectory {
                        base,
                        reference: self.reference_to(base)?,
                        case: self.name_case(base)?,
                    });
                }
                directory
            }
        };
        Ok(Ends { file, directory })
    }

    fn plan_file(&self, base: RecordNumber, now: NtTime) -> Result<PlannedFile> {
        let mut survey: Survey = self.survey(base)?;
        if survey.directory {
            return Err(InvalidInput::IsADirectory.into());
        }
        let info = survey.information_mut();
        info.times.changed = now;
        info.attributes.insert(FileAttributes::ARCHIVE);
        Ok(PlannedFile {
            reference: survey.reference,
            duplicated: survey.duplicated(),
            counted: survey.link_count.into(),
            long: None,
            coming: 0,
        })
    }

    /// Counts one more name of a file that may have it.
    fn count_one(&self, plan: &mut Plan, file: u32) -> Result<()> {
        let file = usize::try_from(file)
            .ok()
            .and_then(|file| plan.files.get_mut(file));
        let Some(file) = file else { return Ok(()) };
        if file.counted + file.coming >= MAX_NAMES {
            let long = match file.long {
                Some(long) => long,
                None => self.links_without_dos(file.reference.record(), file.counted)?,
            };
            file.long = Some(long);
            if long + file.coming >= MAX_NAMES {
                return Err(InvalidInput::TooManyLinks.into());
            }
        }
        file.coming += 1;
        Ok(())
    }
}
