//! Volumes that lie on purpose: loops, sizes of 2^63, nothing where something
//! must be, records that claim each other, lists of a million entries. The
//! engine and the checker each say so, soon and in little memory.

use std::sync::Arc;
use std::time::Instant;

use linkwright_device::{MemoryDevice, Overlay};
use linkwright_fuzz::volumes::writing;
use linkwright_fuzz::{MEMORY, PATIENCE, limits};
use linkwright_ntfs::{
    CorruptKind, CreateOptions, Error, FileId, FileKind, InvalidInput, OpenOptions, Unsupported,
    Volume,
};
use linkwright_ntfs_check::{CheckError, CheckOptions, ProblemCode as Code, check};
use linkwright_ntfs_format::attribute::{
    AttributeFlags, AttributeType, ExtentSpec, Identity, StreamSizes, encode_non_resident,
    encode_resident,
};
use linkwright_ntfs_format::attribute_list::{self, Entry};
use linkwright_ntfs_format::ids::SequenceNumber;
use linkwright_ntfs_format::runs::RunList;
use linkwright_ntfs_format::{FileReference, Lcn, RecordNumber, index, record};
use linkwright_ntfs_mkfs::{FormatOptions, format};

use crate::editor::{At, Editor, I30, units};

/// Bytes of the volume: room for a list of a million entries.
const VOLUME: u64 = 160 << 20;
/// Entries of a list that is too long.
const MILLION: usize = 1_000_000;

/// A sound volume and the numbers of its files.
struct Sound {
    device: Arc<MemoryDevice>,
    /// A directory with index blocks.
    dir: FileId,
    /// A directory in it, and one in that.
    sub: FileId,
    deep: FileId,
    /// A file with clusters, and another.
    file: FileId,
    other: FileId,
    /// A file of many names, with an attribute list.
    named: FileId,
}

impl Sound {
    fn new() -> Self {
        let device = Arc::new(MemoryDevice::new(VOLUME));
        format(&*device, &FormatOptions::default()).expect("a volume is made");
        let volume = Volume::open(device.clone(), writing()).expect("it opens");
        let make = |parent, name: &str, kind| {
            let defaults = CreateOptions::default();
            volume
                .create(parent, &units(name), kind, &defaults)
                .expect("room for it")
        };
        let dir = make(FileId::ROOT, "dir", FileKind::Directory);
        for n in 0..200 {
            make(dir, &format!("one of many files {n}"), FileKind::File);
        }
        let sub = make(dir, "sub", FileKind::Directory);
        let deep = make(sub, "deep", FileKind::Directory);
        let file = make(deep, "file", FileKind::File);
        volume.write_at(file, &[], 0, &[1; 100_000]).expect("room");
        let other = make(deep, "other", FileKind::File);
        let named = make(deep, "named", FileKind::File);
        for n in 0..40 {
            let name = units(&format!("name {n} {}", "y".repeat(60)));
            volume.hard_link(named, sub, &name).expect("room");
        }
        volume.close().expect("closed");
        Self {
            device,
            dir,
            sub,
            deep,
            file,
            other,
            named,
        }
    }
}

fn number(file: FileId) -> u64 {
    file.record().0
}

fn data(editor: &Editor<'_>, file: FileId) -> At {
    editor
        .attribute(number(file), AttributeType::DATA, "")
        .expect("a file has data")
}

fn put(bytes: &mut [u8], at: usize, value: &[u8]) {
    bytes[at..at + value.len()].copy_from_slice(value);
}

/// Sets one of the 64-bit fields of a non-resident attribute.
fn set(editor: &Editor<'_>, at: At, field: usize, value: u64) {
    editor.edit_at(at, |bytes| put(bytes, field, &value.to_le_bytes()));
}

const ALLOCATED: usize = 0x28;
const DATA_SIZE: usize = 0x30;
const INITIALIZED: usize = 0x38;
const HUGE: u64 = 1 << 63;

