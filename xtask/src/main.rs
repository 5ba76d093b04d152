//! `cargo xtask`: the workspace's own tasks. `cargo xtask help` lists them.
#![forbid(unsafe_code)]

mod bench;
mod fuzz;
mod install;
mod oracles;
mod parts;
mod skips;
mod windows;

use std::{path::PathBuf, process::ExitCode};

use fuzz::FuzzOptions;
use oracles::{Install, Missing};
use parts::{Parts, cargo};

const HELP: &str = "\
cargo xtask COMMAND

  test [--long] [--no-install] [--require-oracles]
        Run all tests. Packages that the tests' oracles need are installed
        first when that is possible (root and apt); otherwise the oracles that
        are skipped are named.
        --long              also the tests of 10^6 entries and the slow sweeps
        --no-install        install nothing
        --require-oracles   a missing oracle fails the tests that ask it
  fuzz [--seconds N] [--stable] [TARGET...]
        Feed hostile bytes to the targets (all, when none is named), N seconds
        each: by libFuzzer where nightly and cargo-fuzz are installed, otherwise
        or with --stable without coverage. `test --long` does this too.
  conformance [PREFIX]
        Run the table docs/conformance.csv, or the rows whose id begins so, and
        print how many hold by family and kind of volume.
  windows [--no-install] [--require]
        Build the back end for Windows' own file systems and run its tests in
        Wine, with Debian's packages for it (installed first when possible).
        --require           a missing package fails instead of skipping
  soak [KILLS [SEED]]
        A process that links in a loop is killed 200 times; after each the
        volume is checked, and every acknowledged link must be there.
  install --prefix FOLDER
        Build the C library and put it, its header, its pkg-config file and the
        names that .NET and Mono look for below a folder.
  header
        Write include/linkwright/kernel32.h and the symbol list anew.
  lint  Formatting, clippy and documentation, warnings being errors.
  bench PART...|all [--size FRACTION] [--rounds N] [--long] [...]
        Measure ours and others in turn, and write the figures to docs/bench
        unless the load is reduced. `bench help` lists parts and options;
        `bench journal [--links N] [--rounds N]` is what the journal costs.
  help  This text.
";

/// Exit status for a command line that is not understood.
const USAGE: u8 = 2;
/// Seconds that `test --long` gives each fuzz target.
const LONG_SECONDS: u64 = 20;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let mut words = arguments.iter().map(String::as_str);
    let outcome = match words.next() {
        Some("test") => match TestOptions::parse(words) {
            Ok(options) => test(&options),
            Err(word) => return usage(&word),
        },
        Some("fuzz") => match FuzzOptions::parse(words) {
            Ok(options) => fuzz::run(&options),
            Err(word) => return usage(&word),
        },
        Some("conformance") => match (words.next(), words.next()) {
            (_, Some(word)) => return usage(word),
            (prefix, None) => conformance(prefix),
        },
        Some("windows") => match windows::Options::parse(words) {
            Ok(options) => windows::run(&options),
            Err(word) => return usage(&word),
        },
        Some("install") => match (words.next(), words.next(), words.next()) {
            (Some("--prefix"), Some(prefix), None) => install::run(prefix),
            (word, _, _) => return usage(word.unwrap_or("install")),
        },
        Some("header") => match words.next() {
            None => install::header(),
            Some(word) => return usage(word),
        },
        Some("soak") => soak(words),
        Some("lint") => match words.next() {
            None => lint(),
            Some(word) => return usage(word),
        },
        Some("bench") => {
            let words: Vec<&str> = words.collect();
            if words.is_empty() {
                return usage("bench");
            }
            bench::run(&words)
        }
        Some("help" | "--help" | "-h") => {
            print!("{HELP}");
            return ExitCode::SUCCESS;
        }
        Some(word) => return usage(word),
        None => return usage("nothing"),
    };
    if outcome {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Runs the table; the test prints the matrix itself.
fn conformance(prefix: Option<&str>) -> bool {
    let mut test = cargo(&["test", "--quiet", "-p", "linkwright-win32"]);
    test.args(["--test", "integration", "--"])
        .args(["--exact", "conformance::every_row_holds", "--nocapture"])
        .env("LINKWRIGHT_ROWS", prefix.unwrap_or_default());
    parts::succeeds(&mut test)
}

fn usage(word: &str) -> ExitCode {
    eprint!("xtask: not understood: {word}\n\n{HELP}");
    ExitCode::from(USAGE)
}

/// The workspace's root folder.
fn root() -> PathBuf {
    let manifest = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    manifest
        .parent()
        .map_or_else(|| manifest.clone(), PathBuf::from)
}

/// How much of the test suite runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Length {
    Usual,
    Long,
}

