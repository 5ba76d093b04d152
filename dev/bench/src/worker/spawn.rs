//! Another program, and how much memory it took. From a small process, as a
//! child's peak counts what its parent had when it was begun.

use std::process::{Command, Stdio};
use std::time::Instant;

use nix::sys::resource::{UsageWho, getrusage};

use super::Told;
use crate::Outcome;

pub(super) fn run(program: &str, arguments: &[&str]) -> Outcome<Told> {
    let mut command = Command::new(program);
    command
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    let start = Instant::now();
    let status = command.status()?;
    let seconds = start.elapsed().as_secs_f64();
    if !status.success() {
        return Err(format!("{program}: {status}").into());
    }
    let peak = getrusage(UsageWho::RUSAGE_CHILDREN)?.max_rss();
    Ok(Told {
        seconds,
        peak_kib: u64::try_from(peak)?,
        ..Told::default()
    })
}
