//! The command line as typed: what all verbs share is here, the arguments of each
//! in the file of its family.

mod files;
mod graph;
mod link;
mod look;
mod mend;
mod program;
mod trees;
mod volume;

use std::ffi::OsString;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub(crate) use files::*;
pub(crate) use graph::{GraphArgs, GraphFormat};
pub(crate) use link::*;
pub(crate) use look::*;
pub(crate) use mend::*;
pub(crate) use program::*;
pub(crate) use trees::*;
pub(crate) use volume::*;

/// Heading of the options that every verb has.
const EVERY_VERB: &str = "Options of every verb";

const AFTER_HELP: &str = "\
Places are written IMAGE:/path (IMAGE@2:/path for partition 2), C:/path for a drive given with
--drive C=IMAGE, or as a path of the host. Inside an image both / and \\ separate, and
FILE:stream is a named stream.

Exit status: 0 done, 1 findings, 2 usage, 3 partly done, 4 not supported here, 5 refused for
safety, 6 failed (the Win32 code says why), 10 volume damaged or locked, 130 interrupted.

New here? Run: linkwright tour";

/// Make, read and check Windows file links: hard links, symbolic links, junctions.
#[derive(Debug, Parser)]
#[command(about = "Make, read and check Windows file links: hard links, symbolic links, junctions")]
#[command(name = "linkwright", version, after_help = AFTER_HELP)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

/// Options of every verb.
#[derive(Debug, Args)]
pub(crate) struct Global {
    /// One JSON object a line, the last a summary
    #[arg(help_heading = EVERY_VERB, long, global = true)]
    pub(crate) json: bool,
    /// Colours: on a terminal, always or never
    #[arg(help_heading = EVERY_VERB, long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: Color,
    /// Give a volume a drive letter: C=disk.img or C=disk.img@2
    #[arg(help_heading = EVERY_VERB, long, global = true, value_name = "LETTER=IMAGE")]
    pub(crate) drive: Vec<OsString>,
    /// Read places as IMAGE:/path
    #[arg(
        help_heading = EVERY_VERB,
        long = "image",
        id = "as_image",
        global = true,
        conflicts_with = "as_host"
    )]
    pub(crate) image: bool,
    /// Read places as paths of the host
    #[arg(help_heading = EVERY_VERB, long = "host", id = "as_host", global = true)]
    pub(crate) host: bool,
    /// Take ':' inside an image literally: no streams
    #[arg(help_heading = EVERY_VERB, long, global = true)]
    pub(crate) posix_names: bool,
    /// On the host too a file has at most the 1,024 names of Windows
    #[arg(help_heading = EVERY_VERB, long, global = true)]
    pub(crate) strict_windows: bool,
    /// How long to wait for an image that is in use
    #[arg(help_heading = EVERY_VERB, long, global = true, value_name = "SECONDS", default_value_t = 5.0)]
    pub(crate) lock_wait: f64,
    /// Write to volumes that have shadow copies, which are worth nothing afterwards
    #[arg(help_heading = EVERY_VERB, long, global = true)]
    pub(crate) force_vss: bool,
}

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    Auto,
    Always,
    Never,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Make a link: TARGET LINK, as ln (hard by default)
    Link(LinkArgs),
    /// Make a link as cmd's mklink does: [/D] [/H] [/J] LINK TARGET
    #[command(disable_help_flag = true)]
    Mklink(MklinkArgs),
    /// List directories, links with what they hold
    Ls(LsArgs),
    /// Show everything about links
    Show(ShowArgs),
    /// Draw the links of a place: Graphviz, Mermaid, SVG or a page to search
    Graph(GraphArgs),
    /// List every name of a file
    Names(NamesArgs),
    /// Draw a directory and what is below it, links with what they hold
    Tree(TreeArgs),
    /// Say what becomes of a path: each link on the way, who follows it, where it ends
    Explain(ExplainArgs),
    /// Remove links and files, never what a link points to
    Rm(RmArgs),
    /// Copy files and trees, links kept as links
    Cp(CpArgs),
    /// Move or rename, within one volume
    Mv(MvArgs),
    /// Write the data of files or streams to standard output
    Cat(CatArgs),
    /// Make directories
    Mkdir(MkdirArgs),
    /// Say what a place can hold, for this user, and why not
    Doctor(DoctorArgs),
    /// Make a tree of links to the files of another
    Clone(CloneArgs),
    /// Make a tree the same as another, links kept as links
    Mirror(MirrorArgs),
    /// Keep a dated copy; what did not change is a hard link to the one before
    Snapshot(SnapshotArgs),
    /// Find what is wrong with links, and plan to mend it
    #[command(after_long_help = mend::AUDIT_EXAMPLES)]
    Audit(AuditArgs),
    /// Plan to turn the beginning of targets into another: 'D:\\old=E:\\new'
    #[command(after_long_help = mend::RETARGET_EXAMPLES)]
    Retarget(RetargetArgs),
    /// Plan to make absolute symbolic links relative
    #[command(after_long_help = mend::RELATIVE_EXAMPLES)]
    Relative(MendArgs),
    /// Plan to make relative symbolic links absolute
    #[command(after_long_help = mend::ABSOLUTE_EXAMPLES)]
    Absolute(MendArgs),
    /// Plan to give links the type of what they lead to
    #[command(after_long_help = mend::RETYPE_EXAMPLES)]
    Retype(MendArgs),
    /// Plan to remove links that lead nowhere
    #[command(after_long_help = mend::PRUNE_EXAMPLES)]
    Prune(MendArgs),
    /// Plan to replace hard links and symbolic links by copies
    #[command(after_long_help = mend::UNLINK_COPIES_EXAMPLES)]
    UnlinkCopies(UnlinkCopiesArgs),
    /// Plan to make hard links of files with the same data
    #[command(after_long_help = mend::DEDUPE_EXAMPLES)]
    Dedupe(DedupeArgs),
    /// Do what a plan says, and write down how to take it back
    #[command(after_long_help = mend::APPLY_EXAMPLES)]
    Apply(ApplyArgs),
    /// Take back what a plan did
    #[command(after_long_help = mend::UNDO_EXAMPLES)]
    Undo(UndoArgs),
    /// Keep the links of a place in a file, compare, make them again
    #[command(subcommand)]
    Manifest(ManifestVerb),
    /// Make an NTFS volume, look at it, verify it
    #[command(subcommand)]
    Volume(VolumeVerb),
    /// Make an image with every kind of link, and show it
    Tour(TourArgs),
    /// Write completions for a shell
    Completions(CompletionsArgs),
    /// Write manual pages
    Man(ManArgs),
}

