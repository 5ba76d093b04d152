//! Security identifiers (MS-DTYP 2.4.2).

use core::fmt;
use core::str::FromStr;

use crate::error::{FormatError, FormatErrorKind};
use crate::num;

/// Sub-authorities at most.
pub const MAX_SUB_AUTHORITIES: usize = 15;
/// The only revision there is.
const REVISION: u8 = 1;
/// Bytes before the sub-authorities.
const HEADER_LEN: usize = 8;

const NT_AUTHORITY: [u8; 6] = [0, 0, 0, 0, 0, 5];
const CREATOR_AUTHORITY: [u8; 6] = [0, 0, 0, 0, 0, 3];
const WORLD_AUTHORITY: [u8; 6] = [0, 0, 0, 0, 0, 1];
/// "Built-in" domain under the NT authority.
const BUILTIN: u32 = 32;

/// A security identifier: who owns, who may.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Sid {
    authority: [u8; 6],
    count: u8,
    /// Zero behind `count`.
    subs: [u32; MAX_SUB_AUTHORITIES],
}

impl Sid {
    /// Everyone, S-1-1-0.
    pub const EVERYONE: Self = Self::short(WORLD_AUTHORITY, 0);
    /// Creator owner, S-1-3-0: stands for the owner of what inherits.
    pub const CREATOR_OWNER: Self = Self::short(CREATOR_AUTHORITY, 0);
    /// Creator group, S-1-3-1: stands for the group of what inherits.
    pub const CREATOR_GROUP: Self = Self::short(CREATOR_AUTHORITY, 1);
    /// Authenticated users, S-1-5-11.
    pub const AUTHENTICATED_USERS: Self = Self::short(NT_AUTHORITY, 11);
    /// The operating system, S-1-5-18.
    pub const SYSTEM: Self = Self::short(NT_AUTHORITY, 18);
    /// Administrators, S-1-5-32-544.
    pub const ADMINISTRATORS: Self = Self::builtin(544);
    /// Users, S-1-5-32-545.
    pub const USERS: Self = Self::builtin(545);

    const fn short(authority: [u8; 6], sub: u32) -> Self {
        Self {
            authority,
            count: 1,
            subs: [sub, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        }
    }

    /// A built-in group, S-1-5-32-`rid`.
    #[must_use]
    pub const fn builtin(rid: u32) -> Self {
        Self {
            authority: NT_AUTHORITY,
            count: 2,
            subs: [BUILTIN, rid, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        }
    }

    /// From an authority (six bytes, most significant first) and up to 15
    /// sub-authorities.
    ///
    /// # Errors
    /// [`FormatErrorKind::Length`] for more of them.
    pub fn new(authority: [u8; 6], sub_authorities: &[u32]) -> Result<Self, FormatError> {
        let mut subs = [0; MAX_SUB_AUTHORITIES];
        let too_many = FormatError::new(FormatErrorKind::Length, 1);
        subs.get_mut(..sub_authorities.len())
            .ok_or(too_many)?
            .copy_from_slice(sub_authorities);
        Ok(Self {
            authority,
            count: u8::try_from(sub_authorities.len()).map_err(|_| too_many)?,
            subs,
        })
    }

    /// Reads the identifier at the start of `bytes`; what follows is ignored.
    ///
    /// # Errors
    /// [`FormatErrorKind::Truncated`], [`FormatErrorKind::Version`],
    /// [`FormatErrorKind::Length`] for more than 15 sub-authorities.
    pub fn decode(bytes: &[u8]) -> Result<Self, FormatError> {
        let [revision, count] = num::array(bytes, 0)?;
        if revision != REVISION {
            return Err(FormatError::new(FormatErrorKind::Version, 0));
        }
        let authority = num::array(bytes, 2)?;
        let mut sid = Self {
            authority,
            count,
            subs: [0; MAX_SUB_AUTHORITIES],
        };
        let subs = sid
            .subs
            .get_mut(..usize::from(count))
            .ok_or(FormatError::new(FormatErrorKind::Length, 1))?;
        for (index, sub) in subs.iter_mut().enumerate() {
            *sub = num::u32_at(bytes, HEADER_LEN + index * 4)?;
        }
        Ok(sid)
    }

    /// The bytes on disk.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![REVISION, self.count];
        bytes.extend(self.authority);
        bytes.extend(
            self.sub_authorities()
                .iter()
                .flat_map(|sub| sub.to_le_bytes()),
        );
        bytes
    }

    /// Bytes on disk: 8 to 68.
    #[must_use]
    pub fn encoded_len(&self) -> usize {
        HEADER_LEN + usize::from(self.count) * 4
    }

    /// The authority, most significant byte first.
    #[must_use]
    pub const fn authority(&self) -> [u8; 6] {
        self.authority
    }

    /// The sub-authorities.
    #[must_use]
    pub fn sub_authorities(&self) -> &[u32] {
        self.subs.get(..usize::from(self.count)).unwrap_or_default()
    }
}

impl fmt::Display for Sid {
    /// As S-1-5-32-544; an authority of more than 32 bits in hexadecimal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let authority = self
            .authority
            .iter()
            .fold(0_u64, |value, byte| (value << 8) | u64::from(*byte));
        if authority > u64::from(u32::MAX) {
            write!(f, "S-{REVISION}-0x{authority:012X}")?;
        } else {
            write!(f, "S-{REVISION}-{authority}")?;
        }
        self.sub_authorities()
            .iter()
            .try_for_each(|sub| write!(f, "-{sub}"))
    }
}

