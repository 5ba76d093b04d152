//! Whole volumes.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::DryRun;

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

const CREATE_EXAMPLES: &str = "Examples:
  An image of 64 MiB:
    linkwright volume create --size 64M disk.img
  The same bytes every time:
    linkwright volume create --size 64M --serial 1234abcd --time 0 disk.img
  With a label, 8.3 names and a change journal:
    linkwright volume create --size 1G --label Data --short-names --change-journal=8M disk.img";

#[derive(Debug, Args)]
#[command(after_long_help = CREATE_EXAMPLES)]
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

const INFO_EXAMPLES: &str = "Examples:
  An image:
    linkwright volume info disk.img
  A partition of a disk:
    linkwright volume info /dev/sdb@2
  For programs:
    linkwright volume info --json disk.img";

#[derive(Debug, Args)]
#[command(after_long_help = INFO_EXAMPLES)]
pub(crate) struct InfoArgs {
    /// The image, IMAGE@2 for partition 2, or a drive
    pub(crate) image: OsString,
}

const CHECK_EXAMPLES: &str = "Examples:
  A volume:
    linkwright volume check disk.img
  With what Windows leaves behind as well:
    linkwright volume check --notes disk.img
  The bytes as they lie, before recovery:
    linkwright volume check --raw disk.img@2";

#[derive(Debug, Args)]
#[command(after_long_help = CHECK_EXAMPLES)]
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

const RECOVER_EXAMPLES: &str = "Examples:
  An image:
    linkwright volume recover disk.img
  A partition of a disk:
    linkwright volume recover /dev/sdb@2
  For programs:
    linkwright volume recover --json disk.img";

#[derive(Debug, Args)]
#[command(after_long_help = RECOVER_EXAMPLES)]
pub(crate) struct RecoverArgs {
    /// The image, IMAGE@2 for partition 2, or a drive
    pub(crate) image: OsString,
}

const CLEAR_DIRTY_EXAMPLES: &str = "Examples:
  What would be done:
    linkwright volume clear-dirty -n disk.img
  An image:
    linkwright volume clear-dirty disk.img
  A partition of a disk:
    linkwright volume clear-dirty /dev/sdb@2";

#[derive(Debug, Args)]
#[command(after_long_help = CLEAR_DIRTY_EXAMPLES)]
pub(crate) struct ClearDirtyArgs {
    #[command(flatten)]
    pub(crate) dry_run: DryRun,
    /// The image, IMAGE@2 for partition 2, or a drive
    pub(crate) image: OsString,
}
