//! The program `linkwright`.
//!
//! Arguments become settings ([`context`]), settings and places a call of the
//! library (one file per verb in [`verbs`]), and its result an exit status
//! ([`exit`]).
#![forbid(unsafe_code)]

mod args;
mod context;
mod device_error;
mod exit;
mod failure;
mod interrupt;
mod location;
mod output;
mod place;
mod progress;
mod report;
mod sanitize;
mod size;
mod verbs;
mod volumes;

use std::process::ExitCode;

use clap::Parser;

use crate::args::{Cli, Verb};
use crate::context::Context;
use crate::exit::Exit;
use crate::interrupt::Interrupt;
use crate::report::Report;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let out = Context::output(&cli.global);
    let interrupt = match Interrupt::listen() {
        Ok(interrupt) => interrupt,
        Err(error) => {
            out.note(&format!("Ctrl-C will end the program at once: {error}"));
            Interrupt::default()
        }
    };
    let name = cli.verb.name();
    let is_mklink = matches!(cli.verb, Verb::Mklink(_));
    let (report, out) = match Context::new(&cli.global, interrupt, out) {
        Ok(ctx) => {
            let report = run(&ctx, cli.verb);
            (report, ctx.out)
        }
        Err(failure) => {
            let out = Context::output(&cli.global);
            out.failure(&failure);
            let report = Report {
                exit: failure.exit,
                counts: Vec::new(),
            };
            (report, out)
        }
    };
    out.json(report.summary(name));
    out.flush();
    match (is_mklink, report.exit) {
        (true, Exit::Done | Exit::Interrupted) | (false, _) => ExitCode::from(report.exit.code()),
        (true, _) => ExitCode::from(1),
    }
}

/// Runs the verb, makes what it did durable, and reports what it failed with.
fn run(ctx: &Context, verb: Verb) -> Report {
    let result = verbs::run(ctx, verb).and_then(|report| {
        ctx.volumes.sync()?;
        Ok(report)
    });
    match result {
        Ok(report) => report,
        Err(failure) => {
            ctx.out.failure(&failure);
            Report {
                exit: failure.exit,
                counts: Vec::new(),
            }
        }
    }
}
