//! Win32's functions for files and links under their own names, for C, .NET, Python
//! and all others that load a library: `libkernel32.so`.
//!
//! The functions are those of [`linkwright_win32::System`]; here are their
//! signatures, and what happens at the boundary (docs/c-api.md). One process has
//! one system, set up from the environment when it is first used.
//!
//! Built on Unix only. On Windows the system's own DLL has these functions, and this
//! crate is empty.
#![cfg(unix)]
// The names are the SDK's, down to those of parameters.
#![allow(non_snake_case, non_camel_case_types, clippy::upper_case_acronyms)]
// What a caller must see to is on the SDK's page and in docs/c-api.md.
#![allow(clippy::missing_safety_doc, clippy::too_many_arguments)]
#![deny(unsafe_op_in_unsafe_fn, clippy::undocumented_unsafe_blocks)]

mod boundary;
mod configuration;
mod descriptor;
mod drives;
pub mod exports;
mod fork;
mod last_error;
mod process;
mod text;
pub mod types;

/// The paths of `windows-sys` on Unix: its declarations are those of this library's
/// functions, and link to them.
#[cfg(feature = "windows_sys_compat")]
pub use windows_sys as windows_sys_compat;
