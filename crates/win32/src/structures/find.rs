//! What FindFirstFile, GetFileAttributesEx and GetFileInformationByHandle fill
//! in (minwinbase.h, fileapi.h).

use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

use super::{FileTime, halves, layout};

/// Units of `cFileName` (MAX_PATH).
const FILE_NAME: usize = 260;
/// Units of `cAlternateFileName`.
const ALTERNATE_FILE_NAME: usize = 14;

/// WIN32_FIND_DATAW.
#[derive(Debug, Clone, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct Win32FindData {
    /// dwFileAttributes.
    pub file_attributes: u32,
    /// ftCreationTime.
    pub creation_time: FileTime,
    /// ftLastAccessTime.
    pub last_access_time: FileTime,
    /// ftLastWriteTime.
    pub last_write_time: FileTime,
    /// nFileSizeHigh.
    pub file_size_high: u32,
    /// nFileSizeLow.
    pub file_size_low: u32,
    /// dwReserved0: the tag of a reparse point.
    pub reserved0: u32,
    /// dwReserved1.
    pub reserved1: u32,
    /// cFileName, closed by NUL.
    pub file_name: [u16; FILE_NAME],
    /// cAlternateFileName: the 8.3 name, or empty.
    pub alternate_file_name: [u16; ALTERNATE_FILE_NAME],
}

layout!(Win32FindData, 592, {
    file_attributes: 0, creation_time: 4, last_access_time: 12, last_write_time: 20,
    file_size_high: 28, file_size_low: 32, reserved0: 36, reserved1: 40, file_name: 44,
    alternate_file_name: 564,
});

impl Default for Win32FindData {
    fn default() -> Self {
        Self {
            file_attributes: 0,
            creation_time: FileTime::default(),
            last_access_time: FileTime::default(),
            last_write_time: FileTime::default(),
            file_size_high: 0,
            file_size_low: 0,
            reserved0: 0,
            reserved1: 0,
            file_name: [0; FILE_NAME],
            alternate_file_name: [0; ALTERNATE_FILE_NAME],
        }
    }
}

impl Win32FindData {
    /// The size (in bytes).
    #[must_use]
    pub fn size(&self) -> u64 {
        u64::from(self.file_size_high) << 32 | u64::from(self.file_size_low)
    }

    /// Sets the size (in bytes).
    pub fn set_size(&mut self, size: u64) {
        (self.file_size_high, self.file_size_low) = halves(size);
    }

    /// The name without its NUL.
    #[must_use]
    pub fn name(&self) -> &[u16] {
        until_nul(&self.file_name)
    }

    /// Sets the name; what does not fit with a NUL is cut off, which no name of
    /// at most 255 units is.
    pub fn set_name(&mut self, name: &[u16]) {
        copy(name, &mut self.file_name);
    }

    /// The 8.3 name without its NUL; empty when there is none.
    #[must_use]
    pub fn alternate_name(&self) -> &[u16] {
        until_nul(&self.alternate_file_name)
    }

    /// Sets the 8.3 name, of 12 units at most.
    pub fn set_alternate_name(&mut self, name: &[u16]) {
        copy(name, &mut self.alternate_file_name);
    }
}

/// The units in front of the first NUL.
pub(crate) fn until_nul(units: &[u16]) -> &[u16] {
    units.split(|&unit| unit == 0).next().unwrap_or_default()
}

/// Copies units into a field, closed by NUL; the rest of the field is NUL.
pub(crate) fn copy(from: &[u16], to: &mut [u16]) {
    to.fill(0);
    let room = to.len().saturating_sub(1);
    for (to, &from) in to.iter_mut().take(room).zip(from) {
        *to = from;
    }
}

/// WIN32_FILE_ATTRIBUTE_DATA.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout,
)]
#[repr(C)]
pub struct Win32FileAttributeData {
    /// dwFileAttributes.
    pub file_attributes: u32,
    /// ftCreationTime.
    pub creation_time: FileTime,
    /// ftLastAccessTime.
    pub last_access_time: FileTime,
    /// ftLastWriteTime.
    pub last_write_time: FileTime,
    /// nFileSizeHigh.
    pub file_size_high: u32,
    /// nFileSizeLow.
    pub file_size_low: u32,
}

layout!(Win32FileAttributeData, 36, {
    file_attributes: 0, creation_time: 4, last_access_time: 12, last_write_time: 20,
    file_size_high: 28, file_size_low: 32,
});

impl Win32FileAttributeData {
    /// The size (in bytes).
    #[must_use]
    pub fn size(&self) -> u64 {
        u64::from(self.file_size_high) << 32 | u64::from(self.file_size_low)
    }
}

/// BY_HANDLE_FILE_INFORMATION.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout,
)]
#[repr(C)]
pub struct ByHandleFileInformation {
    /// dwFileAttributes.
    pub file_attributes: u32,
    /// ftCreationTime.
    pub creation_time: FileTime,
    /// ftLastAccessTime.
    pub last_access_time: FileTime,
    /// ftLastWriteTime.
    pub last_write_time: FileTime,
    /// dwVolumeSerialNumber: the low half of the serial number of the volume.
    pub volume_serial_number: u32,
    /// nFileSizeHigh.
    pub file_size_high: u32,
    /// nFileSizeLow.
    pub file_size_low: u32,
    /// nNumberOfLinks: names that are not to be deleted.
    pub number_of_links: u32,
    /// nFileIndexHigh.
    pub file_index_high: u32,
    /// nFileIndexLow.
    pub file_index_low: u32,
}

layout!(ByHandleFileInformation, 52, {
    file_attributes: 0, creation_time: 4, last_access_time: 12, last_write_time: 20,
    volume_serial_number: 28, file_size_high: 32, file_size_low: 36, number_of_links: 40,
    file_index_high: 44, file_index_low: 48,
});

impl ByHandleFileInformation {
    /// The size (in bytes).
    #[must_use]
    pub fn size(&self) -> u64 {
        u64::from(self.file_size_high) << 32 | u64::from(self.file_size_low)
    }

    /// What identifies the file on its volume: equal for all of its names.
    #[must_use]
    pub fn index(&self) -> u64 {
        u64::from(self.file_index_high) << 32 | u64::from(self.file_index_low)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_closed_by_nul_and_cut_to_their_field() {
        let mut data = Win32FindData::default();
        data.set_name(&[0x61; 255]);
        assert_eq!(data.name(), [0x61; 255]);
        data.set_name(&[0x62; 400]);
        assert_eq!(data.name().len(), 259);
        data.set_name(&[0x63, 0x64]);
        assert_eq!(data.name(), [0x63, 0x64]);
        assert!(data.file_name.iter().skip(2).all(|&unit| unit == 0));
        data.set_alternate_name(&[0x41; 12]);
        assert_eq!(data.alternate_name(), [0x41; 12]);
    }

    #[test]
    fn sizes_above_four_gigabytes_are_two_halves() {
        let mut data = Win32FindData::default();
        data.set_size(0x1_0000_0002);
        assert_eq!((data.file_size_high, data.file_size_low), (1, 2));
        assert_eq!(data.size(), 0x1_0000_0002);
        assert_eq!(
            data.as_bytes().get(28..36),
            Some(&[1, 0, 0, 0, 2, 0, 0, 0][..])
        );
    }
}
