//! [`NtName`]: a file, stream or attribute name as its exact UTF-16 units.

use std::borrow::Borrow;
use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

/// A name kept as the 16-bit units that stand on disk.
///
/// NTFS does not ask names to be well-formed UTF-16, so a name may hold
/// unpaired surrogates. They are kept: equality, hashing and ordering are those
/// of the units, and [`NtName::from_le_bytes`] followed by
/// [`NtName::to_le_bytes`] gives the bytes back.
///
/// The derived order is by unit value, for use in maps; the order of names in a
/// directory is [`UpcaseTable::compare`](crate::UpcaseTable::compare).
///
/// `Display` shows the text, with U+FFFD for each unpaired surrogate. `Debug`
/// shows it quoted and exact, an unpaired surrogate as `\u{d800}`.
#[derive(Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NtName(Vec<u16>);

/// Bytes that cannot be a sequence of 16-bit units.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameBytesError {
    /// The length in bytes is odd.
    #[error("a UTF-16 name cannot be {len} bytes long: the length is odd")]
    OddLength {
        /// Length that was given, in bytes.
        len: usize,
    },
}

impl NtName {
    /// The name with no units.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// A name of exactly these units.
    #[must_use]
    pub fn from_units(units: &[u16]) -> Self {
        Self(units.to_vec())
    }

    /// Reads units stored as little-endian bytes, as NTFS stores every name.
    ///
    /// # Errors
    /// [`NameBytesError::OddLength`] when a byte is left over.
    pub fn from_le_bytes(bytes: &[u8]) -> Result<Self, NameBytesError> {
        let (pairs, []) = bytes.as_chunks::<2>() else {
            return Err(NameBytesError::OddLength { len: bytes.len() });
        };
        Ok(Self(
            pairs.iter().copied().map(u16::from_le_bytes).collect(),
        ))
    }

    /// The units.
    #[must_use]
    pub fn units(&self) -> &[u16] {
        &self.0
    }

    /// The number of 16-bit units; this is what NTFS limits and stores.
    #[must_use]
    pub fn len_units(&self) -> usize {
        self.0.len()
    }

    /// Whether there are no units.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Gives the units away.
    #[must_use]
    pub fn into_units(self) -> Vec<u16> {
        self.0
    }

    /// Appends units.
    pub fn push_units(&mut self, units: &[u16]) {
        self.0.extend_from_slice(units);
    }

    /// The units as little-endian bytes, two for each unit.
    #[must_use]
    pub fn to_le_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.0.len().saturating_mul(2));
        self.write_le_bytes(&mut out);
        out
    }

    /// Appends the units to `out` as little-endian bytes.
    pub fn write_le_bytes(&self, out: &mut Vec<u8>) {
        out.extend(self.0.iter().flat_map(|unit| unit.to_le_bytes()));
    }

    /// The text, each unpaired surrogate replaced by U+FFFD.
    #[must_use]
    pub fn to_string_lossy(&self) -> String {
        String::from_utf16_lossy(&self.0)
    }

    /// The text, or `None` when unpaired surrogates make it inexact.
    #[must_use]
    pub fn to_exact_string(&self) -> Option<String> {
        String::from_utf16(&self.0).ok()
    }

    /// Whether the name is this text, unit for unit.
    #[must_use]
    pub fn eq_str(&self, text: &str) -> bool {
        units_eq_str(&self.0, text)
    }
}

/// Whether `units` is the UTF-16 form of `text`, unit for unit.
#[must_use]
pub fn units_eq_str(units: &[u16], text: &str) -> bool {
    units.iter().copied().eq(text.encode_utf16())
}

impl fmt::Display for NtName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.to_string_lossy())
    }
}

impl fmt::Debug for NtName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\"")?;
        for item in char::decode_utf16(self.0.iter().copied()) {
            match item {
                Ok(c) => write!(f, "{}", c.escape_debug())?,
                Err(unpaired) => write!(f, "\\u{{{:x}}}", unpaired.unpaired_surrogate())?,
            }
        }
        f.write_str("\"")
    }
}

impl From<&str> for NtName {
    fn from(text: &str) -> Self {
        Self(text.encode_utf16().collect())
    }
}

impl From<String> for NtName {
    fn from(text: String) -> Self {
        Self::from(text.as_str())
    }
}

impl FromStr for NtName {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self::from(text))
    }
}

impl From<Vec<u16>> for NtName {
    fn from(units: Vec<u16>) -> Self {
        Self(units)
    }
}

impl From<&[u16]> for NtName {
    fn from(units: &[u16]) -> Self {
        Self::from_units(units)
    }
}

impl FromIterator<u16> for NtName {
    fn from_iter<I: IntoIterator<Item = u16>>(units: I) -> Self {
        Self(units.into_iter().collect())
    }
}

impl AsRef<[u16]> for NtName {
    fn as_ref(&self) -> &[u16] {
        &self.0
    }
}

impl Borrow<[u16]> for NtName {
    fn borrow(&self) -> &[u16] {
        &self.0
    }
}

impl PartialEq<str> for NtName {
    fn eq(&self, other: &str) -> bool {
        self.eq_str(other)
    }
}

impl PartialEq<&str> for NtName {
    fn eq(&self, other: &&str) -> bool {
        self.eq_str(other)
    }
}

impl PartialEq<[u16]> for NtName {
    fn eq(&self, other: &[u16]) -> bool {
        self.0 == other
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashMap;

    #[test]
    fn keeps_unpaired_surrogates() {
        let name = NtName::from_units(&[0x61, 0xD800, 0x62, 0xDC80]);
        assert_eq!(name.to_le_bytes(), [0x61, 0, 0, 0xD8, 0x62, 0, 0x80, 0xDC]);
        assert_eq!(name.to_exact_string(), None);
        assert_eq!(name.to_string_lossy(), "a\u{FFFD}b\u{FFFD}");
        assert_eq!(format!("{name:?}"), r#""a\u{d800}b\u{dc80}""#);
        assert_eq!(name.len_units(), 4);
    }

    #[test]
    fn text_is_exact_where_it_can_be() {
        let name: NtName = "é😀\"".parse().unwrap();
        assert_eq!(name.len_units(), 4);
        assert_eq!(name.to_exact_string().as_deref(), Some("é😀\""));
        assert_eq!(name.to_string(), "é😀\"");
        assert_eq!(format!("{name:?}"), r#""é😀\"""#);
        assert_eq!(format!("{:>3}|", NtName::from("a")), "  a|");
        assert_eq!(name, "é😀\"");
        assert_ne!(name, "e");
    }

    #[test]
    fn odd_bytes_are_refused() {
        assert_eq!(
            NtName::from_le_bytes(&[1, 2, 3]),
            Err(NameBytesError::OddLength { len: 3 })
        );
        assert!(NtName::from_le_bytes(&[]).unwrap().is_empty());
    }

    #[test]
    fn maps_are_searched_by_slice() {
        let mut map = HashMap::new();
        map.insert(NtName::from("key"), 1);
        let units: Vec<u16> = "key".encode_utf16().collect();
        assert_eq!(map.get(units.as_slice()), Some(&1));
    }

    proptest! {
        #[test]
        fn bytes_round_trip(units in prop::collection::vec(any::<u16>(), 0..300)) {
            let name = NtName::from_units(&units);
            prop_assert_eq!(NtName::from_le_bytes(&name.to_le_bytes()).unwrap(), name);
        }

        #[test]
        fn text_round_trips(text: String) {
            prop_assert_eq!(NtName::from(text.as_str()).to_exact_string(), Some(text));
        }
    }
}
