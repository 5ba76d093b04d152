//! Transactions (SEMANTICS 5, rows 246 to 263), as a specification.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use linkwright_device::{BlockDevice, MemoryDevice};
use linkwright_fs::FileSystem;
use linkwright_fs::declared::{Declaration, Declared};
use linkwright_fs::ntfs::{NtfsFs, ReadOnlyFiles};
use linkwright_ntfs::OpenOptions;
use linkwright_ntfs_mkfs::FormatOptions;
use linkwright_sim::{Loss, SimDevice};
use linkwright_win32::constants::*;
use linkwright_win32::{Clock, Handle, ShareKind, System, Timestamp, Win32Error, Win32Result};

use crate::support::*;

/// Short forms of the transacted calls.
trait Transacted {
    fn begin(&self) -> Handle;
    fn open_in(&self, tx: Handle, name: &str, access: u32) -> Win32Result<Handle>;
    fn create_in(&self, tx: Handle, name: &str, disposition: u32) -> Win32Result<Handle>;
    fn make_in(&self, tx: Handle, name: &str, data: &[u8]);
    fn read_in(&self, tx: Handle, name: &str) -> Win32Result<Vec<u8>>;
    fn hard_in(&self, tx: Handle, new: &str, existing: &str) -> Win32Result<()>;
    fn symlink_in(&self, tx: Handle, link: &str, target: &str, flags: u32) -> Win32Result<()>;
    fn delete_in(&self, tx: Handle, name: &str) -> Win32Result<()>;
    fn mkdir_in(&self, tx: Handle, name: &str) -> Win32Result<()>;
    fn rmdir_in(&self, tx: Handle, name: &str) -> Win32Result<()>;
    fn move_in(&self, tx: Handle, from: &str, to: &str) -> Win32Result<()>;
    fn move_plain(&self, from: &str, to: &str) -> Win32Result<()>;
    fn exists_in(&self, tx: Handle, name: &str) -> bool;
    fn contents(&self, handle: Handle) -> Win32Result<Vec<u8>>;
}

const LINK_ITSELF: u32 = FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT;

impl Transacted for System {
    fn begin(&self) -> Handle {
        self.create_transaction(None, None, 0, 0, 0, 0, None)
            .unwrap()
    }

    fn open_in(&self, tx: Handle, name: &str, access: u32) -> Win32Result<Handle> {
        self.create_file_transacted_w(
            Some(&w(name)),
            access,
            SHARE_ALL,
            None,
            OPEN_EXISTING,
            0,
            None,
            tx,
            None,
        )
    }

    fn create_in(&self, tx: Handle, name: &str, disposition: u32) -> Win32Result<Handle> {
        self.create_file_transacted_w(
            Some(&w(name)),
            GENERIC_READ | GENERIC_WRITE,
            SHARE_ALL,
            None,
            disposition,
            0,
            None,
            tx,
            None,
        )
    }

    fn make_in(&self, tx: Handle, name: &str, data: &[u8]) {
        let file = self.create_in(tx, name, CREATE_ALWAYS).unwrap();
        assert_eq!(self.write_file(file, data).unwrap() as usize, data.len());
        self.close_handle(file).unwrap();
    }

    fn read_in(&self, tx: Handle, name: &str) -> Win32Result<Vec<u8>> {
        let file = self.open_in(tx, name, GENERIC_READ)?;
        let data = self.contents(file);
        self.close_handle(file).unwrap();
        data
    }

    fn hard_in(&self, tx: Handle, new: &str, existing: &str) -> Win32Result<()> {
        self.create_hard_link_transacted_w(Some(&w(new)), Some(&w(existing)), None, tx)
    }

    fn symlink_in(&self, tx: Handle, link: &str, target: &str, flags: u32) -> Win32Result<()> {
        self.create_symbolic_link_transacted_w(Some(&w(link)), Some(&w(target)), flags, tx)
    }

    fn delete_in(&self, tx: Handle, name: &str) -> Win32Result<()> {
        self.delete_file_transacted_w(Some(&w(name)), tx)
    }

    fn mkdir_in(&self, tx: Handle, name: &str) -> Win32Result<()> {
        self.create_directory_transacted_w(None, Some(&w(name)), None, tx)
    }

    fn rmdir_in(&self, tx: Handle, name: &str) -> Win32Result<()> {
        self.remove_directory_transacted_w(Some(&w(name)), tx)
    }

    fn move_in(&self, tx: Handle, from: &str, to: &str) -> Win32Result<()> {
        self.move_file_transacted_w(Some(&w(from)), Some(&w(to)), 0, tx)
    }

    fn move_plain(&self, from: &str, to: &str) -> Win32Result<()> {
        self.move_file_ex_w(Some(&w(from)), Some(&w(to)), 0)
    }

    fn exists_in(&self, tx: Handle, name: &str) -> bool {
        let opened = self.create_file_transacted_w(
            Some(&w(name)),
            0,
            SHARE_ALL,
            None,
            OPEN_EXISTING,
            LINK_ITSELF,
            None,
            tx,
            None,
        );
        match opened {
            Ok(handle) => {
                self.close_handle(handle).unwrap();
                true
            }
            Err(_) => false,
        }
    }

    /// All of a file, from its start.
    fn contents(&self, handle: Handle) -> Win32Result<Vec<u8>> {
        let mut data = vec![0; self.get_file_size_ex(handle)? as usize];
        self.set_file_pointer_ex(handle, 0, FILE_BEGIN)?;
        let read = self.read_file(handle, &mut data)?;
        assert_eq!(read as usize, data.len());
        Ok(data)
    }
}

