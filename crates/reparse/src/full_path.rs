//! Lexical normalisation of an absolute Win32 path, as `GetFullPathName` does it.

use crate::target::TargetForm;

pub(crate) const SEPARATOR: u16 = b'\\' as u16;
const SLASH: u16 = b'/' as u16;
const DOT: u16 = b'.' as u16;
const SPACE: u16 = b' ' as u16;

pub(crate) fn is_separator(unit: u16) -> bool {
    unit == SEPARATOR || unit == SLASH
}

/// Slashes turned, `.` and `..` and doubled separators collapsed, dots and spaces cut off the end;
/// `..` stops at the root, and a trailing separator stays. `path` must be absolute.
pub(crate) fn full_path(path: &[u16]) -> Vec<u16> {
    let turned: Vec<u16> = path
        .iter()
        .map(|&unit| if unit == SLASH { SEPARATOR } else { unit })
        .collect();
    let (root, rest) = turned
        .split_at_checked(root_length(&turned))
        .unwrap_or((&turned, &[]));
    let mut out = root.to_vec();
    out.extend(collapse(rest));
    out
}

/// Units of the part that `..` cannot remove.
fn root_length(path: &[u16]) -> usize {
    match TargetForm::of(path) {
        TargetForm::DriveAbsolute => 3,
        TargetForm::Device => path.len().min(4),
        TargetForm::Unc => after_components(path, 2, 2),
        TargetForm::Rooted => 1,
        TargetForm::Relative | TargetForm::DriveRelative => 0,
    }
}

/// Index behind `count` components (and the separator that ends each) from `start` on.
fn after_components(path: &[u16], start: usize, count: usize) -> usize {
    let mut at = start;
    for _ in 0..count {
        let tail = path.get(at..).unwrap_or_default();
        match tail.iter().position(|&unit| unit == SEPARATOR) {
            Some(length) => at += length + 1,
            None => return path.len(),
        }
    }
    at
}

fn collapse(rest: &[u16]) -> Vec<u16> {
    let mut kept: Vec<&[u16]> = Vec::new();
    let mut parts = rest.split(|&unit| unit == SEPARATOR).peekable();
    let mut ends_in_separator = false;
    while let Some(part) = parts.next() {
        let last = parts.peek().is_none();
        match part {
            [] => ends_in_separator = last,
            [DOT] => {}
            [DOT, DOT] => {
                kept.pop();
            }
            _ if last => match trim_end(part) {
                [] => ends_in_separator = true,
                trimmed => kept.push(trimmed),
            },
            [inner @ .., DOT] => kept.push(inner),
            _ => kept.push(part),
        }
    }
    let mut out = kept.join(&SEPARATOR);
    if ends_in_separator && !out.is_empty() {
        out.push(SEPARATOR);
    }
    out
}

fn trim_end(mut part: &[u16]) -> &[u16] {
    while let [rest @ .., DOT | SPACE] = part {
        part = rest;
    }
    part
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_normalised_as_win32_does() {
        for (given, full) in [
            ("C:\\", "C:\\"),
            ("C:\\a\\b", "C:\\a\\b"),
            ("C:\\a\\b\\", "C:\\a\\b\\"),
            ("c:/a//b", "c:\\a\\b"),
            ("C:\\a\\.\\b\\..\\c", "C:\\a\\c"),
            ("C:\\..\\..", "C:\\"),
            ("C:\\a\\..\\", "C:\\"),
            ("C:\\a\\b\\..", "C:\\a"),
            ("C:\\a\\.", "C:\\a"),
            ("C:\\a. \\b. . ", "C:\\a. \\b"),
            ("C:\\a.\\b", "C:\\a\\b"),
            ("C:\\a\\...", "C:\\a\\"),
            ("\\\\s\\h", "\\\\s\\h"),
            ("\\\\s\\h\\..\\x", "\\\\s\\h\\x"),
            ("\\\\s\\h\\a\\..\\..\\", "\\\\s\\h\\"),
            ("\\\\.\\a\\..\\b", "\\\\.\\b"),
            ("\\\\.", "\\\\."),
        ] {
            let units: Vec<u16> = given.encode_utf16().collect();
            assert_eq!(
                String::from_utf16_lossy(&full_path(&units)),
                full,
                "{given}"
            );
        }
    }
}