/// Puts the attribute list of `named` into clusters: these entries.
fn long_list(editor: &Editor<'_>, file: FileId, entries: &[Entry]) {
    // One by one: a whole list of this length is refused.
    let bytes: Vec<u8> = entries
        .chunks(1000)
        .flat_map(|some| attribute_list::encode(some).expect("a list"))
        .collect();
    let cluster = u64::from(editor.geometry.cluster_size());
    let len = bytes.len() as u64;
    let clusters = len.div_ceil(cluster);
    let start = editor.geometry.cluster_count() / 2;
    editor.write(start * cluster, &bytes);
    let mut runs = RunList::new();
    runs.push(Some(Lcn(start)), clusters);
    let old = editor
        .attribute(number(file), AttributeType::ATTRIBUTE_LIST, "")
        .expect("it has a list");
    let identity = Identity {
        type_code: AttributeType::ATTRIBUTE_LIST,
        name: &[],
        flags: AttributeFlags::empty(),
        instance: editor.with_view(old, |view| view.instance()),
    };
    let extent = ExtentSpec {
        lowest_vcn: 0,
        end_vcn: clusters,
        compression_unit: 0,
        sizes: StreamSizes {
            allocated: clusters * cluster,
            data: len,
            initialized: len,
            total_allocated: None,
        },
        pairs: &runs.encode(),
    };
    let attribute = encode_non_resident(&identity, &extent).expect("an attribute");
    editor.edit(old.record, |bytes| {
        record::replace(bytes, old.offset, &attribute).expect("room in the record");
    });
}

fn entry(type_code: AttributeType, lowest_vcn: u64, record: FileReference, instance: u16) -> Entry {
    Entry {
        type_code,
        name: Vec::new(),
        lowest_vcn,
        reference: record,
        instance,
    }
}

/// What the engine answers.
#[derive(Clone, Copy)]
enum Answer {
    /// A contradiction on the volume.
    Corrupt(fn(CorruptKind) -> bool),
    /// That this is no volume of NTFS.
    NoVolume,
    /// That there is no such file: its record is not that of a file.
    NoFile,
}

impl Answer {
    fn is(self, error: Option<&Error>) -> bool {
        match (self, error) {
            (Self::Corrupt(kind), Some(Error::Corrupt(found))) => kind(found.kind),
            (Self::NoVolume, Some(Error::Unsupported(Unsupported::NotNtfs(_)))) => true,
            (Self::NoFile, Some(Error::InvalidInput(InvalidInput::StaleReference))) => true,
            _ => false,
        }
    }
}

