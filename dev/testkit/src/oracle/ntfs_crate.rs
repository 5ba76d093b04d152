//! The crate `ntfs` (Colin Finck): a second reader, in process. What it is not
//! asked, because it answers wrongly on volumes by Windows: compressed data,
//! and data of a file with an attribute list (whose size it may give as 0).
//! Past the initialized length of a stream it reads what lies in the clusters,
//! not zeros. It knows no links: the target of one is worked out here from its
//! reparse buffer, apart from the project's own codec.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{BufReader, Read},
    path::Path,
};

use ntfs::{
    Ntfs, NtfsAttributeFlags, NtfsAttributeType, NtfsError, NtfsFile, indexes::NtfsFileNameIndex,
    structured_values::NtfsFileNamespace,
};

use crate::{
    Entry, Failure, Kind, TreeSnapshot,
    snapshot::{Contents, sha256_of},
};

/// Directories deeper than this are taken for a loop.
const DEPTH_LIMIT: usize = 512;
const SYMBOLIC_LINK: u32 = 0xA000_000C;
const MOUNT_POINT: u32 = 0xA000_0003;

/// The tree of a volume: every name but 8.3 ones and those of NTFS' own
/// files. A link's target is its substitute name as it is stored; the link
/// count is the record's, 8.3 names included; left out are the contents of a
/// compressed file, and size and contents of one with an attribute list.
///
/// # Errors
/// What the crate says, with the path.
pub fn snapshot(image: &Path, contents: Contents) -> Result<TreeSnapshot, Failure> {
    let failed = |error: String| Failure::new(format!("ntfs crate on {}", image.display()), error);
    let file = File::open(image).map_err(|error| failed(error.to_string()))?;
    let mut reader = BufReader::new(file);
    let ntfs = Ntfs::new(&mut reader).map_err(|error| failed(error.to_string()))?;
    let mut walk = Walk {
        ntfs: &ntfs,
        reader,
        contents,
        hashes: BTreeMap::new(),
        tree: TreeSnapshot::new(),
    };
    walk.directory(5, "", 0)
        .map_err(|(path, error)| failed(format!("{path}: {error}")))?;
    Ok(walk.tree)
}

struct Walk<'n> {
    ntfs: &'n Ntfs,
    reader: BufReader<File>,
    contents: Contents,
    hashes: BTreeMap<u64, String>,
    tree: TreeSnapshot,
}

type Fault = (String, String);

impl Walk<'_> {
    fn directory(&mut self, record: u64, path: &str, depth: usize) -> Result<(), Fault> {
        if depth > DEPTH_LIMIT {
            return Err((path.to_owned(), "too deep".to_owned()));
        }
        let children = self
            .children(record)
            .map_err(|error| (path.to_owned(), error.to_string()))?;
        for (name, child) in children {
            if path.is_empty() && child < 16 {
                continue;
            }
            let path = if path.is_empty() {
                name
            } else {
                format!("{path}/{name}")
            };
            let entry = self
                .entry(child)
                .map_err(|error| (path.clone(), error.to_string()))?;
            let kind = entry.kind;
            self.tree.insert(path.clone(), entry);
            if kind == Kind::Directory {
                self.directory(child, &path, depth + 1)?;
            }
        }
        Ok(())
    }

    fn children(&mut self, record: u64) -> Result<Vec<(String, u64)>, NtfsError> {
        let file = self.ntfs.file(&mut self.reader, record)?;
        let index = file.directory_index(&mut self.reader)?;
        let mut entries = index.entries();
        let mut children = Vec::new();
        while let Some(entry) = entries.next(&mut self.reader) {
            let entry: ntfs::NtfsIndexEntry<'_, NtfsFileNameIndex> = entry?;
            let Some(key) = entry.key() else { continue };
            let key = key?;
            if key.namespace() != NtfsFileNamespace::Dos {
                let name = key.name().to_string_lossy();
                children.push((name, entry.file_reference().file_record_number()));
            }
        }
        Ok(children)
    }

    fn entry(&mut self, record: u64) -> Result<Entry, NtfsError> {
        let ntfs = self.ntfs;
        let file = ntfs.file(&mut self.reader, record)?;
        let target = self.link_target(&file)?;
        let mut entry = Entry::new(match (&target, file.is_directory()) {
            (Some(_), _) => Kind::Symlink,
            (None, true) => Kind::Directory,
            (None, false) => Kind::File,
        });
        entry.target = target;
        entry.nlink = Some(u64::from(file.hard_link_count()));
        entry.record = Some(record);
        if entry.kind == Kind::File {
            self.data(&file, &mut entry)?;
        }
        Ok(entry)
    }

    fn data(&mut self, file: &NtfsFile<'_>, entry: &mut Entry) -> Result<(), NtfsError> {
        for attribute in file.attributes_raw() {
            if attribute?.ty()? == NtfsAttributeType::AttributeList {
                return Ok(());
            }
        }
        let Some(item) = file.data(&mut self.reader, "") else {
            return Ok(());
        };
        let item = item?;
        let attribute = item.to_attribute()?;
        entry.size = Some(attribute.value_length());
        if self.contents == Contents::Ignore
            || attribute.flags().contains(NtfsAttributeFlags::COMPRESSED)
        {
            return Ok(());
        }
        let record = file.file_record_number();
        if !self.hashes.contains_key(&record) {
            let value = attribute.value(&mut self.reader)?;
            let hash = sha256_of(&mut value.attach(&mut self.reader)).map_err(NtfsError::Io)?;
            self.hashes.insert(record, hash);
        }
        entry.sha256 = self.hashes.get(&record).cloned();
        Ok(())
    }

    fn link_target(&mut self, file: &NtfsFile<'_>) -> Result<Option<String>, NtfsError> {
        let mut attributes = file.attributes();
        while let Some(item) = attributes.next(&mut self.reader) {
            let item = item?;
            let attribute = item.to_attribute()?;
            if attribute.ty()? == NtfsAttributeType::ReparsePoint {
                let mut buffer = Vec::new();
                let value = attribute.value(&mut self.reader)?;
                value
                    .attach(&mut self.reader)
                    .take(64 << 10)
                    .read_to_end(&mut buffer)
                    .map_err(NtfsError::Io)?;
                return Ok(substitute_name(&buffer));
            }
        }
        Ok(None)
    }
}

