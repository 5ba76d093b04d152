//! `manifest export`.

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use linkwright_fs::{Error, ErrorKind};
use linkwright_links::manifest::{Collected, export};

use super::Given;
use crate::args::ManifestExportArgs;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::location::Location;
use crate::progress::Progress;
use crate::report::Report;
use crate::volumes::Access;

pub(super) fn run(ctx: &Context, args: &ManifestExportArgs) -> Result<Report> {
    let given = Given::open(ctx, &args.place, Access::Read)?;
    let (links, unreadable) = match &args.file {
        None => write(ctx, &given, &mut Stdout(ctx))?,
        Some(text) => {
            let Location::Host(path) = ctx.location(text)? else {
                return Err(
                    Failure::usage("a manifest is written to a file of the host")
                        .path(text.to_string_lossy()),
                );
            };
            to_file(ctx, args, &given, &path)?
        }
    };
    let mut report = Report::done()
        .count("links", links)
        .count("unreadable", unreadable);
    if unreadable > 0 {
        report.exit = Exit::Partly;
    }
    Ok(report)
}

/// Writes the file under another name first: it is there whole, or not at all.
fn to_file(
    ctx: &Context,
    args: &ManifestExportArgs,
    given: &Given,
    path: &Path,
) -> Result<(u64, u64)> {
    let at = |error: io::Error| Failure::at(path.display().to_string(), &error.into());
    if !args.replace && path.symlink_metadata().is_ok() {
        let name = path.display().to_string();
        return Err(Failure::at(name, &ErrorKind::AlreadyExists.into())
            .help("give another name, or overwrite it with --replace"));
    }
    let part = Part::of(path);
    let file = std::fs::File::create_new(&part.0).map_err(at)?;
    let mut out = BufWriter::with_capacity(1 << 18, file);
    let counts = write(ctx, given, &mut out)?;
    let file = out.into_inner().map_err(|error| at(error.into_error()))?;
    file.sync_all().map_err(at)?;
    match args.replace {
        true => std::fs::rename(&part.0, path).map_err(at)?,
        // Fails where somebody else was faster.
        false => std::fs::hard_link(&part.0, path)
            .or_else(|error| match error.kind() {
                io::ErrorKind::AlreadyExists => Err(error),
                _ => std::fs::rename(&part.0, path),
            })
            .map_err(at)?,
    }
    Ok(counts)
}

/// A file that is not whole yet, and goes when nobody wants it.
struct Part(PathBuf);

impl Part {
    fn of(path: &Path) -> Self {
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(format!(".linkwright-{}.part", std::process::id()));
        Self(path.with_file_name(name))
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        // It has its own name by now, or is worth nothing.
        std::fs::remove_file(&self.0).ok();
    }
}

fn write(ctx: &Context, given: &Given, out: &mut dyn Write) -> Result<(u64, u64)> {
    let progress = Progress::of_links(ctx.out.is_json(), None);
    progress.begin("links written");
    let done = export(
        &given.place,
        &given.spot.display(),
        out,
        &mut |collected| match collected {
            _ if ctx.interrupt.is_set() || ctx.out.is_closed() => {
                Err(ErrorKind::Interrupted.into())
            }
            Collected::Link(..) => {
                progress.add(1);
                Ok(())
            }
            Collected::Unreadable(path, error) => {
                progress.suspend(|| ctx.out.failure(&given.at(path).failure(error)));
                Ok(())
            }
        },
    );
    progress.finish();
    done.map_err(|error: Error| given.spot.failure(&error))
}

/// Standard output, as the verbs share it.
struct Stdout<'a>(&'a Context);

impl Write for Stdout<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.out.data(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.out.flush();
        Ok(())
    }
}
