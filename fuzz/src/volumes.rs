//! Volumes of our own with damage in them, as bytes say.
//!
//! An input names one of a few volumes and lists edits of its metadata. Blocks
//! with fix-ups are edited as they are in memory and get right fix-ups again,
//! so that an edit is looked at and not only found torn.

use std::sync::{Arc, LazyLock};

use linkwright_device::{BlockDevice, MemoryDevice, Overlay};
use linkwright_ntfs::{
    CaseSensitivity, CreateOptions, Durability, ExtendedAttribute, FileId, FileKind, FixedClock,
    LinkType, OpenOptions, Volume,
};
use linkwright_ntfs_format::NtTime;
use linkwright_ntfs_format::acl::{AccessMask, Ace, AceFlags, Acl};
use linkwright_ntfs_format::fixup;
use linkwright_ntfs_format::object_id::ObjectId;
use linkwright_ntfs_format::security::SecurityDescriptor;
use linkwright_ntfs_format::sid::Sid;
use linkwright_ntfs_mkfs::{ChangeJournal, FormatOptions, RecordSize, format};
use linkwright_reparse::{MountPoint, SymbolicLink};

use crate::bytes::Bytes;

/// A volume to be damaged.
pub struct Base {
    /// What is special about it.
    pub name: &'static str,
    device: Arc<MemoryDevice>,
    places: Vec<Place>,
}

/// Metadata that can be edited.
#[derive(Debug, Clone, Copy)]
struct Place {
    start: u64,
    len: usize,
    /// Bytes of it that are in use.
    used: usize,
    fixups: bool,
}

/// Bytes of one edit in an input.
pub const EDIT_LEN: usize = 14;
/// Most edits of an input.
pub const MOST_EDITS: usize = 8;
/// Bytes of each volume.
const VOLUME_LEN: u64 = 3 << 20;
/// A moment in 2020.
const NOW: NtTime = NtTime(132_223_104_000_000_000);

/// The volumes.
pub static BASES: LazyLock<Vec<Base>> = LazyLock::new(|| {
    let usual = FormatOptions::default;
    vec![
        Base::new("4 KiB clusters", &usual(), End::Closed),
        Base::new(
            "512 byte clusters",
            &FormatOptions {
                cluster_size: Some(512),
                ..usual()
            },
            End::Closed,
        ),
        Base::new(
            "4 KiB records",
            &FormatOptions {
                record_size: RecordSize::Bytes4096,
                ..usual()
            },
            End::Closed,
        ),
        Base::new("a session cut off", &usual(), End::CutOff),
        Base::new(
            "64 KiB clusters",
            &FormatOptions {
                cluster_size: Some(65_536),
                ..usual()
            },
            End::Closed,
        ),
        Base::new(
            "a change journal",
            &FormatOptions {
                change_journal: Some(ChangeJournal::default()),
                ..usual()
            },
            End::Closed,
        ),
    ]
});

/// How the session that filled a volume ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Closed,
    /// With work in the journal.
    CutOff,
}

/// Options for writing, small and with a clock that stands still.
#[must_use]
pub fn writing() -> OpenOptions {
    OpenOptions {
        clock: Arc::new(FixedClock(NOW)),
        cache_bytes: 1 << 20,
        ..OpenOptions::read_write()
    }
}

/// Text as units.
pub(crate) fn units(text: &str) -> Vec<u16> {
    text.encode_utf16().collect()
}

impl Base {
    fn new(name: &'static str, options: &FormatOptions, end: End) -> Self {
        let len = match options.cluster_size {
            Some(65_536) => 4 * VOLUME_LEN,
            _ => VOLUME_LEN,
        };
        let device = Arc::new(MemoryDevice::new(len));
        format(&*device, options).expect("a volume is made");
        let open = |durability| {
            let options = OpenOptions {
                durability,
                ..writing()
            };
            Volume::open(device.clone(), options).expect("it opens")
        };
        let volume = open(Durability::OnSync);
        fill(&volume).expect("it is filled");
        volume.close().expect("it is closed");
        let device = match end {
            End::Closed => device,
            End::CutOff => {
                let volume = open(Durability::Immediate);
                work(&volume).expect("more is done");
                Arc::new(device.snapshot())
            }
        };
        let record_size = match options.record_size {
            RecordSize::Bytes4096 => 4096,
            _ => 1024,
        };
        let places = places(&device, record_size);
        Self {
            name,
            device,
            places,
        }
    }

    /// Its device, to be read.
    #[must_use]
    pub fn device(&self) -> Arc<dyn BlockDevice> {
        self.device.clone()
    }

    /// Its blocks of metadata as they are in memory.
    pub(crate) fn blocks(&self) -> impl Iterator<Item = Vec<u8>> {
        self.places.iter().map(|place| {
            let mut block = vec![0; place.len];
            self.device
                .read_at(place.start, &mut block)
                .expect("a place lies inside");
            if place.fixups {
                fixup::remove(&mut block).expect("the volume is sound");
            }
            block
        })
    }
}

