//! What is on a volume, as text that can be compared.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use linkwright_ntfs::{ChangeJournal, ChangeJournalState, FileId, Volume};
use linkwright_ntfs_format::{RecordNumber, SequenceNumber};

use crate::support::{ROOT, units};

/// A tree as text: path to what is there.
pub(super) type Tree = BTreeMap<String, String>;

pub(super) fn tree(volume: &Volume) -> Tree {
    let mut walk = Walk {
        volume,
        seen: BTreeMap::new(),
        tree: Tree::new(),
    };
    walk.directory(ROOT, "");
    let mut tree = walk.tree;
    if let ChangeJournalState::Active(journal) = volume.info().expect("it tells").change_journal {
        tree.insert("$J".to_owned(), records(volume, &journal));
    }
    tree
}

/// The change journal: what is kept of it, so that an operation without its
/// records is another state, and so are records without their operation.
fn records(volume: &Volume, journal: &ChangeJournal) -> String {
    let extend = FileId::new(RecordNumber(11), SequenceNumber(11));
    let entry = volume.lookup(extend, &units("$UsnJrnl"));
    let file = entry.expect("$Extend").expect("$UsnJrnl").file;
    let mut bytes = vec![0; usize::try_from(journal.next_usn - journal.first_usn).unwrap()];
    let got = volume
        .read_at(file, &units("$J"), journal.first_usn, &mut bytes)
        .expect("the records");
    assert_eq!(got, bytes.len());
    format!("{journal:?}, {}", sum(&bytes))
}

struct Walk<'a> {
    volume: &'a Volume,
    /// Files by their number: one with a thousand names is read once.
    seen: BTreeMap<u64, String>,
    tree: Tree,
}

impl Walk<'_> {
    fn directory(&mut self, dir: FileId, path: &str) {
        for entry in self.volume.entries(dir).expect("a directory can be read") {
            let name = entry.name.to_string_lossy();
            if dir == ROOT && name.starts_with('$') || name == "." {
                continue;
            }
            let here = format!("{path}/{name}");
            let text = match self.seen.entry(entry.file.record().0) {
                Entry::Occupied(known) => known.get().clone(),
                Entry::Vacant(new) => {
                    let text = file(self.volume, entry.file, &here);
                    new.insert(text).clone()
                }
            };
            if entry.is_directory() && entry.reparse_tag.is_none() {
                self.directory(entry.file, &here);
            }
            self.tree.insert(here, text);
        }
    }
}

/// Everything that can be asked of a file.
fn file(volume: &Volume, file: FileId, here: &str) -> String {
    let info = volume.file_info(file).expect("an entry leads to its file");
    let names = volume.names(file).expect("names").len();
    let reparse = volume.reparse_point(file).expect("a reparse point");
    let security = volume.security_descriptor(file).expect("a descriptor");
    let attributes = volume.extended_attributes(file).expect("attributes");
    let id = volume.object_id(file).expect("an object id");
    let mut contents = Vec::new();
    for stream in volume.streams(file).expect("streams") {
        let mut bytes = vec![0; usize::try_from(stream.size).unwrap()];
        let got = volume
            .read_at(file, &stream.name, 0, &mut bytes)
            .expect("contents");
        assert_eq!(got as u64, stream.size, "{here}");
        contents.push((
            String::from_utf16_lossy(&stream.name),
            stream.size,
            stream.flags,
            sum(&bytes),
        ));
    }
    format!(
        "{info:?}, {names} names, {contents:?}, {reparse:?}, {}, {attributes:?}, {id:?}",
        sum(&security)
    )
}

/// Eight bytes at a time: the tests look at a lot of bytes.
pub(super) fn sum(bytes: &[u8]) -> u64 {
    let (words, rest) = bytes.as_chunks::<8>();
    let mix = |sum: u64, word: u64| {
        (sum ^ word)
            .wrapping_mul(0x9E37_79B9_7F4A_7C15)
            .rotate_left(29)
    };
    let sum = words.iter().fold(bytes.len() as u64, |sum, word| {
        mix(sum, u64::from_le_bytes(*word))
    });
    rest.iter()
        .fold(sum, |sum, byte| mix(sum, u64::from(*byte)))
}
