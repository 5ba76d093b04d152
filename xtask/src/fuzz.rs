//! Fuzzing: by libFuzzer, guided by coverage, where a nightly compiler and
//! cargo-fuzz are there, and by the program of `fuzz/` otherwise.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

use crate::parts::{cargo, succeeds};

/// What to run.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct FuzzOptions {
    /// Seconds for each target.
    seconds: u64,
    /// Without coverage, even where libFuzzer is there.
    stable: bool,
    /// Names; all when empty.
    targets: Vec<String>,
}

impl FuzzOptions {
    pub(crate) fn parse<'a>(mut words: impl Iterator<Item = &'a str>) -> Result<Self, String> {
        let mut options = Self::each_for(60);
        while let Some(word) = words.next() {
            match word {
                "--seconds" => {
                    let number = words.next().unwrap_or_default();
                    options.seconds = number.parse().map_err(|_| format!("{word} {number}"))?;
                }
                "--stable" => options.stable = true,
                option if option.starts_with('-') => return Err(option.to_owned()),
                name => options.targets.push(name.to_owned()),
            }
        }
        Ok(options)
    }

    /// All targets, each this long.
    pub(crate) fn each_for(seconds: u64) -> Self {
        Self {
            seconds,
            stable: false,
            targets: Vec::new(),
        }
    }
}

/// The program of `fuzz/`.
fn program(words: &[&str]) -> Command {
    let mut all = vec!["run", "--quiet", "--package", "linkwright-fuzz"];
    all.extend(["--bin", "linkwright-fuzz", "--"]);
    all.extend(words);
    cargo(&all)
}

/// Runs the targets; whether all stood.
pub(crate) fn run(options: &FuzzOptions) -> bool {
    let seconds = options.seconds.to_string();
    if let Err(why) = guided_available(options) {
        println!("skipped: libFuzzer: {why}; the targets run without coverage");
        let mut words = vec!["run", "--seconds", &seconds];
        words.extend(options.targets.iter().map(String::as_str));
        return succeeds(&mut program(&words));
    }
    let targets = match options.targets.as_slice() {
        [] => list(),
        named => named.to_vec(),
    };
    println!("| target | inputs | edges | seconds | slowest, s | peak, MiB |");
    println!("|---|---|---|---|---|---|");
    let stood = targets.iter().filter(|name| guided(name, &seconds));
    let stood = stood.count();
    !targets.is_empty() && stood == targets.len()
}

fn list() -> Vec<String> {
    let output = program(&["list"]).output();
    let names = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    names
        .unwrap_or_default()
        .lines()
        .map(str::to_owned)
        .collect()
}

fn guided_available(options: &FuzzOptions) -> Result<(), &'static str> {
    if options.stable {
        return Err("not wanted");
    }
    let answers = |words: &[&str]| {
        let mut command = Command::new("cargo");
        command
            .args(words)
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    };
    if !answers(&["+nightly", "--version"]) {
        return Err("no nightly compiler (rustup toolchain install nightly)");
    }
    if !answers(&["+nightly", "fuzz", "--version"]) {
        return Err("no cargo-fuzz (cargo install cargo-fuzz)");
    }
    Ok(())
}

/// Runs one target by libFuzzer and prints its row.
fn guided(target: &str, seconds: &str) -> bool {
    let fuzz = crate::root().join("fuzz");
    let work = |kind: &str| fuzz.join(kind).join(target);
    let (corpus, seeds, artifacts) = (work("corpus"), work("seeds"), work("artifacts"));
    for folder in [&corpus, &seeds, &artifacts] {
        if let Err(error) = fs::create_dir_all(folder) {
            eprintln!("xtask: {}: {error}", folder.display());
            return false;
        }
    }
    if !succeeds(&mut program(&[
        "seeds",
        target,
        &seeds.display().to_string(),
    ])) {
        return false;
    }
    let mut command = libfuzzer(target, seconds, &artifacts);
    command.arg(format!("-max_len={}", longest(&seeds)));
    let output = command.args([&corpus, &seeds]).output();
    let output = match output {
        Ok(output) => output,
        Err(error) => {
            eprintln!("xtask: cargo fuzz: {error}");
            return false;
        }
    };
    let log = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        eprintln!("{log}\n{target} did not stand; see {}", artifacts.display());
        return false;
    }
    println!("{}", row(target, seconds, &log));
    true
}

