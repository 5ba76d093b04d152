//! NTSTATUS values, as the kernel and its file systems return them.

use std::fmt;

use crate::nt_status_table::NT_STATUS_CODES;
use crate::table;
use crate::win32::Win32Error;

/// An NTSTATUS value (MS-ERREF 2.3). Any number can be held; the known ones are constants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NtStatus(pub u32);

/// Bit 29: the value was made up outside Windows and is passed on unchanged.
const CUSTOMER_BIT: u32 = 0x2000_0000;
/// Bit 28: reserved; 0xD... means the same as 0xC....
const RESERVED_BIT: u32 = 0x1000_0000;

impl NtStatus {
    /// The documented name, as `STATUS_OBJECT_NAME_COLLISION`; `None` for an unknown value.
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        table::by_number(NT_STATUS_CODES, self.0).map(|row| row.name)
    }

    /// One plain sentence on what the value means; `None` for an unknown value.
    #[must_use]
    pub fn text(self) -> Option<&'static str> {
        table::by_number(NT_STATUS_CODES, self.0).map(|row| row.text)
    }

    /// The value of that name, with or without `STATUS_`; case does not count.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        table::by_name(NT_STATUS_CODES, "STATUS_", name).map(|row| Self(row.number))
    }

    /// Every value of the table, in ascending order.
    pub fn known() -> impl Iterator<Item = Self> {
        NT_STATUS_CODES.iter().map(|row| Self(row.number))
    }

    /// Whether the value stands for a failure (severity error, the top two bits).
    #[must_use]
    pub const fn is_error(self) -> bool {
        self.0 >> 30 == 3
    }

    /// The Win32 code that `GetLastError` gives for this value, as `RtlNtStatusToDosError` maps
    /// it: by the table, with customer values unchanged, values that wrap a Win32 code (0x8007...,
    /// 0xC001...) unwrapped, and [`Win32Error::MR_MID_NOT_FOUND`] for everything unknown.
    #[must_use]
    pub fn to_win32(self) -> Win32Error {
        if self.0 & CUSTOMER_BIT != 0 {
            return Win32Error(self.0);
        }
        let number = if self.0 >> 28 == 0xD {
            self.0 & !RESERVED_BIT
        } else {
            self.0
        };
        if matches!(number >> 16, 0x8007 | 0xC001) {
            return Win32Error(number & 0xFFFF);
        }
        table::by_number(NT_STATUS_CODES, number)
            .map_or(Win32Error::MR_MID_NOT_FOUND, |row| row.maps_to)
    }
}

impl From<NtStatus> for Win32Error {
    fn from(status: NtStatus) -> Self {
        status.to_win32()
    }
}

impl fmt::Display for NtStatus {
    /// `STATUS_DELETE_PENDING (0xC0000056): ...`, or `NTSTATUS 0xC0001234`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match table::by_number(NT_STATUS_CODES, self.0) {
            Some(row) => write!(f, "{} (0x{:08X}): {}", row.name, self.0, row.text),
            None => write!(f, "NTSTATUS 0x{:08X}", self.0),
        }
    }
}

impl std::error::Error for NtStatus {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_order_and_each_entry_is_found_by_number_and_name() {
        let numbers: Vec<u32> = NtStatus::known().map(|status| status.0).collect();
        assert!(numbers.is_sorted_by(|a, b| a < b));
        for status in NtStatus::known() {
            let name = status.name().unwrap();
            assert_eq!(NtStatus::from_name(name), Some(status));
            assert!(status.text().unwrap().ends_with('.'), "{name}");
            assert!(status.to_win32().name().is_some(), "{name}");
        }
    }

