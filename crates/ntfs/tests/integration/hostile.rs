//! Volumes that lie. Whatever the bytes, every call answers soon, with little
//! memory, and says in a typed error what is wrong.
//!
//! [`fuzz_walk`] and [`fuzz_ops`] take plain bytes and know nothing of how
//! they came about, so that other drivers can feed them too.

use std::sync::Arc;
use std::time::{Duration, Instant};

use linkwright_device::{BlockDevice, MemoryDevice};
use linkwright_ntfs::{
    CorruptKind, CreateOptions, Error, FileId, FileKind, LinkType, OpenOptions, Replace,
    Substitutes, Unsupported, Volume, VolumeInfo,
};
use linkwright_ntfs_format::RecordNumber;
use linkwright_ntfs_format::fixup;
use linkwright_ntfs_mkfs::{FormatOptions, format};
use linkwright_reparse::SymbolicLink;
use linkwright_testkit::long;

use crate::support::{fresh, open, options, units};

const ROOT: FileId = FileId::ROOT;
/// The longest that one case may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// Entries that are looked at: a damaged directory may hold the same names
/// again and again.
const MOST_ENTRIES: usize = 5_000;
/// Bytes read of each stream.
const MOST_BYTES: usize = 1 << 20;

/// Opens the bytes as a volume, walks it by directories and by records, and
/// reads everything there is.
pub(crate) fn fuzz_walk(bytes: &[u8]) -> Result<(), Error> {
    walk_device(Arc::new(MemoryDevice::from_bytes(bytes)))
}

fn walk_device(device: Arc<dyn BlockDevice>) -> Result<(), Error> {
    let reading = OpenOptions {
        cache_bytes: 1 << 20,
        ..OpenOptions::read_only()
    };
    let volume = Volume::open(device, reading)?;
    let records = volume.info().map_or(256, |info| info.records);
    let mut folders = vec![ROOT];
    let mut seen = 0;
    while let Some(folder) = folders.pop() {
        let Ok(list) = volume.list(folder) else {
            continue;
        };
        for entry in list {
            seen += 1;
            if seen > MOST_ENTRIES {
                break;
            }
            let Ok(entry) = entry else { break };
            drop(volume.lookup(folder, entry.name.units()));
            if entry.is_directory() && entry.file != folder {
                folders.push(entry.file);
            }
        }
    }
    for record in 0..records.min(512) {
        if let Ok(file) = volume.file_by_record(RecordNumber(record)) {
            look_at(&volume, file);
        }
    }
    Ok(())
}

/// Everything that can be asked of a file.
fn look_at(volume: &Volume, file: FileId) {
    drop(volume.file_info(file));
    if let Ok(names) = volume.names(file) {
        for name in names.iter().take(8) {
            drop(volume.path_of(name));
        }
    }
    drop(volume.reparse_point(file));
    drop(volume.security_descriptor(file));
    drop(volume.extended_attributes(file));
    if let Ok(Some(id)) = volume.object_id(file) {
        drop(volume.file_by_object_id(id.id));
    }
    for stream in volume.streams(file).unwrap_or_default() {
        let mut piece = vec![0; MOST_BYTES];
        drop(volume.read_at(file, &stream.name, 0, &mut piece));
        let end = stream.size.saturating_sub(100);
        drop(volume.read_at(file, &stream.name, end, &mut piece[..4096]));
        drop(volume.read_at(file, &stream.name, u64::MAX - 50, &mut piece[..100]));
    }
}

