//! Steps that put things on the volumes, past the machine: as another Windows
//! left them.

use linkwright_device::{BlockDevice, MemoryDevice};
use linkwright_fs::{
    Attributes, Create, ExtendedAttribute, FileSystem, LinkContent, LinkType, Name, Node, Sid,
    StreamName,
};
use linkwright_ntfs_format::acl::{AccessMask, Ace, AceFlags, Acl};
use linkwright_ntfs_format::security::SecurityDescriptor;
use linkwright_reparse::{MountPoint, ReparseBuffer, SymbolicLink, TargetContext};

use super::buffers;
use super::steps::Word;
use super::world::World;

/// The steps of this kind.
pub(crate) const MAKERS: &[&str] = &[
    "file",
    "dir",
    "symlink",
    "symlinkd",
    "junction",
    "link",
    "manylinks",
    "chain",
    "attr",
    "deny",
    "reparse",
    "ea",
    "fill",
    "mount",
    "corrupt",
    "clock",
    "cloud",
];

type Made = Result<(), String>;

fn show(error: linkwright_fs::Error) -> String {
    error.to_string()
}

/// Does one step.
pub(crate) fn make(world: &mut World, verb: &str, words: &[Word]) -> Made {
    match (verb, words) {
        ("file", [path]) => file(world, path),
        ("dir", [path]) => {
            let (fs, dir, name) = parent(world, path)?;
            let made = fs.create_directory(&dir, &name, &Create::default());
            made.map(drop).map_err(show)
        }
        ("symlink", [path, arrow, target]) if arrow.is("->") => {
            symlink(world, path, target, LinkType::File)
        }
        ("symlinkd", [path, arrow, target]) if arrow.is("->") => {
            symlink(world, path, target, LinkType::Directory)
        }
        ("junction", [path, arrow, target]) if arrow.is("->") => {
            let point = MountPoint::junction(&target.units).map_err(|error| error.to_string())?;
            create_link(world, path, LinkType::Directory, point.into())
        }
        ("link", [path, arrow, existing]) if arrow.is("->") => {
            let (fs, dir, name) = parent(world, path)?;
            let (_, node) = find(world, existing)?;
            fs.hard_link(&node, &dir, &name).map_err(show)
        }
        ("manylinks", [path, count]) => many_links(world, path, super::world::number(&count.raw)?),
        ("chain", [path, count, target]) => {
            chain(world, path, super::world::number(&count.raw)?, target)
        }
        ("attr", [path, letters]) => attributes(world, path, &letters.raw),
        ("deny", [path, rights]) => deny(world, path, &rights.raw),
        ("reparse", [path, buffer]) => {
            let bytes = buffers::input(buffer)?;
            let content = ReparseBuffer::decode(&bytes).map_err(|error| error.to_string())?;
            let (fs, node) = find(world, path)?;
            fs.set_link(&node, &LinkContent::Reparse(content))
                .map_err(show)
        }
        ("ea", [path, name, value]) => {
            let (fs, node) = find(world, path)?;
            let attribute = ExtendedAttribute {
                flags: 0,
                name: name.bytes.clone(),
                value: value.bytes.clone(),
            };
            fs.set_extended_attributes(&node, &[attribute])
                .map_err(show)
        }
        ("fill", [volume]) => fill(world, volume),
        ("mount", [path, arrow, drive]) if arrow.is("->") => mount(world, path, drive),
        ("cloud", [path]) => {
            // IO_REPARSE_TAG_CLOUD, with nothing in it.
            let bytes = [0x1A, 0, 0, 0x90, 0, 0, 0, 0];
            let content = ReparseBuffer::decode(&bytes).map_err(|error| error.to_string())?;
            let (fs, node) = find(world, path)?;
            fs.set_link(&node, &LinkContent::Reparse(content))
                .map_err(show)
        }
        ("corrupt", [target]) => corrupt(world, target),
        ("clock", [seconds]) => {
            world
                .clock
                .advance(u64::from(super::world::number(&seconds.raw)?));
            Ok(())
        }
        _ => Err("not understood".into()),
    }
}

type Fs = std::sync::Arc<linkwright_fs::ntfs::NtfsFs>;

/// The object of a path, links not followed.
pub(crate) fn find(world: &World, path: &Word) -> Result<(Fs, Node), String> {
    let (disk, parts) = world.place(path)?;
    let node = walk(&disk.fs, &parts)?;
    Ok((disk.fs.clone(), node))
}

fn walk(fs: &Fs, parts: &[Vec<u16>]) -> Result<Node, String> {
    let mut node = fs.root().map_err(show)?;
    for part in parts {
        let name = Name::from_units(part.clone());
        node = fs
            .child(&node, &name)
            .map_err(|error| format!("{name}: {error}"))?;
    }
    Ok(node)
}

/// The directory of a path, and the last name.
fn parent(world: &World, path: &Word) -> Result<(Fs, Node, Name), String> {
    let (disk, mut parts) = world.place(path)?;
    let last = parts.pop().ok_or("names nothing")?;
    let dir = walk(&disk.fs, &parts)?;
    Ok((disk.fs.clone(), dir, Name::from_units(last)))
}

