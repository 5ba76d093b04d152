//! Doing one step.
//!
//! On a volume with transactions this runs inside of one. Elsewhere a new object
//! is made under a temporary name in the same directory and renamed over the old
//! one, so that the name always leads somewhere.

use std::hash::{DefaultHasher, Hash, Hasher};

use linkwright_fs::{
    Attributes, Capabilities, Contents, Create, Error, ErrorKind, FileSystem, LinkContent,
    LinkType, Name, Node, Replace, Result, Stat,
};

use super::format::Step;
use super::state::{FileState, LinkState, State, from_hex};
use super::world::{Here, content_of, file_at_root};

/// What temporary names end in: one that a killed program left is recognised.
pub const TEMPORARY_SUFFIX: &str = ".linkwright-mend";

/// Bytes that a copy moves at a time.
const CHUNK: usize = 1 << 18;

/// Attributes that a file keeps when it is made again; the others say how its
/// data lies.
const KEPT: Attributes = Attributes::READ_ONLY
    .union(Attributes::HIDDEN)
    .union(Attributes::SYSTEM)
    .union(Attributes::ARCHIVE);

/// Makes what is here what the step says it shall be.
pub(super) fn perform(fs: &dyn FileSystem, here: &Here, step: &Step) -> Result<()> {
    match &step.shall {
        State::Absent => fs.remove(&here.dir, &here.name),
        State::Link(link) => match (&step.was, &here.found) {
            (State::Link(old), Some((node, _))) if old.stays(link) => {
                set(fs, here, node, old, link)
            }
            _ => make_again(fs, here, link),
        },
        State::File(file) if file.shared => share(fs, here, file),
        State::File(file) => copy(fs, here, file),
    }
}

/// The temporary name for a name; always the same, so that what a killed
/// program left can be found.
pub(super) fn temporary(name: &Name) -> Name {
    let mut hasher = DefaultHasher::new();
    name.hash(&mut hasher);
    Name::from(format!(".{:016x}{TEMPORARY_SUFFIX}", hasher.finish()).as_str())
}

