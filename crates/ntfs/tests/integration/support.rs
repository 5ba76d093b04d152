//! Volumes for the tests, and judges of what was written to them.

use std::os::unix::fs::FileExt;
use std::sync::Arc;

use linkwright_device::{BlockDevice, MemoryDevice};
use linkwright_ntfs::{CreateOptions, FileId, FileKind, FixedClock, OpenOptions, Volume};
use linkwright_ntfs_check::{CheckOptions, Problem, Severity, check};
use linkwright_ntfs_format::NtTime;
use linkwright_ntfs_mkfs::{FormatOptions, format};
use linkwright_testkit::ScratchImage;

/// The root directory.
pub(crate) const ROOT: FileId = FileId::ROOT;

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

/// A new empty file.
pub(crate) fn file(volume: &Volume, parent: FileId, name: &str) -> FileId {
    volume
        .create(
            parent,
            &units(name),
            FileKind::File,
            &CreateOptions::default(),
        )
        .unwrap_or_else(|e| panic!("{name}: {e}"))
}

/// A new empty directory.
pub(crate) fn directory(volume: &Volume, parent: FileId, name: &str) -> FileId {
    volume
        .create(
            parent,
            &units(name),
            FileKind::Directory,
            &CreateOptions::default(),
        )
        .unwrap_or_else(|e| panic!("{name}: {e}"))
}

/// All bytes of a stream.
pub(crate) fn read_all(volume: &Volume, file: FileId, stream: &[u16]) -> Vec<u8> {
    let len = volume.stream_len(file, stream).expect("the length");
    let mut bytes = vec![0xEE; usize::try_from(len).unwrap()];
    let got = volume.read_at(file, stream, 0, &mut bytes).expect("read");
    assert_eq!(got, bytes.len());
    bytes
}

/// Bytes that differ from place to place and from seed to seed.
pub(crate) fn pattern(seed: u32, len: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(2_654_435_761) | 1;
    (0..len)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            state.to_le_bytes()[1]
        })
        .collect()
}

/// What the checker holds against a volume, notes left out.
pub(crate) fn problems(device: &dyn BlockDevice, options: &CheckOptions) -> Vec<Problem> {
    let mut found = Vec::new();
    check(device, options, &mut |problem| {
        if problem.severity != Severity::Note {
            found.push(problem);
        }
    })
    .expect("the volume can be checked");
    found
}

/// Fails the test when the checker, at its strictest, has something against a
/// closed volume.
#[track_caller]
pub(crate) fn assert_sound(device: &dyn BlockDevice) {
    assert_no_problems(device, &CheckOptions::strict());
}

/// As [`assert_sound`], for a file of several names that was written to: of such
/// a file Windows refreshes the entry it was opened by, and so do callers.
#[track_caller]
pub(crate) fn assert_sound_as_windows(device: &dyn BlockDevice) {
    assert_no_problems(device, &CheckOptions::default());
}

#[track_caller]
fn assert_no_problems(device: &dyn BlockDevice, options: &CheckOptions) {
    let found = problems(device, options);
    let text: Vec<String> = found.iter().take(20).map(ToString::to_string).collect();
    assert!(
        found.is_empty(),
        "{} problems:\n{}",
        found.len(),
        text.join("\n")
    );
}

/// The device's bytes in a file, holes kept.
pub(crate) fn image_of(device: &MemoryDevice) -> ScratchImage {
    let image = ScratchImage::zeroed(device.len());
    let file = std::fs::File::options()
        .write(true)
        .open(image.path())
        .expect("open the image");
    for range in device.allocated_ranges() {
        let mut bytes = vec![0; usize::try_from(range.end - range.start).unwrap()];
        device.read_at(range.start, &mut bytes).expect("memory");
        file.write_all_at(&bytes, range.start).expect("write");
    }
    image
}