/// Opens the bytes as a volume to be written and does to it what `ops` says,
/// one operation a byte pair; returns how many were done.
pub(crate) fn fuzz_ops(bytes: &[u8], ops: &[u8]) -> Result<usize, Error> {
    let device: Arc<dyn BlockDevice> = Arc::new(MemoryDevice::from_bytes(bytes));
    let volume = Volume::open(device, options())?;
    let mut files: Vec<FileId> = (16..96)
        .filter_map(|record| volume.file_by_record(RecordNumber(record)).ok())
        .collect();
    files.push(ROOT);
    let mut done = 0;
    for op in ops.chunks_exact(2) {
        let file = files[usize::from(op[1]) % files.len()];
        let other = files[usize::from(op[1] / 7) % files.len()];
        done += usize::from(operate(&volume, op[0], file, other, &mut files).is_ok());
    }
    volume.close()?;
    Ok(done)
}

fn operate(
    volume: &Volume,
    op: u8,
    file: FileId,
    other: FileId,
    files: &mut Vec<FileId>,
) -> Result<(), Error> {
    let name = units(&format!("fuzz {}", op % 32));
    let defaults = CreateOptions::default();
    match op % 16 {
        0 => files.push(volume.create(file, &name, FileKind::File, &defaults)?),
        1 => files.push(volume.create(file, &name, FileKind::Directory, &defaults)?),
        2 => volume.hard_link(file, other, &name)?,
        3 => {
            let link = SymbolicLink::relative(&units("some\\where")).unwrap();
            volume.symbolic_link(file, &name, LinkType::File, &link, &defaults)?;
        }
        4 | 5 => {
            // Whatever is there.
            let entries = volume.entries(file)?;
            let entry = entries.get(usize::from(op / 16) % entries.len().max(1));
            if let Some(entry) = entry {
                volume.remove(file, entry.name.units())?;
            }
        }
        6 => {
            let entries = volume.entries(file)?;
            if let Some(entry) = entries.get(usize::from(op / 16) % entries.len().max(1)) {
                volume.rename(file, entry.name.units(), other, &name, Replace::Yes)?;
            }
        }
        7 => volume.write_at(file, &[], 0, &[op; 900])?,
        8 => volume.write_at(file, &[], 50_000, &[op; 9000])?,
        9 => volume.set_len(file, &[], 10)?,
        10 => volume.set_len(file, &[], 200_000)?,
        11 => volume.create_stream(file, &name)?,
        12 => volume.set_sparse(file, &[])?,
        13 => volume.zero_range(file, &[], 1000, 60_000)?,
        14 => volume.sync()?,
        _ => {
            let names = volume.names(file)?;
            for name in names.iter().take(2) {
                volume.refresh_name(name.parent, name.name.units())?;
            }
        }
    }
    Ok(())
}

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

/// A small volume with every form of file that the engine makes.
fn sample(options: &FormatOptions) -> Vec<u8> {
    let device = fresh(3 << 20, options);
    let volume = open(&device);
    let defaults = CreateOptions::default();
    let make = |parent, name: &str, kind| {
        volume
            .create(parent, &units(name), kind, &defaults)
            .unwrap()
    };
    let dir = make(ROOT, "dir", FileKind::Directory);
    let deep = make(dir, "deep", FileKind::Directory);
    let small = make(deep, "small", FileKind::File);
    volume.write_at(small, &[], 0, b"in the record").unwrap();
    let a = make(deep, "a", FileKind::File);
    let b = make(deep, "b", FileKind::File);
    for n in 0..40_u64 {
        // Two files that grow in turn are fragmented.
        volume.write_at(a, &[], n * 4096, &[1; 4096]).unwrap();
        volume.write_at(b, &[], n * 4096, &[2; 4096]).unwrap();
    }
    volume.create_stream(a, &units("stream")).unwrap();
    volume.write_at(a, &units("stream"), 0, &[3; 3000]).unwrap();
    let sparse = make(dir, "sparse", FileKind::File);
    volume.set_sparse(sparse, &[]).unwrap();
    volume.write_at(sparse, &[], 0, &[4; 70_000]).unwrap();
    volume.zero_range(sparse, &[], 0, 65_536).unwrap();
    let named = make(dir, "named", FileKind::File);
    for n in 0..40 {
        // An attribute list, and a directory with index blocks.
        let name = format!("name {n} of the same file {}", "y".repeat(60));
        volume.hard_link(named, deep, &units(&name)).unwrap();
    }
    let link = SymbolicLink::relative(&units("deep\\small")).unwrap();
    volume
        .symbolic_link(dir, &units("link"), LinkType::File, &link, &defaults)
        .unwrap();
    volume.close().unwrap();
    let mut bytes = vec![0; usize::try_from(device.len()).unwrap()];
    device.read_at(0, &mut bytes).unwrap();
    bytes
}