/// Removes what a killed program left beside a name.
pub(super) fn clear_temporary(fs: &dyn FileSystem, here: &Here) -> Result<()> {
    match fs.remove(&here.dir, &temporary(&here.name)) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

/// A new content in the same object.
fn set(
    fs: &dyn FileSystem,
    here: &Here,
    node: &Node,
    old: &LinkState,
    link: &LinkState,
) -> Result<()> {
    let content = content(link)?;
    if content == content_of(fs, node)? && old.buffer == link.buffer {
        // Nothing changes but that $Reparse gets its entry again.
        fs.remove_link(node)?;
    }
    fs.set_link(node, &content)?;
    fs.set_attributes(node, link.attributes())?;
    fs.set_times(node, &link.times.times())?;
    fs.refresh_entry(&here.dir, &here.name)
}

fn content(link: &LinkState) -> Result<LinkContent> {
    link.content()
        .ok_or_else(|| ErrorKind::InvalidReparseData.into())
}

/// A new object in the place of what has the name.
fn make_again(fs: &dyn FileSystem, here: &Here, link: &LinkState) -> Result<()> {
    let content = content(link)?;
    let link_type = link.link_type().unwrap_or(LinkType::File);
    let create = Create {
        attributes: link.attributes()
            - (Attributes::REPARSE_POINT | Attributes::DIRECTORY | Attributes::NORMAL),
        times: link.times.times(),
        security_descriptor: link.security.as_deref().and_then(from_hex),
        short_name: link
            .short_name
            .as_ref()
            .and_then(super::PathText::names)
            .and_then(|names| names.into_iter().next()),
        ..Create::default()
    };
    let make = |name: &Name| fs.create_link(&here.dir, name, link_type, &content, &create);
    if is_transaction(fs) {
        remove_found(fs, here)?;
        let node = make(&here.name)?;
        fs.set_attributes(&node, link.attributes())?;
        fs.set_times(&node, &link.times.times())?;
        return fs.refresh_entry(&here.dir, &here.name);
    }
    let aside = fresh_temporary(fs, here)?;
    make(&aside)?;
    replace(fs, here, &aside)
}

/// Another name of the file at [`FileState::of`].
fn share(fs: &dyn FileSystem, here: &Here, file: &FileState) -> Result<()> {
    let other = other(fs, file)?;
    if file
        .id
        .is_some_and(|id| id != (other.1.record, other.1.sequence))
    {
        return Err(Error::with_source(
            ErrorKind::NotFound,
            "the file it was a name of is gone",
        ));
    }
    if is_transaction(fs) {
        remove_found(fs, here)?;
        return fs.hard_link(&other.0, &here.dir, &here.name);
    }
    let aside = fresh_temporary(fs, here)?;
    fs.hard_link(&other.0, &here.dir, &aside)?;
    replace(fs, here, &aside)
}

fn other(fs: &dyn FileSystem, file: &FileState) -> Result<(Node, Stat)> {
    let names = file.of.as_ref().and_then(super::PathText::names);
    file_at_root(fs, &names.ok_or(ErrorKind::InvalidArgument)?)
}

/// A file of its own, with the data of another or of what is here now.
fn copy(fs: &dyn FileSystem, here: &Here, file: &FileState) -> Result<()> {
    let source = match (&file.of, &here.found) {
        (Some(_), _) => other(fs, file)?.0,
        (None, Some((node, _))) => node.clone(),
        (None, None) => return Err(ErrorKind::NotFound.into()),
    };
    let create = Create {
        attributes: file.attributes() & KEPT,
        times: file.times.times(),
        mode: file.mode,
        security_descriptor: file.security.as_deref().and_then(from_hex),
        ..Create::default()
    };
    let aside = fresh_temporary(fs, here)?;
    if is_transaction(fs) {
        return copy_inside(fs, here, &source, &aside, &create);
    }
    let mut data = fs.open_data(&source, None)?;
    let contents = Contents {
        stream: None,
        data: &mut *data,
    };
    fs.put_file(&here.dir, &aside, &create, &mut [contents], Replace::No)?;
    replace(fs, here, &aside)
}

/// Inside of a transaction, which hands out one thing at a time: no reader can
/// be open while something is written.
fn copy_inside(
    fs: &dyn FileSystem,
    here: &Here,
    source: &Node,
    aside: &Name,
    create: &Create,
) -> Result<()> {
    let plain = Create {
        attributes: Attributes::empty(),
        ..create.clone()
    };
    let node = fs.create_file(&here.dir, aside, &plain)?;
    let mut buffer = vec![0; CHUNK];
    for stream in fs.streams(source)? {
        let name = stream.name.as_ref();
        fs.set_len(&node, name, stream.size)?;
        let mut at = 0;
        loop {
            let got = fs.read_at(source, name, at, &mut buffer)?;
            let Some(data) = buffer.get(..got).filter(|data| !data.is_empty()) else {
                break;
            };
            fs.write_at(&node, name, at, data)?;
            at += u64::try_from(got).unwrap_or(0);
        }
    }
    let extended = fs.extended_attributes(source)?;
    if !extended.is_empty() {
        fs.set_extended_attributes(&node, &extended)?;
    }
    remove_found(fs, here)?;
    fs.rename(&here.dir, aside, &here.dir, &here.name, Replace::No)?;
    fs.set_attributes(&node, create.attributes)?;
    fs.set_times(&node, &create.times)?;
    fs.refresh_entry(&here.dir, &here.name)
}

fn is_transaction(fs: &dyn FileSystem) -> bool {
    fs.capabilities().contains(Capabilities::TRANSACTIONS)
}

fn remove_found(fs: &dyn FileSystem, here: &Here) -> Result<()> {
    match here.found {
        Some(_) => fs.remove(&here.dir, &here.name),
        None => Ok(()),
    }
}

fn fresh_temporary(fs: &dyn FileSystem, here: &Here) -> Result<Name> {
    clear_temporary(fs, here)?;
    Ok(temporary(&here.name))
}

/// Gives the object at `aside` the name.
fn replace(fs: &dyn FileSystem, here: &Here, aside: &Name) -> Result<()> {
    let renamed = match &here.found {
        // A directory is never replaced; a link to one goes first.
        Some((_, stat)) if stat.link_type() == LinkType::Directory => fs
            .remove(&here.dir, &here.name)
            .and_then(|()| fs.rename(&here.dir, aside, &here.dir, &here.name, Replace::No)),
        Some(_) => fs.rename(&here.dir, aside, &here.dir, &here.name, Replace::Yes),
        None => fs.rename(&here.dir, aside, &here.dir, &here.name, Replace::No),
    };
    if renamed.is_err() || fs.child(&here.dir, aside).is_ok() {
        // It failed; or both names are of one file, and POSIX leaves both.
        fs.remove(&here.dir, aside).ok();
    }
    renamed
}
