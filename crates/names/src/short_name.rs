//! 8.3 names: which names are one, and making one for a long name.
//!
//! The algorithm is that of `RtlGenerate8dot3Name`: upper case, spaces and extra
//! dots dropped, what 8.3 cannot hold turned into `_`, six characters and `~1` to
//! `~4`; then two characters, four hexadecimal digits of a checksum of the long
//! name and `~1` onwards. The checksum was published by Tom Galvin ("A Tale of
//! Two File Names", 2015).
//!
//! Windows may also put letters of the OEM code page into short names. Which code
//! page the creator of a volume had is not recorded on it, so only ASCII is
//! generated and accepted here, which is what Windows does too by default
//! (`NtfsAllowExtendedCharacterIn8dot3Name` = 0).

use crate::{NtName, unit};

/// The most units an 8.3 name has.
pub const MAX_SHORT_NAME_UNITS: usize = 12;

/// The numbers tried before the checksum goes into the name, as on Windows.
const PLAIN_TRIES: u32 = 4;

/// The numbers tried with the checksum in the name.
const HASHED_TRIES: u32 = 9_999;

/// How many candidates are tried for one long name before giving up.
pub const MAX_SHORT_NAME_TRIES: u32 = PLAIN_TRIES + HASHED_TRIES;

/// No 8.3 name could be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ShortNameError {
    /// Every candidate was taken.
    #[error("all {tries} short names for this name are taken")]
    Exhausted {
        /// Candidates that were tried.
        tries: u32,
    },
}

