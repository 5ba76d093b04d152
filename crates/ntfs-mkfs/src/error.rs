//! Why a volume cannot be made.

use linkwright_device::DeviceError;
use linkwright_ntfs_format::FormatError;

use crate::{MAX_LABEL_UNITS, MIN_DEVICE_LEN};

/// An error of [`format`](crate::format).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MkfsError {
    /// The label has more units than Windows accepts.
    #[error("the label has {units} UTF-16 units, at most {MAX_LABEL_UNITS} fit")]
    LabelTooLong {
        /// Units of the label.
        units: usize,
    },
    /// The label contains a NUL.
    #[error("the label contains a NUL character")]
    LabelHasNul,
    /// Limits that a change journal cannot have.
    #[error(
        "a change journal takes at least 64 KiB, and grows by at least 4 KiB and at most its size"
    )]
    ChangeJournal,
    /// Not a power of two from 512 bytes to 2 MiB.
    #[error(
        "a cluster of {cluster_size} bytes is not possible: take a power of two from 512 to 2097152"
    )]
    ClusterSize {
        /// Bytes asked for.
        cluster_size: u32,
    },
    /// The device is smaller than any volume.
    #[error("the device has {device_len} bytes, a volume needs at least {MIN_DEVICE_LEN}")]
    DeviceTooSmall {
        /// Bytes of the device.
        device_len: u64,
    },
    /// The metafiles do not fit.
    #[error(
        "the metafiles need {needed} clusters of {cluster_size} bytes, the device holds {available}"
    )]
    NoRoom {
        /// Clusters that the metafiles take.
        needed: u64,
        /// Clusters there are.
        available: u64,
        /// Bytes per cluster.
        cluster_size: u32,
    },
    /// More than 2^32 - 1 clusters.
    #[error(
        "{clusters} clusters of {cluster_size} bytes are more than NTFS allows: take clusters of {take} bytes"
    )]
    TooManyClusters {
        /// Clusters the device would have.
        clusters: u64,
        /// Bytes per cluster asked for.
        cluster_size: u32,
        /// The smallest cluster size that fits, in bytes.
        take: u32,
    },
    /// The device is larger than any volume.
    #[error(
        "the device has {device_len} bytes, more than a volume can have with the largest clusters"
    )]
    DeviceTooLarge {
        /// Bytes of the device.
        device_len: u64,
    },
    /// The log is smaller than Windows accepts or larger than the volume.
    #[error("a log of {log_size} bytes is not possible: take {least} to {most}")]
    LogSize {
        /// Bytes asked for.
        log_size: u64,
        /// Least number of bytes.
        least: u64,
        /// Most bytes on this volume.
        most: u64,
    },
    /// A structure could not be encoded; a defect of this crate.
    #[error("a structure of the new volume cannot be encoded: {0}")]
    Encode(#[from] FormatError),
    /// The device failed.
    #[error(transparent)]
    Device(#[from] DeviceError),
}
