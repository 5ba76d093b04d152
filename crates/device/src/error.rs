//! What can go wrong with a device, as types.

use std::fmt;
use std::io;
use std::path::PathBuf;

use crate::LockHolder;

/// Which kind of call an error came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum IoOperation {
    /// Reading bytes.
    Read,
    /// Writing bytes.
    Write,
    /// Making writes durable.
    Flush,
    /// Giving a range back to the storage.
    Discard,
}

impl fmt::Display for IoOperation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Flush => "flush",
            Self::Discard => "discard",
        })
    }
}

/// An error of a device, or of opening one.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DeviceError {
    /// The device ends before the range that was to be read.
    #[error("the device ends early: {len} bytes wanted at offset {offset}, {got} there")]
    ShortRead {
        /// First byte wanted.
        offset: u64,
        /// Number of bytes wanted.
        len: u64,
        /// Number of bytes that are there.
        got: u64,
    },
    /// A write or discard would pass the end of the device.
    #[error("{len} bytes at offset {offset} do not fit a device of {device_len} bytes")]
    OutOfRange {
        /// First byte of the range.
        offset: u64,
        /// Length of the range (in bytes).
        len: u64,
        /// Length of the device (in bytes).
        device_len: u64,
    },
    /// The device was opened for reading, or the medium takes no writes.
    #[error("{device} is read-only")]
    ReadOnly {
        /// The device, as [`BlockDevice::describe`](crate::BlockDevice::describe) names it.
        device: String,
    },
    /// The storage under the device failed.
    #[error("{operation} of {len} bytes at offset {offset} failed: {source}")]
    Io {
        /// What was being done.
        operation: IoOperation,
        /// First byte of the range; 0 for a flush.
        offset: u64,
        /// Length of the range (in bytes); 0 for a flush.
        len: u64,
        /// What the operating system said.
        source: io::Error,
    },
    /// The path cannot be opened or made.
    #[error("{}: {source}", path.display())]
    Open {
        /// The path.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The path to be created is there already.
    #[error("{} exists already", path.display())]
    AlreadyExists {
        /// The path.
        path: PathBuf,
    },
    /// A directory was given where an image or a block device is needed.
    #[error("{} is a directory, not an image file or a block device", path.display())]
    IsDirectory {
        /// The path.
        path: PathBuf,
    },
    /// Something that is neither a regular file nor a block device.
    #[error("{} is a {kind}, not an image file or a block device", path.display())]
    NotADevice {
        /// The path.
        path: PathBuf,
        /// What it is: `pipe`, `socket`, `character device`, ...
        kind: &'static str,
    },
    /// A block device was given where a file is to be made: its length is what
    /// it is. Open it instead.
    #[error("{} is a block device: its length cannot be set", path.display())]
    FixedLength {
        /// The path.
        path: PathBuf,
    },
    /// Somebody else uses the file, and went on doing so for as long as the
    /// caller was ready to wait.
    #[error("{} is in use by {}", path.display(), Holder(.holder.as_ref()))]
    Locked {
        /// The path.
        path: PathBuf,
        /// Who uses it, where that can be told.
        holder: Option<LockHolder>,
    },
    /// A failure made on purpose by [`FaultDevice`](crate::FaultDevice).
    #[error("{operation} {call} failed on purpose")]
    Injected {
        /// The kind of call that failed.
        operation: IoOperation,
        /// Its number among the calls of its kind, from 1.
        call: u64,
    },
}

struct Holder<'a>(Option<&'a LockHolder>);

impl fmt::Display for Holder<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(holder) => holder.fmt(f),
            None => f.write_str("another program"),
        }
    }
}
