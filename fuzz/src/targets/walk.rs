//! A damaged volume is opened and everything on it is read.

use std::sync::Arc;

use linkwright_device::{BlockDevice, Overlay};
use linkwright_ntfs::{FileId, OpenOptions, Volume};
use linkwright_ntfs_format::RecordNumber;

use crate::bytes::answers;
use crate::volumes::{damaged, seeds as edits, writing};

/// Entries that are looked at: a damaged directory may hold the same names
/// again and again.
const MOST_ENTRIES: usize = 2_000;
/// Records that are looked at.
const MOST_RECORDS: u64 = 128;
/// Bytes read of each stream at a time.
const PIECE: usize = 1 << 16;

pub(super) fn walk(bytes: &[u8]) {
    let (damaged, []) = damaged(bytes);
    walk_device(damaged.device);
}

/// Opens a device to read and looks at all there is; whether it opened.
pub(super) fn walk_device(device: Arc<dyn BlockDevice>) -> bool {
    let reading = OpenOptions {
        cache_bytes: 1 << 20,
        ..OpenOptions::read_only()
    };
    let Ok(volume) = Volume::open(device, reading) else {
        return false;
    };
    let mut folders = vec![FileId::ROOT];
    let mut seen = 0;
    while let Some(folder) = folders.pop() {
        let Ok(list) = volume.list(folder) else {
            continue;
        };
        for entry in list {
            seen += 1;
            if seen > MOST_ENTRIES {
                break;
            }
            let Ok(entry) = entry else { break };
            answers(volume.lookup(folder, entry.name.units()));
            if entry.is_directory() && entry.file != folder {
                folders.push(entry.file);
            }
        }
    }
    let records = volume.info().map_or(MOST_RECORDS, |info| info.records);
    for record in 0..records.min(MOST_RECORDS) {
        if let Ok(file) = volume.file_by_record(RecordNumber(record)) {
            look_at(&volume, file);
        }
    }
    true
}

/// Everything that can be asked of a file.
fn look_at(volume: &Volume, file: FileId) {
    answers(volume.file_info(file));
    for name in volume.names(file).unwrap_or_default().iter().take(8) {
        answers(volume.path_of(name));
    }
    answers(volume.reparse_point(file));
    answers(volume.security_descriptor(file));
    answers(volume.extended_attributes(file));
    if let Ok(Some(id)) = volume.object_id(file) {
        answers(volume.file_by_object_id(id.id));
    }
    let mut piece = vec![0; PIECE];
    for stream in volume.streams(file).unwrap_or_default().iter().take(16) {
        let end = stream.size.saturating_sub(100);
        answers(volume.read_at(file, &stream.name, 0, &mut piece));
        answers(volume.read_at(file, &stream.name, end, &mut piece[..4096]));
        answers(volume.read_at(file, &stream.name, u64::MAX - 50, &mut piece[..100]));
    }
}

pub(super) fn seeds() -> Vec<Vec<u8>> {
    edits(&[], &[])
}

/// A damaged volume is recovered. On the volume of a session that was cut off
/// the edits hit the journal as often as anything else.
pub(super) fn recover(bytes: &[u8]) {
    let (damaged, []) = damaged(bytes);
    let view = Volume::recovered_view(damaged.device.clone());
    if damaged.edits == 0 {
        let view = view.as_ref().expect("a sound volume can be recovered");
        super::check::assert_sound(&**view, "after recovery");
    }
    answers(view);
    let before = Overlay::new(damaged.device.clone());
    if Volume::recover(Arc::new(before)).is_ok() {
        let volume = Volume::open(damaged.device, writing()).expect("as it was a moment ago");
        answers(volume.sync());
        answers(volume.info());
        answers(volume.close());
    }
}

pub(super) fn recover_seeds() -> Vec<Vec<u8>> {
    // The fourth volume is the one with a journal.
    let mut seeds = seeds();
    seeds.retain(|seed| seed[0] == 3 || seed[1] == 0);
    seeds
}
