//! What handles and names tell of files: attributes, times, sizes, link counts,
//! identities; and the entries of directories, which lag behind.
//!
//! Row numbers are those of the table of results; MS-FSA and MS-FSCC sections
//! stand beside what they decide.

use linkwright_win32::constants::*;
use linkwright_win32::structures::{
    FileAttributeTagInfo, FileBasicInfo, FileCaseSensitiveInfo, FileCompressionInfo, FileIdInfo,
    FileStandardInfo, FileStandardLinkInformation, FileTime, Win32FindData,
};
use linkwright_win32::{Handle, NtStatus, System, Win32Error};
use zerocopy::{FromBytes, IntoBytes};

use crate::support::{Calls, SHARE_ALL, fails, judge, system, volume_with_short_names, w};

/// A structure of fixed size, by its class.
fn info<T: FromBytes + IntoBytes>(system: &System, handle: Handle, class: u32) -> T {
    let mut buffer = vec![0; size_of::<T>()];
    system
        .get_file_information_by_handle_ex(handle, class, &mut buffer)
        .unwrap();
    T::read_from_bytes(&buffer).unwrap()
}

/// The link or file itself, for its attributes.
fn itself(system: &System, name: &str) -> Handle {
    let flags = FILE_FLAG_OPEN_REPARSE_POINT | FILE_FLAG_BACKUP_SEMANTICS;
    system
        .open_with(
            name,
            FILE_READ_ATTRIBUTES | FILE_WRITE_ATTRIBUTES,
            SHARE_ALL,
            OPEN_EXISTING,
            flags,
        )
        .unwrap()
}

/// What the directory says of a name.
fn entry(system: &System, name: &str) -> Win32FindData {
    let (search, data) = system.find_first_file_w(Some(&w(name))).unwrap();
    system.find_close(search).unwrap();
    data
}

fn attributes(system: &System, name: &str) -> u32 {
    system.get_file_attributes_w(Some(&w(name))).unwrap()
}

fn links(system: &System, name: &str) -> u32 {
    let file = itself(system, name);
    let found = system.get_file_information_by_handle(file).unwrap();
    system.close_handle(file).unwrap();
    found.number_of_links
}

/// Row 1; SEMANTICS 6: serial number and index are the test for "same file".
#[test]
fn all_names_of_a_file_have_one_identity_and_count() {
    let (volume, system) = system();
    system.make(r"C:\a", b"data");
    system.make(r"C:\other", b"data");
    system.hard(r"C:\b", r"C:\a").unwrap();
    let [a, b, other] = [r"C:\a", r"C:\b", r"C:\other"].map(|name| {
        let file = itself(&system, name);
        let by_handle = system.get_file_information_by_handle(file).unwrap();
        let id: FileIdInfo = info(&system, file, FILE_ID_INFO);
        let standard: FileStandardInfo = info(&system, file, FILE_STANDARD_INFO);
        system.close_handle(file).unwrap();
        (by_handle, id, standard)
    });
    assert_eq!(a.0.index(), b.0.index());
    assert_ne!(a.0.index(), other.0.index());
    assert_eq!(a.0.volume_serial_number, other.0.volume_serial_number);
    assert_eq!((a.0.number_of_links, other.0.number_of_links), (2, 1));
    assert_eq!(a.1, b.1);
    assert_ne!(a.1, other.1);
    // The 128-bit id of NTFS is the 64-bit one and zeros (MS-FSCC 2.1.10).
    assert_eq!(u128::from_le_bytes(a.1.file_id), u128::from(a.0.index()));
    assert_eq!(
        a.1.volume_serial_number & 0xFFFF_FFFF,
        u64::from(a.0.volume_serial_number)
    );
    assert_eq!((a.2.number_of_links, a.2.end_of_file), (2, 4));
    assert_eq!((a.2.delete_pending, a.2.directory), (0, 0));
    system.delete(r"C:\b").unwrap();
    assert_eq!(links(&system, r"C:\a"), 1);
    judge(volume, system);
}

