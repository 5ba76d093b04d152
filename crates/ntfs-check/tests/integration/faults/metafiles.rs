//! Boot sectors, `$MFT`, mirror, bitmaps, `$UpCase`, `$Secure`, `$Volume`,
//! `$LogFile`.

use linkwright_ntfs_check::ProblemCode as Code;
use linkwright_ntfs_format::attribute::AttributeType as Type;
use linkwright_ntfs_format::log::LogState;
use linkwright_ntfs_format::{fixup, record};

use super::{Fault, fault};
use crate::editor::{At, Editor};
use crate::raw;

const SECURE: u64 = 9;

/// Changes a resident or non-resident size field: 0x28 allocated, 0x30 data,
/// 0x38 initialized.
pub(super) fn set_size(editor: &Editor<'_>, at: At, field: usize, change: fn(u64) -> u64) {
    editor.edit_at(at, |bytes| {
        let old = u64::from_le_bytes(bytes[field..field + 8].try_into().unwrap());
        bytes[field..field + 8].copy_from_slice(&change(old).to_le_bytes());
    });
}

fn first_security_entry(editor: &Editor<'_>, copy: u64) -> Option<(At, u64)> {
    let at = editor.attribute(SECURE, Type::DATA, "$SDS")?;
    Some((at, copy * 0x4_0000 + 0x18))
}

fn rename(editor: &Editor<'_>, at: At, unit: usize, to: u8) {
    editor.edit_at(at, |bytes| {
        let name = usize::from(u16::from_le_bytes([bytes[10], bytes[11]]));
        bytes[name + unit * 2] = to;
    });
}

fn edit_restart_pages(editor: &Editor<'_>, edit: fn(&mut [u8])) -> Option<()> {
    let at = editor.attribute(2, Type::DATA, "")?;
    let place = editor.place(&editor.runs(at), 0)?;
    for page in 0..2 {
        let offset = place + page * 4096;
        let mut bytes = editor.read(offset, 4096);
        fixup::remove(&mut bytes).ok()?;
        edit(&mut bytes);
        raw::protect(&mut bytes);
        editor.write(offset, &bytes);
    }
    Some(())
}

