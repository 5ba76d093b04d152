//! What volumes say of themselves: `GetVolumeInformation`, `GetVolumePathName`,
//! `GetVolumeNameForVolumeMountPoint`, `GetDiskFreeSpace(Ex)`.

use std::sync::Arc;

use linkwright_codes::Win32Error;
use linkwright_fs::{Capabilities, LinkContent, VolumeFamily, VolumeInfo};
use linkwright_names::path::FullPath;
use linkwright_reparse::ReparseBuffer;

use crate::constants::{
    FILE_CASE_PRESERVED_NAMES, FILE_CASE_SENSITIVE_SEARCH, FILE_FLAG_BACKUP_SEMANTICS,
    FILE_FLAG_OPEN_REPARSE_POINT, FILE_NAMED_STREAMS, FILE_PERSISTENT_ACLS, FILE_READ_ONLY_VOLUME,
    FILE_SHARE_DELETE, FILE_SHARE_READ, FILE_SHARE_WRITE, FILE_SUPPORTS_EXTENDED_ATTRIBUTES,
    FILE_SUPPORTS_HARD_LINKS, FILE_SUPPORTS_OBJECT_IDS, FILE_SUPPORTS_OPEN_BY_FILE_ID,
    FILE_SUPPORTS_POSIX_UNLINK_RENAME, FILE_SUPPORTS_REPARSE_POINTS, FILE_SUPPORTS_TRANSACTIONS,
    FILE_UNICODE_ON_DISK, OPEN_EXISTING,
};
use crate::create_file::FileArguments;
use crate::nt::lookup::PlainView;
use crate::nt::objects::FileObject;
use crate::path::c_string;
use crate::read_write::code;
use crate::volumes::Volume;
use crate::{System, Win32Result};

const BACKSLASH: u16 = b'\\' as u16;

/// Bytes of a sector, as `GetDiskFreeSpace` counts.
const SECTOR_BYTES: u32 = 512;

/// What `GetVolumeInformation` tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VolumeInformation {
    /// The label.
    pub name: Vec<u16>,
    /// The serial number that Windows shows: the lower half of NTFS' own.
    pub serial: u32,
    /// Most units of a component.
    pub max_component_length: u32,
    /// FILE_SUPPORTS_HARD_LINKS, FILE_SUPPORTS_REPARSE_POINTS, ... Only what can
    /// be used here is set.
    pub flags: u32,
    /// Name of the file system.
    pub file_system: Vec<u16>,
}

/// What `GetDiskFreeSpace` tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DiskFreeSpace {
    /// Sectors of a cluster.
    pub sectors_per_cluster: u32,
    /// Bytes of a sector.
    pub bytes_per_sector: u32,
    /// Clusters free.
    pub free_clusters: u32,
    /// All clusters.
    pub total_clusters: u32,
}

/// What `GetDiskFreeSpaceEx` tells, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DiskFreeSpaceEx {
    /// Free for the caller.
    pub available: u64,
    /// All.
    pub total: u64,
    /// Free.
    pub free: u64,
}

impl System {
    /// `GetVolumeInformationW` of the volume whose root directory is named, with
    /// its backslash; NULL is the root of the current directory. Links are
    /// followed: the name of a mounted folder is a root.
    ///
    /// # Errors
    /// ERROR_INVALID_NAME without the backslash; ERROR_DIR_NOT_ROOT;
    /// ERROR_PATH_NOT_FOUND for a drive that is not there.
    pub fn get_volume_information_w(&self, root: Option<&[u16]>) -> Win32Result<VolumeInformation> {
        self.remember(self.volume_information(root))
    }

    pub(crate) fn volume_information(
        &self,
        root: Option<&[u16]>,
    ) -> Win32Result<VolumeInformation> {
        let volume = self.volume_of_root(root)?;
        let info = volume.fs.volume_info().map_err(code)?;
        Ok(VolumeInformation {
            name: info.label.encode_utf16().collect(),
            serial: u32::try_from(info.serial & 0xFFFF_FFFF).unwrap_or_default(),
            max_component_length: info.max_name,
            flags: flags(volume.fs.capabilities(), &info),
            file_system: info.kind.encode_utf16().collect(),
        })
    }

    /// `GetVolumePathNameW`: the root or mounted folder that a path lies under,
    /// which need not be there; with its backslash.
    ///
    /// # Errors
    /// ERROR_INVALID_PARAMETER for NULL or an empty path;
    /// ERROR_FILENAME_EXCED_RANGE when `buffer` is too small.
    pub fn get_volume_path_name_w(
        &self,
        path: Option<&[u16]>,
        buffer: &mut [u16],
    ) -> Win32Result<()> {
        self.remember(self.volume_path(path).and_then(|found| put(&found, buffer)))
    }

