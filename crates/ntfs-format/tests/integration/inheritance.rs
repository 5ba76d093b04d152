//! Descriptors that Windows made by inheritance, made again.

use linkwright_ntfs_format::inherit::{NewObject, inherit};
use linkwright_ntfs_format::secure::{SdsEntries, SdsItem};
use linkwright_ntfs_format::security::SecurityDescriptor;
use linkwright_testkit::corpus;
use linkwright_testkit::skip_unless;

/// Security id, the one of its parent directory (`None`: the volume's root),
/// what it is of.
const MADE: [(u32, Option<u32>, NewObject); 4] = [
    // A directory and a file that a user made below the root.
    (0x107, None, NewObject::Directory),
    (0x10B, None, NewObject::File),
    // A file in System Volume Information.
    (0x106, Some(0x104), NewObject::File),
    // desktop.ini in the user's recycle bin, with an integrity label.
    (0x10A, Some(0x109), NewObject::File),
];

#[test]
fn what_windows_inherited_we_inherit() {
    let stream = skip_unless!(corpus::bytes("dissect_sds.bin.gz"));
    let stored = |id: u32| {
        SdsEntries::new(&stream)
            .find_map(|item| match item {
                SdsItem::Entry(entry) if entry.header.id.0 == id => Some(entry.descriptor),
                _ => None,
            })
            .unwrap()
    };
    for (id, parent, object) in MADE {
        let parent = match parent {
            Some(parent) => SecurityDescriptor::decode(stored(parent)).unwrap(),
            None => SecurityDescriptor::data_volume_root(),
        };
        let child = SecurityDescriptor::decode(stored(id)).unwrap();
        let (owner, group) = (child.owner.unwrap(), child.group.unwrap());
        let ours = inherit(&parent, object, owner, group);
        assert_eq!(ours, child, "{id:#x}");
        assert_eq!(ours.encode().unwrap(), stored(id), "{id:#x}");
    }
}