#[test]
fn what_is_done_in_a_transaction_is_seen_inside_and_there_for_all_after_the_commit() {
    let (volume, system) = system();
    system.make("C:\\file", b"file");
    system.make("C:\\gone", b"gone");
    system.mkdir("C:\\empty").unwrap();
    system.mkdir("C:\\dir").unwrap();
    let tx = system.begin();
    system.hard_in(tx, "C:\\dir\\hard", "C:\\file").unwrap();
    system
        .symlink_in(tx, "C:\\symbolic", "dir", SYMBOLIC_LINK_FLAG_DIRECTORY)
        .unwrap();
    system.make_in(tx, "C:\\dir\\new", b"new");
    system.mkdir_in(tx, "C:\\made").unwrap();
    system.make_in(tx, "C:\\made\\inside", b"inside");
    system.delete_in(tx, "C:\\gone").unwrap();
    system.rmdir_in(tx, "C:\\empty").unwrap();
    system.move_in(tx, "C:\\file", "C:\\moved").unwrap();

    // Inside; also through the link that is only there.
    assert_eq!(system.read_in(tx, "C:\\symbolic\\hard").unwrap(), b"file");
    assert_eq!(system.read_in(tx, "C:\\symbolic\\new").unwrap(), b"new");
    assert_eq!(system.read_in(tx, "C:\\made\\inside").unwrap(), b"inside");
    for name in ["C:\\gone", "C:\\empty", "C:\\file"] {
        assert!(!system.exists_in(tx, name), "{name}");
    }
    // Outside: as before (rows 247, 248, 250).
    for name in [
        "C:\\dir\\hard",
        "C:\\symbolic",
        "C:\\dir\\new",
        "C:\\made",
        "C:\\moved",
    ] {
        let opened = system.open_with(name, 0, SHARE_ALL, OPEN_EXISTING, LINK_ITSELF);
        assert_eq!(fails(&system, opened), 2, "{name}");
    }
    assert_eq!(system.read("C:\\gone").unwrap(), b"gone");
    assert_eq!(system.read("C:\\file").unwrap(), b"file");

    system.commit_transaction(tx).unwrap();
    assert_eq!(system.read("C:\\symbolic\\hard").unwrap(), b"file");
    assert_eq!(system.read("C:\\moved").unwrap(), b"file");
    assert_eq!(system.read("C:\\made\\inside").unwrap(), b"inside");
    for name in ["C:\\gone", "C:\\empty", "C:\\file"] {
        assert!(!system.exists(name), "{name}");
    }
    system.close_handle(tx).unwrap();
    judge(volume, system);
}

#[test]
fn a_rollback_and_the_close_of_the_last_handle_leave_nothing() {
    let (volume, system) = system();
    system.make("C:\\file", b"old");
    for by_close in [false, true] {
        let tx = system.begin();
        let file = system.create_in(tx, "C:\\file", OPEN_EXISTING).unwrap();
        system.write_file(file, b"new").unwrap();
        system.hard_in(tx, "C:\\link", "C:\\file").unwrap();
        system.delete_in(tx, "C:\\file").unwrap();
        match by_close {
            false => system.rollback_transaction(tx).unwrap(),
            true => system.close_handle(tx).unwrap(),
        }
        // Row 256: its handles are good for closing only.
        assert_eq!(fails(&system, system.write_file(file, b"x")), 6815);
        assert_eq!(fails(&system, system.read_file(file, &mut [0])), 6815);
        assert_eq!(fails(&system, system.get_file_size_ex(file)), 6815);
        system.close_handle(file).unwrap();
        assert!(!system.exists("C:\\link"));
        assert_eq!(system.read("C:\\file").unwrap(), b"old");
        // Nobody is locked out any more.
        system.make("C:\\link", b"mine");
        system.delete("C:\\link").unwrap();
        if !by_close {
            assert_eq!(fails(&system, system.commit_transaction(tx)), 6704);
            assert_eq!(fails(&system, system.rollback_transaction(tx)), 6704);
            system.close_handle(tx).unwrap();
        }
        assert_eq!(fails(&system, system.commit_transaction(tx)), 6);
    }
    judge(volume, system);
}

#[test]
fn row_246_and_249_a_name_that_a_transaction_made_is_reserved() {
    let (volume, system) = system();
    system.make("C:\\other", b"other");
    system.make("C:\\file", b"file");
    let (one, two) = (system.begin(), system.begin());
    system.make_in(one, "C:\\name", b"1");
    assert_eq!(
        fails(&system, system.create_in(two, "C:\\name", CREATE_NEW)),
        6800
    );
    assert_eq!(
        fails(&system, system.hard_in(two, "C:\\NAME", "C:\\file")),
        6800
    );
    assert_eq!(
        fails(&system, system.symlink_in(two, "C:\\name", "x", 0)),
        6800
    );
    assert_eq!(fails(&system, system.mkdir_in(two, "C:\\name")), 6800);
    let plain = system.open_with("C:\\name", GENERIC_WRITE, 0, CREATE_NEW, 0);
    assert_eq!(fails(&system, plain), 6800);
    assert_eq!(fails(&system, system.hard("C:\\name", "C:\\other")), 6800);
    assert_eq!(fails(&system, system.symlink("C:\\name", "x", 0)), 6800);
    assert_eq!(fails(&system, system.mkdir("C:\\name")), 6800);
    assert_eq!(
        fails(&system, system.move_plain("C:\\other", "C:\\name")),
        6800
    );
    // Inside it is simply there.
    let again = system.create_in(one, "C:\\name", CREATE_NEW);
    assert_eq!(fails(&system, again), 80);
    assert_eq!(
        fails(&system, system.hard_in(one, "C:\\name", "C:\\other")),
        183
    );
    system.rollback_transaction(one).unwrap();
    system.make_in(two, "C:\\name", b"2");
    system.commit_transaction(two).unwrap();
    assert_eq!(system.read("C:\\name").unwrap(), b"2");
    judge(volume, system);
}

