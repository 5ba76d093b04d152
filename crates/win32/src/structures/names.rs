//! Structures that hold names: FILE_NAME_INFO and FILE_LINKS_INFORMATION.

use super::chain::{Chain, length, unit_bytes};

/// Offset of `FileName` in FILE_NAME_INFO (in bytes).
pub const FILE_NAME_INFO_NAME: usize = 4;

/// FILE_NAME_INFO: the length of a name (in bytes) and the name (MS-FSCC
/// 2.4.33).
#[must_use]
pub fn file_name_info(name: &[u16]) -> Vec<u8> {
    let mut out = length(name.len().saturating_mul(2)).to_ne_bytes().to_vec();
    out.extend(unit_bytes(name));
    out
}

/// One name of a file, as FILE_LINK_ENTRY_INFORMATION tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileLinkEntry {
    /// ParentFileId: the file reference of the directory.
    pub parent_file_id: u64,
    /// FileName, without a path.
    pub name: Vec<u16>,
}

/// Offset of the first entry of FILE_LINKS_INFORMATION (in bytes).
const ENTRY: usize = 8;
/// Offset of `FileName` in FILE_LINK_ENTRY_INFORMATION (in bytes).
const ENTRY_NAME: usize = 20;

impl FileLinkEntry {
    /// The entry, with a NextEntryOffset of 0; its FileNameLength counts
    /// characters (MS-FSCC 2.4.27).
    fn encode(&self) -> Vec<u8> {
        let mut out = vec![0; 8];
        out.extend(self.parent_file_id.to_ne_bytes());
        out.extend(length(self.name.len()).to_ne_bytes());
        debug_assert_eq!(out.len(), ENTRY_NAME);
        out.extend(unit_bytes(&self.name));
        out
    }
}

/// FILE_LINKS_INFORMATION, and whether all names found room (MS-FSCC 2.4.17).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileLinks {
    /// The structure: BytesNeeded, EntriesReturned, and the entries that fit.
    pub bytes: Vec<u8>,
    /// BytesNeeded: what all names together take.
    pub needed: usize,
}

impl FileLinks {
    /// Smallest buffer that the class takes: the structure with one entry whose
    /// name has one unit (in bytes).
    pub const MIN: usize = 32;

    /// The names that fit in `room` bytes, in this order.
    #[must_use]
    pub fn encode(links: &[FileLinkEntry], room: usize) -> Self {
        let mut all = Chain::new(usize::MAX);
        let mut some = Chain::new(room.saturating_sub(ENTRY));
        let mut fits = true;
        for link in links {
            let entry = link.encode();
            fits = fits && some.push(&entry).is_ok();
            // Without a limit everything fits.
            all.push(&entry).unwrap_or_default();
        }
        let needed = ENTRY.saturating_add(all.len());
        let mut bytes = length(needed).to_ne_bytes().to_vec();
        bytes.extend(some.entries().to_ne_bytes());
        bytes.extend(some.into_bytes());
        Self { bytes, needed }
    }

    /// Whether all names are in it.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.bytes.len() == self.needed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(parent_file_id: u64, name: &str) -> FileLinkEntry {
        FileLinkEntry {
            parent_file_id,
            name: name.encode_utf16().collect(),
        }
    }

    #[test]
    fn a_name_is_its_length_in_bytes_and_its_units() {
        assert_eq!(
            file_name_info(&[0x5C, 0x61]),
            [4, 0, 0, 0, 0x5C, 0, 0x61, 0]
        );
    }

    #[test]
    fn names_of_a_file_count_their_characters() {
        let links = FileLinks::encode(&[link(5, "ab"), link(0x0001_0000_0000_0026, "c")], 1000);
        assert!(links.is_complete());
        let mut wanted = vec![56, 0, 0, 0, 2, 0, 0, 0];
        wanted.extend([24, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0]);
        wanted.extend([0x61, 0, 0x62, 0]);
        wanted.extend([
            0, 0, 0, 0, 0, 0, 0, 0, 0x26, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0,
        ]);
        wanted.extend([0x63, 0]);
        wanted[0] = 54;
        assert_eq!(links.bytes, wanted);
    }

    #[test]
    fn a_small_buffer_gets_the_first_names_and_what_all_need() {
        let links = FileLinks::encode(&[link(5, "ab"), link(5, "c")], 40);
        assert!(!links.is_complete());
        assert_eq!(links.needed, 54);
        assert_eq!(links.bytes.get(..8), Some(&[54, 0, 0, 0, 1, 0, 0, 0][..]));
        // The one entry is the last that was returned.
        assert_eq!(links.bytes.get(8..12), Some(&[0; 4][..]));
    }
}
