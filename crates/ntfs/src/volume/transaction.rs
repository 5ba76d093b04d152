//! An open transaction: operations that happen together.

use linkwright_names::NtName;
use linkwright_ntfs_format::RecordNumber;
use linkwright_ntfs_format::object_id::{ObjectId, ObjectIdAttribute};
use linkwright_ntfs_format::standard_information::FileAttributes;
use linkwright_reparse::{MountPoint, ReparseBuffer, SymbolicLink};

use super::Volume;
use super::steps::Steps;
use crate::FileId;
use crate::dir::DirEntry;
use crate::engine::Engine;
use crate::error::Result;
use crate::link::{
    CreateOptions, EntryState, FileKind, LinkType, LinksError, Name, NewLink, Replace,
};
use crate::meta::{CaseSensitivity, ExtendedAttribute, FileInfo, TimesChange};
use crate::stream::StreamInfo;

/// Operations inside [`crate::Volume::transaction`]. Each is whole by itself:
/// one that fails leaves the work before it, and the transaction may go on.
pub struct Transaction<'a> {
    pub(crate) engine: &'a mut Engine,
}

impl<'a> Transaction<'a> {
    pub(crate) fn new(engine: &'a mut Engine) -> Self {
        Self { engine }
    }

    /// Runs `work` as one step of this transaction: all of it happens, or, when
    /// it returns an error, none, and the transaction may go on.
    ///
    /// # Errors
    /// What `work` returns.
    pub fn step<T>(&mut self, work: impl FnOnce(&mut Transaction<'_>) -> Result<T>) -> Result<T> {
        self.engine.begin_frame();
        let result = work(&mut Transaction::new(self.engine));
        self.engine.end_frame(result)
    }

    /// What the volume says of itself.
    ///
    /// # Errors
    /// `$Volume` or `$Bitmap` cannot be read.
    pub fn info(&self) -> Result<super::VolumeInfo> {
        self.engine.info()
    }
}

impl Transaction<'_> {
    /// As [`Volume::hard_links`], as part of this transaction.
    ///
    /// # Errors
    /// As there; the work before it stays, and the transaction may go on.
    pub fn hard_links(&mut self, links: &[NewLink<'_>]) -> Result<(), LinksError> {
        self.engine.hard_links(links)
    }
}

impl Volume {
    /// Makes many hard links, all of them or none, faster than as many calls of
    /// `hard_link` in a transaction and with the same outcome: the same checks
    /// in the order of `links`, the same error for the first that is refused,
    /// and the same names. All of them have one time. Memory: about 60 bytes a
    /// link beside `links` and the cache.
    ///
    /// # Errors
    /// Those of `hard_link`, with the link they are about. Where the volume is
    /// too small for all links, that may be told instead of a name that is
    /// taken.
    pub fn hard_links(&self, links: &[NewLink<'_>]) -> Result<(), LinksError> {
        let mut engine = self.write()?;
        engine.hard_links(links)?;
        engine.after_operation()?;
        Ok(())
    }
}

impl core::fmt::Debug for Transaction<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Transaction").finish_non_exhaustive()
    }
}

