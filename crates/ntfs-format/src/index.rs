//! Indexes: `$INDEX_ROOT`, `INDX` blocks and their entries.
//!
//! A *node* is an index header with the entries behind it. It stands at offset
//! [`ROOT_NODE_OFFSET`] of an `$INDEX_ROOT` value and at [`BLOCK_NODE_OFFSET`]
//! of an index block; the offsets in an index header count from its own start.
//!
//! Source: libfsntfs documentation, "The index".

mod encode;

use zerocopy::little_endian::{U16, U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::error::{FormatError, FormatErrorKind};
use crate::fixup;
use crate::ids::FileReference;
use crate::num;

pub use encode::{
    encode_block, encode_directory_entry, encode_last_entry, encode_name_entry, encode_root,
    encode_view_entry, format_block, key_at, key_mut, last_entry_len, push_directory_entry,
    set_child, set_node_sizes, with_child, without_child,
};

/// What an `$INDEX_ROOT` value starts with.
#[derive(FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned, Debug, Clone, Copy)]
#[repr(C)]
pub struct RootHeader {
    /// Type of the indexed attribute: `$FILE_NAME`, or 0 in a view index.
    pub indexed_type: U32,
    /// How keys are ordered.
    pub collation: U32,
    /// Bytes of an index block.
    pub block_size: U32,
    /// Clusters of an index block, or 512-byte sectors when a cluster is
    /// larger than a block (rust-fs-ntfs, docs/spec/sections 04).
    pub block_clusters: u8,
    /// Reserved.
    pub reserved: [u8; 3],
}

/// The header of a node.
#[derive(FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned, Debug, Clone, Copy)]
#[repr(C)]
pub struct NodeHeader {
    /// Offset of the first entry.
    pub first_entry: U32,
    /// Bytes in use, this header included.
    pub total: U32,
    /// Bytes there are, this header included.
    pub allocated: U32,
    /// Bit 0: the entries have sub-nodes.
    pub flags: U32,
}

/// What an index block starts with.
#[derive(FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned, Debug, Clone, Copy)]
#[repr(C)]
pub struct BlockHeader {
    /// `INDX`.
    pub signature: [u8; 4],
    /// Offset of the update sequence array.
    pub usa_offset: U16,
    /// Entries of the update sequence array.
    pub usa_count: U16,
    /// Log sequence number.
    pub lsn: U64,
    /// The block's own number in the stream, in VCN units of the index.
    pub vcn: U64,
}

/// What an entry starts with.
#[derive(FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned, Debug, Clone, Copy)]
#[repr(C)]
pub struct EntryHeader {
    /// File reference in a directory; data offset (2 bytes), data length (2)
    /// and reserved (4) in a view index.
    pub reference_or_data: U64,
    /// Bytes of the entry, a multiple of 8.
    pub length: U16,
    /// Bytes of the key.
    pub key_length: U16,
    /// [`EntryFlags`].
    pub flags: U16,
    /// Reserved.
    pub reserved: U16,
}

bitflags::bitflags! {
    /// Flags of an index entry.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
    pub struct EntryFlags: u16 {
        /// The last eight bytes are the VCN of a sub-node.
        const HAS_CHILD = 1;
        /// The last entry of its node; it has no key.
        const LAST = 2;
        const _ = !0;
    }
}

/// Signature of an index block.
pub const BLOCK_SIGNATURE: [u8; 4] = *b"INDX";
/// Where the node of an `$INDEX_ROOT` value starts.
pub const ROOT_NODE_OFFSET: usize = 0x10;
/// Where the node of an index block starts.
pub const BLOCK_NODE_OFFSET: usize = 0x18;
/// Bytes of a node header.
pub const NODE_HEADER_LEN: usize = 0x10;
/// Bytes before the key of an entry.
pub const ENTRY_HEADER_LEN: usize = 0x10;
/// Where the update sequence array of an index block starts.
pub const BLOCK_USA_OFFSET: usize = 0x28;
/// Bit of [`NodeHeader::flags`]: entries have sub-nodes.
pub const NODE_HAS_CHILDREN: u32 = 1;

const _: () = assert!(size_of::<RootHeader>() == ROOT_NODE_OFFSET);
const _: () = assert!(size_of::<BlockHeader>() == BLOCK_NODE_OFFSET);
const _: () = assert!(size_of::<NodeHeader>() == NODE_HEADER_LEN);
const _: () = assert!(size_of::<EntryHeader>() == ENTRY_HEADER_LEN);

/// The name of the file-name index.
pub const I30: [u16; 4] = [0x24, 0x49, 0x33, 0x30];

/// Offset of the first entry from the node header in a fresh block of
/// `block_len` bytes: 0x28 for 4 KiB (entries then start at 0x40).
#[must_use]
pub const fn block_first_entry(block_len: usize) -> usize {
    (BLOCK_USA_OFFSET + fixup::entries_for(block_len) * 2).next_multiple_of(8) - BLOCK_NODE_OFFSET
}

/// The root header of an `$INDEX_ROOT` value.
///
/// # Errors
/// Fewer bytes than the header.
pub fn root_header(value: &[u8]) -> Result<&RootHeader, FormatError> {
    RootHeader::ref_from_prefix(value)
        .map(|(header, _)| header)
        .map_err(|_| FormatError::new(FormatErrorKind::Truncated, 0))
}

/// The header of an index block.
///
/// # Errors
/// Fewer bytes than the header.
pub fn block_header(block: &[u8]) -> Result<&BlockHeader, FormatError> {
    BlockHeader::ref_from_prefix(block)
        .map(|(header, _)| header)
        .map_err(|_| FormatError::new(FormatErrorKind::Truncated, 0))
}

/// The node of an `$INDEX_ROOT` value.
///
/// # Errors
/// As [`Node::new`].
pub fn root_node(value: &[u8]) -> Result<Node<'_>, FormatError> {
    let node = value
        .get(ROOT_NODE_OFFSET..)
        .ok_or(FormatError::new(FormatErrorKind::Truncated, 0))?;
    Node::new(node).map_err(|e| e.shifted(ROOT_NODE_OFFSET))
}

