//! `volume recover`: finishes what a session that was cut off had committed.

use linkwright_fs::ntfs::NtfsFs;

use crate::args::RecoverArgs;
use crate::context::Context;
use crate::failure::{Failure, Result};
use crate::output::Line;
use crate::report::Report;
use crate::volumes::{Access, open_window};

pub(super) fn run(ctx: &Context, args: &RecoverArgs) -> Result<Report> {
    let spec = ctx.device(&args.image)?;
    let window = open_window(&spec, Access::Write, ctx.lock_wait)?;
    let report = NtfsFs::recover(window.device)
        .map_err(|error| Failure::at(spec.path.display().to_string(), &error))?;
    ctx.out.json(
        Line::new("recovery")
            .set_bytes("path", spec.path.as_os_str().as_encoded_bytes())
            .set_opt("partition", spec.partition)
            .set("needed", report.needed)
            .set("groups", report.groups)
            .set("bytes", report.bytes),
    );
    ctx.out.text(match report.needed {
        false => "nothing to recover".to_owned(),
        true => format!(
            "recovered: {} committed groups of operations, {} bytes of metadata",
            report.groups, report.bytes
        ),
    });
    Ok(Report::done())
}
