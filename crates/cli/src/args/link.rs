//! Making links.

use std::ffi::OsString;

use clap::{Args, ValueEnum};
use linkwright_links::make::Kind;

use super::DryRun;

const LINK_EXAMPLES: &str = "Examples:
  Another name of a file (a hard link):
    linkwright link disk.img:/notes.txt disk.img:/again.txt
  A symbolic link; its text is stored as it is, from the link's directory:
    linkwright link -s notes.txt disk.img:/docs/short.txt
  A junction on a volume that is drive C of its Windows:
    linkwright link -j --drive C=disk.img C:/data C:/again
  On the host, a copy where the place cannot hold a hard link:
    linkwright link --fallback symlink,copy notes.txt /media/stick/notes.txt";

#[derive(Debug, Args)]
#[command(after_long_help = LINK_EXAMPLES)]
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

const MKLINK_EXAMPLES: &str = r#"Examples:
  A symbolic link to a file; LINK comes first:
    linkwright mklink "disk.img:\short.txt" notes.txt
  A symbolic link to a directory:
    linkwright mklink /D "disk.img:\short" docs
  A hard link, and a junction:
    linkwright mklink /H "disk.img:\again.txt" "disk.img:\notes.txt"
    linkwright mklink /J --drive C=disk.img "C:\again" "C:\docs""#;

#[derive(Debug, Args)]
#[command(after_long_help = MKLINK_EXAMPLES)]
pub(crate) struct MklinkArgs {
    #[command(flatten)]
    pub(crate) dry_run: DryRun,
    /// [/D] [/H] [/J] LINK TARGET
    #[arg(required = false, num_args = 0.., value_name = "WORDS")]
    pub(crate) words: Vec<OsString>,
}
