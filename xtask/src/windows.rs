//! `cargo xtask windows`: the back end for Windows, built and run here.
//!
//! Debian's rustc-web knows the target x86_64-pc-windows-gnu and comes with the
//! sources of its standard library, which is built along; MinGW links; Wine
//! runs. Nothing of it is needed for anything else.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::oracles::{Install, Missing, can_install, install_packages};
use crate::parts::{Parts, cargo, succeeds};

const TARGET: &str = "x86_64-pc-windows-gnu";
/// The compiler of the package; the one of `rustup` has no such standard library.
const RUSTC: &str = "/usr/bin/rustc";
const WINE: &str = "/usr/lib/wine/wine64";

/// What must be there, and the package that brings it.
const NEEDS: &[(&str, &str)] = &[
    (RUSTC, "rustc-web"),
    ("/usr/lib/rustlib/src/rust/library/std", "rust-web-src"),
    ("/usr/bin/x86_64-w64-mingw32-gcc", "gcc-mingw-w64-x86-64"),
    (WINE, "wine64"),
];

/// The tests that run in Wine: package, folder, filter for its test binary.
const TESTS: &[(&str, &str, &str)] = &[
    ("linkwright-fs", "crates/fs", "windows"),
    ("linkwright", "crates/linkwright", "host"),
];

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Options {
    install: Install,
    missing: Missing,
}

impl Options {
    pub(crate) fn parse<'a>(words: impl Iterator<Item = &'a str>) -> Result<Self, String> {
        let mut options = Self {
            install: Install::WhenPossible,
            missing: Missing::Skip,
        };
        for word in words {
            match word {
                "--no-install" => options.install = Install::Never,
                "--require" => options.missing = Missing::Fail,
                other => return Err(other.to_owned()),
            }
        }
        Ok(options)
    }
}

fn missing() -> Vec<&'static str> {
    NEEDS
        .iter()
        .filter(|(path, _)| !Path::new(path).exists())
        .map(|(_, package)| *package)
        .collect()
}

pub(crate) fn run(options: &Options) -> bool {
    let mut parts = Parts::new();
    if options.install == Install::WhenPossible && !missing().is_empty() && can_install() {
        parts.run("packages", || {
            install_packages(&missing());
            true
        });
    }
    let missing = missing();
    if !missing.is_empty() {
        println!("skipped: Windows: not installed: {}", missing.join(" "));
        return options.missing == Missing::Skip;
    }
    let folder = crate::root().join("target/windows");
    for (package, home, filter) in TESTS {
        let mut binaries = Vec::new();
        parts.run("build for Windows", || {
            binaries = build(&folder, package);
            !binaries.is_empty()
        });
        parts.run("tests in Wine", || {
            shim(&folder)
                && binaries
                    .iter()
                    .all(|binary| wine(&folder, binary, home, filter))
        });
    }
    parts.finish()
}

/// Builds the integration tests of a package without the NTFS engine; gives
/// the programs.
fn build(folder: &Path, package: &str) -> Vec<PathBuf> {
    let output = cargo(&[
        "test",
        "--no-run",
        "--message-format=json-render-diagnostics",
    ])
    .args(["-Zbuild-std=std,panic_unwind", "--target", TARGET])
    .args(["--package", package, "--no-default-features"])
    .args(["--test", "integration", "--features", features(package)])
    .env("CARGO_TARGET_DIR", folder)
    .env("RUSTC", RUSTC)
    // The compiler is a stable one; -Zbuild-std wants it to say otherwise.
    .env("RUSTC_BOOTSTRAP", "1")
    .env("CARGO_PROFILE_DEV_DEBUG", "0")
    .stderr(Stdio::inherit())
    .output();
    let text = output.map(|output| output.stdout).unwrap_or_default();
    String::from_utf8_lossy(&text)
        .lines()
        .filter_map(executable)
        .collect()
}

/// The part of a package that is for the host.
fn features(package: &str) -> &'static str {
    match package {
        "linkwright" => "host",
        _ => "",
    }
}

/// The program that a line of cargo's JSON names.
fn executable(line: &str) -> Option<PathBuf> {
    let (_, rest) = line.split_once("\"executable\":\"")?;
    let (path, _) = rest.split_once('"')?;
    Some(PathBuf::from(path))
}

/// The library that Wine 8 lacks, beside the programs.
fn shim(folder: &Path) -> bool {
    let source = crate::root().join("xtask/windows/bcryptprimitives.c");
    let library = folder.join(TARGET).join("debug/deps/bcryptprimitives.dll");
    succeeds(
        Command::new("x86_64-w64-mingw32-gcc")
            .args(["-shared", "-O1", "-o"])
            .arg(library)
            .arg(source)
            .arg("-ladvapi32"),
    )
}

/// Runs a program in Wine, with a prefix of its own.
fn wine(folder: &Path, program: &Path, home: &str, filter: &str) -> bool {
    let mut command = Command::new(WINE);
    command
        .arg(program)
        .arg(filter)
        .arg("--test-threads=1")
        .env("WINEPREFIX", folder.join("prefix"))
        .env("WINEDEBUG", "-all")
        .env("LINKWRIGHT_WINE", "1")
        .stdin(Stdio::null())
        // The tests read the project's tables relative to their package.
        .current_dir(crate::root().join(home));
    succeeds(&mut command)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_is_found_in_what_cargo_says() {
        let line = r#"{"reason":"compiler-artifact","executable":"/t/deps/integration-1.exe"}"#;
        assert_eq!(
            executable(line),
            Some(PathBuf::from("/t/deps/integration-1.exe"))
        );
        assert_eq!(executable(r#"{"executable":null}"#), None);
    }
}
