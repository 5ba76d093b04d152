//! Name comparison, the inner loop of every search in a directory.
#![forbid(unsafe_code)]
// The macros of Criterion make public functions without a comment.
#![allow(missing_docs)]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use linkwright_names::UpcaseTable;

/// Two names of 24 units that differ in case throughout and then in the last
/// unit: the longest way to a decision.
fn collation(criterion: &mut Criterion) {
    let table = UpcaseTable::windows();
    let lower: Vec<u16> = "file000123_link0042.text".encode_utf16().collect();
    let upper: Vec<u16> = "FILE000123_LINK0042.TEXU".encode_utf16().collect();
    let mut group = criterion.benchmark_group("collation");
    group.throughput(Throughput::Elements(1));
    group.bench_function("24 units, other case", |bencher| {
        bencher.iter(|| table.compare(black_box(&lower), black_box(&upper)));
    });
    group.bench_function("24 units, equal", |bencher| {
        bencher.iter(|| table.compare(black_box(&lower), black_box(&lower)));
    });
    group.finish();
}

criterion_group!(benches, collation);
criterion_main!(benches);
