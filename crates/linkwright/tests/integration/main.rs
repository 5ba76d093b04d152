//! The face of the crate, on the host and on a volume.
#![forbid(unsafe_code)]

use linkwright::{ErrorKind, Kind, LinkKind, LinkOptions, Location, TypeChoice};

/// The same list for each place that links can be made on.
fn links_are_made_read_followed_and_removed(at: &dyn Fn(&str) -> Location) {
    linkwright::hard_link(at("file"), at("other")).unwrap();
    let hard = linkwright::read_link(at("other")).unwrap();
    assert_eq!((hard.kind, hard.names), (LinkKind::Hard, 2));
    let error = linkwright::hard_link(at("file"), at("other")).unwrap_err();
    assert_eq!(
        (error.kind(), error.win32().0),
        (ErrorKind::AlreadyExists, 183)
    );
    let error = linkwright::hard_link(at("dir"), at("no")).unwrap_err();
    assert_eq!(error.win32().0, 5);
    let error = linkwright::hard_link(at("none"), at("no")).unwrap_err();
    assert_eq!(error.win32().0, 2);
    let error = linkwright::hard_link(at("file"), at("none/no")).unwrap_err();
    assert_eq!(error.win32().0, 3);

    let symbolic = LinkOptions::new().link_type(TypeChoice::File);
    match symbolic.symbolic_link("file", at("link")) {
        Ok(_) => follow_and_remove(at),
        // A system without them says so, and has made nothing.
        Err(error) => {
            assert!(matches!(
                error.kind(),
                ErrorKind::Unsupported(_) | ErrorKind::PrivilegeNotHeld
            ));
            let error = linkwright::read_link(at("link")).unwrap_err();
            assert_eq!(error.win32().0, 2);
        }
    }
    linkwright::remove_link(at("other")).unwrap();
    let error = linkwright::read_link(at("file")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotAReparsePoint);
    let error = linkwright::remove_link(at("dir")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AccessDenied);
}

fn follow_and_remove(at: &dyn Fn(&str) -> Location) {
    let link = linkwright::read_link(at("link")).unwrap();
    assert_eq!(link.target.unwrap().to_string(), "file");
    let end = linkwright::resolve(at("link")).unwrap();
    assert_eq!(end.stat.size, 4);
    assert!(end.path.ends_with("file"));
    linkwright::symbolic_link("dir", at("to_dir")).unwrap();
    let replaced = LinkOptions::new().replace().link_type(TypeChoice::File);
    replaced.symbolic_link("nowhere", at("link")).unwrap();
    assert_eq!(
        linkwright::read_link(at("link")).unwrap().broken,
        Some(true)
    );
    linkwright::remove_link(at("link")).unwrap();
    linkwright::remove_link(at("to_dir")).unwrap();
    assert!(linkwright::resolve(at("dir")).is_ok());
}

#[test]
fn host() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("file"), "data").unwrap();
    std::fs::create_dir(folder.path().join("dir")).unwrap();
    let at = |name: &str| Location::from(folder.path().join(name));
    links_are_made_read_followed_and_removed(&at);
}

#[test]
fn a_junction_on_the_host_begins_at_the_directory_of_the_link() {
    let folder = tempfile::tempdir().unwrap();
    let base = folder.path();
    std::fs::create_dir_all(base.join("a/target")).unwrap();
    // Where there are no junctions, what is made instead shows where it leads.
    let made = LinkOptions::new()
        .fallback([Kind::Symlink, Kind::Copy])
        .junction("target", base.join("a/link"))
        .unwrap();
    assert_eq!(made.requested, Kind::Junction);
    std::fs::write(base.join("a/target/new"), "x").unwrap();
    assert_eq!(base.join("a/link/new").exists(), made.made != Kind::Copy);
    let error = linkwright::junction("missing", base.join("a/other")).unwrap_err();
    assert_eq!(error.win32().0, 2);
}

#[test]
fn a_fallback_on_the_host() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("dir")).unwrap();
    std::fs::write(folder.path().join("dir/x"), "data").unwrap();
    let made = LinkOptions::new()
        .fallback([Kind::Copy])
        .hard_link(folder.path().join("dir"), folder.path().join("copy"))
        .unwrap();
    assert_eq!((made.requested, made.made), (Kind::Hard, Kind::Copy));
    assert_eq!(made.because.unwrap().win32().0, 5);
    assert_eq!(
        std::fs::read(folder.path().join("copy/x")).unwrap(),
        b"data"
    );
}

#[cfg(all(feature = "ntfs", unix))]
#[test]
fn volume() {
    let folder = tempfile::tempdir().unwrap();
    let image = folder.path().join("disk.img");
    let volume = linkwright::Volume::create(&image, 16 << 20)
        .unwrap()
        .drive('c');
    volume.write("/file", b"data").unwrap();
    volume.create_directory("/dir").unwrap();
    links_are_made_read_followed_and_removed(&|name| volume.at(name));
    linkwright::junction(volume.at("dir"), volume.at("junction")).unwrap();
    let junction = linkwright::read_link(volume.at("junction")).unwrap();
    assert_eq!(junction.kind, LinkKind::Junction);
    assert_eq!(junction.target.unwrap().to_string(), r"C:\dir");
    // The type cannot be told from nothing.
    let error = linkwright::symbolic_link("none", volume.at("dangling")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    volume.close().unwrap();
    let again = linkwright::Volume::open_read_only(&image).unwrap();
    let error = linkwright::hard_link(again.at("file"), again.at("no")).unwrap_err();
    assert_eq!(error.win32().0, 19);
}