/// `file PATH[=TEXT]`; a stream of a file that is there when the name has one.
fn file(world: &World, word: &Word) -> Made {
    let equals = word.units.iter().position(|&unit| unit == u16::from(b'='));
    let (path, data) = match equals {
        Some(at) => {
            let data = String::from_utf16_lossy(&word.units[at + 1..]);
            (word.units[..at].to_vec(), data)
        }
        None => (word.units.clone(), String::new()),
    };
    let path = Word {
        units: path,
        ..word.clone()
    };
    let (fs, dir, name) = parent(world, &path)?;
    let colon = name.units().iter().position(|&u| u == u16::from(b':'));
    if let Some(at) = colon {
        let file = Name::from_units(name.units()[..at].to_vec());
        let stream = StreamName::from_units(name.units()[at + 1..].to_vec());
        let node = fs.child(&dir, &file).map_err(show)?;
        return fs
            .put_stream(&node, &stream, &mut data.as_bytes())
            .map_err(show);
    }
    let create = Create {
        attributes: Attributes::ARCHIVE,
        ..Create::default()
    };
    let node = fs.create_file(&dir, &name, &create).map_err(show)?;
    fs.write_at(&node, None, 0, data.as_bytes()).map_err(show)?;
    // What wrote it had it open by this name.
    fs.refresh_entry(&dir, &name).map_err(show)
}

fn symlink(world: &World, path: &Word, target: &Word, link_type: LinkType) -> Made {
    let root: Vec<u16> = r"C:\".encode_utf16().collect();
    let context = TargetContext {
        drive_directory: Some(&root),
    };
    let link = SymbolicLink::from_target_text(&target.units, &context)
        .map_err(|error| error.to_string())?;
    create_link(world, path, link_type, link.into())
}

fn create_link(world: &World, path: &Word, link_type: LinkType, buffer: ReparseBuffer) -> Made {
    let (fs, dir, name) = parent(world, path)?;
    let create = Create {
        attributes: match link_type {
            LinkType::File => Attributes::ARCHIVE,
            LinkType::Directory => Attributes::default(),
        },
        ..Create::default()
    };
    fs.create_link(
        &dir,
        &name,
        link_type,
        &LinkContent::Reparse(buffer),
        &create,
    )
    .map(drop)
    .map_err(show)
}

/// Gives a file more names, in a directory of their own.
fn many_links(world: &World, path: &Word, count: u32) -> Made {
    let (fs, node) = find(world, path)?;
    let root = fs.root().map_err(show)?;
    let dir = fs
        .create_directory(&root, &Name::from("names"), &Create::default())
        .map_err(show)?;
    for number in 0..count {
        fs.hard_link(&node, &dir, &Name::from(format!("{number}").as_str()))
            .map_err(show)?;
    }
    Ok(())
}

/// `PATH1` leads to the target, `PATH2` to `PATH1`, and so on.
fn chain(world: &World, path: &Word, count: u32, target: &Word) -> Made {
    let (_, _, stem) = parent(world, path)?;
    let mut target = target.units.clone();
    for number in 1..=count {
        let suffix: Vec<u16> = number.to_string().encode_utf16().collect();
        let link = Word {
            units: [path.units.as_slice(), &suffix].concat(),
            ..path.clone()
        };
        let to = Word {
            units: target,
            ..path.clone()
        };
        symlink(world, &link, &to, LinkType::File)?;
        target = [stem.units(), &suffix].concat();
    }
    Ok(())
}

/// The letters of attributes, as dir shows them.
const LETTERS: [(char, u32); 11] = [
    ('R', 0x1),
    ('H', 0x2),
    ('S', 0x4),
    ('D', 0x10),
    ('A', 0x20),
    ('N', 0x80),
    ('P', 0x200),
    ('L', 0x400),
    ('C', 0x800),
    ('O', 0x1000),
    ('E', 0x4000),
];

/// Attributes as letters.
pub(crate) fn letters(attributes: u32) -> String {
    LETTERS
        .iter()
        .filter(|(_, bit)| attributes & bit != 0)
        .map(|(letter, _)| letter)
        .collect()
}

/// Letters as attributes.
pub(crate) fn bits(text: &str) -> Result<u32, String> {
    text.chars().try_fold(0, |bits, letter| {
        let known = LETTERS.iter().find(|(known, _)| *known == letter);
        known
            .map(|(_, bit)| bits | bit)
            .ok_or_else(|| format!("{letter} is no attribute"))
    })
}

/// Adds attributes. Those that only Windows sets are put on the disk itself.
fn attributes(world: &mut World, path: &Word, text: &str) -> Made {
    let wanted = bits(text)?;
    let settable = 0x1 | 0x2 | 0x4 | 0x20 | 0x1000;
    let (fs, node) = find(world, path)?;
    if wanted & !settable == 0 {
        let now = fs.stat(&node).map_err(show)?.attributes;
        let all = now | Attributes::from_bits_retain(wanted);
        return fs.set_attributes(&node, all).map_err(show);
    }
    let record = fs.stat(&node).map_err(show)?.record;
    drop((fs, node));
    world.patch(&mut |device| patch_attributes(device, record, wanted))
}

