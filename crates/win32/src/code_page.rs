//! ANSI code pages: bytes to UTF-16 and back, by the rules of
//! MultiByteToWideChar and WideCharToMultiByte without flags.
//!
//! From bytes nothing ever fails. A single byte that a page leaves undefined has
//! a place in the private area (the tables "bestfitNNNN" of Unicode); a pair that
//! stands for nothing becomes the page's default character, which is `?` on the
//! pages 936, 949 and 950 - and so an illegal name. UTF-8 gives U+FFFD.
//!
//! To bytes, what a page does not have becomes `?`. Windows looks for a similar
//! letter first (best fit); that is not done here.

use encoding_rs::{DecoderResult, EncoderResult, Encoding};
use oem_cp::code_table::{DECODING_TABLE_CP_MAP, ENCODING_TABLE_CP_MAP};
use oem_cp::code_table_type::TableType;

use crate::settings::CodePage;

const QUESTION: u8 = b'?';

impl CodePage {
    /// OEM United States.
    pub const OEM_437: Self = Self(437);
    /// Japanese (Shift JIS).
    pub const SHIFT_JIS: Self = Self(932);

    /// Whether this code page is known here: UTF-8, the Windows pages (874, 932,
    /// 936, 949, 950, 1250 to 1258) and those of OEM with single bytes (437,
    /// 850, ...).
    #[must_use]
    pub fn is_known(self) -> bool {
        self.windows().is_some() || self.oem().is_some()
    }