/// The node of an index block with its fix-ups removed; `vcn` is the number
/// the block must say it has.
///
/// # Errors
/// A wrong signature or VCN, and as [`Node::new`].
pub fn block_node(block: &[u8], vcn: u64) -> Result<Node<'_>, FormatError> {
    let header = block_header(block)?;
    if header.signature != BLOCK_SIGNATURE {
        return Err(FormatError::new(FormatErrorKind::Signature, 0));
    }
    if header.vcn.get() != vcn {
        return Err(FormatError::new(FormatErrorKind::Value, 0x10));
    }
    let node = block
        .get(BLOCK_NODE_OFFSET..)
        .ok_or(FormatError::new(FormatErrorKind::Truncated, 0))?;
    let node = Node::new(node).map_err(|e| e.shifted(BLOCK_NODE_OFFSET))?;
    let first = BLOCK_USA_OFFSET + fixup::entries_for(block.len()) * 2 - BLOCK_NODE_OFFSET;
    if node.first_entry() < first {
        return Err(FormatError::new(FormatErrorKind::Offset, BLOCK_NODE_OFFSET));
    }
    Ok(node)
}

/// A node whose header was validated.
#[derive(Debug, Clone, Copy)]
pub struct Node<'a> {
    bytes: &'a [u8],
    header: &'a NodeHeader,
}

impl<'a> Node<'a> {
    /// Validates the header of a node; `bytes` starts at the header.
    ///
    /// # Errors
    /// Sizes that leave the bytes or each other.
    pub fn new(bytes: &'a [u8]) -> Result<Self, FormatError> {
        let (header, _) = NodeHeader::ref_from_prefix(bytes)
            .map_err(|_| FormatError::new(FormatErrorKind::Truncated, 0))?;
        let allocated = num::u32_to_usize(header.allocated.get())?;
        let total = num::u32_to_usize(header.total.get())?;
        let first = num::u32_to_usize(header.first_entry.get())?;
        if allocated > bytes.len() {
            return Err(FormatError::new(FormatErrorKind::Length, 8));
        }
        if total > allocated {
            return Err(FormatError::new(FormatErrorKind::Length, 4));
        }
        if first < NODE_HEADER_LEN
            || !first.is_multiple_of(8)
            || first.saturating_add(ENTRY_HEADER_LEN) > total
        {
            return Err(FormatError::new(FormatErrorKind::Offset, 0));
        }
        let used = bytes.get(..total).unwrap_or_default();
        Ok(Self {
            bytes: used,
            header,
        })
    }

    /// Offset of the first entry from the node header.
    #[must_use]
    pub fn first_entry(&self) -> usize {
        usize::try_from(self.header.first_entry.get()).unwrap_or(usize::MAX)
    }