/// Declares the operations that change the volume, on [`Transaction`] (part of
/// it) and on [`Volume`] (a transaction of its own, [`Volume::add`] for those
/// that do no more to directories than to add an entry).
macro_rules! operations {
    ($($(#[$doc:meta])* $name:ident($($arg:ident: $type:ty),*) -> $result:ty = $inner:ident by $way:ident;)*) => {
        impl Transaction<'_> {
            $($(#[$doc])*
            #[doc = "\n# Errors\nThe request cannot be met, the volume is full or damaged, or the device failed; nothing was changed then."]
            pub fn $name(&mut self, $($arg: $type),*) -> Result<$result> {
                self.engine.operation(|engine| engine.$inner($($arg),*))
            })*
        }

        impl Volume {
            $($(#[$doc])*
            #[doc = "\n# Errors\nThe request cannot be met, the volume is full or damaged, or the device failed; nothing was changed then."]
            pub fn $name(&self, $($arg: $type),*) -> Result<$result> {
                self.$way(|engine| engine.$inner($($arg),*))
            })*
        }

        /// The operations that change a volume, on [`Volume`] (each a
        /// transaction of its own) and on [`Steps`] (each part of one).
        pub trait Operations {
            $($(#[$doc])*
            #[doc = "\n# Errors\nThe request cannot be met, the volume is full or damaged, or the device failed; nothing was changed then."]
            fn $name(&self, $($arg: $type),*) -> Result<$result>;)*
        }

        impl Operations for Volume {
            $(fn $name(&self, $($arg: $type),*) -> Result<$result> {
                Volume::$name(self, $($arg),*)
            })*
        }

        impl Operations for Steps<'_, '_> {
            $(fn $name(&self, $($arg: $type),*) -> Result<$result> {
                self.lock().$name($($arg),*)
            })*
        }
    };
}

/// Declares the questions, on [`Transaction`] (which sees its own changes) and
/// on [`Volume`].
macro_rules! questions {
    ($($(#[$doc:meta])* $name:ident($($arg:ident: $type:ty),*) -> $result:ty = $inner:ident;)*) => {
        impl Transaction<'_> {
            $($(#[$doc])*
            #[doc = "\n# Errors\nThe file is gone, the volume is damaged, or the device failed."]
            pub fn $name(&self, $($arg: $type),*) -> Result<$result> {
                self.engine.$inner($($arg),*)
            })*
        }

        impl Volume {
            $($(#[$doc])*
            #[doc = "\n# Errors\nThe file is gone, the volume is damaged, or the device failed."]
            pub fn $name(&self, $($arg: $type),*) -> Result<$result> {
                self.read()?.$inner($($arg),*)
            })*
        }

        /// The questions about a volume, to [`Volume`] and to [`Steps`] (which
        /// sees what its transaction did).
        pub trait Questions {
            $($(#[$doc])*
            #[doc = "\n# Errors\nThe file is gone, the volume is damaged, or the device failed."]
            fn $name(&self, $($arg: $type),*) -> Result<$result>;)*
        }

        impl Questions for Volume {
            $(fn $name(&self, $($arg: $type),*) -> Result<$result> {
                Volume::$name(self, $($arg),*)
            })*
        }

        impl Questions for Steps<'_, '_> {
            $(fn $name(&self, $($arg: $type),*) -> Result<$result> {
                self.lock().$name($($arg),*)
            })*
        }
    };
}

operations! {
    /// Makes a file or directory.
    create(parent: FileId, name: &[u16], kind: FileKind, options: &CreateOptions) -> FileId = create by add;
    /// Gives a file one more name (MS-FSA 2.1.5.15.7).
    hard_link(file: FileId, parent: FileId, name: &[u16]) -> () = hard_link by add;
    /// Makes a symbolic link.
    symbolic_link(parent: FileId, name: &[u16], link_type: LinkType, link: &SymbolicLink, options: &CreateOptions) -> FileId = symbolic_link by change;
    /// Makes a junction.
    junction(parent: FileId, name: &[u16], mount: &MountPoint, options: &CreateOptions) -> FileId = junction by change;
    /// Makes a file or directory with any reparse buffer.
    create_reparse_point(parent: FileId, name: &[u16], kind: FileKind, buffer: &[u8], options: &CreateOptions) -> FileId = create_with_reparse by change;
    /// Removes a name and the 8.3 name beside it; the file goes with its last
    /// name. A directory must be empty; links are not followed.
    remove(parent: FileId, name: &[u16]) -> () = remove_name by change;
    /// Puts an 8.3 name in the place of the one beside a long name; nothing
    /// happens where there is none or the new one is taken.
    set_short_name(parent: FileId, name: &[u16], wanted: &[u16]) -> () = set_short_name by change;
    /// Removes a name as `remove` does, but keeps a file that loses its last one,
    /// and whoever knows its [`FileId`] can go on with it until `drop_aside`.
    set_aside(parent: FileId, name: &[u16]) -> () = set_aside by change;
    /// Removes a file that was set aside.
    drop_aside(file: FileId) -> () = drop_aside by change;
    /// Removes some of the files that sessions cut off had set aside; whether
    /// there are more.
    drop_all_aside() -> bool = drop_all_aside by change;
    /// Gives the file of a name another name instead, here or in another
    /// directory.
    rename(parent: FileId, name: &[u16], new_parent: FileId, new_name: &[u16], replace: Replace) -> () = rename by change;
    /// Writes bytes at an offset of a stream (the empty name is the unnamed
    /// one); a gap in front of them reads as zeros.
    write_at(file: FileId, stream: &[u16], offset: u64, bytes: &[u8]) -> () = write_stream by change;
    /// Cuts a stream or extends it with zeros.
    set_len(file: FileId, stream: &[u16], len: u64) -> () = set_stream_len by change;
    /// Marks a stream sparse.
    set_sparse(file: FileId, stream: &[u16]) -> () = set_sparse by change;
    /// Makes a range of a stream read as zeros; of a sparse stream, whole
    /// clusters of it are freed.
    zero_range(file: FileId, stream: &[u16], offset: u64, len: u64) -> () = zero_stream by change;
    /// Makes an empty named stream.
    create_stream(file: FileId, stream: &[u16]) -> () = create_stream by change;
    /// Removes a named stream.
    remove_stream(file: FileId, stream: &[u16]) -> () = remove_named_stream by change;
    /// Sets those of the four times that are given.
    set_times(file: FileId, times: &TimesChange) -> () = set_times by change;
    /// Sets the attributes that a caller may set (MS-FSA 2.1.5.15.2).
    set_attributes(file: FileId, attributes: FileAttributes) -> () = set_attributes by change;
    /// Makes a directory tell names by case, or not.
    set_case_sensitive(directory: FileId, case: CaseSensitivity) -> () = set_case_sensitive by change;
    /// Sets or replaces a reparse point (MS-FSA 2.1.5.10.37).
    set_reparse_point(file: FileId, buffer: &[u8]) -> () = set_reparse_point by change;
    /// Removes a reparse point of this tag and GUID (MS-FSA 2.1.5.10.7).
    delete_reparse_point(file: FileId, tag: u32, guid: Option<[u8; 16]>) -> () = delete_reparse_point by change;
    /// Gives a file a self-relative security descriptor in place of its own;
    /// equal descriptors are stored once.
    set_security(file: FileId, descriptor: &[u8]) -> () = set_security by change;
    /// Gives a file without an object id one (FSCTL_SET_OBJECT_ID).
    set_object_id(file: FileId, id: &ObjectIdAttribute) -> () = set_object_id by change;
    /// The object id of a file, which gets `fresh` when it has none
    /// (FSCTL_CREATE_OR_GET_OBJECT_ID).
    object_id_or(file: FileId, fresh: ObjectId) -> ObjectIdAttribute = object_id_or by change;
    /// Takes a file's object id away, if it has one (FSCTL_DELETE_OBJECT_ID).
    delete_object_id(file: FileId) -> () = delete_object_id by change;
    /// Puts `list` in place of all extended attributes of a file; at most
    /// 65,531 bytes in the packed form. A reparse point can have none.
    set_extended_attributes(file: FileId, list: &[ExtendedAttribute]) -> () = set_extended_attributes by change;
    /// Makes the entry of one name say what the file's own attributes say, as
    /// Windows does for the name a handle was opened by.
    refresh_name(parent: FileId, name: &[u16]) -> () = refresh_name by change;
}

questions! {
    /// The entry of a name in a directory; `None` when there is none.
    lookup(parent: FileId, name: &[u16]) -> Option<DirEntry> = lookup;
    /// The entry of a name in a directory, and whether it says what the file's own
    /// attributes say.
    lookup_state(parent: FileId, name: &[u16]) -> Option<(DirEntry, EntryState)> = lookup_state;
    /// What a file is.
    file_info(file: FileId) -> FileInfo = file_info;
    /// What a file is, its 8.3 names counted in `link_count`: the cost does not
    /// grow with the number of names.
    file_facts(file: FileId) -> FileInfo = file_facts;
    /// The file of a record number, if that is a base record in use.
    file_by_record(record: RecordNumber) -> FileId = file_by_record;
    /// Every name of a file, 8.3 names among them.
    names(file: FileId) -> Vec<Name> = names;
    /// The names from the root to a file by one of its names.
    path_of(name: &Name) -> Vec<NtName> = path_of;
    /// The streams of a file, the unnamed one first.
    streams(file: FileId) -> Vec<StreamInfo> = streams;
    /// Bytes of a stream.
    stream_len(file: FileId, stream: &[u16]) -> u64 = stream_len;
    /// Reads from an offset of a stream; fewer bytes than asked come at its end
    /// only.
    read_at(file: FileId, stream: &[u16], offset: u64, buf: &mut [u8]) -> usize = read_stream;
    /// The reparse point of a file.
    reparse_point(file: FileId) -> Option<ReparseBuffer> = reparse_point;
    /// The self-relative security descriptor of a file.
    security_descriptor(file: FileId) -> Vec<u8> = security_descriptor;
    /// The object id of a file, with its birth ids where they are known.
    object_id(file: FileId) -> Option<ObjectIdAttribute> = object_id;
    /// The file that has an object id.
    file_by_object_id(id: ObjectId) -> FileId = file_by_object_id;
    /// The extended attributes of a file, in the order they are stored in.
    extended_attributes(file: FileId) -> Vec<ExtendedAttribute> = extended_attributes;
    /// All entries of a directory at once; [`Volume::list`] streams them.
    entries(directory: FileId) -> Vec<DirEntry> = list_all;
}
