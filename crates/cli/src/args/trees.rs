//! Whole trees of links: manifests, clones, mirrors, snapshots.

use std::ffi::OsString;

use clap::{Args, Subcommand, ValueEnum};

use super::DryRun;

/// What to do with a manifest.
#[derive(Debug, Subcommand)]
pub(crate) enum ManifestVerb {
    /// Write all links below a place as JSON lines
    Export(ManifestExportArgs),
    /// Say how the links of two places, or of a place and a manifest, differ
    Diff(ManifestDiffArgs),
    /// Make the links of a manifest that a place has not
    Apply(ManifestApplyArgs),
}

const EXPORT_EXAMPLES: &str = "Examples:
  All links of a volume, into a file:
    linkwright manifest export disk.img:/ links.jsonl
  Those below a directory of the host, to standard output:
    linkwright manifest export project
  In place of the manifest of yesterday:
    linkwright manifest export --replace disk.img:/ links.jsonl";

#[derive(Debug, Args)]
#[command(after_long_help = EXPORT_EXAMPLES)]
pub(crate) struct ManifestExportArgs {
    /// Overwrite a file that is there
    #[arg(long)]
    pub(crate) replace: bool,
    /// The directory
    pub(crate) place: OsString,
    /// A file of the host; standard output when none is given
    pub(crate) file: Option<OsString>,
}

const DIFF_EXAMPLES: &str = "Examples:
  Did a restore keep junctions as junctions?
    linkwright manifest diff links.jsonl restored.img:/
  Two directories, whatever their times are:
    linkwright manifest diff --ignore times project backup/project
  Two manifests, for a program:
    linkwright manifest diff --json before.jsonl after.jsonl";

#[derive(Debug, Args)]
#[command(after_long_help = DIFF_EXAMPLES)]
pub(crate) struct ManifestDiffArgs {
    /// What need not be the same
    #[arg(long, value_delimiter = ',', value_name = "WHAT")]
    pub(crate) ignore: Vec<AspectChoice>,
    /// What was: a directory, or a manifest; - is standard input
    pub(crate) before: OsString,
    /// What is: a directory, or a manifest; - is standard input
    pub(crate) after: OsString,
}

/// What `manifest diff --ignore` passes over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum AspectChoice {
    Times,
    Attributes,
}

const APPLY_EXAMPLES: &str = "Examples:
  What is missing of the links, where the files are there:
    linkwright manifest apply links.jsonl restored.img:/
  Into an empty volume; files with several names come from another place:
    linkwright manifest apply --from disk.img:/ links.jsonl new.img:/
  What would be made:
    linkwright manifest apply -n links.jsonl project";

#[derive(Debug, Args)]
#[command(after_long_help = APPLY_EXAMPLES)]
pub(crate) struct ManifestApplyArgs {
    /// Where the data of files comes from of which no name is there
    #[arg(long, value_name = "SOURCE", conflicts_with = "placeholders")]
    pub(crate) from: Option<OsString>,
    /// Make such files empty
    #[arg(long)]
    pub(crate) placeholders: bool,
    #[command(flatten)]
    pub(crate) dry_run: DryRun,
    /// The manifest; - is standard input
    pub(crate) file: OsString,
    /// The directory
    pub(crate) place: OsString,
}
