//! The program itself.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

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

const COMPLETIONS_EXAMPLES: &str = "Examples:
  Bash, for all its sessions:
    linkwright completions bash > ~/.local/share/bash-completion/completions/linkwright
  Zsh, into a directory of $fpath:
    linkwright completions zsh > ~/.zfunc/_linkwright
  Fish:
    linkwright completions fish > ~/.config/fish/completions/linkwright.fish
  PowerShell, into the profile:
    linkwright completions powershell >> $PROFILE
  Nushell, to be loaded with `use`:
    linkwright completions nushell > linkwright.nu";

#[derive(Debug, Args)]
#[command(after_long_help = COMPLETIONS_EXAMPLES)]
pub(crate) struct CompletionsArgs {
    /// The shell
    pub(crate) shell: ShellChoice,
}

/// A shell that completions are made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ShellChoice {
    Bash,
    Zsh,
    Fish,
    #[value(name = "powershell", alias = "pwsh")]
    PowerShell,
    #[value(alias = "nu")]
    Nushell,
}

const MAN_EXAMPLES: &str = "Examples:
  Read the page of the program:
    linkwright man > linkwright.1
  The page of a verb:
    linkwright man volume create > linkwright-volume-create.1
  All pages, where man looks for them:
    linkwright man --out ~/.local/share/man/man1";

#[derive(Debug, Args)]
#[command(after_long_help = MAN_EXAMPLES)]
pub(crate) struct ManArgs {
    /// Write all pages into this directory
    #[arg(long, value_name = "DIRECTORY", conflicts_with = "verb")]
    pub(crate) out: Option<PathBuf>,
    /// The verb whose page is wanted; none is the program's
    pub(crate) verb: Vec<String>,
}
