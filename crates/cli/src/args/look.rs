//! Looking at links and places.

use std::ffi::OsString;

use clap::{Args, ValueEnum};

const DOCTOR_EXAMPLES: &str = "Examples:
  What the current directory can hold:
    linkwright doctor
  What a volume can hold:
    linkwright doctor disk.img:/
  Which links below a directory Windows could follow:
    linkwright doctor --for windows disk.img:/docs";

#[derive(Debug, Args)]
#[command(after_long_help = DOCTOR_EXAMPLES)]
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

const LS_EXAMPLES: &str = "Examples:
  A directory of an image:
    linkwright ls disk.img:/docs
  All broken links of a volume, one object a line:
    linkwright ls -R --broken --json disk.img:/
  Junctions below archive whose names end in .old, for other programs:
    linkwright ls -R -0 --kind junction --glob '*.old' disk.img:/archive
  Links below the current directory that lead out of it:
    linkwright ls -R --outside";

#[derive(Debug, Default, Args)]
#[command(after_long_help = LS_EXAMPLES)]
pub(crate) struct LsArgs {
    /// Directories below too; links are not followed
    #[arg(short = 'R', long)]
    pub(crate) recursive: bool,
    /// Attributes, size, time and number of names too
    #[arg(short, long, conflicts_with = "null")]
    pub(crate) long: bool,
    /// Only the paths, each with a zero byte behind it, as xargs -0 reads them
    #[arg(short = '0', long, conflicts_with = "json")]
    pub(crate) null: bool,
    /// Only the paths, one a line; where links lead is not looked at
    #[arg(long, conflicts_with_all = ["long", "null"])]
    pub(crate) plain: bool,
    #[command(flatten)]
    pub(crate) marks: MarkArgs,
    #[command(flatten)]
    pub(crate) select: SelectArgs,
    /// What to list; the current directory when nothing is given
    pub(crate) places: Vec<OsString>,
}

/// How links are marked.
#[derive(Debug, Clone, Copy, Default, Args)]
pub(crate) struct MarkArgs {
    /// Marks and lines in ASCII only
    #[arg(long)]
    pub(crate) ascii: bool,
}

/// Which things are listed. All that is given has to be true of one.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Selection")]
pub(crate) struct SelectArgs {
    /// Only these kinds
    #[arg(long, value_delimiter = ',', value_name = "KIND")]
    pub(crate) kind: Vec<KindChoice>,
    /// Only links that lead nowhere
    #[arg(long)]
    pub(crate) broken: bool,
    /// Only links whose target is absolute
    #[arg(long)]
    pub(crate) absolute: bool,
    /// Only links that lead out of the place that is listed
    #[arg(long)]
    pub(crate) outside: bool,
    /// Only names that match; with a / in it, paths below the place
    #[arg(long, value_name = "GLOB")]
    pub(crate) glob: Vec<String>,
    /// Only paths below the place in which this is found
    #[arg(long, value_name = "REGEX")]
    pub(crate) regex: Vec<String>,
}

const TREE_EXAMPLES: &str = "Examples:
  A volume:
    linkwright tree disk.img:/
  With what links lead to, on the drive they name:
    linkwright tree --follow --drive C=disk.img C:/links
  Two levels, only what holds a broken link:
    linkwright tree --depth 2 --broken disk.img:/";

#[derive(Debug, Default, Args)]
#[command(after_long_help = TREE_EXAMPLES)]
pub(crate) struct TreeArgs {
    /// Go down through links to directories; a cycle is marked and not entered
    #[arg(long)]
    pub(crate) follow: bool,
    /// At most so many levels
    #[arg(short, long, value_name = "LEVELS")]
    pub(crate) depth: Option<usize>,
    #[command(flatten)]
    pub(crate) marks: MarkArgs,
    #[command(flatten)]
    pub(crate) select: SelectArgs,
    /// What to draw; the current directory when nothing is given
    pub(crate) places: Vec<OsString>,
}

const EXPLAIN_EXAMPLES: &str = "Examples:
  Each link of a path in an image:
    linkwright explain disk.img:/docs/latest/report.txt
  On a volume that is drive C of its Windows, so that C:\\ leads somewhere:
    linkwright explain --drive C=disk.img C:/docs/latest/report.txt
  A path of the host:
    linkwright explain /bin/sh";

#[derive(Debug, Args)]
#[command(after_long_help = EXPLAIN_EXAMPLES)]
pub(crate) struct ExplainArgs {
    #[command(flatten)]
    pub(crate) marks: MarkArgs,
    /// The paths
    #[arg(required = true)]
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

const SHOW_EXAMPLES: &str = "Examples:
  A link with its tag, both its names and its flags:
    linkwright show disk.img:/short.txt
  The same for programs, with the reparse data byte for byte:
    linkwright show --json disk.img:/short.txt
  Several things of the host:
    linkwright show /bin /etc/localtime";

#[derive(Debug, Args)]
#[command(after_long_help = SHOW_EXAMPLES)]
pub(crate) struct ShowArgs {
    /// What to show
    #[arg(required = true)]
    pub(crate) places: Vec<OsString>,
}

const NAMES_EXAMPLES: &str = "Examples:
  Every name of a file:
    linkwright names disk.img:/notes.txt
  Which of them are in a folder, and which are not:
    linkwright names --in disk.img:/docs disk.img:/notes.txt
  On the host, where names have to be looked for:
    linkwright names --in /srv /srv/notes.txt";

#[derive(Debug, Args)]
#[command(after_long_help = NAMES_EXAMPLES)]
pub(crate) struct NamesArgs {
    /// A folder: say of each name whether it is below it; on the host, look there
    #[arg(long = "in", value_name = "FOLDER")]
    pub(crate) folder: Option<OsString>,
    /// The files
    #[arg(required = true)]
    pub(crate) places: Vec<OsString>,
}
