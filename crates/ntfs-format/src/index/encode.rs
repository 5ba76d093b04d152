//! Encoding entries, roots and blocks of indexes, and changing them in place.

use zerocopy::IntoBytes;
use zerocopy::little_endian::{U16, U32, U64};

use super::{
    BLOCK_NODE_OFFSET, BLOCK_SIGNATURE, BLOCK_USA_OFFSET, BlockHeader, ENTRY_HEADER_LEN,
    EntryFlags, EntryHeader, EntryView, NODE_HAS_CHILDREN, NODE_HEADER_LEN, NodeHeader,
    ROOT_NODE_OFFSET, RootHeader, block_first_entry,
};
use crate::error::{FormatError, FormatErrorKind};
use crate::file_name::{self, FileName, FileNameHeader};
use crate::fixup;
use crate::ids::FileReference;
use crate::num;

/// Encodes a directory entry without a sub-node.
///
/// # Errors
/// A key that no entry can hold.
pub fn encode_directory_entry(
    reference: FileReference,
    key: &[u8],
) -> Result<Vec<u8>, FormatError> {
    encode_entry(reference.raw(), key, &[], EntryFlags::empty())
}

/// Encodes the directory entry of a name, whose key begins behind the
/// [`ENTRY_HEADER_LEN`] bytes of the header; returns the bytes of the key too.
///
/// # Errors
/// As [`FileName::encode`].
pub fn encode_name_entry(
    reference: FileReference,
    name: &FileName,
) -> Result<(Vec<u8>, usize), FormatError> {
    let key = file_name::HEADER_LEN + name.name.len() * 2;
    let mut out = Vec::with_capacity(ENTRY_HEADER_LEN + key + 16);
    push_directory_entry(&mut out, reference, &name.header()?, &name.name)?;
    Ok((out, key))
}

/// Appends a directory entry without a sub-node, whose key is a name.
///
/// # Errors
/// A key that no entry can hold.
pub fn push_directory_entry(
    out: &mut Vec<u8>,
    reference: FileReference,
    key: &FileNameHeader,
    name: &[u16],
) -> Result<(), FormatError> {
    let key_len = file_name::HEADER_LEN + name.len() * 2;
    let length = num::align8(ENTRY_HEADER_LEN + key_len)?;
    let header = entry_header(reference.raw(), length, key_len, EntryFlags::empty())?;
    let end = out.len() + length;
    out.extend_from_slice(header.as_bytes());
    key.push_value(out, name);
    out.resize(end, 0);
    Ok(())
}

/// Encodes an entry of a view index without a sub-node.
///
/// # Errors
/// A key or data that no entry can hold.
pub fn encode_view_entry(key: &[u8], data: &[u8]) -> Result<Vec<u8>, FormatError> {
    // Data starts right behind the key; measured offsets: 20 for 4-byte keys
    // ($SII), 24 for 8 ($SDH), 28 for 12 ($R), 32 for 16 ($O).
    let data_offset = num::to_u16(ENTRY_HEADER_LEN + key.len())?;
    let data_len = num::to_u16(data.len())?;
    let head = u64::from(data_offset) | (u64::from(data_len) << 16);
    encode_entry(head, key, data, EntryFlags::empty())
}

/// Bytes of the keyless last entry of a node.
#[must_use]
pub const fn last_entry_len(has_child: bool) -> usize {
    ENTRY_HEADER_LEN + if has_child { size_of::<u64>() } else { 0 }
}

/// Encodes the keyless last entry of a node.
#[must_use]
pub fn encode_last_entry(child: Option<u64>) -> Vec<u8> {
    let mut out = encode_entry(0, &[], &[], EntryFlags::LAST).unwrap_or_default();
    if let Some(vcn) = child {
        out = with_child(&out, vcn).unwrap_or(out);
    }
    out
}

