//! Operations a second of the engine: 100,000 files made, 100,000 names given.
#![forbid(unsafe_code)]
// The macros of Criterion make public functions without a comment.
#![allow(missing_docs)]

use std::sync::Arc;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use linkwright_device::{BlockDevice, MemoryDevice};
use linkwright_ntfs::{CreateOptions, FileId, FileKind, OpenOptions, Volume};
use linkwright_ntfs_mkfs::{FormatOptions, format};

const COUNT: u64 = 100_000;
/// Names of each file in the measurement of links.
const NAMES: u64 = 100;

fn fresh() -> Volume {
    let device = Arc::new(MemoryDevice::new(1 << 30));
    format(&*device, &FormatOptions::default()).expect("a volume");
    let device: Arc<dyn BlockDevice> = device;
    Volume::open(device, OpenOptions::read_write()).expect("it opens")
}

fn name(text: &str, number: u64) -> Vec<u16> {
    format!("{text} {number:06}").encode_utf16().collect()
}

fn make(volume: &Volume, text: &str, number: u64) -> FileId {
    let none = CreateOptions::default();
    volume
        .create(FileId::ROOT, &name(text, number), FileKind::File, &none)
        .expect("a file")
}

fn rates(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("engine");
    group.sample_size(10);
    group.throughput(Throughput::Elements(COUNT));
    group.bench_function("create in one directory", |bencher| {
        bencher.iter_batched(
            fresh,
            |volume| {
                for n in 0..COUNT {
                    make(&volume, "file", n * 7919 % COUNT);
                }
                volume.sync().expect("written");
                volume
            },
            BatchSize::PerIteration,
        );
    });
    group.bench_function("hard links, 100 to a file", |bencher| {
        bencher.iter_batched(
            || {
                let volume = fresh();
                let files = (0..COUNT / NAMES).map(|n| make(&volume, "file", n));
                let files: Vec<FileId> = files.collect();
                (volume, files)
            },
            |(volume, files)| {
                for n in 0..COUNT {
                    let place = usize::try_from(n % (COUNT / NAMES)).expect("small");
                    let name = name("link", n);
                    volume
                        .hard_link(files[place], FileId::ROOT, &name)
                        .expect("a name");
                }
                volume.sync().expect("written");
                volume
            },
            BatchSize::PerIteration,
        );
    });
    group.finish();
}

criterion_group!(benches, rates);
criterion_main!(benches);
