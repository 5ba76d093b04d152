//! Files and trees: copy, move, remove.

use std::ffi::OsString;

use clap::{Args, ValueEnum};

use super::DryRun;

const RM_EXAMPLES: &str = "Examples:
  A link; what it leads to stays:
    linkwright rm disk.img:/short.txt
  A directory and what is in it; links in it are not followed:
    linkwright rm -r disk.img:/docs
  What would be removed, and what would stay behind:
    linkwright rm -rn disk.img:/docs
  A directory, only when no link leads on the way to it:
    linkwright rm -r --one-tree disk.img:/archive/2024";

#[derive(Debug, Args)]
#[command(after_long_help = RM_EXAMPLES)]
pub(crate) struct RmArgs {
    /// Remove directories and what is in them; links in them are not followed
    #[arg(short, long)]
    pub(crate) recursive: bool,
    /// Refuse a place whose own path leads through a junction or another link
    #[arg(long)]
    pub(crate) one_tree: bool,
    /// Remove what has the read-only attribute too
    #[arg(short, long)]
    pub(crate) force: bool,
    #[command(flatten)]
    pub(crate) dry_run: DryRun,
    /// What to remove
    #[arg(required = true)]
    pub(crate) places: Vec<OsString>,
}

const CP_EXAMPLES: &str = r#"Examples:
  A file into an image:
    linkwright cp notes.txt disk.img:/notes.txt
  A tree of the host, its links kept as links:
    linkwright cp -r project disk.img:/project
  Out of an image, with the beginning of absolute targets turned into another:
    linkwright cp -r --map "D:\=/mnt/d/" disk.img:/docs copy
  Standard input into a named stream:
    linkwright cp - disk.img:/notes.txt:comment"#;

#[derive(Debug, Args)]
#[command(after_long_help = CP_EXAMPLES)]
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

const MV_EXAMPLES: &str = "Examples:
  Another name:
    linkwright mv disk.img:/notes.txt disk.img:/old.txt
  Into a directory:
    linkwright mv disk.img:/notes.txt disk.img:/short.txt disk.img:/docs
  In place of a file that has the name:
    linkwright mv --replace disk.img:/new.txt disk.img:/notes.txt";

#[derive(Debug, Args)]
#[command(after_long_help = MV_EXAMPLES)]
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

const CAT_EXAMPLES: &str = "Examples:
  A file:
    linkwright cat disk.img:/notes.txt
  A named stream:
    linkwright cat disk.img:/notes.txt:comment
  A file of partition 2 of a disk:
    linkwright cat disk.img@2:/Windows/win.ini";

#[derive(Debug, Args)]
#[command(after_long_help = CAT_EXAMPLES)]
pub(crate) struct CatArgs {
    /// Files or FILE:stream; - is standard input
    #[arg(required = true)]
    pub(crate) places: Vec<OsString>,
}

const MKDIR_EXAMPLES: &str = "Examples:
  A directory:
    linkwright mkdir disk.img:/docs
  With the directories above it:
    linkwright mkdir -p disk.img:/a/b/c
  What would be made:
    linkwright mkdir -np disk.img:/a/b/c";

#[derive(Debug, Args)]
#[command(after_long_help = MKDIR_EXAMPLES)]
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