/// A place that can be damaged so that the damage is looked at.
#[derive(Clone, Copy)]
enum Target {
    /// A block with fix-ups, which are put right again.
    Block { start: usize, len: usize },
    /// Plain bytes.
    Plain { start: usize, len: usize },
}

/// Where the metadata of a volume is: the boot sector, records and index
/// blocks by their signatures, and their neighbours (bitmaps, lists).
fn targets(bytes: &[u8], record_size: usize) -> Vec<Target> {
    let mut targets = vec![Target::Plain { start: 0, len: 84 }];
    let mut start = 0;
    while start + 4096 <= bytes.len() {
        let len = match &bytes[start..start + 4] {
            b"FILE" => record_size,
            b"INDX" => 4096,
            _ => {
                start += 512;
                continue;
            }
        };
        // Records are as many as there are kinds of attributes to break:
        // unused ones say nothing.
        let in_use = len == 4096 || bytes[start + 0x16] & 1 != 0;
        if in_use {
            targets.push(Target::Block { start, len });
        }
        start += len;
    }
    targets
}

/// Puts a number that decoders trip over somewhere.
fn scribble(numbers: &mut Numbers, bytes: &mut [u8]) {
    let value = match numbers.below(10) {
        0 => 0,
        1 => u64::MAX,
        2 => 0x7FFF_FFFF_FFFF_FFFF,
        3 => 1 << numbers.below(64),
        4 | 5 => numbers.next() % 64,
        6 => numbers.next() % 4096,
        _ => numbers.next(),
    };
    let width = 1 << numbers.below(4);
    let at = numbers.below(bytes.len() - width);
    bytes[at..at + width].copy_from_slice(&value.to_le_bytes()[..width]);
}

/// Copies a small part of the block over another part: attributes and entries
/// that are right by themselves and in the wrong place.
fn transplant(numbers: &mut Numbers, bytes: &mut [u8]) {
    let len = 8 * (1 + numbers.below(12));
    let from = 8 * numbers.below((bytes.len() - len) / 8);
    let to = 8 * numbers.below((bytes.len() - len) / 8);
    bytes.copy_within(from..from + len, to);
}

fn damage(numbers: &mut Numbers, bytes: &mut [u8], targets: &[Target]) {
    match targets[numbers.below(targets.len())] {
        Target::Plain { start, len } => scribble(numbers, &mut bytes[start..start + len]),
        Target::Block { start, len } => {
            let block = &mut bytes[start..start + len];
            if fixup::remove(block).is_err() {
                return;
            }
            // The array itself is behind 0x28 or 0x30; where an entry of it is
            // hit, the block is torn, which is a case too.
            let word = |at: usize| -> usize {
                u32::from_le_bytes(block[at..at + 4].try_into().unwrap()) as usize
            };
            let used = match &block[..4] {
                b"INDX" => word(0x1C) + 0x18,
                _ => word(0x18),
            };
            let end = used.clamp(0x100, len);
            let body = &mut block[0x10..end];
            match numbers.below(5) {
                0 => transplant(numbers, body),
                _ => scribble(numbers, body),
            }
            if fixup::apply(block).is_err() {
                // The array is hit: the block stays torn, which is a case too.
                block[len - 2] ^= 0xFF;
            }
        }
    }
}

