//! Volumes made on devices and images, judged by programs that share no code
//! with this crate.

mod bytes;
mod errors;
mod judges;
mod matrix;
mod sizes;
mod windows;

use std::path::Path;

use linkwright_device::{FileDevice, FileOptions};
use linkwright_ntfs_format::NtTime;
use linkwright_ntfs_mkfs::{FormatOptions, FormatReport, format};
use linkwright_testkit::ScratchImage;

pub(crate) const KIB: u64 = 1 << 10;
pub(crate) const MIB: u64 = 1 << 20;
pub(crate) const GIB: u64 = 1 << 30;
pub(crate) const TIB: u64 = 1 << 40;

/// Options with a label, a serial number and a time.
pub(crate) fn options() -> FormatOptions {
    FormatOptions {
        label: "Judged".into(),
        serial: 0x1234_5678_9ABC_DEF0,
        time: NtTime(0x01D4_D1BD_8029_76D3),
        ..FormatOptions::default()
    }
}

/// Formats the image file at `path`.
pub(crate) fn format_file(path: &Path, options: &FormatOptions) -> FormatReport {
    let device = FileDevice::open(path, &FileOptions::read_write()).expect("open the image");
    format(&device, options).expect("format")
}

/// A new image with a volume on it.
pub(crate) fn image(len: u64, options: &FormatOptions) -> (ScratchImage, FormatReport) {
    let image = ScratchImage::zeroed(len);
    let report = format_file(image.path(), options);
    (image, report)
}
