//! The B-tree of indexes: directories (`$I30`) and view indexes (`$R`, `$O`,
//! `$SII`, `$SDH`, `$Q`).
//!
//! Pure algorithm over an [`IndexStore`](store::IndexStore). Facts (libfsntfs
//! documentation, "The index"): keys live in inner nodes as well as in leaves;
//! the sub-node of an entry holds the keys below the entry's own, that of the
//! keyless last entry those above all others; every leaf is equally deep.
//!
//! What is read is hostile: every descent is bounded by [`MAX_DEPTH`], every
//! walk by the keys having to ascend and by the number of blocks there are.

#![allow(
    dead_code,
    reason = "what only $SII, $SDH, $O and $Q need is tested but not in use yet"
)]

pub(crate) mod attributes;
pub(crate) mod bulk;
pub(crate) mod collation;
pub(crate) mod cursor;
pub(crate) mod directory;
pub(crate) mod fault;
pub(crate) mod finger;
#[cfg(test)]
mod hostile;
pub(crate) mod insert;
#[cfg(test)]
mod memory;
pub(crate) mod node;
pub(crate) mod remove;
mod rows;
pub(crate) mod search;
pub(crate) mod store;
#[cfg(test)]
mod tests;

/// Most levels a tree may have. With two entries a block, which is the least
/// that 4 KiB can hold, 32 levels are more than any volume has blocks.
pub(crate) const MAX_DEPTH: usize = 32;