#[derive(Debug, PartialEq, Eq)]
struct TestOptions {
    length: Length,
    install: Install,
    missing: Missing,
}

impl TestOptions {
    fn parse<'a>(words: impl Iterator<Item = &'a str>) -> Result<Self, String> {
        let mut options = Self {
            length: Length::Usual,
            install: Install::WhenPossible,
            missing: Missing::Skip,
        };
        for word in words {
            match word {
                "--long" => options.length = Length::Long,
                "--no-install" => options.install = Install::Never,
                "--require-oracles" => options.missing = Missing::Fail,
                other => return Err(other.to_owned()),
            }
        }
        Ok(options)
    }
}

fn test(options: &TestOptions) -> bool {
    let mut parts = Parts::new();
    parts.run("packages for the oracles", || {
        oracles::prepare(options.install, options.missing)
    });
    let skip_log = skips::Log::new(&root());
    parts.run("tests", || {
        let mut command = cargo(&["test", "--workspace", "--no-fail-fast"]);
        command.env("LINKWRIGHT_SKIP_LOG", skip_log.path());
        if options.length == Length::Long {
            command.env("LINKWRIGHT_LONG", "1");
        }
        if options.missing == Missing::Fail {
            command.env("LINKWRIGHT_REQUIRE_ORACLES", "1");
        }
        parts::succeeds(&mut command)
    });
    if options.length == Length::Long {
        parts.run("fuzzing", || {
            fuzz::run(&FuzzOptions::each_for(LONG_SECONDS))
        });
    }
    skip_log.print();
    parts.finish()
}

fn soak<'a>(words: impl Iterator<Item = &'a str>) -> bool {
    let image = std::env::temp_dir().join(format!("linkwright-soak-{}.img", std::process::id()));
    let mut command = cargo(&["run", "--quiet", "-p", "linkwright-soak", "--"]);
    command.arg(&image).args(words);
    let good = parts::succeeds(&mut command);
    // After a failure it is what one wants to look at.
    match good {
        true => drop(std::fs::remove_file(&image)),
        false => eprintln!("xtask: the volume: {}", image.display()),
    }
    good
}

fn lint() -> bool {
    let mut parts = Parts::new();
    parts.run("formatting", || {
        parts::succeeds(&mut cargo(&["fmt", "--all", "--check"]))
    });
    parts.run("clippy", || {
        parts::succeeds(&mut cargo(&[
            "clippy",
            "--workspace",
            "--all-targets",
            "--",
            "-D",
            "warnings",
        ]))
    });
    parts.run("documentation", || {
        parts::succeeds(
            cargo(&["doc", "--workspace", "--no-deps"]).env("RUSTDOCFLAGS", "-D warnings"),
        )
    });
    parts.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_options_are_read() {
        let words = ["--long", "--no-install", "--require-oracles"];
        let expected = TestOptions {
            length: Length::Long,
            install: Install::Never,
            missing: Missing::Fail,
        };
        assert_eq!(TestOptions::parse(words.into_iter()), Ok(expected));
        assert_eq!(
            TestOptions::parse(["--fast"].into_iter()),
            Err("--fast".to_owned())
        );
    }
}