/// How many cases, and how long at most.
fn budget() -> (usize, Duration) {
    match long("more damaged volumes") {
        Ok(()) => (200_000, Duration::from_secs(600)),
        Err(_) => (2_000, Duration::from_secs(8)),
    }
}

fn damaged_volumes(seed: u64, options: &FormatOptions, mut run: impl FnMut(&[u8], &mut Numbers)) {
    let original = sample(options);
    let record_size = options.record_size.bytes() as usize;
    let targets = targets(&original, record_size);
    assert!(targets.len() > 30);
    let (cases, limit) = budget();
    let begin = Instant::now();
    let mut bytes = original.clone();
    for case in 0..cases as u64 {
        let mut numbers = Numbers(seed.wrapping_add(case).wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
        bytes.copy_from_slice(&original);
        for _ in 0..=numbers.below(3) {
            damage(&mut numbers, &mut bytes, &targets);
        }
        let start = Instant::now();
        // A panic says which case it was.
        let told = Told(seed, case);
        run(&bytes, &mut numbers);
        drop(told);
        assert!(
            start.elapsed() < PATIENCE,
            "seed {seed}, case {case}: {:?}",
            start.elapsed()
        );
        if begin.elapsed() > limit {
            break;
        }
    }
}

/// Prints the case when it panics.
struct Told(u64, u64);

impl Drop for Told {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("in the case {} of seed {}", self.1, self.0);
        }
    }
}

fn small_clusters() -> FormatOptions {
    FormatOptions {
        cluster_size: Some(512),
        ..FormatOptions::default()
    }
}

#[test]
fn damaged_volumes_are_walked_to_an_end() {
    let mut opened = 0;
    damaged_volumes(1, &FormatOptions::default(), |bytes, _| {
        opened += usize::from(fuzz_walk(bytes).is_ok());
    });
    assert!(opened > 50, "{opened}");
}

#[test]
fn damaged_volumes_of_small_clusters_are_walked_to_an_end() {
    let mut opened = 0;
    damaged_volumes(2, &small_clusters(), |bytes, _| {
        opened += usize::from(fuzz_walk(bytes).is_ok());
    });
    assert!(opened > 50, "{opened}");
}

#[test]
fn damaged_volumes_are_written_to_or_refused() {
    let mut done = 0;
    let mut work = |bytes: &[u8], numbers: &mut Numbers| {
        let ops: Vec<u8> = (0..24)
            .flat_map(|_| (numbers.next() as u16).to_le_bytes())
            .collect();
        done += fuzz_ops(bytes, &ops).unwrap_or(0);
    };
    damaged_volumes(3, &FormatOptions::default(), &mut work);
    damaged_volumes(4, &small_clusters(), &mut work);
    assert!(done > 1_000, "{done}");
}

#[test]
fn a_volume_cut_short_says_so() {
    let bytes = sample(&FormatOptions::default());
    for keep in [512, 4096, 1 << 20, (3 << 20) - 8192] {
        let error = fuzz_walk(&bytes[..keep]).unwrap_err();
        assert!(
            matches!(&error, Error::Corrupt(found) if found.kind == CorruptKind::DeviceTooShort),
            "{keep}: {error}"
        );
    }
    // Not even a boot sector.
    let error = fuzz_walk(&bytes[..400]).unwrap_err();
    assert!(
        matches!(&error, Error::Unsupported(Unsupported::NotNtfs(_))),
        "{error}"
    );
    // The backup boot sector alone may be missing.
    fuzz_walk(&bytes[..(3 << 20) - 512]).unwrap();
}

/// What stands where in volumes of other kinds.
const OTHERS: [(&str, usize, &[u8]); 6] = [
    ("FAT32", 0x52, b"FAT32   "),
    ("exFAT", 3, b"EXFAT   "),
    ("ReFS", 3, b"ReFS\0\0\0\0"),
    ("BitLocker", 3, b"-FVE-FS-"),
    ("ext2", 1024 + 0x38, &[0x53, 0xEF]),
    ("nothing known", 3, b"GARBAGE!"),
];

