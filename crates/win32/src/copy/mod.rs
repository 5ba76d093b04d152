//! `CopyFile`, `CopyFileEx`: data, named streams, extended attributes,
//! attributes and the time of the last write; not the descriptor and not the
//! other times.

mod data;
mod link;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use linkwright_codes::{NtStatus, Win32Error};
use linkwright_fs::{Capabilities, FileSystem, Stat};
use zerocopy::IntoBytes;

pub use data::CopyProgress;
use data::{Pump, Stop};

use crate::constants::{
    COPY_FILE_ALLOW_DECRYPTED_DESTINATION, COPY_FILE_COPY_SYMLINK, COPY_FILE_FAIL_IF_EXISTS,
    COPY_FILE_NO_BUFFERING, COPY_FILE_NO_OFFLOAD, COPY_FILE_OPEN_AND_COPY_REPARSE_POINT,
    COPY_FILE_OPEN_SOURCE_FOR_WRITE, COPY_FILE_RESTARTABLE, COPY_FILE_SKIP_ALTERNATE_STREAMS,
    DELETE, FILE_ATTRIBUTE_ARCHIVE, FILE_ATTRIBUTE_HIDDEN, FILE_ATTRIBUTE_READONLY,
    FILE_ATTRIBUTE_SYSTEM, FILE_BASIC_INFORMATION, FILE_NON_DIRECTORY_FILE,
    FILE_OPEN_FOR_BACKUP_INTENT, FILE_OPEN_REPARSE_POINT, FILE_READ_ATTRIBUTES,
    FILE_SEQUENTIAL_ONLY, FILE_SHARE_DELETE, FILE_SHARE_READ, FILE_SHARE_WRITE,
    FILE_SYNCHRONOUS_IO_NONALERT, FILE_WRITE_ATTRIBUTES, GENERIC_READ, GENERIC_WRITE, SYNCHRONIZE,
};
use crate::nt::create::{Disposition, Request};
use crate::nt::disposition::Fate;
use crate::nt::lookup::PlainView;
use crate::nt::objects::{FileObject, StreamKind};
use crate::nt::query::ticks;
use crate::nt::status;
use crate::opening::ShortOpen;
use crate::path::{Limit, Location, Target};
use crate::structures::FileBasicInfo;
use crate::{System, Win32Result};

/// Asked between the pieces of a copy; the answer is PROGRESS_CONTINUE, _CANCEL,
/// _STOP or _QUIET (`LPPROGRESS_ROUTINE`).
pub type ProgressRoutine<'a> = &'a mut dyn FnMut(&CopyProgress) -> u32;

/// Flags of CopyFileEx, as far as they are known here.
#[derive(Debug, Clone, Copy)]
struct Flags(u32);

impl Flags {
    fn new(flags: u32) -> Win32Result<Self> {
        const KNOWN: u32 = COPY_FILE_FAIL_IF_EXISTS
            | COPY_FILE_RESTARTABLE
            | COPY_FILE_OPEN_SOURCE_FOR_WRITE
            | COPY_FILE_ALLOW_DECRYPTED_DESTINATION
            | COPY_FILE_COPY_SYMLINK
            | COPY_FILE_NO_BUFFERING
            | COPY_FILE_SKIP_ALTERNATE_STREAMS
            | COPY_FILE_NO_OFFLOAD
            | COPY_FILE_OPEN_AND_COPY_REPARSE_POINT;
        match flags & !KNOWN {
            0 => Ok(Self(flags)),
            _ => Err(Win32Error::INVALID_PARAMETER),
        }
    }

    fn has(self, flag: u32) -> bool {
        self.0 & flag != 0
    }

    /// Whether a link is copied itself.
    fn keeps_links(self) -> bool {
        self.has(COPY_FILE_COPY_SYMLINK | COPY_FILE_OPEN_AND_COPY_REPARSE_POINT)
    }
}

