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
  All links of a volume, one object a line:
    linkwright ls -R --kind link --json disk.img:/
  Junctions below the current directory:
    linkwright ls -R --kind junction";

#[derive(Debug, Args)]
#[command(after_long_help = LS_EXAMPLES)]
pub(crate) struct LsArgs {
    /// Directories below too; links are not followed
    #[arg(short = 'R', long)]
    pub(crate) recursive: bool,
    /// Only these kinds
    #[arg(long, value_delimiter = ',', value_name = "KIND")]
    pub(crate) kind: Vec<KindChoice>,
    /// Paths only, one a line; where links lead is not looked at
    #[arg(long)]
    pub(crate) plain: bool,
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
  For programs:
    linkwright names --json disk.img:/notes.txt
  On a volume that is drive C of its Windows:
    linkwright names --drive C=disk.img C:/notes.txt";

#[derive(Debug, Args)]
#[command(after_long_help = NAMES_EXAMPLES)]
pub(crate) struct NamesArgs {
    /// The files
    #[arg(required = true)]
    pub(crate) places: Vec<OsString>,
}
