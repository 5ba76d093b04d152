//! Streams made by another compressor: resources of WIM files have the form of overlay streams.
//!
//! `wimlib-imagex` (Debian: wimtools) captures made-up files; where the tool is absent the live
//! test is skipped, and the committed resources in `testdata`, made by the same test with
//! `LINKWRIGHT_BLESS=1`, still say that the decoders agree with it.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use linkwright_reparse::WofAlgorithm;

use super::wof::{Layout, decompress_chunk};

const ALGORITHMS: [(WofAlgorithm, &str, &str); 4] = [
    (WofAlgorithm::Xpress4K, "XPRESS", "xpress4k"),
    (WofAlgorithm::Xpress8K, "XPRESS", "xpress8k"),
    (WofAlgorithm::Xpress16K, "XPRESS", "xpress16k"),
    (WofAlgorithm::Lzx, "LZX", "lzx"),
];

/// A small generator, so that the inputs are the same everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self, below: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below
    }

    fn byte(&mut self, below: u64) -> u8 {
        u8::try_from(self.next(below)).unwrap()
    }
}

/// Text of few words: literals, short and long matches.
fn words(random: &mut Random, length: usize) -> Vec<u8> {
    let dictionary: Vec<Vec<u8>> = (0..60)
        .map(|_| {
            (0..2 + random.next(12))
                .map(|_| b'a' + random.byte(20))
                .collect()
        })
        .collect();
    let mut text = Vec::new();
    while text.len() < length {
        let at = usize::try_from(random.next(60)).unwrap();
        text.extend(&dictionary[at]);
        text.push(b' ');
    }
    text.truncate(length);
    text
}

/// Machine code in kind: calls at every few bytes, with operands of every range, so that each
/// branch of the call translation is met, at the very end of the chunks too.
fn calls(random: &mut Random, length: usize) -> Vec<u8> {
    let mut code = Vec::new();
    while code.len() < length {
        code.push(0xE8);
        let operand = match random.next(5) {
            0 => random.next(40_000),
            1 => 12_000_000 - random.next(70_000),
            2 => random.next(1 << 31),
            3 => (1 << 32) - 1 - random.next(40_000),
            _ => (1 << 32) - 12_000_000 + random.next(70_000),
        };
        let operand = u32::try_from(operand).unwrap();
        code.extend(operand.to_le_bytes());
        code.extend((0..random.next(4)).map(|_| 0x90));
    }
    code.truncate(length);
    code
}

/// Inputs of different lengths, which tell them apart in the WIM file.
fn inputs() -> Vec<Vec<u8>> {
    let mut random = Random(2026);
    let mut all = vec![
        vec![b'x'; 1],
        b"short".to_vec(),
        vec![0; 100_000],
        words(&mut random, 0x1000),
        words(&mut random, 0x8000),
        words(&mut random, 0x8001),
        words(&mut random, 70_001),
        calls(&mut random, 0x8000 + 300),
        (0..5000).map(|_| random.byte(256)).collect(),
        (0..40_000).map(|_| random.byte(3)).collect(),
    ];
    // The tail of a chunk whose calls are left alone: every distance from the end.
    for length in 5000..5030 {
        let mut bytes = words(&mut random, length);
        let cut = length - usize::try_from(random.next(25) + 1).unwrap();
        bytes.truncate(cut);
        bytes.extend(calls(&mut random, length + 100 - cut));
        all.push(bytes);
    }
    // A match of the whole distance, and runs of all lengths.
    let mut far = words(&mut random, 300);
    far.extend((0..32_000).map(|_| random.byte(256)));
    let head = far[..300].to_vec();
    far.extend(head);
    all.push(far);
    let mut runs = Vec::new();
    for length in 1..400 {
        runs.extend(vec![random.byte(256); length]);
    }
    all.push(runs);
    all
}

fn u64_at(bytes: &[u8], at: usize, width: usize) -> u64 {
    let slice = &bytes[at..at + width];
    slice
        .iter()
        .rev()
        .fold(0, |all, &byte| all << 8 | u64::from(byte))
}

/// Every file's resource by the length of its data: (whether it is compressed, bytes).
fn resources(wim: &[u8]) -> BTreeMap<u64, (bool, Vec<u8>)> {
    const ENTRY: usize = 50;
    let at = |offset: usize| usize::try_from(u64_at(wim, offset, 8)).unwrap();
    let (table, size) = (at(56), usize::try_from(u64_at(wim, 48, 7)).unwrap());
    let mut found = BTreeMap::new();
    for entry in (table..table + size).step_by(ENTRY) {
        let stored = usize::try_from(u64_at(wim, entry, 7)).unwrap();
        let flags = wim[entry + 7];
        let start = at(entry + 8);
        if flags & 0x02 == 0 {
            let bytes = wim[start..start + stored].to_vec();
            found.insert(u64_at(wim, entry + 16, 8), (flags & 0x04 != 0, bytes));
        }
    }
    found
}

