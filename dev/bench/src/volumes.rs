//! The volumes that loads begin on, made in memory by the engine.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use linkwright_device::{BlockDevice, Existing, FileDevice, MemoryDevice};
use linkwright_ntfs::{
    CreateOptions, FileId, FileKind, LinkType, NewLink, OpenOptions, Transaction, Volume,
};
use linkwright_ntfs_mkfs::{FormatOptions, format};
use linkwright_reparse::{MountPoint, SymbolicLink};

use crate::Outcome;
use crate::load::{Load, Object, Operation, junction, symlink};

/// Bytes of an empty volume with room for its log.
const EMPTY: u64 = 128 << 20;
/// The same where so little is done that preparing the image is most of it.
const TINY: u64 = 16 << 20;
/// Files and names from which a load is more than a trial.
const TRIAL: u64 = 10_000;
/// Bytes for a file with one name: record and entry, with room to split.
const FILE: u64 = 1536;
/// Bytes for a further name: in the file, and in the directory.
const NAME: u64 = 640;

/// A volume, and what is on it.
pub struct Base {
    /// Its bytes.
    pub device: MemoryDevice,
    /// The root, then directories and files as they were asked for.
    pub objects: Vec<Object>,
}

/// UTF-16 units of a name.
#[must_use]
pub fn wide(name: &str) -> Vec<u16> {
    name.encode_utf16().collect()
}

/// Bytes for a volume of so many files, with so many further names.
#[must_use]
pub fn size(files: u64, names: u64) -> u64 {
    let empty = if files + names < TRIAL { TINY } else { EMPTY };
    (empty + files * FILE + names * NAME).next_multiple_of(1 << 20)
}

/// A volume of `bytes` with directories in its root, and files in object
/// `parent` of it (0 is the root).
///
/// # Errors
/// The volume is too small for them.
pub fn base(
    bytes: u64,
    directories: &[String],
    files: impl Iterator<Item = (usize, String)>,
) -> Outcome<Base> {
    let device = Arc::new(MemoryDevice::new(bytes));
    format(&*device, &FormatOptions::default())?;
    let volume = Volume::open(device.clone(), OpenOptions::read_write())?;
    let mut objects = vec![Object {
        reference: FileId::ROOT.raw(),
        path: "/".to_owned(),
    }];
    for name in directories {
        make(&volume, &mut objects, 0, name, FileKind::Directory)?;
    }
    for (parent, name) in files {
        make(&volume, &mut objects, parent, &name, FileKind::File)?;
    }
    volume.close()?;
    Ok(Base {
        device: device.snapshot(),
        objects,
    })
}

fn make(
    volume: &Volume,
    objects: &mut Vec<Object>,
    parent: usize,
    name: &str,
    kind: FileKind,
) -> Outcome<()> {
    let parent = &objects[parent];
    let id = FileId::from_raw(parent.reference);
    let made = volume.create(id, &wide(name), kind, &CreateOptions::default())?;
    let path = format!("{}/{name}", parent.path.trim_end_matches('/'));
    objects.push(Object {
        reference: made.raw(),
        path,
    });
    Ok(())
}

impl Base {
    /// The volume after a load was done to it.
    ///
    /// # Errors
    /// What the engine says.
    pub fn after(&self, load: &Load) -> Outcome<Self> {
        let device = Arc::new(self.device.snapshot());
        let volume = Volume::open(device.clone(), OpenOptions::read_write())?;
        for step in steps(load)? {
            perform(&volume, &step)?;
        }
        volume.close()?;
        Ok(Self {
            device: device.snapshot(),
            objects: self.objects.clone(),
        })
    }
}

/// An operation with all that it needs at hand, so that the clock counts the
/// engine's work only.
pub struct Step {
    parent: FileId,
    name: Vec<u16>,
    work: Work,
}

enum Work {
    File,
    Link(FileId),
    Unlink,
    Symlink(SymbolicLink),
    Junction(MountPoint),
}

/// The operations of a load.
///
/// # Errors
/// A target is too long.
pub fn steps(load: &Load) -> Outcome<Vec<Step>> {
    let id = |object: usize| FileId::from_raw(load.objects[object].reference);
    let mut steps = Vec::with_capacity(load.operations.len());
    for operation in &load.operations {
        let (directory, name) = operation.place();
        let work = match operation {
            Operation::File { .. } => Work::File,
            Operation::Link { file, .. } => Work::Link(id(*file)),
            Operation::Unlink { .. } => Work::Unlink,
            Operation::Symlink { target, .. } => Work::Symlink(symlink(target)?),
            Operation::Junction { target, .. } => Work::Junction(junction(target)?),
        };
        steps.push(Step {
            parent: id(directory),
            name: wide(name),
            work,
        });
    }
    Ok(steps)
}

/// Does a step, by the engine's own interface.
///
/// # Errors
/// What the engine says.
pub fn perform(volume: &Volume, step: &Step) -> linkwright_ntfs::Result<()> {
    let Step { parent, name, work } = step;
    let none = CreateOptions::default();
    match work {
        Work::File => {
            volume.create(*parent, name, FileKind::File, &none)?;
        }
        Work::Link(file) => volume.hard_link(*file, *parent, name)?,
        Work::Unlink => volume.remove(*parent, name)?,
        Work::Symlink(link) => {
            volume.symbolic_link(*parent, name, LinkType::File, link, &none)?;
        }
        Work::Junction(mount) => {
            volume.junction(*parent, name, mount, &none)?;
        }
    }
    Ok(())
}

/// Does steps as part of a transaction, hard links that follow each other in one
/// call.
///
/// # Errors
/// What the engine says.
pub fn perform_all(
    transaction: &mut Transaction<'_>,
    steps: &[Step],
) -> linkwright_ntfs::Result<()> {
    let are_links = |a: &Step, b: &Step| a.new_link().is_some() && b.new_link().is_some();
    for group in steps.chunk_by(are_links) {
        let links: Vec<NewLink<'_>> = group.iter().filter_map(Step::new_link).collect();
        if links.is_empty() {
            group
                .iter()
                .try_for_each(|step| perform_in(transaction, step))?;
        } else {
            transaction.hard_links(&links)?;
        }
    }
    Ok(())
}

impl Step {
    /// The link it makes, if it makes one.
    #[must_use]
    pub fn new_link(&self) -> Option<NewLink<'_>> {
        match self.work {
            Work::Link(file) => Some(NewLink {
                file,
                parent: self.parent,
                name: &self.name,
            }),
            _ => None,
        }
    }
}

fn perform_in(transaction: &mut Transaction<'_>, step: &Step) -> linkwright_ntfs::Result<()> {
    let Step { parent, name, work } = step;
    let none = CreateOptions::default();
    match work {
        Work::File => {
            transaction.create(*parent, name, FileKind::File, &none)?;
        }
        Work::Link(file) => transaction.hard_link(*file, *parent, name)?,
        Work::Unlink => transaction.remove(*parent, name)?,
        Work::Symlink(link) => {
            transaction.symbolic_link(*parent, name, LinkType::File, link, &none)?;
        }
        Work::Junction(mount) => {
            transaction.junction(*parent, name, mount, &none)?;
        }
    }
    Ok(())
}

/// An empty volume in a new file of `bytes`, which stays sparse.
///
/// # Errors
/// The file is there, or cannot be written.
pub fn in_file(path: &Path, bytes: u64) -> Outcome<Arc<dyn BlockDevice>> {
    let device = FileDevice::create(path, bytes, Existing::Refuse, Duration::ZERO)?;
    format(&device, &FormatOptions::default())?;
    Ok(Arc::new(device))
}
