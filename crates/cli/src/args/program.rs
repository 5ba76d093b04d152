//! The program itself.

use std::path::PathBuf;

use clap::Args;

const TOUR_EXAMPLES: &str = "Examples:
  In a temporary folder:
    linkwright tour
  In a folder of yours:
    linkwright tour --directory links
  For programs:
    linkwright tour --json";

#[derive(Debug, Args)]
#[command(after_long_help = TOUR_EXAMPLES)]
pub(crate) struct TourArgs {
    /// Keep the image here instead of in a temporary directory
    #[arg(long, value_name = "DIRECTORY")]
    pub(crate) directory: Option<PathBuf>,
}