#[test]
fn row_247_a_deleted_name_is_seen_outside_until_the_commit() {
    let (volume, system) = system();
    system.make("C:\\file", b"old");
    let tx = system.begin();
    system.delete_in(tx, "C:\\file").unwrap();
    assert_eq!(fails(&system, system.open_in(tx, "C:\\file", 0)), 2);
    assert_eq!(system.read("C:\\file").unwrap(), b"old");
    // It cannot be changed there, nor its name be used.
    assert_eq!(fails(&system, system.open("C:\\file", GENERIC_WRITE)), 32);
    assert_eq!(fails(&system, system.delete("C:\\file")), 32);
    // Who has it open goes on reading.
    let reader = system.open("C:\\file", GENERIC_READ).unwrap();
    system.commit_transaction(tx).unwrap();
    assert_eq!(system.contents(reader).unwrap(), b"old");
    assert!(!system.exists("C:\\file"));
    system.close_handle(reader).unwrap();
    judge(volume, system);
}

#[test]
fn row_248_a_reparse_point_is_seen_outside_after_the_commit() {
    let (volume, system) = system();
    system.mkdir("C:\\target").unwrap();
    system.make("C:\\target\\file", b"x");
    let tx = system.begin();
    system
        .symlink_in(tx, "C:\\link", "target", SYMBOLIC_LINK_FLAG_DIRECTORY)
        .unwrap();
    assert_eq!(system.read_in(tx, "C:\\link\\file").unwrap(), b"x");
    assert_eq!(
        fails(&system, system.open("C:\\link\\file", GENERIC_READ)),
        3
    );
    system.commit_transaction(tx).unwrap();
    assert_eq!(system.read("C:\\link\\file").unwrap(), b"x");
    judge(volume, system);
}

/// A second volume by a device, as D:.
fn another() -> Volume {
    volume_by(&FormatOptions::default())
}

#[test]
fn row_251_and_252_volumes_without_transactions() {
    let volume = volume();
    let fat: Arc<dyn FileSystem> = Arc::new(Declared::new(
        another().fs,
        Declaration::preset("fat32").unwrap(),
    ));
    let share = another();
    let system = builder(&volume)
        .drive('F', fat)
        .unc("server", "share", share.fs, ShareKind::default())
        .build()
        .unwrap();
    system.make("C:\\file", b"x");
    system.make("F:\\file", b"x");
    system.make("\\\\server\\share\\file", b"x");
    let tx = system.begin();
    for (root, code) in [("F:", 6801), ("\\\\server\\share", 6805)] {
        let at = |name: &str| format!("{root}\\{name}");
        assert_eq!(
            fails(&system, system.hard_in(tx, &at("new"), &at("file"))),
            code
        );
        assert_eq!(
            fails(&system, system.symlink_in(tx, &at("new"), "file", 0)),
            code
        );
        assert_eq!(
            fails(&system, system.create_in(tx, &at("new"), CREATE_NEW)),
            code
        );
        assert_eq!(
            fails(&system, system.open_in(tx, &at("file"), GENERIC_READ)),
            code
        );
        assert_eq!(fails(&system, system.delete_in(tx, &at("file"))), code);
        assert_eq!(fails(&system, system.mkdir_in(tx, &at("new"))), code);
        assert_eq!(fails(&system, system.rmdir_in(tx, &at("new"))), code);
        assert_eq!(
            fails(&system, system.move_in(tx, &at("file"), &at("new"))),
            code
        );
        assert_eq!(
            fails(&system, system.hard_in(tx, &at("new"), "C:\\file")),
            code
        );
    }
    // A link that leads there.
    system.symlink("C:\\there", "F:\\file", 0).unwrap();
    assert_eq!(
        fails(&system, system.open_in(tx, "C:\\there", GENERIC_READ)),
        6801
    );
    system.commit_transaction(tx).unwrap();
    judge(volume, system);
}

#[test]
fn row_253_to_255_what_is_no_open_transaction() {
    let (volume, system) = system();
    system.make("C:\\file", b"x");
    let file = system.open("C:\\file", GENERIC_READ).unwrap();
    let closed = system.begin();
    system.close_handle(closed).unwrap();
    let (committed, aborted) = (system.begin(), system.begin());
    system.commit_transaction(committed).unwrap();
    system.rollback_transaction(aborted).unwrap();
    for (tx, code) in [
        (Handle::from_value(u64::MAX), 6),
        (Handle::from_value(0), 6),
        (closed, 6),
        (file, 6700),
        (committed, 6705),
        (aborted, 6704),
    ] {
        assert_eq!(
            fails(&system, system.hard_in(tx, "C:\\new", "C:\\file")),
            code
        );
        assert_eq!(
            fails(&system, system.symlink_in(tx, "C:\\new", "file", 0)),
            code
        );
        assert_eq!(
            fails(&system, system.create_in(tx, "C:\\new", CREATE_NEW)),
            code
        );
        assert_eq!(fails(&system, system.delete_in(tx, "C:\\file")), code);
        assert_eq!(fails(&system, system.mkdir_in(tx, "C:\\new")), code);
        assert_eq!(fails(&system, system.rmdir_in(tx, "C:\\new")), code);
        assert_eq!(
            fails(&system, system.move_in(tx, "C:\\file", "C:\\new")),
            code
        );
        // KTM itself asks for a handle of its own.
        let code = if tx == file { 6 } else { code };
        assert_eq!(fails(&system, system.commit_transaction(tx)), code);
        assert_eq!(fails(&system, system.rollback_transaction(tx)), code);
    }
    assert!(!system.exists("C:\\new") && system.exists("C:\\file"));
    for (options, level, flags) in [(2, 0, 0), (0, 1, 0), (0, 0, 1)] {
        let made = system.create_transaction(None, None, options, level, flags, 0, None);
        assert_eq!(fails(&system, made), 87);
    }
    judge(volume, system);
}