/// SEMANTICS 4.5: names that are to be deleted are no links any more, and
/// FileStandardLinkInformation tells both counts (MS-FSCC 2.4.48).
#[test]
fn a_name_that_is_to_be_deleted_is_not_counted() {
    let (volume, system) = system();
    system.make(r"C:\a", b"");
    system.hard(r"C:\b", r"C:\a").unwrap();
    let held = system.open(r"C:\b", GENERIC_READ).unwrap();
    system.delete(r"C:\b").unwrap();
    assert_eq!(links(&system, r"C:\a"), 1);
    let standard: FileStandardInfo = info(&system, held, FILE_STANDARD_INFO);
    assert_eq!((standard.number_of_links, standard.delete_pending), (1, 1));
    let mut buffer = [0; 12];
    let (status, length) =
        system.nt_query_information_file(held, FILE_STANDARD_LINK_INFORMATION, &mut buffer);
    assert_eq!((status, length), (NtStatus::SUCCESS, 12));
    let both = FileStandardLinkInformation::read_from_bytes(&buffer).unwrap();
    assert_eq!(both.number_of_accessible_links, 1);
    assert_eq!(both.total_number_of_links, 2);
    assert_eq!((both.delete_pending, both.directory), (0, 0));
    system.close_handle(held).unwrap();
    judge(volume, system);
}

/// SEMANTICS 4.3: size and attributes of an entry follow only the link the
/// change was made through; opening a name, or GetFileInformationByHandle,
/// brings its entry up to date.
#[test]
fn the_entries_of_other_names_are_stale_until_they_are_opened() {
    let (volume, system) = system();
    system.make(r"C:\a", b"");
    system.hard(r"C:\b", r"C:\a").unwrap();
    system.make(r"C:\a", b"ten bytes.");
    system
        .set_file_attributes_w(Some(&w(r"C:\a")), FILE_ATTRIBUTE_HIDDEN)
        .unwrap();
    assert_eq!(entry(&system, r"C:\a").size(), 10);
    assert_ne!(
        entry(&system, r"C:\a").file_attributes & FILE_ATTRIBUTE_HIDDEN,
        0
    );
    let stale = entry(&system, r"C:\b");
    assert_eq!(
        (stale.size(), stale.file_attributes & FILE_ATTRIBUTE_HIDDEN),
        (0, 0)
    );
    // The file itself has them whatever its name.
    let file = itself(&system, r"C:\b");
    let fresh = entry(&system, r"C:\b");
    assert_eq!(fresh.size(), 10);
    assert_ne!(fresh.file_attributes & FILE_ATTRIBUTE_HIDDEN, 0);
    system.close_handle(file).unwrap();
    judge(volume, system);
}

/// The same while a handle writes: the entry follows at its close, or when
/// GetFileInformationByHandle asks.
#[test]
fn an_entry_is_behind_its_open_file() {
    let (volume, system) = system();
    let file = system
        .open_with(r"C:\f", GENERIC_WRITE, SHARE_ALL, CREATE_NEW, 0)
        .unwrap();
    system.write_file(file, b"12345").unwrap();
    system.get_file_information_by_handle(file).unwrap();
    assert_eq!(entry(&system, r"C:\f").size(), 5);
    system.write_file(file, b"678").unwrap();
    system.close_handle(file).unwrap();
    assert_eq!(entry(&system, r"C:\f").size(), 8);
    judge(volume, system);
}

