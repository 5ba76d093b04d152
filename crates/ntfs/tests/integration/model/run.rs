//! Takes the steps on a volume and on the model, and compares.

use std::collections::BTreeSet;
use std::sync::Arc;

use linkwright_device::MemoryDevice;
use linkwright_ntfs::{
    CreateOptions, DirEntry, Error, FileId, FileKind, InvalidInput, LinkType, OpenOptions, Replace,
    Result, Transaction, Volume,
};
use linkwright_ntfs_check::CheckOptions;
use linkwright_ntfs_format::standard_information::FileAttributes;
use linkwright_ntfs_mkfs::FormatOptions;
use linkwright_reparse::{LxSymlink, MountPoint, SymbolicLink};
use linkwright_testkit::snapshot::{escape, sha256};
use linkwright_testkit::{Entry, Kind, TreeSnapshot};

use super::generate::{Op, Pick, Step};
use super::memory::{Model, Node, Refusal, fold};
use crate::support::{
    ROOT, fresh, open, options as options_for_writing, pattern, problems, read_all, units,
};

/// Attributes that only [`Op::SetAttributes`] changes.
const COMPARED: FileAttributes = FileAttributes::READ_ONLY
    .union(FileAttributes::HIDDEN)
    .union(FileAttributes::SYSTEM)
    .union(FileAttributes::NOT_CONTENT_INDEXED);

/// The pool of names; some differ by case only.
fn name(number: u8) -> Vec<u16> {
    let n = number / 6;
    match number % 6 {
        0 => units(&format!("file{n}")),
        1 => units(&format!("FILE{n}")),
        2 => units(&format!("{}{n}", "long name ".repeat(20))),
        3 => units(&format!("\u{e4}\u{3b1}\u{1f600}{n}")),
        4 => units(&format!("A name of middling length, number {n}.txt")),
        _ => vec![0xD800, 0x61 + u16::from(n)],
    }
}

fn pick<T: Copy>(from: &[T], pick: Pick) -> Option<T> {
    (!from.is_empty()).then(|| from[usize::from(pick) % from.len()])
}

fn symbolic(target: u8) -> SymbolicLink {
    match target % 3 {
        0 => SymbolicLink::relative(&units(&format!("file{target}"))),
        1 => SymbolicLink::relative(&units(&"..\\long".repeat(usize::from(target)))),
        _ => SymbolicLink::absolute(&units("C:\\x"), &units("\\??\\C:\\x")),
    }
    .expect("a target")
}

fn junction(target: u8) -> MountPoint {
    MountPoint::junction(&units(&format!("C:\\dir{}", target % 8))).expect("a target")
}

fn reparse_bytes(tag: u8, len: u16) -> Vec<u8> {
    match tag % 3 {
        0 => symbolic(len.to_le_bytes()[0]).encode(),
        1 => LxSymlink::new(&vec![b'a'; usize::from(len) + 1])
            .expect("a target")
            .encode(),
        _ => {
            let mut bytes = 0x8000_0021_u32.to_le_bytes().to_vec();
            bytes.extend(len.to_le_bytes());
            bytes.extend([0; 2]);
            bytes.extend(pattern(7, usize::from(len)));
            bytes
        }
    }
}

fn refusal(error: &Error) -> Option<Refusal> {
    let Error::InvalidInput(input) = error else {
        return None;
    };
    Some(match input {
        InvalidInput::NotFound => Refusal::NotFound,
        InvalidInput::NameCollision => Refusal::Collision,
        InvalidInput::IsADirectory => Refusal::IsADirectory,
        InvalidInput::DirectoryNotEmpty => Refusal::NotEmpty,
        InvalidInput::MoveIntoItself => Refusal::IntoItself,
        InvalidInput::TooManyLinks => Refusal::TooManyLinks,
        InvalidInput::StreamNotFound => Refusal::NoStream,
        InvalidInput::NotAReparsePoint => Refusal::NoReparse,
        InvalidInput::ReparseTagMismatch => Refusal::OtherTag,
        _ => return None,
    })
}

