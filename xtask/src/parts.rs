//! The parts of a task: run one after another, each with its time.

use std::{
    process::Command,
    time::{Duration, Instant},
};

/// What was run so far.
pub(crate) struct Parts {
    done: Vec<Part>,
}

struct Part {
    name: &'static str,
    good: bool,
    time: Duration,
}

impl Parts {
    pub(crate) fn new() -> Self {
        Self { done: Vec::new() }
    }

    /// Runs a part. Later parts run even when it fails, so that one run tells
    /// everything.
    pub(crate) fn run(&mut self, name: &'static str, part: impl FnOnce() -> bool) {
        println!("== {name}");
        let start = Instant::now();
        let good = part();
        self.done.push(Part {
            name,
            good,
            time: start.elapsed(),
        });
    }

    /// Prints the time of each part; whether all went well.
    pub(crate) fn finish(self) -> bool {
        println!("== time of each part");
        for part in &self.done {
            let outcome = if part.good { "" } else { "  FAILED" };
            println!("{:>8.1} s  {}{outcome}", part.time.as_secs_f64(), part.name);
        }
        self.done.iter().all(|part| part.good)
    }
}

/// `cargo` with `arguments`, in the workspace's root.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(program);
    command.args(arguments).current_dir(crate::root());
    command
}

/// Runs `command` with our own outputs; whether it succeeded.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    match command.status() {
        Ok(status) => status.success(),
        Err(error) => {
            eprintln!("xtask: {command:?}: {error}");
            false
        }
    }
}
