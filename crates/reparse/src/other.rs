//! Reparse buffers of every tag that is no link: kept whole.

use crate::app_exec_link::AppExecLink;
use crate::error::{ReparseError, ReparseErrorKind};
use crate::header::{self, GUID_BYTES, HEADER_BYTES, MAX_REPARSE_BYTES};
use crate::tag::ReparseTag;
use crate::wof::WofInfo;

/// A reparse buffer as tag, GUID and data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtherReparse {
    tag: ReparseTag,
    reserved: u16,
    guid: Option<[u8; 16]>,
    data: Vec<u8>,
}

impl OtherReparse {
    /// A buffer of these parts. Tags of Microsoft take no GUID, all others need one.
    ///
    /// # Errors
    /// [`ReparseErrorKind::ReservedTag`], [`ReparseErrorKind::GuidMissing`],
    /// [`ReparseErrorKind::GuidUnexpected`] or [`ReparseErrorKind::TooLong`].
    pub fn new(
        tag: ReparseTag,
        guid: Option<[u8; 16]>,
        data: Vec<u8>,
    ) -> Result<Self, ReparseError> {
        tag.check_not_reserved()?;
        let kind = match guid {
            Some(_) if tag.is_microsoft() => Some(ReparseErrorKind::GuidUnexpected(tag)),
            None if !tag.is_microsoft() => Some(ReparseErrorKind::GuidMissing(tag)),
            _ => None,
        };
        if let Some(kind) = kind {
            return Err(ReparseError::new(kind, HEADER_BYTES));
        }
        let length = HEADER_BYTES + guid.map_or(0, |_| GUID_BYTES) + data.len();
        if length > MAX_REPARSE_BYTES {
            let kind = ReparseErrorKind::TooLong { length };
            return Err(ReparseError::new(kind, MAX_REPARSE_BYTES));
        }
        Ok(Self {
            tag,
            reserved: 0,
            guid,
            data,
        })
    }

    /// Decodes a whole buffer of any tag without looking into its data, links included: the way to
    /// copy a buffer whose data may be damaged.
    ///
    /// # Errors
    /// When header and length do not fit each other, or the tag is reserved.
    pub fn decode(bytes: &[u8]) -> Result<Self, ReparseError> {
        let (head, rest) = header::split_checked(bytes)?;
        let (guid, data) = if head.tag().is_microsoft() {
            (None, rest)
        } else {
            let (guid, data) = rest.split_first_chunk::<GUID_BYTES>().ok_or_else(|| {
                header::truncated(HEADER_BYTES + GUID_BYTES, bytes.len(), HEADER_BYTES)
            })?;
            (Some(*guid), data)
        };
        Ok(Self {
            tag: head.tag(),
            reserved: head.reserved(),
            guid,
            data: data.to_vec(),
        })
    }

    /// The buffer, header (and GUID) included.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        header::join(self.tag, self.reserved, self.guid, &self.data)
    }

    /// The tag.
    #[must_use]
    pub fn tag(&self) -> ReparseTag {
        self.tag
    }

    /// The GUID of the owner, in structure order; `None` for tags of Microsoft.
    #[must_use]
    pub fn guid(&self) -> Option<[u8; 16]> {
        self.guid
    }

    /// The bytes behind header and GUID.
    #[must_use]
    pub fn data(&self) -> &[u8] {
        &self.data
    }

    /// What the overlay filter stores here; `None` for any tag but [`ReparseTag::WOF`].
    ///
    /// # Errors
    /// When the data is too short or names an unknown version, provider or algorithm.
    pub fn wof(&self) -> Result<Option<WofInfo>, ReparseError> {
        (self.tag == ReparseTag::WOF)
            .then(|| WofInfo::from_data(&self.data))
            .transpose()
    }

    /// The execution alias stored here; `None` for any tag but [`ReparseTag::APPEXECLINK`].
    ///
    /// # Errors
    /// When the data is too short or a string has no end.
    pub fn app_exec_link(&self) -> Result<Option<AppExecLink>, ReparseError> {
        (self.tag == ReparseTag::APPEXECLINK)
            .then(|| AppExecLink::from_data(&self.data))
            .transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guid_belongs_to_foreign_tags_only() {
        let foreign = ReparseTag(0x0000_0017);
        let other = OtherReparse::new(foreign, Some([7; 16]), vec![1, 2, 3]).unwrap();
        let bytes = other.encode();
        assert_eq!(bytes.len(), 8 + 16 + 3);
        assert_eq!(bytes[4], 3);
        assert_eq!(OtherReparse::decode(&bytes).unwrap(), other);
        let kind = |tag, guid| OtherReparse::new(tag, guid, vec![]).unwrap_err().kind;
        assert_eq!(kind(foreign, None), ReparseErrorKind::GuidMissing(foreign));
        assert_eq!(
            kind(ReparseTag::WOF, Some([0; 16])),
            ReparseErrorKind::GuidUnexpected(ReparseTag::WOF)
        );
        assert_eq!(
            kind(ReparseTag::RESERVED_ONE, None),
            ReparseErrorKind::ReservedTag(ReparseTag::RESERVED_ONE)
        );
    }

    #[test]
    fn a_foreign_buffer_too_short_for_its_guid_is_truncated() {
        assert_eq!(
            OtherReparse::decode(&[0x17, 0, 0, 0, 0, 0, 0, 0, 1, 2]).unwrap_err(),
            ReparseError {
                kind: ReparseErrorKind::Truncated {
                    needed: 24,
                    actual: 10
                },
                offset: 8
            }
        );
    }

    #[test]
    fn the_limit_counts_header_and_guid() {
        let foreign = ReparseTag(0x0000_0017);
        assert!(OtherReparse::new(foreign, Some([0; 16]), vec![0; 16_360]).is_ok());
        assert_eq!(
            OtherReparse::new(foreign, Some([0; 16]), vec![0; 16_361])
                .unwrap_err()
                .kind,
            ReparseErrorKind::TooLong { length: 16_385 }
        );
        assert_eq!(
            OtherReparse::decode(&[0; 16_385]).unwrap_err().kind,
            ReparseErrorKind::TooLong { length: 16_385 }
        );
    }
}
