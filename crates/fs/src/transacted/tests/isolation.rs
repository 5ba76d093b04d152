//! Who sees what, and who is kept from what.

use super::*;

#[test]
fn a_transaction_is_seen_inside_only_and_sees_what_others_do() {
    let device = Arc::new(fresh());
    let fs = open(device.clone());
    let outside = manager(&fs);
    let old = make(&outside, "old", b"old bytes");
    let gone = make(&outside, "gone", b"still here");
    let first = outside.begin(None).unwrap();
    let second = outside.begin(None).unwrap();
    let root = first.root().unwrap();

    make(&first, "mine", b"mine");
    first.write_at(&old, None, 0, b"new").unwrap();
    first.remove(&root, &name("gone")).unwrap();
    first.set_link(&gone, &link_to("x")).unwrap_err();
    for other in [&outside as &dyn FileSystem, &second] {
        assert!(!has(other, "mine") && has(other, "gone"));
        assert_eq!(get(other, &old, None).unwrap(), b"old bytes");
    }
    assert!(has(&first, "mine") && !has(&first, "gone"));
    assert_eq!(get(&first, &old, None).unwrap(), b"new bytes");

    // Read committed: what others did comes through at once.
    make(&outside, "theirs", b"theirs");
    assert!(has(&first, "theirs"));
    first.commit().unwrap();
    for other in [&outside as &dyn FileSystem, &second] {
        assert!(has(other, "mine") && !has(other, "gone"));
        assert_eq!(get(other, &old, None).unwrap(), b"new bytes");
    }
    assert_eq!(kind(first.stat(&old)), ENDED);
    assert_eq!(kind(first.commit()), ENDED);
    assert_eq!(kind(first.rollback()), ENDED);
    assert_eq!(first.status(), Status::Committed);
    drop((first, second, outside));
    close(fs, &*device);
}

#[test]
fn one_thread_two_transactions_and_plain_calls_do_not_wait_for_each_other() {
    let device = Arc::new(fresh());
    let fs = open(device.clone());
    let outside = manager(&fs);
    let (one, two) = (outside.begin(None).unwrap(), outside.begin(None).unwrap());
    let root = outside.root().unwrap();
    for round in 0..20 {
        for (who, view) in [
            ("one", &one as &dyn FileSystem),
            ("two", &two),
            ("out", &outside),
        ] {
            let file = make(view, &format!("{who}{round}"), who.as_bytes());
            view.hard_link(&file, &root, &name(&format!("{who}{round} again")))
                .unwrap();
            assert_eq!(view.stat(&file).unwrap().names, 2);
        }
        outside.sync().unwrap();
    }
    let count = |view: &dyn FileSystem| view.list(&root).unwrap().count();
    assert_eq!((count(&outside), count(&one), count(&two)), (40, 80, 80));
    one.commit().unwrap();
    assert_eq!((count(&outside), count(&two)), (80, 120));
    two.rollback().unwrap();
    assert_eq!(count(&outside), 80);
    drop((one, two, outside));
    close(fs, &*device);
}

#[test]
fn names_files_and_directories_are_held_against_others() {
    let device = Arc::new(fresh());
    let fs = open(device.clone());
    let outside = manager(&fs);
    let root = outside.root().unwrap();
    let file = make(&outside, "file", b"1");
    let dir = make_dir(&outside, &root, "dir");
    let deep = make_dir(&outside, &dir, "deep");
    let one = outside.begin(None).unwrap();
    let two = outside.begin(None).unwrap();
    one.create_file(&deep, &name("new"), &Create::default())
        .unwrap();
    one.write_at(&file, None, 0, b"2").unwrap();
    assert!(outside.is_changed(&file, None) && !outside.is_changed(&dir, None));

    for other in [&outside as &dyn FileSystem, &two] {
        let create = Create::default();
        assert_eq!(
            kind(other.create_file(&deep, &name("NEW"), &create)),
            CONFLICT
        );
        assert_eq!(kind(other.child(&deep, &name("new"))), ErrorKind::NotFound);
        assert_eq!(kind(other.write_at(&file, None, 0, b"3")), CONFLICT);
        assert_eq!(
            kind(other.set_attributes(&file, Attributes::HIDDEN)),
            CONFLICT
        );
        assert_eq!(kind(other.hard_link(&file, &root, &name("x"))), CONFLICT);
        assert_eq!(kind(other.remove(&root, &name("file"))), CONFLICT);
        let moved = other.rename(&root, &name("dir"), &root, &name("moved"), Replace::No);
        assert_eq!(kind(moved), DEPENDENCY);
        assert_eq!(kind(other.remove(&dir, &name("deep"))), CONFLICT);
    }
    // What failed holds nothing.
    outside
        .create_file(&root, &name("x"), &Create::default())
        .unwrap();
    one.rollback().unwrap();
    two.create_file(&deep, &name("new"), &Create::default())
        .unwrap();
    two.commit().unwrap();
    assert!(outside.child(&deep, &name("new")).is_ok());
    drop((one, two, outside));
    close(fs, &*device);
}

