//! The program `linkwright`.
#![forbid(unsafe_code)]

fn main() {}