fn entry_header(
    head: u64,
    length: usize,
    key_len: usize,
    flags: EntryFlags,
) -> Result<EntryHeader, FormatError> {
    Ok(EntryHeader {
        reference_or_data: U64::new(head),
        length: U16::new(num::to_u16(length)?),
        key_length: U16::new(num::to_u16(key_len)?),
        flags: U16::new(flags.bits()),
        reserved: U16::new(0),
    })
}

fn encode_entry(
    head: u64,
    key: &[u8],
    data: &[u8],
    flags: EntryFlags,
) -> Result<Vec<u8>, FormatError> {
    let length = num::align8(ENTRY_HEADER_LEN + key.len() + data.len())?;
    let header = entry_header(head, length, key.len(), flags)?;
    let mut out = Vec::with_capacity(length + 8);
    out.extend_from_slice(header.as_bytes());
    out.extend_from_slice(key);
    out.extend_from_slice(data);
    out.resize(length, 0);
    Ok(out)
}

/// A copy of an encoded entry with a sub-node pointer (added or replaced).
///
/// # Errors
/// Bytes that are not an entry, or one too long to grow.
pub fn with_child(entry: &[u8], vcn: u64) -> Result<Vec<u8>, FormatError> {
    let mut out = without_child(entry)?;
    let length = out.len() + 8;
    let flags = num::u16_at(&out, 12)? | EntryFlags::HAS_CHILD.bits();
    num::put(&mut out, 8, &num::to_u16(length)?.to_le_bytes())?;
    num::put(&mut out, 12, &flags.to_le_bytes())?;
    out.extend(vcn.to_le_bytes());
    Ok(out)
}

/// A copy of an encoded entry without its sub-node pointer.
///
/// # Errors
/// Bytes that are not an entry.
pub fn without_child(entry: &[u8]) -> Result<Vec<u8>, FormatError> {
    let view = EntryView::at(entry, 0)?;
    let mut out = view.bytes().to_vec();
    if view.child().is_some() {
        let length = out.len() - 8;
        out.truncate(length);
        let flags = num::u16_at(&out, 12)? & !EntryFlags::HAS_CHILD.bits();
        num::put(&mut out, 8, &num::to_u16(length)?.to_le_bytes())?;
        num::put(&mut out, 12, &flags.to_le_bytes())?;
    }
    Ok(out)
}

/// Changes the sub-node pointer of an encoded entry, in place.
///
/// # Errors
/// Bytes that are not an entry, or [`FormatErrorKind::Value`] for an entry that
/// has no sub-node.
pub fn set_child(entry: &mut [u8], vcn: u64) -> Result<(), FormatError> {
    let view = EntryView::at(entry, 0)?;
    let at = view
        .len()
        .checked_sub(8)
        .filter(|_| view.child().is_some())
        .ok_or(FormatError::new(FormatErrorKind::Value, 12))?;
    num::put(entry, at, &vcn.to_le_bytes())
}

/// The key of the entry at `offset` of a node that was validated when it was
/// read: the quick way in a search. Empty when nothing is there.
#[must_use]
#[inline]
pub fn key_at(node: &[u8], offset: usize) -> &[u8] {
    let header = node
        .get(offset..)
        .and_then(|rest| rest.split_first_chunk::<ENTRY_HEADER_LEN>());
    let Some((header, rest)) = header else {
        return &[];
    };
    let [_, _, _, _, _, _, _, _, _, _, low, high, ..] = *header;
    rest.get(..usize::from(u16::from_le_bytes([low, high])))
        .unwrap_or_default()
}

/// The key of an encoded entry, to be changed in place.
///
/// # Errors
/// Bytes that are not an entry.
pub fn key_mut(entry: &mut [u8]) -> Result<&mut [u8], FormatError> {
    let len = EntryView::at(entry, 0)?.key().len();
    num::slice_mut(entry, ENTRY_HEADER_LEN, len)
}