#[test]
fn row_257_to_260_readers_and_writers_lock_each_other_out_by_the_table() {
    let (volume, system) = system();
    system.make("C:\\file", b"file");
    let (one, two) = (system.begin(), system.begin());
    let writes = GENERIC_READ | GENERIC_WRITE;
    type Open<'a> = Box<dyn Fn(u32) -> Win32Result<Handle> + 'a>;
    let first = |access| system.open_in(one, "C:\\file", access);
    let second: Open<'_> = Box::new(|access| system.open_in(two, "C:\\file", access));
    let plain: Open<'_> = Box::new(|access| system.open("C:\\file", access));
    let check = |open: &Open<'_>, access: u32, code: u32, what: &str| match code {
        0 => system.close_handle(open(access).expect(what)).unwrap(),
        code => assert_eq!(fails(&system, open(access)), code, "{what}"),
    };

    let reader = first(GENERIC_READ).unwrap();
    check(
        &second,
        GENERIC_READ,
        0,
        "transacted reader, transacted reader",
    );
    check(&plain, GENERIC_READ, 0, "transacted reader, plain reader");
    check(&plain, writes, 32, "transacted reader, plain writer");
    // A second transaction may write then, and keeps the file.
    let third = system.begin();
    let writer = system.open_in(third, "C:\\file", writes).unwrap();
    check(
        &second,
        GENERIC_READ,
        0,
        "transacted writer, transacted reader",
    );
    check(
        &second,
        writes,
        32,
        "transacted writer, transacted writer (row 260)",
    );
    check(&plain, GENERIC_READ, 0, "transacted writer, plain reader");
    check(
        &plain,
        writes,
        32,
        "transacted writer, plain writer (row 258)",
    );
    system.close_handle(reader).unwrap();
    system.close_handle(writer).unwrap();
    check(&plain, writes, 32, "locked until the transaction ends");
    check(&second, writes, 32, "locked until the transaction ends");
    system.rollback_transaction(third).unwrap();

    let reader = plain(GENERIC_READ).unwrap();
    check(&second, GENERIC_READ, 0, "plain reader, transacted reader");
    check(&second, writes, 0, "plain reader, transacted writer");
    check(&plain, GENERIC_READ, 0, "plain reader, plain reader");
    system.rollback_transaction(two).unwrap();
    check(&plain, writes, 0, "plain reader, plain writer");
    system.close_handle(reader).unwrap();

    let writer = plain(writes).unwrap();
    let opened = system.open_in(one, "C:\\file", GENERIC_READ);
    assert_eq!(fails(&system, opened), 6800, "row 259");
    let opened = system.open_in(one, "C:\\file", writes);
    assert_eq!(fails(&system, opened), 6800, "row 257");
    assert_eq!(fails(&system, system.delete_in(one, "C:\\file")), 6800);
    assert_eq!(
        fails(&system, system.hard_in(one, "C:\\new", "C:\\file")),
        6800
    );
    check(&plain, GENERIC_READ, 0, "plain writer, plain reader");
    check(&plain, writes, 0, "plain writer, plain writer");
    system.close_handle(writer).unwrap();
    // Beside all that sharing counts as always.
    let alone = system
        .open_with("C:\\file", GENERIC_READ, 0, OPEN_EXISTING, 0)
        .unwrap();
    assert_eq!(
        fails(&system, system.open_in(one, "C:\\file", GENERIC_READ)),
        32
    );
    system.close_handle(alone).unwrap();
    drop((second, plain));
    judge(volume, system);
}

#[test]
fn a_file_that_a_transaction_changed_is_not_changed_by_others() {
    let (volume, system) = system();
    system.make("C:\\file", b"old");
    system.make("C:\\other", b"other");
    let tx = system.begin();
    let file = system.create_in(tx, "C:\\file", OPEN_EXISTING).unwrap();
    system.write_file(file, b"newer").unwrap();
    assert_eq!(system.contents(file).unwrap(), b"newer");
    system.close_handle(file).unwrap();
    assert_eq!(system.read("C:\\file").unwrap(), b"old");
    assert_eq!(fails(&system, system.open("C:\\file", GENERIC_WRITE)), 32);
    assert_eq!(fails(&system, system.delete("C:\\file")), 32);
    assert_eq!(fails(&system, system.hard("C:\\link", "C:\\file")), 32);
    assert_eq!(fails(&system, system.move_plain("C:\\file", "C:\\x")), 32);
    let replaced = system.move_file_ex_w(
        Some(&w("C:\\other")),
        Some(&w("C:\\file")),
        MOVEFILE_REPLACE_EXISTING,
    );
    assert_eq!(fails(&system, replaced), 6800);
    // All of its streams are locked.
    assert_eq!(fails(&system, system.open("C:\\file:s", GENERIC_WRITE)), 2);
    let stream = system.open_with("C:\\file:s", GENERIC_WRITE, SHARE_ALL, CREATE_NEW, 0);
    assert_eq!(fails(&system, stream), 32);
    system.commit_transaction(tx).unwrap();
    assert_eq!(system.read("C:\\file").unwrap(), b"newer");
    system.hard("C:\\link", "C:\\file").unwrap();
    judge(volume, system);
}

