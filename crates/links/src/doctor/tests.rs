use super::side::{Obstacle, Side, can_follow};
use super::*;
use crate::inspect::{LinkKind, LinkRecord};
use linkwright_fs::Name;

fn record(kind: LinkKind, tag: Option<u32>, target: &str, relative: bool) -> LinkRecord {
    LinkRecord {
        kind,
        link_type: None,
        tag,
        substitute_name: None,
        print_name: None,
        relative: Some(relative),
        flags: None,
        target: Some(Name::from(target)),
        broken: Some(false),
        names: 1,
        record: 0,
        buffer: None,
    }
}

#[test]
fn who_follows_what() {
    const SYMLINK: Option<u32> = Some(0xA000_000C);
    const MOUNT: Option<u32> = Some(0xA000_0003);
    let symlink = |target, relative| record(LinkKind::Symlink, SYMLINK, target, relative);
    let junction = |target| record(LinkKind::Junction, MOUNT, target, false);
    let sides = [Side::Windows, Side::Linux, Side::Wsl, Side::Smb];
    let table = [
        (symlink(r"..\a", true), [None; 4]),
        (
            symlink("../a", true),
            [
                Some(Obstacle::Slash),
                None,
                Some(Obstacle::Slash),
                Some(Obstacle::Slash),
            ],
        ),
        (
            symlink(r"C:\a", false),
            [
                None,
                Some(Obstacle::DriveLetter),
                None,
                Some(Obstacle::RemoteToLocal),
            ],
        ),
        (
            symlink(r"\\server\share\a", false),
            [
                None,
                Some(Obstacle::Share),
                Some(Obstacle::Share),
                Some(Obstacle::RemoteToRemote),
            ],
        ),
        (
            symlink(r"\a", true),
            [None, Some(Obstacle::Rooted), None, None],
        ),
        (
            junction(r"C:\a"),
            [None, Some(Obstacle::DriveLetter), None, None],
        ),
        (
            junction(r"\\?\Volume{0}\"),
            [
                None,
                Some(Obstacle::VolumeGuid),
                Some(Obstacle::VolumeGuid),
                None,
            ],
        ),
        (
            record(LinkKind::LxSymlink, Some(0xA000_001D), "/etc", false),
            [Some(Obstacle::WslLink), None, None, Some(Obstacle::WslLink)],
        ),
        (
            record(LinkKind::Symlink, None, "a", true),
            [
                Some(Obstacle::PosixLink),
                None,
                Some(Obstacle::PosixLink),
                Some(Obstacle::PosixLink),
            ],
        ),
        (
            record(LinkKind::Other, Some(0x8000_0013), "", false),
            [Some(Obstacle::UnknownTag); 4],
        ),
        (record(LinkKind::Hard, None, "", false), [None; 4]),
    ];
    for (link, expected) in table {
        for (side, obstacle) in sides.into_iter().zip(expected) {
            assert_eq!(can_follow(side, &link).err(), obstacle, "{side:?} {link:?}");
        }
    }
    let mut broken = symlink("a", true);
    broken.broken = Some(true);
    assert_eq!(can_follow(Side::Windows, &broken), Err(Obstacle::Broken));
}

#[test]
fn the_folder_of_the_trials_is_gone_afterwards() {
    let folder = tempfile::tempdir().unwrap();
    let fs = linkwright_fs::posix::PosixFs::new();
    let dir = fs.open_directory(folder.path()).unwrap();
    let place = Place {
        fs: &fs,
        dir: &dir,
        file: None,
    };
    let findings = examine(&place).unwrap();
    assert_eq!(findings[0].ability, Ability::Write);
    assert_eq!(findings[0].answer, Answer::Yes);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}
