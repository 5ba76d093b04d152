//! `FindFirstFile(Ex)`, `FindFirstFileNameW`, `FindFirstStreamW`,
//! `GetFinalPathNameByHandle`, `GetShortPathName`, `GetLongPathName`.

use std::sync::Arc;

use linkwright_win32::constants::*;
use linkwright_win32::structures::Win32FindData;
use linkwright_win32::{Handle, ShareKind, System, Win32Error};

use crate::support::{
    Calls, SHARE_ALL, builder, fails, judge, system, volume, volume_with_short_names, w,
};

fn text(units: &[u16]) -> String {
    String::from_utf16(units).unwrap()
}

/// All that a pattern finds, in order.
fn found(system: &System, pattern: &str) -> Result<Vec<Win32FindData>, Win32Error> {
    let (search, first) = system.find_first_file_w(Some(&w(pattern)))?;
    let mut out = vec![first];
    loop {
        match system.find_next_file_w(search) {
            Ok(next) => out.push(next),
            Err(end) => {
                // The end of every search is ERROR_NO_MORE_FILES.
                assert_eq!(end.0, 18);
                system.find_close(search).unwrap();
                return Ok(out);
            }
        }
    }
}

fn names(system: &System, pattern: &str) -> Vec<String> {
    let found = found(system, pattern).unwrap();
    found.iter().map(|data| text(data.name())).collect()
}

/// MS-FSA 2.1.4.4 and what kernel32 makes of a pattern.
#[test]
fn patterns_find_what_they_always_found() {
    let (volume, system) = system();
    system.mkdir(r"C:\d").unwrap();
    for name in ["a.txt", "ab.txt", "abc.c", "none", "two.dots.txt"] {
        system.make(&format!(r"C:\d\{name}"), b"");
    }
    let all = [
        ".",
        "..",
        "a.txt",
        "ab.txt",
        "abc.c",
        "none",
        "two.dots.txt",
    ];
    assert_eq!(names(&system, r"C:\d\*"), all);
    assert_eq!(names(&system, r"C:\d\*.*"), all);
    assert_eq!(names(&system, r"C:\d\*."), [".", "..", "none"]);
    assert_eq!(names(&system, r"C:\d\a?.txt"), ["a.txt", "ab.txt"]);
    assert_eq!(
        names(&system, r"C:\d\*.TXT"),
        ["a.txt", "ab.txt", "two.dots.txt"]
    );
    assert_eq!(names(&system, r"C:\d\none.*"), ["none"]);
    assert_eq!(names(&system, r"C:\D\ABC.C"), ["abc.c"]);
    // The wildcards of DOS themselves.
    assert_eq!(names(&system, "C:\\d\\none\"*"), ["none"]);
    // A root has no entries for itself and its parent.
    assert_eq!(names(&system, r"C:\*"), ["d"]);
    assert_eq!(names(&system, r"\\?\C:\d\a*"), ["a.txt", "ab.txt", "abc.c"]);
    judge(volume, system);
}

