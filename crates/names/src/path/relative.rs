//! The way from one place to another.

use super::{BACKSLASH, DOT, FullPath, Separators, Win32PathKind, components};
use crate::{NtName, UpcaseTable};

/// The relative path that leads from the directory `from` to `to`, such as
/// `..\lib\x`; `.` when they are the same. It is what a relative symbolic link in
/// `from` needs as its target.
///
/// The texts are compared without regard to case, by `upcase`. Links on the way are
/// not seen: `..` is taken to be what the text says.
///
/// `None` when there is no such path: the roots differ, or a path is no plain
/// `C:\x` or `\\server\share\x`.
#[must_use]
pub fn relative_path(from: &FullPath, to: &FullPath, upcase: &UpcaseTable) -> Option<NtName> {
    let plain = |path: &FullPath| {
        matches!(
            path.kind(),
            Win32PathKind::DriveAbsolute | Win32PathKind::UncAbsolute
        )
    };
    if !plain(from) || !plain(to) || !same_root(from, to, upcase) {
        return None;
    }
    let there: Vec<&[u16]> = to.as_path().components().collect();
    let here: Vec<&[u16]> = from.as_path().components().collect();
    let common = here
        .iter()
        .zip(&there)
        .take_while(|(a, b)| upcase.eq_ignore_case(a, b))
        .count();
    let up = here.iter().skip(common).map(|_| [DOT, DOT].as_slice());
    let down = there.iter().skip(common).copied();
    let parts: Vec<&[u16]> = up.chain(down).collect();
    if parts.is_empty() {
        return Some(NtName::from_units(&[DOT]));
    }
    Some(NtName::from(parts.join(&BACKSLASH)))
}

fn same_root(a: &FullPath, b: &FullPath, upcase: &UpcaseTable) -> bool {
    let parts = |path: &FullPath| -> Vec<Vec<u16>> {
        components(path.as_path().root(), Separators::Win32)
            .map(|part| upcase.fold_name(part))
            .collect()
    };
    a.kind() == b.kind() && parts(a) == parts(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn way(from: &str, to: &str) -> Option<String> {
        let full =
            |text: &str| FullPath::parse(&text.encode_utf16().collect::<Vec<u16>>()).unwrap();
        relative_path(&full(from), &full(to), &UpcaseTable::windows()).map(|name| name.to_string())
    }

    #[test]
    fn ways() {
        for (from, to, expected) in [
            (r"C:\a\b", r"C:\a\b\c", Some("c")),
            (r"C:\a\b", r"C:\A\c\d", Some(r"..\c\d")),
            (r"C:\a\b\", r"c:\x", Some(r"..\..\x")),
            (r"C:\", r"C:\x\y", Some(r"x\y")),
            (r"C:\a", r"C:\", Some("..")),
            (r"C:\a", r"C:\a", Some(".")),
            (r"\\s\h\a", r"\\S\H\b", Some(r"..\b")),
            (r"\\s\h", r"\\s\h\b", Some("b")),
            (r"\\s\h\a", r"\\s\g\b", None),
            (r"C:\a", r"D:\a", None),
            (r"C:\a", r"\\s\h\a", None),
            (r"C:\a", r"\\?\C:\b", None),
        ] {
            assert_eq!(way(from, to).as_deref(), expected, "{from} {to}");
        }
    }
}