/// The substitute name of a symbolic link or junction (MS-FSCC 2.1.2.4 and
/// 2.1.2.5); `None` for every other tag.
fn substitute_name(buffer: &[u8]) -> Option<String> {
    let word = |at: usize| -> Option<usize> {
        Some(usize::from(u16::from_le_bytes(
            buffer.get(at..at + 2)?.try_into().ok()?,
        )))
    };
    let tag = u32::from_le_bytes(buffer.get(..4)?.try_into().ok()?);
    let names = match tag {
        SYMBOLIC_LINK => 20,
        MOUNT_POINT => 16,
        _ => return None,
    };
    let (offset, length) = (word(8)?, word(10)?);
    let bytes = buffer.get(names + offset..names + offset + length)?;
    let units: Vec<u16> = bytes
        .chunks_exact(2)
        .map(|pair| u16::from_le_bytes([pair[0], pair[1]]))
        .collect();
    Some(String::from_utf16_lossy(&units))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        oracle::{
            mkntfs::Mkntfs,
            ntfs3g::{self, Access, Mount},
        },
        skip_unless,
    };

    #[test]
    fn the_same_tree_as_the_driver_that_wrote_it() {
        skip_unless!(ntfs3g::available());
        let image = Mkntfs::new(32 << 20).make();
        let mount = Mount::new(image.path(), Access::ReadWrite).unwrap();
        for number in 0..200 {
            let path = mount.path().join(format!("file {number}"));
            std::fs::write(&path, vec![1; number * 37]).unwrap();
            std::fs::hard_link(&path, mount.path().join(format!("again {number}"))).unwrap();
        }
        std::fs::create_dir_all(mount.path().join("d/e")).unwrap();
        std::fs::write(mount.path().join("d/e/\u{1F600}"), b"x").unwrap();
        let theirs = mount.snapshot(Contents::Hash).unwrap();
        mount.unmount().unwrap();
        let tree = snapshot(image.path(), Contents::Hash).unwrap();
        tree.assert_same("the ntfs crate", &theirs, "ntfs-3g");
        assert_eq!(tree.len(), 403);
    }

    #[test]
    fn targets_are_read_from_reparse_buffers() {
        let mut symlink = Vec::from(SYMBOLIC_LINK.to_le_bytes());
        symlink.extend([0; 4]);
        symlink.extend([2_u16, 4, 0, 2].into_iter().flat_map(u16::to_le_bytes));
        symlink.extend(1_u32.to_le_bytes());
        symlink.extend("xab".encode_utf16().flat_map(u16::to_le_bytes));
        assert_eq!(substitute_name(&symlink).as_deref(), Some("ab"));
        assert_eq!(substitute_name(&symlink[..22]), None, "cut short");
        assert_eq!(substitute_name(&[0; 40]), None, "another tag");
    }
}