    fn oem(self) -> Option<&'static TableType> {
        let number = u16::try_from(self.0).ok()?;
        DECODING_TABLE_CP_MAP.get(&number)
    }

    fn windows(self) -> Option<&'static Encoding> {
        use encoding_rs as e;
        Some(match self.0 {
            65001 => e::UTF_8,
            874 => e::WINDOWS_874,
            932 => e::SHIFT_JIS,
            936 => e::GBK,
            949 => e::EUC_KR,
            950 => e::BIG5,
            1250 => e::WINDOWS_1250,
            1251 => e::WINDOWS_1251,
            1252 => e::WINDOWS_1252,
            1253 => e::WINDOWS_1253,
            1254 => e::WINDOWS_1254,
            1255 => e::WINDOWS_1255,
            1256 => e::WINDOWS_1256,
            1257 => e::WINDOWS_1257,
            1258 => e::WINDOWS_1258,
            _ => return None,
        })
    }

    /// What a pair of bytes becomes that stands for nothing.
    fn default_unit(self) -> u16 {
        match self.0 {
            65001 => 0xFFFD,
            932 => 0x30FB,
            _ => u16::from(QUESTION),
        }
    }

    /// The units of undefined single bytes.
    fn private(self) -> &'static [(std::ops::RangeInclusive<u8>, u16)] {
        match self.0 {
            874 => &[(0xDB..=0xDE, 0xF8C1), (0xFC..=0xFF, 0xF8C5)],
            932 => &[(0xA0..=0xA0, 0x00A0), (0xFD..=0xFF, 0xF8F1)],
            936 => &[(0xFF..=0xFF, 0xF8F5)],
            949 => &[(0x80..=0x80, 0x0080), (0xFF..=0xFF, 0xF8F7)],
            950 => &[(0x80..=0x80, 0x0080), (0xFF..=0xFF, 0xF8F8)],
            1253 => &[
                (0xAA..=0xAA, 0xF8F9),
                (0xD2..=0xD2, 0xF8FA),
                (0xFF..=0xFF, 0xF8FB),
            ],
            1255 => &[
                (0xD9..=0xDF, 0xF88D),
                (0xFB..=0xFC, 0xF894),
                (0xFF..=0xFF, 0xF896),
            ],
            1257 => &[(0xA1..=0xA1, 0xF8FC), (0xA5..=0xA5, 0xF8FD)],
            _ => &[],
        }
    }

    fn private_unit(self, byte: u8) -> Option<u16> {
        let (range, first) = self
            .private()
            .iter()
            .find(|(range, _)| range.contains(&byte))?;
        Some(first + u16::from(byte - range.start()))
    }

    fn private_byte(self, unit: u16) -> Option<u8> {
        self.private().iter().find_map(|(range, first)| {
            let byte = range
                .start()
                .checked_add(u8::try_from(unit.checked_sub(*first)?).ok()?)?;
            range.contains(&byte).then_some(byte)
        })
    }

    /// The UTF-16 units that bytes stand for. A code page that is not known is
    /// taken for 1252.
    #[must_use]
    pub fn decode(self, bytes: &[u8]) -> Vec<u16> {
        match self.oem() {
            // The Windows page with that number is the fuller one.
            Some(table) if self.windows().is_none() => decode_oem(table, bytes),
            _ => self.decode_windows(self.windows().unwrap_or(encoding_rs::WINDOWS_1252), bytes),
        }
    }

    fn decode_windows(self, encoding: &'static Encoding, bytes: &[u8]) -> Vec<u16> {
        let mut decoder = encoding.new_decoder_without_bom_handling();
        let mut units = Vec::with_capacity(bytes.len());
        let mut rest = bytes;
        loop {
            let room = decoder.max_utf16_buffer_length(rest.len()).unwrap_or(0);
            let start = units.len();
            units.resize(start + room, 0);
            let free = units.get_mut(start..).unwrap_or_default();
            let (result, read, written) =
                decoder.decode_to_utf16_without_replacement(rest, free, true);
            units.truncate(start + written);
            let (done, after) = rest.split_at(read);
            rest = after;
            match result {
                DecoderResult::InputEmpty => return units,
                DecoderResult::OutputFull => {}
                DecoderResult::Malformed(bad, after) => {
                    // `after` bytes stand behind the bad ones and were good.
                    let end = done.len().saturating_sub(usize::from(after));
                    let bad = done.get(end.saturating_sub(usize::from(bad))..end);
                    let unit = match bad {
                        Some([byte]) => self.private_unit(*byte),
                        _ => None,
                    };
                    units.push(unit.unwrap_or_else(|| self.default_unit()));
                    decoder = encoding.new_decoder_without_bom_handling();
                }
            }
        }
    }

    /// The bytes that stand for units, `?` where the page has none.
    #[must_use]
    pub fn encode(self, units: &[u16]) -> Vec<u8> {
        let known = match u16::try_from(self.0) {
            Ok(number) if self.windows().is_none() => ENCODING_TABLE_CP_MAP.get(&number),
            _ => None,
        };
        if let Some(table) = known {
            return char::decode_utf16(units.iter().copied())
                .map(|c| match c {
                    Ok(c) if c.is_ascii() => u8::try_from(u32::from(c)).unwrap_or(QUESTION),
                    Ok(c) => table.get(&c).copied().unwrap_or(QUESTION),
                    Err(_) => QUESTION,
                })
                .collect();
        }
        let encoding = self.windows().unwrap_or(encoding_rs::WINDOWS_1252);
        if encoding == encoding_rs::UTF_8 {
            return String::from_utf16_lossy(units).into_bytes();
        }
        self.encode_windows(encoding, units)
    }

    fn encode_windows(self, encoding: &'static Encoding, units: &[u16]) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(units.len());
        for c in char::decode_utf16(units.iter().copied()) {
            let Ok(c) = c else {
                bytes.push(QUESTION);
                continue;
            };
            let mut encoder = encoding.new_encoder();
            let mut text = [0; 4];
            let mut out = [0; 8];
            let (result, _, written) = encoder.encode_from_utf8_without_replacement(
                c.encode_utf8(&mut text),
                &mut out,
                true,
            );
            match (result, u16::try_from(u32::from(c)).ok()) {
                (EncoderResult::InputEmpty, _) => {
                    bytes.extend(out.get(..written).unwrap_or_default());
                }
                (_, Some(unit)) => bytes.push(self.private_byte(unit).unwrap_or(QUESTION)),
                (_, None) => bytes.push(QUESTION),
            }
        }
        bytes
    }
}

