//! What can be wrong with an index, and where.

use core::fmt;

use linkwright_ntfs_format::FormatErrorKind;

/// Which node of an index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum NodeAt {
    /// The one in `$INDEX_ROOT`.
    Root,
    /// The block of this VCN of `$INDEX_ALLOCATION`.
    Block(u64),
}

impl fmt::Display for NodeAt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => f.write_str("the index root"),
            Self::Block(vcn) => write!(f, "index block {vcn:#x}"),
        }
    }
}

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IndexFaultKind {
    /// A node that cannot be decoded.
    #[error("the node cannot be decoded: {0}")]
    Node(FormatErrorKind),
    /// A key that is not of the index's kind.
    #[error("the key cannot be decoded: {0}")]
    Key(FormatErrorKind),
    /// Some entries of a node have sub-nodes and some do not.
    #[error("some entries of the node have sub-nodes and some have none")]
    MixedChildren,
    /// A sub-node pointer that is no multiple of a block, or outside the stream.
    #[error("a sub-node pointer leads to no block")]
    ChildVcn,
    /// More levels than 32: a loop.
    #[error("the tree has too many levels")]
    Depth,
    /// More nodes without keys were met than the index has blocks: a loop.
    #[error("the tree leads in circles")]
    Circle,
    /// Keys that do not ascend.
    #[error("the keys are out of order")]
    Order,
    /// An entry was to be replaced by one with another key.
    #[error("the new entry has another key")]
    KeyChanged,
    /// An entry that is longer than a block of this index can hold.
    #[error("the entry is longer than an index block")]
    EntryTooLong,
    /// The file record has not even room for an index root without entries.
    #[error("the file record has no room for the index root")]
    NoRootRoom,
}

/// Something wrong with an index, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct IndexFault {
    /// What is wrong.
    pub(crate) kind: IndexFaultKind,
    /// In which node.
    pub(crate) at: NodeAt,
    /// Bytes from the start of the node's block or of the root's value.
    pub(crate) offset: usize,
}

impl fmt::Display for IndexFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} (byte {:#x})", self.at, self.kind, self.offset)
    }
}

impl core::error::Error for IndexFault {}

impl IndexFault {
    /// A fault of a node as a whole.
    pub(crate) const fn new(kind: IndexFaultKind, at: NodeAt) -> Self {
        Self {
            kind,
            at,
            offset: 0,
        }
    }
}