impl System {
    /// `CopyFileW`: links are followed on both sides. An existing file is
    /// overwritten unless `fail_if_exists` is set.
    ///
    /// # Errors
    /// Those of [`System::copy_file_ex_w`].
    pub fn copy_file_w(
        &self,
        existing: Option<&[u16]>,
        new: Option<&[u16]>,
        fail_if_exists: bool,
    ) -> Win32Result<()> {
        let flags = match fail_if_exists {
            true => COPY_FILE_FAIL_IF_EXISTS,
            false => 0,
        };
        self.copy_file_ex_w(existing, new, None, None, flags)
    }

    /// `CopyFileExW`. With COPY_FILE_COPY_SYMLINK a symbolic link is copied itself
    /// and takes the place of a link that is there. `cancel` is looked at between
    /// the pieces, as `progress` is asked.
    ///
    /// # Errors
    /// ERROR_FILE_EXISTS with COPY_FILE_FAIL_IF_EXISTS; ERROR_ACCESS_DENIED for a
    /// directory, and over a read-only or hidden file; ERROR_SHARING_VIOLATION for
    /// a file onto itself; ERROR_REQUEST_ABORTED when it was called off;
    /// ERROR_PRIVILEGE_NOT_HELD for a symbolic link; ERROR_INVALID_PARAMETER for
    /// unknown flags; those of opening both.
    pub fn copy_file_ex_w<'a>(
        &self,
        existing: Option<&[u16]>,
        new: Option<&[u16]>,
        progress: Option<ProgressRoutine<'a>>,
        cancel: Option<&'a AtomicBool>,
        flags: u32,
    ) -> Win32Result<()> {
        let pump = Pump::new(progress, cancel);
        self.remember(Flags::new(flags).and_then(|flags| self.copy(existing, new, pump, flags)))
    }

    fn copy(
        &self,
        existing: Option<&[u16]>,
        new: Option<&[u16]>,
        pump: Pump<'_>,
        flags: Flags,
    ) -> Win32Result<()> {
        let source = self.open_source(existing, flags)?;
        if flags.keeps_links()
            && let Some(content) = self.link_of(&source, flags)?
        {
            return self.copy_link(&source, content, new, flags);
        }
        if source.kind == StreamKind::Directory {
            return Err(NtStatus::FILE_IS_A_DIRECTORY.to_win32());
        }
        self.copy_data(&source, new, pump, flags)
    }

    /// The source, or the link itself.
    fn open_source(&self, name: Option<&[u16]>, flags: Flags) -> Win32Result<ShortOpen<'_>> {
        let location = self.file_location(name)?;
        let mut access = GENERIC_READ | FILE_READ_ATTRIBUTES | SYNCHRONIZE;
        if flags.has(COPY_FILE_OPEN_SOURCE_FOR_WRITE) {
            access |= GENERIC_WRITE;
        }
        let options = match flags.keeps_links() {
            true => FILE_OPEN_REPARSE_POINT | FILE_OPEN_FOR_BACKUP_INTENT,
            false => FILE_NON_DIRECTORY_FILE,
        };
        let request = Request {
            location: &location,
            access,
            share: FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
            disposition: Disposition::Open,
            options: options | FILE_SYNCHRONOUS_IO_NONALERT | FILE_SEQUENTIAL_ONLY,
            attributes: 0,
            security: None,
            link: None,
            token: &self.token(),
            view: &PlainView,
        };
        Ok(self.short(self.machine.create(&request)?.0))
    }

    /// Where a name leads, when it is on a volume.
    fn file_location(&self, name: Option<&[u16]>) -> Win32Result<Location> {
        let name = name.ok_or(Win32Error::PATH_NOT_FOUND)?;
        match self.locate(&self.nt_path(name, Limit::File)?)? {
            Target::File(location) => Ok(location),
            Target::Null | Target::Volume(_) => Err(Win32Error::INVALID_PARAMETER),
        }
    }

    /// A file's data and all that goes with it.
    fn copy_data(
        &self,
        source: &FileObject,
        new: Option<&[u16]>,
        mut pump: Pump<'_>,
        flags: Flags,
    ) -> Win32Result<()> {
        let stat = source.fs.stat(&source.node).map_err(status::of)?;
        let location = self.file_location(new)?;
        if flags.keeps_links() {
            self.clear_link(&location, flags)?;
        }
        let destination = self.open_destination(&location, &stat, flags)?;
        let copied = copy_attributes(source, &destination)
            .and_then(|()| pump.streams(source, &destination, flags));
        match copied {
            Ok(()) => self.settle(&destination, &stat),
            Err(stop) => {
                if stop != Stop::Keep {
                    // What was begun is taken back, as far as that can be.
                    self.machine
                        .set_disposition(&destination, Fate::Delete)
                        .unwrap_or_default();
                }
                Err(stop.code())
            }
        }
    }

    /// A new file, or an old one emptied; nobody else may have it open, the
    /// source included.
    fn open_destination(
        &self,
        location: &Location,
        source: &Stat,
        flags: Flags,
    ) -> Win32Result<ShortOpen<'_>> {
        let fails = flags.has(COPY_FILE_FAIL_IF_EXISTS);
        // Read-only comes last: the copy must be written first.
        let kept = FILE_ATTRIBUTE_HIDDEN | FILE_ATTRIBUTE_SYSTEM | FILE_ATTRIBUTE_ARCHIVE;
        let reparse = match flags.keeps_links() {
            true => FILE_OPEN_REPARSE_POINT,
            false => 0,
        };
        let request = Request {
            location,
            access: GENERIC_READ | GENERIC_WRITE | DELETE | FILE_WRITE_ATTRIBUTES | SYNCHRONIZE,
            share: 0,
            disposition: match fails {
                true => Disposition::Create,
                false => Disposition::OverwriteIf,
            },
            options: FILE_NON_DIRECTORY_FILE | FILE_SYNCHRONOUS_IO_NONALERT | reparse,
            attributes: source.attributes.bits() & kept,
            security: None,
            link: None,
            token: &self.token(),
            view: &PlainView,
        };
        match self.machine.create(&request) {
            Ok((open, _)) => Ok(self.short(open)),
            Err(NtStatus::OBJECT_NAME_COLLISION) => Err(Win32Error::FILE_EXISTS),
            Err(status) => Err(status.to_win32()),
        }
    }

    /// The attributes and the time of the last write, after all was written.
    fn settle(&self, destination: &FileObject, source: &Stat) -> Win32Result<()> {
        let kept = FILE_ATTRIBUTE_READONLY | FILE_ATTRIBUTE_HIDDEN | FILE_ATTRIBUTE_SYSTEM;
        let [_, _, written, _] = ticks(&source.times);
        let info = FileBasicInfo {
            last_write_time: written.cast_signed(),
            file_attributes: source.attributes.bits() & kept | FILE_ATTRIBUTE_ARCHIVE,
            ..FileBasicInfo::default()
        };
        let set = self
            .machine
            .set_plain(destination, FILE_BASIC_INFORMATION, info.as_bytes());
        Ok(set.unwrap_or(Ok(()))?)
    }

    fn short(&self, open: Arc<FileObject>) -> ShortOpen<'_> {
        ShortOpen::new(self, open)
    }
}

/// Extended attributes, where both sides have them.
fn copy_attributes(source: &FileObject, destination: &FileObject) -> Result<(), Stop> {
    let both = |fs: &dyn FileSystem| {
        fs.capabilities()
            .contains(Capabilities::EXTENDED_ATTRIBUTES)
    };
    if !both(&*source.fs) || !both(&*destination.fs) {
        return Ok(());
    }
    let list = source.fs.extended_attributes(&source.node)?;
    match list.is_empty() {
        true => Ok(()),
        false => Ok(destination
            .fs
            .set_extended_attributes(&destination.node, &list)?),
    }
}
