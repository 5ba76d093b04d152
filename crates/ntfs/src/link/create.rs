//! Making files and directories.

use linkwright_ntfs_format::attribute::{AttributeFlags, AttributeType, Identity, resident_len};
use linkwright_ntfs_format::file_name::{Duplicated, FileName, Namespace};
use linkwright_ntfs_format::index::{self, RootHeader};
use linkwright_ntfs_format::record::{self, RecordFlags};
use linkwright_ntfs_format::sid::Sid;
use linkwright_ntfs_format::standard_information::{
    Extended, FileAttributes, StandardInformation, Times,
};
use linkwright_ntfs_format::usn::UsnReason;
use linkwright_ntfs_format::{FileReference, RecordNumber, SecurityId};
use zerocopy::little_endian::{U16, U32};

use crate::alloc::RecordUse;
use crate::attr::TakenRecord;
use crate::engine::Engine;
use crate::error::{InvalidInput, Place, Result};
use crate::index::directory::NameCase;
use crate::meta::{Creator, ParentDirectory};

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
        let parent = self.parent_directory(parent)?;
        Self::check_name(name)?;
        let security = match &options.security_descriptor {
            Some(descriptor) => self.security_id_for(descriptor)?,
            None => {
                let creator = Creator {
                    owner: options.owner,
                    group: options.group,
                };
                self.security_of_child(&parent, kind, creator)?
            }
        };
        let taken = self.take_record(RecordUse::File)?;
        let file = taken.reference();
        let info = self.first_information(&parent, kind, options, security);
        let mut attributes = info.attributes;
        attributes.set(FileAttributes::FILE_NAME_INDEX, kind == FileKind::Directory);
        let mut name = FileName {
            parent: parent.reference,
            duplicated: Duplicated {
                times: info.times,
                attributes,
                ..Duplicated::default()
            },
            namespace: Namespace::Posix,
            name: name.to_vec(),
        };
        let short = self.short_name_for(&mut name, options.short_name.as_deref())?;
        let value = self.add_entry(&name, file)?;
        self.put_first_attributes(&taken, kind, &info, &value)?;
        if let Some(short) = short {
            self.attach_name(file, &short)?;
        }
        self.touch_directory(parent.reference.record())?;
        self.note_change_of(file.record(), &name, UsnReason::FILE_CREATE)?;
        Ok(file)
    }

    fn first_information(
        &self,
        parent: &ParentDirectory,
        kind: FileKind,
        options: &CreateOptions,
        security_id: SecurityId,
    ) -> StandardInformation {
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
        let mut version = 0;
        match kind {
            FileKind::File => attributes.insert(FileAttributes::ARCHIVE),
            // A directory below a case-sensitive one is so too (NTFS.md 2.14).
            FileKind::Directory => version = u32::from(parent.case == NameCase::Sensitive),
        }
        StandardInformation {
            times,
            attributes,
            version,
            extended: Some(Extended {
                security_id,
                ..Extended::default()
            }),
            ..StandardInformation::default()
        }
    }

    /// Puts the record of a new file in place: `$STANDARD_INFORMATION`, its first
    /// name, and `$DATA` or `$INDEX_ROOT`. Windows numbers the first and the last
    /// of these 0 and 1, and `$FILE_NAME` 2 (NTFS.md 2.5).
    fn put_first_attributes(
        &mut self,
        taken: &TakenRecord,
        kind: FileKind,
        info: &StandardInformation,
        name: &[u8],
    ) -> Result<()> {
        let place = Place::record(taken.number);
        let mut flags = RecordFlags::IN_USE;
        flags.set(RecordFlags::DIRECTORY, kind == FileKind::Directory);
        let mut bytes = self.empty_record(taken, flags, None)?;
        let root = match kind {
            FileKind::File => Vec::new(),
            FileKind::Directory => self.empty_root(taken.number)?,
        };
        let (type_code, type_name): (_, &[u16]) = match kind {
            FileKind::File => (AttributeType::DATA, &[]),
            FileKind::Directory => (AttributeType::INDEX_ROOT, &index::I30),
        };
        let add = |bytes: &mut [u8], instance, type_code, name: &[u16], value: &[u8]| {
            let id = Identity {
                type_code,
                name,
                flags: AttributeFlags::empty(),
                instance,
            };
            record::append_resident(bytes, &id, value).map_err(|e| place.format(e))
        };
        let information = info.encode();
        add(
            &mut bytes,
            0,
            AttributeType::STANDARD_INFORMATION,
            &[],
            &information,
        )?;
        let room = record::free_space(&bytes).map_err(|e| place.format(e))?;
        let wanted = resident_len(0, name.len()) + resident_len(type_name.len(), root.len());
        let fits = wanted <= room;
        if fits {
            add(&mut bytes, 2, AttributeType::FILE_NAME, &[], name)?;
        }
        add(&mut bytes, 1, type_code, type_name, &root)?;
        if fits {
            let header = record::header_mut(&mut bytes).map_err(|e| place.format(e))?;
            header.next_instance = U16::new(3);
            header.link_count = U16::new(1);
            return self.put_record(taken, bytes);
        }
        self.put_record(taken, bytes)?;
        self.insert_name(taken.number, name)?;
        self.modify_header(taken.number, |header| header.link_count = U16::new(1))
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
