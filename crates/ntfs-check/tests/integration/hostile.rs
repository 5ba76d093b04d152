//! Volumes that lie: whatever the bytes, the check ends, soon, and says so.

use std::ops::{ControlFlow, Range};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use linkwright_device::{
    BlockDevice, DeviceError, FileDevice, FileOptions, IoOperation, MemoryDevice, Overlay,
};
use linkwright_ntfs_check::{CheckError, CheckOptions, ProblemCode, check, check_with_progress};
use linkwright_ntfs_format::attribute::AttributeType;
use linkwright_ntfs_mkfs::{FormatOptions, format};
use linkwright_testkit::corpus::Volume;

use crate::editor::{Editor, I30};
use crate::tools::{filled, findings};

/// Longest a check of one of these small volumes may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// A generator of numbers that look random: xorshift64*.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }
}

/// Writes a number that decoders trip over, of 1, 2, 4 or 8 bytes.
fn scribble(numbers: &mut Numbers, bytes: &mut [u8]) {
    let value = match numbers.below(8) {
        0 => 0,
        1 => u64::MAX,
        2 => 0x7FFF_FFFF_FFFF_FFFF,
        3 => 1 << numbers.below(64),
        4 => numbers.next() % 64,
        _ => numbers.next(),
    };
    let width = 1 << numbers.below(4);
    let at = numbers.below(bytes.len() - width);
    bytes[at..at + width].copy_from_slice(&value.to_le_bytes()[..width]);
}

/// Changes something of the metadata; fix-ups are put right, so that the
/// change is looked at and not only found torn.
fn damage(numbers: &mut Numbers, editor: &Editor<'_>, bases: &[u64]) {
    let number = bases[numbers.below(bases.len())];
    match numbers.below(8) {
        0 => {
            let at = editor.attribute(number, AttributeType::INDEX_ALLOCATION, I30);
            if let Some(at) = at
                && !editor.is_resident(at)
                && editor.block(number, I30, 0).is_some()
            {
                editor.edit_block(number, I30, 0, |bytes| {
                    // Behind the update sequence array.
                    scribble(numbers, &mut bytes[0x40..]);
                });
            }
        }
        1 => {
            // Any sector at the start, where metadata is dense.
            let sector = numbers.below(4096) as u64 * 512;
            editor.change(sector, 512, |bytes| scribble(numbers, bytes));
        }
        _ => editor.edit(number, |bytes| {
            let used = u32::from_le_bytes(bytes[0x18..0x1C].try_into().unwrap()) as usize;
            let end = used.clamp(0x60, bytes.len());
            scribble(numbers, &mut bytes[0x10..end]);
            // The array itself stays where it is.
        }),
    }
}

/// Runs the checker and formats all it says.
fn survive(device: &dyn BlockDevice, what: &str) {
    let start = Instant::now();
    let mut length = 0;
    let result = check(device, &CheckOptions::default(), &mut |problem| {
        length += problem.to_string().len();
    });
    if let Err(error) = result {
        assert!(!matches!(error, CheckError::Cancelled), "{what}");
        length += error.to_string().len();
    }
    let took = start.elapsed();
    assert!(took < PATIENCE, "{what}: {took:?} ({length} bytes said)");
}

fn rounds(base: Arc<dyn BlockDevice>, seed: u64, count: u64) {
    for round in 0..count {
        let device = Overlay::new(base.clone());
        let editor = Editor::new(&device);
        let bases: Vec<u64> = editor.bases().collect();
        let mut numbers = Numbers(seed ^ (round + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
        for _ in 0..=numbers.below(6) {
            // An earlier change may have left nothing to find a place by.
            let found = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                damage(&mut numbers, &editor, &bases);
            }));
            if found.is_err() {
                break;
            }
        }
        survive(&device, &format!("seed {seed}, round {round}"));
    }
}

fn count() -> u64 {
    if linkwright_testkit::long("").is_ok() {
        20_000
    } else {
        150
    }
}

fn open(path: &Path) -> Arc<dyn BlockDevice> {
    Arc::new(FileDevice::open(path, &FileOptions::read_only()).expect("open"))
}

#[test]
fn a_volume_of_ours_may_hold_any_lie() {
    let device = MemoryDevice::new(16 << 20);
    format(&device, &FormatOptions::default()).expect("format");
    rounds(Arc::new(device), 1, count() * 4);
}