/// Files of every form that the engine makes. Their contents are zeros: a
/// device in memory keeps no zeros, so that what it keeps is metadata.
fn fill(volume: &Volume) -> linkwright_ntfs::Result<()> {
    let defaults = CreateOptions::default();
    let make = |parent, name: &str, kind| volume.create(parent, &units(name), kind, &defaults);
    let dir = make(FileId::ROOT, "dir", FileKind::Directory)?;
    let deep = make(dir, "deep", FileKind::Directory)?;
    let small = make(deep, "small", FileKind::File)?;
    volume.write_at(small, &[], 0, b"in the record")?;
    let a = make(deep, "a", FileKind::File)?;
    let b = make(deep, "b", FileKind::File)?;
    for n in 0..24_u64 {
        // Two files that grow in turn are fragmented.
        volume.write_at(a, &[], n * 4096, &[0; 4096])?;
        volume.write_at(b, &[], n * 4096, &[0; 4096])?;
    }
    volume.create_stream(a, &units("stream"))?;
    volume.write_at(a, &units("stream"), 0, &[0; 3000])?;
    let sparse = make(dir, "sparse", FileKind::File)?;
    volume.set_sparse(sparse, &[])?;
    volume.write_at(sparse, &[], 0, &[0; 70_000])?;
    volume.zero_range(sparse, &[], 0, 65_536)?;
    let named = make(dir, "named", FileKind::File)?;
    for n in 0..40 {
        // An attribute list, and a directory with index blocks.
        let name = format!("name {n} of the same file {}", "y".repeat(60));
        volume.hard_link(named, deep, &units(&name))?;
    }
    let link = SymbolicLink::relative(&units("deep\\small")).expect("a target");
    volume.symbolic_link(dir, &units("link"), LinkType::File, &link, &defaults)?;
    let mount = MountPoint::junction(&units("C:\\dir")).expect("a target");
    volume.junction(dir, &units("junction"), &mount, &defaults)?;
    volume.object_id_or(small, ObjectId([7; 16]))?;
    volume.object_id_or(b, ObjectId([9; 16]))?;
    let attribute = |value: usize| ExtendedAttribute {
        flags: 0,
        name: b"USER.NAME".to_vec(),
        value: vec![1; value],
    };
    volume.set_extended_attributes(small, &[attribute(20)])?;
    volume.set_extended_attributes(a, &[attribute(3000)])?;
    volume.set_security(b, &descriptor(1000))?;
    volume.set_case_sensitive(dir, CaseSensitivity::Sensitive)?;
    make(dir, "DEEP", FileKind::File)?;
    Ok(())
}

/// A descriptor that names a user.
pub(crate) fn descriptor(user: u32) -> Vec<u8> {
    let sid = Sid::new([0, 0, 0, 0, 0, 5], &[21, 1, 2, 3, user]).expect("an id");
    let ace = Ace::allow(
        AceFlags::empty(),
        AccessMask::from_bits_retain(0x1F_01FF),
        sid,
    );
    SecurityDescriptor::new(sid, sid, Acl::new(vec![ace]))
        .encode()
        .expect("a descriptor")
}

/// What a session that is cut off does.
fn work(volume: &Volume) -> linkwright_ntfs::Result<()> {
    let defaults = CreateOptions::default();
    let dir = volume.create(FileId::ROOT, &units("late"), FileKind::Directory, &defaults)?;
    for n in 0..4 {
        let name = units(&format!("late {n}"));
        let file = volume.create(dir, &name, FileKind::File, &defaults)?;
        volume.write_at(file, &[], 0, &[0; 9000])?;
        volume.hard_link(file, FileId::ROOT, &name)?;
    }
    volume.remove(dir, &units("late 1"))
}

/// Where the metadata is: the boot sector, records and index blocks by their
/// signatures, and all other pages that are neither zeros nor an empty log.
fn places(device: &MemoryDevice, record_size: usize) -> Vec<Place> {
    let plain = |start, len| Place {
        start,
        len,
        used: len,
        fixups: false,
    };
    let mut places = vec![plain(0, 84)];
    for range in device.allocated_ranges() {
        for start in range.step_by(4096) {
            let mut page = [0; 4096];
            if device.read_at(start, &mut page).is_err() {
                continue;
            }
            match &page[..4] {
                b"FILE" => places.extend(records(start, &page, record_size)),
                b"INDX" => {
                    places.push(Place {
                        fixups: true,
                        used: word(&page, 0x1C) + 0x18,
                        ..plain(start, 4096)
                    });
                }
                // $UpCase is 32 pages: a few are enough.
                _ if page.iter().all(|byte| *byte == 0xFF) || start == 0 => {}
                _ if looks_like_upcase(&page) => {}
                _ => places.push(plain(start, 4096)),
            }
        }
    }
    places
}

/// A table of units that go up one by one, mostly.
fn looks_like_upcase(page: &[u8; 4096]) -> bool {
    let units = crate::bytes::units(page);
    let steps = units
        .windows(2)
        .filter(|pair| pair[1] == pair[0].wrapping_add(1))
        .count();
    steps > 1500
}