    /// Bytes in use, the header included.
    #[must_use]
    pub fn total(&self) -> usize {
        self.bytes.len()
    }

    /// Bytes there are, the header included.
    #[must_use]
    pub fn allocated(&self) -> usize {
        usize::try_from(self.header.allocated.get()).unwrap_or(usize::MAX)
    }

    /// Whether the header says that entries have sub-nodes.
    #[must_use]
    pub fn has_children(&self) -> bool {
        self.header.flags.get() & NODE_HAS_CHILDREN != 0
    }

    /// The entries, the last (keyless) one included.
    #[must_use]
    pub fn entries(&self) -> Entries<'a> {
        Entries {
            bytes: self.bytes,
            next: Some(self.first_entry()),
        }
    }
}

/// Iterator over the entries of a node; ends after the last entry or the first
/// error.
#[derive(Debug, Clone)]
pub struct Entries<'a> {
    bytes: &'a [u8],
    next: Option<usize>,
}

impl<'a> Iterator for Entries<'a> {
    type Item = Result<EntryView<'a>, FormatError>;

    fn next(&mut self) -> Option<Self::Item> {
        let offset = self.next.take()?;
        let entry = EntryView::at(self.bytes, offset);
        if let Ok(entry) = &entry
            && !entry.is_last()
        {
            // An entry is at least a header long, so this ends.
            self.next = offset.checked_add(entry.len());
        }
        Some(entry)
    }
}

/// An entry whose lengths were validated.
#[derive(Debug, Clone, Copy)]
pub struct EntryView<'a> {
    bytes: &'a [u8],
    header: &'a EntryHeader,
    offset: usize,
}

impl<'a> EntryView<'a> {
    /// Validates the entry that starts `offset` bytes into `node` (which starts
    /// at the node header and ends at `total`).
    ///
    /// # Errors
    /// Lengths that leave the node or each other.
    pub fn at(node: &'a [u8], offset: usize) -> Result<Self, FormatError> {
        let rest = node
            .get(offset..)
            .ok_or(FormatError::new(FormatErrorKind::Truncated, offset))?;
        let (header, _) = EntryHeader::ref_from_prefix(rest)
            .map_err(|_| FormatError::new(FormatErrorKind::Truncated, offset))?;
        let length = usize::from(header.length.get());
        let bad_length = FormatError::new(FormatErrorKind::Length, offset + 8);
        if !length.is_multiple_of(8) {
            return Err(bad_length);
        }
        let bytes = rest.get(..length).ok_or(bad_length)?;
        let flags = EntryFlags::from_bits_retain(header.flags.get());
        let child = if flags.contains(EntryFlags::HAS_CHILD) {
            8
        } else {
            0
        };
        let key = if flags.contains(EntryFlags::LAST) {
            0
        } else {
            usize::from(header.key_length.get())
        };
        if length < ENTRY_HEADER_LEN + key + child {
            return Err(FormatError::new(FormatErrorKind::Length, offset + 10));
        }
        Ok(Self {
            bytes,
            header,
            offset,
        })
    }

    /// Offset of the entry from the node header.
    #[must_use]
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// Bytes to the next entry.
    #[must_use]
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Never: an entry has at least its header.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// All bytes of the entry.
    #[must_use]
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Flags.
    #[must_use]
    pub fn flags(&self) -> EntryFlags {
        EntryFlags::from_bits_retain(self.header.flags.get())
    }

    /// Whether this is the keyless last entry.
    #[must_use]
    pub fn is_last(&self) -> bool {
        self.flags().contains(EntryFlags::LAST)
    }

