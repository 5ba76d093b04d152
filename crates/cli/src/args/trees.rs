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

/// What becomes of links that lead out of the source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum OuterChoice {
    /// They stay as they are
    Keep,
    /// They are left out
    Crop,
    /// What they lead to is taken in their place
    Unroll,
    /// They lead to the same from their new place
    Splice,
}

const CLONE_EXAMPLES: &str = "Examples:
  A second tree that takes no space: each file gets another name
    linkwright clone --hard project project-2
  A tree of symbolic links to the files
    linkwright clone --symbolic disk.img:/data disk.img:/view
  Without the links that lead out of it
    linkwright clone --hard --outer crop project project-2";

#[derive(Debug, Args)]
#[command(after_long_help = CLONE_EXAMPLES)]
pub(crate) struct CloneArgs {
    /// Each file gets another name
    #[arg(
        long,
        required_unless_present = "symbolic",
        conflicts_with = "symbolic"
    )]
    pub(crate) hard: bool,
    /// Each file gets a symbolic link to it
    #[arg(long)]
    pub(crate) symbolic: bool,
    /// Links that lead out of SOURCE
    #[arg(long, value_name = "WHAT", default_value = "keep")]
    pub(crate) outer: OuterChoice,
    #[command(flatten)]
    pub(crate) dry_run: DryRun,
    /// The directory
    pub(crate) source: OsString,
    /// The directory to make, on the same volume
    pub(crate) destination: OsString,
}

const MIRROR_EXAMPLES: &str = "Examples:
  What a directory has, and nothing else, in another
    linkwright mirror project /backup/project
  What would be copied and removed
    linkwright mirror -n project /backup/project
  Into an image, links that lead out kept leading to the same
    linkwright mirror --outer splice disk.img:/data disk.img:/copy";

#[derive(Debug, Args)]
#[command(after_long_help = MIRROR_EXAMPLES)]
pub(crate) struct MirrorArgs {
    /// Links that lead out of SOURCE
    #[arg(long, value_name = "WHAT", default_value = "keep")]
    pub(crate) outer: OuterChoice,
    #[command(flatten)]
    pub(crate) dry_run: DryRun,
    /// The directory
    pub(crate) source: OsString,
    /// Its mirror; what SOURCE has not is removed there
    pub(crate) destination: OsString,
}

const SNAPSHOT_EXAMPLES: &str = "Examples:
  A dated tree; what did not change takes no space
    linkwright snapshot project /backup/project
  The same, and only the last 30 are kept
    linkwright snapshot --keep 30 project /backup/project
  In an image
    linkwright snapshot disk.img:/data disk.img:/snapshots";

#[derive(Debug, Args)]
#[command(after_long_help = SNAPSHOT_EXAMPLES)]
pub(crate) struct SnapshotArgs {
    /// Remove the oldest snapshots until there are so many
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) keep: Option<u32>,
    /// Links that lead out of SOURCE
    #[arg(long, value_name = "WHAT", default_value = "keep")]
    pub(crate) outer: OuterChoice,
    #[command(flatten)]
    pub(crate) dry_run: DryRun,
    /// The directory
    pub(crate) source: OsString,
    /// The directory that holds the snapshots
    pub(crate) store: OsString,
}
