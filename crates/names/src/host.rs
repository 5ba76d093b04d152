//! Names as the bytes of a Unix host, one to one.
//!
//! A Unix file name is any bytes but NUL and `/`; an NTFS name is any 16-bit
//! units. Names that are well-formed on both sides are UTF-8 there and UTF-16
//! here, and nothing need be said. The rest must go somewhere too, and come back:
//!
//! - **A host name that is not UTF-8.** Each byte that is not part of a UTF-8
//!   character becomes one unpaired surrogate, byte 0x80 to U+DC80 up to byte
//!   0xFF to U+DCFF. This is what Python calls `surrogateescape`.
//! - **An NTFS name with unpaired surrogates.** Each one becomes the three bytes
//!   that UTF-8 would use for a character of that number (U+D800 becomes
//!   `ED A0 80`). This is WTF-8.
//!
//! The two rules meet where an NTFS name looks like an escaped host name (an
//! unpaired U+DC80) and where a host name is WTF-8 (the bytes `ED A0 80`).
//! For those the whole name decides which rule it is under:
//!
//! - Units that escaping can produce are *escaped* units, unless the bytes they
//!   escape are themselves the WTF-8 form of units that are not escaped.
//! - Escaped units stand for the bytes they escape; all other units are written
//!   in WTF-8.
//! - Bytes are read as WTF-8 when they are well-formed WTF-8 of units that are
//!   not escaped; all other bytes are escaped.
//!
//! The result is a bijection between all byte strings and all unit strings:
//! [`from_host_bytes`] and [`to_host_bytes`] undo each other in both directions,
//! always. (It is the one that the Schröder-Bernstein theorem builds from the two
//! one-way encodings.)
//!
//! | units | bytes |
//! |---|---|
//! | `61 00E9` | `61 C3 A9` |
//! | `DC80` | `80` |
//! | `D800` | `ED A0 80` |
//! | `DCED DCB2 DC80` | `ED B2 80` (WTF-8 for DC80, which is the byte `80`) |
//! | `DCC3 DCA9` | `ED B3 83 ED B2 A9` (escaping cannot make it: `C3 A9` is é) |
//! | `D800 DC80` | `F0 90 82 80` (a pair, U+10080) |
//!
//! ASCII stands for itself, so separators neither appear nor vanish. Map each
//! component of a path by itself: the rule is chosen for the whole of what is
//! given. Length limits are the caller's matter (255 units can take 765 bytes).

use crate::NtName;

/// The name for a file name of a Unix host.
#[must_use]
pub fn from_host_bytes(bytes: &[u8]) -> NtName {
    if let Ok(text) = str::from_utf8(bytes) {
        return NtName::from(text);
    }
    match wtf8_decode(bytes) {
        Some(units) if !is_escaped(&units) => NtName::from(units),
        _ => NtName::from(escape(bytes)),
    }
}

/// The file name on a Unix host for a name.
#[must_use]
pub fn to_host_bytes(units: &[u16]) -> Vec<u8> {
    if let Ok(text) = String::from_utf16(units) {
        return text.into_bytes();
    }
    match unescape(units) {
        Some(bytes) if is_escaped(units) => bytes,
        _ => wtf8_encode(units),
    }
}

/// Surrogate that stands for byte 0x80, less that byte.
const ESCAPE_BASE: u16 = 0xDC00;

/// Whether these units stand for the bytes they escape.
///
/// Follows the chain units, bytes they escape, units whose WTF-8 these are, and so
/// on, to where it began: with bytes that are no WTF-8, or with units that
/// escaping cannot make. Each turn leaves at most a third of the surrogates, as
/// one of them takes three bytes in WTF-8 and each byte took one of them, so the
/// turns are few and their lengths add up to less than two names.
fn is_escaped(units: &[u16]) -> bool {
    let mut units = units.to_vec();
    loop {
        let Some(bytes) = unescape(&units) else {
            return false;
        };
        match wtf8_decode(&bytes) {
            None => return true,
            // Plain text is the same under both rules.
            Some(earlier) if earlier.len() >= units.len() => return true,
            Some(earlier) => units = earlier,
        }
    }
}

/// Every byte that is not part of UTF-8 becomes a surrogate.
fn escape(bytes: &[u8]) -> Vec<u16> {
    let mut units = Vec::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        units.extend(chunk.valid().encode_utf16());
        units.extend(
            chunk
                .invalid()
                .iter()
                .map(|&byte| ESCAPE_BASE | u16::from(byte)),
        );
    }
    units
}

/// The bytes that [`escape`] turns into `units`, if there are any.
fn unescape(units: &[u16]) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(units.len());
    for item in char::decode_utf16(units.iter().copied()) {
        match item {
            Ok(c) => push_char(&mut bytes, c),
            Err(unpaired) => {
                let byte = unpaired.unpaired_surrogate().checked_sub(ESCAPE_BASE)?;
                bytes.push(u8::try_from(byte).ok().filter(|byte| !byte.is_ascii())?);
            }
        }
    }
    (escape(&bytes) == units).then_some(bytes)
}

/// UTF-8, with three bytes for each unpaired surrogate.
fn wtf8_encode(units: &[u16]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(units.len());
    for item in char::decode_utf16(units.iter().copied()) {
        match item {
            Ok(c) => push_char(&mut bytes, c),
            Err(unpaired) => {
                let [high, low] = unpaired.unpaired_surrogate().to_be_bytes();
                let middle = ((high & 0x0F) << 2) | (low >> 6);
                bytes.extend([0xED, 0x80 | middle, 0x80 | (low & 0x3F)]);
            }
        }
    }
    bytes
}

