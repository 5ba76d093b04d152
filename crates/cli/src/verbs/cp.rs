use crate::args::CpArgs;
use crate::context::Context;
use crate::failure::{Failure, Result};
use crate::report::Report;
pub(super) fn run(_ctx: &Context, _args: &CpArgs) -> Result<Report> {
    Err(Failure::usage("not yet"))
}
