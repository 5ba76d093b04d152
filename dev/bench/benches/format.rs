//! Structures that every read and write goes through.
#![forbid(unsafe_code)]
// The macros of Criterion make public functions without a comment.
#![allow(missing_docs)]

use std::hint::black_box;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use linkwright_bench::inputs::{fragmented_mapping_pairs, protected_record};
use linkwright_ntfs_format::{fixup, runs::RunList};

/// A run list of 1,000 fragments, per fragment.
fn run_lists(criterion: &mut Criterion) {
    let pairs = fragmented_mapping_pairs(1000);
    let list = RunList::decode(&pairs, 0).expect("valid mapping pairs");
    let mut group = criterion.benchmark_group("run list of 1000");
    group.throughput(Throughput::Elements(1000));
    group.bench_function("decode", |bencher| {
        bencher.iter(|| RunList::decode(black_box(&pairs), 0));
    });
    group.bench_function("encode", |bencher| {
        bencher.iter(|| black_box(&list).encode())
    });
    group.finish();
}

/// The update sequence of a file record and of an index block, per byte.
fn update_sequences(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("update sequence");
    for size in [1024, 4096] {
        let record = protected_record(size);
        group.throughput(Throughput::Bytes(size as u64));
        group.bench_function(format!("remove from {size} bytes"), |bencher| {
            bencher.iter_batched_ref(
                || record.clone(),
                |block| fixup::remove(black_box(block)),
                BatchSize::SmallInput,
            );
        });
    }
    group.finish();
}

criterion_group!(benches, run_lists, update_sequences);
criterion_main!(benches);
