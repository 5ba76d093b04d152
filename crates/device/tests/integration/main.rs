//! The device crate against the rest of the system.

mod corpus;
#[cfg(target_os = "linux")]
mod locks;
#[cfg(target_os = "linux")]
mod others;