#[test]
fn row_261_a_directory_above_is_not_renamed() {
    let (volume, system) = system();
    system.mkdir("C:\\a").unwrap();
    system.mkdir("C:\\a\\b").unwrap();
    system.make("C:\\a\\b\\file", b"x");
    let (one, two) = (system.begin(), system.begin());
    let file = system
        .create_in(one, "C:\\a\\b\\file", OPEN_EXISTING)
        .unwrap();
    system.write_file(file, b"y").unwrap();
    for name in ["C:\\a", "C:\\a\\b"] {
        let moved = system.move_plain(name, "C:\\moved");
        assert_eq!(fails(&system, moved), 6824, "{name}");
        let moved = system.move_in(two, name, "C:\\moved");
        assert_eq!(fails(&system, moved), 6824, "{name}");
    }
    system.close_handle(file).unwrap();
    assert_eq!(
        fails(&system, system.move_plain("C:\\a", "C:\\moved")),
        6824
    );
    // Nor is a directory removed in which there is something only inside.
    system.mkdir("C:\\empty").unwrap();
    system.make_in(one, "C:\\empty\\new", b"");
    assert_eq!(fails(&system, system.rmdir_in(two, "C:\\empty")), 6800);
    assert_eq!(fails(&system, system.rmdir("C:\\empty")), 6800);
    system.rollback_transaction(one).unwrap();
    system.move_plain("C:\\a", "C:\\moved").unwrap();
    assert_eq!(system.read("C:\\moved\\b\\file").unwrap(), b"x");
    judge(volume, system);
}

#[test]
fn row_262_what_is_not_done_in_a_transaction() {
    let (volume, system) = system();
    system.make("C:\\file", b"x");
    let tx = system.begin();
    let file = system
        .open_in(tx, "C:\\file", GENERIC_READ | GENERIC_WRITE | DELETE)
        .unwrap();
    // FileLinkInformation: links are transacted by name only.
    let mut buffer = vec![0; 20];
    let name = w("\\??\\C:\\link");
    buffer[16..20].copy_from_slice(&u32::try_from(name.len() * 2).unwrap().to_le_bytes());
    buffer.extend(name.iter().flat_map(|unit| unit.to_le_bytes()));
    let linked = system.nt_set_information_file(file, 11, &buffer);
    assert_eq!(linked.to_win32().0, 6853);
    // A rename goes with the transaction.
    let renamed = system.nt_set_information_file(file, 10, &buffer);
    assert_eq!(renamed.0, 0);
    assert!(system.exists_in(tx, "C:\\link") && system.exists("C:\\file"));
    // Older versions of a file are not kept.
    let version = system.create_file_transacted_w(
        Some(&w("C:\\link")),
        GENERIC_READ,
        SHARE_ALL,
        None,
        OPEN_EXISTING,
        0,
        None,
        tx,
        Some(TXFS_MINIVERSION_COMMITTED_VIEW),
    );
    assert_eq!(fails(&system, version), 87);
    system.close_handle(file).unwrap();
    system.commit_transaction(tx).unwrap();
    assert!(system.exists("C:\\link") && !system.exists("C:\\file"));
    judge(volume, system);
}

#[test]
fn row_263_encrypted_files_are_not_opened_in_a_transaction() {
    let volume = volume();
    // Nothing here encrypts: the mark of $STANDARD_INFORMATION is set by hand.
    let system = builder(&volume).build().unwrap();
    system.make("C:\\marked file", b"x");
    system.exit_process();
    volume.fs.sync().unwrap();
    drop(system);
    let Volume { device, fs } = volume;
    drop(fs);
    mark_encrypted(&device, "marked file");
    let fs = NtfsFs::open(device.clone(), OpenOptions::read_write()).unwrap();
    let fs: Arc<dyn FileSystem> = Arc::new(fs.with_read_only_files(ReadOnlyFiles::LeftToCaller));
    let volume = Volume { device, fs };
    let system = builder(&volume).build().unwrap();
    let tx = system.begin();
    for access in [GENERIC_READ, GENERIC_WRITE] {
        let opened = system.open_in(tx, "C:\\marked file", access);
        assert_eq!(fails(&system, opened), 6831);
    }
    let linked = system.hard_in(tx, "C:\\link", "C:\\marked file");
    assert_eq!(fails(&system, linked), 6831);
    assert_eq!(
        fails(&system, system.delete_in(tx, "C:\\marked file")),
        6831
    );
}

/// Sets FILE_ATTRIBUTE_ENCRYPTED in the file record that holds this name.
fn mark_encrypted(device: &MemoryDevice, name: &str) {
    const RECORD: usize = 1024;
    let wanted: Vec<u8> = w(name).iter().flat_map(|unit| unit.to_le_bytes()).collect();
    let mut image = vec![0; usize::try_from(device.len()).unwrap()];
    device.read_at(0, &mut image).unwrap();
    let mut marked = 0;
    for start in (0..image.len()).step_by(RECORD) {
        let record = &image[start..start + RECORD];
        let holds = record.windows(wanted.len()).any(|part| part == wanted);
        if !record.starts_with(b"FILE") || !holds {
            continue;
        }
        let attributes = usize::from(u16::from_le_bytes([record[20], record[21]]));
        assert_eq!(
            record[attributes], 0x10,
            "$STANDARD_INFORMATION comes first"
        );
        let value = attributes + usize::from(record[attributes + 20]);
        let at = u64::try_from(start + value + 32).unwrap();
        let now = u32::from_le_bytes(record[value + 32..value + 36].try_into().unwrap());
        device.write_at(at, &(now | 0x4000).to_le_bytes()).unwrap();
        marked += 1;
    }
    assert_eq!(marked, 1);
}

