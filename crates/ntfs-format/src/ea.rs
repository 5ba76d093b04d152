//! Extended attributes: the `$EA` and `$EA_INFORMATION` attributes.
//!
//! Source: MS-FSCC 2.4.16 (FILE_FULL_EA_INFORMATION); lengths measured on
//! files that Windows wrote.

use zerocopy::little_endian::{U16, U32};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::error::{FormatError, FormatErrorKind};
use crate::num;

/// WSL: owner, a 32-bit number.
pub const LXUID: &[u8] = b"$LXUID";
/// WSL: group, a 32-bit number.
pub const LXGID: &[u8] = b"$LXGID";
/// WSL: mode with file type, a 32-bit number.
pub const LXMOD: &[u8] = b"$LXMOD";
/// WSL: device, two 32-bit numbers, major and minor.
pub const LXDEV: &[u8] = b"$LXDEV";
/// Flag of an attribute that a program must understand to open the file.
pub const NEED_EA: u8 = 0x80;
/// Most bytes the attributes of a file take.
pub const MAX_EA_SIZE: usize = 65_535;

/// Bytes before the name.
const HEADER_LEN: usize = 8;

#[derive(FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
struct RawHeader {
    next: U32,
    flags: u8,
    name_length: u8,
    value_length: U16,
}

const _: () = assert!(size_of::<RawHeader>() == HEADER_LEN);

/// One extended attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ea<'a> {
    /// 0 or [`NEED_EA`].
    pub flags: u8,
    /// Name in the OEM code page, upper case as a rule; no terminator.
    pub name: &'a [u8],
    /// Value.
    pub value: &'a [u8],
}

impl Ea<'_> {
    /// Bytes without alignment.
    fn plain_len(&self) -> usize {
        HEADER_LEN + self.name.len() + 1 + self.value.len()
    }
}

/// The attributes in the value of `$EA`, in order. After an error it ends;
/// each step moves on by at least nine bytes.
#[derive(Debug, Clone)]
pub struct EaIter<'a> {
    bytes: &'a [u8],
    offset: usize,
}

impl<'a> EaIter<'a> {
    /// Over the value of an `$EA` attribute.
    #[must_use]
    pub const fn new(value: &'a [u8]) -> Self {
        Self {
            bytes: value,
            offset: 0,
        }
    }

    fn read(&self) -> Result<(Ea<'a>, usize), FormatError> {
        let at = self.offset;
        let bad = |kind, field: usize| FormatError::new(kind, at.saturating_add(field));
        let rest = self.bytes.get(at..).unwrap_or_default();
        let (header, _) = RawHeader::read_from_prefix(rest)
            .map_err(|_| bad(FormatErrorKind::Truncated, rest.len()))?;
        let name_length = usize::from(header.name_length);
        let value_length = usize::from(header.value_length.get());
        let name = num::slice(rest, HEADER_LEN, name_length).map_err(|e| e.shifted(at))?;
        let name_end = HEADER_LEN + name_length;
        if name.is_empty() {
            return Err(bad(FormatErrorKind::Length, 5));
        }
        if num::slice(rest, name_end, 1).map_err(|e| e.shifted(at))? != [0] || name.contains(&0) {
            return Err(bad(FormatErrorKind::Value, name_end));
        }
        let value = num::slice(rest, name_end + 1, value_length).map_err(|e| e.shifted(at))?;
        let ea = Ea {
            flags: header.flags,
            name,
            value,
        };
        // 0 marks the last one in memory; on disk Windows gives its length.
        let next = match num::u32_to_usize(header.next.get())? {
            0 => rest.len(),
            next if next >= ea.plain_len() && next.is_multiple_of(4) && next <= rest.len() => next,
            _ => return Err(bad(FormatErrorKind::Offset, 0)),
        };
        Ok((ea, next))
    }
}

impl<'a> Iterator for EaIter<'a> {
    type Item = Result<Ea<'a>, FormatError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.offset >= self.bytes.len() {
            return None;
        }
        match self.read() {
            Ok((ea, step)) => {
                self.offset = self.offset.saturating_add(step);
                Some(Ok(ea))
            }
            Err(error) => {
                self.offset = self.bytes.len();
                Some(Err(error))
            }
        }
    }
}

#[derive(FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
struct RawInformation {
    packed_size: U16,
    need_count: U16,
    size: U32,
}

const _: () = assert!(size_of::<RawInformation>() == EaInformation::LEN);

/// Value of `$EA_INFORMATION`: a summary of `$EA`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct EaInformation {
    /// Bytes in the OS/2 form: without the offsets to the next one and
    /// without alignment. Also stands in the file's directory entries.
    pub packed_size: u16,
    /// Attributes with [`NEED_EA`].
    pub need_count: u16,
    /// Bytes of the `$EA` attribute's value.
    pub size: u32,
}

impl EaInformation {
    /// Bytes of the value.
    pub const LEN: usize = 8;

    /// Reads the attribute's value.
    ///
    /// # Errors
    /// [`FormatErrorKind::Truncated`].
    pub fn decode(value: &[u8]) -> Result<Self, FormatError> {
        let (raw, _) = RawInformation::read_from_prefix(value)
            .map_err(|_| FormatError::new(FormatErrorKind::Truncated, value.len()))?;
        Ok(Self {
            packed_size: raw.packed_size.get(),
            need_count: raw.need_count.get(),
            size: raw.size.get(),
        })
    }

