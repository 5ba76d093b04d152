//! The directories a scan has met, and the paths they make.

use linkwright_ntfs_format::{FileReference, RecordNumber, SequenceNumber};

use super::look::NameAt;

/// A directory: 24 bytes, and its name in [`Tree::names`].
struct Directory {
    record: u32,
    parent: u32,
    /// Where its name is among the names (in units).
    name: u64,
    sequence: u16,
    parent_sequence: u16,
    name_len: u8,
    state: State,
}

/// Whether the way from a directory up ends at the root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Not known: a directory on the way was not met yet.
    Open,
    /// It does.
    Rooted,
    /// It does, through a metafile such as `$Extend`.
    Hidden,
    /// It does not: a parent is missing, was used anew, or is below itself.
    Lost,
    /// Being found out.
    Underway,
}

/// Where a name stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stand {
    /// In a directory that is reached from the root.
    Rooted,
    /// Below one of the volume's own directories, which listings leave out.
    Hidden,
    /// In no directory that there is.
    Lost,
    /// Not known before all directories were met.
    Unknown,
}

/// Steps up that are taken to find out about one name while there is more to
/// come; what takes more waits for the end.
const STEPS: usize = 32;

/// Records below this one are the volume's own, but for the root.
const FIRST_USER: u32 = 16;
const ROOT: u32 = 5;

/// See the module's text. Sorted by record, as a scan goes in their order.
#[derive(Default)]
pub(super) struct Tree {
    directories: Vec<Directory>,
    names: Vec<u16>,
    /// Set when no more will come.
    complete: bool,
}

impl Tree {
    /// Adds a directory, which must follow all others; the units of its name are in
    /// `text`.
    pub(super) fn add(&mut self, file: FileReference, name: Option<&NameAt>, text: &[u8]) {
        let Ok(record) = u32::try_from(file.record().0) else {
            return;
        };
        let at = u64::try_from(self.names.len()).unwrap_or(u64::MAX);
        let (parent, parent_sequence, name_len) = match &name {
            Some(name) => {
                self.names.extend(name.units(text));
                let parent = u32::try_from(name.parent.record().0).unwrap_or(u32::MAX);
                (parent, name.parent.sequence().0, name.len())
            }
            None => (u32::MAX, 0, 0),
        };
        let mut directory = Directory {
            record,
            parent,
            name: at,
            sequence: file.sequence().0,
            parent_sequence,
            name_len: u8::try_from(name_len).unwrap_or(u8::MAX),
            state: State::Open,
        };
        if record == ROOT {
            directory.state = State::Rooted;
        } else if name.is_none() {
            directory.state = State::Lost;
        }
        self.directories.push(directory);
    }

    /// All directories were met: finds out about those that are not known yet.
    pub(super) fn complete(&mut self) {
        self.complete = true;
        for at in 0..self.directories.len() {
            self.settle(at, usize::MAX);
        }
    }

    /// Where a name with this parent stands, when `seen` is the record that the
    /// scan has come to.
    pub(super) fn stand(&mut self, parent: FileReference, seen: RecordNumber) -> Stand {
        let Ok(record) = u32::try_from(parent.record().0) else {
            return Stand::Lost;
        };
        let Some(at) = self.find(record) else {
            return if self.complete || parent.record() <= seen {
                Stand::Lost
            } else {
                Stand::Unknown
            };
        };
        let sequence = self.directories.get(at).map_or(0, |found| found.sequence);
        if !parent.matches(SequenceNumber(sequence)) {
            return Stand::Lost;
        }
        self.settle(at, STEPS)
    }

    fn find(&self, record: u32) -> Option<usize> {
        self.directories
            .binary_search_by_key(&record, |directory| directory.record)
            .ok()
    }

    /// The parent of a directory, if that is there and the one meant.
    fn parent(&self, directory: &Directory) -> Option<usize> {
        let at = self.find(directory.parent)?;
        let parent = self.directories.get(at)?;
        let meant = FileReference::new(
            RecordNumber(directory.parent.into()),
            SequenceNumber(directory.parent_sequence),
        );
        meant.matches(SequenceNumber(parent.sequence)).then_some(at)
    }

    /// Goes up from a directory until it is known where that leads, at most
    /// `most` steps; each directory on the way is known then. All walks together
    /// take a step for each directory when nothing bounds them.
    fn settle(&mut self, from: usize, most: usize) -> Stand {
        let mut way = Vec::new();
        let mut at = from;
        let end = loop {
            let Some(directory) = self.directories.get(at) else {
                break State::Lost;
            };
            match directory.state {
                State::Open => {}
                // Came round to where it has been.
                State::Underway => break State::Lost,
                known => break known,
            }
            if way.len() >= most {
                break State::Open;
            }
            way.push(at);
            let next = self.parent(directory);
            let later = !self.complete && self.find(directory.parent).is_none();
            if let Some(directory) = self.directories.get_mut(at) {
                directory.state = State::Underway;
            }
            match next {
                Some(parent) => at = parent,
                None if later => break State::Open,
                None => break State::Lost,
            }
        };
        let mut state = end;
        for at in way.into_iter().rev() {
            let Some(directory) = self.directories.get_mut(at) else {
                continue;
            };
            if state == State::Rooted && directory.record < FIRST_USER {
                state = State::Hidden;
            }
            directory.state = state;
        }
        match state {
            State::Rooted => Stand::Rooted,
            State::Hidden => Stand::Hidden,
            State::Lost => Stand::Lost,
            State::Open | State::Underway => Stand::Unknown,
        }
    }

    /// The names from `top` down to a directory that is reached from the root; that
    /// of `top` is not among them. `None` when it does not lie below `top`.
    pub(super) fn path(&self, top: FileReference, directory: FileReference) -> Option<Vec<&[u16]>> {
        let mut path = Vec::new();
        let top = u32::try_from(top.record().0).ok()?;
        let start = u32::try_from(directory.record().0).ok()?;
        let mut found = self.directories.get(self.find(start)?)?;
        while found.record != top {
            if found.record == ROOT || path.len() > self.directories.len() {
                return None;
            }
            path.push(self.name(found));
            found = self.directories.get(self.find(found.parent)?)?;
        }
        path.reverse();
        Some(path)
    }

    fn name(&self, directory: &Directory) -> &[u16] {
        let start = usize::try_from(directory.name).unwrap_or(usize::MAX);
        let end = start.saturating_add(usize::from(directory.name_len));
        self.names.get(start..end).unwrap_or_default()
    }

    /// Bytes of memory.
    pub(super) fn memory(&self) -> usize {
        self.directories.capacity() * size_of::<Directory>() + self.names.capacity() * 2
    }
}
