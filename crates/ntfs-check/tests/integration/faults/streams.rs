//! Run lists, sizes, the volume bitmap.

use linkwright_ntfs_check::ProblemCode as Code;
use linkwright_ntfs_format::Lcn;
use linkwright_ntfs_format::attribute::AttributeType as Type;
use linkwright_ntfs_format::runs::RunList;

use super::metafiles::set_size;
use super::{Fault, fault};
use crate::editor::{At, Editor};

fn first(editor: &Editor<'_>) -> Option<At> {
    editor.clusters_of_files().into_iter().next()
}

/// Gives the first run of `at` another place.
fn move_first_run(editor: &Editor<'_>, at: At, to: u64) -> bool {
    let mut moved = RunList::new();
    for (number, run) in editor.runs(at).runs().iter().enumerate() {
        let lcn = if number == 0 { Some(to) } else { run.lcn };
        moved.push(lcn.map(Lcn), run.length);
    }
    editor.set_runs(at, &moved)
}

fn edit_bitmap(editor: &Editor<'_>, cluster: u64, edit: fn(&mut u8, u8)) -> Option<()> {
    let at = editor.attribute(6, Type::DATA, "")?;
    editor.edit_stream(at, cluster / 8, 1, |bytes| {
        edit(&mut bytes[0], 1 << (cluster % 8));
    });
    Some(())
}

pub(super) fn faults() -> Vec<Fault> {
    vec![
        fault("mapping pairs", Code::MappingPairs, |e| {
            let at = first(e)?;
            let pairs = e.with_view(at, |view| {
                view.len() - view.non_resident().unwrap().pairs().len()
            });
            e.edit_at(at, |bytes| bytes[pairs] = 0xFF);
            Some(())
        }),
        fault("highest VCN", Code::HighestVcn, |e| {
            let at = first(e)?;
            e.edit_at(at, |bytes| bytes[0x18] = bytes[0x18].wrapping_add(1));
            Some(())
        }),
        fault("stream that starts at VCN 1", Code::ExtentGap, |e| {
            let at = first(e)?;
            e.edit_at(at, |bytes| {
                bytes[0x10] = 1;
                bytes[0x18] = bytes[0x18].wrapping_add(1);
            });
            Some(())
        }),
        fault("run outside the volume", Code::RunOutside, |e| {
            let clusters = e.geometry.cluster_count();
            e.clusters_of_files()
                .into_iter()
                .find(|at| move_first_run(e, *at, clusters - 1 + 8))
                .map(drop)
        }),
        fault("clusters of two files", Code::CrossLinked, |e| {
            let files = e.clusters_of_files();
            let [a, rest @ ..] = files.as_slice() else {
                return None;
            };
            let place = e.runs(*a).runs().first()?.lcn?;
            rest.iter()
                .find(|at| move_first_run(e, **at, place))
                .map(drop)
        }),
        fault("used cluster marked free", Code::UsedButFree, |e| {
            let place = e.runs(first(e)?).runs().first()?.lcn?;
            edit_bitmap(e, place, |byte, bit| *byte &= !bit)
        }),
        fault("cluster leaked", Code::Leaked, |e| {
            let bitmap = e.attribute(6, Type::DATA, "")?;
            let mut free = None;
            for byte in 0..e.geometry.cluster_count() / 8 {
                e.edit_stream(bitmap, byte, 1, |bytes| {
                    if bytes[0] == 0 {
                        free = Some(byte * 8);
                    }
                });
                if free.is_some() {
                    break;
                }
            }
            edit_bitmap(e, free?, |byte, bit| *byte |= bit)
        }),
        fault("bits past the end clear", Code::VolumeBitmapTail, |e| {
            let clusters = e.geometry.cluster_count();
            if clusters.is_multiple_of(8) {
                return None;
            }
            edit_bitmap(e, clusters, |byte, bit| *byte &= !bit)
        }),
        fault("volume bitmap too short", Code::VolumeBitmap, |e| {
            let at = e.attribute(6, Type::DATA, "")?;
            set_size(e, at, 0x30, |size| size / 2);
            set_size(e, at, 0x38, |size| size / 2);
            Some(())
        }),
        fault("allocated size", Code::AllocatedSize, |e| {
            set_size(e, first(e)?, 0x28, |size| size + 65_536);
            Some(())
        }),
        fault(
            "total allocated size of a sparse stream",
            Code::TotalAllocated,
            |e| {
                let at = e
                    .files()
                    .into_iter()
                    .filter_map(|n| e.attribute(n, Type::DATA, ""))
                    .find(|at| {
                        e.with_view(*at, |view| {
                            view.non_resident()
                                .is_some_and(|part| part.sizes().total_allocated.is_some())
                        })
                    })?;
                set_size(e, at, 0x40, |size| size + 65_536);
                Some(())
            },
        ),
        fault("more data than clusters", Code::StreamSizes, |e| {
            set_size(e, first(e)?, 0x30, |size| size + (1 << 30));
            Some(())
        }),
        fault("more initialized than data", Code::StreamSizes, |e| {
            set_size(e, first(e)?, 0x38, |size| size | 1 << 40);
            Some(())
        }),
    ]
}
