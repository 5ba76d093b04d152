//! Block devices: files, memory, partition windows, overlays and devices that
//! fail on purpose.
//!
//! Everything above this crate sees storage only through [`BlockDevice`]:
//! positioned, exact, shareable between threads, and without knowledge of what
//! the bytes mean. The back ends are [`FileDevice`] (image files and block
//! devices) and [`MemoryDevice`]; [`Window`] narrows a device to a range of
//! it.
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
mod file;
mod memory;
mod pages;
mod window;

pub use device::BlockDevice;
pub use error::{DeviceError, IoOperation};
pub use file::{Access, Existing, FileDevice, FileOptions};
pub use memory::MemoryDevice;
pub use window::Window;
