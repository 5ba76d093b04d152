//! The indexes of `$Extend\$Quota`: `$Q` (owner id to quota) and `$O` (security
//! identifier to owner id).
//!
//! Source: libfsntfs documentation, "Quota"; layout and the two entries of a
//! fresh volume measured on volumes of Windows 7 and 10.

use zerocopy::little_endian::{I64, U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::error::{FormatError, FormatErrorKind};
use crate::sid::Sid;
use crate::times::NtTime;

/// Name of the index of quotas: `$Q`.
pub const QUOTA_INDEX_NAME: [u16; 2] = [b'$' as u16, b'Q' as u16];
/// Name of the index of owners: `$O`.
pub const OWNER_INDEX_NAME: [u16; 2] = [b'$' as u16, b'O' as u16];
/// Version of the entries.
pub const QUOTA_VERSION: u32 = 2;
/// "No limit".
pub const NO_LIMIT: i64 = -1;

const HEADER_LEN: usize = 48;

bitflags::bitflags! {
    /// Flags of a quota.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
    pub struct QuotaFlags: u32 {
        /// The default limits apply.
        const DEFAULT_LIMITS = 0x0000_0001;
        /// The limit is reached.
        const LIMIT_REACHED = 0x0000_0002;
        /// The id was deleted.
        const ID_DELETED = 0x0000_0004;
        /// Usage is tracked (on the entry of the defaults).
        const TRACKING_ENABLED = 0x0000_0010;
        /// Limits are enforced.
        const ENFORCEMENT_ENABLED = 0x0000_0020;
        /// Tracking is asked for.
        const TRACKING_REQUESTED = 0x0000_0040;
        /// Crossing the threshold is logged.
        const LOG_THRESHOLD = 0x0000_0080;
        /// Reaching the limit is logged.
        const LOG_LIMIT = 0x0000_0100;
        /// The numbers are out of date.
        const OUT_OF_DATE = 0x0000_0200;
        /// An entry is damaged.
        const CORRUPT = 0x0000_0400;
        /// Deletions are pending.
        const PENDING_DELETES = 0x0000_0800;
        const _ = !0;
    }
}

/// The number a quota goes by; key of `$Q`, data of `$O`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OwnerId(pub u32);

impl OwnerId {
    /// The entry with the volume's defaults.
    pub const DEFAULTS: Self = Self(1);
    /// The first number given to an owner.
    pub const FIRST: Self = Self(0x100);

    /// Reads a key of `$Q`, or the data of `$O`.
    ///
    /// # Errors
    /// [`FormatErrorKind::Length`] unless it has four bytes.
    pub fn decode(bytes: &[u8]) -> Result<Self, FormatError> {
        bytes
            .try_into()
            .map(|bytes| Self(u32::from_le_bytes(bytes)))
            .map_err(|_| FormatError::new(FormatErrorKind::Length, 0))
    }

    /// The four bytes.
    #[must_use]
    pub const fn encode(self) -> [u8; 4] {
        self.0.to_le_bytes()
    }
}

#[derive(FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
struct Raw {
    version: U32,
    flags: U32,
    used: U64,
    changed: U64,
    threshold: I64,
    limit: I64,
    exceeded: U64,
}

const _: () = assert!(size_of::<Raw>() == HEADER_LEN);

/// Data of an entry of `$Q`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// Flags.
    pub flags: QuotaFlags,
    /// Bytes used.
    pub used: u64,
    /// Time of the last change.
    pub changed: NtTime,
    /// Bytes from which a warning is given, or [`NO_LIMIT`].
    pub threshold: i64,
    /// Bytes that can be used, or [`NO_LIMIT`].
    pub limit: i64,
    /// When the limit was exceeded; 0 if it is not.
    pub exceeded: u64,
    /// The owner; the defaults have none.
    pub owner: Option<Sid>,
}

impl Quota {
    /// Default limits, nothing used: what both entries of a fresh volume say
    /// (the defaults, and Administrators under [`OwnerId::FIRST`]).
    #[must_use]
    pub const fn unlimited(owner: Option<Sid>, changed: NtTime) -> Self {
        Self {
            flags: QuotaFlags::DEFAULT_LIMITS,
            used: 0,
            changed,
            threshold: NO_LIMIT,
            limit: NO_LIMIT,
            exceeded: 0,
            owner,
        }
    }

    /// Reads an entry's data.
    ///
    /// # Errors
    /// [`FormatErrorKind::Truncated`], [`FormatErrorKind::Version`], or what
    /// [`Sid::decode`] refuses.
    pub fn decode(data: &[u8]) -> Result<Self, FormatError> {
        let (raw, rest) = Raw::read_from_prefix(data)
            .map_err(|_| FormatError::new(FormatErrorKind::Truncated, data.len()))?;
        if raw.version.get() != QUOTA_VERSION {
            return Err(FormatError::new(FormatErrorKind::Version, 0));
        }
        let owner = if rest.is_empty() {
            None
        } else {
            Some(Sid::decode(rest).map_err(|e| e.shifted(HEADER_LEN))?)
        };
        Ok(Self {
            flags: QuotaFlags::from_bits_retain(raw.flags.get()),
            used: raw.used.get(),
            changed: NtTime(raw.changed.get()),
            threshold: raw.threshold.get(),
            limit: raw.limit.get(),
            exceeded: raw.exceeded.get(),
            owner,
        })
    }

    /// The entry's data.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let raw = Raw {
            version: U32::new(QUOTA_VERSION),
            flags: U32::new(self.flags.bits()),
            used: U64::new(self.used),
            changed: U64::new(self.changed.0),
            threshold: I64::new(self.threshold),
            limit: I64::new(self.limit),
            exceeded: U64::new(self.exceeded),
        };
        let mut data = raw.as_bytes().to_vec();
        if let Some(owner) = &self.owner {
            data.extend(owner.encode());
        }
        data
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_come_back() {
        for (owner, length) in [(None, 48), (Some(Sid::ADMINISTRATORS), 64)] {
            let quota = Quota::unlimited(owner, NtTime(0x01D1_BD80_4240_AC00));
            let data = quota.encode();
            assert_eq!(data.len(), length);
            assert_eq!(data[..8], [2, 0, 0, 0, 1, 0, 0, 0]);
            assert_eq!(data[24..40], [0xFF; 16]);
            assert_eq!(Quota::decode(&data), Ok(quota));
        }
        assert_eq!(
            OwnerId::decode(&OwnerId::FIRST.encode()),
            Ok(OwnerId(0x100))
        );
    }

    #[test]
    fn bad_entries_are_refused() {
        use FormatErrorKind as K;
        let good = Quota::unlimited(Some(Sid::ADMINISTRATORS), NtTime(0)).encode();
        let kind = |data: &[u8]| Quota::decode(data).unwrap_err().kind;
        assert_eq!(kind(&good[..47]), K::Truncated);
        assert_eq!(kind(&good[..63]), K::Truncated);
        let mut data = good.clone();
        data[0] = 1;
        assert_eq!(kind(&data), K::Version);
        assert_eq!(OwnerId::decode(&[0; 3]).unwrap_err().kind, K::Length);
    }
}
