//! Block devices: files, memory, partition windows, overlays and devices that
//! fail on purpose.
//!
//! Everything above this crate sees storage only through [`BlockDevice`]:
//! positioned, exact, shareable between threads, and without knowledge of what
//! the bytes mean. The back ends are [`FileDevice`] (image files and block
//! devices) and [`MemoryDevice`]. [`Window`] narrows a device to a range of it,
//! [`Overlay`] keeps writes in memory, [`FaultDevice`] fails on purpose and
//! [`StatsDevice`] counts. [`identify()`] names what a device holds, and
//! [`open_volume_window`] finds the NTFS volume on it.
#![forbid(unsafe_code)]
#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_possible_wrap
)]

mod device;
mod error;
mod fault;
mod file;
mod identify;
mod memory;
mod overlay;
mod pages;
pub mod partitions;
mod stats;
mod volume;
mod window;

pub use device::BlockDevice;
pub use error::{DeviceError, IoOperation};
pub use fault::{Fault, FaultDevice, FaultDuration};
pub use file::{Access, Existing, FileDevice, FileOptions, LockHolder};
pub use identify::{VolumeKind, identify};
pub use memory::MemoryDevice;
pub use overlay::Overlay;
pub use stats::{IoCounts, StatsDevice};
pub use volume::{
    PartitionChoice, PartitionContents, VolumeError, VolumeWindow, open_volume_window,
};
pub use window::Window;
