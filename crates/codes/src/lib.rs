//! NTSTATUS and Win32 error codes: numbers, names, texts and the map between them.
//!
//! Both code types are plain numbers with a name and a text for each known one, so that a code
//! which is not in the tables can still be carried and shown. [`NtStatus::to_win32`] is the map
//! that Windows applies between its kernel and `GetLastError`.
#![forbid(unsafe_code)]

mod nt_status;
mod nt_status_table;
mod table;
mod win32;
mod win32_table;

pub use nt_status::NtStatus;
pub use win32::Win32Error;