    pub(crate) fn volume_path(&self, path: Option<&[u16]>) -> Win32Result<Vec<u16>> {
        let text = c_string(path.ok_or(Win32Error::INVALID_PARAMETER)?);
        if text.is_empty() {
            return Err(Win32Error::INVALID_PARAMETER);
        }
        let full = FullPath::new(text, &self.process.directories())
            .map_err(|_| Win32Error::INVALID_NAME)?;
        let path = full.as_path();
        let root = path.root();
        let mut end = full.units().len();
        while end > root.len() {
            let upto = full.units().get(..end).unwrap_or_default();
            let trimmed = upto.strip_suffix(&[BACKSLASH]).unwrap_or(upto);
            if self.is_mounted_folder(trimmed) {
                return Ok(with_backslash(trimmed));
            }
            let last = trimmed.iter().rposition(|&unit| unit == BACKSLASH);
            end = last.map_or(0, |at| at + 1).min(trimmed.len());
        }
        Ok(with_backslash(root))
    }

    /// `GetVolumeNameForVolumeMountPointW`: `\\?\Volume{...}\` for a root or
    /// mounted folder, named with its backslash.
    ///
    /// # Errors
    /// ERROR_INVALID_NAME without the backslash; ERROR_NOT_A_REPARSE_POINT for
    /// another directory; ERROR_INVALID_PARAMETER for a share.
    pub fn get_volume_name_for_volume_mount_point_w(
        &self,
        mount_point: Option<&[u16]>,
        buffer: &mut [u16],
    ) -> Win32Result<()> {
        let found = self.mounted_volume_name(mount_point);
        self.remember(found.and_then(|found| put(&found, buffer)))
    }

    pub(crate) fn mounted_volume_name(&self, mount_point: Option<&[u16]>) -> Win32Result<Vec<u16>> {
        match self.volume_of_root(mount_point) {
            Ok(volume) if volume.share.is_some() => Err(Win32Error::INVALID_PARAMETER),
            Ok(volume) => Ok(volume_name(&volume)),
            Err(Win32Error::DIR_NOT_ROOT) => Err(Win32Error::NOT_A_REPARSE_POINT),
            Err(error) => Err(error),
        }
    }

    /// `GetDiskFreeSpaceExW` of the volume that a directory lies on; NULL is the
    /// current one. Links are followed. There are no quotas.
    ///
    /// # Errors
    /// Those of opening the directory.
    pub fn get_disk_free_space_ex_w(
        &self,
        directory: Option<&[u16]>,
    ) -> Win32Result<DiskFreeSpaceEx> {
        let info = self.space(directory);
        self.remember(info.map(|info| DiskFreeSpaceEx {
            available: info.free,
            total: info.total,
            free: info.free,
        }))
    }

    /// `GetDiskFreeSpaceW`, in clusters; what a number cannot hold is its
    /// greatest.
    ///
    /// # Errors
    /// As [`System::get_disk_free_space_ex_w`].
    pub fn get_disk_free_space_w(&self, root: Option<&[u16]>) -> Win32Result<DiskFreeSpace> {
        let info = self.space(root);
        self.remember(info.map(|info| {
            let cluster = u64::from(info.cluster.max(SECTOR_BYTES));
            let clusters = |bytes: u64| u32::try_from(bytes / cluster).unwrap_or(u32::MAX);
            DiskFreeSpace {
                sectors_per_cluster: (info.cluster / SECTOR_BYTES).max(1),
                bytes_per_sector: SECTOR_BYTES,
                free_clusters: clusters(info.free),
                total_clusters: clusters(info.total),
            }
        }))
    }

    fn space(&self, directory: Option<&[u16]>) -> Win32Result<VolumeInfo> {
        let current;
        let directory = match directory {
            Some(directory) => directory,
            None => {
                current = self.process.directories().current().units().to_vec();
                &current
            }
        };
        let open = self.open_directory(directory, 0)?;
        open.0.fs.volume_info().map_err(code)
    }

