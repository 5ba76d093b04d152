//! Decompression.

use std::ops::Range;
use std::path::Path;

use linkwright_ntfs::compress::lznt1::decompress_unit;
use linkwright_ntfs::compress::wof::{Layout, decompress_chunk};
use linkwright_reparse::WofAlgorithm;

use crate::bytes::{Bytes, answers};

const ALGORITHMS: [WofAlgorithm; 4] = [
    WofAlgorithm::Xpress4K,
    WofAlgorithm::Xpress8K,
    WofAlgorithm::Xpress16K,
    WofAlgorithm::Lzx,
];

/// Bytes of a compression unit of 16 clusters of 4 KiB.
const UNIT: usize = 65_536;

pub(super) fn lznt1(bytes: &[u8]) {
    let mut input = Bytes(bytes);
    let mut out = vec![0; input.below(UNIT + 1)];
    answers(decompress_unit(input.0, &mut out));
}

pub(super) fn lznt1_seeds() -> Vec<Vec<u8>> {
    // The example of MS-XCA 2.5, its length before it.
    let example = [
        0x38, 0xB0, 0x88, 0x46, 0x23, 0x20, 0x00, 0x20, 0x47, 0x20, 0x41, 0x00, 0x10, 0xA2, 0x47,
        0x01, 0xA0, 0x45, 0x20, 0x44, 0x00, 0x08, 0x45, 0x01, 0x50, 0x79, 0x00, 0xC0, 0x45, 0x20,
        0x05, 0x24, 0x13, 0x88, 0x05, 0xB4, 0x02, 0x4A, 0x44, 0xEF, 0x03, 0x58, 0x02, 0x8C, 0x09,
        0x16, 0x01, 0x48, 0x45, 0x00, 0xBE, 0x00, 0x9E, 0x00, 0x04, 0x01, 0x18, 0x90, 0x00,
    ];
    let plain = [&[0, 0x10, 0xFF, 0x3F][..], &[b'x'; 4096], &[0, 0]].concat();
    vec![[&[0, 0x10][..], &example].concat(), plain]
}

/// Chunks of a stream as the engine reads them, or, when the second bit of the
/// first byte is set, a chunk by itself: a sound table is rare.
pub(super) fn overlay(bytes: &[u8]) {
    let mut input = Bytes(bytes);
    let kind = input.u8();
    let algorithm = ALGORITHMS[usize::from(kind & 3)];
    if kind & 0x80 != 0 {
        let mut out = vec![0; 1 + input.below(algorithm.chunk_bytes())];
        answers(decompress_chunk(algorithm, input.0, &mut out));
        return;
    }
    let file_bytes = match kind & 0x40 {
        0 => u64::from(input.u32()),
        _ => input.u64(),
    };
    let stream = input.0;
    let Ok(layout) = Layout::new(algorithm, file_bytes, stream.len() as u64) else {
        return;
    };
    let last = layout.chunk_count().saturating_sub(1);
    for chunk in (0..16).chain([last, u64::MAX]) {
        read_chunk(&layout, stream, chunk);
    }
}

fn read_chunk(layout: &Layout, stream: &[u8], chunk: u64) {
    let part = |range: Range<u64>| {
        let start = usize::try_from(range.start).ok()?;
        stream.get(start..usize::try_from(range.end).ok()?)
    };
    let entries = part(layout.table_span(chunk)).expect("a table lies in its stream");
    let Ok(span) = layout.data_span(chunk, entries) else {
        return;
    };
    let compressed = part(span).expect("a chunk lies in its stream");
    let plain = layout.file_span(chunk);
    let len = usize::try_from(plain.end - plain.start).expect("a chunk is small");
    let mut out = vec![0; len];
    answers(decompress_chunk(layout.algorithm(), compressed, &mut out));
}

/// Bytes of the file in each of the streams beside the engine's decoder.
const PLAIN: u32 = 0x8000 - 40 + 500 + 3000;

pub(super) fn overlay_seeds() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/ntfs/src/compress/testdata");
    let kinds = ["xpress4k", "xpress8k", "xpress16k", "lzx"];
    let mut seeds = Vec::new();
    for (kind, name) in (0_u8..).zip(kinds) {
        let stream = std::fs::read(folder.join(format!("{name}.bin"))).expect("it is committed");
        let head = [&[kind][..], &PLAIN.to_le_bytes()].concat();
        seeds.push([&head, stream.as_slice()].concat());
        seeds.push([&[kind | 0x80, 0xFF, 0x0F], &stream[36..3000]].concat());
    }
    seeds
}