#[test]
fn one_thread_two_transactions_and_plain_calls_interleaved() {
    let (volume, system) = system();
    system.mkdir("C:\\dir").unwrap();
    system.make("C:\\file", b"file");
    let (one, two) = (system.begin(), system.begin());
    // Handles of all three stay open over everything.
    let in_one = system.create_in(one, "C:\\dir\\one", CREATE_NEW).unwrap();
    let in_two = system.create_in(two, "C:\\dir\\two", CREATE_NEW).unwrap();
    let plain = system
        .open_with(
            "C:\\dir\\plain",
            GENERIC_READ | GENERIC_WRITE,
            SHARE_ALL,
            CREATE_NEW,
            0,
        )
        .unwrap();
    for round in 0_u8..50 {
        for file in [in_one, in_two, plain] {
            system.write_file(file, &[round; 1000]).unwrap();
        }
        let name = |who: &str| format!("C:\\dir\\{who} {round}");
        system.hard_in(one, &name("one"), "C:\\dir\\one").unwrap();
        system.symlink_in(two, &name("two"), "two", 0).unwrap();
        system.hard(&name("plain"), "C:\\file").unwrap();
        // Each sees its own and what is committed.
        assert!(system.exists_in(one, &name("one")) && !system.exists_in(one, &name("two")));
        assert!(system.exists_in(two, &name("two")) && !system.exists_in(two, &name("one")));
        for tx in [one, two] {
            assert!(system.exists_in(tx, &name("plain")));
        }
        assert!(!system.exists(&name("one")) && !system.exists(&name("two")));
    }
    system.flush_file_buffers(plain).unwrap();
    assert_eq!(system.get_file_size_ex(in_one).unwrap(), 50_000);
    system.close_handle(in_one).unwrap();
    system.commit_transaction(one).unwrap();
    assert!(system.exists("C:\\dir\\one 49") && system.exists_in(two, "C:\\dir\\one 49"));
    assert_eq!(system.read("C:\\dir\\one 7").unwrap().len(), 50_000);
    system.write_file(in_two, b"more").unwrap();
    assert_eq!(system.get_file_size_ex(in_two).unwrap(), 50_004);
    assert!(!system.exists("C:\\dir\\two 3"));
    system.rollback_transaction(two).unwrap();
    assert_eq!(fails(&system, system.write_file(in_two, b"x")), 6815);
    system.write_file(plain, b"more").unwrap();
    for handle in [in_two, plain, one, two] {
        system.close_handle(handle).unwrap();
    }
    assert!(!system.exists("C:\\dir\\two"));
    judge(volume, system);
}

#[test]
fn ten_thousand_links_are_one_commit() {
    let (volume, system) = system();
    system.mkdir("C:\\links").unwrap();
    let tx = system.begin();
    for file in 0..10 {
        let existing = format!("C:\\file{file}");
        system.make_in(tx, &existing, b"x");
        for link in 0..1000 {
            let new = format!("C:\\links\\{file}-{link}");
            system.hard_in(tx, &new, &existing).unwrap();
        }
    }
    assert!(!system.exists("C:\\links\\9-999"));
    system.commit_transaction(tx).unwrap();
    assert_eq!(system.read("C:\\links\\9-999").unwrap(), b"x");
    for more in 1000..1023 {
        system
            .hard(&format!("C:\\links\\9-{more}"), "C:\\file9")
            .unwrap();
    }
    assert_eq!(
        fails(&system, system.hard("C:\\links\\more", "C:\\file9")),
        1142
    );
    judge(volume, system);
}

#[test]
fn links_that_are_pending_count_towards_1024() {
    let (volume, system) = system();
    system.make("C:\\file", b"x");
    for link in 0..1000 {
        system.hard(&format!("C:\\{link}"), "C:\\file").unwrap();
    }
    let tx = system.begin();
    for link in 1000..1023 {
        system
            .hard_in(tx, &format!("C:\\{link}"), "C:\\file")
            .unwrap();
    }
    assert_eq!(
        fails(&system, system.hard_in(tx, "C:\\more", "C:\\file")),
        1142
    );
    system.delete_in(tx, "C:\\5").unwrap();
    system.hard_in(tx, "C:\\more", "C:\\file").unwrap();
    system.commit_transaction(tx).unwrap();
    assert!(system.exists("C:\\more") && !system.exists("C:\\5"));
    judge(volume, system);
}

#[test]
fn a_commit_that_finds_the_volume_full_is_112_and_leaves_nothing() {
    let (volume, system) = system();
    let free = volume.fs.volume_info().unwrap().free;
    let tx = system.begin();
    system.make_in(tx, "C:\\small", b"x");
    let big = vec![1; usize::try_from(free * 2 / 3).unwrap()];
    system.make_in(tx, "C:\\big", &big);
    assert_eq!(fails(&system, system.commit_transaction(tx)), 112);
    assert!(!system.exists("C:\\small") && !system.exists("C:\\big"));
    assert_eq!(fails(&system, system.commit_transaction(tx)), 6704);
    assert_eq!(volume.fs.volume_info().unwrap().free, free);
    judge(volume, system);
}

#[test]
fn two_volumes_are_not_changed_in_one_transaction() {
    let (first, second) = (volume(), another());
    let system = builder(&first)
        .drive('D', Arc::clone(&second.fs))
        .build()
        .unwrap();
    system.make("D:\\file", b"x");
    let tx = system.begin();
    system.make_in(tx, "C:\\new", b"x");
    assert_eq!(system.read_in(tx, "D:\\file").unwrap(), b"x");
    assert_eq!(
        fails(&system, system.create_in(tx, "D:\\new", CREATE_NEW)),
        6825
    );
    assert_eq!(fails(&system, system.delete_in(tx, "D:\\file")), 6825);
    assert_eq!(
        fails(&system, system.hard_in(tx, "D:\\link", "C:\\new")),
        17
    );
    assert_eq!(
        fails(&system, system.move_in(tx, "C:\\new", "D:\\moved")),
        17
    );
    system.commit_transaction(tx).unwrap();
    assert!(system.exists("C:\\new") && system.exists("D:\\file"));
    judge(first, system);
}

/// A clock that is set by hand.
struct Hands(AtomicI64);

