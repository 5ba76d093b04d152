//! The device crate against the rest of the system.

#[cfg(target_os = "linux")]
mod locks;
#[cfg(target_os = "linux")]
mod others;