/// Sets bits in the $STANDARD_INFORMATION of a file record.
fn patch_attributes(device: &MemoryDevice, record: u64, bits: u32) -> Result<bool, String> {
    let length = usize::try_from(device.len()).map_err(|error| error.to_string())?;
    let mut image = vec![0; length];
    device
        .read_at(0, &mut image)
        .map_err(|error| error.to_string())?;
    let u16_at = |at: usize| u16::from_le_bytes([image[at], image[at + 1]]);
    let u32_at =
        |at: usize| u32::from_le_bytes([image[at], image[at + 1], image[at + 2], image[at + 3]]);
    let mut found = false;
    // Records are looked for on their boundaries; the mirror has only system files.
    for at in (0..length - 1024).step_by(1024) {
        if !image[at..].starts_with(b"FILE") || u64::from(u32_at(at + 0x2C)) != record {
            continue;
        }
        let attribute = at + usize::from(u16_at(at + 0x14));
        if u32_at(attribute) != 0x10 {
            // An old copy, in the journal.
            continue;
        }
        let flags = attribute + usize::from(u16_at(attribute + 0x14)) + 0x20;
        let new = u32_at(flags) | bits;
        let offset = u64::try_from(flags).map_err(|error| error.to_string())?;
        device
            .write_at(offset, &new.to_le_bytes())
            .map_err(|error| error.to_string())?;
        found = true;
    }
    Ok(found)
}

/// Damages the reparse point whose print name is this text: its substitute name
/// gets a length beyond the buffer.
fn corrupt(world: &mut World, target: &Word) -> Made {
    let text: Vec<u8> = target.units.iter().flat_map(|u| u.to_le_bytes()).collect();
    world.patch(&mut |device| {
        let length = usize::try_from(device.len()).map_err(|error| error.to_string())?;
        let mut image = vec![0; length];
        device
            .read_at(0, &mut image)
            .map_err(|error| error.to_string())?;
        let mut found = false;
        for at in 20..length - text.len() {
            let head = at - 20;
            if image[at..].starts_with(&text) && image[head..].starts_with(&[0x0C, 0, 0, 0xA0]) {
                // SubstituteNameLength.
                let offset = u64::try_from(head + 10).map_err(|error| error.to_string())?;
                device
                    .write_at(offset, &0xFFF0_u16.to_le_bytes())
                    .map_err(|error| error.to_string())?;
                found = true;
            }
        }
        Ok(found)
    })
}

/// Rights by the letters of the notation, as on files.
pub(crate) fn rights(text: &str) -> Result<u32, String> {
    text.split('+').try_fold(0, |rights, word| {
        Ok(rights
            | match word {
                "ALL" => 0x001F_01FF,
                "R" => 0x8000_0000,
                "W" => 0x4000_0000,
                "X" => 0x2000_0000,
                "D" => 0x0001_0000,
                "RC" => 0x0002_0000,
                "WDAC" => 0x0004_0000,
                "RA" => 0x80,
                "WA" => 0x100,
                "LD" => 0x1,
                "AF" => 0x2,
                "AS" => 0x4,
                "TR" => 0x20,
                "DC" => 0x40,
                other => super::world::number(other)?,
            })
    })
}

/// Denies everybody some rights and grants the others.
fn deny(world: &World, path: &Word, text: &str) -> Made {
    let (fs, node) = find(world, path)?;
    let mask = AccessMask::from_bits_retain(rights(text)?);
    let all = AccessMask::from_bits_retain(0x001F_01FF);
    let acl = Acl::new(vec![
        Ace::deny(AceFlags::empty(), mask, Sid::EVERYONE),
        Ace::allow(AceFlags::empty(), all, Sid::EVERYONE),
    ]);
    let mut descriptor = SecurityDescriptor::default_file(Sid::ADMINISTRATORS, Sid::ADMINISTRATORS);
    descriptor.dacl = Some(acl);
    let bytes = descriptor.encode().map_err(|error| error.to_string())?;
    fs.set_security(&node, &bytes).map_err(show)
}

/// Takes all the space of a volume.
fn fill(world: &World, volume: &Word) -> Made {
    let (disk, _) = world.place(volume)?;
    let fs = &disk.fs;
    let root = fs.root().map_err(show)?;
    let file = fs
        .create_file(&root, &Name::from("filler"), &Create::default())
        .map_err(show)?;
    let mut length = 0;
    for step in [1 << 20, 64 << 10, 4096, 512] {
        let block = vec![0x55; step];
        while fs.write_at(&file, None, length, &block).is_ok() {
            length += block.len() as u64;
        }
    }
    Ok(())
}

/// Mounts the volume of a drive in an empty directory.
fn mount(world: &mut World, path: &Word, drive: &Word) -> Made {
    let guid = super::queries::volume_guid(world, drive)?;
    let point = MountPoint::volume(guid).map_err(|error| error.to_string())?;
    let (fs, node) = find(world, path)?;
    fs.set_link(&node, &LinkContent::Reparse(point.into()))
        .map_err(show)
}
