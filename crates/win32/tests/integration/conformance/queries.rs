//! Short questions that rows ask: what a path is now, as a program sees it.

use linkwright_fs::{DirectoryEntry, FileSystem, LinkContent};
use linkwright_reparse::ReparseBuffer;
use linkwright_win32::constants as c;

use super::buffers::to_hex;
use super::calls::{Answer, Trouble, text, wide};
use super::makers::{find, letters, parent};
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
];

/// Answers a question.
pub(crate) fn query(world: &mut World, verb: &str, words: &[Word]) -> Answer {
    match (verb, words) {
        ("exists", [path]) => exists(world, path),
        ("read", [path]) => read(world, path),
        ("same", [one, other]) => {
            let id = |path| -> Result<_, String> {
                let (fs, node) = find(world, path)?;
                let stat = fs.stat(&node).map_err(|error| error.to_string())?;
                Ok((stat.record, stat.sequence))
            };
            text(if id(one)? == id(other)? { "yes" } else { "no" })
        }
        ("buffer" | "substitute" | "print" | "flags", [path]) => link(world, verb, path),
        (_, [path]) => fact(world, verb, path),
        _ => Err(format!("{verb} with {} arguments", words.len()).into()),
    }
}

fn exists(world: &mut World, path: &Word) -> Answer {
    let flags = c::FILE_FLAG_OPEN_REPARSE_POINT | c::FILE_FLAG_BACKUP_SEMANTICS;
    let system = world.system()?;
    let before = system.get_last_error();
    let opened = system.create_file_w(wide(path), 0, 7, None, c::OPEN_EXISTING, flags, None);
    system.set_last_error(before);
    match opened {
        Ok(handle) => {
            system.close_handle(handle)?;
            text("yes")
        }
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

/// One fact about an object, links not followed.
fn fact(world: &mut World, verb: &str, path: &Word) -> Answer {
    let (fs, node) = find(world, path)?;
    let stat = fs.stat(&node).map_err(show)?;
    let times = stat.times;
    let three = format!(
        "{:?} {:?} {:?}",
        times.created, times.modified, times.accessed
    );
    match verb {
        "links" => text(stat.names.to_string()),
        "attrs" => text(letters(stat.attributes.bits())),
        "size" => text(stat.size.to_string()),
        "tag" => text(format!("0x{:08x}", stat.reparse_tag.unwrap_or(0))),
        "times" => text(format!("{three} {:?}", times.changed)),
        "lasttimes" => text(three),
        "changetime" => text(format!("{:?}", times.changed)),
        "creationtime" => text(format!("{:?}", times.created)),
        "security" => text(to_hex(&fs.security(&node).map_err(show)?)),
        "names" => {
            let mut names: Vec<String> = Vec::new();
            for name in fs.names(&node).map_err(show)? {
                let path = name.path.ok_or("a name without a path")?;
                names.push(path.iter().map(|part| format!("\\{part}")).collect());
            }
            names.sort();
            text(names.join("|"))
        }
        "entrysize" => text(entry(world, path)?.duplicate.size.to_string()),
        "entryattrs" => text(letters(entry(world, path)?.duplicate.attributes.bits())),
        _ => Err(format!("{verb} is not answered").into()),
    }
}

/// What stands in the directory for a path.
fn entry(world: &World, path: &Word) -> Result<DirectoryEntry, Trouble> {
    let (fs, dir, name) = parent(world, path)?;
    fs.entry(&dir, &name).map_err(show)
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
    let name = super::calls::c_string(&buffer);
    let name = name.trim_start_matches(r"\\?\").trim_end_matches('\\');
    let name: Vec<u16> = name.encode_utf16().collect();
    let guid = linkwright_names::path::VolumeGuid::parse(&name).ok_or("no GUID")?;
    let mut guid = guid.bytes();
    guid[..4].reverse();
    guid[4..6].reverse();
    guid[6..8].reverse();
    Ok(guid)
}
