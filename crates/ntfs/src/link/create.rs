//! Making files and directories.

use linkwright_ntfs_format::attribute::AttributeType;
use linkwright_ntfs_format::file_name::{FileName, Namespace};
use linkwright_ntfs_format::index::{self, RootHeader};
use linkwright_ntfs_format::record::{self, NewRecord, RecordFlags};
use linkwright_ntfs_format::sid::Sid;
use linkwright_ntfs_format::standard_information::{
    Extended, FileAttributes, StandardInformation, Times,
};
use linkwright_ntfs_format::usn::UsnReason;
use linkwright_ntfs_format::{FileReference, RecordNumber, SecurityId};
use zerocopy::little_endian::U32;

use crate::alloc::RecordUse;
use crate::attr::NewAttribute;
use crate::engine::Engine;
use crate::error::{InvalidInput, Place, Result};
use crate::meta::Creator;

/// What is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FileKind {
    /// A file with an empty unnamed stream.
    File,
    /// An empty directory.
    Directory,
}

/// What a new file starts with; the default is what CreateFile gives.
#[derive(Debug, Clone, Default)]
pub struct CreateOptions {
    /// Attributes beside those that come by themselves.
    pub attributes: FileAttributes,
    /// The four times; the clock's when `None`.
    pub times: Option<Times>,
    /// A self-relative security descriptor; inherited from the directory when
    /// `None`.
    pub security_descriptor: Option<Vec<u8>>,
    /// The owner in an inherited descriptor; the directory's when `None`.
    pub owner: Option<Sid>,
    /// The group in an inherited descriptor; the directory's when `None`.
    pub group: Option<Sid>,
    /// The 8.3 name to have beside the long one, on a volume that has such
    /// names and where the directory has none like it (MS-FSA 2.1.5.1.1, from
    /// the tunnel cache); one is made up else.
    pub short_name: Option<Vec<u16>>,
}

/// Collation of file names.
const COLLATION_FILE_NAME: u32 = 1;

impl Engine {
    /// Makes a file or directory.
    pub(crate) fn create(
        &mut self,
        parent: FileReference,
        name: &[u16],
        kind: FileKind,
        options: &CreateOptions,
    ) -> Result<FileReference> {
        self.check_writable()?;
        let directory = self.directory(parent)?;
        if directory == RecordNumber::EXTEND {
            return Err(InvalidInput::Metafile.into());
        }
        self.create_anywhere(parent, name, kind, options)
    }

    /// Makes a file or directory, in `$Extend` too.
    pub(crate) fn create_anywhere(
        &mut self,
        parent: FileReference,
        name: &[u16],
        kind: FileKind,
        options: &CreateOptions,
    ) -> Result<FileReference> {
        let directory = self.directory(parent)?;
        Self::check_name(name)?;
        let parent = self.reference_to(directory)?;
        let security = match &options.security_descriptor {
            Some(descriptor) => self.security_id_for(descriptor)?,
            None => {
                let creator = Creator {
                    owner: options.owner,
                    group: options.group,
                };
                self.security_of_child(directory, kind, creator)?
            }
        };
        let (number, sequence) = self.take_record(RecordUse::File)?;
        let mut flags = RecordFlags::IN_USE;
        flags.set(RecordFlags::DIRECTORY, kind == FileKind::Directory);
        let new = NewRecord {
            number,
            sequence,
            flags,
            base: None,
        };
        self.modify_record(number, |bytes| record::format(bytes, &new))?;
        self.insert_first_attributes(number, directory, kind, options, security)?;
        let file = FileReference::new(number, sequence);
        let name = FileName {
            parent,
            duplicated: self.duplicated(number)?,
            namespace: Namespace::Posix,
            name: name.to_vec(),
        };
        self.attach_new_name(file, name.clone(), options.short_name.as_deref())?;
        self.touch_directory(directory)?;
        self.note_change_of(number, &name, UsnReason::FILE_CREATE)?;
        Ok(file)
    }

    /// `$STANDARD_INFORMATION`, then `$DATA` or `$INDEX_ROOT`: Windows numbers
    /// them 0 and 1, and `$FILE_NAME` 2 (NTFS.md 2.5).
    fn insert_first_attributes(
        &mut self,
        number: RecordNumber,
        directory: RecordNumber,
        kind: FileKind,
        options: &CreateOptions,
        security_id: SecurityId,
    ) -> Result<()> {
        let now = self.now();
        let times = options.times.unwrap_or(Times {
            created: now,
            modified: now,
            changed: now,
            accessed: now,
        });
        let own =
            FileAttributes::DIRECTORY | FileAttributes::NORMAL | FileAttributes::FILE_NAME_INDEX;
        let mut attributes = options.attributes - own;
        let (_, parent) = self.standard_information(directory)?;
        let mut version = 0;
        match kind {
            FileKind::File => attributes.insert(FileAttributes::ARCHIVE),
            // A directory below a case-sensitive one is so too (NTFS.md 2.14).
            FileKind::Directory => version = u32::from(parent.is_case_sensitive_directory()),
        }
        let info = StandardInformation {
            times,
            attributes,
            version,
            extended: Some(Extended {
                security_id,
                ..Extended::default()
            }),
            ..StandardInformation::default()
        };
        self.insert_attribute(
            number,
            &NewAttribute::resident(AttributeType::STANDARD_INFORMATION, &[], &info.encode()),
        )?;
        match kind {
            FileKind::File => self.insert_attribute(
                number,
                &NewAttribute::resident(AttributeType::DATA, &[], &[]),
            )?,
            FileKind::Directory => {
                let root = self.empty_root(number)?;
                self.insert_attribute(
                    number,
                    &NewAttribute::resident(AttributeType::INDEX_ROOT, &index::I30, &root),
                )?
            }
        };
        Ok(())
    }

    fn empty_root(&self, number: RecordNumber) -> Result<Vec<u8>> {
        let header = RootHeader {
            indexed_type: U32::new(AttributeType::FILE_NAME.0),
            collation: U32::new(COLLATION_FILE_NAME),
            block_size: U32::new(self.geometry.index_block_size()),
            block_clusters: self.geometry.clusters_per_index_block(),
            reserved: [0; 3],
        };
        index::encode_root(&header, &index::encode_last_entry(None), false)
            .map_err(|e| Place::record(number).format(e))
    }

    /// Gives a file a name of its own and, where the volume has 8.3 names, a
    /// short one beside it.
    pub(crate) fn attach_new_name(
        &mut self,
        file: FileReference,
        mut name: FileName,
        wanted: Option<&[u16]>,
    ) -> Result<()> {
        let short = self.short_name_for(&mut name, wanted)?;
        self.attach_name(file, &name)?;
        match short {
            Some(short) => self.attach_name(file, &short),
            None => Ok(()),
        }
    }
}
