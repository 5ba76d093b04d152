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
use std::rc::Rc;

use clap::Parser;

use crate::args::{Cli, Verb};
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
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
    let mut report = match Context::new(&cli.global, interrupt, Rc::clone(&out)) {
        Ok(ctx) => run(&ctx, cli.verb),
        Err(failure) => {
            out.failure(&failure);
            Report {
                exit: failure.exit,
                counts: Vec::new(),
            }
        }
    };
    // cmd's mklink has 0 and 1.
    if is_mklink && !matches!(report.exit, Exit::Done | Exit::Interrupted) {
        report.exit = Exit::Findings;
    }
    out.json(report.summary(name));
    out.flush();
    if out.is_failed() {
        return ExitCode::from(Exit::Failed.code());
    }
    ExitCode::from(report.exit.code())
}

/// Runs the verb, makes what it did durable, and reports what it failed with.
fn run(ctx: &Context, verb: Verb) -> Report {
    let failed = |failure: Failure| {
        ctx.out.failure(&failure);
        Report {
            exit: failure.exit,
            counts: Vec::new(),
        }
    };
    let report = verbs::run(ctx, verb).unwrap_or_else(failed);
    match ctx.volumes.close() {
        Ok(()) => report,
        Err(failure) => failed(failure),
    }
}