#[test]
fn a_directory_that_a_transaction_removed_takes_no_new_names() {
    let device = Arc::new(fresh());
    let fs = open(device.clone());
    let outside = manager(&fs);
    let root = outside.root().unwrap();
    let dir = make_dir(&outside, &root, "dir");
    let one = outside.begin(None).unwrap();
    one.remove(&root, &name("dir")).unwrap();
    let refused = outside.create_file(&dir, &name("x"), &Create::default());
    assert_eq!(kind(refused), CONFLICT);
    assert_eq!(kind(one.stat(&dir)), ErrorKind::NotFound);
    one.commit().unwrap();
    assert!(!has(&outside, "dir"));
    drop((one, outside));
    close(fs, &*device);
}

#[test]
fn links_that_are_only_pending_count_towards_1024() {
    let device = Arc::new(fresh());
    let fs = open(device.clone());
    let outside = manager(&fs);
    let root = outside.root().unwrap();
    let file = make(&outside, "file", b"1");
    for n in 0..500 {
        outside
            .hard_link(&file, &root, &name(&format!("out{n}")))
            .unwrap();
    }
    let one = outside.begin(None).unwrap();
    for n in 0..523 {
        one.hard_link(&file, &root, &name(&format!("in{n}")))
            .unwrap();
    }
    assert_eq!(one.stat(&file).unwrap().names, 1024);
    assert_eq!(one.names(&file).unwrap().len(), 1024);
    let more = one.hard_link(&file, &root, &name("more"));
    assert_eq!(kind(more), ErrorKind::TooManyLinks);
    one.remove(&root, &name("out7")).unwrap();
    one.hard_link(&file, &root, &name("more")).unwrap();
    one.commit().unwrap();
    assert_eq!(outside.stat(&file).unwrap().names, 1024);
    drop((one, outside));
    close(fs, &*device);
}

#[test]
fn a_commit_that_finds_no_room_leaves_nothing_and_what_went_around_is_a_conflict() {
    let device = Arc::new(fresh());
    let fs = open(device.clone());
    let outside = manager(&fs);
    let root = outside.root().unwrap();
    // Scratch and the file both need the room.
    let free = outside.volume_info().unwrap().free;
    let one = outside.begin(None).unwrap();
    make(&one, "other", b"x");
    make(
        &one,
        "big",
        &vec![7; usize::try_from(free * 2 / 3).unwrap()],
    );
    assert!(outside.volume_info().unwrap().free < free / 2);
    assert_eq!(kind(one.commit()), ErrorKind::DiskFull);
    assert_eq!(one.status(), Status::RolledBack);
    assert!(!has(&outside, "other") && !has(&outside, "big"));
    assert_eq!(outside.volume_info().unwrap().free, free);
    let all = outside.begin(None).unwrap();
    let data = vec![7; usize::try_from(free + (1 << 20)).unwrap()];
    let too_big = all
        .create_file(&root, &name("big"), &Create::default())
        .and_then(|node| all.write_at(&node, None, 0, &data));
    assert_eq!(kind(too_big), ErrorKind::DiskFull);
    drop(all);
    assert_eq!(outside.volume_info().unwrap().free, free);

    // Somebody works on the volume itself.
    let file = make(&outside, "file", b"1");
    let around = outside.begin(None).unwrap();
    around.write_at(&file, None, 0, b"22").unwrap();
    make(&around, "new", b"");
    fs.write_at(&file, None, 0, b"333").unwrap();
    assert_eq!(kind(around.commit()), CONFLICT);
    assert!(!has(&outside, "new"));
    let taken = outside.begin(None).unwrap();
    make(&taken, "new", b"");
    make(&*fs, "new", b"theirs");
    assert_eq!(kind(taken.commit()), CONFLICT);
    drop((one, around, taken, outside));
    close(fs, &*device);
}

#[test]
fn what_a_transaction_cannot_do_is_refused() {
    let device = Arc::new(fresh());
    let fs = open(device.clone());
    let outside = manager(&fs);
    let file = make(&outside, "file", b"1");
    let one = outside.begin(None).unwrap();
    let not_supported = ErrorKind::Transaction(TransactionError::NotSupported);
    assert_eq!(kind(one.set_extended_attributes(&file, &[])), not_supported);
    assert_eq!(kind(one.delete_object_id(&file)), not_supported);
    let inner = one.atomically(&mut |_| Ok(()));
    assert_eq!(kind(inner), ErrorKind::Unsupported(Feature::Transactions));
    let host: Arc<dyn FileSystem> = Arc::new(posix::PosixFs::new());
    let host = ResourceManager::new(host, TransactionOptions::default());
    assert_eq!(
        kind(host.begin(None)),
        ErrorKind::Unsupported(Feature::Transactions)
    );
    drop((one, outside));
    close(fs, &*device);
}

#[test]
fn many_links_are_committed_as_one() {
    let device = Arc::new(MemoryDevice::new(64 << 20));
    linkwright_ntfs_mkfs::format(&*device, &FormatOptions::default()).unwrap();
    let fs = open(device.clone());
    let outside = manager(&fs);
    let root = outside.root().unwrap();
    let one = outside.begin(None).unwrap();
    for file in 0..10 {
        let node = make(&one, &format!("file{file}"), b"x");
        for link in 0..1000 {
            one.hard_link(&node, &root, &name(&format!("link{file}-{link}")))
                .unwrap();
        }
    }
    assert_eq!(outside.list(&root).unwrap().count(), 0);
    assert_eq!(one.list(&root).unwrap().count(), 10_010);
    one.commit().unwrap();
    assert_eq!(outside.list(&root).unwrap().count(), 10_010);
    drop((one, outside));
    close(fs, &*device);
}
