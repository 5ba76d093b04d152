//! `volume clear-dirty`: takes the dirty flag away, and nothing else.

use std::sync::Arc;

use linkwright_device::{BlockDevice, Overlay};
use linkwright_fs::ntfs::NtfsFs;

use crate::args::ClearDirtyArgs;
use crate::context::Context;
use crate::failure::{Failure, Result};
use crate::output::Line;
use crate::report::Report;
use crate::volumes::{Access, open_window};

pub(super) fn run(ctx: &Context, args: &ClearDirtyArgs) -> Result<Report> {
    let spec = ctx.device(&args.image)?;
    let dry = args.dry_run.dry_run;
    let access = if dry { Access::Read } else { Access::Write };
    let mut device = open_window(&spec, access, ctx.lock_wait)?.device;
    if dry {
        let memory: Arc<dyn BlockDevice> = Arc::new(Overlay::new(device));
        device = memory;
    }
    let was_dirty = NtfsFs::clear_dirty(device, ctx.volumes.options(Access::Write))
        .map_err(|error| Failure::at(spec.path.display().to_string(), &error))?;
    ctx.out.json(
        Line::new("clear_dirty")
            .set_bytes("path", spec.path.as_os_str().as_encoded_bytes())
            .set_opt("partition", spec.partition)
            .set("was_dirty", was_dirty)
            .set("dry_run", dry),
    );
    ctx.out.text(match (was_dirty, dry) {
        (false, _) => "the volume is not marked dirty",
        (true, false) => "the dirty flag is gone; nothing was checked",
        (true, true) => "the dirty flag would be taken away; nothing was checked",
    });
    Ok(Report::done())
}
