//! Arguments of `audit`, of the verbs that make plans, of `apply` and `undo`.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use linkwright_links::audit::Finding;

use super::DryRun;

pub(super) const AUDIT_EXAMPLES: &str = "Examples:
  What is wrong with the links of a volume that was drive C:
    linkwright audit --drive C=disk.img C:/
  Fail only for what is broken, for a build:
    linkwright audit --fail-on dangling,loop .
  Plan to mend all that can be mended, and do it:
    linkwright audit --fix all --plan mend.plan disk.img:/docs";

pub(super) const RETARGET_EXAMPLES: &str = "Examples:
  A disk changed its letter:
    linkwright retarget --map 'D:=E:' --plan moved.plan disk.img:/
  A library moved; look first, do nothing:
    linkwright retarget -n --map '/old/lib=/new/lib' src
  Two shares became one, at once:
    linkwright retarget --map '\\\\a\\x=\\\\c\\x' --map '\\\\b\\y=\\\\c\\y' --yes disk.img:/";

pub(super) const RELATIVE_EXAMPLES: &str = "Examples:
  Look at what would change:
    linkwright relative -n src
  Write the plan down:
    linkwright relative --drive C=disk.img --plan relative.plan C:/docs
  Do it, and keep what takes it back:
    linkwright relative --yes --undo back.undo src";

pub(super) const ABSOLUTE_EXAMPLES: &str = "Examples:
  Look at what would change:
    linkwright absolute -n src
  On a volume that is drive C:
    linkwright absolute --drive C=disk.img --plan absolute.plan C:/docs
  Do it, and keep what takes it back:
    linkwright absolute --yes --undo back.undo src";

pub(super) const RETYPE_EXAMPLES: &str = "Examples:
  Look at what would change:
    linkwright retype -n disk.img:/
  Write the plan down:
    linkwright retype --plan types.plan disk.img:/repo
  Do it, and keep what takes it back:
    linkwright retype --yes --undo back.undo disk.img:/repo";

pub(super) const PRUNE_EXAMPLES: &str = "Examples:
  Look at what would go:
    linkwright prune -n .
  Write the plan down:
    linkwright prune --plan prune.plan disk.img:/
  Do it, and keep what takes it back:
    linkwright prune --yes --undo back.undo src";

pub(super) const UNLINK_COPIES_EXAMPLES: &str = "Examples:
  Look at what would change:
    linkwright unlink-copies -n src
  Only hard links, names of one file:
    linkwright unlink-copies --kind hard --plan copies.plan disk.img:/data
  Only symbolic links, at once:
    linkwright unlink-copies --kind symlink --yes src";

pub(super) const DEDUPE_EXAMPLES: &str = "Examples:
  Find duplicates with fclones, and plan:
    linkwright dedupe --from report.json --plan dedupe.plan data
  A report that was made where the volume was mounted:
    linkwright dedupe --from report.json --base /mnt/c --plan dedupe.plan disk.img:/
  Look at what would change:
    linkwright dedupe --from report.json -n data";

pub(super) const APPLY_EXAMPLES: &str = "Examples:
  See whether the plan still fits:
    linkwright apply -n mend.plan
  Do it; mend.plan.undo takes it back:
    linkwright apply mend.plan
  Leave out what was changed since:
    linkwright apply --skip-changed mend.plan";

pub(super) const UNDO_EXAMPLES: &str = "Examples:
  See what would be taken back:
    linkwright undo -n mend.plan.undo
  Take it back:
    linkwright undo mend.plan.undo
  The image was moved:
    linkwright undo mend.plan.undo moved.img:/docs";

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
