//! A tree as plain data, so that what two readers see can be compared.

use std::{
    collections::BTreeMap,
    fs,
    io::{self, Read},
    path::Path,
};

use sha2::{Digest, Sha256};

/// What a name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A plain file.
    File,
    /// A directory.
    Directory,
    /// A link as the reader shows it (symbolic link, junction).
    Symlink,
    /// Anything else (FIFO, device, socket).
    Other,
}

/// One name in a tree. What a reader does not tell is `None`, and is left out
/// of comparisons.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// What the name stands for.
    pub kind: Kind,
    /// Bytes of the unnamed data stream; plain files only.
    pub size: Option<u64>,
    /// SHA-256 of the contents in hexadecimal; plain files only.
    pub sha256: Option<String>,
    /// Link count as the reader gives it.
    pub nlink: Option<u64>,
    /// Target text of a link, as the reader shows it.
    pub target: Option<String>,
    /// File record number.
    pub record: Option<u64>,
}

impl Entry {
    /// An entry of which only the kind is known.
    #[must_use]
    pub fn new(kind: Kind) -> Self {
        Self {
            kind,
            size: None,
            sha256: None,
            nlink: None,
            target: None,
            record: None,
        }
    }
}

/// Whether contents are read and hashed while a tree is taken down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Contents {
    /// Read and hash every plain file.
    Hash,
    /// Names and attributes only.
    Ignore,
}

/// A tree: each path relative to the root, `/` between names, to its entry.
/// The root itself is not in it. Bytes of a name that are not UTF-8 stand as
/// `\xNN`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TreeSnapshot {
    entries: BTreeMap<String, Entry>,
}

impl TreeSnapshot {
    /// An empty tree.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds or replaces an entry.
    pub fn insert(&mut self, path: impl Into<String>, entry: Entry) {
        self.entries.insert(path.into(), entry);
    }

    /// The entry at `path`.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<&Entry> {
        self.entries.get(path)
    }

    /// All entries in byte order of their paths.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Entry)> {
        self.entries
            .iter()
            .map(|(path, entry)| (path.as_str(), entry))
    }

    /// How many names there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no name at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Keeps the entries for which `keep` holds.
    pub fn retain(&mut self, mut keep: impl FnMut(&str, &Entry) -> bool) {
        self.entries.retain(|path, entry| keep(path, entry));
    }

    /// Changes each entry in place, e.g. to forget what two readers are known
    /// to show differently.
    pub fn for_each_mut(&mut self, mut change: impl FnMut(&str, &mut Entry)) {
        for (path, entry) in &mut self.entries {
            change(path, entry);
        }
    }

    /// Takes down a mounted tree. Symbolic links are not followed, and one
    /// entry is not hashed twice: hard links share the work by inode number.
    ///
    /// # Errors
    /// The first I/O error, with the path in its text.
    pub fn of_folder(root: &Path, contents: Contents) -> io::Result<Self> {
        let mut walk = FolderWalk {
            contents,
            hashes: BTreeMap::new(),
            snapshot: Self::new(),
        };
        walk.folder(root, "")?;
        Ok(walk.snapshot)
    }

    /// Every difference to `other`, one a line; empty when there is none.
    /// `ours` and `theirs` are the words used for the two sides.
    #[must_use]
    pub fn differences(&self, ours: &str, other: &Self, theirs: &str) -> String {
        let mut text = String::new();
        for (path, entry) in &self.entries {
            match other.entries.get(path) {
                None => line(&mut text, format_args!("{path}: only in {ours}")),
                Some(twin) => differences_of(&mut text, path, (ours, entry), (theirs, twin)),
            }
        }
        for path in other
            .entries
            .keys()
            .filter(|path| !self.entries.contains_key(*path))
        {
            line(&mut text, format_args!("{path}: only in {theirs}"));
        }
        text
    }

    /// Fails the test when the two trees differ.
    ///
    /// # Panics
    /// With the first 40 differences.
    #[track_caller]
    pub fn assert_same(&self, ours: &str, other: &Self, theirs: &str) {
        let text = self.differences(ours, other, theirs);
        let count = text.lines().count();
        let head: Vec<&str> = text.lines().take(40).collect();
        assert!(
            count == 0,
            "{ours} and {theirs} differ in {count} places:\n{}",
            head.join("\n")
        );
    }
}

fn differences_of(
    text: &mut String,
    path: &str,
    (ours, a): (&str, &Entry),
    (theirs, b): (&str, &Entry),
) {
    let mut field = |name: &str, left: Option<String>, right: Option<String>| {
        if let (Some(left), Some(right)) = (left, right)
            && left != right
        {
            line(
                text,
                format_args!("{path}: {name}: {ours} {left}, {theirs} {right}"),
            );
        }
    };
    field(
        "kind",
        Some(format!("{:?}", a.kind)),
        Some(format!("{:?}", b.kind)),
    );
    field(
        "size",
        a.size.map(|v| v.to_string()),
        b.size.map(|v| v.to_string()),
    );
    field("contents", a.sha256.clone(), b.sha256.clone());
    field(
        "links",
        a.nlink.map(|v| v.to_string()),
        b.nlink.map(|v| v.to_string()),
    );
    field("target", a.target.clone(), b.target.clone());
    field(
        "record",
        a.record.map(|v| v.to_string()),
        b.record.map(|v| v.to_string()),
    );
}

fn line(text: &mut String, what: std::fmt::Arguments<'_>) {
    text.push_str(&format!("{what}\n"));
}

