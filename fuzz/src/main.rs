//! Runs the targets on any compiler. `linkwright-fuzz help` says how.
#![forbid(unsafe_code)]

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use linkwright_fuzz::drive::{self, Budget, Finding, Order, PANICKED};
use linkwright_fuzz::mutate::input;
use linkwright_fuzz::{Purpose, Target, registry, target};

const HELP: &str = "\
linkwright-fuzz run [--seconds N | --rounds N] [--seed N] [TARGET...]
        Runs the targets (all, when none is named), each in a process of its
        own, N seconds or rounds each. An input that is not stood is written to
        artifacts/TARGET/.
linkwright-fuzz replay TARGET FILE...
        Runs these inputs.
linkwright-fuzz input TARGET SEED ROUND
        Writes the input of one round of `run --seed SEED` to standard output.
linkwright-fuzz seeds TARGET FOLDER
        Writes the inputs to start from as files.
linkwright-fuzz list
        Names the targets.
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["list"] => {
            for target in judges() {
                println!("{}", target.name);
            }
            ExitCode::SUCCESS
        }
        ["run", rest @ ..] => run(rest),
        ["replay", name, files @ ..] => with(name, |target| replay(&target, files)),
        ["seeds", name, folder] => with(name, |target| seeds(&target, Path::new(folder))),
        ["input", name, seed, round] => with(name, |target| one_input(&target, seed, round)),
        ["child", name, seed, amount, place] => with(name, |target| {
            child(&target, seed, amount, Path::new(place))
        }),
        _ => {
            eprint!("{HELP}");
            ExitCode::from(2)
        }
    }
}

fn judges() -> impl Iterator<Item = Target> {
    let all = registry().into_iter();
    all.filter(|target| target.purpose == Purpose::Judge)
}

fn with(name: &str, act: impl FnOnce(Target) -> ExitCode) -> ExitCode {
    match target(name) {
        Some(target) => act(target),
        None => {
            eprintln!("no target is called {name}");
            ExitCode::from(2)
        }
    }
}

fn run(words: &[&str]) -> ExitCode {
    let mut order = Order {
        seed: 1,
        budget: Budget::Rounds(10_000),
    };
    let mut targets = Vec::new();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let mut number = || words.next().and_then(|text| text.parse().ok());
        let understood = match *word {
            "--seconds" => number().map(|n| order.budget = Budget::Time(Duration::from_secs(n))),
            "--rounds" => number().map(|n| order.budget = Budget::Rounds(n)),
            "--seed" => number().map(|n| order.seed = n),
            name => target(name).map(|target| targets.push(target)),
        };
        if understood.is_none() {
            eprint!("not understood: {word}\n\n{HELP}");
            return ExitCode::from(2);
        }
    }
    if targets.is_empty() {
        targets.extend(judges());
    }
    let program = std::env::current_exe().expect("this program");
    println!("| target | inputs | seconds | slowest, ms | peak, MiB |");
    println!("|---|---|---|---|---|");
    let mut failed = false;
    for target in targets {
        match drive::watch(&program, &target, order) {
            Ok(f) => println!(
                "| {} | {} | {} | {} | {} |",
                target.name,
                f.rounds,
                f.milliseconds / 1000,
                f.slowest,
                f.peak_kib >> 10
            ),
            Err(finding) => {
                failed = true;
                keep(&target, &finding);
            }
        }
    }
    if failed {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    }
}

fn keep(target: &Target, finding: &Finding) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("artifacts")
        .join(target.name);
    let path = folder.join(format!("{:?}-{:x}", finding.kind, finding.round).to_lowercase());
    let kept = fs::create_dir_all(&folder).and_then(|()| fs::write(&path, &finding.input));
    eprintln!("{}\n{}: {:?}", finding.said, target.name, finding.kind);
    match kept {
        Ok(()) => eprintln!("kept as {}", path.display()),
        Err(error) => eprintln!("cannot be kept in {}: {error}", path.display()),
    }
}

fn replay(target: &Target, files: &[&str]) -> ExitCode {
    for file in files.iter().map(PathBuf::from) {
        match fs::read(&file) {
            Ok(bytes) => (target.run)(&bytes),
            Err(error) => {
                eprintln!("{}: {error}", file.display());
                return ExitCode::FAILURE;
            }
        }
        println!("{}: stood", file.display());
    }
    ExitCode::SUCCESS
}

fn one_input(target: &Target, seed: &str, round: &str) -> ExitCode {
    let (Ok(seed), Ok(round)) = (seed.parse(), round.parse()) else {
        return ExitCode::from(2);
    };
    let bytes = input(&(target.seeds)(), seed, round);
    match std::io::stdout().write_all(&bytes) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn seeds(target: &Target, folder: &Path) -> ExitCode {
    let inputs = drive::fixed_inputs(target);
    let written = fs::create_dir_all(folder).and_then(|()| {
        let mut inputs = inputs.iter().enumerate();
        inputs.try_for_each(|(number, input)| fs::write(folder.join(format!("{number:04}")), input))
    });
    match written {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{}: {error}", folder.display());
            ExitCode::FAILURE
        }
    }
}

/// What [`drive::watch`] starts.
fn child(target: &Target, seed: &str, amount: &str, place: &Path) -> ExitCode {
    let budget = match amount.split_once('=') {
        Some(("rounds", number)) => number.parse().ok().map(Budget::Rounds),
        Some(("milliseconds", number)) => number
            .parse()
            .ok()
            .map(|n| Budget::Time(Duration::from_millis(n))),
        _ => None,
    };
    let (Ok(seed), Some(budget)) = (seed.parse(), budget) else {
        return ExitCode::from(2);
    };
    match drive::child(target, Order { seed, budget }, place) {
        Ok(figures) => {
            println!("{}", figures.line());
            ExitCode::SUCCESS
        }
        Err(_) => ExitCode::from(u8::try_from(PANICKED).unwrap_or(1)),
    }
}
