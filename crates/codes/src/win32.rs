//! Win32 error codes, as `GetLastError` returns them.

use std::fmt;

use crate::table;
use crate::win32_table::WIN32_CODES;

/// A Win32 error code. Any number can be held; the known ones are constants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Win32Error(pub u32);

impl Win32Error {
    /// The documented name, as `ERROR_ALREADY_EXISTS`; `None` for a code not in the table.
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        table::by_number(WIN32_CODES, self.0).map(|row| row.name)
    }

    /// One plain sentence on what the code means; `None` for a code not in the table.
    #[must_use]
    pub fn text(self) -> Option<&'static str> {
        table::by_number(WIN32_CODES, self.0).map(|row| row.text)
    }

    /// The code of that name, with or without `ERROR_`; case does not count.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        table::by_name(WIN32_CODES, "ERROR_", name).map(|row| Self(row.number))
    }

    /// Every code of the table, in ascending order.
    pub fn known() -> impl Iterator<Item = Self> {
        WIN32_CODES.iter().map(|row| Self(row.number))
    }
}

impl fmt::Display for Win32Error {
    /// `ERROR_ALREADY_EXISTS (183): The name is already taken.`, or `Win32 error 12345`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match table::by_number(WIN32_CODES, self.0) {
            Some(row) => write!(f, "{} ({}): {}", row.name, self.0, row.text),
            None => write!(f, "Win32 error {}", self.0),
        }
    }
}

impl std::error::Error for Win32Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_order_and_each_entry_is_found_by_number_and_name() {
        let numbers: Vec<u32> = Win32Error::known().map(|code| code.0).collect();
        assert!(numbers.is_sorted_by(|a, b| a < b));
        for code in Win32Error::known() {
            let name = code.name().unwrap();
            assert_eq!(Win32Error::from_name(name), Some(code));
            let short = name.strip_prefix("ERROR_").unwrap().to_lowercase();
            assert_eq!(Win32Error::from_name(&short), Some(code), "{short}");
            assert!(code.text().unwrap().ends_with('.'), "{name}");
        }
    }

    #[test]
    fn display_gives_name_number_and_text() {
        assert_eq!(
            Win32Error::ALREADY_EXISTS.to_string(),
            "ERROR_ALREADY_EXISTS (183): The name is already taken."
        );
        assert_eq!(Win32Error(54_321).to_string(), "Win32 error 54321");
        assert_eq!(Win32Error(54_321).name(), None);
        assert_eq!(Win32Error(54_321).text(), None);
        assert_eq!(Win32Error::from_name("ERROR_NO_SUCH_NAME"), None);
        assert_eq!(Win32Error::from_name("ERROR_ERROR_SUCCESS"), None);
    }

    /// The codes by which link calls fail, with their documented numbers.
    #[test]
    fn numbers_of_the_link_calls() {
        for (name, number) in [
            ("ERROR_INVALID_FUNCTION", 1),
            ("ERROR_FILE_NOT_FOUND", 2),
            ("ERROR_PATH_NOT_FOUND", 3),
            ("ERROR_ACCESS_DENIED", 5),
            ("ERROR_INVALID_HANDLE", 6),
            ("ERROR_NOT_SAME_DEVICE", 17),
            ("ERROR_WRITE_PROTECT", 19),
            ("ERROR_BAD_LENGTH", 24),
            ("ERROR_SHARING_VIOLATION", 32),
            ("ERROR_HANDLE_EOF", 38),
            ("ERROR_NOT_SUPPORTED", 50),
            ("ERROR_FILE_EXISTS", 80),
            ("ERROR_INVALID_PARAMETER", 87),
            ("ERROR_DISK_FULL", 112),
            ("ERROR_INSUFFICIENT_BUFFER", 122),
            ("ERROR_INVALID_NAME", 123),
            ("ERROR_DIR_NOT_EMPTY", 145),
            ("ERROR_ALREADY_EXISTS", 183),
            ("ERROR_FILENAME_EXCED_RANGE", 206),
            ("ERROR_MORE_DATA", 234),
            ("ERROR_DIRECTORY", 267),
            ("ERROR_EAS_NOT_SUPPORTED", 282),
            ("ERROR_DELETE_PENDING", 303),
            ("ERROR_CLOUD_FILE_INCOMPATIBLE_HARDLINKS", 396),
            ("ERROR_UNTRUSTED_MOUNT_POINT", 448),
            ("ERROR_TOO_MANY_LINKS", 1142),
            ("ERROR_PRIVILEGE_NOT_HELD", 1314),
            ("ERROR_SYMLINK_CLASS_DISABLED", 1463),
            ("ERROR_SYMLINK_NOT_SUPPORTED", 1464),
            ("ERROR_INVALID_USER_BUFFER", 1784),
            ("ERROR_CANT_ACCESS_FILE", 1920),
            ("ERROR_CANT_RESOLVE_FILENAME", 1921),
            ("ERROR_NOT_A_REPARSE_POINT", 4390),
            ("ERROR_REPARSE_ATTRIBUTE_CONFLICT", 4391),
            ("ERROR_INVALID_REPARSE_DATA", 4392),
            ("ERROR_REPARSE_TAG_INVALID", 4393),
            ("ERROR_REPARSE_TAG_MISMATCH", 4394),
            ("ERROR_INVALID_TRANSACTION", 6700),
            ("ERROR_TRANSACTION_NOT_ACTIVE", 6701),
            ("ERROR_TRANSACTION_REQUEST_NOT_VALID", 6702),
            ("ERROR_TRANSACTION_ALREADY_ABORTED", 6704),
            ("ERROR_TRANSACTION_ALREADY_COMMITTED", 6705),
            ("ERROR_CURRENT_TRANSACTION_NOT_VALID", 6714),
            ("ERROR_TRANSACTION_NOT_FOUND", 6715),
            ("ERROR_TRANSACTION_OBJECT_EXPIRED", 6722),
            ("ERROR_TRANSACTIONAL_CONFLICT", 6800),
            ("ERROR_RM_NOT_ACTIVE", 6801),
            ("ERROR_DIRECTORY_NOT_RM", 6803),
            ("ERROR_TRANSACTIONS_UNSUPPORTED_REMOTE", 6805),
            ("ERROR_OBJECT_NO_LONGER_EXISTS", 6807),
            ("ERROR_HANDLE_NO_LONGER_VALID", 6815),
            ("ERROR_FILE_IDENTITY_NOT_PERSISTENT", 6823),
            ("ERROR_CANT_BREAK_TRANSACTIONAL_DEPENDENCY", 6824),
            ("ERROR_CANT_CROSS_RM_BOUNDARY", 6825),
            ("ERROR_EFS_NOT_ALLOWED_IN_TRANSACTION", 6831),
            ("ERROR_TRANSACTIONAL_OPEN_NOT_ALLOWED", 6832),
            ("ERROR_TRANSACTION_REQUIRED_PROMOTION", 6837),
            ("ERROR_CANNOT_EXECUTE_FILE_IN_TRANSACTION", 6838),
            ("ERROR_TRANSACTION_FREEZE_IN_PROGRESS", 6840),
            ("ERROR_OPERATION_NOT_SUPPORTED_IN_TRANSACTION", 6853),
            ("ERROR_TRANSACTION_NOT_ENLISTED", 6855),
        ] {
            assert_eq!(
                Win32Error::from_name(name),
                Some(Win32Error(number)),
                "{name}"
            );
        }
    }
}
