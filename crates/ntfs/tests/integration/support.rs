//! Volumes for the tests.

use std::sync::Arc;

use linkwright_device::{BlockDevice, MemoryDevice};
use linkwright_ntfs::{FixedClock, OpenOptions, Volume};
use linkwright_ntfs_format::NtTime;
use linkwright_ntfs_mkfs::{FormatOptions, format};

/// A moment in 2020.
pub(crate) const NOW: NtTime = NtTime(132_223_104_000_000_000);

/// A fresh volume in memory.
pub(crate) fn fresh(len: u64, options: &FormatOptions) -> Arc<MemoryDevice> {
    let device = Arc::new(MemoryDevice::new(len));
    format(&*device, options).expect("the volume is made");
    device
}

/// Options for writing with a clock that stands still.
pub(crate) fn options() -> OpenOptions {
    OpenOptions {
        clock: Arc::new(FixedClock(NOW)),
        ..OpenOptions::read_write()
    }
}

/// The volume on a device, open for writing.
pub(crate) fn open(device: &Arc<MemoryDevice>) -> Volume {
    let device: Arc<dyn BlockDevice> = device.clone();
    Volume::open(device, options()).expect("the volume opens")
}

/// Text as UTF-16 units.
pub(crate) fn units(text: &str) -> Vec<u16> {
    text.encode_utf16().collect()
}