    /// The map as the semantics notes of the project give it: name, value, Win32 number.
    #[test]
    fn statuses_of_the_link_calls_map_to_their_win32_codes() {
        for (name, value, win32) in [
            ("BUFFER_OVERFLOW", 0x8000_0005, 234),
            ("STOPPED_ON_SYMLINK", 0x8000_002D, 681),
            ("NOT_IMPLEMENTED", 0xC000_0002, 1),
            ("INVALID_INFO_CLASS", 0xC000_0003, 87),
            ("INFO_LENGTH_MISMATCH", 0xC000_0004, 24),
            ("INVALID_PARAMETER", 0xC000_000D, 87),
            ("NO_SUCH_FILE", 0xC000_000F, 2),
            ("INVALID_DEVICE_REQUEST", 0xC000_0010, 1),
            ("ACCESS_DENIED", 0xC000_0022, 5),
            ("BUFFER_TOO_SMALL", 0xC000_0023, 122),
            ("OBJECT_NAME_INVALID", 0xC000_0033, 123),
            ("OBJECT_NAME_NOT_FOUND", 0xC000_0034, 2),
            ("OBJECT_NAME_COLLISION", 0xC000_0035, 183),
            ("OBJECT_PATH_INVALID", 0xC000_0039, 161),
            ("OBJECT_PATH_NOT_FOUND", 0xC000_003A, 3),
            ("OBJECT_PATH_SYNTAX_BAD", 0xC000_003B, 161),
            ("SHARING_VIOLATION", 0xC000_0043, 32),
            ("EAS_NOT_SUPPORTED", 0xC000_004F, 282),
            ("DELETE_PENDING", 0xC000_0056, 5),
            ("PRIVILEGE_NOT_HELD", 0xC000_0061, 1314),
            ("DISK_FULL", 0xC000_007F, 112),
            ("MEDIA_WRITE_PROTECTED", 0xC000_00A2, 19),
            ("FILE_IS_A_DIRECTORY", 0xC000_00BA, 5),
            ("NOT_SUPPORTED", 0xC000_00BB, 50),
            ("BAD_NETWORK_PATH", 0xC000_00BE, 53),
            ("BAD_NETWORK_NAME", 0xC000_00CC, 67),
            ("NOT_SAME_DEVICE", 0xC000_00D4, 17),
            ("DIRECTORY_NOT_EMPTY", 0xC000_0101, 145),
            ("NOT_A_DIRECTORY", 0xC000_0103, 267),
            ("NAME_TOO_LONG", 0xC000_0106, 206),
            ("CANNOT_DELETE", 0xC000_0121, 5),
            ("FILE_DELETED", 0xC000_0123, 5),
            ("INVALID_BUFFER_SIZE", 0xC000_0206, 1784),
            ("USER_MAPPED_FILE", 0xC000_0243, 1224),
            ("TOO_MANY_LINKS", 0xC000_0265, 1142),
            ("NOT_A_REPARSE_POINT", 0xC000_0275, 4390),
            ("IO_REPARSE_TAG_INVALID", 0xC000_0276, 4393),
            ("IO_REPARSE_TAG_MISMATCH", 0xC000_0277, 4394),
            ("IO_REPARSE_DATA_INVALID", 0xC000_0278, 4392),
            ("IO_REPARSE_TAG_NOT_HANDLED", 0xC000_0279, 1920),
            ("REPARSE_POINT_NOT_RESOLVED", 0xC000_0280, 1921),
            ("DIRECTORY_IS_A_REPARSE_POINT", 0xC000_0281, 161),
            ("VOLUME_NOT_UPGRADED", 0xC000_029C, 1),
            ("REPARSE_ATTRIBUTE_CONFLICT", 0xC000_02B2, 4391),
            ("SYMLINK_CLASS_DISABLED", 0xC000_0715, 1463),
            ("TRANSACTIONAL_CONFLICT", 0xC019_0001, 6800),
        ] {
            let status = NtStatus(value);
            assert_eq!(
                status.name().and_then(|n| n.strip_prefix("STATUS_")),
                Some(name)
            );
            assert_eq!(status.to_win32(), Win32Error(win32), "{name}");
            assert_eq!(status.is_error(), value >> 30 == 3);
        }
    }

    #[test]
    fn transaction_statuses_map_to_the_code_of_the_same_name() {
        let rows = NtStatus::known().filter(|status| status.0 >> 16 == 0xC019);
        let mut count = 0;
        for status in rows {
            let name = status.name().unwrap().strip_prefix("STATUS_").unwrap();
            assert_eq!(
                Some(status.to_win32()),
                Win32Error::from_name(name),
                "{name}"
            );
            count += 1;
        }
        assert!(count >= 25);
    }

    #[test]
    fn values_outside_the_table() {
        assert_eq!(
            NtStatus(0xC000_9999).to_win32(),
            Win32Error::MR_MID_NOT_FOUND
        );
        assert_eq!(NtStatus(0xE000_0001).to_win32(), Win32Error(0xE000_0001));
        assert_eq!(NtStatus(0x8007_0005).to_win32(), Win32Error::ACCESS_DENIED);
        assert_eq!(NtStatus(0xC001_0002).to_win32(), Win32Error::FILE_NOT_FOUND);
        assert_eq!(NtStatus(0xD000_0022).to_win32(), Win32Error::ACCESS_DENIED);
        assert_eq!(NtStatus::SUCCESS.to_win32(), Win32Error::SUCCESS);
        assert_eq!(NtStatus(0xC000_9999).to_string(), "NTSTATUS 0xC0009999");
        assert_eq!(
            NtStatus::DELETE_PENDING.to_string(),
            "STATUS_DELETE_PENDING (0xC0000056): The file is waiting to be deleted."
        );
        assert_eq!(
            NtStatus::from_name("delete_pending"),
            Some(NtStatus::DELETE_PENDING)
        );
        assert_eq!(NtStatus::from_name("nothing"), None);
    }
}
