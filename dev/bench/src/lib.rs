//! Measurements of the workspace, side by side with others.
//!
//! `cargo xtask bench PART` runs the program `bench` of this crate; each of its
//! [`parts`] measures one kind of work, ours and that of other programs in
//! turn on the same load, and says how the goal is met. `docs/bench/README.md`
//! says how that is done and holds the last figures.
//!
//! `cargo bench -p linkwright-bench` measures single functions (`benches/`):
//! run lists and update sequences, comparison of names, operations of the
//! engine in memory.
#![forbid(unsafe_code)]

pub mod images;
pub mod inputs;
pub mod lab;
pub mod load;
pub mod machine;
pub mod metadata;
pub mod parts;
pub mod peers;
pub mod report;
pub mod rounds;
mod spread;
pub mod volumes;
pub mod worker;

pub use spread::Spread;

/// What a measurement gives, or why it could not be made.
pub type Outcome<T> = Result<T, Box<dyn std::error::Error>>;
