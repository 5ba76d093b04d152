//! File records and attributes.

use linkwright_ntfs_check::ProblemCode as Code;
use linkwright_ntfs_format::attribute::AttributeType as Type;
use linkwright_ntfs_format::attribute::AttributeView;
use linkwright_ntfs_format::record;
use linkwright_ntfs_format::{FileReference, SequenceNumber};

use super::{Fault, fault};
use crate::editor::{At, Editor};
use crate::raw;

/// Changes the header of a simple file's record.
fn header(editor: &Editor<'_>, edit: fn(&mut record::RecordHeader)) -> Option<()> {
    editor.edit(editor.simple_file()?, |bytes| {
        edit(record::header_mut(bytes).unwrap());
    });
    Some(())
}

/// Changes the bytes of a simple file's record as they lie on disk.
fn on_disk(editor: &Editor<'_>, edit: fn(&mut [u8])) -> Option<()> {
    let file = editor.simple_file()?;
    let mut bytes = editor.raw_record(file);
    edit(&mut bytes);
    editor.put_raw_record(file, &bytes);
    Some(())
}

/// Adds an attribute to a simple file, in its place by type.
fn add(editor: &Editor<'_>, kind: Type, lay: impl Fn(u32, u16) -> Vec<u8>) -> Option<()> {
    editor.edit(editor.simple_file()?, |bytes| {
        let attribute = lay(kind.0, raw::take_instance(bytes));
        let offset = record::attributes(bytes)
            .flatten()
            .find(|view| view.type_code() > kind)
            .map_or_else(|| raw::end_of(bytes), |view| view.offset());
        raw::insert(bytes, offset, &attribute);
    });
    Some(())
}

fn list(editor: &Editor<'_>) -> Option<At> {
    editor
        .bases()
        .find_map(|n| editor.attribute(n, Type::ATTRIBUTE_LIST, ""))
}

pub(super) fn faults() -> Vec<Fault> {
    let mut faults = headers();
    faults.extend(chains());
    faults.extend(lists());
    faults
}

fn headers() -> Vec<Fault> {
    vec![
        fault("record signature", Code::RecordSignature, |e| {
            on_disk(e, |bytes| bytes[..4].copy_from_slice(b"XXXX"))
        }),
        fault("record marked as bad", Code::RecordBaad, |e| {
            on_disk(e, |bytes| bytes[..4].copy_from_slice(b"BAAD"))
        }),
        fault("record torn", Code::RecordTorn, |e| {
            on_disk(e, |bytes| bytes[510] ^= 0xFF)
        }),
        fault("update sequence count", Code::RecordUpdateSequence, |e| {
            on_disk(e, |bytes| bytes[6] += 1)
        }),
        fault("first attribute offset", Code::RecordFirstAttribute, |e| {
            header(e, |h| h.attributes_offset.set(0x30))
        }),
        fault("used size 4 short", Code::RecordUsedSize, |e| {
            header(e, |h| h.used.set(h.used.get() - 4))
        }),
        fault("allocated size", Code::RecordAllocatedSize, |e| {
            header(e, |h| h.allocated.set(h.allocated.get() * 2))
        }),
        fault("record number", Code::RecordNumber, |e| {
            header(e, |h| h.number.set(h.number.get() + 1))
        }),
        fault("link count one more", Code::LinkCount, |e| {
            header(e, |h| h.link_count.set(h.link_count.get() + 1))
        }),
        fault("next instance taken", Code::NextInstance, |e| {
            header(e, |h| h.next_instance.set(1))
        }),
        fault("directory flag set on a file", Code::RecordFlags, |e| {
            header(e, |h| h.flags.set(h.flags.get() | 2))
        }),
        fault(
            "system record's sequence number",
            Code::RecordSequence,
            |e| {
                e.edit(8, |bytes| {
                    record::header_mut(bytes).unwrap().sequence.set(9);
                });
                Some(())
            },
        ),
        fault(
            "extension record with links",
            Code::ExtensionLinkCount,
            |e| {
                let (extension, _) = e.extensions().next()?;
                e.edit(extension, |bytes| {
                    record::header_mut(bytes).unwrap().link_count.set(1);
                });
                Some(())
            },
        ),
        fault(
            "extension record of a free base",
            Code::ExtensionBase,
            |e| {
                let (extension, _) = e.extensions().next()?;
                let free = FileReference::new(Editor::number(e.free_record()?), SequenceNumber(1));
                e.edit(extension, |bytes| {
                    record::header_mut(bytes).unwrap().base.set(free.raw());
                });
                Some(())
            },
        ),
        fault("extension record in no list", Code::ExtensionOrphan, |e| {
            let base = e.simple_file()?;
            let sequence = record::header(&e.record(base)).unwrap().sequence();
            let free = e.free_record()?;
            let reference = FileReference::new(Editor::number(base), sequence).raw();
            let size = e.geometry.record_size() as usize;
            let mut bytes = raw::extension_record(size, free, reference);
            raw::protect(&mut bytes);
            e.put_raw_record(free, &bytes);
            let bitmap = e.attribute(0, Type::BITMAP, "")?;
            e.edit_stream(bitmap, free / 8, 1, |byte| byte[0] |= 1 << (free % 8));
            Some(())
        }),
    ]
}

