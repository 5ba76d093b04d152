use crate::args::TourArgs;
use crate::context::Context;
use crate::failure::{Failure, Result};
use crate::report::Report;
pub(super) fn run(_ctx: &Context, _args: &TourArgs) -> Result<Report> {
    Err(Failure::usage("not yet"))
}
