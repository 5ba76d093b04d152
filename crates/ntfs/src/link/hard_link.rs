//! Hard links (MS-FSA 2.1.5.15.7).

use linkwright_ntfs_format::file_name::{FileName, Namespace};
use linkwright_ntfs_format::standard_information::FileAttributes;
use linkwright_ntfs_format::usn::UsnReason;
use linkwright_ntfs_format::{FileReference, RecordNumber};

use super::names::MAX_NAMES;
use crate::engine::Engine;
use crate::error::{InvalidInput, Result};
use crate::record::header_of;

impl Engine {
    /// Gives a file one more name. The order of the checks is that of MS-FSA:
    /// directory, name, number of names, destination, collision.
    pub(crate) fn hard_link(
        &mut self,
        file: FileReference,
        parent: FileReference,
        name: &[u16],
    ) -> Result<()> {
        self.check_content_change(file)?;
        let base = file.record();
        if self.is_directory(base)? {
            return Err(InvalidInput::IsADirectory.into());
        }
        Self::check_name(name)?;
        let block = self.record(base)?;
        let counted = u32::from(header_of(&block, base)?.link_count.get());
        drop(block);
        if counted >= MAX_NAMES && self.links_without_dos(base, counted)? >= MAX_NAMES {
            return Err(InvalidInput::TooManyLinks.into());
        }
        let directory = self.directory(parent)?;
        if directory == RecordNumber::EXTEND {
            return Err(InvalidInput::Metafile.into());
        }
        let now = self.now();
        self.update_information(base, |info| {
            info.times.changed = now;
            info.attributes.insert(FileAttributes::ARCHIVE);
        })?;
        let name = FileName {
            parent: self.reference_to(directory)?,
            duplicated: self.duplicated(base)?,
            // A further name never gets an 8.3 name (SEMANTICS.md 4.4).
            namespace: Namespace::Posix,
            name: name.to_vec(),
        };
        let file = self.reference_to(base)?;
        self.attach_name(file, &name)?;
        self.touch_directory(directory)?;
        self.note_closed(base, &name, UsnReason::HARD_LINK_CHANGE)
    }
}