fn chains() -> Vec<Fault> {
    vec![
        fault("attribute of no length", Code::RecordAttributes, |e| {
            let at = e.attribute(e.simple_file()?, Type::DATA, "")?;
            e.edit_at(at, |bytes| bytes[4] = 0);
            Some(())
        }),
        fault("instance twice", Code::DuplicateInstance, |e| {
            let at = e.attribute(e.simple_file()?, Type::DATA, "")?;
            let taken = e.with_view(
                e.attribute(at.record, Type::STANDARD_INFORMATION, "")?,
                |view| view.instance(),
            );
            e.edit_at(at, |bytes| {
                bytes[14..16].copy_from_slice(&taken.to_le_bytes())
            });
            Some(())
        }),
        fault("attributes swapped", Code::AttributeOrder, |e| {
            let at = e.attribute(e.simple_file()?, Type::DATA, "")?;
            e.edit(at.record, |bytes| {
                let data = AttributeView::at(bytes, at.offset)
                    .unwrap()
                    .bytes()
                    .to_vec();
                let name = record::attributes(bytes)
                    .flatten()
                    .find(|view| view.type_code() == Type::FILE_NAME)
                    .unwrap()
                    .offset();
                raw::remove(bytes, at.offset);
                raw::insert(bytes, name, &data);
            });
            Some(())
        }),
        fault("indexed flag clear", Code::IndexedFlag, |e| {
            let at = e.attribute(e.simple_file()?, Type::FILE_NAME, "")?;
            e.edit_at(at, |bytes| bytes[0x16] = 0);
            Some(())
        }),
        fault("no standard information", Code::StandardInformation, |e| {
            let at = e.attribute(e.simple_file()?, Type::STANDARD_INFORMATION, "")?;
            e.edit(at.record, |bytes| drop(raw::remove(bytes, at.offset)));
            Some(())
        }),
        fault("no unnamed stream", Code::DataMissing, |e| {
            let at = e.attribute(e.simple_file()?, Type::DATA, "")?;
            e.edit(at.record, |bytes| drop(raw::remove(bytes, at.offset)));
            Some(())
        }),
        fault("two unnamed streams", Code::DuplicateAttribute, |e| {
            add(e, Type::DATA, |kind, id| {
                raw::resident(kind, id, &[], b"twice")
            })
        }),
        fault("object id in clusters", Code::MustBeResident, |e| {
            add(e, Type::OBJECT_ID, raw::without_clusters)
        }),
        fault("object id too short", Code::ObjectId, |e| {
            add(e, Type::OBJECT_ID, |kind, id| {
                raw::resident(kind, id, &[], &[1; 8])
            })
        }),
        fault(
            "extended attributes without their summary",
            Code::ExtendedAttributes,
            |e| {
                add(e, Type::EA, |kind, id| {
                    raw::resident(kind, id, &[], &[1; 24])
                })
            },
        ),
        fault(
            "reparse flag without a reparse point",
            Code::ReparseFlag,
            |e| {
                let at = e.attribute(e.simple_file()?, Type::STANDARD_INFORMATION, "")?;
                e.edit_value(at, |value| value[0x21] |= 4);
                Some(())
            },
        ),
        fault("reparse buffer cut short", Code::ReparseBuffer, |e| {
            let link = e
                .files()
                .into_iter()
                .find(|n| e.has(*n, Type::REPARSE_POINT))?;
            let at = e.attribute(link, Type::REPARSE_POINT, "")?;
            e.edit_value(at, |value| value[4] = value[4].wrapping_add(4));
            Some(())
        }),
    ]
}

fn lists() -> Vec<Fault> {
    vec![
        fault(
            "attribute list entry of no length",
            Code::AttributeList,
            |e| {
                e.edit_stream(list(e)?, 4, 2, |bytes| bytes.fill(0));
                Some(())
            },
        ),
        fault(
            "attribute list names a wrong instance",
            Code::AttributeListDangling,
            |e| {
                e.edit_stream(list(e)?, 0x18, 1, |bytes| bytes[0] ^= 0x40);
                Some(())
            },
        ),
        fault(
            "attribute list lacks an attribute",
            Code::AttributeListMissing,
            |e| {
                // The first entry becomes a copy of the second.
                let at = list(e)?;
                let mut lengths = [0; 2];
                e.edit_stream(at, 4, 2, |bytes| lengths[0] = usize::from(bytes[0]));
                e.edit_stream(at, lengths[0] as u64 + 4, 2, |bytes| {
                    lengths[1] = usize::from(bytes[0]);
                });
                if lengths[0] != lengths[1] {
                    return None;
                }
                e.edit_stream(at, 0, lengths[0] * 2, |bytes| {
                    bytes.copy_within(lengths[0].., 0);
                });
                Some(())
            },
        ),
        fault("attribute list unsorted", Code::AttributeListOrder, |e| {
            let at = list(e)?;
            let mut first = 0;
            e.edit_stream(at, 4, 2, |bytes| first = usize::from(bytes[0]));
            let mut second = 0;
            e.edit_stream(at, first as u64 + 4, 2, |bytes| {
                second = usize::from(bytes[0])
            });
            e.edit_stream(at, 0, first + second, |bytes| bytes.rotate_left(first));
            Some(())
        }),
    ]
}
