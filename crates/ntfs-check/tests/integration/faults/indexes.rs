//! Nodes, order, down pointers and bitmaps of indexes; `$Reparse` and
//! `$ObjId`.

use linkwright_ntfs_check::ProblemCode as Code;
use linkwright_ntfs_format::attribute::AttributeType as Type;
use linkwright_ntfs_format::index;

use super::{Fault, fault};
use crate::editor::{Editor, Entry, I30, ROOT};
use crate::raw;

/// Changes the header of the leaf of a directory, from the node header on.
fn edit_leaf(editor: &Editor<'_>, edit: fn(&mut [u8])) -> Option<()> {
    let (directory, vcn) = editor.leaf()?;
    editor.edit_node(directory, I30, Some(vcn), edit);
    Some(())
}

fn root_of(editor: &Editor<'_>) -> Option<crate::editor::At> {
    editor.attribute(ROOT, Type::INDEX_ROOT, I30)
}

/// Exchanges two neighbours of one node, whatever their lengths.
fn swap(editor: &Editor<'_>, entries: &[Entry]) -> Option<()> {
    let [a, b] = entries.windows(2).find_map(|pair| match pair {
        [a, b] if a.vcn == b.vcn && a.view().child().is_none() => Some([a, b]),
        _ => None,
    })?;
    editor.edit_node(a.owner, &a.index, a.vcn, |node| {
        node[a.offset..a.offset + a.bytes.len() + b.bytes.len()].rotate_left(a.bytes.len());
    });
    Some(())
}

/// The file of `$Extend` with an index of this name.
fn owner(editor: &Editor<'_>, index: &str) -> Option<u64> {
    editor.bases().skip(11).find(|n| {
        editor.attribute(*n, Type::INDEX_ROOT, index).is_some()
            && editor.attribute(*n, Type::INDEX_ROOT, "$Q").is_none()
    })
}

fn view_entry(editor: &Editor<'_>, index: &str) -> Option<Entry> {
    editor.entries(owner(editor, index)?, index).pop()
}

pub(super) fn faults() -> Vec<Fault> {
    let mut faults = nodes();
    faults.extend(trees());
    faults.extend(views());
    faults
}

fn nodes() -> Vec<Fault> {
    vec![
        fault("index root's collation", Code::IndexRoot, |e| {
            e.edit_value(root_of(e)?, |value| value[4] = 0x10);
            Some(())
        }),
        fault("index root's block size", Code::IndexRoot, |e| {
            e.edit_value(root_of(e)?, |value| value[9] ^= 0x01);
            Some(())
        }),
        fault("index root's clusters a block", Code::IndexRoot, |e| {
            e.edit_value(root_of(e)?, |value| value[12] = 0xF4);
            Some(())
        }),
        fault("node longer than its block", Code::IndexNode, |e| {
            edit_leaf(e, |node| node[8..12].copy_from_slice(&[0, 0, 1, 0]))
        }),
        fault("node's allocated size", Code::IndexNode, |e| {
            edit_leaf(e, |node| node[8] -= 8)
        }),
        fault("entry of no length", Code::IndexEntry, |e| {
            let (directory, vcn) = e.leaf()?;
            let entry = e
                .entries(directory, I30)
                .into_iter()
                .find(|entry| entry.vcn == Some(vcn))?;
            e.edit_entry(&entry, |bytes| bytes[8..10].fill(0));
            Some(())
        }),
        fault("entries swapped in a leaf", Code::IndexOrder, |e| {
            let (directory, vcn) = e.leaf()?;
            let mut entries = e.entries(directory, I30);
            entries.retain(|entry| entry.vcn == Some(vcn));
            swap(e, &entries)
        }),
        fault("entries swapped in a root", Code::IndexOrder, |e| {
            e.users()
                .into_iter()
                .map(|n| e.entries(n, I30))
                .find_map(|mut entries| {
                    entries.retain(|entry| entry.vcn.is_none());
                    swap(e, &entries)
                })
        }),
        fault("entries swapped in $SII", Code::IndexOrder, |e| {
            swap(e, &e.entries(9, "$SII"))
        }),
        fault("block signature", Code::IndexBlockSignature, |e| {
            let (directory, vcn) = e.leaf()?;
            let mut bytes = e.raw_block(directory, I30, vcn);
            bytes[0] = b'X';
            e.put_raw_block(directory, I30, vcn, &bytes);
            Some(())
        }),
        fault("block torn", Code::IndexBlockTorn, |e| {
            let (directory, vcn) = e.leaf()?;
            let mut bytes = e.raw_block(directory, I30, vcn);
            bytes[1022] ^= 0xFF;
            e.put_raw_block(directory, I30, vcn, &bytes);
            Some(())
        }),
        fault("block's own VCN", Code::IndexBlockVcn, |e| {
            let (directory, vcn) = e.leaf()?;
            e.edit_block(directory, I30, vcn, |bytes| bytes[0x10] ^= 0x40);
            Some(())
        }),
    ]
}

