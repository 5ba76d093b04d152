//! By the Win32 functions, every file by its full path.

use std::path::Path;
use std::sync::Arc;

use linkwright_device::{FileDevice, FileOptions};
use linkwright_fs::FileSystem;
use linkwright_fs::ntfs::{NtfsFs, ReadOnlyFiles};
use linkwright_ntfs::OpenOptions;
use linkwright_win32::constants::{
    CREATE_NEW, FILE_SHARE_DELETE, FILE_SHARE_READ, FILE_SHARE_WRITE, GENERIC_WRITE,
};
use linkwright_win32::{System, Win32Error};

use super::{Told, Watch};
use crate::Outcome;
use crate::load::{Load, Operation};
use crate::volumes::wide;

/// The functions that are called, with their paths.
enum Call {
    File(Vec<u16>),
    Link { existing: Vec<u16>, new: Vec<u16> },
    Delete(Vec<u16>),
}

pub(super) fn calls(image: &Path, load: &Load) -> Outcome<Told> {
    let calls = prepare(load)?;
    let device = FileDevice::open(image, &FileOptions::read_write())?;
    let fs = NtfsFs::open(Arc::new(device), OpenOptions::read_write())?;
    let fs = Arc::new(fs.with_read_only_files(ReadOnlyFiles::LeftToCaller));
    let drive: Arc<dyn FileSystem> = Arc::clone(&fs) as _;
    let system = System::builder().drive('C', drive).build()?;
    let watch = Watch::start();
    for call in &calls {
        perform(&system, call).map_err(|error| format!("{error:?}"))?;
    }
    system.exit_process();
    drop(system);
    let fs = Arc::try_unwrap(fs).map_err(|_| "the volume is still in use")?;
    fs.close()?;
    Ok(watch.told())
}

fn prepare(load: &Load) -> Outcome<Vec<Call>> {
    let path = |object: usize| load.objects[object].path.trim_end_matches('/');
    let mut calls = Vec::with_capacity(load.operations.len());
    for operation in &load.operations {
        let (directory, name) = operation.place();
        let place = win32(&format!("{}/{name}", path(directory)));
        calls.push(match operation {
            Operation::File { .. } => Call::File(place),
            Operation::Link { file, .. } => Call::Link {
                existing: win32(path(*file)),
                new: place,
            },
            Operation::Unlink { .. } => Call::Delete(place),
            Operation::Symlink { .. } | Operation::Junction { .. } => {
                return Err("not measured by path".into());
            }
        });
    }
    Ok(calls)
}

fn win32(path: &str) -> Vec<u16> {
    wide(&format!("C:{}", path.replace('/', "\\")))
}

fn perform(system: &System, call: &Call) -> Result<(), Win32Error> {
    let share = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;
    match call {
        Call::File(path) => {
            let (path, access) = (Some(path.as_slice()), GENERIC_WRITE);
            let handle = system.create_file_w(path, access, share, None, CREATE_NEW, 0, None)?;
            system.close_handle(handle)
        }
        Call::Link { existing, new } => system.create_hard_link_w(Some(new), Some(existing), None),
        Call::Delete(path) => system.delete_file_w(Some(path)),
    }
}
