//! The command line as typed.

mod mend;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use linkwright_links::make::Kind;

pub(crate) use mend::{
    ApplyArgs, AuditArgs, DedupeArgs, FixChoice, MendArgs, PlanArgs, ReplaceableChoice,
    RetargetArgs, UndoArgs, UnlinkCopiesArgs,
};

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
    /// List every name of a file
    Names(NamesArgs),
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
    /// Find what is wrong with links, and plan to mend it
    Audit(AuditArgs),
    /// Plan to turn the beginning of targets into another: 'D:\\old=E:\\new'
    Retarget(RetargetArgs),
    /// Plan to make absolute symbolic links relative
    Relative(MendArgs),
    /// Plan to make relative symbolic links absolute
    Absolute(MendArgs),
    /// Plan to give links the type of what they lead to
    Retype(MendArgs),
    /// Plan to remove links that lead nowhere
    Prune(MendArgs),
    /// Plan to replace hard links and symbolic links by copies
    UnlinkCopies(UnlinkCopiesArgs),
    /// Plan to make hard links of files with the same data
    Dedupe(DedupeArgs),
    /// Do what a plan says, and write down how to take it back
    Apply(ApplyArgs),
    /// Take back what a plan did
    Undo(UndoArgs),
    /// Make an NTFS volume, look at it, verify it
    #[command(subcommand)]
    Volume(VolumeVerb),
    /// Make an image with every kind of link, and show it
    Tour(TourArgs),
}

/// `--dry-run`, on what writes.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct DryRun {
    /// Say what would be done, and do nothing
    #[arg(short = 'n', long)]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Args)]
pub(crate) struct LinkArgs {
    /// Make a symbolic link; TARGET is text
    #[arg(short, long, conflicts_with = "junction")]
    pub(crate) symbolic: bool,
    /// Make a junction to a directory
    #[arg(short, long)]
    pub(crate) junction: bool,
    /// Type of a symbolic link; auto looks at the target
    #[arg(long = "type", value_name = "TYPE", default_value = "auto")]
    pub(crate) link_type: TypeChoice,
    /// TARGET is a place; store the way to it from the link
    #[arg(long, requires = "symbolic", conflicts_with_all = ["absolute", "verbatim"])]
    pub(crate) relative: bool,
    /// TARGET is a place; store its path from the drive or root
    #[arg(long, requires = "symbolic", conflicts_with = "verbatim")]
    pub(crate) absolute: bool,
    /// Store TARGET as it is (default)
    #[arg(long, requires = "symbolic")]
    pub(crate) verbatim: bool,
    /// Turn the separators of TARGET into those of the place of the link
    #[arg(long, requires = "symbolic", conflicts_with_all = ["relative", "absolute", "verbatim"])]
    pub(crate) translate: bool,
    /// Replace a file or link that has the name of the link
    #[arg(long)]
    pub(crate) replace: bool,
    /// What to make, in this order, where the place cannot hold what was asked for
    #[arg(long, value_delimiter = ',', value_name = "KIND")]
    pub(crate) fallback: Vec<FallbackChoice>,
    /// Make what was asked for or fail (default)
    #[arg(long, conflicts_with = "fallback")]
    pub(crate) strict: bool,
    #[command(flatten)]
    pub(crate) dry_run: DryRun,
    /// What the link leads to
    pub(crate) target: OsString,
    /// The link to make
    pub(crate) link: OsString,
}

impl LinkArgs {
    /// What was asked for.
    pub(crate) fn kind(&self) -> Kind {
        match (self.symbolic, self.junction) {
            (true, _) => Kind::Symlink,
            (_, true) => Kind::Junction,
            _ => Kind::Hard,
        }
    }
}

/// What `link --fallback` may make.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum FallbackChoice {
    Symlink,
    Junction,
    Hard,
    Copy,
}

impl FallbackChoice {
    pub(crate) fn kind(self) -> Kind {
        match self {
            Self::Symlink => Kind::Symlink,
            Self::Junction => Kind::Junction,
            Self::Hard => Kind::Hard,
            Self::Copy => Kind::Copy,
        }
    }
}

/// Type of a symbolic link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum TypeChoice {
    Auto,
    File,
    Dir,
}

#[derive(Debug, Args)]
pub(crate) struct DoctorArgs {
    /// Also say which of the links below PATH this side could follow, and why not
    #[arg(long = "for", value_name = "SIDE")]
    pub(crate) side: Option<SideChoice>,
    /// A directory, or a file whose remaining names are wanted
    #[arg(default_value = ".")]
    pub(crate) place: OsString,
}

