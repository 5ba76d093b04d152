//! Arguments of `audit`, of the verbs that make plans, of `apply` and `undo`.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use linkwright_links::audit::Finding;

use super::DryRun;

/// What becomes of a plan.
#[derive(Debug, Args)]
pub(crate) struct PlanArgs {
    /// Write the plan here, to be read and then applied
    #[arg(long, value_name = "FILE", conflicts_with = "yes")]
    pub(crate) plan: Option<PathBuf>,
    /// Plan and apply in one go
    #[arg(long, conflicts_with = "dry_run")]
    pub(crate) yes: bool,
    /// With --yes: where to write what takes it back
    #[arg(long, value_name = "FILE", requires = "yes")]
    pub(crate) undo: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) dry_run: DryRun,
}

#[derive(Debug, Args)]
pub(crate) struct AuditArgs {
    /// Plan to mend these findings; all is all that can be mended
    #[arg(long, value_delimiter = ',', value_name = "CODE", value_parser = fix_choice)]
    pub(crate) fix: Vec<FixChoice>,
    /// Exit with 1 for these findings only
    #[arg(long, value_delimiter = ',', value_name = "CODE", value_parser = finding)]
    pub(crate) fail_on: Vec<Finding>,
    /// Leave out the check of the volume, which finds missing $Reparse entries
    #[arg(long)]
    pub(crate) no_check: bool,
    #[command(flatten)]
    pub(crate) plan: PlanArgs,
    /// The directory whose links are looked at
    #[arg(default_value = ".")]
    pub(crate) place: OsString,
}

/// What `audit --fix` takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FixChoice {
    All,
    One(Finding),
}

fn finding(code: &str) -> Result<Finding, String> {
    Finding::from_code(code).ok_or_else(|| {
        let codes: Vec<&str> = Finding::ALL.iter().map(|finding| finding.code()).collect();
        format!("there is no such finding; there are {}", codes.join(", "))
    })
}

fn fix_choice(code: &str) -> Result<FixChoice, String> {
    match code {
        "all" => Ok(FixChoice::All),
        code => finding(code).map(FixChoice::One),
    }
}

#[derive(Debug, Args)]
pub(crate) struct RetargetArgs {
    /// Turn the beginning of targets into another: 'D:\old=E:\new'
    #[arg(long, value_name = "OLD=NEW", required = true)]
    pub(crate) map: Vec<OsString>,
    #[command(flatten)]
    pub(crate) plan: PlanArgs,
    /// The directory whose links are changed
    #[arg(default_value = ".")]
    pub(crate) place: OsString,
}

/// Of `relative`, `absolute`, `retype` and `prune`.
#[derive(Debug, Args)]
pub(crate) struct MendArgs {
    #[command(flatten)]
    pub(crate) plan: PlanArgs,
    /// The directory whose links are changed
    #[arg(default_value = ".")]
    pub(crate) place: OsString,
}

#[derive(Debug, Args)]
pub(crate) struct UnlinkCopiesArgs {
    /// Which links become files of their own
    #[arg(
        long,
        value_delimiter = ',',
        value_name = "KIND",
        default_value = "hard,symlink"
    )]
    pub(crate) kind: Vec<ReplaceableChoice>,
    #[command(flatten)]
    pub(crate) plan: PlanArgs,
    /// The directory whose links are changed
    #[arg(default_value = ".")]
    pub(crate) place: OsString,
}

/// What `unlink-copies --kind` takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReplaceableChoice {
    Hard,
    Symlink,
}

#[derive(Debug, Args)]
pub(crate) struct DedupeArgs {
    /// A report of `fclones group -f json`
    #[arg(long, value_name = "FCLONES.json")]
    pub(crate) from: PathBuf,
    /// The directory that stands for PLACE in the report, as where the volume was
    /// mounted when it was made
    #[arg(long, value_name = "DIRECTORY")]
    pub(crate) base: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) plan: PlanArgs,
    /// The directory that the files are below
    #[arg(default_value = ".")]
    pub(crate) place: OsString,
}

#[derive(Debug, Args)]
pub(crate) struct ApplyArgs {
    /// Leave out steps that do not fit what is there now, instead of refusing all
    #[arg(long)]
    pub(crate) skip_changed: bool,
    /// Where to write what takes it back; PLAN.undo when not given
    #[arg(long, value_name = "FILE")]
    pub(crate) undo: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) dry_run: DryRun,
    /// The plan
    pub(crate) plan: PathBuf,
    /// The place, when it is not where it was
    pub(crate) place: Option<OsString>,
}

#[derive(Debug, Args)]
pub(crate) struct UndoArgs {
    /// Leave out steps that do not fit what is there now, instead of refusing all
    #[arg(long)]
    pub(crate) skip_changed: bool,
    #[command(flatten)]
    pub(crate) dry_run: DryRun,
    /// The undo file
    pub(crate) file: PathBuf,
    /// The place, when it is not where it was
    pub(crate) place: Option<OsString>,
}
