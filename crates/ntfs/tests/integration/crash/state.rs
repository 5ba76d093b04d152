//! What is on a volume, as text that can be compared.

use std::collections::BTreeMap;

use linkwright_ntfs::{FileId, Volume};

use crate::support::ROOT;

/// A tree as text: path to what is there.
pub(super) type Tree = BTreeMap<String, String>;

pub(super) fn tree(volume: &Volume) -> Tree {
    let mut tree = Tree::new();
    walk(volume, ROOT, "", &mut tree);
    tree
}

pub(super) fn walk(volume: &Volume, dir: FileId, path: &str, tree: &mut Tree) {
    for entry in volume.entries(dir).expect("a directory can be read") {
        let name = entry.name.to_string_lossy();
        if dir == ROOT && name.starts_with('$') || name == "." {
            continue;
        }
        let here = format!("{path}/{name}");
        let info = volume
            .file_info(entry.file)
            .expect("an entry leads to its file");
        let reparse = volume.reparse_point(entry.file).expect("a reparse point");
        let mut contents = Vec::new();
        for stream in volume.streams(entry.file).expect("streams") {
            let mut bytes = vec![0; usize::try_from(stream.size).unwrap()];
            let got = volume
                .read_at(entry.file, &stream.name, 0, &mut bytes)
                .expect("contents");
            assert_eq!(got as u64, stream.size, "{here}");
            contents.push((
                String::from_utf16_lossy(&stream.name),
                stream.size,
                sum(&bytes),
            ));
        }
        let text = format!(
            "{} links, {contents:?}, {:?}",
            info.link_count,
            reparse.map(|r| format!("{r:?}"))
        );
        if info.is_directory() && entry.reparse_tag.is_none() {
            walk(volume, entry.file, &here, tree);
        }
        tree.insert(here, text);
    }
}

pub(super) fn sum(bytes: &[u8]) -> u64 {
    bytes.iter().fold(7, |sum: u64, byte| {
        sum.wrapping_mul(31).wrapping_add(u64::from(*byte))
    })
}
