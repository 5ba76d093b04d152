//! Directory entries lag behind as those of Windows do: a change shows in the
//! entry of the name it was made through.

use linkwright_fs::{Attributes, DirectoryEntry, Name};
use linkwright_win32::constants::*;

use crate::support::{Calls, SHARE_ALL, Volume, judge, system};

/// The entry as it stands in the root.
fn entry(volume: &Volume, name: &str) -> DirectoryEntry {
    let root = volume.fs.root().unwrap();
    volume.fs.entry(&root, &Name::from(name)).unwrap()
}

#[test]
fn a_write_shows_in_the_entry_of_the_name_it_was_made_through() {
    let (volume, system) = system();
    system.make(r"C:\a", b"");
    system.hard(r"C:\b", r"C:\a").unwrap();
    let file = system.open(r"C:\a", GENERIC_WRITE).unwrap();
    system.write_file(file, b"12345").unwrap();
    system.close_handle(file).unwrap();
    assert_eq!(entry(&volume, "a").duplicate.size, 5);
    assert_eq!(entry(&volume, "b").duplicate.size, 0);
    // Opening the other name brings it up to date.
    let file = system.open(r"C:\b", FILE_READ_ATTRIBUTES).unwrap();
    assert_eq!(entry(&volume, "b").duplicate.size, 5);
    system.close_handle(file).unwrap();
    judge(volume, system);
}

#[test]
fn attributes_belong_to_the_file_and_show_late() {
    let (volume, system) = system();
    system.make(r"C:\a", b"");
    system.hard(r"C:\b", r"C:\a").unwrap();
    let root = volume.fs.root().unwrap();
    let node = volume.fs.child(&root, &Name::from("a")).unwrap();
    volume
        .fs
        .set_attributes(&node, Attributes::READ_ONLY)
        .unwrap();
    let stale = |name| {
        !entry(&volume, name)
            .duplicate
            .attributes
            .contains(Attributes::READ_ONLY)
    };
    assert!(stale("a") && stale("b"));
    // Any name meets the attribute itself.
    assert_eq!(system.delete(r"C:\b").unwrap_err().0, 5);
    assert!(system.open(r"C:\b", GENERIC_WRITE).is_err());
    let file = system.open(r"C:\b", GENERIC_READ).unwrap();
    assert!(stale("a") && !stale("b"));
    system.close_handle(file).unwrap();
    volume
        .fs
        .set_attributes(&node, Attributes::ARCHIVE)
        .unwrap();
    judge(volume, system);
}

#[test]
fn a_new_name_has_fresh_information_and_the_old_one_stays_as_it_was() {
    let (volume, system) = system();
    system.make(r"C:\a", b"");
    system.hard(r"C:\b", r"C:\a").unwrap();
    let held = system.open(r"C:\b", GENERIC_WRITE).unwrap();
    system.write_file(held, b"123").unwrap();
    // The file's own sizes are the new one's; nothing else was opened.
    let file = system
        .open_with(r"C:\b", FILE_WRITE_ATTRIBUTES, SHARE_ALL, OPEN_EXISTING, 0)
        .unwrap();
    assert_eq!(entry(&volume, "a").duplicate.size, 0);
    system.close_handle(file).unwrap();
    system.hard(r"C:\c", r"C:\b").unwrap();
    assert_eq!(entry(&volume, "c").duplicate.size, 3);
    assert_eq!(entry(&volume, "a").duplicate.size, 0);
    system.close_handle(held).unwrap();
    judge(volume, system);
}