    /// The key; empty in the last entry.
    #[must_use]
    pub fn key(&self) -> &'a [u8] {
        if self.is_last() {
            return &[];
        }
        let len = usize::from(self.header.key_length.get());
        num::slice(self.bytes, ENTRY_HEADER_LEN, len).unwrap_or_default()
    }

    /// The file reference of a directory entry.
    #[must_use]
    pub fn reference(&self) -> FileReference {
        FileReference::from_raw(self.header.reference_or_data.get())
    }

    /// The data of a view index's entry.
    ///
    /// # Errors
    /// Data that leaves the entry.
    pub fn data(&self) -> Result<&'a [u8], FormatError> {
        if self.is_last() {
            return Ok(&[]);
        }
        let offset = usize::from(num::u16_at(self.bytes, 0)?);
        let len = usize::from(num::u16_at(self.bytes, 2)?);
        if len == 0 {
            return Ok(&[]);
        }
        num::slice(self.bytes, offset, len)
            .map_err(|_| FormatError::new(FormatErrorKind::Offset, self.offset))
    }

    /// The VCN of the sub-node, when there is one.
    #[must_use]
    pub fn child(&self) -> Option<u64> {
        if !self.flags().contains(EntryFlags::HAS_CHILD) {
            return None;
        }
        num::u64_at(self.bytes, self.bytes.len().checked_sub(8)?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root() -> RootHeader {
        RootHeader {
            indexed_type: U32::new(0x30),
            collation: U32::new(1),
            block_size: U32::new(4096),
            block_clusters: 1,
            reserved: [0; 3],
        }
    }

    #[test]
    fn view_entries_have_the_measured_sizes() {
        for (key, data, entry, offset) in [
            (12, 0, 32, 28),
            (16, 56, 88, 32),
            (4, 20, 40, 20),
            (8, 20, 48, 24),
        ] {
            let bytes = encode_view_entry(&vec![1; key], &vec![2; data]).unwrap();
            assert_eq!(bytes.len(), entry);
            assert_eq!(usize::from(num::u16_at(&bytes, 0).unwrap()), offset);
            let view = EntryView::at(&bytes, 0).unwrap();
            assert_eq!(view.key(), vec![1; key]);
            assert_eq!(key_at(&bytes, 0), view.key());
            assert_eq!(view.data().unwrap(), vec![2; data]);
        }
    }

    #[test]
    fn last_entries_have_the_documented_sizes() {
        assert_eq!(encode_last_entry(None).len(), 16);
        let node = encode_last_entry(Some(7));
        assert_eq!(node.len(), 24);
        assert_eq!(EntryView::at(&node, 0).unwrap().child(), Some(7));
        assert_eq!(without_child(&node).unwrap(), encode_last_entry(None));
        let mut moved = node;
        set_child(&mut moved, 9).unwrap();
        assert_eq!(moved, encode_last_entry(Some(9)));
        assert_eq!(
            set_child(&mut encode_last_entry(None), 9),
            Err(FormatError::new(FormatErrorKind::Value, 12))
        );
    }

    #[test]
    fn blocks_round_trip_and_state_their_sizes() {
        let mut entries = with_child(
            &encode_directory_entry(FileReference::ROOT, b"key").unwrap(),
            3,
        )
        .unwrap();
        entries.extend(encode_last_entry(Some(4)));
        let mut block = vec![0; 4096];
        format_block(&mut block, 9, &entries, true).unwrap();
        let node = block_node(&block, 9).unwrap();
        assert_eq!((node.first_entry(), node.allocated()), (0x28, 4072));
        assert!(node.has_children());
        let seen: Vec<_> = node.entries().map(|e| e.unwrap().child()).collect();
        assert_eq!(seen, [Some(3), Some(4)]);
        assert_eq!(
            block_node(&block, 8).unwrap_err(),
            FormatError::new(FormatErrorKind::Value, 0x10)
        );
        fixup::apply(&mut block).unwrap();
        fixup::remove(&mut block).unwrap();
        block_node(&block, 9).unwrap();
    }

    #[test]
    fn roots_that_cannot_be_right_are_refused() {
        let mut entries = encode_directory_entry(FileReference::ROOT, b"key").unwrap();
        entries.extend(encode_last_entry(None));
        let good = encode_root(&root(), &entries, false).unwrap();
        assert_eq!(root_node(&good).unwrap().entries().count(), 2);
        for (at, value, kind, offset) in [
            (0x10, 8, FormatErrorKind::Offset, 0x10),
            (0x10, 0xF0, FormatErrorKind::Offset, 0x10),
            (0x14, 0xFF, FormatErrorKind::Length, 0x14),
            (0x18, 0xFF, FormatErrorKind::Length, 0x18),
        ] {
            let mut bad = good.clone();
            bad[at] = value;
            assert_eq!(
                root_node(&bad).unwrap_err(),
                FormatError::new(kind, offset),
                "byte {at:#x}"
            );
        }
        for (at, value) in [(0x28, 0x11), (0x28, 8), (0x29, 1), (0x2A, 0x40)] {
            let mut bad = good.clone();
            bad[at] = value;
            let results: Vec<_> = root_node(&bad).unwrap().entries().collect();
            assert!(results.last().unwrap().is_err(), "byte {at:#x}");
        }
    }
}
