//! Short questions that rows ask: what a path is now, as a program sees it.

use linkwright_fs::{FileSystem, LinkContent, Name, StreamName};
use linkwright_ntfs_format::usn::UsnRecord;
use linkwright_reparse::ReparseBuffer;
use linkwright_win32::Win32Error;
use linkwright_win32::constants as c;
use linkwright_win32::structures::{ByHandleFileInformation, Win32FindData};

use super::buffers::to_hex;
use super::calls::{Answer, Trouble, c_string, text, wide};
use super::makers::{find, letters};
use super::steps::Word;
use super::world::World;

/// The questions.
pub(crate) const QUERIES: &[&str] = &[
    "exists",
    "read",
    "links",
    "attrs",
    "size",
    "tag",
    "buffer",
    "substitute",
    "print",
    "flags",
    "names",
    "same",
    "security",
    "times",
    "lasttimes",
    "changetime",
    "creationtime",
    "entrysize",
    "entryattrs",
    "usnreasons",
];

/// Answers a question.
pub(crate) fn query(world: &mut World, verb: &str, words: &[Word]) -> Answer {
    match (verb, words) {
        ("exists", [path]) => exists(world, path),
        ("read", [path]) => read(world, path),
        ("same", [one, other]) => {
            let (one, other) = (facts(world, one)?, facts(world, other)?);
            let id = |facts: &ByHandleFileInformation| (facts.volume_serial_number, facts.index());
            text(if id(&one) == id(&other) { "yes" } else { "no" })
        }
        ("buffer" | "substitute" | "print" | "flags", [path]) => link(world, verb, path),
        (_, [path]) => fact(world, verb, path),
        _ => Err(format!("{verb} with {} arguments", words.len()).into()),
    }
}

fn exists(world: &mut World, path: &Word) -> Answer {
    match world.system()?.get_file_attributes_w(wide(path)) {
        Ok(_) => text("yes"),
        Err(error) if error.0 == 2 || error.0 == 3 => text("no"),
        Err(error) => Err(error.into()),
    }
}

fn read(world: &mut World, path: &Word) -> Answer {
    let system = world.system()?;
    let handle = system.create_file_w(
        wide(path),
        c::GENERIC_READ,
        7,
        None,
        c::OPEN_EXISTING,
        0,
        None,
    )?;
    let mut data = vec![0; 1 << 16];
    let read = system.read_file(handle, &mut data);
    system.close_handle(handle)?;
    data.truncate(usize::try_from(read?).map_err(|error| error.to_string())?);
    text(String::from_utf8_lossy(&data))
}

fn show(error: linkwright_fs::Error) -> Trouble {
    Trouble::Row(error.to_string())
}

/// What GetFileInformationByHandle says of an object, links not followed.
fn facts(world: &mut World, path: &Word) -> Result<ByHandleFileInformation, Trouble> {
    let flags = c::FILE_FLAG_OPEN_REPARSE_POINT | c::FILE_FLAG_BACKUP_SEMANTICS;
    let system = world.system()?;
    let handle = system.create_file_w(wide(path), 0, 7, None, c::OPEN_EXISTING, flags, None)?;
    let facts = system.get_file_information_by_handle(handle);
    system.close_handle(handle)?;
    Ok(facts?)
}

/// What stands in the directory for a path.
fn entry(world: &mut World, path: &Word) -> Result<Win32FindData, Trouble> {
    let system = world.system()?;
    let (search, found) = system.find_first_file_w(wide(path))?;
    system.find_close(search)?;
    Ok(found)
}

/// One fact about an object.
fn fact(world: &mut World, verb: &str, path: &Word) -> Answer {
    match verb {
        "links" => text(facts(world, path)?.number_of_links.to_string()),
        "size" => text(facts(world, path)?.size().to_string()),
        "attrs" => text(letters(world.system()?.get_file_attributes_w(wide(path))?)),
        "entrysize" => text(entry(world, path)?.size().to_string()),
        "entryattrs" => text(letters(entry(world, path)?.file_attributes)),
        "tag" => {
            let entry = entry(world, path)?;
            let link = entry.file_attributes & c::FILE_ATTRIBUTE_REPARSE_POINT != 0;
            text(format!("0x{:08x}", if link { entry.reserved0 } else { 0 }))
        }
        "names" => names(world, path),
        _ => stored(world, verb, path),
    }
}

