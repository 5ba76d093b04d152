//! Win32 semantics over [`FileSystem`](linkwright_fs::FileSystem)s.
//!
//! One [`System`] holds what a Windows process sees: drives and shares, current
//! directories, a token, the handle table and the last error of each thread. Its
//! methods are the Win32 functions, named in snake_case after them, `_w` and `_a`
//! where two forms exist. A string argument is `Option<&[u16]>` (`None` is NULL;
//! what follows a NUL unit does not count), numbers are those of the SDK
//! ([`constants`]), and a failure is the [`Win32Error`] that `GetLastError` gives.
//!
//! There are two layers. `nt` is the I/O manager and the object store of MS-FSA:
//! objects, opens, share modes, deletion, information classes; its errors are
//! [`NtStatus`]. The functions over it are kernel32's own logic: which paths mean
//! what, in which order things are opened, how a status becomes a code.
#![forbid(unsafe_code)]

mod abi;
mod ansi;
mod ansi_queries;
mod attributes;
mod code_page;
pub mod constants;
mod copy;
mod create_file;
mod delete;
mod descriptor;
mod directories;
mod directory;
mod drives;
mod file_names;
mod final_path;
mod find;
mod format_message;
mod fsctl;
mod handles;
mod information;
mod last_error;
mod links;
mod notify;
mod nt;
mod opening;
mod path;
mod read_write;
mod rename;
mod reparse_rules;
mod section;
mod security;
mod settings;
mod streams;
pub mod structures;
mod system;
mod token;
mod transaction;
mod transaction_ansi;
mod transaction_queries;
mod volume;
mod volumes;

pub use abi::{Bool, Boolean};
pub use ansi::VolumeInformationA;
pub use ansi_queries::FindDataA;
pub use copy::{CopyProgress, ProgressRoutine};
pub use directories::FullPathName;
pub use handles::Handle;
pub use information::FileTimes;
pub use linkwright_codes::{NtStatus, Win32Error};
pub use linkwright_fs::{Sid, Timestamp};
pub use settings::{
    Clock, CodePage, DeveloperMode, LongPaths, Privileges, ShareKind, SymlinkEvaluation,
    SystemClock, Token, WindowsVersion,
};
pub use system::{System, SystemBuilder, SystemError};
pub use token::PrivilegeState;
pub use volume::{DiskFreeSpace, DiskFreeSpaceEx, VolumeInformation};

/// Result of a Win32 function.
pub type Win32Result<T> = Result<T, Win32Error>;
