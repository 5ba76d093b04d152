//! By the engine's own interface: files by reference, journal on, `OnSync`.

use std::path::Path;
use std::sync::Arc;

use linkwright_device::{FileDevice, FileOptions};
use linkwright_ntfs::{OpenOptions, Volume};

use super::{Told, Watch};
use crate::Outcome;
use crate::load::Load;
use crate::volumes::{Step, perform, perform_all, steps};

fn open(image: &Path) -> Outcome<Volume> {
    let device = FileDevice::open(image, &FileOptions::read_write())?;
    Ok(Volume::open(Arc::new(device), OpenOptions::read_write())?)
}

/// Each operation a transaction of its own.
pub(super) fn calls(image: &Path, load: &Load) -> Outcome<Told> {
    let steps = steps(load)?;
    let volume = open(image)?;
    let watch = Watch::start();
    for step in &steps {
        perform(&volume, step)?;
    }
    volume.close()?;
    Ok(watch.told())
}

/// All of them as one: nothing but links in one call.
pub(super) fn transaction(image: &Path, load: &Load) -> Outcome<Told> {
    let steps = steps(load)?;
    let volume = open(image)?;
    let watch = Watch::start();
    let links: Vec<_> = steps.iter().filter_map(Step::new_link).collect();
    if links.len() == steps.len() {
        volume.hard_links(&links)?;
    } else {
        drop(links);
        volume.transaction(|transaction| perform_all(transaction, &steps))?;
    }
    volume.close()?;
    Ok(watch.told())
}

/// The same, opening the volume being part of it.
pub(super) fn open_and_call(image: &Path, load: &Load) -> Outcome<Told> {
    let steps = steps(load)?;
    let watch = Watch::start();
    let volume = open(image)?;
    for step in &steps {
        perform(&volume, step)?;
    }
    volume.close()?;
    Ok(watch.told())
}