#[test]
fn a_filled_volume_may_hold_any_lie() {
    match filled(4096, 512) {
        Ok(image) => rounds(open(image.path()), 2, count() / 8),
        Err(skip) => skip.report(),
    }
}

#[test]
fn a_windows_volume_may_hold_any_lie() {
    for (seed, volume) in [(3, Volume::Velociraptor), (4, Volume::Win7Tiny)] {
        match volume.bare() {
            Ok(path) => rounds(open(&path), seed, count()),
            Err(skip) => skip.report(),
        }
    }
}

#[test]
fn what_is_no_volume_is_refused() {
    let refused = |device: MemoryDevice| {
        let result = check(&device, &CheckOptions::default(), &mut |_| {});
        assert!(
            matches!(result, Err(CheckError::NoBootSector(_))),
            "{result:?}"
        );
    };
    refused(MemoryDevice::new(0));
    refused(MemoryDevice::new(511));
    refused(MemoryDevice::new(1 << 40));
    refused(MemoryDevice::from_bytes(&[0x55; 8192]));
}

#[test]
fn a_volume_cut_off_anywhere_ends_in_words() {
    let device = MemoryDevice::new(8 << 20);
    format(&device, &FormatOptions::default()).expect("format");
    let mut bytes = vec![0; 8 << 20];
    device.read_at(0, &mut bytes).expect("read");
    for len in (0..bytes.len()).step_by(200 * 512 + 77) {
        survive(
            &MemoryDevice::from_bytes(&bytes[..len]),
            &format!("{len} bytes"),
        );
    }
}

/// A device with a place that cannot be read.
struct Scratched {
    inner: Arc<dyn BlockDevice>,
    bad: Range<u64>,
}

impl BlockDevice for Scratched {
    fn len(&self) -> u64 {
        self.inner.len()
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<(), DeviceError> {
        if offset < self.bad.end && self.bad.start < offset + buf.len() as u64 {
            return Err(DeviceError::Injected {
                operation: IoOperation::Read,
                call: 1,
            });
        }
        self.inner.read_at(offset, buf)
    }

    fn write_at(&self, offset: u64, buf: &[u8]) -> Result<(), DeviceError> {
        self.inner.write_at(offset, buf)
    }

    fn flush(&self) -> Result<(), DeviceError> {
        self.inner.flush()
    }

    fn describe(&self) -> String {
        "a scratched disk".to_owned()
    }
}

#[test]
fn what_cannot_be_read_is_told_and_the_rest_is_checked() {
    let device = MemoryDevice::new(16 << 20);
    format(&device, &FormatOptions::default()).expect("format");
    let inner: Arc<dyn BlockDevice> = Arc::new(device);
    let mft = {
        let editor = Editor::new(&inner);
        editor.geometry.mft_lcn().0 * u64::from(editor.geometry.cluster_size())
    };
    let record = mft + 24 * 1024;
    let scratched = Scratched {
        inner: inner.clone(),
        bad: record..record + 512,
    };
    let (problems, summary) = findings(&scratched);
    let unreadable: Vec<_> = problems
        .iter()
        .filter(|problem| problem.code == ProblemCode::Unreadable)
        .map(|problem| problem.place.record.map(|number| number.0))
        .collect();
    assert_eq!(unreadable, [Some(24)], "{problems:#?}");
    assert!(summary.records_in_use > 15);
    // Anywhere else: words, whatever they are.
    for start in (0..16 << 20).step_by(4096 * 7) {
        let bad = start..start + 4096;
        survive(
            &Scratched {
                inner: inner.clone(),
                bad,
            },
            &format!("unreadable at {start}"),
        );
    }
}

#[test]
fn the_check_can_be_cancelled() {
    let device = MemoryDevice::new(16 << 20);
    format(&device, &FormatOptions::default()).expect("format");
    let mut calls = 0;
    let result = check_with_progress(
        &device,
        &CheckOptions::default(),
        &mut |_| {},
        &mut |progress| {
            calls += 1;
            assert!(progress.done <= progress.total);
            if calls == 3 {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        },
    );
    assert!(matches!(result, Err(CheckError::Cancelled)), "{result:?}");
    assert_eq!(calls, 3);
}
