//! The links in a `$MFT` that Windows 10 wrote: `mklink`, `mklink /J` and `mklink /D` with
//! absolute targets, records 46, 47 and 48.

use std::path::PathBuf;

use linkwright_reparse::{MountPoint, ReparseBuffer, SymbolicLink, TargetContext};

const RECORD_BYTES: usize = 1024;

fn mft() -> Option<Vec<u8>> {
    let corpus = std::env::var_os("LINKWRIGHT_CORPUS").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/images"),
        PathBuf::from,
    );
    let path = corpus.join("libfsntfs_mft_metadata_file.1");
    match std::fs::read(&path) {
        Ok(bytes) => Some(bytes),
        Err(_) => {
            println!("skipped: no corpus file {}", path.display());
            None
        }
    }
}

fn u16_at(bytes: &[u8], at: usize) -> usize {
    usize::from(u16::from_le_bytes([bytes[at], bytes[at + 1]]))
}

fn u32_at(bytes: &[u8], at: usize) -> usize {
    u16_at(bytes, at) | u16_at(bytes, at + 2) << 16
}

/// Value of the resident `$REPARSE_POINT` attribute of a record, read independently of the engine.
fn reparse_value(mft: &[u8], number: usize) -> Vec<u8> {
    let mut record = mft[number * RECORD_BYTES..][..RECORD_BYTES].to_vec();
    assert_eq!(&record[..4], b"FILE");
    let array = u16_at(&record, 4);
    for sector in 1..u16_at(&record, 6) {
        let end = sector * 512;
        let original = [record[array + 2 * sector], record[array + 2 * sector + 1]];
        assert_eq!(record[end - 2..end], record[array..array + 2]);
        record[end - 2..end].copy_from_slice(&original);
    }
    let mut at = u16_at(&record, 20);
    while u32_at(&record, at) != 0xFFFF_FFFF {
        if u32_at(&record, at) == 0xC0 {
            assert_eq!(record[at + 8], 0, "resident");
            let value = at + u16_at(&record, at + 20);
            return record[value..][..u32_at(&record, at + 16)].to_vec();
        }
        at += u32_at(&record, at + 4);
    }
    panic!("record {number} has no reparse point");
}

fn u(text: &str) -> Vec<u16> {
    text.encode_utf16().collect()
}

#[test]
fn links_written_by_windows_are_decoded_and_rebuilt() {
    let Some(mft) = mft() else { return };
    let symlink =
        |text: &str| SymbolicLink::from_target_text(&u(text), &TargetContext::default()).unwrap();
    let rebuilt: [(usize, ReparseBuffer); 3] = [
        (46, symlink("x:\\testdir1\\testfile1").into()),
        (47, MountPoint::junction(&u("x:\\testdir1")).unwrap().into()),
        (48, symlink("x:\\testdir1").into()),
    ];
    for (number, ours) in rebuilt {
        let theirs = reparse_value(&mft, number);
        assert_eq!(ReparseBuffer::decode(&theirs).unwrap(), ours, "{number}");
        assert_eq!(ours.encode(), theirs, "{number}");
    }
}

#[test]
fn names_written_by_windows_read_as_documented() {
    let Some(mft) = mft() else { return };
    let ReparseBuffer::SymbolicLink(link) =
        ReparseBuffer::decode(&reparse_value(&mft, 46)).unwrap()
    else {
        panic!("record 46 is no symbolic link");
    };
    assert_eq!(link.print_name(), u("x:\\testdir1\\testfile1"));
    assert_eq!(link.substitute_name(), u("\\??\\x:\\testdir1\\testfile1"));
    assert!(!link.is_relative());
}
