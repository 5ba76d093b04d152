//! Target texts of links, turned from one system's form into another's.

use linkwright_fs::Name;

const BACKSLASH: u16 = b'\\' as u16;

/// `\??\C:\x` is `C:\x`, `\??\UNC\server\share` is `\\server\share`; other
/// texts, and `\??\Volume{...}\`, get what makes them a Win32 path.
pub fn nt_to_win32(nt_name: &[u16]) -> Vec<u16> {
    let units = |text: &str| -> Vec<u16> { text.encode_utf16().collect() };
    let Some(rest) = nt_name.strip_prefix(units(r"\??\").as_slice()) else {
        return nt_name.to_vec();
    };
    let unc = units(r"UNC\");
    let is_unc = rest
        .get(..unc.len())
        .is_some_and(|head| head.iter().zip(&unc).all(|(a, b)| fold(*a) == fold(*b)));
    // Whatever stands before a colon is a drive to Win32 (RtlDetermineDosPathNameType_U).
    let is_drive = matches!(rest, [drive, colon, ..]
        if *drive != BACKSLASH && *drive != u16::from(b'/') && *colon == u16::from(b':'));
    let (prefix, tail) = match (is_unc, is_drive) {
        (true, _) => (r"\\", &rest[unc.len()..]),
        (_, true) => ("", rest),
        _ => (r"\\?\", rest),
    };
    let mut text = units(prefix);
    text.extend_from_slice(tail);
    text
}

/// The way back of [`nt_to_win32`]: the name that the kernel follows for a path
/// that begins at a drive, a share or a device, `/` turned.
pub fn win32_to_nt(path: &[u16]) -> Vec<u16> {
    let units = |text: &str| -> Vec<u16> { text.encode_utf16().collect() };
    let turned = turn_slashes(path);
    let verbatim = units(r"\\?\");
    let device = units(r"\\.\");
    let share = units(r"\\");
    let strip = |prefix: &[u16]| turned.strip_prefix(prefix);
    match (strip(&verbatim), strip(&device), strip(&share)) {
        (Some(rest), _, _) | (_, Some(rest), _) => [&units(r"\??\"), rest].concat(),
        (_, _, Some(rest)) => [&units(r"\??\UNC\"), rest].concat(),
        _ => [units(r"\??\"), turned].concat(),
    }
}

fn turn_slashes(text: &[u16]) -> Vec<u16> {
    text.iter()
        .map(|&unit| match unit == u16::from(b'/') {
            true => BACKSLASH,
            false => unit,
        })
        .collect()
}

/// The text of a POSIX link as Windows reads it: separators turned. A leading
/// `/` becomes `\`, the root of the volume.
pub fn posix_to_windows(text: &[u8]) -> Vec<u16> {
    Name::from_host_bytes(text)
        .units()
        .iter()
        .map(|&unit| {
            if unit == u16::from(b'/') {
                BACKSLASH
            } else {
                unit
            }
        })
        .collect()
}

/// The text of a Windows link as POSIX reads it: separators turned.
pub fn windows_to_posix(text: &[u16]) -> Vec<u8> {
    let turned = text
        .iter()
        .map(|&unit| {
            if unit == BACKSLASH {
                u16::from(b'/')
            } else {
                unit
            }
        })
        .collect();
    Name::from_units(turned).to_host_bytes()
}

/// The way from a directory to another place of the same volume, both as paths
/// from its root: `..\\dir\\file`, or `.` for the directory itself.
pub fn relative_path(from: &[Name], to: &[Name], separator: char) -> Name {
    let shared = from.iter().zip(to).take_while(|(a, b)| a == b).count();
    let up = std::iter::repeat_n(Name::from(".."), from.len() - shared);
    let parts: Vec<Name> = up.chain(to[shared..].iter().cloned()).collect();
    if parts.is_empty() {
        return Name::from(".");
    }
    let mut units = Vec::new();
    for part in &parts {
        if !units.is_empty() {
            units.extend(separator.encode_utf16(&mut [0; 2]).iter());
        }
        units.extend_from_slice(part.units());
    }
    Name::from_units(units)
}

fn fold(unit: u16) -> u16 {
    match u8::try_from(unit) {
        Ok(byte) => u16::from(byte.to_ascii_uppercase()),
        Err(_) => unit,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn win32(text: &str) -> String {
        let units: Vec<u16> = text.encode_utf16().collect();
        String::from_utf16(&nt_to_win32(&units)).unwrap()
    }

    #[test]
    fn nt_names_become_what_people_write() {
        assert_eq!(win32(r"\??\C:\a"), r"C:\a");
        assert_eq!(win32("\\??\\\u{e4}:\\a"), "\u{e4}:\\a");
        assert_eq!(win32(r"\??\UNC\server\share\a"), r"\\server\share\a");
        assert_eq!(win32(r"\??\unc\server"), r"\\server");
        assert_eq!(win32(r"\??\Volume{1}\"), r"\\?\Volume{1}\");
        assert_eq!(win32(r"..\a"), r"..\a");
        assert_eq!(win32(r"\a"), r"\a");
    }

    #[test]
    fn what_people_write_becomes_nt_names() {
        let nt = |text: &str| {
            let units: Vec<u16> = text.encode_utf16().collect();
            String::from_utf16(&win32_to_nt(&units)).unwrap()
        };
        assert_eq!(nt(r"C:\a/b"), r"\??\C:\a\b");
        assert_eq!(nt(r"\\server\share\a"), r"\??\UNC\server\share\a");
        assert_eq!(nt(r"\\?\Volume{1}\"), r"\??\Volume{1}\");
    }

    #[test]
    fn the_way_between_two_places() {
        let names = |text: &str| -> Vec<Name> {
            text.split('/')
                .filter(|part| !part.is_empty())
                .map(Name::from)
                .collect()
        };
        let way = |from, to| relative_path(&names(from), &names(to), '\\').to_string();
        assert_eq!(way("a/b", "a/c/d"), r"..\c\d");
        assert_eq!(way("", "a"), "a");
        assert_eq!(way("a", "a"), ".");
        assert_eq!(way("a/b", ""), r"..\..");
        assert_eq!(way("a", "a/b"), "b");
    }

    #[test]
    fn separators_turn_both_ways() {
        let windows = posix_to_windows(b"../a/b\xff");
        assert_eq!(String::from_utf16_lossy(&windows[..5]), r"..\a\");
        assert_eq!(windows_to_posix(&windows), b"../a/b\xff");
    }
}
