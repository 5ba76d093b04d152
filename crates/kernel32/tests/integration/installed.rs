//! What `cargo xtask install --prefix` lays down: the same script is run here and
//! there, and a program is built by what pkg-config says.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use linkwright_testkit::{command, skip_unless};
use tempfile::TempDir;

use crate::support::{Place, library, run, source};

/// An installation in a folder of its own.
pub(crate) struct Installation {
    prefix: TempDir,
}

impl Installation {
    pub(crate) fn lib(&self) -> PathBuf {
        self.prefix.path().join("lib")
    }

    pub(crate) fn mono_config(&self) -> PathBuf {
        self.prefix.path().join("share/linkwright/mono.config")
    }
}

/// The one installation of this run.
pub(crate) fn installation() -> &'static Installation {
    static INSTALLED: OnceLock<Installation> = OnceLock::new();
    INSTALLED.get_or_init(|| {
        let prefix = tempfile::tempdir().unwrap();
        install(prefix.path());
        Installation { prefix }
    })
}

/// Runs the installer with the library that this test was built with.
fn install(prefix: &Path) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("install.sh");
    let mut shell = command::program("sh");
    run(shell.arg(script).arg(prefix).arg(library()).arg("-"));
}

#[test]
fn the_names_that_runtimes_probe_are_there() {
    let lib = installation().lib();
    let stems = ["kernel32", "advapi32", "ktmw32", "ntdll"];
    for stem in stems {
        let (first, rest) = stem.split_at(1);
        let capital = format!("{}{rest}", first.to_uppercase());
        let upper = stem.to_uppercase();
        for name in [
            format!("{stem}.dll.so"),
            format!("{capital}.dll.so"),
            format!("{upper}.DLL.so"),
            format!("lib{stem}.so"),
            format!("{stem}.so"),
            format!("{capital}.so"),
        ] {
            assert!(lib.join(&name).is_file(), "{name}");
        }
    }
}

#[test]
fn a_program_is_built_by_what_pkg_config_says() {
    skip_unless!(command::installed("gcc", "gcc"));
    skip_unless!(command::installed("pkg-config", "pkg-config"));
    let installed = installation();
    let mut pkg_config = command::program("pkg-config");
    pkg_config.env("PKG_CONFIG_PATH", installed.lib().join("pkgconfig"));
    let flags = run(pkg_config.args(["--cflags", "--libs", "linkwright-kernel32"])).text();
    let place = Place::new();
    let program = place.path().join("link");
    let mut gcc = command::program("gcc");
    gcc.arg("-std=c11")
        .arg(source("link.c"))
        .arg("-o")
        .arg(&program);
    run(gcc.args(flags.split_whitespace()));
    let mut example = place.command(program);
    run(example.env("LD_LIBRARY_PATH", installed.lib()));
}
