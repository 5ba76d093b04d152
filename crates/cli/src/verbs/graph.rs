//! `graph`: the links of a place as a picture.

use std::fs::OpenOptions;
use std::io::Write;
use std::ops::ControlFlow;
use std::path::Path;

use linkwright_fs::resolve::LastLink;
use linkwright_fs::{Error, ErrorKind};
use linkwright_links::graph::{self, Graph, State};
use linkwright_links::{Place, for_display};

use crate::args::{GraphArgs, GraphFormat};
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::place::Spot;
use crate::progress::Progress;
use crate::report::Report;
use crate::volumes::Access;

pub(super) fn run(ctx: &Context, args: &GraphArgs) -> Result<Report> {
    let spot = ctx.spot(&args.place, Access::Read)?;
    spot.refuse_stream()?;
    let graph = graph_of(ctx, &spot)?;
    let (format, text) = match args.format() {
        GraphFormat::Dot => ("dot", graph::dot(&graph)),
        GraphFormat::Mermaid => ("mermaid", graph::mermaid(&graph)),
        GraphFormat::Svg => ("svg", graph::svg(&graph)),
        GraphFormat::Html => ("html", graph::html(&graph)),
    };
    let line = spot.line("graph").set("format", format);
    match &args.output {
        Some(path) => {
            write(path, args.replace, &text)?;
            let bytes = path.as_os_str().as_encoded_bytes();
            ctx.out.json(line.set_bytes("output", bytes));
        }
        None if ctx.out.is_json() => ctx.out.json(line.set("text", text)),
        None => ctx.out.data(text.as_bytes()),
    }
    Ok(report(ctx, &graph))
}

fn graph_of(ctx: &Context, spot: &Spot) -> Result<Graph> {
    let found = spot.find(ctx, LastLink::Follow)?;
    if !found.stat.is_plain_directory() {
        return Err(spot.failure(&ErrorKind::NotADirectory.into()));
    }
    let top = Place {
        fs: found.fs,
        node: found.node,
        path: found.path,
    };
    let progress = Progress::of_search(ctx.out.is_json());
    let shown = spot.display();
    let graph = Graph::of(&ctx.resolver(), &top, &for_display(&shown), &mut || {
        progress.add(1);
        match ctx.interrupt.is_set() {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    });
    progress.finish();
    ctx.interrupt.check()?;
    graph.map_err(|error| spot.failure(&error))
}

/// Writes the file, which may take the place of another only when that was asked
/// for: a slip of the hand would cost an image.
fn write(path: &Path, replace: bool, text: &str) -> Result<()> {
    let mut options = OpenOptions::new();
    options.write(true);
    match replace {
        true => options.create(true).truncate(true),
        false => options.create_new(true),
    };
    let at = |error: std::io::Error| {
        let failure = Failure::at(path.display().to_string(), &Error::from(error));
        match failure.kind {
            Some(ErrorKind::AlreadyExists) => {
                failure.help("give another name, or overwrite it with --replace")
            }
            _ => failure,
        }
    };
    let mut file = options.open(path).map_err(at)?;
    file.write_all(text.as_bytes()).map_err(at)
}

fn report(ctx: &Context, graph: &Graph) -> Report {
    let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
    if graph.unread > 0 {
        ctx.out
            .note(&format!("{} objects could not be read", graph.unread));
    }
    if graph.left_out > 0 {
        ctx.out
            .note(&format!("{} links were left out: too many", graph.left_out));
    }
    let mut report = Report::done();
    if graph.unread > 0 || graph.left_out > 0 {
        report.exit = Exit::Partly;
    }
    report
        .count("links", count(graph.edges.len()))
        .count("broken", count(graph.count(State::Broken)))
        .count("loops", count(graph.count(State::Loop)))
        .count("ancestors", count(graph.count(State::Ancestor)))
        .count("directories", count(graph.directories.len()))
        .count("unread", graph.unread)
        .count("left_out", graph.left_out)
}
