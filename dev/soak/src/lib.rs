//! Evidence for the death of a process, and of a process only: a child links in
//! a loop under `Durability::Written`, says so of each link on a pipe, and is
//! killed with SIGKILL at a random moment. Then the volume must open, the
//! checker find nothing, and every acknowledged link be there.
//!
//! The loss of power is another matter: see `linkwright-sim`.
#![forbid(unsafe_code)]

mod child;
mod parent;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use linkwright_device::{Access, BlockDevice, FileDevice, FileOptions};

pub use child::link_until_killed;
pub use parent::{Outcome, Soak};

/// Names that a file gets; a file can have 1,024.
const NAMES_PER_FILE: u64 = 1000;
/// A killed process may hold its lock for a moment more.
const LOCK_WAIT: Duration = Duration::from_secs(10);

/// What went wrong: told in full, to be printed.
pub type Failure = Box<dyn std::error::Error>;

/// The name of the `number`th link.
fn link_name(number: u64) -> Vec<u16> {
    format!("link number {number}").encode_utf16().collect()
}

/// The name of the file whose names the `number`th link is one of.
fn file_name(number: u64) -> Vec<u16> {
    format!("file {}", number / NAMES_PER_FILE)
        .encode_utf16()
        .collect()
}

/// The image as a device.
fn open_image(path: &Path, access: Access) -> Result<Arc<dyn BlockDevice>, Failure> {
    let options = FileOptions {
        access,
        lock_wait: LOCK_WAIT,
    };
    Ok(Arc::new(FileDevice::open(path, &options)?))
}
