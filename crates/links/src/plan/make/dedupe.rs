//! `dedupe`: files with the same data become names of one file.

use std::ops::ControlFlow;

use linkwright_fs::{Capabilities, Error, Name, Node, NodeKind, Result, Stat};

use super::step::security;
use super::{Planned, Sink, Skip, tell};
use crate::plan::format::{PathText, Step};
use crate::plan::state::{FileState, State};
use crate::walk::Place;

/// Bytes that are compared at a time.
const CHUNK: usize = 1 << 16;

/// Makes steps out of groups of files that are said to have the same data.
pub struct Duplicates<'a> {
    /// The place that the paths are below.
    pub top: &'a Place,
    /// Most names of one file.
    pub limit: u64,
}

/// A file of a group.
struct Member {
    path: Vec<Name>,
    node: Node,
    stat: Stat,
}

/// Plans to make one file of each group, comparing byte for byte. `group` has
/// paths below the place. A file takes names up to the limit; the next one is
/// left as it is and takes those that come after.
pub fn dedupe(work: &Duplicates<'_>, group: &[Vec<Name>], sink: Sink<'_>) -> ControlFlow<()> {
    let mut leader: Option<(Member, u64)> = None;
    for path in group {
        sink(Planned::Seen)?;
        match joins(work, path, &mut leader) {
            Ok(None) => {}
            Ok(Some(step)) => tell(path, step, sink)?,
            Err(error) => sink(Planned::Failed { path, error })?,
        }
    }
    ControlFlow::Continue(())
}

/// The step that makes a file another name of the leader; `None` when it is one
/// already, or is the leader from now on.
fn joins(
    work: &Duplicates<'_>,
    path: &[Name],
    leader: &mut Option<(Member, u64)>,
) -> Result<Option<std::result::Result<Step, Skip>>> {
    let member = member(work.top, path)?;
    let id = |member: &Member| (member.stat.device, member.stat.record);
    match leader {
        Some((first, _)) if id(first) == id(&member) => Ok(None),
        Some((first, names)) if *names < work.limit => {
            if let Some(why) = difference(work.top, first, &member)? {
                return Ok(Some(Err(Skip::Differs(why))));
            }
            *names += 1;
            step(work.top, first, &member).map(|step| Some(Ok(step)))
        }
        Some(_) | None => {
            let names = member.stat.names;
            *leader = Some((member, names));
            Ok(None)
        }
    }
}

fn member(top: &Place, path: &[Name]) -> Result<Member> {
    let node = path
        .iter()
        .try_fold(top.node.clone(), |dir, name| top.fs.child(&dir, name))?;
    let stat = top.fs.stat(&node)?;
    Ok(Member {
        path: path.to_vec(),
        node,
        stat,
    })
}

/// What two files differ in besides their times; `None` when one can stand for
/// the other.
fn difference(top: &Place, a: &Member, b: &Member) -> Result<Option<&'static str>> {
    let is_plain = |stat: &Stat| stat.kind == NodeKind::File && !stat.is_link();
    if !is_plain(&a.stat) || !is_plain(&b.stat) {
        return Ok(Some("it is no file"));
    }
    if a.stat.device != b.stat.device {
        return Ok(Some("it is on another volume than the first of its group"));
    }
    if a.stat.size != b.stat.size {
        return Ok(Some(
            "its data is other data than that of the first of its group",
        ));
    }
    if b.stat.names > 1 {
        return Ok(Some("it has other names, which would keep the old file"));
    }
    if a.stat.attributes != b.stat.attributes || a.stat.mode != b.stat.mode {
        return Ok(Some(
            "its attributes are others than those of the first of its group",
        ));
    }
    let can = top.fs.capabilities();
    if can.contains(Capabilities::SECURITY) && security(top, &a.node)? != security(top, &b.node)? {
        return Ok(Some("its security descriptor is another one"));
    }
    if can.contains(Capabilities::EXTENDED_ATTRIBUTES)
        && top.fs.extended_attributes(&a.node)? != top.fs.extended_attributes(&b.node)?
    {
        return Ok(Some("its extended attributes are others"));
    }
    let streams = |node: &Node| -> Result<Vec<_>> {
        let mut list: Vec<_> = top
            .fs
            .streams(node)?
            .into_iter()
            .map(|s| (s.name, s.size))
            .collect();
        list.sort();
        Ok(list)
    };
    let list = streams(&a.node)?;
    if list != streams(&b.node)? {
        return Ok(Some("its streams are others"));
    }
    for (stream, _) in &list {
        if !same_data(top, &a.node, &b.node, stream.as_ref())? {
            return Ok(Some(
                "its data is other data than that of the first of its group",
            ));
        }
    }
    Ok(None)
}

fn same_data(
    top: &Place,
    a: &Node,
    b: &Node,
    stream: Option<&linkwright_fs::StreamName>,
) -> Result<bool> {
    let mut left = top.fs.open_data(a, stream)?;
    let mut right = top.fs.open_data(b, stream)?;
    let (mut one, mut other) = (vec![0; CHUNK], vec![0; CHUNK]);
    loop {
        let got = read_full(&mut left, &mut one)?;
        let also = read_full(&mut right, &mut other)?;
        if one.get(..got) != other.get(..also) {
            return Ok(false);
        }
        if got == 0 {
            return Ok(true);
        }
    }
}

fn read_full(from: &mut dyn std::io::Read, buffer: &mut [u8]) -> Result<usize> {
    let mut filled = 0;
    while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match from.read(rest) {
            Ok(0) => break,
            Ok(got) => filled += got,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(Error::from_io(error)),
        }
    }
    Ok(filled)
}

fn step(top: &Place, leader: &Member, member: &Member) -> Result<Step> {
    let whole = [top.path.as_slice(), leader.path.as_slice()].concat();
    let was = FileState {
        security: security(top, &member.node)?,
        ..FileState::of(&member.stat)
    };
    let shall = FileState {
        of: Some(PathText::of(&whole)),
        shared: true,
        ..FileState::of(&leader.stat)
    };
    Ok(Step {
        path: PathText::of(&member.path),
        why: vec!["dedupe".to_owned()],
        was: State::File(Box::new(was)),
        shall: State::File(Box::new(shall)),
    })
}
