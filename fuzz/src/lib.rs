//! Hostile bytes for every decoder, the engine and the checker.
//!
//! A target is a plain function of bytes that returns, whatever they are: it
//! must not panic, take longer than [`PATIENCE`] or more memory than
//! [`MEMORY`]. [`registry`] lists all of them with the bytes to start from,
//! which are made here, from volumes of our own.
//!
//! Three drivers feed them: the tests of this crate (every seed, every file in
//! `regressions/`, a few thousand changed seeds), the program
//! `linkwright-fuzz` (the same for as long as wanted, on any compiler), and
//! libFuzzer through `cargo fuzz` (guided by coverage). `cargo xtask fuzz`
//! runs whichever of the last two is there.
#![forbid(unsafe_code)]

mod bytes;
pub mod drive;
pub mod limits;
pub mod mutate;
mod targets;
pub mod volumes;

use std::time::Duration;

pub use targets::registry;

/// The longest that one input may take.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// Bytes of memory that a process which runs inputs may take.
pub const MEMORY: u64 = 1 << 30;

/// Bytes of the longest input that the drivers make.
pub const LONGEST: usize = 1 << 16;

/// What a target is there to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// That the code behind it can stand any bytes.
    Judge,
    /// That a driver notices what it must notice: it fails on purpose.
    Canary,
}

/// A function of bytes, and where to start.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Its name, in words joined by `-`.
    pub name: &'static str,
    /// The function.
    pub run: fn(&[u8]),
    /// Inputs that it makes something of.
    pub seeds: fn() -> Vec<Vec<u8>>,
    /// What it is there to show.
    pub purpose: Purpose,
}

/// The target of a name.
#[must_use]
pub fn target(name: &str) -> Option<Target> {
    registry().into_iter().find(|target| target.name == name)
}
