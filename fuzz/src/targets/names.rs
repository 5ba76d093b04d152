//! Paths, names and the table that folds them.

use linkwright_names::NtName;
use linkwright_names::host::{from_host_bytes, to_host_bytes};
use linkwright_names::path::{
    CurrentDirectories, FullPath, NtPath, StreamSpec, VolumeGuid, Win32Path, Win32PathKind,
    check_stream_name, relative_path,
};
use linkwright_names::short_name::{generate_8dot3, is_legal_8dot3};
use linkwright_names::upcase::UpcaseTable;
use linkwright_names::validity::{
    check_ntfs_component, check_posix_component, check_win32_component, reserved_device,
};

use crate::bytes::{Bytes, answers, text, units};

pub(crate) fn directories() -> CurrentDirectories {
    let current: Vec<u16> = "C:\\one\\two".encode_utf16().collect();
    let current = FullPath::parse(&current).expect("a full path");
    CurrentDirectories::new(current).expect("a directory on a drive")
}

/// Two paths: each is parsed in every way, and one is sought from the other.
pub(super) fn paths(bytes: &[u8]) {
    let (first, second) = Bytes(bytes).halves();
    let directories = directories();
    let [a, b] = [first, second].map(|half| {
        let path = units(half);
        one_path(&path, &directories);
        FullPath::new(&path, &directories).ok()
    });
    let (Some(a), Some(b)) = (a, b) else { return };
    let table = UpcaseTable::windows();
    if let Some(way) = relative_path(&a, &b, &table) {
        answers(way.to_string_lossy());
    }
    let mut changed = directories.clone();
    answers(changed.change(a.clone()));
    answers(changed.set_for_drive(b));
    answers(FullPath::new(a.units(), &changed));
}

fn one_path(path: &[u16], directories: &CurrentDirectories) {
    if let Ok(parsed) = Win32Path::parse(path) {
        answers((parsed.kind(), parsed.root(), parsed.drive()));
        answers((parsed.server_and_share(), parsed.is_nt()));
        answers(parsed.components().count());
        answers(parsed.components().rev().count());
    }
    if let Ok(full) = FullPath::new(path, directories) {
        // What is complete stays as it is, but for a device that was no last
        // component before: `nul\.` becomes `C:\nul`, and that `\\.\nul`.
        let again = FullPath::new(full.units(), directories).expect("a full path is a path");
        let device = again.kind() == Win32PathKind::LocalDevice;
        assert!(again == full || device, "{again:?} of {full:?}");
        answers(NtPath::from_full(&full));
    }
    answers(FullPath::parse(path));
    let both = [NtPath::parse(path), NtPath::from_win32(path, directories)];
    for nt in both.into_iter().flatten() {
        answers((nt.kind(), nt.to_win32(), nt.to_verbatim()));
    }
    answers(VolumeGuid::parse(path));
    if let Ok(stream) = StreamSpec::parse(path) {
        answers(stream.is_default());
    }
    answers(check_stream_name(path));
}

pub(super) fn path_seeds() -> Vec<Vec<u8>> {
    let texts = [
        ("C:\\a\\b.txt", "C:\\a\\c\\d"),
        ("..\\x\\.\\y\\..\\z", "\\rooted"),
        ("\\\\server\\share\\x", "\\\\server\\share\\y\\z"),
        ("\\\\?\\C:\\verbatim \\x.", "\\\\.\\pipe\\x"),
        ("\\??\\C:\\x", "\\??\\UNC\\server\\share"),
        (
            "\\??\\Volume{01234567-89ab-cdef-0123-456789abcdef}\\x",
            "D:relative",
        ),
        ("file:stream:$DATA", "C:\\dir\\nul.txt"),
        ("a/b//c/ . ", "\\Device\\HarddiskVolume2\\x"),
    ];
    texts
        .iter()
        .map(|(a, b)| {
            let (a, b) = (text(a), text(b));
            let cut = (a.len() * 255).div_ceil(a.len() + b.len());
            [vec![u8::try_from(cut).unwrap_or(255)], a, b].concat()
        })
        .collect()
}

/// A long name, and names that are taken.
pub(super) fn short_names(bytes: &[u8]) {
    let name = units(bytes);
    let legal = is_legal_8dot3(&name);
    let mut left = usize::from(bytes.first().copied().unwrap_or(0));
    let made = generate_8dot3(&name, |candidate| {
        assert!(is_legal_8dot3(candidate), "{candidate:?}");
        left = left.saturating_sub(1);
        left > 0
    });
    answers((legal, made.is_ok()));
}

pub(super) fn name_seeds() -> Vec<Vec<u8>> {
    [
        "a long name with spaces.text",
        "SHORT.TXT",
        ".hidden",
        "x.y.z.tar.gz",
        "\u{e4}\u{f6}\u{fc} \u{1F600}.md",
        "COM1.log",
        "ends in dots...",
    ]
    .map(text)
    .to_vec()
}

/// Names from a Unix host's bytes and back, and the other way round.
pub(super) fn host(bytes: &[u8]) {
    let name = from_host_bytes(bytes);
    if !bytes.contains(&0) {
        assert_eq!(to_host_bytes(name.units()), bytes);
    }
    let name = NtName::from_units(&units(bytes));
    let host = to_host_bytes(name.units());
    assert_eq!(from_host_bytes(&host).units(), name.units(), "{host:?}");
    answers((name.to_string_lossy(), name.to_exact_string()));
    let stored = name.to_le_bytes();
    assert_eq!(
        NtName::from_le_bytes(&stored).as_ref().map(NtName::units),
        Ok(name.units())
    );
    answers(check_posix_component(name.units()));
    answers(check_ntfs_component(name.units()));
    answers(check_win32_component(name.units()));
    answers(reserved_device(name.units()));
}

pub(super) fn host_seeds() -> Vec<Vec<u8>> {
    let mut seeds = name_seeds();
    seeds.push("a b\u{e4}\u{1F600}".as_bytes().to_vec());
    seeds.push(b"not \xFF\xFE\x80 UTF-8 \xED\xA0\x80\xED\xB0\x80".to_vec());
    seeds.push([0x00, 0xD8, 0x00, 0xDC, 0x41, 0x00, 0x00, 0xDC].to_vec());
    seeds
}

/// A table by these bytes, and names that are compared by it.
pub(super) fn upcase(bytes: &[u8]) {
    let mut table: Vec<u16> = UpcaseTable::windows().units().to_vec();
    let mut input = Bytes(bytes);
    for _ in 0..input.u8() {
        let at = usize::from(input.u16());
        table[at] = input.u16();
    }
    let (a, b) = input.halves();
    let (a, b) = (units(a), units(b));
    answers(UpcaseTable::from_le_bytes(input.0));
    let Ok(table) = UpcaseTable::from_units(table) else {
        return;
    };
    let order = table.compare(&a, &b);
    assert_eq!(order, table.compare(&b, &a).reverse());
    assert_eq!(
        table.eq_ignore_case(&a, &b),
        table.compare_ignore_case(&a, &b).is_eq()
    );
    answers((table.fold_name(&a), table.crc64()));
}

pub(super) fn upcase_seeds() -> Vec<Vec<u8>> {
    let names = text("straSse und Strasse");
    vec![
        [&[0, 100][..], &names].concat(),
        [&[1, b'a', 0, b'A', 0, 100][..], &names].concat(),
        [&[2, b'a', 0, b'Q', 0, b's', 0, 0, 0, 100][..], &names].concat(),
    ]
}