/// One lie, and who says what of it.
struct Lie {
    name: &'static str,
    tell: fn(&Editor<'_>, &Sound),
    /// What the engine is asked.
    ask: fn(&Volume, &Sound) -> Result<(), Error>,
    /// What it answers.
    answer: Answer,
    /// Codes of the checker, one of them at least.
    code: &'static [Code],
}

fn list(volume: &Volume, directory: FileId) -> Result<(), Error> {
    volume.entries(directory).map(drop)
}

fn read(volume: &Volume, file: FileId) -> Result<(), Error> {
    let mut bytes = vec![0; 4096];
    let len = volume.stream_len(file, &[])?;
    volume.read_at(file, &[], 0, &mut bytes)?;
    volume
        .read_at(file, &[], len.saturating_sub(100), &mut bytes)
        .map(drop)
}

const LIES: &[Lie] = &[
    Lie {
        name: "an index block below itself",
        tell: |e, v| {
            let inner = e.entries(number(v.dir), I30);
            let inner: Vec<_> = inner
                .iter()
                .filter(|entry| entry.view().child().is_some())
                .collect();
            let vcn = inner[0].view().child().expect("it has a child");
            // The leaf becomes a node whose last entry leads to itself.
            e.edit_block(number(v.dir), I30, vcn, |block| {
                let node = &mut block[index::BLOCK_NODE_OFFSET..];
                let first = u32::from_le_bytes(node[..4].try_into().unwrap()) as usize;
                let last = index::encode_last_entry(Some(vcn));
                put(node, first, &last);
                let total = u32::try_from(first + last.len()).unwrap();
                put(node, 4, &total.to_le_bytes());
                node[12] = 1;
            });
        },
        ask: |v, s| list(v, s.dir),
        answer: Answer::Corrupt(|kind| matches!(kind, CorruptKind::Index(_))),
        code: &[Code::IndexBlockTwice],
    },
    Lie {
        name: "all index entries lead to one block",
        tell: |e, v| {
            let entries = e.entries(number(v.dir), I30);
            let inner: Vec<_> = entries
                .iter()
                .filter(|entry| entry.view().child().is_some())
                .collect();
            let vcn = inner[0].view().child().expect("it has a child");
            for entry in inner {
                e.edit_entry(entry, |bytes| index::set_child(bytes, vcn).unwrap());
            }
        },
        ask: |v, s| list(v, s.dir),
        answer: Answer::Corrupt(|kind| matches!(kind, CorruptKind::Index(_))),
        code: &[Code::IndexBlockTwice],
    },
    Lie {
        name: "directories that are each other's parent",
        tell: |e, v| {
            let (at, _) = e.names_at(number(v.sub))[0];
            let parent = v.deep.raw().to_le_bytes();
            e.edit_value(at, |value| put(value, 0, &parent));
        },
        ask: |v, s| {
            let names = v.names(s.file)?;
            v.path_of(&names[0]).map(drop)
        },
        answer: Answer::Corrupt(|kind| kind == CorruptKind::DirectoryLoop),
        code: &[Code::UnreachableDirectory],
    },
    Lie {
        name: "an attribute list that names itself",
        tell: |e, v| {
            let at = e
                .attribute(number(v.named), AttributeType::ATTRIBUTE_LIST, "")
                .unwrap();
            let instance = e.with_view(at, |view| view.instance());
            let own = entry(AttributeType::ATTRIBUTE_LIST, 0, v.named, instance);
            long_list(e, v.named, &vec![own; 50]);
        },
        ask: |v, s| v.names(s.named).map(drop),
        answer: Answer::Corrupt(|kind| matches!(kind, CorruptKind::Format(_))),
        code: &[
            Code::AttributeList,
            Code::AttributeListMissing,
            Code::AttributeListDangling,
        ],
    },
    Lie {
        name: "an attribute list of a million entries for one attribute",
        tell: |e, v| {
            let at = e.names_at(number(v.named))[0].0;
            let instance = e.with_view(at, |view| view.instance());
            let holder = FileReference::new(RecordNumber(at.record), SequenceNumber(1));
            let name = entry(AttributeType::FILE_NAME, 0, holder, instance);
            long_list(e, v.named, &vec![name; MILLION]);
        },
        ask: |v, s| v.names(s.named).map(drop),
        answer: Answer::Corrupt(|kind| kind == CorruptKind::StreamSizes),
        code: &[Code::AttributeList],
    },
    Lie {
        name: "an attribute list of a million records",
        tell: |e, v| {
            let entries: Vec<Entry> = (0..MILLION as u64)
                .map(|n| {
                    let holder = FileReference::new(RecordNumber(n % 300), SequenceNumber(1));
                    entry(AttributeType::DATA, n, holder, 1)
                })
                .collect();
            long_list(e, v.named, &entries);
        },
        ask: |v, s| v.names(s.named).map(drop),
        answer: Answer::Corrupt(|kind| kind == CorruptKind::StreamSizes),
        code: &[Code::AttributeList],
    },
    Lie {
        name: "extents of $MFT that only the extents themselves lead to",
        tell: mft_in_itself,
        ask: |v, _| {
            let last = v.info()?.records - 1;
            v.file_by_record(RecordNumber(last)).map(drop)
        },
        answer: Answer::Corrupt(|kind| kind == CorruptKind::RecordOutsideMft),
        code: &[Code::MftRuns],
    },
    Lie {
        name: "data of 2^63 bytes",
        tell: |e, v| set(e, data(e, v.file), DATA_SIZE, HUGE),
        ask: |v, s| read(v, s.file),
        answer: Answer::Corrupt(|kind| kind == CorruptKind::StreamSizes),
        code: &[Code::StreamSizes],
    },
    Lie {
        name: "every size 2^63 - 1",
        tell: |e, v| {
            for field in [ALLOCATED, DATA_SIZE, INITIALIZED] {
                set(e, data(e, v.file), field, HUGE - 1);
            }
        },
        ask: |v, s| read(v, s.file),
        answer: Answer::Corrupt(|kind| kind == CorruptKind::StreamSizes),
        code: &[Code::AllocatedSize, Code::StreamSizes],
    },
    Lie {
        name: "a run of 2^62 clusters",
        tell: |e, v| {
            let at = data(e, v.file);
            e.edit_at(at, |bytes| {
                let pairs = usize::from(bytes[0x20]);
                put(bytes, pairs, &[0x08, 0, 0, 0, 0, 0, 0, 0]);
                let end = bytes.len();
                bytes[end - 1] = 0x40;
            });
            set(e, at, 0x18, 1 << 62);
        },
        ask: |v, s| read(v, s.file),
        answer: Answer::Corrupt(|kind| matches!(kind, CorruptKind::Format(_))),
        code: &[Code::MappingPairs, Code::HighestVcn, Code::AllocatedSize],
    },
    Lie {
        name: "an index of 2^63 bytes",
        tell: |e, v| {
            let at = e
                .attribute(number(v.dir), AttributeType::INDEX_ALLOCATION, I30)
                .unwrap();
            set(e, at, DATA_SIZE, HUGE);
        },
        ask: |v, s| list(v, s.dir),
        answer: Answer::Corrupt(|kind| {
            matches!(kind, CorruptKind::StreamSizes | CorruptKind::Index(_))
        }),
        code: &[Code::StreamSizes],
    },
    Lie {
        name: "$MFT of 2^63 bytes",
        tell: |e, _| {
            let at = e.attribute(0, AttributeType::DATA, "").unwrap();
            for field in [ALLOCATED, DATA_SIZE, INITIALIZED] {
                set(e, at, field, HUGE);
            }
        },
        ask: |v, s| list(v, s.dir),
        answer: Answer::Corrupt(|kind| kind == CorruptKind::StreamSizes),
        code: &[Code::MftRuns],
    },
    Lie {
        name: "a volume of 2^63 sectors",
        tell: |e, _| {
            for place in [0, VOLUME - 512] {
                e.change(place, 512, |boot| {
                    put(boot, 0x28, &(HUGE - 1).to_le_bytes())
                });
            }
        },
        ask: |v, s| list(v, s.dir),
        answer: Answer::NoVolume,
        code: &[],
    },
    Lie {
        name: "a run of no clusters",
        tell: |e, v| {
            let at = data(e, v.file);
            e.edit_at(at, |bytes| {
                let pairs = usize::from(bytes[0x20]);
                put(bytes, pairs, &[0x11, 0, 1, 0]);
            });
        },
        ask: |v, s| read(v, s.file),
        answer: Answer::Corrupt(|kind| matches!(kind, CorruptKind::Format(_))),
        code: &[Code::MappingPairs],
    },
    Lie {
        name: "data and no clusters",
        tell: |e, v| {
            let at = data(e, v.file);
            e.edit_at(at, |bytes| {
                let pairs = usize::from(bytes[0x20]);
                bytes[pairs] = 0;
            });
            set(e, at, 0x18, u64::MAX);
        },
        ask: |v, s| read(v, s.file),
        answer: Answer::Corrupt(|kind| kind == CorruptKind::StreamSizes),
        code: &[Code::StreamSizes, Code::AllocatedSize],
    },
    Lie {
        name: "clusters of no sectors",
        tell: |e, _| {
            for place in [0, VOLUME - 512] {
                e.change(place, 512, |boot| boot[0x0D] = 0);
            }
        },
        ask: |v, s| list(v, s.dir),
        answer: Answer::NoVolume,
        code: &[],
    },
    Lie {
        name: "records that are each other's base",
        tell: |e, v| {
            for (one, base) in [(v.file, v.other), (v.other, v.file)] {
                let base = base.raw().to_le_bytes();
                e.edit(number(one), |bytes| put(bytes, 0x20, &base));
            }
        },
        ask: |v, s| v.file_info(s.file).map(drop),
        answer: Answer::NoFile,
        code: &[Code::ExtensionBase],
    },
    Lie {
        name: "attribute lists that name each other's records",
        tell: |e, v| {
            let entries: Vec<Entry> = [v.other, v.file, v.named]
                .iter()
                .map(|file| entry(AttributeType::FILE_NAME, 0, *file, 1))
                .collect();
            long_list(e, v.named, &entries);
        },
        ask: |v, s| v.names(s.named).map(drop),
        answer: Answer::Corrupt(|kind| kind == CorruptKind::AttributeList),
        code: &[Code::AttributeListDangling],
    },
];

/// The second extent of `$MFT` is told by a record that lies in it.
fn mft_in_itself(e: &Editor<'_>, _: &Sound) {
    let at = e.attribute(0, AttributeType::DATA, "").unwrap();
    let runs = e.runs(at);
    let size = e.with_view(at, |view| view.non_resident().unwrap().sizes().data);
    let bitmap = e.attribute(0, AttributeType::BITMAP, "").unwrap();
    let instances = [at, bitmap].map(|at| e.with_view(at, |view| view.instance()));
    let all = runs.end().0;
    let first = 16;
    let cluster = u64::from(e.geometry.cluster_size());
    let identity = Identity {
        type_code: AttributeType::DATA,
        name: &[],
        flags: AttributeFlags::empty(),
        instance: instances[0],
    };
    let extent = ExtentSpec {
        lowest_vcn: 0,
        end_vcn: first,
        compression_unit: 0,
        sizes: StreamSizes {
            allocated: all * cluster,
            data: size,
            initialized: size,
            total_allocated: None,
        },
        pairs: &runs.encode_range(0, first),
    };
    let data = encode_non_resident(&identity, &extent).unwrap();
    let base = FileReference::new(RecordNumber(0), SequenceNumber(1));
    // A record behind the first extent.
    let far = first * cluster / u64::from(e.geometry.record_size()) + 3;
    let far = FileReference::new(RecordNumber(far), SequenceNumber(1));
    let list = attribute_list::encode(&[
        entry(AttributeType::STANDARD_INFORMATION, 0, base, 0),
        entry(AttributeType::DATA, 0, base, instances[0]),
        entry(AttributeType::DATA, first, far, 0),
        entry(AttributeType::BITMAP, 0, base, instances[1]),
    ])
    .unwrap();
    let list = encode_resident(
        &Identity {
            type_code: AttributeType::ATTRIBUTE_LIST,
            instance: 40,
            ..identity
        },
        &list,
    )
    .unwrap();
    e.edit(0, |bytes| {
        record::replace(bytes, at.offset, &data).unwrap();
        let second = record::attributes(bytes).flatten().nth(1).unwrap().offset();
        record::insert(bytes, second, &list).unwrap();
    });
}

fn answer(lie: &Lie, sound: &Sound, device: Arc<Overlay>) -> Option<Error> {
    let reading = OpenOptions {
        cache_bytes: 1 << 20,
        ..OpenOptions::read_only()
    };
    let work = |volume: Volume| (lie.ask)(&volume, sound);
    Volume::open(device, reading).and_then(work).err()
}

#[test]
fn lies_are_told_in_bounded_time_and_memory() {
    let sound = Sound::new();
    let mut failures = Vec::new();
    for lie in LIES {
        let device = Arc::new(Overlay::new(sound.device.clone()));
        (lie.tell)(&Editor::new(&*device), &sound);
        let start = Instant::now();
        let error = answer(lie, &sound, device.clone());
        let engine = start.elapsed();
        let mut codes = Vec::new();
        let start = Instant::now();
        let checked = check(&*device, &CheckOptions::default(), &mut |problem| {
            codes.push(problem.code);
        });
        let checker = start.elapsed();
        codes.sort();
        codes.dedup();
        let told = lie.answer.is(error.as_ref());
        let refused = matches!(
            checked,
            Err(CheckError::TooLarge { .. }
                | CheckError::MftUnreadable
                | CheckError::NoBootSector(_))
        );
        let named = lie.code.iter().any(|code| codes.contains(code));
        if !told || !(named || refused && lie.code.is_empty()) {
            let name = lie.name;
            failures.push(format!("{name}: {error:?}; {checked:?} {codes:?}"));
        }
        assert!(engine < PATIENCE && checker < PATIENCE, "{}", lie.name);
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(limits::peak_kib() << 10 < MEMORY, "{}", limits::peak_kib());
}