/// Encodes a whole `$INDEX_ROOT` value from encoded entries (the last one
/// included). `total` and `allocated` are equal, as a root has no spare room.
///
/// # Errors
/// Entries too long for any record.
pub fn encode_root(
    header: &RootHeader,
    entries: &[u8],
    has_children: bool,
) -> Result<Vec<u8>, FormatError> {
    let total = num::to_u32(NODE_HEADER_LEN + entries.len())?;
    let node = NodeHeader {
        first_entry: U32::new(num::to_u32(NODE_HEADER_LEN)?),
        total: U32::new(total),
        allocated: U32::new(total),
        flags: U32::new(if has_children { NODE_HAS_CHILDREN } else { 0 }),
    };
    let mut out = Vec::with_capacity(ROOT_NODE_OFFSET + NODE_HEADER_LEN + entries.len());
    out.extend_from_slice(header.as_bytes());
    out.extend_from_slice(node.as_bytes());
    out.extend_from_slice(entries);
    Ok(out)
}

/// Fills `block` with an index block of the given entries (the last one
/// included); an update sequence number found there is carried on.
///
/// # Errors
/// [`FormatErrorKind::NoRoom`] when the entries do not fit.
pub fn format_block(
    block: &mut [u8],
    vcn: u64,
    entries: &[u8],
    has_children: bool,
) -> Result<(), FormatError> {
    let number = match block.get(..4) {
        Some(signature) if *signature == BLOCK_SIGNATURE => num::u16_at(block, BLOCK_USA_OFFSET)?,
        _ => 0,
    };
    let new = encode_block(block.len(), vcn, entries, has_children)?;
    block.copy_from_slice(&new);
    num::put(block, BLOCK_USA_OFFSET, &number.max(1).to_le_bytes())
}

/// Encodes an index block of `len` bytes with the given entries (the last one
/// included), its first update sequence number 1.
///
/// # Errors
/// [`FormatErrorKind::NoRoom`] when the entries do not fit.
pub fn encode_block(
    len: usize,
    vcn: u64,
    entries: &[u8],
    has_children: bool,
) -> Result<Vec<u8>, FormatError> {
    let first = block_first_entry(len);
    let allocated = len
        .checked_sub(BLOCK_NODE_OFFSET)
        .filter(|_| len.is_multiple_of(fixup::STRIDE))
        .ok_or(FormatError::new(FormatErrorKind::Length, 0))?;
    if first + entries.len() > allocated {
        return Err(FormatError::new(FormatErrorKind::NoRoom, BLOCK_NODE_OFFSET));
    }
    let header = BlockHeader {
        signature: BLOCK_SIGNATURE,
        usa_offset: U16::new(num::to_u16(BLOCK_USA_OFFSET)?),
        usa_count: U16::new(num::to_u16(fixup::entries_for(len))?),
        lsn: U64::new(0),
        vcn: U64::new(vcn),
    };
    let node = NodeHeader {
        first_entry: U32::new(num::to_u32(first)?),
        total: U32::new(num::to_u32(first + entries.len())?),
        allocated: U32::new(num::to_u32(allocated)?),
        flags: U32::new(if has_children { NODE_HAS_CHILDREN } else { 0 }),
    };
    let mut block = Vec::with_capacity(len);
    block.extend_from_slice(header.as_bytes());
    block.extend_from_slice(node.as_bytes());
    block.extend_from_slice(&1_u16.to_le_bytes());
    block.resize(BLOCK_NODE_OFFSET + first, 0);
    block.extend_from_slice(entries);
    block.resize(len, 0);
    Ok(block)
}

/// Changes the `total` field of the node that starts at `node_offset` of
/// `bytes`, and `allocated` too when given.
///
/// # Errors
/// The node header is not inside `bytes`, or the size is not representable.
pub fn set_node_sizes(
    bytes: &mut [u8],
    node_offset: usize,
    total: usize,
    allocated: Option<usize>,
) -> Result<(), FormatError> {
    num::put(bytes, node_offset + 4, &num::to_u32(total)?.to_le_bytes())?;
    if let Some(allocated) = allocated {
        num::put(
            bytes,
            node_offset + 8,
            &num::to_u32(allocated)?.to_le_bytes(),
        )?;
    }
    Ok(())
}
