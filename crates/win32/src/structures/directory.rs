//! Entries of directory queries: FILE_FULL_DIR_INFO, FILE_ID_BOTH_DIR_INFO and
//! FILE_ID_EXTD_DIR_INFO (winbase.h; MS-FSCC 2.4.15, 2.4.22, 2.4.24).

use super::chain::{length, unit_bytes};

/// Which structure a directory query fills in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DirectoryForm {
    /// FILE_FULL_DIR_INFO.
    Full,
    /// FILE_ID_BOTH_DIR_INFO: with the 8.3 name and the 64-bit id.
    IdBoth,
    /// FILE_ID_EXTD_DIR_INFO: with the tag and the 128-bit id.
    IdExtd,
}

impl DirectoryForm {
    /// Offset of `FileName` (in bytes).
    #[must_use]
    pub const fn name_offset(self) -> usize {
        match self {
            Self::Full => 68,
            Self::IdBoth => 104,
            Self::IdExtd => 88,
        }
    }

    /// Smallest buffer that a query takes: the structure as the SDK declares it,
    /// with a name of one unit (in bytes).
    #[must_use]
    pub const fn min(self) -> usize {
        (self.name_offset() + 2).next_multiple_of(8)
    }
}

/// One entry, as its directory has it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DirectoryInformation {
    /// Creation, last access, last write and change, in ticks.
    pub times: [u64; 4],
    /// EndOfFile (in bytes).
    pub size: u64,
    /// AllocationSize (in bytes).
    pub allocated: u64,
    /// FileAttributes.
    pub attributes: u32,
    /// Packed size of the extended attributes (in bytes).
    pub ea_size: u32,
    /// The reparse tag; it takes the place of EaSize where a form has no field
    /// for it.
    pub reparse_tag: Option<u32>,
    /// The file reference.
    pub file_id: u64,
    /// The 8.3 name; empty when there is none or the name itself is one.
    pub short_name: Vec<u16>,
    /// The name.
    pub name: Vec<u16>,
}

impl DirectoryInformation {
    /// The entry with a NextEntryOffset and a FileIndex of 0.
    #[must_use]
    pub fn encode(&self, form: DirectoryForm) -> Vec<u8> {
        let mut out = vec![0; 8];
        for time in self.times {
            out.extend(time.to_ne_bytes());
        }
        out.extend(self.size.to_ne_bytes());
        out.extend(self.allocated.to_ne_bytes());
        out.extend(self.attributes.to_ne_bytes());
        out.extend(length(self.name.len().saturating_mul(2)).to_ne_bytes());
        match form {
            DirectoryForm::Full => out.extend(self.ea_size_or_tag().to_ne_bytes()),
            DirectoryForm::IdBoth => {
                out.extend(self.ea_size_or_tag().to_ne_bytes());
                self.put_short_name(&mut out);
                out.extend(self.file_id.to_ne_bytes());
            }
            DirectoryForm::IdExtd => {
                out.extend(self.ea_size.to_ne_bytes());
                out.extend(self.reparse_tag.unwrap_or(0).to_ne_bytes());
                out.extend(u128::from(self.file_id).to_le_bytes());
            }
        }
        debug_assert_eq!(out.len(), form.name_offset());
        out.extend(unit_bytes(&self.name));
        out
    }

    /// Where the object is a reparse point, EaSize is its tag (MS-FSCC 2.4.22).
    fn ea_size_or_tag(&self) -> u32 {
        self.reparse_tag.unwrap_or(self.ea_size)
    }

    /// ShortNameLength, a byte of padding, and twelve units; padding to 8 bytes.
    fn put_short_name(&self, out: &mut Vec<u8>) {
        const UNITS: usize = 12;
        let mut units = [0; UNITS];
        let used = self.short_name.len().min(UNITS);
        for (to, &from) in units.iter_mut().zip(&self.short_name) {
            *to = from;
        }
        out.push(u8::try_from(used.saturating_mul(2)).unwrap_or(0));
        out.push(0);
        out.extend(unit_bytes(&units));
        out.extend([0; 2]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry() -> DirectoryInformation {
        DirectoryInformation {
            times: [1, 2, 3, 4],
            size: 5,
            allocated: 8,
            attributes: 0x20,
            ea_size: 9,
            reparse_tag: None,
            file_id: 0x0002_0000_0000_0040,
            short_name: "LONGNA~1.TXT".encode_utf16().collect(),
            name: "long name.txt".encode_utf16().collect(),
        }
    }

    fn u32_at(bytes: &[u8], at: usize) -> u32 {
        u32::from_ne_bytes(bytes[at..at + 4].try_into().unwrap())
    }

    fn u64_at(bytes: &[u8], at: usize) -> u64 {
        u64::from_ne_bytes(bytes[at..at + 8].try_into().unwrap())
    }

    #[test]
    fn the_common_part_has_the_offsets_of_the_sdk() {
        for form in [
            DirectoryForm::Full,
            DirectoryForm::IdBoth,
            DirectoryForm::IdExtd,
        ] {
            let bytes = entry().encode(form);
            assert_eq!(u64_at(&bytes, 8), 1, "CreationTime");
            assert_eq!(u64_at(&bytes, 16), 2, "LastAccessTime");
            assert_eq!(u64_at(&bytes, 24), 3, "LastWriteTime");
            assert_eq!(u64_at(&bytes, 32), 4, "ChangeTime");
            assert_eq!(u64_at(&bytes, 40), 5, "EndOfFile");
            assert_eq!(u64_at(&bytes, 48), 8, "AllocationSize");
            assert_eq!(u32_at(&bytes, 56), 0x20, "FileAttributes");
            assert_eq!(u32_at(&bytes, 60), 26, "FileNameLength");
            assert_eq!(u32_at(&bytes, 64), 9, "EaSize");
            assert_eq!(bytes[form.name_offset()], b'l');
        }
    }

    #[test]
    fn forms_differ_in_what_follows() {
        let both = entry().encode(DirectoryForm::IdBoth);
        assert_eq!(both[68], 24, "ShortNameLength");
        assert_eq!(both[70], b'L', "ShortName");
        assert_eq!(u64_at(&both, 96), 0x0002_0000_0000_0040, "FileId");
        let tagged = DirectoryInformation {
            reparse_tag: Some(0xA000_000C),
            ..entry()
        };
        assert_eq!(
            u32_at(&tagged.encode(DirectoryForm::IdBoth), 64),
            0xA000_000C
        );
        let extd = tagged.encode(DirectoryForm::IdExtd);
        assert_eq!(u32_at(&extd, 64), 9, "EaSize");
        assert_eq!(u32_at(&extd, 68), 0xA000_000C, "ReparsePointTag");
        assert_eq!(u64_at(&extd, 72), 0x0002_0000_0000_0040, "FileId");
        assert_eq!(DirectoryForm::IdBoth.min(), 112);
        assert_eq!(DirectoryForm::Full.min(), 72);
    }
}