    /// The attribute's value.
    #[must_use]
    pub fn encode(&self) -> [u8; Self::LEN] {
        zerocopy::transmute!(RawInformation {
            packed_size: U16::new(self.packed_size),
            need_count: U16::new(self.need_count),
            size: U32::new(self.size),
        })
    }
}

/// The values of `$EA` and `$EA_INFORMATION` for a list of attributes.
///
/// # Errors
/// [`FormatErrorKind::Length`] when a name is empty or over 255 bytes, a value
/// over 65,535, or all together over [`MAX_EA_SIZE`];
/// [`FormatErrorKind::Value`] for a name with a zero byte in it. The offset is
/// the place in the list that the attribute would have had.
pub fn encode_eas(list: &[Ea<'_>]) -> Result<(Vec<u8>, EaInformation), FormatError> {
    let mut out = Vec::new();
    let (mut packed, mut need_count) = (0_usize, 0_u16);
    for ea in list {
        let too_long = FormatError::new(FormatErrorKind::Length, out.len());
        let name_length = u8::try_from(ea.name.len()).map_err(|_| too_long)?;
        let value_length = u16::try_from(ea.value.len()).map_err(|_| too_long)?;
        let length = ea.plain_len().next_multiple_of(4);
        if name_length == 0 || out.len() + length > MAX_EA_SIZE {
            return Err(too_long);
        }
        if ea.name.contains(&0) {
            return Err(FormatError::new(FormatErrorKind::Value, out.len()));
        }
        let header = RawHeader {
            next: U32::new(num::to_u32(length)?),
            flags: ea.flags,
            name_length,
            value_length: U16::new(value_length),
        };
        let end = out.len() + length;
        out.extend_from_slice(header.as_bytes());
        out.extend_from_slice(ea.name);
        out.push(0);
        out.extend_from_slice(ea.value);
        out.resize(end, 0);
        packed += ea.plain_len() - size_of::<U32>();
        need_count = need_count.saturating_add(u16::from(ea.flags & NEED_EA != 0));
    }
    let information = EaInformation {
        packed_size: num::to_u16(packed)?,
        need_count,
        size: num::to_u32(out.len())?,
    };
    Ok((out, information))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: [Ea<'_>; 3] = [
        Ea {
            flags: 0,
            name: LXUID,
            value: &[1, 0, 0, 0],
        },
        Ea {
            flags: NEED_EA,
            name: b"X",
            value: &[],
        },
        Ea {
            flags: 0,
            name: LXDEV,
            value: &[1, 0, 0, 0, 3, 0, 0, 0],
        },
    ];

    #[test]
    fn lists_come_back() {
        let (bytes, information) = encode_eas(&LIST).unwrap();
        let back: Vec<_> = EaIter::new(&bytes).map(Result::unwrap).collect();
        assert_eq!(back, LIST);
        // 8+6+1+4 -> 20, 8+1+1 -> 12, 8+6+1+8 -> 24; less 4 and unaligned.
        assert_eq!(
            information,
            EaInformation {
                packed_size: 15 + 6 + 19,
                need_count: 1,
                size: 56
            }
        );
        assert_eq!(
            EaInformation::decode(&information.encode()),
            Ok(information)
        );
        assert!(EaInformation::decode(&[0; 7]).is_err());
    }

    #[test]
    fn a_zero_offset_ends_the_list() {
        let (mut bytes, _) = encode_eas(&LIST).unwrap();
        bytes[20..24].fill(0);
        assert_eq!(EaIter::new(&bytes).count(), 2);
    }

    #[test]
    fn each_bad_field_is_refused_and_ends_the_walk() {
        use FormatErrorKind as K;
        let (good, _) = encode_eas(&LIST).unwrap();
        for (at, value, kind) in [
            (0, 1, K::Offset),
            (0, 16, K::Offset),
            (0, 60, K::Offset),
            (5, 0, K::Length),
            (5, 200, K::Truncated),
            (7, 1, K::Truncated),
            (8 + 6, 1, K::Value),
            (8 + 2, 0, K::Value),
        ] {
            let mut bytes = good.clone();
            bytes[at] = value;
            let mut walk = EaIter::new(&bytes);
            assert_eq!(walk.next().unwrap().unwrap_err().kind, kind, "byte {at}");
            assert_eq!(walk.next(), None);
        }
        assert!(EaIter::new(&[1; 7]).next().unwrap().is_err());
    }

    #[test]
    fn what_cannot_be_stored_is_refused() {
        let ea = |name, value| Ea {
            flags: 0,
            name,
            value,
        };
        let long = vec![b'A'; 65_536];
        for (list, kind) in [
            (
                vec![ea(b"".as_slice(), b"".as_slice())],
                FormatErrorKind::Length,
            ),
            (vec![ea(&long[..256], b"")], FormatErrorKind::Length),
            (vec![ea(b"A", &long)], FormatErrorKind::Length),
            (vec![ea(b"A", &long[..40_000]); 2], FormatErrorKind::Length),
            (vec![ea(b"A\0B", b"")], FormatErrorKind::Value),
        ] {
            assert_eq!(encode_eas(&list).unwrap_err().kind, kind);
        }
    }
}
