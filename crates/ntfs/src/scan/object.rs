//! What a scan tells of one file.

use linkwright_ntfs_format::attribute::{AttributeType, AttributeView};
use linkwright_ntfs_format::file_name::Namespace;
use linkwright_ntfs_format::record::{self, RecordFlags};
use linkwright_ntfs_format::standard_information::{FileAttributes, StandardInformation};
use linkwright_ntfs_format::{FileReference, RecordNumber, num};

use super::look::{Look, NameAt};
use super::tree::{Stand, Tree};
use crate::error::{CorruptKind, Place, Result};
use crate::meta::FileInfo;
use crate::volume::Volume;

/// Where a name of a file stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Standing {
    /// In a directory that is reached from the root.
    Rooted,
    /// Below one of the volume's own directories, such as `$Extend`, which
    /// listings leave out.
    Hidden,
    /// In no directory that there is: its parent is missing, was used anew, or
    /// lies below itself.
    Lost,
}

/// A file that a scan came to. What it says is of one moment, in which nothing
/// wrote to the volume.
pub struct ScannedFile<'a> {
    pub(super) volume: &'a Volume,
    pub(super) look: &'a Look,
    /// Its base record.
    pub(super) bytes: &'a [u8],
    /// All names, in whatever records they are.
    pub(super) names: &'a [NameAt],
    /// The bytes that they lie in.
    pub(super) text: &'a [u8],
    pub(super) tree: &'a Tree,
    /// Where each name stands, in the order of the names.
    pub(super) stands: &'a [Stand],
}

/// One name of a scanned file.
pub struct ScannedName<'a> {
    name: NameAt,
    text: &'a [u8],
    stand: Stand,
    tree: &'a Tree,
}

impl<'a> ScannedFile<'a> {
    /// The file.
    #[must_use]
    pub fn file(&self) -> FileReference {
        self.look.file
    }

    /// Whether it is a directory.
    #[must_use]
    pub fn is_directory(&self) -> bool {
        self.look.flags.contains(RecordFlags::DIRECTORY)
    }

    /// Whether it is one of the volume's own in `$Extend`.
    #[must_use]
    pub fn is_in_extend(&self) -> bool {
        self.look.flags.contains(RecordFlags::IN_EXTEND)
    }

    /// Names without 8.3 names.
    #[must_use]
    pub fn link_count(&self) -> u32 {
        if !self.look.listed {
            return u32::from(self.look.names);
        }
        let names = self.names().filter(|name| !name.is_short());
        u32::try_from(names.count()).unwrap_or(u32::MAX)
    }

    /// Whether it may be a link of any kind: it has several names, a reparse
    /// point, or attributes in several records, any of which may be one.
    #[must_use]
    pub fn may_be_link(&self) -> bool {
        self.look.reparse || self.look.listed || self.link_count() > 1
    }

    /// Every name, 8.3 names among them.
    pub fn names(&self) -> impl Iterator<Item = ScannedName<'a>> + use<'a> {
        let (text, tree) = (self.text, self.tree);
        let mut stands = self.stands.iter();
        self.names.iter().map(move |name| ScannedName {
            name: *name,
            text,
            stand: stands.next().copied().unwrap_or(Stand::Lost),
            tree,
        })
    }

    /// What the file is, as [`Volume::file_info`] tells it.
    ///
    /// # Errors
    /// Attributes that contradict each other.
    pub fn info(&self) -> Result<FileInfo> {
        if self.look.listed {
            return self.volume.file_info(self.look.file);
        }
        let number = self.look.file.record();
        let mut found = Found::default();
        for attribute in record::attributes(self.bytes) {
            let attribute = attribute.map_err(|e| Place::record(number).format(e))?;
            found.take(&attribute);
        }
        found.info(self, number)
    }

    /// The bytes of the reparse point.
    ///
    /// # Errors
    /// They cannot be read.
    pub fn reparse_bytes(&self) -> Result<Option<Vec<u8>>> {
        if !self.look.reparse && !self.look.listed {
            return Ok(None);
        }
        let resident = record::attributes(self.bytes)
            .flatten()
            .find(|at| at.type_code() == AttributeType::REPARSE_POINT && at.name().is_empty())
            .and_then(|at| at.resident_value().map(<[u8]>::to_vec));
        match resident {
            Some(bytes) => Ok(Some(bytes)),
            None => self.volume.reparse_bytes(self.look.file),
        }
    }
}

/// What [`FileInfo`] is made of.
#[derive(Default)]
struct Found<'a> {
    information: Option<AttributeView<'a>>,
    data: Option<AttributeView<'a>>,
    reparse: Option<AttributeView<'a>>,
}

