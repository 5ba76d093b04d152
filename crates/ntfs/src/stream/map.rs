//! What a non-resident stream is: sizes, flags, runs.

use linkwright_ntfs_format::attribute::{AttributeFlags, StreamSizes};
use linkwright_ntfs_format::runs::RunList;

/// A non-resident stream with the runs of all its extents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StreamMap {
    /// Compressed, sparse, encrypted.
    pub(crate) flags: AttributeFlags,
    /// Log2 of clusters in a compression unit.
    pub(crate) compression_unit: u8,
    /// Sizes in bytes.
    pub(crate) sizes: StreamSizes,
    /// All runs.
    pub(crate) runs: RunList,
}

impl StreamMap {
    /// A stream without clusters.
    pub(crate) const fn empty() -> Self {
        Self {
            flags: AttributeFlags::empty(),
            compression_unit: 0,
            sizes: StreamSizes {
                allocated: 0,
                data: 0,
                initialized: 0,
                total_allocated: None,
            },
            runs: RunList::new(),
        }
    }
}

/// The content of an attribute: in its record, or in clusters.
#[derive(Debug, Clone)]
pub(crate) enum StreamBody {
    /// The value itself.
    Resident(Vec<u8>),
    /// Where the value is.
    NonResident(StreamMap),
}

impl StreamBody {
    /// Bytes of the stream.
    pub(crate) fn len(&self) -> u64 {
        match self {
            Self::Resident(value) => u64::try_from(value.len()).unwrap_or(u64::MAX),
            Self::NonResident(map) => map.sizes.data,
        }
    }
}
