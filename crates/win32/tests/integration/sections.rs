//! Files that run as programs.

use linkwright_win32::constants::*;
use linkwright_win32::{Win32Error, WindowsVersion};

use crate::support::{self, Calls, fails, w};

const IMAGE: u32 = SEC_IMAGE | PAGE_READONLY;

#[test]
fn a_program_that_runs_is_neither_written_nor_deleted_and_may_be_linked() {
    let (_volume, system) = support::system();
    system.make(r"C:\a.exe", b"MZ and so on");
    let file = system.open(r"C:\a.exe", GENERIC_READ).unwrap();
    let section = system.create_file_mapping_w(file, IMAGE).unwrap();
    system.close_handle(file).unwrap();

    let result = system.open(r"C:\a.exe", GENERIC_WRITE);
    assert_eq!(fails(&system, result), 32);
    let result = system.delete_file_w(Some(&w(r"C:\a.exe")));
    assert_eq!(fails(&system, result), 5);
    system.hard(r"C:\b.exe", r"C:\a.exe").unwrap();
    // Windows 11: one of two names may go, the last one not.
    system.delete_file_w(Some(&w(r"C:\a.exe"))).unwrap();
    let result = system.delete_file_w(Some(&w(r"C:\b.exe")));
    assert_eq!(fails(&system, result), 5);

    system.close_handle(section).unwrap();
    system.delete_file_w(Some(&w(r"C:\b.exe"))).unwrap();
}

#[test]
fn before_windows_11_no_name_of_a_running_program_goes() {
    let volume = support::volume();
    let system = support::builder(&volume)
        .windows_version(WindowsVersion::WINDOWS_10_22H2)
        .build()
        .unwrap();
    system.make(r"C:\a.exe", b"MZ");
    system.hard(r"C:\b.exe", r"C:\a.exe").unwrap();
    let file = system.open(r"C:\a.exe", GENERIC_READ).unwrap();
    system.create_file_mapping_w(file, IMAGE).unwrap();
    system.close_handle(file).unwrap();
    let result = system.delete_file_w(Some(&w(r"C:\b.exe")));
    assert_eq!(fails(&system, result), 5);
}

#[test]
fn only_programs_have_image_sections() {
    let (_volume, system) = support::system();
    system.make(r"C:\text", b"no program");
    system.make(r"C:\empty", b"");
    let mapped = |name: &str, access, protection| {
        let file = system.open(name, access).unwrap();
        system.create_file_mapping_w(file, protection).unwrap_err()
    };
    assert_eq!(
        mapped(r"C:\text", GENERIC_READ, IMAGE),
        Win32Error::BAD_EXE_FORMAT
    );
    assert_eq!(
        mapped(r"C:\empty", GENERIC_READ, IMAGE),
        Win32Error::FILE_INVALID
    );
    assert_eq!(
        mapped(r"C:\text", GENERIC_READ, PAGE_READONLY),
        Win32Error::NOT_SUPPORTED
    );
    let attributes = mapped(r"C:\text", FILE_READ_ATTRIBUTES, IMAGE);
    assert_eq!(attributes, Win32Error::ACCESS_DENIED);
}
