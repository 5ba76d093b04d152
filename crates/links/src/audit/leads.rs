//! Where a link leads.

use std::sync::Arc;

use linkwright_fs::resolve::{Hop, LastLink, Manner, Outcome, Place, Resolver, Rules, Walk};
use linkwright_fs::{Capabilities, FileSystem, LinkContent, Name, Node, Result, Target};

/// Links that are followed to see where a chain that is too long ends.
const MAX_HOPS_LOOKED_AT: usize = 1024;

/// How following a link ends.
#[derive(Clone)]
pub enum Ending {
    /// At an object.
    Found(Box<Place>),
    /// At a name that is not there.
    Missing,
    /// In a circle.
    Loop,
    /// Not within the links that are followed: so many there are, and where they
    /// end, when they do.
    TooLong(usize, Option<Box<Place>>),
    /// On a drive or share that is not known here.
    Elsewhere,
    /// Nobody here can tell.
    Unknown,
}

/// Where a link leads.
#[derive(Clone)]
pub struct Leads {
    /// What it names itself, which may be another link.
    pub near: Option<Box<Place>>,
    /// Where it ends.
    pub end: Ending,
}

/// Long chains are followed to their end.
struct Patient(Manner);

impl Rules for Patient {
    fn manner(&self) -> Manner {
        self.0
    }

    fn max_hops(&self) -> usize {
        MAX_HOPS_LOOKED_AT
    }
}

/// Follows the link `content` in the directory `dir`. `node` is the link itself,
/// which a host is asked about when it hides something on the way.
pub(super) fn follow(
    resolver: &Resolver<'_>,
    fs: &Arc<dyn FileSystem>,
    dir: &[Name],
    content: &LinkContent,
    node: &Node,
) -> Result<Leads> {
    let is_host = fs.capabilities().contains(Capabilities::FOLLOWS_LINKS);
    let manner = match is_host {
        true => Manner::Posix,
        false => Manner::Tool,
    };
    let rules = Patient(manner);
    let walk = |last| resolver.walk_content_by(fs, dir, content, last, &rules);
    let limit = manner.max_hops();
    let walked = walk(LastLink::Follow).and_then(|far| Ok((near(walk(LastLink::Keep)?), far)));
    let (near, end) = match walked {
        Ok((near, far)) => (near, ending(far, limit)),
        // A directory on the way may be passed but not read.
        Err(_) if is_host => (None, asked(&**fs, node)?),
        Err(error) => return Err(error),
    };
    let end = match end {
        // The host itself decides, as on /proc.
        Ending::Missing if is_host => match fs.followed(node)? {
            Target::Found(_) | Target::Opaque | Target::Elsewhere => Ending::Unknown,
            Target::Missing | Target::Loop => Ending::Missing,
        },
        end => end,
    };
    Ok(Leads { near, end })
}

fn near(walk: Walk) -> Option<Box<Place>> {
    match walk.outcome {
        Outcome::Found(place) => Some(place),
        _ => None,
    }
}

fn ending(walk: Walk, limit: usize) -> Ending {
    let hops = walk.hops.len();
    match walk.outcome {
        Outcome::Found(place) if hops > limit => Ending::TooLong(hops, Some(place)),
        Outcome::Found(place) => Ending::Found(place),
        Outcome::Missing | Outcome::MissingDirectory => Ending::Missing,
        Outcome::Loop if is_circle(&walk.hops) => Ending::Loop,
        Outcome::Loop => Ending::TooLong(hops, None),
        Outcome::Elsewhere => Ending::Elsewhere,
        Outcome::Opaque | Outcome::Refused(_) => Ending::Unknown,
    }
}

/// What the host says of a link.
fn asked(fs: &dyn FileSystem, node: &Node) -> Result<Ending> {
    Ok(match fs.followed(node)? {
        Target::Missing => Ending::Missing,
        Target::Loop => Ending::Loop,
        Target::Found(_) | Target::Elsewhere | Target::Opaque => Ending::Unknown,
    })
}

/// Whether a link is met again before the path it stands for came to its end:
/// all that is left then is longer than it was.
fn is_circle(hops: &[Hop]) -> bool {
    // The first hop is the link itself, which has no name.
    let mut open: Vec<&Hop> = Vec::new();
    for hop in hops.iter().skip(1) {
        while open.last().is_some_and(|last| hop.rest < last.rest) {
            open.pop();
        }
        if open.iter().any(|earlier| earlier.at == hop.at) {
            return true;
        }
        open.push(hop);
    }
    false
}
