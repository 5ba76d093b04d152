//! `cargo xtask install`: the C library where programs and runtimes find it.

use std::path::PathBuf;
use std::process::Command;

use crate::parts::{cargo, succeeds};
use crate::root;

/// Builds the library and puts it below `prefix`.
pub(crate) fn run(prefix: &str) -> bool {
    let build = ["build", "--release", "-p", "linkwright-kernel32"];
    if !succeeds(&mut cargo(&build)) {
        return false;
    }
    let suffix = match cfg!(target_os = "macos") {
        true => "dylib",
        false => "so",
    };
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    let built = root().join(target).join("release");
    let mut script = Command::new("sh");
    script
        .arg(root().join("crates/kernel32/install.sh"))
        .arg(prefix)
        .arg(built.join(format!("libkernel32.{suffix}")))
        .arg(built.join("libkernel32.a"));
    succeeds(&mut script)
}

/// Writes the header and the symbol list anew from the source.
pub(crate) fn header() -> bool {
    let mut test = cargo(&["test", "-p", "linkwright-kernel32", "--test", "integration"]);
    succeeds(test.args(["header::"]).env("LINKWRIGHT_WRITE_HEADER", "1"))
}