/// All names of a file, by FindFirstFileNameW and FindNextFileNameW.
fn names(world: &mut World, path: &Word) -> Answer {
    let system = world.system()?;
    let mut buffer = vec![0; 40_000];
    let room = u32::try_from(buffer.len()).map_err(|error| error.to_string())?;
    let mut length = room;
    let search = system.find_first_file_name_w(wide(path), 0, &mut length, &mut buffer)?;
    let mut names = vec![c_string(&buffer)];
    let end = loop {
        length = room;
        match system.find_next_file_name_w(search, &mut length, &mut buffer) {
            Ok(()) => names.push(c_string(&buffer)),
            Err(error) => break error,
        }
    };
    system.find_close(search)?;
    if end != Win32Error::HANDLE_EOF {
        return Err(end.into());
    }
    names.sort();
    text(names.join("|"))
}

/// What is stored, whoever may see it.
fn stored(world: &World, verb: &str, path: &Word) -> Answer {
    let (fs, node) = find(world, path)?;
    let times = fs.stat(&node).map_err(show)?.times;
    let three = format!(
        "{:?} {:?} {:?}",
        times.created, times.modified, times.accessed
    );
    match verb {
        "times" => text(format!("{three} {:?}", times.changed)),
        "lasttimes" => text(three),
        "changetime" => text(format!("{:?}", times.changed)),
        "creationtime" => text(format!("{:?}", times.created)),
        "usnreasons" => usn_reasons(&*fs, fs.stat(&node).map_err(show)?.record),
        "security" => text(to_hex(&fs.security(&node).map_err(show)?)),
        _ => Err(format!("{verb} is not answered").into()),
    }
}

/// The reasons in the last record of the change journal about a file.
fn usn_reasons(fs: &dyn FileSystem, record: u64) -> Answer {
    let child = |dir, name| fs.child(&dir, &Name::from(name)).map_err(show);
    let extend = child(fs.root().map_err(show)?, "$Extend")?;
    let journal = child(extend, "$UsnJrnl")?;
    let stream = StreamName::from("$J");
    let streams = fs.streams(&journal).map_err(show)?;
    let found = streams
        .iter()
        .find(|info| info.name.as_ref() == Some(&stream));
    let size = found.ok_or("no $J")?.size;
    let mut bytes = vec![0; usize::try_from(size).map_err(|error| error.to_string())?];
    fs.read_at(&journal, Some(&stream), 0, &mut bytes)
        .map_err(show)?;
    let (mut at, mut last) = (0, None);
    while at < bytes.len() {
        match UsnRecord::decode(&bytes[at..]) {
            Ok((found, length)) => {
                if found.file.record().0 == record {
                    last = Some(found.reason.bits());
                }
                at += length;
            }
            // The rest of a page.
            Err(_) => at = (at + 1).next_multiple_of(4096),
        }
    }
    text(format!("0x{:08x}", last.ok_or("no record of this file")?))
}

/// What a reparse point holds.
fn link(world: &mut World, verb: &str, path: &Word) -> Answer {
    let (fs, node) = find(world, path)?;
    let Some(LinkContent::Reparse(buffer)) = fs.link(&node).map_err(show)? else {
        return Err(format!("{} is no link", path.raw).into());
    };
    let names = match &buffer {
        ReparseBuffer::SymbolicLink(link) => {
            Some((link.substitute_name(), link.print_name(), link.flags()))
        }
        ReparseBuffer::MountPoint(point) => Some((point.substitute_name(), point.print_name(), 0)),
        _ => None,
    };
    match (verb, names) {
        ("buffer", _) => text(to_hex(&buffer.encode())),
        ("substitute", Some((name, _, _))) | ("print", Some((_, name, _))) => {
            text(String::from_utf16_lossy(name))
        }
        ("flags", Some((_, _, flags))) if flags < 10 => text(flags.to_string()),
        ("flags", Some((_, _, flags))) => text(format!("0x{flags:08x}")),
        _ => Err(format!("{} has no {verb}", path.raw).into()),
    }
}

/// The GUID of the volume of a drive, in the order of the structure.
pub(crate) fn volume_guid(world: &mut World, drive: &Word) -> Result<[u8; 16], String> {
    let root: Vec<u16> = [drive.units.as_slice(), &[u16::from(b'\\')]].concat();
    let mut buffer = [0; 64];
    world
        .system()?
        .get_volume_name_for_volume_mount_point_w(Some(&root), &mut buffer)
        .map_err(|error| error.to_string())?;
    let name = c_string(&buffer);
    let name = name.trim_start_matches(r"\\?\").trim_end_matches('\\');
    let name: Vec<u16> = name.encode_utf16().collect();
    let guid = linkwright_names::path::VolumeGuid::parse(&name).ok_or("no GUID")?;
    let mut guid = guid.bytes();
    guid[..4].reverse();
    guid[4..6].reverse();
    guid[6..8].reverse();
    Ok(guid)
}
