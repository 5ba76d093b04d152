//! Names and the entries that repeat them.

use linkwright_ntfs_check::ProblemCode as Code;
use linkwright_ntfs_format::attribute::AttributeType as Type;
use linkwright_ntfs_format::file_name::Namespace;

use super::{Fault, fault};
use crate::editor::{Editor, Entry, ROOT};
use crate::raw;

/// Bytes before the key of an entry.
const KEY: usize = 0x10;
/// Fields of a name.
const SIZE: usize = 0x30;
const ATTRIBUTES: usize = 0x38;
const TAG: usize = 0x3C;
const NAMESPACE: usize = 0x41;
const NAME: usize = 0x42;

fn entry(editor: &Editor<'_>) -> Option<Entry> {
    editor.entry_of(editor.simple_file()?)
}

/// Changes the entry of a simple file.
fn edit_entry(editor: &Editor<'_>, edit: fn(&mut [u8])) -> Option<()> {
    editor.edit_entry(&entry(editor)?, edit);
    Some(())
}

/// Changes the name of a simple file in its record.
fn edit_name(editor: &Editor<'_>, edit: fn(&mut [u8])) -> Option<()> {
    let at = editor.attribute(editor.simple_file()?, Type::FILE_NAME, "")?;
    editor.edit_value(at, edit);
    Some(())
}

/// Changes the name of a simple file in both places.
fn edit_both(editor: &Editor<'_>, file: u64, edit: fn(&mut [u8])) -> Option<()> {
    let entry = editor.entry_of(file)?;
    let at = editor.attribute(file, Type::FILE_NAME, "")?;
    editor.edit_value(at, edit);
    editor.edit_entry(&entry, |bytes| edit(&mut bytes[KEY..]));
    Some(())
}

fn link_entry(editor: &Editor<'_>) -> Option<Entry> {
    let link = editor
        .users()
        .into_iter()
        .find(|n| editor.has(*n, Type::REPARSE_POINT))?;
    editor.entry_of(link)
}

/// A file whose one name, of namespace 0, is (or is not) an 8.3 name.
fn named(editor: &Editor<'_>, short: bool) -> Option<u64> {
    editor.files().into_iter().find(|n| {
        let names = editor.names(*n);
        let [name] = names.as_slice() else {
            return false;
        };
        let text = String::from_utf16_lossy(&name.name);
        let is_short = text.len() <= 8 && text.chars().all(|c| c.is_ascii_alphanumeric());
        name.namespace == Namespace::Posix && is_short == short && (short || text.len() > 12)
    })
}

pub(super) fn faults() -> Vec<Fault> {
    let mut faults = names();
    faults.extend(entries());
    faults.extend(duplicated());
    faults
}

fn names() -> Vec<Fault> {
    vec![
        fault("unknown namespace", Code::NameMalformed, |e| {
            edit_name(e, |name| name[NAMESPACE] = 9)
        }),
        fault("parent is a file", Code::NameParent, |e| {
            let file = e.simple_file()?;
            let other = e.files().into_iter().find(|n| *n != file)?;
            let at = e.attribute(file, Type::FILE_NAME, "")?;
            e.edit_value(at, |name| {
                name[..6].copy_from_slice(&other.to_le_bytes()[..6])
            });
            Some(())
        }),
        fault(
            "parent's sequence number in the name",
            Code::NameParentSequence,
            |e| edit_name(e, |name| name[6] = name[6].wrapping_add(1)),
        ),
        fault("no name", Code::NoName, |e| {
            let at = e.attribute(e.simple_file()?, Type::FILE_NAME, "")?;
            e.edit(at.record, |bytes| drop(raw::remove(bytes, at.offset)));
            Some(())
        }),
        fault("other name in the record", Code::EntryWithoutName, |e| {
            edit_name(e, |name| name[NAME] ^= 0x40)
        }),
        fault("short name alone", Code::ShortNamePair, |e| {
            let file = named(e, true).or_else(|| {
                // On volumes with short names: the long half becomes one too.
                e.files().into_iter().find(|n| e.names(*n).len() == 1)
            })?;
            edit_both(e, file, |name| name[NAMESPACE] = 2)
        }),
        fault("long name marked as 8.3", Code::ShortNameInvalid, |e| {
            let file = named(e, false)?;
            edit_both(e, file, |name| name[NAMESPACE] = 3)
        }),
        fault(
            "long name without its short one",
            Code::LongNameAlone,
            |e| edit_both(e, e.simple_file()?, |name| name[NAMESPACE] = 1),
        ),
        fault("colon in a name", Code::NameCharacters, |e| {
            edit_both(e, e.simple_file()?, |name| name[NAME] = b':')
        }),
        fault("directories in a circle", Code::UnreachableDirectory, |e| {
            let users = e.users();
            let (outer, inner) = users.iter().find_map(|inner| {
                let parent = e.names(*inner).first()?.parent.record().0;
                (e.is_directory(*inner) && parent != ROOT && users.contains(&parent))
                    .then_some((parent, *inner))
            })?;
            let at = e.attribute(outer, Type::FILE_NAME, "")?;
            e.edit_value(at, |name| {
                name[..6].copy_from_slice(&inner.to_le_bytes()[..6])
            });
            Some(())
        }),
    ]
}