/// Rows 159 and 160, SEMANTICS 1.5: these do not follow a link, and a dangling
/// one has attributes like any other.
#[test]
fn a_link_has_attributes_and_times_of_its_own() {
    let (volume, system) = system();
    system.make(r"C:\target", b"data");
    system.symlink(r"C:\link", "target", 0).unwrap();
    system.symlink(r"C:\dangling", "nothing", 0).unwrap();
    let kinds = FILE_ATTRIBUTE_REPARSE_POINT | FILE_ATTRIBUTE_ARCHIVE;
    assert_eq!(attributes(&system, r"C:\link"), kinds);
    assert_eq!(attributes(&system, r"C:\dangling"), kinds);

    let hidden = FILE_ATTRIBUTE_HIDDEN;
    system
        .set_file_attributes_w(Some(&w(r"C:\link")), hidden)
        .unwrap();
    assert_eq!(
        attributes(&system, r"C:\link"),
        FILE_ATTRIBUTE_REPARSE_POINT | hidden
    );
    assert_eq!(attributes(&system, r"C:\target"), FILE_ATTRIBUTE_ARCHIVE);

    let link = itself(&system, r"C:\link");
    let then = FileTime::from_ticks(130_000_000_000_000_000);
    system.set_file_time(link, None, None, Some(then)).unwrap();
    assert_eq!(system.get_file_time(link).unwrap()[2], then);
    let tag: FileAttributeTagInfo = info(&system, link, FILE_ATTRIBUTE_TAG_INFO);
    assert_eq!(tag.reparse_tag, IO_REPARSE_TAG_SYMLINK);
    system.close_handle(link).unwrap();
    let target = system
        .get_file_attributes_ex_w(Some(&w(r"C:\target")), 0)
        .unwrap();
    assert_ne!(target.last_write_time, then);
    assert_eq!(target.size(), 4);

    let found = entry(&system, r"C:\link");
    assert_eq!(found.reserved0, IO_REPARSE_TAG_SYMLINK);
    assert_eq!(found.size(), 0);
    judge(volume, system);
}