struct FolderWalk {
    contents: Contents,
    hashes: BTreeMap<u64, String>,
    snapshot: TreeSnapshot,
}

impl FolderWalk {
    fn folder(&mut self, folder: &Path, prefix: &str) -> io::Result<()> {
        let within = |error: io::Error, path: &Path| {
            io::Error::new(error.kind(), format!("{}: {error}", path.display()))
        };
        for child in fs::read_dir(folder).map_err(|e| within(e, folder))? {
            let path = child.map_err(|e| within(e, folder))?.path();
            let name = path.file_name().map(escaped).unwrap_or_default();
            let name = if prefix.is_empty() {
                name
            } else {
                format!("{prefix}/{name}")
            };
            let entry = self.entry(&path).map_err(|e| within(e, &path))?;
            let kind = entry.kind;
            self.snapshot.insert(name.clone(), entry);
            if kind == Kind::Directory {
                self.folder(&path, &name)?;
            }
        }
        Ok(())
    }

    fn entry(&mut self, path: &Path) -> io::Result<Entry> {
        use std::os::unix::fs::MetadataExt;
        let metadata = fs::symlink_metadata(path)?;
        let file_type = metadata.file_type();
        let kind = if file_type.is_symlink() {
            Kind::Symlink
        } else if file_type.is_dir() {
            Kind::Directory
        } else if file_type.is_file() {
            Kind::File
        } else {
            Kind::Other
        };
        let mut entry = Entry::new(kind);
        entry.nlink = Some(metadata.nlink());
        entry.record = Some(metadata.ino());
        match kind {
            Kind::Symlink => entry.target = Some(escaped(fs::read_link(path)?.as_os_str())),
            Kind::File => {
                entry.size = Some(metadata.len());
                if self.contents == Contents::Hash {
                    entry.sha256 = Some(self.hash(path, metadata.ino())?);
                }
            }
            Kind::Directory | Kind::Other => {}
        }
        Ok(entry)
    }

    fn hash(&mut self, path: &Path, inode: u64) -> io::Result<String> {
        if let Some(known) = self.hashes.get(&inode) {
            return Ok(known.clone());
        }
        let hash = sha256_of(&mut fs::File::open(path)?)?;
        self.hashes.insert(inode, hash.clone());
        Ok(hash)
    }
}

/// SHA-256 of all that `reader` gives, in hexadecimal.
///
/// # Errors
/// The reader's.
pub fn sha256_of(reader: &mut impl Read) -> io::Result<String> {
    let mut hasher = Sha256::new();
    io::copy(reader, &mut hasher)?;
    Ok(hexadecimal(&hasher.finalize()))
}

/// SHA-256 of `bytes`, in hexadecimal.
#[must_use]
pub fn sha256(bytes: &[u8]) -> String {
    hexadecimal(&Sha256::digest(bytes))
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        text.push_str(&format!("{byte:02x}"));
        text
    })
}

fn escaped(name: &std::ffi::OsStr) -> String {
    use std::os::unix::ffi::OsStrExt;
    escape(name.as_bytes())
}

/// Bytes as text: UTF-8 as it is, every other byte as `\xNN`.
#[must_use]
pub fn escape(bytes: &[u8]) -> String {
    bytes.utf8_chunks().fold(String::new(), |mut text, chunk| {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            text.push_str(&format!("\\x{byte:02X}"));
        }
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> (tempfile::TempDir, TreeSnapshot) {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("d")).unwrap();
        fs::write(folder.path().join("d/a"), b"abc").unwrap();
        fs::hard_link(folder.path().join("d/a"), folder.path().join("b")).unwrap();
        std::os::unix::fs::symlink("d/a", folder.path().join("s")).unwrap();
        let snapshot = TreeSnapshot::of_folder(folder.path(), Contents::Hash).unwrap();
        (folder, snapshot)
    }

    #[test]
    fn folder_is_taken_down_whole() {
        let (_folder, tree) = folder();
        let paths: Vec<&str> = tree.iter().map(|(path, _)| path).collect();
        assert_eq!(paths, ["b", "d", "d/a", "s"]);
        let file = tree.get("b").unwrap();
        assert_eq!((file.nlink, file.size), (Some(2), Some(3)));
        assert_eq!(file.sha256.as_deref(), Some(sha256(b"abc").as_str()));
        assert_eq!(file.record, tree.get("d/a").unwrap().record);
        assert_eq!(tree.get("s").unwrap().target.as_deref(), Some("d/a"));
    }

    #[test]
    fn sha256_is_the_standard_one() {
        let known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(sha256(b"abc"), known);
    }

    #[test]
    fn each_kind_of_difference_is_told() {
        let (_folder, tree) = folder();
        let mut other = tree.clone();
        other.retain(|path, _| path != "d/a");
        other.insert("new", Entry::new(Kind::Directory));
        other.for_each_mut(|path, entry| match path {
            "b" => (entry.nlink, entry.size) = (Some(1), None),
            "s" => entry.target = Some("d".into()),
            _ => {}
        });
        let text = tree.differences("ours", &other, "theirs");
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(
            lines,
            [
                "b: links: ours 2, theirs 1",
                "d/a: only in ours",
                "s: target: ours d/a, theirs d",
                "new: only in theirs"
            ]
        );
        assert_eq!(tree.differences("ours", &tree, "theirs"), "");
    }

    #[test]
    fn bytes_that_are_not_text_are_escaped() {
        assert_eq!(escape(b"a\xED\xA0\x80b"), "a\\xED\\xA0\\x80b");
    }
}
