//! What volumes say of themselves, current directories, texts of codes, code
//! pages.

use std::sync::Arc;

use linkwright_fs::FileSystem;
use linkwright_fs::declared::{Declaration, Declared};
use linkwright_win32::constants::*;
use linkwright_win32::{CodePage, System, SystemError, Win32Error};

use crate::support::{self, w};

fn text(buffer: &[u16]) -> String {
    let end = buffer.iter().position(|&unit| unit == 0).unwrap();
    String::from_utf16(&buffer[..end]).unwrap()
}

/// A system with C: as NTFS and D: declared as another kind.
fn beside(declaration: Declaration) -> System {
    let (first, second) = (support::volume(), support::volume());
    let declared: Arc<dyn FileSystem> = Arc::new(Declared::new(second.fs, declaration));
    System::builder()
        .drive('C', first.fs)
        .drive('D', declared)
        .build()
        .unwrap()
}

#[test]
fn a_volume_tells_what_it_can_hold() {
    let system = beside(Declaration::exfat());
    let ntfs = system.get_volume_information_w(Some(&w(r"C:\"))).unwrap();
    assert_eq!(ntfs.file_system, w("NTFS"));
    assert_eq!(ntfs.max_component_length, 255);
    let all = FILE_SUPPORTS_HARD_LINKS
        | FILE_SUPPORTS_REPARSE_POINTS
        | FILE_SUPPORTS_TRANSACTIONS
        | FILE_SUPPORTS_OPEN_BY_FILE_ID
        | FILE_SUPPORTS_OBJECT_IDS
        | FILE_NAMED_STREAMS
        | FILE_PERSISTENT_ACLS;
    assert_eq!(ntfs.flags & all, all);
    let exfat = system.get_volume_information_w(Some(&w(r"D:\"))).unwrap();
    assert_eq!(exfat.file_system, w("exFAT"));
    assert_eq!(exfat.flags & all, 0);
    // NULL is the root of the current directory.
    assert_eq!(system.get_volume_information_w(None).unwrap(), ntfs);
    let ansi = system.get_volume_information_a(Some(br"D:\")).unwrap();
    assert_eq!(
        (ansi.file_system, ansi.serial),
        (b"exFAT".to_vec(), exfat.serial)
    );
}

#[test]
fn only_a_root_with_its_backslash_names_a_volume() {
    let (_volume, system) = support::system();
    system.create_directory_w(Some(&w(r"C:\d")), None).unwrap();
    let refused = |root: &str| system.get_volume_information_w(Some(&w(root))).unwrap_err();
    assert_eq!(refused("C:"), Win32Error::INVALID_NAME);
    assert_eq!(refused(r"C:\d"), Win32Error::INVALID_NAME);
    assert_eq!(refused("C:\\d\\"), Win32Error::DIR_NOT_ROOT);
    assert_eq!(refused(r"E:\"), Win32Error::PATH_NOT_FOUND);
    assert_eq!(system.get_last_error(), Win32Error::PATH_NOT_FOUND);
}

#[test]
fn the_volume_of_a_path_is_its_root() {
    let (_volume, system) = support::system();
    let mut buffer = [0; 260];
    for path in [r"C:\no\such\file", "c:x", "x", r"C:\"] {
        system
            .get_volume_path_name_w(Some(&w(path)), &mut buffer)
            .unwrap();
        assert_eq!(text(&buffer).to_uppercase(), "C:\\");
    }
    let short = system.get_volume_path_name_w(Some(&w("x")), &mut buffer[..3]);
    assert_eq!(short, Err(Win32Error::FILENAME_EXCED_RANGE));
    let none = system.get_volume_path_name_w(None, &mut buffer);
    assert_eq!(none, Err(Win32Error::INVALID_PARAMETER));
    let mut ansi = [0; 8];
    system
        .get_volume_path_name_a(Some(br"C:\x"), &mut ansi)
        .unwrap();
    assert!(ansi.starts_with(b"C:\\\0"));
}

#[test]
fn a_volume_has_a_name_by_its_guid_that_opens_it() {
    let (_volume, system) = support::system();
    let mut buffer = [0; 64];
    system
        .get_volume_name_for_volume_mount_point_w(Some(&w(r"C:\")), &mut buffer)
        .unwrap();
    let name = text(&buffer);
    assert!(
        name.starts_with(r"\\?\Volume{") && name.ends_with(r"}\"),
        "{name}"
    );
    let found = system.get_volume_information_w(Some(&w(&name))).unwrap();
    assert_eq!(found.file_system, w("NTFS"));
    system.create_directory_w(Some(&w(r"C:\d")), None).unwrap();
    let other = system.get_volume_name_for_volume_mount_point_w(Some(&w("C:\\d\\")), &mut buffer);
    assert_eq!(other, Err(Win32Error::NOT_A_REPARSE_POINT));
}

#[test]
fn free_space_is_counted() {
    let (volume, system) = support::system();
    let info = volume.fs.volume_info().unwrap();
    let space = system.get_disk_free_space_ex_w(Some(&w(r"C:\"))).unwrap();
    assert_eq!((space.total, space.free), (info.total, info.free));
    let clusters = system.get_disk_free_space_w(None).unwrap();
    let cluster = u64::from(clusters.sectors_per_cluster * clusters.bytes_per_sector);
    assert_eq!(u64::from(clusters.total_clusters) * cluster, info.total);
    assert_eq!(
        system.get_disk_free_space_ex_w(Some(&w(r"C:\no"))),
        Err(Win32Error::FILE_NOT_FOUND)
    );
}

#[test]
fn full_paths_are_completed_and_collapsed() {
    let (_volume, system) = support::system();
    let mut buffer = [0; 64];
    let mut full = |path: &str| {
        let found = system
            .get_full_path_name_w(Some(&w(path)), &mut buffer)
            .unwrap();
        (text(&buffer), found.file_part)
    };
    assert_eq!(full(r"a\..\b\c.txt"), (r"C:\b\c.txt".into(), Some(5)));
    assert_eq!(full("D:/x/"), (r"D:\x\".into(), None));
    assert_eq!(full(r"\\?\C:\a\..\b"), (r"\\?\C:\b".into(), Some(7)));
    let short = system
        .get_full_path_name_w(Some(&w("abc")), &mut buffer[..6])
        .unwrap();
    assert_eq!((short.length, short.file_part), (7, None));
    let empty = system.get_full_path_name_w(Some(&[]), &mut buffer);
    assert_eq!(empty, Err(Win32Error::INVALID_NAME));
}

#[test]
fn the_current_directory_is_kept_open_and_per_process() {
    let (_volume, system) = support::system();
    for path in [r"C:\d", r"C:\e"] {
        system.create_directory_w(Some(&w(path)), None).unwrap();
    }
    system.set_current_directory_w(Some(&w("d"))).unwrap();
    let mut buffer = [0; 16];
    assert_eq!(system.get_current_directory_w(&mut buffer), Ok(4));
    assert_eq!(text(&buffer), r"C:\d");
    assert_eq!(system.get_current_directory_w(&mut buffer[..4]), Ok(5));
    let removed = system.remove_directory_w(Some(&w(r"C:\d")));
    assert_eq!(removed, Err(Win32Error::SHARING_VIOLATION));
    let other = system.another_process(linkwright_win32::Token::elevated());
    other.set_current_directory_w(Some(&w(r"\e"))).unwrap();
    system.set_current_directory_w(Some(&w(".."))).unwrap();
    assert_eq!(system.get_current_directory_w(&mut buffer), Ok(3));
    system.remove_directory_w(Some(&w(r"C:\d"))).unwrap();
    other.exit_process();
    system.remove_directory_w(Some(&w(r"C:\e"))).unwrap();
}

#[test]
fn every_code_has_a_message() {
    let (_volume, system) = support::system();
    let mut buffer = [0; 512];
    for code in Win32Error::known() {
        let flags = FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS;
        let length = system.format_message_w(flags, code.0, &mut buffer).unwrap();
        let message = text(&buffer);
        assert!(message.ends_with(".\r\n"), "{message}");
        assert_eq!(u32::try_from(message.encode_utf16().count()), Ok(length));
    }
    let flags = FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_MAX_WIDTH_MASK;
    system.format_message_w(flags, 5, &mut buffer).unwrap();
    assert_eq!(text(&buffer), "Access is denied. ");
    let mut ansi = [0; 64];
    let length = system
        .format_message_a(FORMAT_MESSAGE_FROM_SYSTEM, 5, &mut ansi)
        .unwrap();
    assert_eq!(&ansi[..length as usize], b"Access is denied.\r\n");
    let small = system.format_message_w(flags, 5, &mut buffer[..5]);
    assert_eq!(small, Err(Win32Error::INSUFFICIENT_BUFFER));
    let other = system.format_message_w(FORMAT_MESSAGE_FROM_STRING, 5, &mut buffer);
    assert_eq!(other, Err(Win32Error::INVALID_PARAMETER));
}

#[test]
fn names_go_through_the_code_page_both_ways() {
    let volume = support::volume();
    let system = support::builder(&volume)
        .ansi_code_page(CodePage::SHIFT_JIS)
        .build()
        .unwrap();
    let name = b"C:\\\x83\x8B";
    system.create_directory_a(Some(name), None).unwrap();
    let taken = system.create_directory_w(Some(&w("C:\\ル")), None);
    assert_eq!(taken, Err(Win32Error::ALREADY_EXISTS));
    system.set_current_directory_a(Some(name)).unwrap();
    let mut buffer = [0; 16];
    assert_eq!(system.get_current_directory_a(&mut buffer), Ok(5));
    assert!(buffer.starts_with(b"C:\\\x83\x8B\0"));
    let found = system
        .get_full_path_name_a(Some(b"\x83\x8B"), &mut buffer)
        .unwrap();
    assert_eq!((found.length, found.file_part), (8, Some(6)));
    let unknown = support::builder(&volume)
        .ansi_code_page(CodePage(1))
        .build();
    assert_eq!(unknown.err(), Some(SystemError::CodePage(1)));
}

/// docs/limits.md: change notification is refused, after the place was found.
#[test]
fn change_notification_is_refused_with_a_code() {
    use crate::support::{Calls, fails};
    let (volume, system) = support::system();
    system.mkdir(r"C:\d").unwrap();
    let watch = |name: &str| system.find_first_change_notification_w(Some(&w(name)), false, 1);
    assert_eq!(fails(&system, watch(r"C:\d")), 50);
    assert_eq!(fails(&system, watch(r"C:\none")), 2);
    let directory = system
        .open_with(
            r"C:\d",
            GENERIC_READ,
            7,
            OPEN_EXISTING,
            FILE_FLAG_BACKUP_SEMANTICS,
        )
        .unwrap();
    assert_eq!(
        fails(&system, system.read_directory_changes_w(directory, 1)),
        50
    );
    system.close_handle(directory).unwrap();
    assert_eq!(
        fails(&system, system.read_directory_changes_w(directory, 1)),
        6
    );
    support::judge(volume, system);
}