/// SEMANTICS 2.9: NO_SUCH_FILE is 2, and what is wrong with the directory is a
/// matter of the path.
#[test]
fn searches_that_find_nothing() {
    let (_volume, system) = system();
    system.mkdir(r"C:\d").unwrap();
    system.make(r"C:\f", b"");
    let find = |name: &str| system.find_first_file_w(Some(&w(name)));
    assert_eq!(fails(&system, find(r"C:\d\x*")), 2);
    assert_eq!(fails(&system, find(r"C:\none\*")), 3);
    assert_eq!(fails(&system, find(r"C:\none\none\*")), 3);
    assert_eq!(fails(&system, find(r"C:\f\*")), 267);
    assert_eq!(fails(&system, find(r"C:\d\")), 2);
    assert_eq!(fails(&system, find(r"C:\")), 2);
    assert_eq!(fails(&system, find(r"C:\d\a|b")), 123);
    assert_eq!(fails(&system, find(r"C:\*\f")), 123);
    assert_eq!(fails(&system, find("")), 3);
    assert_eq!(fails(&system, system.find_first_file_w(None)), 3);
    // A search is not closed as a file is, nor a file as a search.
    let (search, _) = find(r"C:\*").unwrap();
    assert_eq!(fails(&system, system.close_handle(search)), 6);
    system.find_close(search).unwrap();
    assert_eq!(fails(&system, system.find_next_file_w(search)), 6);
    let file = system.open(r"C:\f", GENERIC_READ).unwrap();
    assert_eq!(fails(&system, system.find_close(file)), 6);
    system.close_handle(file).unwrap();
    // The null device is found under its name.
    let (search, data) = find("NUL").unwrap();
    assert_eq!(text(data.name()), "NUL");
    assert_eq!(data.file_attributes, FILE_ATTRIBUTE_ARCHIVE);
    assert_eq!(fails(&system, system.find_next_file_w(search)), 18);
    system.find_close(search).unwrap();
}

/// Rows 159, 160: entries of links, dangling or not, have the tag in
/// dwReserved0, and nothing is followed.
#[test]
fn links_are_told_by_their_tag() {
    let (volume, system) = system();
    system.mkdir(r"C:\target").unwrap();
    system.make(r"C:\target\inside", b"");
    system
        .symlink(r"C:\link", "target", SYMBOLIC_LINK_FLAG_DIRECTORY)
        .unwrap();
    system.symlink(r"C:\dangling", "nothing", 0).unwrap();
    let link = &found(&system, r"C:\link").unwrap()[0];
    assert_eq!(link.reserved0, IO_REPARSE_TAG_SYMLINK);
    assert_eq!(
        link.file_attributes,
        FILE_ATTRIBUTE_DIRECTORY | FILE_ATTRIBUTE_REPARSE_POINT
    );
    let dangling = &found(&system, r"C:\dangling").unwrap()[0];
    assert_eq!(dangling.reserved0, IO_REPARSE_TAG_SYMLINK);
    assert_eq!(found(&system, r"C:\target").unwrap()[0].reserved0, 0);
    // The directory of a pattern is a path like any other.
    assert_eq!(names(&system, r"C:\link\*"), [".", "..", "inside"]);
    judge(volume, system);
}

#[test]
fn short_names_are_found_and_told() {
    let volume = volume_with_short_names();
    let system = builder(&volume).build().unwrap();
    system.make(r"C:\A long name.text", b"");
    system.make(r"C:\short.txt", b"");
    let both = found(&system, r"C:\ALONGN~1.TEX").unwrap();
    assert_eq!(both.len(), 1);
    assert_eq!(text(both[0].name()), "A long name.text");
    assert_eq!(text(both[0].alternate_name()), "ALONGN~1.TEX");
    assert_eq!(
        found(&system, r"C:\short.txt").unwrap()[0].alternate_name(),
        []
    );
    let ex = |level, operation, flags, name: &str| {
        system.find_first_file_ex_w(Some(&w(name)), level, operation, flags)
    };
    let (search, basic) = ex(FIND_EX_INFO_BASIC, 0, 0, r"C:\a*").unwrap();
    assert_eq!(basic.alternate_name(), []);
    system.find_close(search).unwrap();
    // Letter case counts only when asked for.
    let sensitive = FIND_FIRST_EX_CASE_SENSITIVE;
    assert_eq!(fails(&system, ex(0, 0, sensitive, r"C:\SHORT*")), 2);
    let (search, _) = ex(0, 0, sensitive, r"C:\short*").unwrap();
    system.find_close(search).unwrap();
    assert_eq!(fails(&system, ex(0, 0, 0x80, r"C:\*")), 87);
    assert_eq!(fails(&system, ex(9, 0, 0, r"C:\*")), 50);
    assert_eq!(
        fails(&system, ex(0, FIND_EX_SEARCH_LIMIT_TO_DEVICES, 0, r"C:\*")),
        50
    );
    judge(volume, system);
}

/// A search holds its directory: it can be removed, and goes with the search.
#[test]
fn a_directory_stays_while_it_is_searched() {
    let (volume, system) = system();
    system.mkdir(r"C:\d").unwrap();
    let (search, _) = system.find_first_file_w(Some(&w(r"C:\d\*"))).unwrap();
    system.rmdir(r"C:\d").unwrap();
    assert_eq!(fails(&system, system.mkdir(r"C:\d")), 5);
    system.find_close(search).unwrap();
    system.mkdir(r"C:\d").unwrap();
    judge(volume, system);
}

/// The names of a file, in whatever order.
fn names_of(system: &System, name: &str) -> Vec<String> {
    let mut buffer = [0; 100];
    let mut length = 100;
    let search = system
        .find_first_file_name_w(Some(&w(name)), 0, &mut length, &mut buffer)
        .unwrap();
    let mut out = Vec::new();
    loop {
        let end = length as usize - 1;
        assert_eq!(buffer[end], 0);
        out.push(text(&buffer[..end]));
        length = 100;
        if let Err(end) = system.find_next_file_name_w(search, &mut length, &mut buffer) {
            // Row 242.
            assert_eq!(end.0, 38);
            break;
        }
    }
    system.find_close(search).unwrap();
    out.sort();
    out
}

/// SEMANTICS 6: names from the root of the volume, never 8.3 names.
#[test]
fn every_name_of_a_file_is_told() {
    let volume = volume_with_short_names();
    let system = builder(&volume).build().unwrap();
    system.mkdir(r"C:\dir").unwrap();
    system.make(r"C:\A long name.text", b"");
    system
        .hard(r"C:\dir\second", r"C:\A long name.text")
        .unwrap();
    system.hard(r"C:\third", r"C:\dir\second").unwrap();
    let all = [r"\A long name.text", r"\dir\second", r"\third"];
    assert_eq!(names_of(&system, r"C:\third"), all);
    assert_eq!(names_of(&system, r"C:\ALONGN~1.TEX"), all);
    // A name that is to be deleted is no longer one.
    let held = system.open(r"C:\third", GENERIC_READ).unwrap();
    system.delete(r"C:\third").unwrap();
    assert_eq!(names_of(&system, r"C:\dir\second"), all[..2]);
    system.close_handle(held).unwrap();
    assert_eq!(names_of(&system, r"C:\dir"), [r"\dir"]);
    judge(volume, system);
}

/// Rows 238 to 240, 242.
#[test]
fn the_protocol_of_lengths_of_names() {
    let (_volume, system) = system();
    // Their order is nobody's business; these are of one length.
    system.make(r"C:\name", b"");
    system.hard(r"C:\more", r"C:\name").unwrap();
    let first = |length: &mut u32, buffer: &mut [u16]| {
        system.find_first_file_name_w(Some(&w(r"C:\name")), 0, length, buffer)
    };
    let mut length = 5;
    let mut buffer = [0xEEEE; 20];
    assert_eq!(fails(&system, first(&mut length, &mut buffer)), 234);
    // `\name` and its NUL; nothing was written.
    assert_eq!((length, buffer[0]), (6, 0xEEEE));
    let search = first(&mut length, &mut buffer).unwrap();
    assert_eq!((length, buffer[5]), (6, 0));
    let before = text(&buffer[..5]);
    length = 5;
    let mut next = |length: &mut u32| system.find_next_file_name_w(search, length, &mut buffer);
    assert_eq!(fails(&system, next(&mut length)), 234);
    // The same name comes when there is room.
    assert_eq!(length, 6);
    next(&mut length).unwrap();
    assert_eq!(fails(&system, next(&mut length)), 38);
    let mut both = [before, text(&buffer[..5])];
    both.sort();
    assert_eq!(both, [r"\more", r"\name"]);
    system.find_close(search).unwrap();

    let ask = |name: Option<&[u16]>, flags| {
        system.find_first_file_name_w(name, flags, &mut 20, &mut [0; 20])
    };
    assert_eq!(fails(&system, ask(Some(&w(r"C:\none")), 0)), 2);
    assert_eq!(fails(&system, ask(Some(&w(r"C:\none\x")), 0)), 3);
    assert_eq!(fails(&system, ask(Some(&w(r"C:\name")), 1)), 87);
    assert_eq!(fails(&system, ask(None, 0)), 87);
}

/// SEMANTICS 5: a transaction sees its own names, and handles opened in it tell
/// of the file as the transaction has it.
#[test]
fn a_transaction_sees_its_own_names() {
    let (volume, system) = system();
    system.make(r"C:\a", b"data");
    system.hard(r"C:\b", r"C:\a").unwrap();
    let tx = system
        .create_transaction(None, None, 0, 0, 0, 0, None)
        .unwrap();
    system
        .create_hard_link_transacted_w(Some(&w(r"C:\c")), Some(&w(r"C:\a")), None, tx)
        .unwrap();
    system
        .delete_file_transacted_w(Some(&w(r"C:\b")), tx)
        .unwrap();
    let inside = |system: &System| {
        let mut buffer = [0; 20];
        let mut out = Vec::new();
        let mut length = 20;
        let search = system
            .find_first_file_name_transacted_w(Some(&w(r"C:\a")), 0, &mut length, &mut buffer, tx)
            .unwrap();
        out.push(text(&buffer[..length as usize - 1]));
        length = 20;
        while system
            .find_next_file_name_w(search, &mut length, &mut buffer)
            .is_ok()
        {
            out.push(text(&buffer[..length as usize - 1]));
            length = 20;
        }
        system.find_close(search).unwrap();
        out.sort();
        out
    };
    assert_eq!(inside(&system), [r"\a", r"\c"]);
    assert_eq!(names_of(&system, r"C:\a"), [r"\a", r"\b"]);
    let handle = system
        .create_file_transacted_w(
            Some(&w(r"C:\c")),
            GENERIC_READ,
            SHARE_ALL,
            None,
            OPEN_EXISTING,
            0,
            None,
            tx,
            None,
        )
        .unwrap();
    let found = system.get_file_information_by_handle(handle).unwrap();
    assert_eq!((found.number_of_links, found.size()), (2, 4));
    assert_eq!(path_of(&system, handle, 0).unwrap(), r"\\?\C:\c");
    system.close_handle(handle).unwrap();
    system.commit_transaction(tx).unwrap();
    assert_eq!(names_of(&system, r"C:\a"), [r"\a", r"\c"]);
    let over =
        system.find_first_file_name_transacted_w(Some(&w(r"C:\a")), 0, &mut 20, &mut [0; 20], tx);
    assert_eq!(fails(&system, over), 6705);
    system.close_handle(tx).unwrap();
    judge(volume, system);
}

/// Rows 243 and 245: what names the file has is known on its own machine only.
#[test]
fn the_names_of_a_file_on_a_share_are_not_told() {
    let volume = volume();
    let system = System::builder()
        .unc("srv", "pub", Arc::clone(&volume.fs), ShareKind::default())
        .build()
        .unwrap();
    system.make(r"\\srv\pub\f", b"");
    let name = w(r"\\srv\pub\f");
    let first = system.find_first_file_name_w(Some(&name), 0, &mut 20, &mut [0; 20]);
    assert_eq!(fails(&system, first), 50);
    let file = system.open(r"\\srv\pub\f", GENERIC_READ).unwrap();
    for class in [FILE_HARD_LINK_INFORMATION, FILE_STANDARD_LINK_INFORMATION] {
        let (status, _) = system.nt_query_information_file(file, class, &mut [0; 100]);
        assert_eq!(status, linkwright_win32::NtStatus::NOT_SUPPORTED);
    }
    system.close_handle(file).unwrap();
}

/// MS-FSCC 2.4.17, row 244.
#[test]
fn the_names_of_a_file_by_handle() {
    let (_volume, system) = system();
    system.make(r"C:\aa", b"");
    system.hard(r"C:\bb", r"C:\aa").unwrap();
    let file = system.open(r"C:\aa", GENERIC_READ).unwrap();
    let ask = |room: usize| {
        let mut buffer = vec![0; room];
        let class = FILE_HARD_LINK_INFORMATION;
        let (status, length) = system.nt_query_information_file(file, class, &mut buffer);
        buffer.truncate(length);
        (status.0, buffer)
    };
    let (status, all) = ask(200);
    assert_eq!(status, 0);
    // BytesNeeded, EntriesReturned, and two entries of 24 bytes.
    assert_eq!(all.len(), 8 + 24 + 24);
    assert_eq!(all[..8], [56, 0, 0, 0, 2, 0, 0, 0]);
    // Both stand in the root, record 5 of sequence 5.
    assert_eq!(all[16..24], [5, 0, 0, 0, 0, 0, 5, 0]);
    let (status, part) = ask(40);
    assert_eq!(
        (status, &part[..8]),
        (0x8000_0005, &[56, 0, 0, 0, 1, 0, 0, 0][..])
    );
    assert_eq!(ask(31).0, 0xC000_0004);
    system.close_handle(file).unwrap();
}

#[test]
fn streams_of_a_file() {
    let (volume, system) = system();
    system.make(r"C:\f", b"12345");
    system.make(r"C:\f:side", b"123");
    system.mkdir(r"C:\d").unwrap();
    let (search, first) = system.find_first_stream_w(Some(&w(r"C:\f")), 0, 0).unwrap();
    assert_eq!(
        (text(first.name()).as_str(), first.stream_size),
        ("::$DATA", 5)
    );
    let second = system.find_next_stream_w(search).unwrap();
    assert_eq!(
        (text(second.name()).as_str(), second.stream_size),
        (":side:$DATA", 3)
    );
    assert_eq!(fails(&system, system.find_next_stream_w(search)), 38);
    system.find_close(search).unwrap();
    let ask = |name: &str, level, flags| system.find_first_stream_w(Some(&w(name)), level, flags);
    // A directory has no data.
    assert_eq!(fails(&system, ask(r"C:\d", 0, 0)), 38);
    system.make(r"C:\d:side", b"1");
    let (search, first) = ask(r"C:\d", 0, 0).unwrap();
    assert_eq!(text(first.name()), ":side:$DATA");
    system.find_close(search).unwrap();
    assert_eq!(fails(&system, ask(r"C:\none", 0, 0)), 2);
    assert_eq!(fails(&system, ask(r"C:\f", 1, 0)), 87);
    assert_eq!(fails(&system, ask(r"C:\f", 0, 1)), 87);
    judge(volume, system);
}

/// The final path of a handle, by flags.
fn path_of(system: &System, handle: Handle, flags: u32) -> Result<String, Win32Error> {
    let mut buffer = [0; 300];
    let length = system.get_final_path_name_by_handle_w(handle, &mut buffer, flags)?;
    Ok(text(&buffer[..length as usize]))
}

/// Rows 170, 172; SEMANTICS 1.5 and 6.
#[test]
fn final_paths_in_every_form() {
    let volume = volume_with_short_names();
    let system = builder(&volume).build().unwrap();
    system.mkdir(r"C:\Long directory").unwrap();
    system.make(r"C:\Long directory\File", b"");
    system
        .symlink(r"C:\link", r"long directory\FILE", 0)
        .unwrap();
    let file = system.open(r"C:\link", GENERIC_READ).unwrap();
    let path = |flags| path_of(&system, file, flags);
    assert_eq!(
        path(VOLUME_NAME_DOS).unwrap(),
        r"\\?\C:\Long directory\File"
    );
    assert_eq!(path(VOLUME_NAME_NONE).unwrap(), r"\Long directory\File");
    assert_eq!(
        path(VOLUME_NAME_NT).unwrap(),
        r"\Device\HarddiskVolume1\Long directory\File"
    );
    let guid = path(VOLUME_NAME_GUID).unwrap();
    assert!(guid.starts_with(r"\\?\Volume{") && guid.ends_with(r"}\Long directory\File"));
    // The path leads there.
    assert!(system.exists(&guid));
    for flags in [3, 5, 6, 7, 0x10] {
        assert_eq!(fails(&system, path(flags)), 87, "flags {flags}");
    }
    // Too small a buffer: the room that is needed, its NUL included.
    let mut small = [0xEEEE; 26];
    let needed = system
        .get_final_path_name_by_handle_w(file, &mut small, 0)
        .unwrap();
    assert_eq!((needed, small[0]), (27, 0xEEEE));
    let mut exact = [0; 27];
    assert_eq!(
        system
            .get_final_path_name_by_handle_w(file, &mut exact, 0)
            .unwrap(),
        26
    );
    system.close_handle(file).unwrap();
    assert_eq!(fails(&system, path(0)), 6);

    // The name as it was opened, and in its long form.
    let file = system.open(r"C:\LONGDI~1\file", GENERIC_READ).unwrap();
    let opened = path_of(&system, file, FILE_NAME_OPENED | VOLUME_NAME_NONE).unwrap();
    assert_eq!(opened, r"\LONGDI~1\File");
    let normalized = path_of(&system, file, VOLUME_NAME_NONE).unwrap();
    assert_eq!(normalized, r"\Long directory\File");
    system.close_handle(file).unwrap();
    judge(volume, system);
}

/// SEMANTICS 6: of several names the one that was used; and a rename is followed.
#[test]
fn the_final_path_is_the_name_that_was_opened() {
    let (volume, system) = system();
    system.mkdir(r"C:\d").unwrap();
    system.make(r"C:\first", b"");
    system.hard(r"C:\d\second", r"C:\first").unwrap();
    let flags = FILE_FLAG_BACKUP_SEMANTICS;
    let file = system
        .open_with(
            r"C:\D\SECOND",
            GENERIC_READ,
            SHARE_ALL,
            OPEN_EXISTING,
            flags,
        )
        .unwrap();
    assert_eq!(path_of(&system, file, 0).unwrap(), r"\\?\C:\d\second");
    system
        .move_file_ex_w(Some(&w(r"C:\d\second")), Some(&w(r"C:\moved")), 0)
        .unwrap();
    assert_eq!(path_of(&system, file, 0).unwrap(), r"\\?\C:\moved");
    system.close_handle(file).unwrap();
    let root = system
        .open_with(r"C:\", GENERIC_READ, SHARE_ALL, OPEN_EXISTING, flags)
        .unwrap();
    assert_eq!(path_of(&system, root, 0).unwrap(), r"\\?\C:\");
    assert_eq!(path_of(&system, root, VOLUME_NAME_NONE).unwrap(), r"\");
    system.close_handle(root).unwrap();
    judge(volume, system);
}

#[test]
fn final_paths_on_a_share() {
    let volume = volume();
    let system = System::builder()
        .unc("srv", "pub", Arc::clone(&volume.fs), ShareKind::default())
        .build()
        .unwrap();
    system.make(r"\\srv\pub\f", b"");
    let file = system.open(r"\\srv\pub\f", GENERIC_READ).unwrap();
    assert_eq!(path_of(&system, file, 0).unwrap(), r"\\?\UNC\srv\pub\f");
    assert_eq!(
        path_of(&system, file, VOLUME_NAME_NT).unwrap(),
        r"\Device\Mup\srv\pub\f"
    );
    assert_eq!(fails(&system, path_of(&system, file, VOLUME_NAME_GUID)), 3);
    system.close_handle(file).unwrap();
}

#[test]
fn long_and_short_forms_of_paths() {
    let volume = volume_with_short_names();
    let system = builder(&volume).build().unwrap();
    system.mkdir(r"C:\Long directory").unwrap();
    system.make(r"C:\Long directory\a file.text", b"");
    let long = |path: &str| {
        let mut buffer = [0; 100];
        let length = system.get_long_path_name_w(Some(&w(path)), &mut buffer)?;
        Ok(text(&buffer[..length as usize]))
    };
    let short = |path: &str| {
        let mut buffer = [0; 100];
        let length = system.get_short_path_name_w(Some(&w(path)), &mut buffer)?;
        Ok::<_, Win32Error>(text(&buffer[..length as usize]))
    };
    let whole = r"C:\Long directory\a file.text";
    assert_eq!(long(r"C:\LONGDI~1\AFILE~1.TEX").unwrap(), whole);
    assert_eq!(long(whole).unwrap(), whole);
    assert_eq!(short(whole).unwrap(), r"C:\LONGDI~1\AFILE~1.TEX");
    assert_eq!(long(r"\\?\C:\LONGDI~1").unwrap(), r"\\?\C:\Long directory");
    assert_eq!(
        long(r"LONGDI~1\..\LONGDI~1").unwrap(),
        r"Long directory\..\Long directory"
    );
    assert_eq!(long(r"C:\").unwrap(), r"C:\");
    assert_eq!(fails(&system, long(r"C:\none")), 2);
    assert_eq!(fails(&system, long(r"C:\none\x")), 3);
    assert_eq!(fails(&system, long("")), 3);
    assert_eq!(
        fails(&system, system.get_long_path_name_w(None, &mut [])),
        87
    );
    // Lengths as for final paths.
    assert_eq!(
        system
            .get_long_path_name_w(Some(&w(whole)), &mut [])
            .unwrap(),
        30
    );
    judge(volume, system);
}

/// The `A` forms give the same in the code page, UTF-8 by default.
#[test]
fn the_same_in_the_code_page() {
    let (_volume, system) = system();
    system.make(r"C:\é", b"123");
    let name = "C:\\é".as_bytes();
    assert_eq!(
        system.get_file_attributes_a(Some(name)).unwrap(),
        FILE_ATTRIBUTE_ARCHIVE
    );
    let (search, data) = system.find_first_file_a(Some(name)).unwrap();
    assert_eq!((data.file_name.as_slice(), data.size), ("é".as_bytes(), 3));
    system.find_close(search).unwrap();
    let file = system.open("C:\\é", GENERIC_READ).unwrap();
    let mut buffer = [0; 20];
    let length = system
        .get_final_path_name_by_handle_a(file, &mut buffer, 0)
        .unwrap();
    assert_eq!(&buffer[..length as usize], "\\\\?\\C:\\é".as_bytes());
    system.close_handle(file).unwrap();
    system
        .copy_file_a(Some(name), Some(b"C:\\copy"), true)
        .unwrap();
    assert_eq!(system.read(r"C:\copy").unwrap(), b"123");
    system
        .move_file_ex_a(Some(b"C:\\copy"), Some("C:\\ü".as_bytes()), 0)
        .unwrap();
    assert_eq!(system.read(r"C:\ü").unwrap(), b"123");
    // A first name above MAX_PATH does not fit the buffer of the thread.
    let long = [b"C:\\".as_slice(), &[b'x'; 300]].concat();
    assert_eq!(
        fails(&system, system.get_file_attributes_a(Some(&long))),
        206
    );
}