fn trees() -> Vec<Fault> {
    vec![
        fault(
            "down pointer out of the index",
            Code::IndexDownPointer,
            |e| {
                let entry = e.inner_entries().into_iter().next()?;
                e.edit_entry(&entry, |bytes| {
                    let at = bytes.len() - 8;
                    bytes[at + 3] = 0x7F;
                });
                Some(())
            },
        ),
        fault("down pointers to one block", Code::IndexBlockTwice, |e| {
            let entries = e.inner_entries();
            let [a, b, ..] = entries.as_slice() else {
                return None;
            };
            let child = a.view().child()?;
            e.edit_entry(b, |bytes| {
                let at = bytes.len() - 8;
                bytes[at..].copy_from_slice(&child.to_le_bytes());
            });
            Some(())
        }),
        fault("blocks one below the other", Code::IndexDepth, |e| {
            let many = e.find("many")?;
            let mut vcns: Vec<u64> = e
                .entries(many, I30)
                .into_iter()
                .filter_map(|entry| entry.vcn)
                .collect();
            vcns.sort_unstable();
            vcns.dedup();
            if vcns.len() < 42 {
                return None;
            }
            let root = e.attribute(many, Type::INDEX_ROOT, I30)?;
            let top = e.with_view(root, |view| {
                let node = index::root_node(view.resident_value().unwrap()).unwrap();
                node.entries()
                    .flatten()
                    .next()
                    .and_then(|first| first.child())
            })?;
            vcns.retain(|vcn| *vcn != top);
            vcns.insert(0, top);
            for pair in vcns.windows(2) {
                e.edit_block(many, I30, pair[0], |block| {
                    raw::only_below(block, pair[1]);
                });
            }
            Some(())
        }),
        fault(
            "inner entry lost with what is below",
            Code::IndexBlockUnreachable,
            |e| {
                e.remove_entry(e.inner_entries().first()?);
                Some(())
            },
        ),
        fault("index bitmap bit clear", Code::IndexBitmapClear, |e| {
            let (directory, _) = e.leaf()?;
            let at = e.attribute(directory, Type::BITMAP, I30)?;
            e.edit_stream(at, 0, 1, |bytes| bytes[0] &= !1);
            Some(())
        }),
        fault("index bitmap missing", Code::IndexAllocation, |e| {
            let (directory, _) = e.leaf()?;
            let at = e.attribute(directory, Type::BITMAP, I30)?;
            e.edit_at(at, |bytes| {
                let name = usize::from(u16::from_le_bytes([bytes[10], bytes[11]]));
                bytes[name + 6] = b'1';
            });
            Some(())
        }),
        fault("node says it has no children", Code::IndexChildFlag, |e| {
            let entry = e.inner_entries().into_iter().next()?;
            e.edit_node(entry.owner, I30, entry.vcn, |node| node[12] &= !1);
            Some(())
        }),
        fault("leaf says it has children", Code::IndexDownPointer, |e| {
            edit_leaf(e, |node| node[12] |= 1)
        }),
    ]
}

fn views() -> Vec<Fault> {
    vec![
        fault("$R entry missing", Code::ReparseIndexMissing, |e| {
            e.remove_entry(&view_entry(e, "$R")?);
            Some(())
        }),
        fault("$R entry of another file", Code::ReparseIndexStale, |e| {
            let file = e.simple_file()?;
            e.edit_entry(&view_entry(e, "$R")?, |bytes| {
                bytes[0x14..0x1A].copy_from_slice(&file.to_le_bytes()[..6]);
            });
            Some(())
        }),
        fault("$R entry of another tag", Code::ReparseIndexStale, |e| {
            e.edit_entry(&view_entry(e, "$R")?, |bytes| bytes[0x10] ^= 0x20);
            Some(())
        }),
        fault("$O entry missing", Code::ObjectIdIndexMissing, |e| {
            e.remove_entry(&view_entry(e, "$O")?);
            Some(())
        }),
        fault("$O entry of another file", Code::ObjectIdIndexStale, |e| {
            let file = e.simple_file()?;
            e.edit_entry(&view_entry(e, "$O")?, |bytes| {
                bytes[0x20..0x26].copy_from_slice(&file.to_le_bytes()[..6]);
            });
            Some(())
        }),
    ]
}