/// Whether a name needs no short name because it is one: one to eight characters,
/// and if there is a dot, one to three after it; ASCII without control characters,
/// spaces and `" * + , / : ; < = > ? [ \ ] |`.
///
/// Either case is accepted: Windows gives `desktop.ini` one name entry that serves
/// as both (namespace 3), since names are compared without regard to case.
#[must_use]
pub fn is_legal_8dot3(name: &[u16]) -> bool {
    let mut parts = name.split(|&u| u == DOT);
    let (Some(base), extension, None) = (parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    let part_is_legal = |part: &[u16], most: usize| {
        (1..=most).contains(&part.len()) && part.iter().all(|&u| fits_8dot3(u))
    };
    part_is_legal(base, BASE_UNITS) && extension.is_none_or(|e| part_is_legal(e, EXTENSION_UNITS))
}

/// Makes the 8.3 name that Windows would make: the first candidate for which
/// `exists` says no.
///
/// `exists` is asked about upper-case ASCII names only; it should look among both
/// the long and the short names of the directory, without regard to case.
///
/// # Errors
/// [`ShortNameError::Exhausted`] after [`MAX_SHORT_NAME_TRIES`] questions.
pub fn generate_8dot3(
    long_name: &[u16],
    mut exists: impl FnMut(&[u16]) -> bool,
) -> Result<NtName, ShortNameError> {
    candidates(long_name)
        .find(|candidate| !exists(candidate.units()))
        .ok_or(ShortNameError::Exhausted {
            tries: MAX_SHORT_NAME_TRIES,
        })
}

/// The candidates for a long name, best first, [`MAX_SHORT_NAME_TRIES`] at most;
/// for callers whose look-up can fail.
pub fn candidates(long_name: &[u16]) -> impl Iterator<Item = NtName> {
    let parts = Parts::of(long_name);
    // A name of one or two characters would have little to tell it by.
    let plain_tries = if parts.base.len() <= HASHED_BASE_UNITS {
        0
    } else {
        PLAIN_TRIES
    };
    let hashed = parts.hashed(checksum(long_name));
    let plain = parts.clone();
    (1..=plain_tries)
        .map(move |number| plain.numbered(number))
        .chain((1..=HASHED_TRIES).map(move |number| hashed.numbered(number)))
}

const DOT: u16 = unit(b'.');
const SPACE: u16 = unit(b' ');
const TILDE: u16 = unit(b'~');
const UNDERSCORE: u16 = unit(b'_');

const BASE_UNITS: usize = 8;
const EXTENSION_UNITS: usize = 3;
/// Units of the long name that stay before `~1`.
const STEM_UNITS: usize = 6;
/// Units of the long name that stay before the checksum.
const HASHED_BASE_UNITS: usize = 2;

/// What a long name gives to its short names.
#[derive(Clone)]
struct Parts {
    /// At most [`STEM_UNITS`] units.
    base: Vec<u16>,
    /// At most [`EXTENSION_UNITS`] units, without the dot.
    extension: Vec<u16>,
}

impl Parts {
    fn of(long_name: &[u16]) -> Self {
        let start = long_name
            .iter()
            .position(|&u| u != DOT)
            .unwrap_or(long_name.len());
        let (_, name) = long_name.split_at(start);
        let last_dot = name.iter().rposition(|&u| u == DOT);
        let (base, extension) = match last_dot.and_then(|dot| name.split_at_checked(dot)) {
            // A final dot starts no extension, and takes no part in anything.
            Some((_, [_])) | None => (name, [].as_slice()),
            Some((base, extension)) => (base, extension),
        };
        Self {
            base: convert(base, STEM_UNITS),
            extension: convert(extension, EXTENSION_UNITS),
        }
    }

    /// The first units of the base, then the checksum's four digits, the lowest
    /// first.
    fn hashed(&self, checksum: u16) -> Self {
        let kept = self.base.iter().copied().take(HASHED_BASE_UNITS);
        let digits = [0, 4, 8, 12].map(|shift| hex_digit(checksum >> shift));
        Self {
            base: kept.chain(digits).collect(),
            extension: self.extension.clone(),
        }
    }

    /// `BASE~number.EXT`, the base cut so that eight units are not exceeded.
    fn numbered(&self, number: u32) -> NtName {
        let digits = number.to_string();
        let room = BASE_UNITS.saturating_sub(digits.len().saturating_add(1));
        let mut name: Vec<u16> = self.base.iter().copied().take(room).collect();
        name.push(TILDE);
        name.extend(digits.encode_utf16());
        if !self.extension.is_empty() {
            name.push(DOT);
            name.extend_from_slice(&self.extension);
        }
        NtName::from(name)
    }
}

/// The first `most` units that 8.3 can hold or that `_` stands for.
fn convert(part: &[u16], most: usize) -> Vec<u16> {
    part.iter()
        .filter(|&&u| u != SPACE && u != DOT)
        .map(|&u| {
            if fits_8dot3(u) {
                upper_ascii(u)
            } else {
                UNDERSCORE
            }
        })
        .take(most)
        .collect()
}

fn fits_8dot3(unit: u16) -> bool {
    const ILLEGAL: &[u8] = b" \"*+,./:;<=>?[\\]|\x7f";
    u8::try_from(unit).is_ok_and(|byte| (0x20..0x80).contains(&byte) && !ILLEGAL.contains(&byte))
}

fn upper_ascii(unit: u16) -> u16 {
    u8::try_from(unit).map_or(unit, |byte| u16::from(byte.to_ascii_uppercase()))
}

fn hex_digit(value: u16) -> u16 {
    let digit = value & 0xF;
    digit.wrapping_add(if digit < 10 {
        unit(b'0')
    } else {
        unit(b'A').wrapping_sub(10)
    })
}

/// The 16-bit checksum of a long name, case included.
fn checksum(long_name: &[u16]) -> u16 {
    let sum = long_name
        .iter()
        .fold(0u16, |sum, &u| sum.wrapping_mul(0x25).wrapping_add(u));
    let spread = i32::from_ne_bytes(u32::from(sum).wrapping_mul(314_159_269).to_ne_bytes());
    let size = u64::from(spread.unsigned_abs());
    // Windows divides by 1,000,000,007 with a multiplication and a shift.
    let quotient = size.wrapping_mul(1_152_921_497) >> 60;
    let remainder = size.wrapping_sub(quotient.wrapping_mul(1_000_000_007));
    let [low, high, ..] = remainder.to_le_bytes();
    u16::from_le_bytes([low, high])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{check_ntfs_component, check_win32_component};
    use proptest::prelude::*;
    use std::collections::HashSet;

    fn units(text: &str) -> Vec<u16> {
        text.encode_utf16().collect()
    }

    /// The name made when the first `taken` candidates exist already.
    fn short(long: &str, taken: usize) -> String {
        candidates(&units(long)).nth(taken).unwrap().to_string()
    }

    #[test]
    fn names_that_windows_made() {
        // Win32 and DOS name pairs read from volumes that Windows wrote.
        for (long, taken, expected) in [
            ("another_file", 0, "ANOTHE~1"),
            ("System Volume Information", 0, "SYSTEM~1"),
            ("$TxfLogContainer00000000000000000001", 0, "$TXFLO~1"),
            ("$TxfLogContainer00000000000000000002", 1, "$TXFLO~2"),
            ("{3808876b-c176-4e48-b7ae-04046e6cc752}", 0, "{38088~1"),
            (
                "S-1-5-21-3071599738-1627302256-2937559092-1000",
                0,
                "S-1-5-~1",
            ),
            ("WPSettings.dat", 0, "WPSETT~1.DAT"),
        ] {
            assert_eq!(short(long, taken), expected);
        }
    }

    #[test]
    fn published_examples() {
        assert_eq!(short("SomeStuff.aspx", 0), "SOMEST~1.ASP");
        assert_eq!(short("SomeStuff.aspx", 3), "SOMEST~4.ASP");
        assert_eq!(short("SomeStuff.aspx", 4), "SOBC84~1.ASP");
        assert_eq!(short("SomeStuff.aspx", 5), "SOBC84~2.ASP");
        assert_eq!(short("5+6 June Report.doc", 0), "5_6JUN~1.DOC");
        assert_eq!(short(".gitignore", 0), "GITIGN~1");
        assert_eq!(short(".git", 0), "GIT~1");
    }

    #[test]
    fn dots_spaces_and_short_bases() {
        assert_eq!(short("a.testing.file.bat", 0), "ATESTI~1.BAT");
        assert_eq!(short("trailing dot.", 0), "TRAILI~1");
        assert_eq!(short("long name. x y z w", 0), "LONGNA~1.XYZ");
        assert_eq!(short("dotspace. ", 0), "DOTSPA~1");
        // Two characters or fewer: the checksum from the start.
        let name = short("a b", 0);
        assert!(
            name.starts_with("AB") && name.ends_with("~1") && name.len() == 8,
            "{name}"
        );
        let name = short("é.txt", 0);
        assert!(
            name.starts_with('_') && name.ends_with("~1.TXT") && name.len() == 11,
            "{name}"
        );
        assert_eq!(short("...", 0).len(), 6);
    }

    #[test]
    fn larger_numbers_take_room_from_the_base() {
        assert_eq!(short("SomeStuff.aspx", 4 + 9), "SOBC8~10.ASP");
        assert_eq!(short("SomeStuff.aspx", 4 + 999), "SOB~1000.ASP");
    }

    #[test]
    fn legality() {
        for name in [
            "desktop.ini",
            "FILE8.TXT",
            "a",
            "12345678.123",
            "$MFT",
            "{}~'`!@#%^&()-_",
        ] {
            assert_eq!(is_legal_8dot3(&units(name)), name.len() <= 12, "{name}");
        }
        for name in [
            "",
            ".",
            "..",
            ".a",
            "a.",
            "a.b.c",
            "123456789",
            "a.1234",
            "a b",
            "a+b",
            "a,b",
            "a;b",
            "a=b",
            "a[b",
            "a]b",
            "é",
            "a\u{1}",
            "a.é",
            "a*",
            "a\\b",
            "a:b",
        ] {
            assert!(!is_legal_8dot3(&units(name)), "{name:?}");
        }
    }

    #[test]
    fn the_search_ends() {
        let mut asked = 0;
        let result = generate_8dot3(&units("SomeStuff.aspx"), |_| {
            asked += 1;
            true
        });
        assert_eq!(
            result,
            Err(ShortNameError::Exhausted {
                tries: MAX_SHORT_NAME_TRIES
            })
        );
        assert_eq!(asked, MAX_SHORT_NAME_TRIES);
    }

    #[test]
    fn what_exists_is_passed_over() {
        let mut taken = HashSet::new();
        for _ in 0..50 {
            let name = generate_8dot3(&units("SomeStuff.aspx"), |n| taken.contains(n)).unwrap();
            assert!(taken.insert(name));
        }
        assert_eq!(taken.len(), 50);
    }

    proptest! {
        #[test]
        fn every_candidate_is_a_legal_name(
            long in prop::collection::vec(prop_oneof![any::<u16>(), 0x20u16..0x7F], 1..255),
            taken in 0usize..200,
        ) {
            let name = candidates(&long).nth(taken).unwrap();
            prop_assert!(is_legal_8dot3(name.units()), "{name:?}");
            prop_assert!(name.len_units() <= MAX_SHORT_NAME_UNITS);
            prop_assert_eq!(check_ntfs_component(name.units()), Ok(()));
            prop_assert_eq!(check_win32_component(name.units()), Ok(()));
        }
    }
}