    /// The volume whose root is named.
    fn volume_of_root(&self, root: Option<&[u16]>) -> Win32Result<Arc<Volume>> {
        let current;
        let root = match root {
            Some(root) => c_string(root),
            None => {
                let directories = self.process.directories();
                current = with_backslash(directories.current().as_path().root());
                &current
            }
        };
        if root.last() != Some(&BACKSLASH) {
            return Err(Win32Error::INVALID_NAME);
        }
        let open = self.open_directory(root, 0)?;
        match open.0.link {
            // Only a root is reached by no name.
            None => Ok(Arc::clone(&open.0.volume)),
            Some(_) => Err(Win32Error::DIR_NOT_ROOT),
        }
    }

    fn is_mounted_folder(&self, path: &[u16]) -> bool {
        let Ok(open) = self.open_directory(path, FILE_FLAG_OPEN_REPARSE_POINT) else {
            return false;
        };
        matches!(
            open.0.fs.link(&open.0.node),
            Ok(Some(LinkContent::Reparse(ReparseBuffer::MountPoint(point)))) if point.is_volume()
        )
    }

    /// Opens a directory for its attributes; it is closed with the value.
    fn open_directory(&self, path: &[u16], flags: u32) -> Win32Result<Opened<'_>> {
        let arguments = FileArguments {
            access: 0,
            share: FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
            security: None,
            disposition: OPEN_EXISTING,
            flags: flags | FILE_FLAG_BACKUP_SEMANTICS,
        };
        let last_error = self.get_last_error();
        let handle = self.create_file(Some(path), arguments, None, &PlainView)?;
        self.set_last_error(last_error);
        match self.object::<FileObject>(handle) {
            Ok(open) => Ok(Opened(open, self, handle)),
            Err(_) => {
                // A device.
                self.close_handle(handle)?;
                Err(Win32Error::INVALID_PARAMETER)
            }
        }
    }
}

/// An open file and its handle.
struct Opened<'a>(Arc<FileObject>, &'a System, crate::Handle);

impl Drop for Opened<'_> {
    fn drop(&mut self) {
        let last_error = self.1.get_last_error();
        if self.1.close_handle(self.2).is_err() {
            // Somebody closed the number that only this function knew.
            self.1.set_last_error(last_error);
        }
    }
}

/// `\\?\Volume{...}\`.
pub(crate) fn volume_name(volume: &Volume) -> Vec<u16> {
    format!(r"\\?\{}\", volume.guid).encode_utf16().collect()
}

fn with_backslash(path: &[u16]) -> Vec<u16> {
    let mut path = path.to_vec();
    if path.last() != Some(&BACKSLASH) {
        path.push(BACKSLASH);
    }
    path
}

/// Copies a text and its NUL.
fn put(text: &[u16], buffer: &mut [u16]) -> Win32Result<()> {
    if buffer.len() <= text.len() {
        return Err(Win32Error::FILENAME_EXCED_RANGE);
    }
    for (to, from) in buffer.iter_mut().zip(text.iter().copied().chain([0])) {
        *to = from;
    }
    Ok(())
}

fn flags(has: Capabilities, info: &VolumeInfo) -> u32 {
    let table = [
        (Capabilities::SECURITY, FILE_PERSISTENT_ACLS),
        (Capabilities::REPARSE_POINTS, FILE_SUPPORTS_REPARSE_POINTS),
        (
            Capabilities::POSIX_UNLINK_RENAME,
            FILE_SUPPORTS_POSIX_UNLINK_RENAME,
        ),
        (Capabilities::OBJECT_IDS, FILE_SUPPORTS_OBJECT_IDS),
        (Capabilities::NAMED_STREAMS, FILE_NAMED_STREAMS),
        (Capabilities::READ_ONLY, FILE_READ_ONLY_VOLUME),
        (Capabilities::TRANSACTIONS, FILE_SUPPORTS_TRANSACTIONS),
        (Capabilities::HARD_LINKS, FILE_SUPPORTS_HARD_LINKS),
        (
            Capabilities::EXTENDED_ATTRIBUTES,
            FILE_SUPPORTS_EXTENDED_ATTRIBUTES,
        ),
        (Capabilities::OPEN_BY_ID, FILE_SUPPORTS_OPEN_BY_FILE_ID),
    ];
    let names = FILE_CASE_PRESERVED_NAMES | FILE_UNICODE_ON_DISK;
    let case = match info.family {
        VolumeFamily::Fat | VolumeFamily::Cdfs => 0,
        _ => FILE_CASE_SENSITIVE_SEARCH,
    };
    table
        .into_iter()
        .filter(|(capability, _)| has.contains(*capability))
        .fold(names | case, |flags, (_, flag)| flags | flag)
}