/// Bytes of the longest input: several seeds long, so that what a seed has once
/// can be there several times.
fn longest(seeds: &Path) -> u64 {
    let entries = fs::read_dir(seeds).into_iter().flatten().flatten();
    let lengths = entries.filter_map(|entry| entry.metadata().ok());
    let longest = lengths.map(|metadata| metadata.len()).max();
    (longest.unwrap_or(0) * 4).clamp(64, 65_536)
}

fn libfuzzer(target: &str, seconds: &str, artifacts: &Path) -> Command {
    let mut command = Command::new("cargo");
    command.current_dir(crate::root());
    command.env("LINKWRIGHT_FUZZ_TARGET", target);
    // Set by the cargo that runs us; the nightly one is another.
    command.env_remove("RUSTUP_TOOLCHAIN").env_remove("CARGO");
    command.args(["+nightly", "fuzz", "run", "--fuzz-dir", "fuzz"]);
    // No sanitizer: there is no unsafe code to watch.
    command.args(["--sanitizer", "none", "--features", "libfuzzer", "any"]);
    command.arg("--");
    command.arg(format!("-max_total_time={seconds}"));
    command.arg(format!("-artifact_prefix={}/", artifacts.display()));
    command.args(["-timeout=10", "-rss_limit_mb=1024", "-malloc_limit_mb=1024"]);
    command.arg("-print_final_stats=1");
    command
}

/// A row of the table in docs/validation.md from what libFuzzer said.
fn row(target: &str, seconds: &str, log: &str) -> String {
    let stat = |name: &str| {
        let mut lines = log.lines().rev();
        let found = lines.find_map(|line| line.strip_prefix("stat::")?.strip_prefix(name));
        found.map_or("?", |rest| rest.trim_start_matches(':').trim())
    };
    let edges = log
        .lines()
        .rev()
        .find_map(|line| line.split_once(" cov: ")?.1.split_whitespace().next())
        .unwrap_or("?");
    format!(
        "| {target} | {} | {edges} | {seconds} | {} | {} |",
        stat("number_of_executed_units"),
        stat("slowest_unit_time_sec"),
        stat("peak_rss_mb")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_read() {
        let words = ["--seconds", "5", "walk", "--stable", "check"];
        let expected = FuzzOptions {
            seconds: 5,
            stable: true,
            targets: vec!["walk".to_owned(), "check".to_owned()],
        };
        assert_eq!(FuzzOptions::parse(words.into_iter()), Ok(expected));
        let wrong = FuzzOptions::parse(["--seconds", "x"].into_iter());
        assert_eq!(wrong, Err("--seconds x".to_owned()));
        assert!(FuzzOptions::parse(["--fast"].into_iter()).is_err());
    }

    #[test]
    fn figures_are_read_from_the_log() {
        let log = "#2\tINITED cov: 10 ft: 11 corp: 1/1b exec/s: 0 rss: 40Mb\n\
            #99\tDONE   cov: 1234 ft: 5678 corp: 9/9b lim: 4 exec/s: 3 rss: 41Mb\n\
            Done 99 runs in 3 second(s)\n\
            stat::number_of_executed_units: 99\n\
            stat::slowest_unit_time_sec:    0\n\
            stat::peak_rss_mb:              41\n";
        assert_eq!(row("walk", "3", log), "| walk | 99 | 1234 | 3 | 0 | 41 |");
    }
}