/// The units that [`wtf8_encode`] turns into `bytes`, if there are any.
fn wtf8_decode(bytes: &[u8]) -> Option<Vec<u16>> {
    let mut units = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while !rest.is_empty() {
        let text = match str::from_utf8(rest) {
            Ok(text) => text,
            Err(error) => str::from_utf8(rest.get(..error.valid_up_to())?).ok()?,
        };
        units.extend(text.encode_utf16());
        rest = rest.get(text.len()..)?;
        if let Some((&[0xED, middle @ 0xA0..=0xBF, last @ 0x80..=0xBF], after)) =
            rest.split_first_chunk::<3>()
        {
            units.push(0xD000 | (u16::from(middle & 0x3F) << 6) | u16::from(last & 0x3F));
            rest = after;
        } else if !rest.is_empty() {
            return None;
        }
    }
    // A high surrogate followed by a low one is not well-formed WTF-8.
    (wtf8_encode(&units) == bytes).then_some(units)
}

fn push_char(bytes: &mut Vec<u8>, c: char) {
    bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(units: &[u16], bytes: &[u8]) {
        assert_eq!(to_host_bytes(units), bytes, "{units:04X?} to bytes");
        assert_eq!(
            from_host_bytes(bytes).units(),
            units,
            "{bytes:02X?} to units"
        );
    }

    #[test]
    fn the_table_in_the_documentation() {
        check(&[], &[]);
        check(&[0x61, 0xE9], &[0x61, 0xC3, 0xA9]);
        check(&[0xDC80], &[0x80]);
        check(&[0xD800], &[0xED, 0xA0, 0x80]);
        check(&[0xDCED, 0xDCB2, 0xDC80], &[0xED, 0xB2, 0x80]);
        check(&[0xDCC3, 0xDCA9], &[0xED, 0xB3, 0x83, 0xED, 0xB2, 0xA9]);
        check(&[0xD800, 0xDC80], &[0xF0, 0x90, 0x82, 0x80]);
    }

    #[test]
    fn what_unix_hosts_hold() {
        // ISO 8859-1 "café.txt"; a UTF-8 character cut short.
        check(&[0x63, 0x61, 0x66, 0xDCE9, 0x2E], b"caf\xE9.");
        check(&[0x61, 0xDCE3, 0xDC81], b"a\xE3\x81");
        check(&[0xDCFF, 0xDCFE], &[0xFF, 0xFE]);
    }

    #[test]
    fn where_the_rules_meet() {
        // Escaped units of WTF-8 bytes whose units are not escaped: written as
        // WTF-8 themselves.
        check(
            &[0xDCED, 0xDCA0, 0xDC80],
            &[0xED, 0xB3, 0xAD, 0xED, 0xB2, 0xA0, 0xED, 0xB2, 0x80],
        );
        // A surrogate pair spelled as two surrogates is not WTF-8.
        check(
            &[0xDCED, 0xDCA0, 0xDC80, 0xDCED, 0xDCB2, 0xDC80],
            &[0xED, 0xA0, 0x80, 0xED, 0xB2, 0x80],
        );
        // One unit under the WTF-8 rule puts the whole name under it.
        check(
            &[0xD800, 0x61, 0xDC80],
            &[0xED, 0xA0, 0x80, 0x61, 0xED, 0xB2, 0x80],
        );
        check(&[0xDC7F], &[0xED, 0xB1, 0xBF]);
    }

    /// Bytes near the borders of UTF-8, WTF-8 and nonsense.
    fn host_name() -> impl Strategy<Value = Vec<u8>> {
        let piece = prop_oneof![
            prop::sample::select(vec![
                &b"a"[..],
                b"\xC3\xA9",
                b"\xF0\x90\x82\x80",
                b"\xED\xA0\x80",
                b"\xED\xB2\x80",
                b"\xED\xB3\xAD",
                b"\xED\xB2\xA0",
                b"\xED\xB2\xB2",
                b"\xED",
                b"\xB2",
                b"\x80",
                b"\xC3",
                b"\xA9",
                b"\xF0",
            ])
            .prop_map(<[u8]>::to_vec),
            any::<u8>().prop_map(|byte| vec![byte]),
        ];
        prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
    }

    fn nt_name() -> impl Strategy<Value = Vec<u16>> {
        let unit = prop_oneof![
            prop::sample::select(vec![
                0x61, 0xE9, 0xD800, 0xDBFF, 0xDC00, 0xDC7F, 0xDC80, 0xDCED, 0xDCA0, 0xDCB2, 0xDCB3,
                0xDCAD, 0xDCC3, 0xDCA9, 0xDCFF, 0xDD00, 0xDFFF,
            ]),
            0xD7F0u16..0xE010,
            any::<u16>(),
        ];
        // Depth comes from names that are themselves escapes of escapes.
        (prop::collection::vec(unit, 0..12), 0..3).prop_map(|(units, depth)| {
            (0..depth).fold(units, |units, _| escape(&wtf8_encode(&units)))
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4096))]

        #[test]
        fn bytes_come_back(bytes in host_name()) {
            prop_assert_eq!(to_host_bytes(from_host_bytes(&bytes).units()), bytes);
        }

        #[test]
        fn units_come_back(units in nt_name()) {
            prop_assert_eq!(from_host_bytes(&to_host_bytes(&units)).into_units(), units);
        }

        #[test]
        fn text_is_text(text: String) {
            prop_assert_eq!(from_host_bytes(text.as_bytes()), NtName::from(text.as_str()));
        }

        #[test]
        fn no_separator_appears(units in nt_name()) {
            let bytes = to_host_bytes(&units);
            for ascii in [0u8, b'/', b'\\', b':'] {
                prop_assert_eq!(
                    bytes.iter().filter(|&&b| b == ascii).count(),
                    units.iter().filter(|&&u| u == u16::from(ascii)).count()
                );
            }
        }
    }
}