fn decode_oem(table: &TableType, bytes: &[u8]) -> Vec<u16> {
    let mut units = Vec::with_capacity(bytes.len());
    let mut utf16 = [0; 2];
    for &byte in bytes {
        let c = match (byte.checked_sub(0x80), table) {
            (None, _) => Some(char::from(byte)),
            (Some(at), TableType::Complete(table)) => table.get(usize::from(at)).copied(),
            (Some(at), TableType::Incomplete(table)) => {
                table.get(usize::from(at)).copied().flatten()
            }
        };
        let c = c.unwrap_or(char::from(QUESTION));
        units.extend_from_slice(c.encode_utf16(&mut utf16));
    }
    units
}

#[cfg(test)]
mod tests {
    use super::*;

    fn units(text: &str) -> Vec<u16> {
        text.encode_utf16().collect()
    }

    #[test]
    fn pages_decode() {
        let decode = |page: u32, bytes: &[u8]| String::from_utf16(&CodePage(page).decode(bytes));
        assert_eq!(decode(65001, "naïve ル".as_bytes()).unwrap(), "naïve ル");
        assert_eq!(decode(1252, b"na\xEFve \x80").unwrap(), "naïve €");
        assert_eq!(decode(437, b"\x81\xE1\x9B").unwrap(), "üß¢");
        assert_eq!(decode(850, b"\x9B").unwrap(), "ø");
        assert_eq!(decode(932, b"a\x83\x8B\xB1").unwrap(), "aルｱ");
        assert_eq!(decode(949, b"\xB0\xA1").unwrap(), "가");
        assert_eq!(decode(1251, b"\xCF").unwrap(), "П");
    }

    #[test]
    fn what_stands_for_nothing_never_fails() {
        let decode = |page: u32, bytes: &[u8]| CodePage(page).decode(bytes);
        assert_eq!(decode(1252, b"\x81"), [0x81]);
        assert_eq!(decode(1253, b"\xD2"), [0xF8FA]);
        assert_eq!(decode(874, b"\xFC\xFF"), [0xF8C5, 0xF8C8]);
        assert_eq!(decode(932, b"\xFFa"), [0xF8F3, 0x61]);
        assert_eq!(decode(932, b"\x81\xFFa"), [0x30FB, 0x61]);
        assert_eq!(decode(949, b"\x81\xFFa"), units("?a"));
        assert_eq!(decode(65001, b"a\xFFb"), units("a\u{FFFD}b"));
        // A pair that the end cuts off.
        assert_eq!(decode(950, b"a\xA4"), units("a?"));
    }

    #[test]
    fn pages_encode_what_they_have() {
        let encode = |page: u32, text: &str| CodePage(page).encode(&units(text));
        assert_eq!(encode(65001, "ル"), "ル".as_bytes());
        assert_eq!(encode(1252, "naïve €ル"), b"na\xEFve \x80?");
        assert_eq!(encode(437, "üß€"), b"\x81\xE1?");
        assert_eq!(encode(932, "aル가"), b"a\x83\x8B?");
        assert_eq!(encode(932, "\u{F8F3}"), b"\xFF");
        assert_eq!(CodePage(1252).encode(&[0xD800]), b"?");
        assert_eq!(CodePage(65001).encode(&[0xD800]), [0xEF, 0xBF, 0xBD]);
    }

    #[test]
    fn every_single_byte_comes_back() {
        let single = [
            437, 850, 852, 866, 874, 1250, 1251, 1252, 1253, 1254, 1255, 1256, 1257, 1258,
        ];
        for page in single.map(CodePage) {
            assert!(page.is_known(), "{page:?}");
            for byte in 0..=u8::MAX {
                let unit = page.decode(&[byte]);
                if unit != units("?") {
                    assert_eq!(page.encode(&unit), [byte], "{page:?} {byte:02x}");
                }
            }
        }
        assert!(!CodePage(1).is_known());
    }
}
