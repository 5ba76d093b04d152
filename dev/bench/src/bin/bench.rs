//! Measures ours and others in turn: `cargo xtask bench PART`.
#![forbid(unsafe_code)]

use std::path::PathBuf;
use std::process::ExitCode;

use linkwright_bench::lab::{Lab, Settings};
use linkwright_bench::parts::{PARTS, Part};
use linkwright_bench::{Outcome, worker};

const HELP: &str = "\
bench PART...|all [--size FRACTION] [--rounds N] [--folder FOLDER] [--out FOLDER]
                  [--linkwright PROGRAM] [--long]

  --size        loads of this part of the full size, e.g. 0.01 to try out
  --rounds      in place of each part's own number
  --folder      where images are made; the system's temporary folder else
  --out         where PART.md and PART.json are written
  --linkwright  the program; the one beside this one else
  --long        also what takes many minutes

Parts:
";

struct Request {
    parts: Vec<&'static Part>,
    settings: Settings,
    out: Option<PathBuf>,
}

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let outcome = match words.split_first() {
        Some((first, rest)) if first == "worker" => worker::run(rest),
        Some((first, _)) if first == "help" || first == "--help" => {
            print!("{}", help());
            Ok(())
        }
        _ => request(&words).and_then(measure),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::from(2)
        }
    }
}

fn help() -> String {
    let parts = PARTS
        .iter()
        .map(|part| format!("  {:<12}  {}\n", part.name, part.about));
    HELP.to_owned() + &parts.collect::<String>()
}

fn request(words: &[String]) -> Outcome<Request> {
    let mut request = Request {
        parts: Vec::new(),
        settings: Settings {
            size: 1.0,
            rounds: None,
            folder: std::env::temp_dir(),
            linkwright: None,
            long: false,
        },
        out: None,
    };
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or(format!("{word} wants a value"));
        match word.as_str() {
            "--size" => request.settings.size = value()?.parse()?,
            "--rounds" => request.settings.rounds = Some(value()?.parse()?),
            "--folder" => request.settings.folder = value()?.into(),
            "--out" => request.out = Some(value()?.into()),
            "--linkwright" => request.settings.linkwright = Some(value()?.into()),
            "--long" => request.settings.long = true,
            "all" => request.parts.extend(PARTS),
            name => {
                let part = PARTS.iter().find(|part| part.name == name);
                let unknown = || format!("not understood: {name}\n\n{}", help());
                request.parts.push(part.ok_or_else(unknown)?);
            }
        }
    }
    if request.parts.is_empty() {
        return Err(help().into());
    }
    let Settings { size, rounds, .. } = request.settings;
    if !(size > 0.0 && size <= 1.0) || rounds == Some(0) {
        return Err("a size is above 0 and at most 1; at least one round".into());
    }
    Ok(request)
}

fn measure(request: Request) -> Outcome<()> {
    let mut settings = request.settings;
    let program = std::env::current_exe()?;
    if settings.linkwright.is_none() {
        let beside = program.with_file_name("linkwright");
        settings.linkwright = Some(beside).filter(|path| path.is_file());
    }
    let lab = Lab::new(settings, program)?;
    let mut failed = Vec::new();
    for part in request.parts {
        let report = match part.measure(&lab) {
            Ok(report) => report,
            // The others are measured all the same.
            Err(error) => {
                eprintln!("bench: {error}");
                failed.push(part.name);
                continue;
            }
        };
        println!("{}", report.markdown());
        if let Some(out) = &request.out {
            report.save(out)?;
        }
    }
    match failed.is_empty() {
        true => Ok(()),
        false => Err(format!("failed: {}", failed.join(", ")).into()),
    }
}