fn word(bytes: &[u8], at: usize) -> usize {
    let bytes = bytes[at..at + 4].try_into().unwrap_or_default();
    usize::try_from(u32::from_le_bytes(bytes)).unwrap_or(0)
}

fn records(start: u64, page: &[u8], record_size: usize) -> impl Iterator<Item = Place> {
    (0..4096).step_by(record_size).filter_map(move |at| {
        let record = &page[at..at + record_size];
        let in_use = record[..4] == *b"FILE" && record[0x16] & 1 != 0;
        in_use.then(|| Place {
            start: start + at as u64,
            len: record_size,
            used: word(record, 0x18),
            fixups: true,
        })
    })
}

/// What an input says of the volume.
pub(crate) struct Damaged<'a> {
    pub(crate) device: Arc<Overlay>,
    /// Edits that were made; a volume without any is sound.
    pub(crate) edits: usize,
    /// The rest of the input.
    pub(crate) rest: Bytes<'a>,
}

/// The volume that an input names, damaged as it says: which volume, how many
/// edits, `header` bytes for others, the edits.
pub(crate) fn damaged<const N: usize>(bytes: &[u8]) -> (Damaged<'_>, [u8; N]) {
    let mut rest = Bytes(bytes);
    let base = &BASES[usize::from(rest.u8()) % BASES.len()];
    let edits = usize::from(rest.u8()) % (MOST_EDITS + 1);
    let header = rest.array();
    let device = Arc::new(Overlay::new(base.device()));
    for _ in 0..edits {
        edit(base, &device, &mut rest);
    }
    let damaged = Damaged {
        device,
        edits,
        rest,
    };
    (damaged, header)
}

/// One edit: 2 bytes for the place, 2 for the offset, 1 for the kind, 1 more
/// for where to copy from, 8 for the value.
fn edit(base: &Base, device: &Overlay, rest: &mut Bytes<'_>) {
    let place = base.places[rest.below(base.places.len())];
    let at = usize::from(rest.u16());
    let kind = rest.u8();
    let from = rest.u8();
    let value = rest.u64();
    let mut block = vec![0; place.len];
    if device.read_at(place.start, &mut block).is_err() {
        return;
    }
    let whole = place.fixups && fixup::remove(&mut block).is_ok();
    // Most of the time only what is in use is of interest.
    let end = match kind & 0x10 {
        0 => place.used.clamp(8, place.len),
        _ => place.len,
    };
    change(&mut block[..end], at, kind, from, value);
    if whole && (kind & 0x20 != 0 || fixup::apply(&mut block).is_err()) {
        // The array is hit, or the block is to be torn: it stays as it is.
        let last = block.len() - 2;
        block[last] ^= 0xFF;
    }
    device
        .write_at(place.start, &block)
        .expect("an overlay takes every write inside");
}

fn change(block: &mut [u8], at: usize, kind: u8, from: u8, value: u64) {
    let width = (1 << (kind & 3)).min(block.len());
    let at = at % (block.len() - width + 1);
    let bytes = value.to_le_bytes();
    match kind >> 2 & 3 {
        0 | 1 => block[at..at + width].copy_from_slice(&bytes[..width]),
        2 => {
            let mut old = [0; 8];
            old[..width].copy_from_slice(&block[at..at + width]);
            let new = u64::from_le_bytes(old).wrapping_add(value).to_le_bytes();
            block[at..at + width].copy_from_slice(&new[..width]);
        }
        _ => {
            // Attributes and entries that are right, in a wrong place.
            let len = (8 * (1 + usize::from(bytes[0] % 16))).min(block.len());
            let from = 8 * usize::from(from) % (block.len() - len + 1);
            let to = at / 8 * 8 % (block.len() - len + 1);
            block.copy_within(from..from + len, to);
        }
    }
}

/// Inputs that make a few edits each: `header` bytes stand behind the number
/// of edits, `tail` behind the edits.
pub(crate) fn seeds(header: &[u8], tail: &[u8]) -> Vec<Vec<u8>> {
    let mut numbers = crate::mutate::Numbers::new(11);
    let mut seeds = Vec::new();
    for (index, base) in BASES.iter().enumerate() {
        let index = u8::try_from(index).unwrap_or(0);
        let empty = [&[index, 0], header, tail].concat();
        seeds.push(empty);
        for place in 0..base.places.len() {
            let mut input = [&[index, 2], header].concat();
            for _ in 0..2 {
                let place = u16::try_from(place).unwrap_or(0);
                input.extend(place.to_le_bytes());
                let len = base.places[usize::from(place)].used;
                let at = u16::try_from(numbers.below(len)).unwrap_or(0);
                input.extend(at.to_le_bytes());
                input.push(u8::try_from(numbers.below(16)).unwrap_or(0));
                input.push(u8::try_from(numbers.below(256)).unwrap_or(0));
                input.extend((numbers.number() % 512).to_le_bytes());
            }
            input.extend_from_slice(tail);
            seeds.push(input);
        }
    }
    seeds
}
