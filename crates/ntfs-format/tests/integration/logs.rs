//! `$LogFile` extracts of Windows 7 and 10, and the logs of whole volumes.

use linkwright_ntfs_format::attribute::AttributeType;
use linkwright_ntfs_format::log::{
    LogState, LogVersion, NTFS_CLIENT, RecordPageHeader, RestartPage, newest_restart_page,
};
use linkwright_testkit::corpus::{self, Volume};
use linkwright_testkit::skip_unless;

use crate::sample::Sample;

const CLEAN: LogState = LogState::Clean(LogVersion::V1_1);

#[test]
fn extracts_have_the_state_they_were_left_in() {
    for (name, want) in [
        ("suhanov_LogFile_7.bin", CLEAN),
        (
            "suhanov_LogFile_10.bin",
            LogState::NotClean(LogVersion::V2_0),
        ),
        ("suhanov_LogFile_10_downgraded.bin", CLEAN),
        ("suhanov_LogFile_empty.bin", LogState::Empty),
    ] {
        let bytes = skip_unless!(corpus::bytes(name));
        assert_eq!(LogState::of(&bytes[..8192]), want, "{name}");
    }
}

#[test]
fn restart_pages_come_back_byte_for_byte() {
    for name in [
        "suhanov_LogFile_7.bin",
        "suhanov_LogFile_10.bin",
        "suhanov_LogFile_10_downgraded.bin",
    ] {
        let bytes = skip_unless!(corpus::bytes(name));
        for start in [0, 4096] {
            let on_disk = &bytes[start..start + 4096];
            let page = RestartPage::decode(on_disk).unwrap();
            assert_eq!(page.clients.len(), 1);
            let client: Vec<u16> = page.clients[0].name[..4].iter().map(|u| u.get()).collect();
            assert_eq!(client, NTFS_CLIENT);
            let number = u16::from_le_bytes([on_disk[0x1E], on_disk[0x1F]]);
            assert_eq!(page.encode(number - 1).unwrap(), on_disk, "{name} {start}");
        }
        let header = RecordPageHeader::decode(&bytes[8192..]).unwrap();
        assert!(usize::from(header.next_record_offset.get()) <= 4096);
    }
}

#[test]
fn the_newer_page_is_found() {
    let bytes = skip_unless!(corpus::bytes("suhanov_LogFile_10.bin"));
    let newest = newest_restart_page(&bytes).unwrap();
    assert_eq!((newest.index, newest.other_is_torn), (0, false));
    assert_eq!(newest.page.area.current_lsn.get(), 0x80_6158);
    assert_eq!(newest.page.area.file_size.get(), 0x8A_0000);
}

#[test]
fn volumes_have_the_state_they_were_left_in() {
    for (volume, want) in [
        (Volume::LastAccess, CLEAN),
        (Volume::Ntfs2M, CLEAN),
        (Volume::Velociraptor, LogState::NotClean(LogVersion::V2_0)),
        (Volume::Win7Tiny, LogState::NotClean(LogVersion::V1_1)),
    ] {
        let sample = skip_unless!(Sample::open(volume));
        let log = sample.value(2, AttributeType::DATA, "").unwrap();
        assert_eq!(LogState::of(&log[..8192]), want, "{volume:?}");
        let newest = newest_restart_page(&log).unwrap();
        assert_eq!(
            newest.page.area.file_size.get(),
            u64::try_from(log.len()).unwrap()
        );
    }
}