/// Who is to follow the links.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SideChoice {
    Windows,
    Linux,
    Wsl,
    Smb,
}

#[derive(Debug, Args)]
pub(crate) struct MklinkArgs {
    #[command(flatten)]
    pub(crate) dry_run: DryRun,
    /// [/D] [/H] [/J] LINK TARGET
    #[arg(required = false, num_args = 0.., value_name = "WORDS")]
    pub(crate) words: Vec<OsString>,
}

#[derive(Debug, Args)]
pub(crate) struct LsArgs {
    /// Directories below too; links are not followed
    #[arg(short = 'R', long)]
    pub(crate) recursive: bool,
    /// Only these kinds
    #[arg(long, value_delimiter = ',', value_name = "KIND")]
    pub(crate) kind: Vec<KindChoice>,
    /// What to list; the current directory when nothing is given
    pub(crate) places: Vec<OsString>,
}

/// What `ls --kind` lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(crate) enum KindChoice {
    /// Links of every kind
    Link,
    Hard,
    Symlink,
    #[value(alias = "junctions")]
    Junction,
    #[value(alias = "mount-point")]
    MountPoint,
    #[value(alias = "lx-symlink")]
    LxSymlink,
    Other,
    /// Files that are no links
    File,
    /// Directories that are no links
    Dir,
}

#[derive(Debug, Args)]
pub(crate) struct ShowArgs {
    /// What to show
    #[arg(required = true)]
    pub(crate) places: Vec<OsString>,
}

#[derive(Debug, Args)]
pub(crate) struct NamesArgs {
    /// The files
    #[arg(required = true)]
    pub(crate) places: Vec<OsString>,
}

#[derive(Debug, Args)]
pub(crate) struct RmArgs {
    /// Remove directories and what is in them; links in them are not followed
    #[arg(short, long)]
    pub(crate) recursive: bool,
    /// Remove what has the read-only attribute too
    #[arg(short, long)]
    pub(crate) force: bool,
    #[command(flatten)]
    pub(crate) dry_run: DryRun,
    /// What to remove
    #[arg(required = true)]
    pub(crate) places: Vec<OsString>,
}

#[derive(Debug, Args)]
pub(crate) struct CpArgs {
    /// Copy directories and what is in them
    #[arg(short, long)]
    pub(crate) recursive: bool,
    /// Type of links that lead nowhere: file, dir, or skip them
    #[arg(long, value_name = "TYPE")]
    pub(crate) dangling: Option<DanglingChoice>,
    /// Turn the beginning of absolute link targets into another
    #[arg(long, value_name = "OLD=NEW")]
    pub(crate) map: Vec<OsString>,
    /// How POSIX links that Windows cannot express go into an image
    #[arg(long, value_name = "FORM")]
    pub(crate) posix_links: Option<PosixLinksChoice>,
    /// Give names that Windows cannot hold another form
    #[arg(long)]
    pub(crate) rename_illegal: bool,
    #[command(flatten)]
    pub(crate) dry_run: DryRun,
    /// What to copy, and where to; - is standard input or output
    #[arg(required = true, num_args = 2.., value_names = ["SOURCE", "DESTINATION"])]
    pub(crate) places: Vec<OsString>,
}

/// What `cp` does with links that lead nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum DanglingChoice {
    File,
    Dir,
    Skip,
}

/// How `cp` writes POSIX links that are no Windows links.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum PosixLinksChoice {
    /// As the Windows subsystem for Linux writes them
    Lx,
}

#[derive(Debug, Args)]
pub(crate) struct MvArgs {
    /// Replace a file or link that has the new name
    #[arg(long)]
    pub(crate) replace: bool,
    #[command(flatten)]
    pub(crate) dry_run: DryRun,
    /// What to move, and where to
    #[arg(required = true, num_args = 2.., value_names = ["SOURCE", "DESTINATION"])]
    pub(crate) places: Vec<OsString>,
}

#[derive(Debug, Args)]
pub(crate) struct CatArgs {
    /// Files or FILE:stream; - is standard input
    #[arg(required = true)]
    pub(crate) places: Vec<OsString>,
}