impl fmt::Debug for Sid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sid({self})")
    }
}

/// A text that is not a security identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a security identifier; they look like S-1-5-32-544")]
pub struct SidParseError;

impl FromStr for Sid {
    type Err = SidParseError;

    fn from_str(text: &str) -> Result<Self, SidParseError> {
        let rest = text
            .strip_prefix("S-1-")
            .or_else(|| text.strip_prefix("s-1-"))
            .ok_or(SidParseError)?;
        let mut parts = rest.split('-');
        let first = parts.next().ok_or(SidParseError)?;
        let authority = match first
            .strip_prefix("0x")
            .or_else(|| first.strip_prefix("0X"))
        {
            Some(hex) => u64::from_str_radix(hex, 16).map_err(|_| SidParseError)?,
            None => decimal(first)?,
        };
        let [0, 0, bytes @ ..] = authority.to_be_bytes() else {
            return Err(SidParseError);
        };
        let subs = parts
            .map(|part| u32::try_from(decimal(part)?).map_err(|_| SidParseError))
            .collect::<Result<Vec<_>, _>>()?;
        Self::new(bytes, &subs).map_err(|_| SidParseError)
    }
}

/// Digits only: no sign, not empty.
fn decimal(text: &str) -> Result<u64, SidParseError> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(SidParseError);
    }
    text.parse().map_err(|_| SidParseError)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_and_text_come_back() {
        for text in [
            "S-1-0",
            "S-1-1-0",
            "S-1-5-18",
            "S-1-5-32-544",
            "S-1-16-4096",
            "S-1-5-21-311151722-437878493-4115995562-1000",
            "S-1-0x0123456789AB-1",
            "S-1-5-1-2-3-4-5-6-7-8-9-10-11-12-13-14-15",
        ] {
            let sid: Sid = text.parse().unwrap();
            assert_eq!(sid.to_string(), text);
            let mut bytes = sid.encode();
            assert_eq!(bytes.len(), sid.encoded_len());
            bytes.push(0xEE);
            assert_eq!(Sid::decode(&bytes), Ok(sid));
        }
        assert_eq!("S-1-5-32-544".parse(), Ok(Sid::ADMINISTRATORS));
        assert_eq!("S-1-3-1".parse(), Ok(Sid::CREATOR_GROUP));
    }

    #[test]
    fn other_texts_are_refused() {
        for text in [
            "",
            "S-1",
            "S-1-",
            "S-2-5-18",
            "S-1-5-",
            "S-1-5-+1",
            "S-1-5-4294967296",
            "S-1-0x1000000000000",
            "S-1-5-1-2-3-4-5-6-7-8-9-10-11-12-13-14-15-16",
        ] {
            assert_eq!(text.parse::<Sid>(), Err(SidParseError), "{text}");
        }
    }

    #[test]
    fn bad_bytes_are_refused() {
        use FormatErrorKind as K;
        let good = Sid::ADMINISTRATORS.encode();
        for (at, value, kind) in [(0, 2, K::Version), (1, 16, K::Length), (1, 3, K::Truncated)] {
            let mut bytes = good.clone();
            bytes[at] = value;
            assert_eq!(Sid::decode(&bytes).unwrap_err().kind, kind);
        }
        assert_eq!(Sid::decode(&good[..7]).unwrap_err().kind, K::Truncated);
    }
}
