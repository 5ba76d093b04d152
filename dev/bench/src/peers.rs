//! Programs that ours are measured against: those of packages, and our own
//! around a library, compiled when they are needed.

use std::path::{Path, PathBuf};
use std::process::Command;

use linkwright_testkit::command::find;

use crate::Outcome;

/// libntfs-3g in a process: runs a load.
const NTFS3G: &str = include_str!("../peers/ntfs3g.c");
/// fsync that does nothing, to be preloaded.
const NOSYNC: &str = include_str!("../peers/nosync.c");

/// What could be built here.
pub struct Peers {
    /// Runs a load by libntfs-3g; why not, where it cannot.
    pub ntfs3g: Result<PathBuf, String>,
    /// The library that makes fsync do nothing.
    pub nosync: PathBuf,
}

impl Peers {
    /// Compiles them in `folder`.
    ///
    /// # Errors
    /// There is no C compiler. Missing headers are not an error.
    pub fn build(folder: &Path) -> Outcome<Self> {
        let nosync = compile(folder, "nosync.so", NOSYNC, &["-shared", "-fPIC"], &[])?;
        let ntfs3g = compile(folder, "ntfs3g", NTFS3G, &[], &["-lntfs-3g"])
            .map_err(|_| "no libntfs-3g to compile with (Debian package ntfs-3g-dev)".to_owned());
        Ok(Self { ntfs3g, nosync })
    }
}

fn compile(
    folder: &Path,
    name: &str,
    source: &str,
    options: &[&str],
    libraries: &[&str],
) -> Outcome<PathBuf> {
    let program = folder.join(name);
    let text = folder.join(format!("{name}.c"));
    std::fs::write(&text, source)?;
    let output = Command::new("cc")
        .args(["-O2", "-o"])
        .arg(&program)
        .args(options)
        .arg(&text)
        .args(libraries)
        .output()
        .map_err(|error| format!("cc: {error}"))?;
    if output.status.success() {
        return Ok(program);
    }
    Err(format!("cc: {}", String::from_utf8_lossy(&output.stderr)).into())
}

/// A program of a Debian package.
///
/// # Errors
/// Why it is left out, in a line.
pub fn installed(program: &str, package: &str) -> Result<PathBuf, String> {
    find(program).ok_or_else(|| format!("no {program} (Debian package {package})"))
}
