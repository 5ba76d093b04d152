//! What an operation changed, as records of the change journal.
//!
//! An operation stands for open, change and close: each record carries the
//! reasons gathered so far, the last one CLOSE as well (MS-FSCC 2.3.62.2). A
//! name that came or went (HARD_LINK_CHANGE) and the end of a file (FILE_DELETE)
//! are one record with CLOSE each, under the name they are about.

use linkwright_ntfs_format::attribute::AttributeType;
use linkwright_ntfs_format::file_name::{FileName, FileNameView, Namespace};
use linkwright_ntfs_format::standard_information::FileAttributes;
use linkwright_ntfs_format::usn::{UsnReason, UsnRecord};
use linkwright_ntfs_format::{FileReference, RecordNumber, SecurityId};

use crate::attr::AttrKey;
use crate::engine::Engine;
use crate::error::{CorruptKind, Place, Result};

const NAME: AttrKey<'static> = AttrKey::unnamed(AttributeType::FILE_NAME);

/// A file that the operation under way changed.
#[derive(Debug, Clone)]
pub(crate) struct Change {
    base: RecordNumber,
    link: Link,
    reasons: UsnReason,
}

/// The name a record tells the change under.
#[derive(Debug, Clone)]
struct Link {
    parent: FileReference,
    name: Vec<u16>,
}

impl Link {
    fn of(name: &FileName) -> Self {
        Self {
            parent: name.parent,
            name: name.name.clone(),
        }
    }
}

impl Engine {
    /// Records a change of a file under its first name.
    pub(crate) fn note_change(&mut self, base: RecordNumber, reason: UsnReason) -> Result<()> {
        if reason.is_empty() || !self.is_recorded(base)? {
            return Ok(());
        }
        let known = self.state.changes.iter().find(|known| known.base == base);
        let link = match known {
            Some(known) => known.link.clone(),
            None => self.first_link(base)?,
        };
        if self.is_aside(link.parent)? {
            return Ok(());
        }
        self.gather(base, link, reason)
    }

    /// Records a change of a file under one of its names.
    pub(crate) fn note_change_of(
        &mut self,
        base: RecordNumber,
        name: &FileName,
        reason: UsnReason,
    ) -> Result<()> {
        match self.is_recorded(base)? && !self.is_aside(name.parent)? {
            true => self.gather(base, Link::of(name), reason),
            false => Ok(()),
        }
    }

    /// Records a change of the bytes of a stream; `reason` is that of the unnamed
    /// one.
    pub(crate) fn note_data_change(
        &mut self,
        base: RecordNumber,
        stream: &[u16],
        reason: UsnReason,
    ) -> Result<()> {
        /// Reasons of named streams stand four bits above.
        const NAMED: u32 = 4;
        match stream.is_empty() {
            true => self.note_change(base, reason),
            false => self.note_change(base, UsnReason::from_bits_retain(reason.bits() << NAMED)),
        }
    }

    /// Records that a file got `new` as its name instead of `old`.
    pub(crate) fn note_rename(
        &mut self,
        base: RecordNumber,
        old: &FileName,
        new: &FileName,
    ) -> Result<()> {
        if !self.is_recorded(base)? {
            return Ok(());
        }
        let so_far = self.reasons_of(base);
        let reasons = so_far | UsnReason::RENAME_OLD_NAME;
        self.append_change(base, &Link::of(old), reasons)?;
        self.gather(base, Link::of(new), UsnReason::RENAME_NEW_NAME)
    }

    /// Records a change that is told by one record of its own: a name that came
    /// or went, or the end of the file.
    pub(crate) fn note_closed(
        &mut self,
        base: RecordNumber,
        name: &FileName,
        reason: UsnReason,
    ) -> Result<()> {
        if !self.is_recorded(base)? || self.is_aside(name.parent)? {
            return Ok(());
        }
        let reasons = self.reasons_of(base) | reason | UsnReason::CLOSE;
        let usn = self.append_change(base, &Link::of(name), reasons)?;
        self.state.changes.retain(|known| known.base != base);
        self.stamp(base, usn)
    }

    /// Ends the operation: the last record of each file that it changed.
    pub(crate) fn close_changes(&mut self) -> Result<()> {
        if self.state.journal.is_none() {
            return Ok(());
        }
        for change in core::mem::take(&mut self.state.changes) {
            let reasons = change.reasons | UsnReason::CLOSE;
            let usn = self.append_change(change.base, &change.link, reasons)?;
            self.stamp(change.base, usn)?;
        }
        self.save_journal()
    }

    /// Whether changes of this file are recorded: not those of metafiles.
    fn is_recorded(&self, base: RecordNumber) -> Result<bool> {
        if self.state.journal.is_none() || base < RecordNumber::FIRST_USER {
            return Ok(false);
        }
        Ok(!self.is_in_extend(base)?)
    }

    /// Whether a directory is `$Extend` or in it: a file that waits there for its
    /// last user was told to be deleted.
    fn is_aside(&self, parent: FileReference) -> Result<bool> {
        let parent = parent.record();
        Ok(parent == RecordNumber::EXTEND || self.is_in_extend(parent)?)
    }

    fn reasons_of(&self, base: RecordNumber) -> UsnReason {
        let known = self.state.changes.iter().find(|known| known.base == base);
        known.map_or(UsnReason::empty(), |known| known.reasons)
    }

    fn gather(&mut self, base: RecordNumber, link: Link, reason: UsnReason) -> Result<()> {
        let before = self.reasons_of(base);
        let reasons = before | reason;
        if reasons != before {
            self.append_change(base, &link, reasons)?;
        }
        self.state.changes.retain(|known| known.base != base);
        self.state.changes.push(Change {
            base,
            link,
            reasons,
        });
        Ok(())
    }

    fn append_change(&mut self, base: RecordNumber, link: &Link, reason: UsnReason) -> Result<u64> {
        let (_, info) = self.standard_information(base)?;
        let mut attributes = info.attributes;
        attributes.set(FileAttributes::DIRECTORY, self.is_directory(base)?);
        if attributes.is_empty() {
            attributes = FileAttributes::NORMAL;
        }
        self.append_usn(UsnRecord {
            file: self.reference_to(base)?,
            parent: link.parent,
            usn: 0,
            time: self.now(),
            reason,
            source: 0,
            security_id: SecurityId(0),
            attributes,
            name: link.name.clone(),
        })
    }

    /// Writes into a file which record told of it last. Files of old systems
    /// have no room for that.
    fn stamp(&mut self, base: RecordNumber, usn: u64) -> Result<()> {
        self.update_information(base, |info| {
            if let Some(extended) = &mut info.extended {
                extended.usn = usn;
            }
        })
    }

    /// The first name of a file that is no 8.3 name.
    fn first_link(&self, base: RecordNumber) -> Result<Link> {
        let found = self.need(base, NAME)?;
        let view = FileNameView::new(found.resident()?).map_err(|e| found.place().format(e))?;
        let first = view.to_owned();
        if first.namespace != Namespace::Dos {
            return Ok(Link::of(&first));
        }
        let names = self.file_names(base)?;
        names
            .iter()
            .find(|(_, name)| name.namespace != Namespace::Dos)
            .map(|(_, name)| Link::of(name))
            .ok_or_else(|| Place::record(base).corrupt(CorruptKind::MissingAttribute))
    }
}
