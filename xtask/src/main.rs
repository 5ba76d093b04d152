//! `cargo xtask`: the workspace tasks.
#![forbid(unsafe_code)]

fn main() {}