fn entries() -> Vec<Fault> {
    vec![
        fault("name without entry", Code::NameWithoutEntry, |e| {
            e.remove_entry(&entry(e)?);
            Some(())
        }),
        fault("entry to a free record", Code::EntryUnused, |e| {
            let free = e.free_record()?;
            e.edit_entry(&entry(e)?, |bytes| {
                bytes[..6].copy_from_slice(&free.to_le_bytes()[..6]);
            });
            Some(())
        }),
        fault("entry past the end of the MFT", Code::EntryUnused, |e| {
            edit_entry(e, |bytes| bytes[4] = 0x7F)
        }),
        fault("entry's sequence number", Code::EntrySequence, |e| {
            edit_entry(e, |bytes| bytes[6] = bytes[6].wrapping_add(1))
        }),
        fault("entry's parent", Code::EntryParent, |e| {
            edit_entry(e, |bytes| bytes[KEY + 6] = bytes[KEY + 6].wrapping_add(1))
        }),
        fault("namespace in the entry", Code::EntryNamespace, |e| {
            edit_entry(e, |bytes| bytes[KEY + NAMESPACE] ^= 1)
        }),
        fault("entry of another name", Code::NameWithoutEntry, |e| {
            edit_entry(e, |bytes| bytes[KEY + NAME] ^= 0x40)
        }),
    ]
}

fn duplicated() -> Vec<Fault> {
    vec![
        fault("size in the entry", Code::EntrySize, |e| {
            edit_entry(e, |bytes| bytes[KEY + SIZE + 1] ^= 1)
        }),
        fault(
            "directory bit in a file's entry",
            Code::EntryDirectoryFlag,
            |e| edit_entry(e, |bytes| bytes[KEY + ATTRIBUTES + 3] ^= 0x10),
        ),
        fault("attributes in the entry", Code::EntryAttributes, |e| {
            edit_entry(e, |bytes| bytes[KEY + ATTRIBUTES] ^= 1)
        }),
        fault("time in the entry", Code::EntryTimes, |e| {
            edit_entry(e, |bytes| bytes[KEY + 0x10] ^= 1)
        }),
        fault(
            "size of extended attributes in the entry",
            Code::EntryEaSize,
            |e| edit_entry(e, |bytes| bytes[KEY + TAG] ^= 1),
        ),
        fault(
            "reparse bit in a plain file's entry",
            Code::EntryReparseFlag,
            |e| edit_entry(e, |bytes| bytes[KEY + ATTRIBUTES + 1] ^= 4),
        ),
        fault(
            "reparse bit clear in a link's entry",
            Code::EntryReparseFlag,
            |e| {
                e.edit_entry(&link_entry(e)?, |bytes| bytes[KEY + ATTRIBUTES + 1] ^= 4);
                Some(())
            },
        ),
        fault(
            "reparse tag in a link's entry",
            Code::EntryReparseTag,
            |e| {
                e.edit_entry(&link_entry(e)?, |bytes| {
                    bytes[KEY + TAG..KEY + TAG + 4].fill(0)
                });
                Some(())
            },
        ),
    ]
}