fn decompress(algorithm: WofAlgorithm, stream: &[u8], length: usize) -> Vec<u8> {
    let stream_bytes = u64::try_from(stream.len()).unwrap();
    let layout = Layout::new(algorithm, u64::try_from(length).unwrap(), stream_bytes).unwrap();
    let part = |span: std::ops::Range<u64>| {
        &stream[usize::try_from(span.start).unwrap()..usize::try_from(span.end).unwrap()]
    };
    let mut file = Vec::new();
    for chunk in 0..layout.chunk_count() {
        let entries = part(layout.table_span(chunk));
        let compressed = part(layout.data_span(chunk, entries).unwrap());
        let plain = layout.file_span(chunk);
        let mut out = vec![0; usize::try_from(plain.end - plain.start).unwrap()];
        decompress_chunk(algorithm, compressed, &mut out).unwrap();
        file.extend(out);
    }
    file
}

fn capture(folder: &Path, wim: &Path, algorithm: WofAlgorithm, name: &str) -> bool {
    let output = Command::new("wimlib-imagex")
        .arg("capture")
        .args([folder, wim])
        .arg(format!("--compress={name}"))
        .arg(format!("--chunk-size={}", algorithm.chunk_bytes()))
        .arg("--no-acls")
        .output();
    match output {
        Err(_) => {
            println!("skipped: wimlib-imagex is not there");
            false
        }
        Ok(output) => {
            assert!(output.status.success(), "{output:?}");
            true
        }
    }
}

#[test]
fn resources_made_by_another_compressor_decompress() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path().join("files");
    std::fs::create_dir(&folder).unwrap();
    let mut inputs = inputs();
    // This test program is machine code with real calls, and large.
    let mut program = std::fs::read(std::env::current_exe().unwrap()).unwrap();
    program.truncate(3_000_001);
    inputs.push(program);
    for (number, bytes) in inputs.iter().enumerate() {
        std::fs::write(folder.join(number.to_string()), bytes).unwrap();
    }
    for (algorithm, name, _) in ALGORITHMS {
        let wim = scratch.path().join(format!("{}.wim", algorithm.number()));
        if !capture(&folder, &wim, algorithm, name) {
            return;
        }
        let mut resources = resources(&std::fs::read(&wim).unwrap());
        let mut compressed_count = 0;
        for bytes in &inputs {
            let length = u64::try_from(bytes.len()).unwrap();
            let (compressed, stream) = resources.remove(&length).unwrap();
            if compressed {
                compressed_count += 1;
                let plain = decompress(algorithm, &stream, bytes.len());
                assert!(plain == *bytes, "{name} differs for {length} bytes");
            } else {
                assert_eq!(stream, *bytes);
            }
        }
        assert!(compressed_count > 30, "{compressed_count}");
        damaged_streams_end(algorithm, &std::fs::read(&wim).unwrap(), &inputs[6]);
    }
}

/// One flipped bit at a time: an error, or other data, but an end.
fn damaged_streams_end(algorithm: WofAlgorithm, wim: &[u8], plain: &[u8]) {
    let length = u64::try_from(plain.len()).unwrap();
    let (_, stream) = resources(wim).remove(&length).unwrap();
    let layout = Layout::new(algorithm, length, u64::try_from(stream.len()).unwrap()).unwrap();
    let entries = &stream[..usize::try_from(layout.table_span(0).end).unwrap()];
    let span = layout.data_span(0, entries).unwrap();
    let chunk = &stream[usize::try_from(span.start).unwrap()..usize::try_from(span.end).unwrap()];
    let mut out = vec![0; algorithm.chunk_bytes()];
    let mut refused = 0;
    for bit in (0..chunk.len() * 8).step_by(23) {
        let mut damaged = chunk.to_vec();
        damaged[bit / 8] ^= 1 << (bit % 8);
        refused += usize::from(decompress_chunk(algorithm, &damaged, &mut out).is_err());
    }
    assert!(refused > 0);
    // The last bytes can be an end mark and padding, which the data does not need.
    for length in (0..chunk.len() - 4).step_by(3) {
        assert!(decompress_chunk(algorithm, &chunk[..length], &mut out).is_err());
    }
}

#[test]
fn committed_resources_decompress() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/compress/testdata");
    let mut random = Random(7);
    let mut plain = words(&mut random, 0x8000 - 40);
    plain.extend(calls(&mut random, 500));
    plain.extend(words(&mut random, 3000));
    for (algorithm, name, file) in ALGORITHMS {
        let path = folder.join(format!("{file}.bin"));
        if std::env::var_os("LINKWRIGHT_BLESS").is_some() {
            let scratch = tempfile::tempdir().unwrap();
            let files = scratch.path().join("files");
            std::fs::create_dir(&files).unwrap();
            std::fs::write(files.join("0"), &plain).unwrap();
            let wim = scratch.path().join("made.wim");
            assert!(capture(&files, &wim, algorithm, name));
            let mut made = resources(&std::fs::read(&wim).unwrap());
            let (_, stream) = made.remove(&u64::try_from(plain.len()).unwrap()).unwrap();
            std::fs::write(&path, stream).unwrap();
        }
        let stream = std::fs::read(&path).unwrap();
        assert!(stream.len() < plain.len());
        assert!(
            decompress(algorithm, &stream, plain.len()) == plain,
            "{file}"
        );
    }
}
