//! Names of snapshots, and which of a store are whole.

use linkwright_fs::{ErrorKind, FileSystem, Name, Node, Replace, Result, Timestamp};

/// The name of a snapshot: the time it was begun at, in UTC, as Windows can hold
/// it: `2026-11-28T164500Z`, with `-2` and so on behind it in one second.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SnapshotName {
    /// Time without separators that Windows does not hold.
    time: String,
    /// Which one of that second.
    number: u32,
}

impl SnapshotName {
    /// Of a snapshot that begins now, after the others.
    pub fn new<'o>(now: Timestamp, others: impl IntoIterator<Item = &'o Self>) -> Self {
        let text = now.to_string();
        let time: String = text
            .split('.')
            .next()
            .unwrap_or_default()
            .chars()
            .filter(|letter| *letter != ':')
            .chain(['Z'])
            .collect();
        let number = others
            .into_iter()
            .filter(|other| other.time == time)
            .map(|other| other.number + 1)
            .max()
            .unwrap_or(1);
        Self { time, number }
    }

    fn parse(text: &str) -> Option<Self> {
        let (time, number) = match text.split_once("Z-") {
            Some((time, number)) => (format!("{time}Z"), number.parse().ok()?),
            None => (text.to_owned(), 1),
        };
        let shape: String = time
            .chars()
            .map(|letter| if letter.is_ascii_digit() { '0' } else { letter })
            .collect();
        let name = Self { time, number };
        (shape == "0000-00-00T000000Z" && name.to_string() == text).then_some(name)
    }

    /// As a name of a directory.
    pub fn name(&self) -> Name {
        Name::from(self.to_string().as_str())
    }

    /// The name while it is not whole: one that is no snapshot's.
    pub fn unfinished(&self) -> Name {
        Name::from(format!(".{self}.part").as_str())
    }
}

impl std::fmt::Display for SnapshotName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.number {
            1 => f.write_str(&self.time),
            number => write!(f, "{}-{number}", self.time),
        }
    }
}

/// The snapshots of a store.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Snapshots {
    /// Those that are whole, the oldest first.
    pub whole: Vec<SnapshotName>,
    /// Those that were not finished, or not removed to the end.
    pub unfinished: Vec<SnapshotName>,
}

/// The snapshots of a store. A link is none.
///
/// # Errors
/// The store cannot be listed.
pub fn snapshots(fs: &dyn FileSystem, store: &Node) -> Result<Snapshots> {
    let mut found = Snapshots::default();
    for entry in fs.list(store)? {
        let entry = entry?;
        let Some(text) = entry.name.to_text() else {
            continue;
        };
        let part = text
            .strip_prefix('.')
            .and_then(|text| text.strip_suffix(".part"));
        let list = match part {
            Some(_) => &mut found.unfinished,
            None => &mut found.whole,
        };
        if let Some(name) = SnapshotName::parse(part.unwrap_or(&text))
            && fs.stat(&entry.node)?.is_plain_directory()
        {
            list.push(name);
        }
    }
    found.whole.sort();
    found.unfinished.sort();
    Ok(found)
}

/// Takes the name of a snapshot away, so that it is none any more; gives the name
/// that it has now and that is to be removed.
///
/// # Errors
/// What the rename failed with.
pub fn set_apart(fs: &dyn FileSystem, store: &Node, snapshot: &SnapshotName) -> Result<Name> {
    let apart = snapshot.unfinished();
    match fs.child(store, &apart) {
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(error),
        Ok(_) => return Err(ErrorKind::AlreadyExists.into()),
    }
    fs.rename(store, &snapshot.name(), store, &apart, Replace::No)?;
    Ok(apart)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_in_the_order_of_time_and_read_back() {
        let now = Timestamp {
            seconds: 1_700_000_000,
            nanos: 5,
        };
        let mut names: Vec<SnapshotName> = Vec::new();
        for _ in 0..11 {
            let next = SnapshotName::new(now, &names);
            assert_eq!(SnapshotName::parse(&next.to_string()), Some(next.clone()));
            assert!(names.last().is_none_or(|last| *last < next));
            names.push(next);
        }
        assert_eq!(names[0].to_string(), "2023-11-14T221320Z");
        assert_eq!(names[10].to_string(), "2023-11-14T221320Z-11");
        for text in [
            "",
            "2023-11-14",
            ".2023-11-14T221320Z.part",
            "2023-11-14T221320Z-1",
            "x",
        ] {
            assert_eq!(SnapshotName::parse(text), None, "{text}");
        }
    }
}