impl<'a> Found<'a> {
    fn take(&mut self, attribute: &AttributeView<'a>) {
        let unnamed = attribute.name().is_empty();
        let place = match attribute.type_code() {
            AttributeType::STANDARD_INFORMATION => &mut self.information,
            AttributeType::DATA if unnamed => &mut self.data,
            AttributeType::REPARSE_POINT if unnamed => &mut self.reparse,
            _ => return,
        };
        place.get_or_insert(*attribute);
    }

    fn info(&self, file: &ScannedFile<'_>, number: RecordNumber) -> Result<FileInfo> {
        let place = Place::attribute(number, AttributeType::STANDARD_INFORMATION);
        let value = self
            .information
            .and_then(|at| at.resident_value())
            .ok_or_else(|| place.corrupt(CorruptKind::MissingAttribute))?;
        let information = StandardInformation::decode(value).map_err(|e| place.format(e))?;
        let directory = file.is_directory();
        let (size, allocated) = match &self.data {
            Some(data) if !directory => sizes(data),
            _ => (0, 0),
        };
        let mut attributes = information.attributes;
        let reparse_tag = match attributes.contains(FileAttributes::REPARSE_POINT) {
            true => self.reparse_tag(file)?,
            false => None,
        };
        attributes.set(FileAttributes::DIRECTORY, directory);
        let link_count = match u32::from(file.look.counted) {
            counted @ ..=1 => counted,
            _ => file.link_count(),
        };
        Ok(FileInfo {
            file: file.file(),
            attributes,
            times: information.times,
            link_count,
            size,
            allocated,
            reparse_tag,
            security_id: information.security_id(),
            case_sensitive: directory && information.is_case_sensitive_directory(),
            usn: information.extended.map_or(0, |extended| extended.usn),
        })
    }

    fn reparse_tag(&self, file: &ScannedFile<'_>) -> Result<Option<u32>> {
        let tag = |bytes: &[u8]| num::u32_at(bytes, 0).ok();
        match &self.reparse {
            None => Ok(None),
            Some(at) => match at.resident_value() {
                Some(value) => Ok(tag(value)),
                None => Ok(file.reparse_bytes()?.and_then(|bytes| tag(&bytes))),
            },
        }
    }
}

/// Bytes and allocated bytes of a stream, as entries repeat them (NTFS.md 2.8).
fn sizes(data: &AttributeView<'_>) -> (u64, u64) {
    match data.non_resident() {
        None => {
            let len = data.resident_value().map_or(0, <[u8]>::len);
            let size = u64::try_from(len).unwrap_or(u64::MAX);
            (size, size.next_multiple_of(8))
        }
        Some(part) => {
            let sizes = part.sizes();
            (sizes.data, sizes.total_allocated.unwrap_or(sizes.allocated))
        }
    }
}

impl<'a> ScannedName<'a> {
    /// The directory it says it is in.
    #[must_use]
    pub fn parent(&self) -> FileReference {
        self.name.parent
    }

    /// Naming rules.
    #[must_use]
    pub fn namespace(&self) -> Namespace {
        self.name.namespace
    }

    /// Whether it is the 8.3 name of another one.
    #[must_use]
    pub fn is_short(&self) -> bool {
        self.namespace() == Namespace::Dos
    }

    /// How many UTF-16 units the name has.
    #[must_use]
    pub fn unit_count(&self) -> usize {
        self.name.len()
    }

    /// UTF-16 units of the name.
    pub fn units(&self) -> impl ExactSizeIterator<Item = u16> + use<'a> {
        self.name.units(self.text)
    }

    /// Where it stands.
    #[must_use]
    pub fn standing(&self) -> Standing {
        match self.stand {
            Stand::Rooted => Standing::Rooted,
            Stand::Hidden => Standing::Hidden,
            Stand::Lost | Stand::Unknown => Standing::Lost,
        }
    }

    /// The names from the root to the directory it is in, without the root's;
    /// `None` when it is lost. Costs a search for each: names that come one after
    /// the other often have one [`parent`](Self::parent).
    #[must_use]
    pub fn directory(&self) -> Option<Vec<&'a [u16]>> {
        self.directory_below(FileReference::ROOT)
    }

    /// The names from the directory `top` to the one it is in, without `top`'s own;
    /// `None` when that does not lie below `top`, or is lost.
    #[must_use]
    pub fn directory_below(&self, top: FileReference) -> Option<Vec<&'a [u16]>> {
        match self.standing() {
            Standing::Rooted | Standing::Hidden => self.tree.path(top, self.parent()),
            Standing::Lost => None,
        }
    }
}

impl core::fmt::Debug for ScannedFile<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let file = self.file();
        f.debug_struct("ScannedFile")
            .field("file", &file)
            .finish_non_exhaustive()
    }
}

impl core::fmt::Debug for ScannedName<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("ScannedName")
            .field("parent", &self.parent())
            .field("stand", &self.stand)
            .finish_non_exhaustive()
    }
}
