//! What a transaction changed, in memory.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::LazyLock;

use linkwright_names::UpcaseTable;

use super::Key;
use super::claims::Folded;
use super::data::{Pages, StreamData};
use super::replay::Op;
use crate::{LinkContent, Name, Node, Sid, Stat, StreamName};

/// How a transaction stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Work goes on.
    Open,
    /// Committed.
    Committed,
    /// Rolled back, by the caller or because it could not be committed.
    RolledBack,
}

/// See the module's text.
pub(super) struct State {
    pub(super) status: Status,
    /// What was done, in order, for the commit.
    pub(super) ops: Vec<Op>,
    pub(super) files: HashMap<Key, File>,
    pub(super) directories: HashMap<Key, Directory>,
    pub(super) pages: Pages,
    /// Names whose entries are to be brought up to date by the commit.
    pub(super) refresh: HashSet<(Key, Name)>,
}

impl State {
    pub(super) fn new() -> Self {
        Self {
            status: Status::Open,
            ops: Vec::new(),
            files: HashMap::new(),
            directories: HashMap::new(),
            pages: Pages::default(),
            refresh: HashSet::new(),
        }
    }

    /// Forgets everything; the scratch space goes with it.
    pub(super) fn end(&mut self, status: Status) {
        *self = Self::new();
        self.status = status;
    }
}

/// How much of a file of the volume is the transaction's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hold {
    /// Its times only: a directory in which a name came or went.
    Times,
    /// All of it.
    Whole,
}

/// One name of a file.
#[derive(Debug, Clone)]
pub(super) struct Named {
    pub(super) directory: Node,
    pub(super) name: Name,
}

/// A file or directory that the transaction made or changed.
pub(super) struct File {
    pub(super) node: Node,
    /// What it was on the volume when it was first changed; `None` for one that
    /// the transaction made.
    pub(super) before: Option<Stat>,
    pub(super) hold: Hold,
    /// What it is inside the transaction.
    pub(super) stat: Stat,
    pub(super) names: Vec<Named>,
    /// Its reparse point, once it is changed.
    pub(super) link: Option<Option<LinkContent>>,
    /// Its descriptor, once it is set.
    pub(super) security: Option<Vec<u8>>,
    /// The owner of a new file, where it is not the directory's.
    pub(super) owner: Option<Sid>,
    pub(super) streams: Vec<StreamChange>,
    /// Its last name is gone.
    pub(super) gone: bool,
}

/// A stream that the transaction changed.
pub(super) enum StreamChange {
    Data(StreamData),
    Removed(StreamName),
}

impl StreamChange {
    pub(super) fn name(&self) -> Option<&StreamName> {
        match self {
            Self::Data(data) => data.name.as_ref(),
            Self::Removed(name) => Some(name),
        }
    }
}

impl File {
    /// The changed stream of that name.
    pub(super) fn change(&self, name: Option<&StreamName>) -> Option<&StreamChange> {
        self.streams
            .iter()
            .find(|change| same_stream(change.name(), name))
    }

    /// The data of a changed stream.
    pub(super) fn data_mut(&mut self, name: Option<&StreamName>) -> Option<&mut StreamData> {
        self.streams.iter_mut().find_map(|change| match change {
            StreamChange::Data(data) if same_stream(data.name.as_ref(), name) => Some(data),
            _ => None,
        })
    }
}

/// Stream names differ by more than case.
pub(super) fn same_stream(a: Option<&StreamName>, b: Option<&StreamName>) -> bool {
    let units = |name: Option<&StreamName>| fold(name.map(StreamName::units).unwrap_or_default());
    units(a) == units(b)
}

/// What a transaction changed in a directory.
#[derive(Default)]
pub(super) struct Directory {
    /// Whether letter case tells its names apart.
    pub(super) is_case_sensitive: bool,
    pub(super) added: BTreeMap<Folded, Added>,
    /// Names of the volume that are gone, as stored.
    pub(super) removed: HashSet<Name>,
}

impl Directory {
    /// What a name is found by.
    pub(super) fn folded(&self, name: &Name) -> Folded {
        match self.is_case_sensitive {
            true => name.units().to_vec(),
            false => fold(name.units()),
        }
    }
}

/// A name that the transaction made.
#[derive(Clone)]
pub(super) struct Added {
    pub(super) name: Name,
    pub(super) key: Key,
    pub(super) node: Node,
}

/// A name without regard to case.
pub(super) fn fold(units: &[u16]) -> Folded {
    static UPCASE: LazyLock<UpcaseTable> = LazyLock::new(UpcaseTable::windows);
    UPCASE.fold_name(units)
}
