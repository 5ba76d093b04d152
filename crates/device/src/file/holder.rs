//! Who uses a file that is wanted.

use std::fmt;
use std::path::PathBuf;

/// Who keeps a file from being opened.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum LockHolder {
    /// A process that holds a lock.
    Process {
        /// Its process id.
        pid: u32,
        /// The short name of its program; empty when it cannot be told.
        command: String,
    },
    /// The file is mounted, by the kernel or by a program such as ntfs-3g.
    Mount {
        /// Where.
        at: PathBuf,
        /// The file system type of the mount.
        file_system: String,
    },
    /// The file is attached as a block device.
    LoopDevice {
        /// The block device.
        device: PathBuf,
    },
}

impl fmt::Display for LockHolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Process { pid, .. } if *pid == std::process::id() => {
                write!(f, "this very process ({pid})")
            }
            Self::Process { pid, command } if command.is_empty() => write!(f, "process {pid}"),
            Self::Process { pid, command } => write!(f, "{command} (process {pid})"),
            Self::Mount { at, file_system } => {
                write!(f, "a mount at {} (type {file_system})", at.display())
            }
            Self::LoopDevice { device } => {
                write!(f, "the loop device {}", device.display())
            }
        }
    }
}