pub(super) fn faults() -> Vec<Fault> {
    vec![
        fault("first boot sector overwritten", Code::BootSector, |e| {
            e.write(3, b"EXFAT   ");
            Some(())
        }),
        fault("backup boot sector zeroed", Code::BackupBootSector, |e| {
            e.write(e.geometry.backup_boot_offset(), &[0; 512]);
            Some(())
        }),
        fault(
            "more sectors than the device has",
            Code::DeviceTooShort,
            |e| {
                e.change(0x28, 8, |bytes| bytes[3] = bytes[3].wrapping_add(1));
                Some(())
            },
        ),
        fault(
            "mirror not where the boot sector says",
            Code::MftMirrorPlace,
            |e| {
                for sector in [0, e.geometry.backup_boot_offset()] {
                    e.change(sector + 0x38, 8, |bytes| bytes[0] ^= 1);
                }
                Some(())
            },
        ),
        fault("record 0 torn", Code::MftFirstRecord, |e| {
            let start = e.geometry.mft_lcn().0 * u64::from(e.geometry.cluster_size());
            e.change(start + 510, 2, |bytes| bytes[0] ^= 0xFF);
            Some(())
        }),
        fault("mirror differs", Code::MftMirror, |e| {
            let start = e.geometry.mirror_lcn().0 * u64::from(e.geometry.cluster_size());
            let size = u64::from(e.geometry.record_size());
            e.change(start + size + 0x40, 1, |bytes| bytes[0] ^= 1);
            Some(())
        }),
        fault("MFT's own place", Code::MftPlace, |e| {
            // The boot sectors say one cluster further on, where record 0 is
            // found again: only clusters as large as a record allow that.
            let records = u64::from(e.geometry.cluster_size() / e.geometry.record_size()).max(1);
            let start = e.geometry.mft_lcn().0 * u64::from(e.geometry.cluster_size());
            let size = e.geometry.record_size() as usize;
            let bytes = e.read(start, size);
            e.write(start + records * size as u64, &bytes);
            for sector in [0, e.geometry.backup_boot_offset()] {
                e.change(sector + 0x30, 8, |bytes| {
                    let lcn = u64::from_le_bytes(bytes.try_into().unwrap()) + 1;
                    bytes.copy_from_slice(&lcn.to_le_bytes());
                });
            }
            Some(())
        }),
        fault("$Boot not at the start", Code::BootFile, |e| {
            let at = e.attribute(7, Type::DATA, "")?;
            let pairs = e.with_view(at, |view| {
                view.len() - view.non_resident().unwrap().pairs().len()
            });
            e.edit_at(at, |bytes| {
                let len = usize::from(bytes[pairs] & 0xF);
                bytes[pairs + 1 + len] = 5;
            });
            Some(())
        }),
        fault(
            "log sequence number past the log's end",
            Code::LsnBeyondLog,
            |e| {
                e.edit(e.simple_file()?, |bytes| {
                    record::header_mut(bytes).unwrap().lsn.set(1 << 60);
                });
                let at = e.attribute(2, Type::DATA, "")?;
                let log = e.read(e.place(&e.runs(at), 0)?, 8192);
                matches!(LogState::of(&log), LogState::Clean(_)).then_some(())
            },
        ),
        fault("MFT data larger than its runs", Code::MftRuns, |e| {
            let at = e.attribute(0, Type::DATA, "")?;
            set_size(e, at, 0x30, |size| size + (64 << 20));
            Some(())
        }),
        fault("MFT bitmap bit cleared", Code::MftBitmapClear, |e| {
            let at = e.attribute(0, Type::BITMAP, "")?;
            let file = e.simple_file()?;
            e.edit_stream(at, file / 8, 1, |byte| byte[0] &= !(1 << (file % 8)));
            Some(())
        }),
        fault("MFT bitmap bit set", Code::MftBitmapSet, |e| {
            let at = e.attribute(0, Type::BITMAP, "")?;
            let free = e.free_record()?;
            e.edit_stream(at, free / 8, 1, |byte| byte[0] |= 1 << (free % 8));
            Some(())
        }),
        fault("MFT bitmap too short", Code::MftBitmapSize, |e| {
            let at = e.attribute(0, Type::BITMAP, "")?;
            if e.is_resident(at) {
                return None;
            }
            set_size(e, at, 0x30, |_| 1);
            set_size(e, at, 0x38, |_| 1);
            Some(())
        }),
        fault("upcase folds an ASCII letter wrongly", Code::Upcase, |e| {
            let at = e.attribute(10, Type::DATA, "")?;
            e.edit_stream(at, u64::from(b'a') * 2, 1, |byte| byte[0] = b'B');
            Some(())
        }),
        fault("attribute definitions without $DATA", Code::AttrDef, |e| {
            let at = e.attribute(4, Type::DATA, "")?;
            // The first table entry is $STANDARD_INFORMATION, 160 bytes each.
            for entry in 0..16_u64 {
                let mut kind = [0; 4];
                e.edit_stream(at, entry * 160 + 0x80, 4, |bytes| {
                    kind.copy_from_slice(bytes)
                });
                if u32::from_le_bytes(kind) == Type::DATA.0 {
                    e.edit_stream(at, entry * 160 + 0x80, 1, |bytes| bytes[0] = 0x81);
                    return Some(());
                }
            }
            None
        }),
        fault("upcase checksum wrong", Code::UpcaseInfo, |e| {
            let at = e.attribute(10, Type::DATA, "$Info")?;
            e.edit_value(at, |value| value[8] ^= 1);
            Some(())
        }),
        fault(
            "security descriptor changed, both copies",
            Code::SecurityEntry,
            |e| {
                for copy in 0..2 {
                    let (at, offset) = first_security_entry(e, copy)?;
                    e.edit_stream(at, offset, 1, |byte| byte[0] ^= 1);
                }
                Some(())
            },
        ),
        fault(
            "security descriptor's copy changed",
            Code::SecurityMirror,
            |e| {
                let (at, offset) = first_security_entry(e, 1)?;
                e.edit_stream(at, offset, 1, |byte| byte[0] ^= 1);
                Some(())
            },
        ),
        fault("$SDS missing", Code::SecureMissing, |e| {
            let at = e.attribute(SECURE, Type::DATA, "$SDS")?;
            rename(e, at, 3, b'X');
            Some(())
        }),
        fault("$SDH missing", Code::IndexMissing, |e| {
            let at = e.attribute(SECURE, Type::INDEX_ROOT, "$SDH")?;
            rename(e, at, 3, b'X');
            Some(())
        }),
        fault("$SII hash wrong", Code::SecurityIdEntry, |e| {
            let entry = e.entries(SECURE, "$SII").pop()?;
            e.edit_entry(&entry, |bytes| bytes[0x14] ^= 1);
            Some(())
        }),
        fault("$SII entry missing", Code::SecurityIdMissing, |e| {
            let entry = e.entries(SECURE, "$SII").pop()?;
            e.remove_entry(&entry);
            Some(())
        }),
        fault("$SDH offset wrong", Code::SecurityHashEntry, |e| {
            let entry = e.entries(SECURE, "$SDH").pop()?;
            e.edit_entry(&entry, |bytes| bytes[0x18 + 8] ^= 0x10);
            Some(())
        }),
        fault("$SDH entry missing", Code::SecurityHashMissing, |e| {
            let entry = e.entries(SECURE, "$SDH").pop()?;
            e.remove_entry(&entry);
            Some(())
        }),
        fault("security id unknown", Code::SecurityIdUnknown, |e| {
            let at = e
                .bases()
                .filter_map(|n| e.attribute(n, Type::STANDARD_INFORMATION, ""))
                .find(|at| {
                    e.with_view(*at, |view| {
                        view.resident_value().is_some_and(|value| value.len() == 72)
                    })
                })?;
            e.edit_value(at, |value| value[0x34..0x38].copy_from_slice(&[0, 0, 9, 0]));
            Some(())
        }),
        fault("unknown NTFS version", Code::VolumeInformation, |e| {
            let at = e.attribute(3, Type::VOLUME_INFORMATION, "")?;
            e.edit_value(at, |value| value[8] = 9);
            Some(())
        }),
        fault("dirty flag", Code::VolumeDirty, |e| {
            let at = e.attribute(3, Type::VOLUME_INFORMATION, "")?;
            e.edit_value(at, |value| value[10] |= 1);
            Some(())
        }),
        fault("log file to be resized", Code::VolumeFlags, |e| {
            let at = e.attribute(3, Type::VOLUME_INFORMATION, "")?;
            e.edit_value(at, |value| value[10] |= 2);
            Some(())
        }),
        fault("log without a restart page", Code::LogUnknown, |e| {
            let at = e.attribute(2, Type::DATA, "")?;
            let place = e.place(&e.runs(at), 0)?;
            e.write(place, &[7; 16384]);
            Some(())
        }),
        fault("log says another size", Code::LogSize, |e| {
            edit_restart_pages(e, |page| raw::set_log_size(page, 1 << 30))
        }),
        fault("log not clean", Code::LogNotClean, |e| {
            let at = e.attribute(2, Type::DATA, "")?;
            let place = e.place(&e.runs(at), 0)?;
            if matches!(LogState::of(&e.read(place, 8192)), LogState::NotClean(_)) {
                return None;
            }
            let size = e.with_view(at, |view| view.non_resident().unwrap().sizes().data);
            for copy in 0..2 {
                e.write(place + copy * 4096, &raw::unclean_page(size));
            }
            Some(())
        }),
        fault("hibernated", Code::Hibernated, |e| {
            let at = e.attribute(e.find("hiberfil.sys")?, Type::DATA, "")?;
            e.edit_stream(at, 0, 4, |bytes| bytes.copy_from_slice(b"HIBR"));
            Some(())
        }),
    ]
}