type Outcome = core::result::Result<(), String>;

/// Joins what the engine did with what the model did; `next` is the model
/// after the operation.
fn settle<T>(
    model: &mut Model,
    mut next: Model,
    expected: core::result::Result<(), Refusal>,
    got: Result<T>,
    finish: impl FnOnce(&mut Model, T),
) -> Outcome {
    match (expected, got) {
        (Ok(()), Ok(value)) => {
            finish(&mut next, value);
            *model = next;
            Ok(())
        }
        (_, Err(Error::DiskFull)) => Ok(()),
        (Err(wanted), Err(error)) if refusal(&error) == Some(wanted) => Ok(()),
        (expected, got) => Err(format!(
            "expected {expected:?}, got {:?}",
            got.map(|_| ()).map_err(|e| e.to_string())
        )),
    }
}

/// The same code for a volume and for a transaction.
macro_rules! apply {
    ($apply:ident, $target:ty) => {
        fn $apply(on: &mut $target, model: &mut Model, op: &Op) -> Outcome {
            let none = CreateOptions::default();
            let mut next = model.clone();
            let dirs = model.directories();
            let dir_of = |at: Pick| pick(&dirs, at).expect("the root");
            let entry_of = |dir: FileId, at: Pick| {
                let names: Vec<_> = model.entries(dir).values().map(|(name, _)| name).collect();
                pick(&names, at).cloned()
            };
            let stream_of = |file: Pick, stream: Pick| {
                let file = pick(&model.all(), file)?;
                let names: Vec<_> = model.node(file).streams.values().map(|(n, _)| n).collect();
                pick(&names, stream).map(|name| (file, name.clone()))
            };
            match op {
                Op::Create {
                    dir,
                    name: n,
                    directory,
                } => {
                    let (dir, name) = (dir_of(*dir), name(*n));
                    let kind = if *directory {
                        FileKind::Directory
                    } else {
                        FileKind::File
                    };
                    let expected = model.free_name(dir, &name);
                    let got = on.create(dir, &name, kind, &none);
                    settle(model, next, expected, got, |next, file| {
                        next.created(dir, &name, file, *directory);
                    })
                }
                Op::Link { file, dir, name: n } => {
                    let Some(file) = pick(&model.all(), *file) else {
                        return Ok(());
                    };
                    let (dir, name) = (dir_of(*dir), name(*n));
                    let expected = next.link(file, dir, &name);
                    settle(
                        model,
                        next,
                        expected,
                        on.hard_link(file, dir, &name),
                        |_, ()| {},
                    )
                }
                Op::Symlink {
                    dir,
                    name: n,
                    target,
                    directory,
                } => {
                    let (dir, name, link) = (dir_of(*dir), name(*n), symbolic(*target));
                    let kind = if *directory {
                        LinkType::Directory
                    } else {
                        LinkType::File
                    };
                    let expected = model.free_name(dir, &name);
                    let got = on.symbolic_link(dir, &name, kind, &link, &none);
                    settle(model, next, expected, got, |next, file| {
                        next.created(dir, &name, file, *directory);
                        next.node_mut(file).reparse = Some(link.encode());
                    })
                }
                Op::Junction {
                    dir,
                    name: n,
                    target,
                } => {
                    let (dir, name, mount) = (dir_of(*dir), name(*n), junction(*target));
                    let expected = model.free_name(dir, &name);
                    let got = on.junction(dir, &name, &mount, &none);
                    settle(model, next, expected, got, |next, file| {
                        next.created(dir, &name, file, true);
                        next.node_mut(file).reparse = Some(mount.encode());
                    })
                }
                Op::Remove { dir, entry } => {
                    let dir = dir_of(*dir);
                    let Some(name) = entry_of(dir, *entry) else {
                        return Ok(());
                    };
                    let expected = next.remove(dir, &name);
                    settle(model, next, expected, on.remove(dir, &name), |_, ()| {})
                }
                Op::RemoveNothing { dir } => {
                    let got = on.remove(dir_of(*dir), &units("nothing has this name"));
                    settle(model, next, Err(Refusal::NotFound), got, |_, ()| {})
                }
                Op::Rename {
                    dir,
                    entry,
                    to,
                    name: n,
                    replace,
                } => {
                    let (dir, to, new) = (dir_of(*dir), dir_of(*to), name(*n));
                    let Some(old) = entry_of(dir, *entry) else {
                        return Ok(());
                    };
                    let expected = next.rename(dir, &old, to, &new, *replace);
                    let replace = if *replace { Replace::Yes } else { Replace::No };
                    let got = on.rename(dir, &old, to, &new, replace);
                    settle(model, next, expected, got, |_, ()| {})
                }
                Op::Write {
                    file,
                    stream,
                    offset,
                    len,
                    seed,
                } => {
                    let Some((file, stream)) = stream_of(*file, *stream) else {
                        return Ok(());
                    };
                    let bytes = pattern(*seed, *len as usize);
                    let start = *offset as usize;
                    let expected = next.change(file, &stream).map(|old| {
                        if !bytes.is_empty() {
                            old.resize(old.len().max(start + bytes.len()), 0);
                            old[start..start + bytes.len()].copy_from_slice(&bytes);
                        }
                    });
                    let got = on.write_at(file, &stream, u64::from(*offset), &bytes);
                    settle(model, next, expected, got, |_, ()| {})
                }
                Op::SetLen { file, stream, len } => {
                    let Some((file, stream)) = stream_of(*file, *stream) else {
                        return Ok(());
                    };
                    let expected = next
                        .change(file, &stream)
                        .map(|old| old.resize(*len as usize, 0));
                    let got = on.set_len(file, &stream, u64::from(*len));
                    settle(model, next, expected, got, |_, ()| {})
                }
                Op::SetSparse { file, stream } => {
                    let Some((file, stream)) = stream_of(*file, *stream) else {
                        return Ok(());
                    };
                    settle(
                        model,
                        next,
                        Ok(()),
                        on.set_sparse(file, &stream),
                        |_, ()| {},
                    )
                }
                Op::Zero {
                    file,
                    stream,
                    offset,
                    len,
                } => {
                    let Some((file, stream)) = stream_of(*file, *stream) else {
                        return Ok(());
                    };
                    let (start, end) = (*offset as usize, (*offset + *len) as usize);
                    let expected = next.change(file, &stream).map(|old| {
                        let end = end.min(old.len());
                        if start < end {
                            old[start..end].fill(0);
                        }
                    });
                    let got = on.zero_range(file, &stream, u64::from(*offset), u64::from(*len));
                    settle(model, next, expected, got, |_, ()| {})
                }
                Op::CreateStream { file, name: n } => {
                    let Some(file) = pick(&model.all(), *file) else {
                        return Ok(());
                    };
                    let name = name(*n);
                    let streams = &mut next.node_mut(file).streams;
                    let expected = match streams.contains_key(&fold(&name)) {
                        true => Err(Refusal::Collision),
                        false => Ok(()),
                    };
                    if expected.is_ok() {
                        streams.insert(fold(&name), (name.clone(), Default::default()));
                    }
                    settle(
                        model,
                        next,
                        expected,
                        on.create_stream(file, &name),
                        |_, ()| {},
                    )
                }
                Op::RemoveStream { file, name: n } => {
                    let Some(file) = pick(&model.all(), *file) else {
                        return Ok(());
                    };
                    let name = name(*n);
                    let gone = next.node_mut(file).streams.remove(&fold(&name));
                    let expected = gone.map(|_| ()).ok_or(Refusal::NoStream);
                    settle(
                        model,
                        next,
                        expected,
                        on.remove_stream(file, &name),
                        |_, ()| {},
                    )
                }
                Op::SetReparse { file, tag, len } => {
                    let Some(file) = pick(&model.all(), *file) else {
                        return Ok(());
                    };
                    let bytes = reparse_bytes(*tag, *len);
                    let expected = next.set_reparse(file, &bytes);
                    settle(
                        model,
                        next,
                        expected,
                        on.set_reparse_point(file, &bytes),
                        |_, ()| {},
                    )
                }
                Op::DeleteReparse { file, tag } => {
                    let Some(file) = pick(&model.all(), *file) else {
                        return Ok(());
                    };
                    let tag = match (&model.node(file).reparse, tag % 4) {
                        // Mostly the one it has.
                        (Some(bytes), 1..) => u32::from_le_bytes(bytes[..4].try_into().unwrap()),
                        _ => 0xA000_0003,
                    };
                    let expected = next.delete_reparse(file, tag);
                    let got = on.delete_reparse_point(file, tag, None);
                    settle(model, next, expected, got, |_, ()| {})
                }
                Op::SetAttributes { file, bits } => {
                    let Some(file) = pick(&model.all(), *file) else {
                        return Ok(());
                    };
                    let wanted = FileAttributes::from_bits_truncate(*bits) & COMPARED;
                    next.node_mut(file).attributes = wanted;
                    settle(
                        model,
                        next,
                        Ok(()),
                        on.set_attributes(file, wanted),
                        |_, ()| {},
                    )
                }
                Op::ManyLinks { file, dir, count } => {
                    let Some(file) = pick(&model.files(), *file) else {
                        return Ok(());
                    };
                    let dir = dir_of(*dir);
                    for n in 0..*count {
                        let name = units(&format!("another name of the file, number {n}"));
                        let mut next = model.clone();
                        let expected = next.link(file, dir, &name);
                        settle(
                            model,
                            next,
                            expected,
                            on.hard_link(file, dir, &name),
                            |_, ()| {},
                        )?;
                    }
                    Ok(())
                }
                Op::ManyFiles { dir, count } => {
                    let dir = dir_of(*dir);
                    for n in 0..*count {
                        let name = units(&format!("one of many files, and this is number {n}"));
                        let expected = model.free_name(dir, &name);
                        let got = on.create(dir, &name, FileKind::File, &none);
                        let next = model.clone();
                        settle(model, next, expected, got, |next, file| {
                            next.created(dir, &name, file, false);
                        })?;
                    }
                    Ok(())
                }
                Op::ManyStreams { file, count } => {
                    let Some(file) = pick(&model.all(), *file) else {
                        return Ok(());
                    };
                    for n in 0..*count {
                        let name = units(&format!("stream{n}"));
                        let mut next = model.clone();
                        let streams = &mut next.node_mut(file).streams;
                        if streams.contains_key(&fold(&name)) {
                            continue;
                        }
                        let bytes = pattern(u32::from(n), usize::from(n) * 7);
                        let empty = (name.clone(), Default::default());
                        streams.insert(fold(&name), empty);
                        settle(
                            model,
                            next,
                            Ok(()),
                            on.create_stream(file, &name),
                            |_, ()| {},
                        )?;
                        let mut next = model.clone();
                        let Ok(old) = next.change(file, &name) else {
                            continue;
                        };
                        old.clone_from(&bytes);
                        let got = on.write_at(file, &name, 0, &bytes);
                        settle(model, next, Ok(()), got, |_, ()| {})?;
                    }
                    Ok(())
                }
            }
        }
    };
}

