//! The report of `fclones group -f json`.

use std::ffi::OsString;
use std::fmt;
use std::fs::File;
use std::io::{BufReader, Read};
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use linkwright_fs::ErrorKind;
use serde::Deserialize;
use serde::de::{Deserializer, Visitor};

use super::file::failure;
use crate::failure::{Failure, Result};

/// Most bytes of a report.
const MAX_REPORT: u64 = 1 << 30;

/// What is read of a report.
#[derive(Deserialize)]
pub(super) struct Fclones {
    pub(super) header: Header,
    pub(super) groups: Vec<Group>,
}

#[derive(Deserialize)]
pub(super) struct Header {
    pub(super) base_dir: Escaped,
}

#[derive(Deserialize)]
pub(super) struct Group {
    pub(super) files: Vec<Escaped>,
}

/// A path, which a report has in STFU-8: UTF-8 with `\\` for `\`, `\t`, `\n`,
/// `\r`, `\xXX` for a byte that is no text or not visible, and `\uXXXXXX` for such
/// a character.
///
/// Read here, since the crate stfu8 0.2.7 cuts a text inside a character, and
/// panics, where that stands in the place of a digit.
pub(super) struct Escaped(pub(super) PathBuf);

impl<'de> Deserialize<'de> for Escaped {
    fn deserialize<D: Deserializer<'de>>(from: D) -> std::result::Result<Self, D::Error> {
        from.deserialize_str(Text)
    }
}

struct Text;

impl Visitor<'_> for Text {
    type Value = Escaped;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a path in STFU-8")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> std::result::Result<Escaped, E> {
        match decoded(text) {
            Some(bytes) => Ok(Escaped(OsString::from_vec(bytes).into())),
            None => Err(E::custom(format!("{text:?} has a \\ that escapes nothing"))),
        }
    }
}

/// The bytes of a path.
fn decoded(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, escape)) = rest.split_once('\\') {
        bytes.extend_from_slice(before.as_bytes());
        let mut after = escape.chars();
        match after.next()? {
            '\\' => bytes.push(b'\\'),
            't' => bytes.push(b'\t'),
            'n' => bytes.push(b'\n'),
            'r' => bytes.push(b'\r'),
            'x' => bytes.push(u8::try_from(number(&mut after, 2)?).ok()?),
            'u' => {
                let character = char::from_u32(number(&mut after, 6)?)?;
                bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
            }
            _ => return None,
        }
        rest = after.as_str();
    }
    bytes.extend_from_slice(rest.as_bytes());
    Some(bytes)
}

/// A number of so many hexadecimal digits, at most eight.
fn number(text: &mut std::str::Chars<'_>, digits: u32) -> Option<u32> {
    (0..digits).try_fold(0, |value, _| Some(value << 4 | text.next()?.to_digit(16)?))
}

pub(super) fn read(path: &Path) -> Result<Fclones> {
    let file = File::open(path).map_err(|error| failure(path, error))?;
    serde_json::from_reader(BufReader::new(file.take(MAX_REPORT))).map_err(|error| {
        Failure::of_kind(
            path.display().to_string(),
            ErrorKind::InvalidArgument,
            format!("this is no report of fclones: {error}"),
        )
        .help("make it with: fclones group -f json DIRECTORY")
    })
}

#[cfg(test)]
mod tests {
    use super::decoded;

    #[test]
    fn escapes_are_taken_back() {
        for (text, bytes) in [
            ("/h/a b", Some(&b"/h/a b"[..])),
            ("/h/\u{e4}\u{1f517}", Some("/h/\u{e4}\u{1f517}".as_bytes())),
            (r"/h/a\\b", Some(br"/h/a\b")),
            (r"\\n", Some(br"\n")),
            (r"\t\n\r", Some(b"\t\n\r")),
            (r"/h/\xFF\x1b", Some(b"/h/\xff\x1b")),
            (r"\u01F517", Some("\u{1f517}".as_bytes())),
            (r"a\", None),
            (r"\q", None),
            (r"\x", None),
            (r"\x+1", None),
            ("\\x1\u{e4}", None),
            (r"\u00D800", None),
            (r"\u0041", None),
        ] {
            assert_eq!(decoded(text).as_deref(), bytes, "{text}");
        }
    }
}
