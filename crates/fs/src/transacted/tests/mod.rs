//! What a transaction shows inside, what it keeps others from, and what is left
//! of it.

mod crash;
mod isolation;
mod model;

use std::collections::BTreeMap;
use std::io::Read;
use std::sync::Arc;

use linkwright_device::{BlockDevice, MemoryDevice};
use linkwright_ntfs::{Durability, FixedClock, OpenOptions};
use linkwright_ntfs_check::{CheckOptions, Severity, check};
use linkwright_ntfs_format::NtTime;
use linkwright_ntfs_mkfs::FormatOptions;
use linkwright_reparse::{SymbolicLink, TargetContext};

use super::*;
use crate::error::{ErrorKind, Result, TransactionError};
use crate::ntfs::NtfsFs;
use crate::*;

/// A moment in 2020.
const NOW: NtTime = NtTime(132_223_104_000_000_000);

const CONFLICT: ErrorKind = ErrorKind::Transaction(TransactionError::Conflict);
const DEPENDENCY: ErrorKind = ErrorKind::Transaction(TransactionError::Dependency);
const ENDED: ErrorKind = ErrorKind::Transaction(TransactionError::Ended);

fn fresh() -> MemoryDevice {
    fresh_of(16 << 20)
}

fn fresh_of(len: u64) -> MemoryDevice {
    let device = MemoryDevice::new(len);
    linkwright_ntfs_mkfs::format(&device, &FormatOptions::default()).unwrap();
    device
}

fn open(device: Arc<dyn BlockDevice>) -> Arc<NtfsFs> {
    let options = OpenOptions {
        clock: Arc::new(FixedClock(NOW)),
        durability: Durability::OnSync,
        ..OpenOptions::read_write()
    };
    Arc::new(NtfsFs::open(device, options).unwrap())
}

fn manager(fs: &Arc<NtfsFs>) -> ResourceManager {
    let options = TransactionOptions {
        now: Arc::new(|| Timestamp::from_nt_ticks(NOW.0)),
        ..TransactionOptions::default()
    };
    ResourceManager::new(fs.clone(), options)
}

/// Nothing is wrong with a closed volume.
#[track_caller]
fn judge(device: &dyn BlockDevice) {
    let mut problems = Vec::new();
    let summary = check(device, &CheckOptions::default(), &mut |problem| {
        if problem.severity != Severity::Note {
            problems.push(problem.to_string());
        }
    })
    .unwrap();
    assert!(summary.is_clean(), "{problems:#?}");
}

#[track_caller]
fn close(fs: Arc<NtfsFs>, device: &dyn BlockDevice) {
    Arc::into_inner(fs)
        .expect("nobody else has it open")
        .close()
        .unwrap();
    judge(device);
}

fn name(text: &str) -> Name {
    Name::from(text)
}

#[track_caller]
fn kind<T>(result: Result<T>) -> ErrorKind {
    match result {
        Ok(_) => panic!("it succeeded"),
        Err(error) => error.kind(),
    }
}

fn link_to(target: &str) -> LinkContent {
    let units: Vec<u16> = target.encode_utf16().collect();
    let link = SymbolicLink::from_target_text(&units, &TargetContext::default()).unwrap();
    LinkContent::Reparse(link.into())
}

fn make(fs: &dyn FileSystem, text: &str, data: &[u8]) -> Node {
    let root = fs.root().unwrap();
    let node = fs
        .create_file(&root, &name(text), &Create::default())
        .unwrap();
    fs.write_at(&node, None, 0, data).unwrap();
    node
}

fn make_dir(fs: &dyn FileSystem, dir: &Node, text: &str) -> Node {
    fs.create_directory(dir, &name(text), &Create::default())
        .unwrap()
}

fn get(fs: &dyn FileSystem, node: &Node, stream: Option<&StreamName>) -> Result<Vec<u8>> {
    let mut data = Vec::new();
    fs.open_data(node, stream)?
        .read_to_end(&mut data)
        .map_err(Error::from_io)?;
    Ok(data)
}

fn has(fs: &dyn FileSystem, text: &str) -> bool {
    fs.child(&fs.root().unwrap(), &name(text)).is_ok()
}

/// A tree as text: path to all that is there.
type Tree = BTreeMap<String, String>;

fn tree(fs: &dyn FileSystem) -> Tree {
    let mut tree = Tree::new();
    walk(fs, &fs.root().unwrap(), "", &mut tree);
    tree
}

fn walk(fs: &dyn FileSystem, dir: &Node, path: &str, tree: &mut Tree) {
    let mut last: Option<Vec<u16>> = None;
    for entry in fs.entries(dir).unwrap() {
        let entry = entry.unwrap();
        let folded = state::fold(entry.name.units());
        assert!(last.is_none_or(|last| last <= folded), "out of order");
        last = Some(folded);
        let here = format!("{path}\\{}", entry.name);
        tree.insert(here.clone(), described(fs, &entry.node));
        let stat = fs.stat(&entry.node).unwrap();
        if stat.kind == NodeKind::Directory {
            walk(fs, &entry.node, &here, tree);
        }
    }
}

fn described(fs: &dyn FileSystem, node: &Node) -> String {
    let stat = fs.stat(node).unwrap();
    let mut names: Vec<String> = fs
        .names(node)
        .unwrap()
        .into_iter()
        .map(|placed| format!("{:?}", placed.path.unwrap()))
        .collect();
    names.sort();
    assert_eq!(names.len() as u64, stat.names);
    let mut streams: Vec<String> = fs
        .streams(node)
        .unwrap()
        .into_iter()
        .map(|stream| {
            let data = get(fs, node, stream.name.as_ref()).unwrap();
            assert_eq!(data.len() as u64, stream.size);
            format!("{:?} {} {}", stream.name, data.len(), sum(&data))
        })
        .collect();
    streams.sort();
    format!(
        "{:?} {:?} {:?} size {} {:?} names {names:?} streams {streams:?} link {:?} security {:?}",
        stat.kind,
        stat.attributes,
        stat.times,
        stat.size,
        stat.reparse_tag,
        fs.link(node).unwrap(),
        sum(&fs.security(node).unwrap()),
    )
}

fn sum(bytes: &[u8]) -> u64 {
    bytes.iter().fold(7, |sum: u64, byte| {
        sum.wrapping_mul(31).wrapping_add(u64::from(*byte))
    })
}