impl Clock for Hands {
    fn now(&self) -> Timestamp {
        Timestamp {
            seconds: self.0.load(Ordering::Relaxed),
            nanos: 0,
        }
    }
}

#[test]
fn a_transaction_whose_time_is_over_is_rolled_back() {
    let volume = volume();
    let clock = Arc::new(Hands(AtomicI64::new(1_600_000_000)));
    let system = builder(&volume)
        .clock(Arc::clone(&clock) as Arc<dyn Clock>)
        .build()
        .unwrap();
    let tx = system
        .create_transaction(None, None, 1, 0, 0, 1500, None)
        .unwrap();
    system.make_in(tx, "C:\\new", b"x");
    let file = system.create_in(tx, "C:\\new", OPEN_EXISTING).unwrap();
    clock.0.fetch_add(1, Ordering::Relaxed);
    system.write_file(file, b"y").unwrap();
    clock.0.fetch_add(1, Ordering::Relaxed);
    assert_eq!(fails(&system, system.write_file(file, b"z")), 6815);
    // What it held is free, without anybody asking for the transaction.
    system.make("C:\\new", b"mine");
    assert_eq!(fails(&system, system.commit_transaction(tx)), 6704);
    assert_eq!(system.read("C:\\new").unwrap(), b"mine");
    system.close_handle(file).unwrap();
    judge(volume, system);
}

#[test]
fn delete_on_close_counts_when_the_handle_is_closed_before_the_commit() {
    let (volume, system) = system();
    system.make("C:\\closed", b"x");
    system.make("C:\\open", b"x");
    let tx = system.begin();
    let delete = |name: &str| {
        system
            .create_file_transacted_w(
                Some(&w(name)),
                GENERIC_READ | DELETE,
                SHARE_ALL,
                None,
                OPEN_EXISTING,
                FILE_FLAG_DELETE_ON_CLOSE,
                None,
                tx,
                None,
            )
            .unwrap()
    };
    system.close_handle(delete("C:\\closed")).unwrap();
    let open = delete("C:\\open");
    assert!(!system.exists_in(tx, "C:\\closed"));
    system.commit_transaction(tx).unwrap();
    system.close_handle(open).unwrap();
    assert!(!system.exists("C:\\closed") && system.exists("C:\\open"));
    judge(volume, system);
}

#[test]
fn a_cut_during_the_commit_leaves_all_or_nothing_and_no_cut_after_it_loses_it() {
    let base = MemoryDevice::new(4 << 20);
    linkwright_ntfs_mkfs::format(&base, &FormatOptions::default()).unwrap();
    let on = |device: Arc<dyn BlockDevice>| {
        let fs = NtfsFs::open(device, OpenOptions::read_write()).unwrap();
        let fs: Arc<dyn FileSystem> =
            Arc::new(fs.with_read_only_files(ReadOnlyFiles::LeftToCaller));
        System::builder().drive('C', fs).build().unwrap()
    };
    let sim = Arc::new(SimDevice::new(&base));
    let system = on(sim.clone());
    system.make("C:\\file", b"old");
    let handle = system.open("C:\\file", GENERIC_WRITE).unwrap();
    system.flush_file_buffers(handle).unwrap();
    system.close_handle(handle).unwrap();
    let begun = sim.position();
    let tx = system.begin();
    let file = system.create_in(tx, "C:\\file", OPEN_EXISTING).unwrap();
    system.write_file(file, &[7; 9000]).unwrap();
    system.close_handle(file).unwrap();
    for link in 0..30 {
        system
            .hard_in(tx, &format!("C:\\link {link}"), "C:\\file")
            .unwrap();
    }
    system.symlink_in(tx, "C:\\symbolic", "file", 0).unwrap();
    system.commit_transaction(tx).unwrap();
    let done = sim.position();
    system.close_handle(tx).unwrap();

    let mut cuts = sim.cuts();
    let mut seen = [0, 0];
    loop {
        if cuts.position() >= begun {
            for loss in [Loss::All, Loss::Nothing, Loss::Seed(cuts.position() as u64)] {
                let image = Arc::new(cuts.image(loss));
                let after = on(image.clone());
                let links = (0..30)
                    .filter(|link| after.exists(&format!("C:\\link {link}")))
                    .count();
                let data = after.read("C:\\file").unwrap();
                let all = links == 30 && data == [7; 9000] && after.exists("C:\\symbolic");
                let none = links == 0 && data == b"old" && !after.exists("C:\\symbolic");
                assert!(all || none, "{}, {loss:?}: {links} links", cuts.position());
                assert!(
                    all || cuts.position() < done,
                    "{}, {loss:?}",
                    cuts.position()
                );
                seen[usize::from(all)] += 1;
                drop(after);
                let mut problems = Vec::new();
                linkwright_ntfs_check::check(
                    &*image,
                    &linkwright_ntfs_check::CheckOptions::default(),
                    &mut |problem| problems.push(problem.to_string()),
                )
                .map(|summary| assert!(summary.is_clean(), "{problems:#?}"))
                .unwrap();
            }
        }
        if !cuts.step() {
            break;
        }
    }
    assert!(seen[0] > 0 && seen[1] > 0, "{seen:?}");
}

#[test]
fn the_last_error_is_that_of_the_transacted_call() {
    let (volume, system) = system();
    let tx = system.begin();
    system.set_last_error(Win32Error::SUCCESS);
    let missing = system.open_in(tx, "C:\\missing", GENERIC_READ);
    assert_eq!(fails(&system, missing), 2);
    assert_eq!(
        fails(&system, system.hard_in(tx, "C:\\x", "C:\\missing")),
        2
    );
    assert_eq!(
        fails(&system, system.symlink_in(tx, "C:\\no\\x", "y", 0)),
        3
    );
    assert_eq!(fails(&system, system.symlink_in(tx, "C:\\x", "y", 8)), 87);
    system.make_in(tx, "C:\\x", b"");
    let again = system.create_in(tx, "C:\\x", CREATE_ALWAYS).unwrap();
    assert_eq!(system.get_last_error().0, 183);
    system.close_handle(again).unwrap();
    judge(volume, system);
}

