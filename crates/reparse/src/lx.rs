//! Symbolic links of the Windows subsystem for Linux, tag 0xA000001D.

use crate::error::{ReparseError, ReparseErrorKind, TargetError};
use crate::header::{self, HEADER_BYTES, MAX_REPARSE_BYTES};
use crate::tag::ReparseTag;

/// The only version of the structure that is known.
const VERSION: u32 = 2;
const TARGET_AT: usize = HEADER_BYTES + 4;

/// A symbolic link made under the Windows subsystem for Linux: version 2, then the target in
/// UTF-8, without NUL. The target is kept as bytes; nothing proves that they are UTF-8.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LxSymlink {
    reserved: u16,
    target: Vec<u8>,
}

impl LxSymlink {
    /// A link to `target`, in the text form of Linux.
    ///
    /// # Errors
    /// [`TargetError::Empty`], [`TargetError::InteriorNul`] or [`TargetError::TooLong`].
    pub fn new(target: &[u8]) -> Result<Self, TargetError> {
        let length = TARGET_AT + target.len();
        if target.is_empty() {
            return Err(TargetError::Empty);
        }
        if let Some(position) = target.iter().position(|&byte| byte == 0) {
            return Err(TargetError::InteriorNul { position });
        }
        if length > MAX_REPARSE_BYTES {
            return Err(TargetError::TooLong { length });
        }
        Ok(Self {
            reserved: 0,
            target: target.to_vec(),
        })
    }

    /// Decodes a whole buffer that must carry the tag of such a link.
    ///
    /// # Errors
    /// Whatever makes the bytes no such link, with its place.
    pub fn decode(bytes: &[u8]) -> Result<Self, ReparseError> {
        let (head, data) = header::split_tagged(bytes, ReparseTag::LX_SYMLINK)?;
        let (version, target) = data
            .split_first_chunk::<4>()
            .ok_or_else(|| header::truncated(TARGET_AT, bytes.len(), HEADER_BYTES))?;
        let version = u32::from_le_bytes(*version);
        if version != VERSION {
            let kind = ReparseErrorKind::UnknownVersion(version);
            return Err(ReparseError::new(kind, HEADER_BYTES));
        }
        Ok(Self {
            reserved: head.reserved(),
            target: target.to_vec(),
        })
    }

    /// The buffer, header included.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let data = [&VERSION.to_le_bytes(), self.target.as_slice()].concat();
        header::join(ReparseTag::LX_SYMLINK, self.reserved, None, &data)
    }

    /// The target as stored.
    #[must_use]
    pub fn target(&self) -> &[u8] {
        &self.target
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn target_bytes_follow_the_version() {
        let link = LxSymlink::new("ä/b".as_bytes()).unwrap();
        let bytes = link.encode();
        assert_eq!(bytes, b"\x1d\0\0\xa0\x08\0\0\0\x02\0\0\0\xc3\xa4/b");
        assert_eq!(LxSymlink::decode(&bytes).unwrap(), link);
        assert_eq!(link.target(), "ä/b".as_bytes());
    }

    #[test]
    fn other_versions_and_bad_targets_are_refused() {
        assert_eq!(
            LxSymlink::decode(b"\x1d\0\0\xa0\x04\0\0\0\x03\0\0\0").unwrap_err(),
            ReparseError {
                kind: ReparseErrorKind::UnknownVersion(3),
                offset: 8
            }
        );
        assert_eq!(
            LxSymlink::decode(b"\x1d\0\0\xa0\x03\0\0\0\x02\0\0")
                .unwrap_err()
                .kind,
            ReparseErrorKind::Truncated {
                needed: 12,
                actual: 11
            }
        );
        assert_eq!(LxSymlink::new(b""), Err(TargetError::Empty));
        assert_eq!(
            LxSymlink::new(b"a\0"),
            Err(TargetError::InteriorNul { position: 1 })
        );
        assert_eq!(
            LxSymlink::new(&[b'x'; 16_373]),
            Err(TargetError::TooLong { length: 16_385 })
        );
    }
}
