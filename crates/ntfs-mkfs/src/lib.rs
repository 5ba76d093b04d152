//! Makes NTFS volumes.
//!
//! [`format()`] lays an empty volume of version 3.1 onto a device: the same
//! metafiles, with the same attributes, security descriptors and numbers, that
//! Windows gives a data volume. Equal devices and equal [`FormatOptions`] give
//! equal bytes; clock and serial number are part of the options.
//!
//! The crate shares structures with the engine (`linkwright-ntfs-format`) but
//! no logic, so that either can judge the other.
//!
//! Order of work: [`FormatOptions`] and the device's length become a plan
//! (which file lies where), the plan becomes file records and stream contents,
//! and a writer puts them on the device, the boot sector last. Where nothing is
//! to be written the device is left alone, so that a sparse image stays small.
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

mod bitmap;
mod error;
mod metafiles;
mod options;
mod plan;
mod record_builder;
mod report;
mod root;
mod secure;
mod view_indexes;
mod writer;

use linkwright_device::BlockDevice;

pub use error::MkfsError;
pub use linkwright_ntfs_format::NtTime;
pub use options::{ChangeJournal, DriveGeometry, FormatOptions, Medium, RecordSize, ShortNames};
pub use report::FormatReport;

/// Smallest device a volume is made on, in bytes.
pub const MIN_DEVICE_LEN: u64 = 2 << 20;
/// Longest volume label, in UTF-16 units (MS-FSCC 2.1.8).
pub const MAX_LABEL_UNITS: usize = 32;

/// Makes an empty NTFS volume on `device`; what was there is lost.
///
/// The boot sector is written last, after a flush, so that a format that was
/// cut short leaves no volume that looks whole.
///
/// # Errors
/// [`MkfsError`]: options that do not fit the device (nothing is written then),
/// or a device that fails.
pub fn format(
    device: &dyn BlockDevice,
    options: &FormatOptions,
) -> Result<FormatReport, MkfsError> {
    options.validate()?;
    let plan = plan::Plan::new(device.len(), options)?;
    writer::write_volume(device, &plan, options)?;
    Ok(FormatReport::new(&plan))
}
