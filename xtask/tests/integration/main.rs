//! The workspace checks itself: its arrows and its tidiness.
#![forbid(unsafe_code)]

mod arrows;
mod tidy;

use std::path::PathBuf;

/// The workspace's root folder.
fn root() -> PathBuf {
    let manifest = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    manifest
        .parent()
        .map(PathBuf::from)
        .expect("xtask lies in the workspace")
}