/// `--dry-run`, on what writes.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct DryRun {
    /// Say what would be done, and do nothing
    #[arg(short = 'n', long)]
    pub(crate) dry_run: bool,
}

impl Verb {
    /// The name of the verb, for the summary.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Link(_) => "link",
            Self::Mklink(_) => "mklink",
            Self::Ls(_) => "ls",
            Self::Show(_) => "show",
            Self::Graph(_) => "graph",
            Self::Names(_) => "names",
            Self::Tree(_) => "tree",
            Self::Explain(_) => "explain",
            Self::Rm(_) => "rm",
            Self::Cp(_) => "cp",
            Self::Mv(_) => "mv",
            Self::Cat(_) => "cat",
            Self::Mkdir(_) => "mkdir",
            Self::Clone(_) => "clone",
            Self::Mirror(_) => "mirror",
            Self::Snapshot(_) => "snapshot",
            Self::Manifest(ManifestVerb::Export(_)) => "manifest export",
            Self::Manifest(ManifestVerb::Diff(_)) => "manifest diff",
            Self::Manifest(ManifestVerb::Apply(_)) => "manifest apply",
            Self::Volume(VolumeVerb::Create(_)) => "volume create",
            Self::Volume(VolumeVerb::Info(_)) => "volume info",
            Self::Volume(VolumeVerb::Check(_)) => "volume check",
            Self::Volume(VolumeVerb::Recover(_)) => "volume recover",
            Self::Doctor(_) => "doctor",
            Self::Volume(VolumeVerb::ClearDirty(_)) => "volume clear-dirty",
            Self::Tour(_) => "tour",
            Self::Audit(_) => "audit",
            Self::Retarget(_) => "retarget",
            Self::Relative(_) => "relative",
            Self::Absolute(_) => "absolute",
            Self::Retype(_) => "retype",
            Self::Prune(_) => "prune",
            Self::UnlinkCopies(_) => "unlink-copies",
            Self::Dedupe(_) => "dedupe",
            Self::Apply(_) => "apply",
            Self::Undo(_) => "undo",
            Self::Completions(_) => "completions",
            Self::Man(_) => "man",
        }
    }
}

#[cfg(test)]
mod tests;
