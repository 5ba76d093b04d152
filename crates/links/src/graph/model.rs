//! What is drawn: directories, names in them, and where links lead.

use crate::inspect::LinkKind;

/// The links of a place.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Graph {
    /// The place, as people write it.
    pub place: String,
    /// Directories with a name that matters, and those that links lead to; by path.
    pub directories: Vec<Directory>,
    /// The names in them.
    pub entries: Vec<Entry>,
    /// What is in none of the directories.
    pub ends: Vec<End>,
    /// Where the links lead.
    pub edges: Vec<Edge>,
    /// How many objects could not be read.
    pub unread: u64,
    /// How many links were left out because there are too many.
    pub left_out: u64,
}

/// A directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Directory {
    /// Its path below the place, `/` between the names; the place itself is as
    /// people write it. Fit to be seen.
    pub path: String,
    /// How many names lie between it and the place.
    pub depth: usize,
    /// The names in it, in order.
    pub entries: Vec<usize>,
}

/// A name in a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The directory it is in.
    pub directory: usize,
    /// The name, fit to be seen.
    pub name: String,
    /// What kind of link it is; `None`: what a link leads to.
    pub kind: Option<LinkKind>,
    /// Where the link leads, as it says itself, fit to be seen.
    pub target: Option<String>,
}

/// How it is with where a link leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// Something is there.
    Leads,
    /// A drive, a server or a reparse point that cannot be followed here.
    Unknown,
    /// It leads to a directory it is in, so that who follows it never ends.
    Ancestor,
    /// It leads to itself, by way of others or not.
    Loop,
    /// Nothing is there.
    Broken,
}

impl State {
    /// The name in JSON and of the class in SVG.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Leads => "leads",
            Self::Unknown => "unknown",
            Self::Ancestor => "ancestor",
            Self::Loop => "loop",
            Self::Broken => "broken",
        }
    }
}

/// What is in none of the directories.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct End {
    /// What it is.
    pub kind: EndKind,
    /// What is written on it, fit to be seen.
    pub label: String,
}

/// Kinds of ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EndKind {
    /// The file behind several names.
    File,
    /// It is there, but not below the place.
    Outside,
    /// It cannot be told here whether it is there.
    Unknown,
    /// Nothing is there.
    Missing,
}

impl EndKind {
    /// The name of the class in SVG.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Outside => "outside",
            Self::Unknown => "unknown",
            Self::Missing => "missing",
        }
    }
}

/// What an edge leads to: an index into one of the lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NodeId {
    /// A directory.
    Directory(usize),
    /// A name.
    Entry(usize),
    /// An end.
    End(usize),
}

/// Where one link leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edge {
    /// The entry that is the link.
    pub from: usize,
    /// What it leads to.
    pub to: NodeId,
    /// Its kind.
    pub kind: LinkKind,
    /// How it is with the target.
    pub state: State,
}

impl Edge {
    /// The class that gives it its colour: its state when that is bad, else its
    /// kind.
    pub fn class(&self) -> &'static str {
        match self.state {
            State::Broken => "broken",
            State::Loop | State::Ancestor => "loop",
            State::Leads | State::Unknown => self.kind.as_str(),
        }
    }
}

impl Graph {
    /// How many edges have this state.
    pub fn count(&self, state: State) -> usize {
        self.edges.iter().filter(|edge| edge.state == state).count()
    }

    /// The path of an entry below the place, fit to be seen.
    pub fn path_of(&self, entry: &Entry) -> String {
        match self.directories.get(entry.directory) {
            Some(directory) if directory.depth > 0 => {
                format!("{}/{}", directory.path, entry.name)
            }
            _ => entry.name.clone(),
        }
    }
}