apply!(apply_alone, Volume);
apply!(apply_within, Transaction<'_>);

/// Formats a volume, takes the steps, and returns the closed volume.
pub(super) fn run(
    size: u64,
    options: &FormatOptions,
    cache_bytes: usize,
    steps: &[Step],
) -> core::result::Result<Arc<MemoryDevice>, String> {
    let device = fresh(size, options);
    let open = |device: &Arc<MemoryDevice>| {
        let options = OpenOptions {
            cache_bytes,
            ..options_for_writing()
        };
        Volume::open(device.clone(), options).expect("the volume opens")
    };
    let mut volume = open(&device);
    let mut model = Model::new();
    for (at, step) in steps.iter().enumerate() {
        let told = |why: String| format!("step {at}, {step:?}: {why}");
        match step {
            Step::One(op) => apply_alone(&mut volume, &mut model, op).map_err(told)?,
            Step::Together { ops, keep } => {
                together(&volume, &mut model, ops, *keep).map_err(told)?;
            }
            Step::Sync => volume.sync().map_err(|e| told(e.to_string()))?,
            Step::Reopen => {
                volume.close().map_err(|e| told(e.to_string()))?;
                sound(&device).map_err(told)?;
                volume = open(&device);
                compare(&volume, &model).map_err(told)?;
            }
            Step::Compare => compare(&volume, &model).map_err(told)?,
        }
    }
    compare(&volume, &model)?;
    volume.close().map_err(|e| e.to_string())?;
    sound(&device)?;
    compare(&open(&device), &model)?;
    Ok(device)
}

fn sound(device: &MemoryDevice) -> Outcome {
    // Files of several names are written to, and nobody refreshes their entries.
    let found = problems(device, &CheckOptions::default());
    if found.is_empty() {
        return Ok(());
    }
    let lines: Vec<_> = found.iter().take(20).map(ToString::to_string).collect();
    Err(format!("the checker: {}", lines.join("\n")))
}

fn together(volume: &Volume, model: &mut Model, ops: &[Op], keep: bool) -> Outcome {
    let mut within = model.clone();
    let mut outcome = Ok(());
    let result = volume.transaction(|tx| {
        for op in ops {
            outcome = apply_within(tx, &mut within, op).map_err(|why| format!("{op:?}: {why}"));
            if outcome.is_err() {
                break;
            }
        }
        if keep {
            return Ok(());
        }
        Err(InvalidInput::NotFound.into())
    });
    outcome?;
    match result {
        Ok(()) => *model = within,
        // The journal had no room for all of it: nothing has happened.
        Err(Error::DiskFull) => {}
        Err(Error::InvalidInput(InvalidInput::NotFound)) if !keep => {}
        Err(error) => return Err(error.to_string()),
    }
    Ok(())
}

fn listed(volume: &Volume, dir: FileId) -> Vec<DirEntry> {
    let entries = volume.list(dir).expect("a listing");
    entries
        .map(|entry| entry.expect("an entry"))
        .filter(|entry| entry.file.record().0 >= 24)
        .collect()
}

/// Compares the whole tree, contents included.
fn compare(volume: &Volume, model: &Model) -> Outcome {
    let mut seen = BTreeSet::from([ROOT]);
    let mut waiting = vec![ROOT];
    while let Some(file) = waiting.pop() {
        let node = model
            .nodes
            .get(&file)
            .ok_or_else(|| format!("{file} is not in the model"))?;
        if file != ROOT {
            compare_file(volume, file, node).map_err(|why| format!("{file}: {why}"))?;
        }
        let Some(entries) = &node.entries else {
            continue;
        };
        let found = listed(volume, file);
        let same = found.len() == entries.len()
            && found.iter().all(|entry| {
                entries
                    .get(&fold(entry.name.units()))
                    .is_some_and(|(name, target)| {
                        entry.name.units() == name.as_slice() && *target == entry.file
                    })
            });
        if !same {
            let names: Vec<_> = found.iter().map(|e| e.name.to_string_lossy()).collect();
            let wanted: Vec<_> = entries
                .values()
                .map(|e| String::from_utf16_lossy(&e.0))
                .collect();
            return Err(format!("{file} lists {names:?}, not {wanted:?}"));
        }
        for entry in found {
            if entry.reparse_tag != tag_of(&model.nodes[&entry.file]) {
                return Err(format!("the tag in the entry of {}", entry.file));
            }
            if seen.insert(entry.file) {
                waiting.push(entry.file);
            }
        }
    }
    if seen.len() != model.nodes.len() {
        return Err("a file of the model was not reached".to_string());
    }
    Ok(())
}

fn tag_of(node: &Node) -> Option<u32> {
    let bytes = node.reparse.as_ref()?;
    Some(u32::from_le_bytes(bytes[..4].try_into().unwrap()))
}

fn compare_file(volume: &Volume, file: FileId, node: &Node) -> Outcome {
    let fail = |e: Error| e.to_string();
    let info = volume.file_info(file).map_err(fail)?;
    let facts = (
        info.link_count,
        info.attributes & COMPARED,
        info.reparse_tag,
    );
    let wanted = (node.links, node.attributes & COMPARED, tag_of(node));
    if facts != wanted {
        return Err(format!("{facts:?}, not {wanted:?}"));
    }
    let point = volume.reparse_point(file).map_err(fail)?;
    if point.map(|point| point.encode()) != node.reparse {
        return Err("another reparse point".to_string());
    }
    let names: BTreeSet<_> = volume
        .streams(file)
        .map_err(fail)?
        .into_iter()
        .map(|stream| stream.name)
        .collect();
    let wanted: BTreeSet<_> = node
        .streams
        .values()
        .map(|(name, _)| name.clone())
        .collect();
    if names != wanted {
        return Err(format!("streams {names:?}, not {wanted:?}"));
    }
    for (name, bytes) in node.streams.values() {
        let found = read_all(volume, file, name);
        if found != **bytes {
            let at = found.iter().zip(bytes.iter()).position(|(a, b)| a != b);
            return Err(format!(
                "stream {:?}: {} bytes, not {}; first difference at {at:?}",
                String::from_utf16_lossy(name),
                found.len(),
                bytes.len()
            ));
        }
    }
    Ok(())
}

/// UTF-8, and unpaired surrogates as if they were characters: so ntfs-3g shows
/// names.
fn wtf8(name: &[u16]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for unit in char::decode_utf16(name.iter().copied()) {
        match unit {
            Ok(c) => bytes.extend(c.to_string().bytes()),
            Err(e) => {
                let [high, low] = e.unpaired_surrogate().to_be_bytes();
                bytes.extend([
                    0xE0 | high >> 4,
                    0x80 | (high & 15) << 2 | low >> 6,
                    0x80 | low & 63,
                ]);
            }
        }
    }
    bytes
}

/// The tree as the engine sees it, in the form of the oracles.
pub(super) fn snapshot(device: &Arc<MemoryDevice>) -> TreeSnapshot {
    let volume = open(device);
    let mut tree = TreeSnapshot::new();
    let mut waiting = vec![(ROOT, String::new())];
    while let Some((dir, path)) = waiting.pop() {
        for entry in listed(&volume, dir) {
            let name = escape(&wtf8(entry.name.units()));
            let path = if path.is_empty() {
                name
            } else {
                format!("{path}/{name}")
            };
            let info = volume.file_info(entry.file).expect("the file");
            let kind = match (info.reparse_tag, info.is_directory()) {
                (Some(_), _) => Kind::Symlink,
                (None, true) => Kind::Directory,
                (None, false) => Kind::File,
            };
            let mut ours = Entry::new(kind);
            ours.record = Some(entry.file.record().0);
            if kind == Kind::File {
                let bytes = read_all(&volume, entry.file, &[]);
                ours.nlink = Some(info.link_count.into());
                ours.size = Some(info.size);
                ours.sha256 = Some(sha256(&bytes));
            }
            tree.insert(path.clone(), ours);
            if kind == Kind::Directory {
                waiting.push((entry.file, path));
            }
        }
    }
    tree
}
