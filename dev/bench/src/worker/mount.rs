//! Through a mount of ntfs-3g: the driver's process and the kernel between.

use std::path::{Path, PathBuf};
use std::time::Instant;

use linkwright_testkit::oracle::ntfs3g::{Access, Mount};

use super::Told;
use crate::Outcome;
use crate::load::{Load, Operation};

enum Call {
    File(PathBuf),
    Link { existing: PathBuf, new: PathBuf },
    Remove(PathBuf),
}

pub(super) fn calls(image: &Path, load: &Load) -> Outcome<Told> {
    let mount = Mount::new(image, Access::ReadWrite)?;
    let calls = prepare(load, mount.path())?;
    let start = Instant::now();
    for call in &calls {
        match call {
            Call::File(path) => drop(std::fs::File::create_new(path)?),
            Call::Link { existing, new } => std::fs::hard_link(existing, new)?,
            Call::Remove(path) => std::fs::remove_file(path)?,
        }
    }
    // Waits for the driver's end.
    mount.unmount()?;
    Ok(Told::of(start.elapsed().as_secs_f64()))
}

fn prepare(load: &Load, root: &Path) -> Outcome<Vec<Call>> {
    let path = |object: usize| root.join(load.objects[object].path.trim_start_matches('/'));
    let mut calls = Vec::with_capacity(load.operations.len());
    for operation in &load.operations {
        let (directory, name) = operation.place();
        let place = path(directory).join(name);
        calls.push(match operation {
            Operation::File { .. } => Call::File(place),
            Operation::Link { file, .. } => Call::Link {
                existing: path(*file),
                new: place,
            },
            Operation::Unlink { .. } => Call::Remove(place),
            Operation::Symlink { .. } | Operation::Junction { .. } => {
                return Err("not measured through a mount: the driver makes other links".into());
            }
        });
    }
    Ok(calls)
}