#[test]
fn volumes_of_other_kinds_are_named() {
    for (name, offset, magic) in OTHERS {
        let mut bytes = vec![0; 1 << 20];
        bytes[offset..offset + magic.len()].copy_from_slice(magic);
        bytes[510..512].copy_from_slice(&[0x55, 0xAA]);
        let error = fuzz_walk(&bytes).unwrap_err();
        let Error::Unsupported(Unsupported::NotNtfs(said)) = &error else {
            panic!("{name}: {error}");
        };
        assert!(
            said.to_lowercase().contains(&name.to_lowercase()),
            "{name}: {said}"
        );
    }
    let error = fuzz_walk(&vec![0; 1 << 20]).unwrap_err();
    assert!(matches!(error, Error::Unsupported(Unsupported::NotNtfs(_))));
}

#[test]
fn every_short_device_gets_an_answer() {
    for len in [0, 1, 511, 512, 513, 8191] {
        assert!(fuzz_walk(&vec![0; len]).is_err());
    }
    let mut tiny = vec![0; 2 << 20];
    let device = MemoryDevice::from_bytes(&tiny);
    format(&device, &FormatOptions::default()).unwrap();
    device.read_at(0, &mut tiny).unwrap();
    fuzz_walk(&tiny).unwrap();
}

/// Opens damaged bytes to read, and to write.
fn open_both(bytes: &[u8]) -> (Result<Volume, Error>, Result<Volume, Error>) {
    let device = || -> Arc<dyn BlockDevice> { Arc::new(MemoryDevice::from_bytes(bytes)) };
    (
        Volume::open(device(), OpenOptions::read_only()),
        Volume::open(device(), options()),
    )
}

#[test]
fn copies_stand_in_for_a_damaged_boot_sector_and_first_records_when_reading() {
    let bytes = sample(&FormatOptions::default());
    let whole = open_both(&bytes).0.unwrap().info().unwrap();
    assert!(whole.substitutes.is_empty());
    let mft = u64::from_le_bytes(bytes[0x30..0x38].try_into().unwrap());
    let mft = usize::try_from(mft).unwrap() * whole.cluster_size as usize;
    let boot = Substitutes::BACKUP_BOOT_SECTOR;
    let mirror = Substitutes::MFT_MIRROR;
    for (at, len, substitute) in [
        (0, 512, boot),
        (0x0B, 2, boot),
        (510, 2, boot),
        (mft, 1024, mirror),
        (mft + 3 * 1024, 1024, mirror),
        (mft + 510, 2, mirror),
    ] {
        let mut damaged = bytes.clone();
        damaged[at..at + len].fill(0x3F);
        let (reading, writing) = open_both(&damaged);
        let volume = reading.unwrap_or_else(|e| panic!("{at:#x}: {e}"));
        let expected = VolumeInfo {
            substitutes: substitute,
            ..whole.clone()
        };
        assert_eq!(volume.info().unwrap(), expected, "{at:#x}");
        assert!(volume.lookup(ROOT, &units("dir")).unwrap().is_some());
        assert!(writing.is_err(), "{at:#x}");
    }
    // Both are gone.
    let mut damaged = bytes.clone();
    damaged[..512].fill(0);
    let end = damaged.len();
    damaged[end - 512..].fill(0);
    assert!(open_both(&damaged).0.is_err());
    // Another file system was made where the volume was: its backup is no
    // reason to read what is left.
    let mut exfat = bytes;
    exfat[3..11].copy_from_slice(b"EXFAT   ");
    let error = open_both(&exfat).0.unwrap_err();
    assert!(
        matches!(&error, Error::Unsupported(Unsupported::NotNtfs(kind)) if kind == "exFAT"),
        "{error}"
    );
}