/// The names that FindFirstFileNameW and its transacted form give, sorted.
fn names_of(system: &System, tx: Option<Handle>, name: &str) -> Vec<String> {
    let mut buffer = [0; 300];
    let mut length = 300;
    let path = w(name);
    let first = match tx {
        None => system.find_first_file_name_w(Some(&path), 0, &mut length, &mut buffer),
        Some(tx) => {
            system.find_first_file_name_transacted_w(Some(&path), 0, &mut length, &mut buffer, tx)
        }
    };
    let search = first.unwrap();
    let mut names = Vec::new();
    loop {
        names.push(String::from_utf16(&buffer[..length as usize - 1]).unwrap());
        length = 300;
        let next = system.find_next_file_name_w(search, &mut length, &mut buffer);
        match next {
            Ok(()) => {}
            Err(error) => {
                assert_eq!(error.0, 38);
                break;
            }
        }
    }
    system.find_close(search).unwrap();
    names.sort();
    names
}

#[test]
fn names_entries_and_attributes_are_those_of_the_transaction() {
    let (volume, system) = system();
    system.mkdir("C:\\dir").unwrap();
    system.make("C:\\dir\\b", b"12345");
    system.make("C:\\dir\\gone", b"");
    let tx = system.begin();
    system.hard_in(tx, "C:\\dir\\a", "C:\\dir\\b").unwrap();
    system.delete_in(tx, "C:\\dir\\gone").unwrap();
    system.symlink_in(tx, "C:\\dir\\c", "b", 0).unwrap();
    system
        .set_file_attributes_transacted_w(Some(&w("C:\\dir\\b")), FILE_ATTRIBUTE_HIDDEN, tx)
        .unwrap();
    assert_eq!(
        names_of(&system, Some(tx), "C:\\dir\\b"),
        ["\\dir\\a", "\\dir\\b"]
    );
    assert_eq!(names_of(&system, None, "C:\\dir\\b"), ["\\dir\\b"]);
    // Another's file is seen inside at once.
    system.make("C:\\dir\\d", b"");

    let pattern = w("C:\\dir\\*");
    let (search, mut data) = system
        .find_first_file_transacted_w(Some(&pattern), 0, 0, 0, tx)
        .unwrap();
    let mut seen = Vec::new();
    loop {
        let end = data.file_name.iter().position(|unit| *unit == 0).unwrap();
        let name = String::from_utf16(&data.file_name[..end]).unwrap();
        seen.push((name, data.file_size_low, data.reserved0));
        match system.find_next_file_w(search) {
            Ok(next) => data = next,
            Err(error) => {
                assert_eq!(error.0, 18);
                break;
            }
        }
    }
    system.find_close(search).unwrap();
    let seen: Vec<_> = seen.iter().map(|(n, s, t)| (n.as_str(), *s, *t)).collect();
    assert_eq!(
        seen,
        [
            (".", 0, 0),
            ("..", 0, 0),
            ("a", 5, 0),
            ("b", 5, 0),
            ("c", 0, 0xA000_000C),
            ("d", 0, 0)
        ]
    );
    let hidden = |tx: Option<Handle>| {
        let name = w("C:\\dir\\b");
        let attributes = match tx {
            Some(tx) => {
                system
                    .get_file_attributes_transacted_w(Some(&name), 0, tx)
                    .unwrap()
                    .file_attributes
            }
            None => system.get_file_attributes_w(Some(&name)).unwrap(),
        };
        attributes & FILE_ATTRIBUTE_HIDDEN != 0
    };
    assert!(hidden(Some(tx)) && !hidden(None));
    system.commit_transaction(tx).unwrap();
    assert!(hidden(None));
    assert_eq!(
        names_of(&system, None, "C:\\dir\\a"),
        ["\\dir\\a", "\\dir\\b"]
    );
    judge(volume, system);
}

#[test]
fn the_a_functions_take_names_in_the_code_page() {
    let (volume, system) = system();
    let tx = system.begin();
    let file = system
        .create_file_transacted_a(
            Some(b"C:\\file"),
            GENERIC_WRITE,
            0,
            None,
            CREATE_NEW,
            0,
            None,
            tx,
            None,
        )
        .unwrap();
    system.close_handle(file).unwrap();
    let umlaut = "C:\\\u{fc}".as_bytes();
    system
        .create_hard_link_transacted_a(Some(umlaut), Some(b"C:\\file"), None, tx)
        .unwrap();
    system
        .create_symbolic_link_transacted_a(Some(b"C:\\link"), Some(b"file"), 0, tx)
        .unwrap();
    system
        .create_directory_transacted_a(None, Some(b"C:\\dir"), None, tx)
        .unwrap();
    system
        .move_file_transacted_a(Some(b"C:\\file"), Some(b"C:\\dir\\moved"), 0, tx)
        .unwrap();
    system
        .delete_file_transacted_a(Some(b"C:\\link"), tx)
        .unwrap();
    let full = system.remove_directory_transacted_a(Some(b"C:\\dir"), tx);
    assert_eq!(fails(&system, full), 145);
    let long = [b'x'; 300];
    let made = system.create_symbolic_link_transacted_a(Some(&long), Some(b"x"), 0, tx);
    assert_eq!(fails(&system, made), 206);
    system.commit_transaction(tx).unwrap();
    assert!(system.exists("C:\\\u{fc}") && system.exists("C:\\dir\\moved"));
    assert!(!system.exists("C:\\link"));
    judge(volume, system);
}