#[test]
fn names_that_have_no_attributes() {
    let (_volume, system) = system();
    let ask = |name: &str| system.get_file_attributes_w(Some(&w(name)));
    system.make(r"C:\f", b"");
    assert_eq!(fails(&system, ask(r"C:\none")), 2);
    assert_eq!(fails(&system, ask(r"C:\none\f")), 3);
    assert_eq!(fails(&system, ask(r"C:\f\x")), 3);
    assert_eq!(fails(&system, ask(r"C:\*")), 123);
    assert_eq!(fails(&system, ask("")), 3);
    assert_eq!(fails(&system, system.get_file_attributes_w(None)), 3);
    assert_eq!(
        fails(
            &system,
            system.get_file_attributes_ex_w(Some(&w(r"C:\f")), 1)
        ),
        87
    );
    // A device is a file of a kind.
    assert_eq!(ask("NUL").unwrap(), FILE_ATTRIBUTE_ARCHIVE);
    assert_eq!(
        ask(r"C:\").unwrap() & FILE_ATTRIBUTE_DIRECTORY,
        FILE_ATTRIBUTE_DIRECTORY
    );
}

/// MS-FSA 2.1.5.15.2.
#[test]
fn attributes_that_are_set_and_those_that_are_not() {
    let (volume, system) = system();
    system.make(r"C:\f", b"");
    system.mkdir(r"C:\d").unwrap();
    let set = |name: &str, bits| system.set_file_attributes_w(Some(&w(name)), bits);
    // What a caller cannot set is left out, and nothing is NORMAL.
    set(
        r"C:\f",
        FILE_ATTRIBUTE_COMPRESSED | FILE_ATTRIBUTE_DIRECTORY,
    )
    .unwrap();
    assert_eq!(attributes(&system, r"C:\f"), FILE_ATTRIBUTE_NORMAL);
    let many = FILE_ATTRIBUTE_READONLY | FILE_ATTRIBUTE_SYSTEM | FILE_ATTRIBUTE_TEMPORARY;
    set(r"C:\f", many).unwrap();
    assert_eq!(attributes(&system, r"C:\f"), many);
    // A read-only file can be made writable again.
    set(r"C:\f", 0).unwrap();
    assert_eq!(attributes(&system, r"C:\f"), FILE_ATTRIBUTE_NORMAL);
    assert_eq!(fails(&system, set(r"C:\d", FILE_ATTRIBUTE_TEMPORARY)), 87);
    set(r"C:\d", FILE_ATTRIBUTE_HIDDEN).unwrap();
    assert_eq!(
        attributes(&system, r"C:\d"),
        FILE_ATTRIBUTE_DIRECTORY | FILE_ATTRIBUTE_HIDDEN
    );
    let file = itself(&system, r"C:\f");
    let directory = FileBasicInfo {
        file_attributes: FILE_ATTRIBUTE_DIRECTORY,
        ..FileBasicInfo::default()
    };
    let set = system.set_file_information_by_handle(file, FILE_BASIC_INFO, directory.as_bytes());
    assert_eq!(fails(&system, set), 87);
    system.close_handle(file).unwrap();
    judge(volume, system);
}

/// MS-FSA 2.1.5.15.2: 0 and -1 leave a time; times below -2 are no times.
#[test]
fn times_that_are_set_and_those_that_stay() {
    let (volume, system) = system();
    system.make(r"C:\f", b"");
    let file = itself(&system, r"C:\f");
    let before = system.get_file_time(file).unwrap();
    let then = FileTime::from_ticks(125_000_000_000_000_001);
    let all_bits = FileTime::from_ticks(u64::MAX);
    system
        .set_file_time(
            file,
            Some(then),
            Some(FileTime::from_ticks(0)),
            Some(all_bits),
        )
        .unwrap();
    assert_eq!(
        system.get_file_time(file).unwrap(),
        [then, before[1], before[2]]
    );
    let basic: FileBasicInfo = info(&system, file, FILE_BASIC_INFO);
    assert_eq!(basic.creation_time, 125_000_000_000_000_001);
    let wrong = FileBasicInfo {
        last_write_time: -3,
        ..FileBasicInfo::default()
    };
    let set = system.set_file_information_by_handle(file, FILE_BASIC_INFO, wrong.as_bytes());
    assert_eq!(fails(&system, set), 87);
    // The change time can be kept while the others change.
    let keep = FileBasicInfo {
        creation_time: 126_000_000_000_000_000,
        change_time: -1,
        ..FileBasicInfo::default()
    };
    system
        .set_file_information_by_handle(file, FILE_BASIC_INFO, keep.as_bytes())
        .unwrap();
    let after: FileBasicInfo = info(&system, file, FILE_BASIC_INFO);
    assert_eq!(after.change_time, basic.change_time);
    assert_eq!(after.creation_time, keep.creation_time);
    system.close_handle(file).unwrap();
    assert_eq!(
        entry(&system, r"C:\f").creation_time.ticks(),
        126_000_000_000_000_000
    );
    judge(volume, system);
}

/// MS-FSA 2.1.5.15.2: what a program sets is its own until it gives it back with
/// -2.
#[test]
fn a_time_that_was_set_is_not_moved_by_writing() {
    let (volume, system) = system();
    system.make(r"C:\f", b"");
    let file = system.open(r"C:\f", GENERIC_READ | GENERIC_WRITE).unwrap();
    let then = FileTime::from_ticks(127_000_000_000_000_000);
    let written = || system.get_file_time(file).unwrap()[2];
    system.set_file_time(file, None, None, Some(then)).unwrap();
    system.write_file(file, b"more").unwrap();
    system.set_end_of_file(file).unwrap();
    assert_eq!(written(), then);
    let free = FileBasicInfo {
        last_write_time: -2,
        ..FileBasicInfo::default()
    };
    system
        .set_file_information_by_handle(file, FILE_BASIC_INFO, free.as_bytes())
        .unwrap();
    assert_eq!(written(), then);
    system.write_file(file, b"more").unwrap();
    assert_ne!(written(), then);
    // Held as it is, without a new time.
    let held = written();
    let all_bits = FileTime::from_ticks(u64::MAX);
    system
        .set_file_time(file, None, None, Some(all_bits))
        .unwrap();
    system.write_file(file, b"more").unwrap();
    assert_eq!(written(), held);
    system.close_handle(file).unwrap();
    judge(volume, system);
}

/// On a volume that is only read an entry stays as stale as it is.
#[test]
fn stale_entries_of_a_volume_that_is_only_read() {
    let (volume, system) = system();
    system.make(r"C:\a", b"");
    system.hard(r"C:\b", r"C:\a").unwrap();
    system.make(r"C:\a", b"12345");
    system.exit_process();
    volume.fs.sync().unwrap();
    let options = linkwright_ntfs::OpenOptions::default();
    let fs = linkwright_fs::ntfs::NtfsFs::open(volume.device.clone(), options).unwrap();
    let reader = System::builder()
        .drive('C', std::sync::Arc::new(fs))
        .build()
        .unwrap();
    assert_eq!(reader.read(r"C:\b").unwrap(), b"12345");
    assert_eq!(entry(&reader, r"C:\b").size(), 0);
    let file = reader.open(r"C:\b", GENERIC_READ).unwrap();
    let by_handle = reader.get_file_information_by_handle(file).unwrap();
    assert_eq!((by_handle.number_of_links, by_handle.size()), (2, 5));
    reader.close_handle(file).unwrap();
    // Row 69: what would write is refused.
    let written = reader.set_file_attributes_w(Some(&w(r"C:\b")), 0);
    assert_eq!(fails(&reader, written), 19);
}

/// Rights by class (MS-FSA 2.1.5.12, 2.1.5.15); CreateFile adds
/// FILE_READ_ATTRIBUTES to every handle.
#[test]
fn rights_that_classes_need() {
    let (_volume, system) = system();
    system.make(r"C:\f", b"12345");
    let reader = system.open(r"C:\f", GENERIC_READ).unwrap();
    let basic: FileBasicInfo = info(&system, reader, FILE_BASIC_INFO);
    let set = |class, bytes: &[u8]| system.set_file_information_by_handle(reader, class, bytes);
    assert_eq!(fails(&system, set(FILE_BASIC_INFO, basic.as_bytes())), 5);
    assert_eq!(fails(&system, set(FILE_END_OF_FILE_INFO, &[0; 8])), 5);
    assert_eq!(fails(&system, set(FILE_ALLOCATION_INFO, &[0; 8])), 5);
    assert_eq!(fails(&system, set(FILE_DISPOSITION_INFO, &[1])), 5);
    let time = Some(FileTime::from_ticks(1));
    assert_eq!(
        fails(&system, system.set_file_time(reader, None, None, time)),
        5
    );
    system.close_handle(reader).unwrap();
}

/// MS-FSA 2.1.5.15.1 and 2.1.5.15.5.
#[test]
fn sizes_are_set_by_handle() {
    let (volume, system) = system();
    system.make(r"C:\f", &[7; 10_000]);
    system.mkdir(r"C:\d").unwrap();
    let file = system.open(r"C:\f", GENERIC_READ | GENERIC_WRITE).unwrap();
    let set =
        |class, size: i64| system.set_file_information_by_handle(file, class, &size.to_ne_bytes());
    set(FILE_END_OF_FILE_INFO, 9_000).unwrap();
    assert_eq!(system.get_file_size_ex(file).unwrap(), 9_000);
    // More room changes nothing that can be seen; less cuts at a cluster.
    set(FILE_ALLOCATION_INFO, 100_000).unwrap();
    assert_eq!(system.get_file_size_ex(file).unwrap(), 9_000);
    set(FILE_ALLOCATION_INFO, 5_000).unwrap();
    assert_eq!(system.get_file_size_ex(file).unwrap(), 8_192);
    assert_eq!(fails(&system, set(FILE_END_OF_FILE_INFO, -1)), 87);
    let short = system.set_file_information_by_handle(file, FILE_END_OF_FILE_INFO, &[0; 4]);
    assert_eq!(fails(&system, short), 24);
    system.close_handle(file).unwrap();
    let flags = FILE_FLAG_BACKUP_SEMANTICS;
    let directory = system
        .open_with(r"C:\d", GENERIC_WRITE, SHARE_ALL, OPEN_EXISTING, flags)
        .unwrap();
    let set = system.set_file_information_by_handle(directory, FILE_END_OF_FILE_INFO, &[0; 8]);
    assert_eq!(fails(&system, set), 87);
    system.close_handle(directory).unwrap();
    judge(volume, system);
}

#[test]
fn buffers_and_classes_that_do_not_fit() {
    let (_volume, system) = system();
    system.make(r"C:\name.txt", b"");
    let file = system.open(r"C:\name.txt", GENERIC_READ).unwrap();
    let ask = |class, room| {
        let mut buffer = vec![0xEE; room];
        let result = system.get_file_information_by_handle_ex(file, class, &mut buffer);
        (result, buffer)
    };
    // INFO_LENGTH_MISMATCH is ERROR_BAD_LENGTH, and nothing is written.
    let (result, buffer) = ask(FILE_BASIC_INFO, 39);
    assert_eq!((fails(&system, result), buffer), (24, vec![0xEE; 39]));
    // A name that does not fit is cut, with its full length told.
    let (result, buffer) = ask(FILE_NAME_INFO, 8);
    assert_eq!(fails(&system, result), 234);
    assert_eq!(buffer, [18, 0, 0, 0, b'\\', 0, b'n', 0]);
    for class in [
        FILE_RENAME_INFO,
        FILE_DISPOSITION_INFO,
        FILE_REMOTE_PROTOCOL_INFO,
        99,
    ] {
        assert_eq!(fails(&system, ask(class, 100).0), 87, "class {class}");
    }
    assert_eq!(
        fails(
            &system,
            system.set_file_information_by_handle(file, 99, &[])
        ),
        87
    );
    let (status, _) = system.nt_query_information_file(file, 99, &mut [0; 100]);
    assert_eq!(status, NtStatus::INVALID_INFO_CLASS);
    // The class of a link is for NtSetInformationFile alone.
    let (status, _) = system.nt_query_information_file(file, 11, &mut [0; 100]);
    assert_eq!(status, NtStatus::INVALID_INFO_CLASS);
    system.close_handle(file).unwrap();
    assert_eq!(
        fails(&system, system.get_file_information_by_handle(file)),
        6
    );
}

/// Row 100 and SEMANTICS 6: a handle tells the name it was opened by.
#[test]
fn the_name_of_a_handle_is_the_one_it_was_opened_by() {
    let (volume, system) = system();
    system.mkdir(r"C:\Dir").unwrap();
    system.make(r"C:\Dir\First", b"");
    system.hard(r"C:\second", r"C:\Dir\First").unwrap();
    let name = |path: &str| {
        let file = system.open(path, GENERIC_READ).unwrap();
        let mut buffer = [0; 200];
        system
            .get_file_information_by_handle_ex(file, FILE_NAME_INFO, &mut buffer)
            .unwrap();
        system.close_handle(file).unwrap();
        let (length, rest) = buffer.split_at(4);
        let length = u32::from_ne_bytes(length.try_into().unwrap()) as usize;
        let (pairs, _) = rest[..length].as_chunks::<2>();
        let units: Vec<u16> = pairs.iter().map(|&pair| u16::from_ne_bytes(pair)).collect();
        String::from_utf16(&units).unwrap()
    };
    assert_eq!(name(r"c:\DIR\first"), r"\Dir\First");
    assert_eq!(name(r"C:\SECOND"), r"\second");
    judge(volume, system);
}

/// MS-FSA 2.1.5.12.8, 2.1.5.12.29; FSCC 2.4.10.
#[test]
fn streams_compression_and_case() {
    let (volume, system) = system();
    system.make(r"C:\f", b"12345");
    system.make(r"C:\f:side", b"123");
    system.mkdir(r"C:\d").unwrap();
    let file = system.open(r"C:\f", GENERIC_READ).unwrap();
    let compression: FileCompressionInfo = info(&system, file, FILE_COMPRESSION_INFO);
    assert_eq!(
        (
            compression.compressed_file_size,
            compression.compression_format
        ),
        (5, 0)
    );
    let mut buffer = [0; 200];
    system
        .get_file_information_by_handle_ex(file, FILE_STREAM_INFO, &mut buffer)
        .unwrap();
    // Two entries: `::$DATA` of 5 bytes, `:side:$DATA` of 3.
    assert_eq!(buffer[..8], [40, 0, 0, 0, 14, 0, 0, 0]);
    assert_eq!((buffer[8], buffer[40 + 4], buffer[40 + 8]), (5, 22, 3));
    system.close_handle(file).unwrap();
    // A stream's own handle tells its own size.
    let side = system.open(r"C:\f:side", GENERIC_READ).unwrap();
    let standard: FileStandardInfo = info(&system, side, FILE_STANDARD_INFO);
    assert_eq!(standard.end_of_file, 3);
    system.close_handle(side).unwrap();

    let directory = itself(&system, r"C:\d");
    let mut buffer = [0; 200];
    let streams =
        system.get_file_information_by_handle_ex(directory, FILE_STREAM_INFO, &mut buffer);
    assert_eq!(fails(&system, streams), 38);
    let case: FileCaseSensitiveInfo = info(&system, directory, FILE_CASE_SENSITIVE_INFO);
    assert_eq!(case.flags, 0);
    system
        .set_file_information_by_handle(directory, FILE_CASE_SENSITIVE_INFO, &[1, 0, 0, 0])
        .unwrap();
    let case: FileCaseSensitiveInfo = info(&system, directory, FILE_CASE_SENSITIVE_INFO);
    assert_eq!(case.flags, FILE_CS_FLAG_CASE_SENSITIVE_DIR);
    system.make(r"C:\d\name", b"1");
    system.make(r"C:\d\NAME", b"22");
    assert_eq!(system.read(r"C:\d\name").unwrap(), b"1");
    let full =
        system.set_file_information_by_handle(directory, FILE_CASE_SENSITIVE_INFO, &[0, 0, 0, 0]);
    assert_eq!(fails(&system, full), 145);
    system.close_handle(directory).unwrap();
    judge(volume, system);
}

/// What other kinds of volumes do not know (MS-FSA notes 146, 163, 169, 170, 176),
/// and what they say of it.
#[test]
fn what_fat_and_refs_do_not_know() {
    use linkwright_fs::declared::{Declaration, Declared};
    let on = |declaration| {
        let volume = crate::support::volume();
        let fs = std::sync::Arc::new(Declared::new(volume.fs, declaration));
        let system = System::builder().drive('C', fs).build().unwrap();
        system.make(r"C:\f", b"12345");
        system
    };
    let set = |system: &System, code, input: &[u8]| {
        let file = system.open(r"C:\f", GENERIC_WRITE).unwrap();
        let result = system.device_io_control(file, code, input, 0);
        let number = fails(system, result);
        system.close_handle(file).unwrap();
        number
    };
    let link = linkwright_reparse::SymbolicLink::relative(&w("x")).unwrap();
    let fat = on(Declaration::fat32());
    let file = fat.open(r"C:\f", GENERIC_READ).unwrap();
    let standard: FileStandardInfo = info(&fat, file, FILE_STANDARD_INFO);
    assert_eq!((standard.number_of_links, standard.end_of_file), (1, 5));
    for class in [FILE_STREAM_INFO, FILE_COMPRESSION_INFO] {
        let asked = fat.get_file_information_by_handle_ex(file, class, &mut [0; 100]);
        assert_eq!(fails(&fat, asked), 87);
    }
    fat.close_handle(file).unwrap();
    assert_eq!(
        fails(&fat, fat.find_first_stream_w(Some(&w(r"C:\f")), 0, 0)),
        87
    );
    let owner = fat.get_file_security_w(Some(&w(r"C:\f")), 1, &mut [], &mut 0);
    assert_eq!(fails(&fat, owner), 5);
    assert_eq!(set(&fat, FSCTL_SET_REPARSE_POINT, &link.encode()), 4392);
    for code in [
        FSCTL_SET_SPARSE,
        FSCTL_DELETE_OBJECT_ID,
        FSCTL_GET_COMPRESSION,
    ] {
        assert_eq!(set(&fat, code, &[]), 1, "{code:#x}");
    }
    let exfat = on(Declaration::exfat());
    assert_eq!(set(&exfat, FSCTL_SET_REPARSE_POINT, &link.encode()), 1);
    let refs = on(Declaration::refs_3_5());
    assert_eq!(set(&refs, FSCTL_DELETE_OBJECT_ID, &[]), 1);
    let file = itself(&refs, r"C:\f");
    let cut = refs.set_file_information_by_handle(file, FILE_END_OF_FILE_INFO, &[0; 8]);
    assert_eq!(fails(&refs, cut), 5);
    refs.close_handle(file).unwrap();
    refs.make(r"C:\f", b"");
    let file = itself(&refs, r"C:\f");
    refs.device_io_control(file, FSCTL_SET_REPARSE_POINT, &link.encode(), 0)
        .unwrap();
    refs.close_handle(file).unwrap();
}

/// The directory classes go on where they ended, and begin anew when asked.
#[test]
fn a_directory_is_listed_by_handle() {
    let volume = volume_with_short_names();
    let system = crate::support::builder(&volume).build().unwrap();
    system.mkdir(r"C:\d").unwrap();
    for name in ["one", "two", "three with a long name"] {
        system.make(&format!(r"C:\d\{name}"), b"");
    }
    let directory = system
        .open_with(
            r"C:\d",
            GENERIC_READ,
            SHARE_ALL,
            OPEN_EXISTING,
            FILE_FLAG_BACKUP_SEMANTICS,
        )
        .unwrap();
    let read = |class, room| {
        let mut buffer = vec![0; room];
        system
            .get_file_information_by_handle_ex(directory, class, &mut buffer)
            .map(|()| names(&buffer, 104))
    };
    let all = [".", "..", "one", "three with a long name", "two"];
    assert_eq!(read(FILE_ID_BOTH_DIRECTORY_INFO, 4096).unwrap(), all);
    assert_eq!(fails(&system, read(FILE_ID_BOTH_DIRECTORY_INFO, 4096)), 18);
    assert_eq!(
        read(FILE_ID_BOTH_DIRECTORY_RESTART_INFO, 240).unwrap(),
        all[..2]
    );
    assert_eq!(read(FILE_ID_BOTH_DIRECTORY_INFO, 128).unwrap(), all[2..3]);
    // No room for the next name, and none for any.
    assert_eq!(fails(&system, read(FILE_ID_BOTH_DIRECTORY_INFO, 120)), 234);
    assert_eq!(fails(&system, read(FILE_ID_BOTH_DIRECTORY_INFO, 100)), 24);
    system.close_handle(directory).unwrap();

    let file = system.open(r"C:\d\one", GENERIC_READ).unwrap();
    let class = FILE_ID_BOTH_DIRECTORY_INFO;
    let listed = system.get_file_information_by_handle_ex(file, class, &mut [0; 500]);
    assert_eq!(fails(&system, listed), 87);
    system.close_handle(file).unwrap();
    judge(volume, system);
}

/// The names of a list of directory structures.
fn names(buffer: &[u8], name_at: usize) -> Vec<String> {
    let number = |at: usize| u32::from_ne_bytes(buffer[at..at + 4].try_into().unwrap()) as usize;
    let mut out = Vec::new();
    let mut at = 0;
    loop {
        let length = number(at + 60);
        let (pairs, _) = buffer[at + name_at..at + name_at + length].as_chunks::<2>();
        let units: Vec<u16> = pairs.iter().map(|&pair| u16::from_ne_bytes(pair)).collect();
        out.push(String::from_utf16(&units).unwrap());
        match number(at) {
            0 => return out,
            next => at += next,
        }
    }
}

#[test]
fn types_of_handles() {
    let (_volume, system) = system();
    system.make(r"C:\f", b"");
    let file = system.open(r"C:\f", GENERIC_READ).unwrap();
    let null = system.open("NUL", GENERIC_READ).unwrap();
    assert_eq!(system.get_file_type(file).unwrap(), FILE_TYPE_DISK);
    assert_eq!(system.get_file_type(null).unwrap(), FILE_TYPE_CHAR);
    assert_eq!(
        fails(&system, system.get_file_information_by_handle(null)),
        1
    );
    system.close_handle(file).unwrap();
    assert_eq!(fails(&system, system.get_file_type(file)), 6);
    assert_eq!(system.get_last_error(), Win32Error::INVALID_HANDLE);
}
