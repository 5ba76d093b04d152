//! `linkwright-soak IMAGE [KILLS [SEED]]`; `child IMAGE FIRST` is what it runs.
#![forbid(unsafe_code)]

use std::path::PathBuf;
use std::process::ExitCode;

use linkwright_soak::{Failure, Soak, link_until_killed};

const KILLS: u64 = 200;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match run(&words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("linkwright-soak: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(words: &[&str]) -> Result<(), Failure> {
    if let ["child", image, first] = words {
        return link_until_killed(image.as_ref(), first.parse()?);
    }
    let [image, rest @ ..] = words else {
        return Err("usage: linkwright-soak IMAGE [KILLS [SEED]]".into());
    };
    let number = |at: usize, or: u64| rest.get(at).map_or(Ok(or), |word| word.parse());
    let soak = Soak {
        program: std::env::current_exe()?,
        image: PathBuf::from(image),
        kills: number(0, KILLS)?,
        seed: number(1, 1)?,
    };
    let outcome = soak.run()?;
    println!(
        "{} kills ({} before the first link of that process), {} links acknowledged, none lost; \
         {} found that were under way; seed {}",
        outcome.kills, outcome.early, outcome.links, outcome.unacknowledged, soak.seed
    );
    Ok(())
}