#[derive(Debug, Args)]
pub(crate) struct MkdirArgs {
    /// Make parents too; a directory that is there is no error
    #[arg(short, long)]
    pub(crate) parents: bool,
    #[command(flatten)]
    pub(crate) dry_run: DryRun,
    /// The directories
    #[arg(required = true)]
    pub(crate) places: Vec<OsString>,
}

/// What to do with a volume.
#[derive(Debug, Subcommand)]
pub(crate) enum VolumeVerb {
    /// Make an NTFS volume in an image file or on a block device
    Create(CreateArgs),
    /// Show what a volume is
    Info(InfoArgs),
    /// Verify a volume; changes nothing
    Check(CheckArgs),
    /// Finish what a session that was cut off had committed
    Recover(RecoverArgs),
    /// Take the dirty flag away
    #[command(long_about = CLEAR_DIRTY)]
    ClearDirty(ClearDirtyArgs),
}

const CLEAR_DIRTY: &str = "\
Takes the dirty flag away, on your word that the volume is sound.

It checks nothing and repairs nothing: run `linkwright volume check` first. It does not touch a log
that holds another system's work, nor a volume that a hibernated Windows has in use; those are
refused, and Windows has to settle them. A session of linkwright that was cut off is finished first.";

#[derive(Debug, Args)]
pub(crate) struct CreateArgs {
    /// Size of the image, as 64M or 2G; a block device has its own
    #[arg(long, value_name = "SIZE")]
    pub(crate) size: Option<String>,
    /// Label of the volume
    #[arg(long, default_value = "")]
    pub(crate) label: String,
    /// Bytes of a cluster, as 4096 or 64K
    #[arg(long, value_name = "SIZE")]
    pub(crate) cluster_size: Option<String>,
    /// Bytes of a file record: 1024 or 4096
    #[arg(long, value_name = "SIZE")]
    pub(crate) record_size: Option<String>,
    /// Bytes of the journal
    #[arg(long, value_name = "SIZE")]
    pub(crate) log_size: Option<String>,
    /// Serial number in hexadecimal; the same serial and time give the same bytes
    #[arg(long, value_name = "HEX")]
    pub(crate) serial: Option<String>,
    /// The time of making, in seconds since 1970
    #[arg(long, value_name = "SECONDS")]
    pub(crate) time: Option<i64>,
    /// Give files 8.3 names too
    #[arg(long)]
    pub(crate) short_names: bool,
    /// Keep a change journal ($UsnJrnl), as Windows' search and backup programs
    /// read it, of at most this size (32M when none is given)
    #[arg(long, value_name = "SIZE", num_args = 0..=1, require_equals = true, default_missing_value = "32M")]
    pub(crate) change_journal: Option<String>,
    /// Overwrite a file that is there
    #[arg(long)]
    pub(crate) replace: bool,
    #[command(flatten)]
    pub(crate) dry_run: DryRun,
    /// The image file or block device
    pub(crate) image: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct InfoArgs {
    /// The image, IMAGE@2 for partition 2, or a drive
    pub(crate) image: OsString,
}

#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// The image, IMAGE@2 for partition 2, or a drive
    pub(crate) image: OsString,
    /// Show notes too: stale times and sizes that Windows leaves behind as well
    #[arg(long)]
    pub(crate) notes: bool,
    /// Check the bytes as they lie, not as they are after recovery
    #[arg(long)]
    pub(crate) raw: bool,
}

#[derive(Debug, Args)]
pub(crate) struct RecoverArgs {
    /// The image, IMAGE@2 for partition 2, or a drive
    pub(crate) image: OsString,
}

#[derive(Debug, Args)]
pub(crate) struct ClearDirtyArgs {
    #[command(flatten)]
    pub(crate) dry_run: DryRun,
    /// The image, IMAGE@2 for partition 2, or a drive
    pub(crate) image: OsString,
}

#[derive(Debug, Args)]
pub(crate) struct TourArgs {
    /// Keep the image here instead of in a temporary directory
    #[arg(long, value_name = "DIRECTORY")]
    pub(crate) directory: Option<PathBuf>,
}

impl Verb {
    /// The name of the verb, for the summary.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Link(_) => "link",
            Self::Mklink(_) => "mklink",
            Self::Ls(_) => "ls",
            Self::Show(_) => "show",
            Self::Names(_) => "names",
            Self::Rm(_) => "rm",
            Self::Cp(_) => "cp",
            Self::Mv(_) => "mv",
            Self::Cat(_) => "cat",
            Self::Mkdir(_) => "mkdir",
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
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }
}
