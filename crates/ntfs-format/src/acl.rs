//! Access control lists and their entries (MS-DTYP 2.4.4, 2.4.5).

use zerocopy::little_endian::U16;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::error::{FormatError, FormatErrorKind};
use crate::num;
use crate::sid::Sid;

/// Revision of a list without object entries.
pub const ACL_REVISION: u8 = 2;
/// Revision of a list with object entries.
pub const ACL_REVISION_DS: u8 = 4;

const ACL_HEADER_LEN: usize = 8;
const ACE_HEADER_LEN: usize = 4;
/// Header and access mask, before the identifier.
const ACE_SID_OFFSET: usize = 8;

bitflags::bitflags! {
    /// Rights (MS-DTYP 2.4.3), with the meaning they have for files.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
    pub struct AccessMask: u32 {
        /// Read data, list a directory.
        const READ_DATA = 0x0000_0001;
        /// Write data, add a file.
        const WRITE_DATA = 0x0000_0002;
        /// Append data, add a directory.
        const APPEND_DATA = 0x0000_0004;
        /// Read extended attributes.
        const READ_EA = 0x0000_0008;
        /// Write extended attributes.
        const WRITE_EA = 0x0000_0010;
        /// Execute, traverse.
        const EXECUTE = 0x0000_0020;
        /// Delete what is in a directory.
        const DELETE_CHILD = 0x0000_0040;
        /// Read attributes.
        const READ_ATTRIBUTES = 0x0000_0080;
        /// Write attributes.
        const WRITE_ATTRIBUTES = 0x0000_0100;
        /// Delete.
        const DELETE = 0x0001_0000;
        /// Read the security descriptor.
        const READ_CONTROL = 0x0002_0000;
        /// Change the access list.
        const WRITE_DAC = 0x0004_0000;
        /// Change the owner.
        const WRITE_OWNER = 0x0008_0000;
        /// Wait on the handle.
        const SYNCHRONIZE = 0x0010_0000;
        /// All that the kind of object knows.
        const GENERIC_ALL = 0x1000_0000;
        /// What executing needs.
        const GENERIC_EXECUTE = 0x2000_0000;
        /// What writing needs.
        const GENERIC_WRITE = 0x4000_0000;
        /// What reading needs.
        const GENERIC_READ = 0x8000_0000;
        const _ = !0;
    }
}

impl AccessMask {
    /// Every right on a file.
    pub const FILE_ALL: Self = Self::from_bits_retain(0x001F_01FF);
    /// What [`Self::GENERIC_READ`] means for a file.
    pub const FILE_READ: Self = Self::from_bits_retain(0x0012_0089);
    /// What [`Self::GENERIC_WRITE`] means for a file.
    pub const FILE_WRITE: Self = Self::from_bits_retain(0x0012_0116);
    /// What [`Self::GENERIC_EXECUTE`] means for a file.
    pub const FILE_EXECUTE: Self = Self::from_bits_retain(0x0012_00A0);

    /// Puts the rights of files in the place of the generic ones.
    #[must_use]
    pub fn map_generic(self) -> Self {
        [
            (Self::GENERIC_READ, Self::FILE_READ),
            (Self::GENERIC_WRITE, Self::FILE_WRITE),
            (Self::GENERIC_EXECUTE, Self::FILE_EXECUTE),
            (Self::GENERIC_ALL, Self::FILE_ALL),
        ]
        .into_iter()
        .fold(self, |mask, (generic, specific)| {
            if mask.contains(generic) {
                mask.difference(generic) | specific
            } else {
                mask
            }
        })
    }
}

bitflags::bitflags! {
    /// Flags of an entry (MS-DTYP 2.4.4.1).
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
    pub struct AceFlags: u8 {
        /// Files inherit it.
        const OBJECT_INHERIT = 0x01;
        /// Directories inherit it.
        const CONTAINER_INHERIT = 0x02;
        /// What inherits it does not pass it on.
        const NO_PROPAGATE = 0x04;
        /// Is there to be inherited only; says nothing about this object.
        const INHERIT_ONLY = 0x08;
        /// Was inherited.
        const INHERITED = 0x10;
        /// Audits what succeeds.
        const SUCCESSFUL_ACCESS = 0x40;
        /// Audits what fails.
        const FAILED_ACCESS = 0x80;
        const _ = !0;
    }
}

impl AceFlags {
    /// The four flags that steer inheritance.
    pub const INHERITANCE: Self = Self::OBJECT_INHERIT
        .union(Self::CONTAINER_INHERIT)
        .union(Self::NO_PROPAGATE)
        .union(Self::INHERIT_ONLY);
}

/// Type of an entry (MS-DTYP 2.4.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AceType(pub u8);

impl AceType {
    /// Allows.
    pub const ACCESS_ALLOWED: Self = Self(0x00);
    /// Denies.
    pub const ACCESS_DENIED: Self = Self(0x01);
    /// Audits.
    pub const SYSTEM_AUDIT: Self = Self(0x02);
    /// Alarms; not implemented by Windows.
    pub const SYSTEM_ALARM: Self = Self(0x03);
    /// Allows, for a kind of object named by GUIDs.
    pub const ACCESS_ALLOWED_OBJECT: Self = Self(0x05);
    /// Denies, for a kind of object.
    pub const ACCESS_DENIED_OBJECT: Self = Self(0x06);
    /// Audits, for a kind of object.
    pub const SYSTEM_AUDIT_OBJECT: Self = Self(0x07);
    /// Allows under a condition.
    pub const ACCESS_ALLOWED_CALLBACK: Self = Self(0x09);
    /// Denies under a condition.
    pub const ACCESS_DENIED_CALLBACK: Self = Self(0x0A);
    /// Audits under a condition.
    pub const SYSTEM_AUDIT_CALLBACK: Self = Self(0x0D);
    /// Integrity level.
    pub const MANDATORY_LABEL: Self = Self(0x11);
    /// An attribute for conditions.
    pub const RESOURCE_ATTRIBUTE: Self = Self(0x12);
    /// A central access policy.
    pub const SCOPED_POLICY_ID: Self = Self(0x13);
    /// Process trust label (not in the specification; winnt.h).
    pub const PROCESS_TRUST_LABEL: Self = Self(0x14);

    /// Whether mask and identifier follow the header at once.
    const fn has_plain_sid(self) -> bool {
        matches!(self.0, 0x00..=0x03 | 0x09 | 0x0A | 0x0D | 0x0E | 0x11..=0x14)
    }

    /// Whether GUIDs stand before the identifier.
    const fn is_object(self) -> bool {
        matches!(self.0, 0x05..=0x08 | 0x0B | 0x0C | 0x0F | 0x10)
    }
}

/// What an entry holds behind its header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AceBody {
    /// Rights and whom they are about.
    Sid {
        /// The rights.
        mask: AccessMask,
        /// Who.
        sid: Sid,
        /// What follows: a condition, an attribute, or nothing.
        rest: Vec<u8>,
    },
    /// Anything else, kept byte for byte.
    Opaque(Vec<u8>),
}

/// An entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ace {
    /// Type.
    pub kind: AceType,
    /// Flags.
    pub flags: AceFlags,
    /// The rest.
    pub body: AceBody,
}

impl Ace {
    /// An entry that allows `mask` to `sid`.
    #[must_use]
    pub const fn allow(flags: AceFlags, mask: AccessMask, sid: Sid) -> Self {
        Self {
            kind: AceType::ACCESS_ALLOWED,
            flags,
            body: AceBody::Sid {
                mask,
                sid,
                rest: Vec::new(),
            },
        }
    }

    /// An entry that denies `mask` to `sid`.
    #[must_use]
    pub fn deny(flags: AceFlags, mask: AccessMask, sid: Sid) -> Self {
        Self {
            kind: AceType::ACCESS_DENIED,
            ..Self::allow(flags, mask, sid)
        }
    }

    /// Reads the entry at the start of `bytes` and says how long it is.
    fn decode(bytes: &[u8]) -> Result<(Self, usize), FormatError> {
        let [kind, flags, ..] = num::array::<ACE_HEADER_LEN>(bytes, 0)?;
        let size = usize::from(num::u16_at(bytes, 2)?);
        if size < ACE_HEADER_LEN || !size.is_multiple_of(4) {
            return Err(FormatError::new(FormatErrorKind::Length, 2));
        }
        let whole = num::slice(bytes, 0, size)?;
        let kind = AceType(kind);
        let body = if kind.has_plain_sid() {
            let mask = AccessMask::from_bits_retain(num::u32_at(whole, ACE_HEADER_LEN)?);
            let behind_mask = whole.get(ACE_SID_OFFSET..).unwrap_or_default();
            let sid = Sid::decode(behind_mask).map_err(|e| e.shifted(ACE_SID_OFFSET))?;
            AceBody::Sid {
                mask,
                sid,
                rest: behind_mask
                    .get(sid.encoded_len()..)
                    .unwrap_or_default()
                    .to_vec(),
            }
        } else {
            AceBody::Opaque(whole.get(ACE_HEADER_LEN..).unwrap_or_default().to_vec())
        };
        let ace = Self {
            kind,
            flags: AceFlags::from_bits_retain(flags),
            body,
        };
        Ok((ace, size))
    }

    /// Appends the bytes on disk, filled with zeros to a multiple of four.
    fn encode_into(&self, out: &mut Vec<u8>) -> Result<(), FormatError> {
        let start = out.len();
        out.extend([self.kind.0, self.flags.bits(), 0, 0]);
        match &self.body {
            AceBody::Sid { mask, sid, rest } => {
                out.extend(mask.bits().to_le_bytes());
                out.extend(sid.encode());
                out.extend_from_slice(rest);
            }
            AceBody::Opaque(bytes) => out.extend_from_slice(bytes),
        }
        let size = (out.len() - start).next_multiple_of(4);
        out.resize(start + size, 0);
        let size = num::to_u16(size).map_err(|e| e.shifted(start))?;
        num::put(out, start + 2, &size.to_le_bytes())
    }
}

#[derive(FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
struct RawAcl {
    revision: u8,
    reserved1: u8,
    size: U16,
    count: U16,
    reserved2: U16,
}

const _: () = assert!(size_of::<RawAcl>() == ACL_HEADER_LEN);

/// An access control list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acl {
    /// [`ACL_REVISION`] or [`ACL_REVISION_DS`].
    pub revision: u8,
    /// The entries, in order; the first that decides counts.
    pub aces: Vec<Ace>,
    /// Bytes behind the last entry that belong to the list. Some of Windows'
    /// own lists have eight of them.
    pub slack: Vec<u8>,
}

impl Acl {
    /// A list of entries.
    #[must_use]
    pub fn new(aces: Vec<Ace>) -> Self {
        let object = aces.iter().any(|ace| ace.kind.is_object());
        Self {
            revision: if object {
                ACL_REVISION_DS
            } else {
                ACL_REVISION
            },
            aces,
            slack: Vec::new(),
        }
    }

    /// Reads the list at the start of `bytes`; what follows is ignored.
    ///
    /// # Errors
    /// [`FormatErrorKind::Truncated`], [`FormatErrorKind::Version`],
    /// [`FormatErrorKind::Length`] for sizes that do not fit each other, or
    /// what [`Sid::decode`] refuses.
    pub fn decode(bytes: &[u8]) -> Result<Self, FormatError> {
        let (header, _) = RawAcl::read_from_prefix(bytes)
            .map_err(|_| FormatError::new(FormatErrorKind::Truncated, bytes.len()))?;
        if !(ACL_REVISION..=ACL_REVISION_DS).contains(&header.revision) {
            return Err(FormatError::new(FormatErrorKind::Version, 0));
        }
        let size = usize::from(header.size.get());
        if size < ACL_HEADER_LEN {
            return Err(FormatError::new(FormatErrorKind::Length, 2));
        }
        let whole = num::slice(bytes, 0, size)?;
        let mut offset = ACL_HEADER_LEN;
        let mut aces = Vec::new();
        // At most 65,535 times, and each entry takes four bytes of the list.
        for _ in 0..header.count.get() {
            let rest = whole.get(offset..).unwrap_or_default();
            let (ace, length) = Ace::decode(rest).map_err(|e| e.shifted(offset))?;
            aces.push(ace);
            offset += length;
        }
        Ok(Self {
            revision: header.revision,
            aces,
            slack: whole.get(offset..).unwrap_or_default().to_vec(),
        })
    }

    /// The bytes on disk.
    ///
    /// # Errors
    /// [`FormatErrorKind::Length`] when an entry or the list takes more than
    /// 65,535 bytes.
    pub fn encode(&self) -> Result<Vec<u8>, FormatError> {
        let mut out = vec![0; ACL_HEADER_LEN];
        for ace in &self.aces {
            ace.encode_into(&mut out)?;
        }
        out.extend_from_slice(&self.slack);
        let header = RawAcl {
            revision: self.revision,
            reserved1: 0,
            size: U16::new(num::to_u16(out.len())?),
            count: U16::new(num::to_u16(self.aces.len())?),
            reserved2: U16::ZERO,
        };
        num::put(&mut out, 0, header.as_bytes())?;
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list() -> Acl {
        Acl::new(vec![
            Ace::deny(AceFlags::empty(), AccessMask::DELETE, Sid::EVERYONE),
            Ace::allow(
                AceFlags::OBJECT_INHERIT | AceFlags::CONTAINER_INHERIT,
                AccessMask::FILE_ALL,
                Sid::ADMINISTRATORS,
            ),
            Ace {
                kind: AceType::ACCESS_ALLOWED_CALLBACK,
                flags: AceFlags::INHERITED,
                body: AceBody::Sid {
                    mask: AccessMask::FILE_READ,
                    sid: Sid::USERS,
                    rest: b"artx".to_vec(),
                },
            },
            Ace {
                kind: AceType::ACCESS_ALLOWED_OBJECT,
                flags: AceFlags::empty(),
                body: AceBody::Opaque(vec![7; 40]),
            },
        ])
    }

    #[test]
    fn lists_come_back() {
        let mut acl = list();
        assert_eq!(acl.revision, ACL_REVISION_DS);
        acl.slack = vec![9; 8];
        let mut bytes = acl.encode().unwrap();
        assert_eq!(bytes.len(), 8 + 20 + 24 + 28 + 44 + 8);
        bytes.extend([0xEE; 3]);
        assert_eq!(Acl::decode(&bytes), Ok(acl));
        let empty = Acl::new(vec![]);
        assert_eq!(empty.encode().unwrap(), [2, 0, 8, 0, 0, 0, 0, 0]);
        assert_eq!(Acl::decode(&empty.encode().unwrap()), Ok(empty));
    }

    #[test]
    fn each_bad_field_is_refused() {
        use FormatErrorKind as K;
        let good = list().encode().unwrap();
        for (at, value, kind) in [
            (0, 1, K::Version),
            (0, 5, K::Version),
            (2, 7, K::Length),
            (2, 200, K::Truncated),
            (4, 5, K::Truncated),
            (10, 0, K::Length),
            (10, 18, K::Length),
            (10, 12, K::Truncated),
            (11, 4, K::Truncated),
            (16, 2, K::Version),
            (17, 9, K::Truncated),
            (17, 16, K::Length),
        ] {
            let mut bytes = good.clone();
            bytes[at] = value;
            assert_eq!(Acl::decode(&bytes).unwrap_err().kind, kind, "byte {at}");
        }
    }

    #[test]
    fn lists_that_are_too_long_are_refused() {
        let ace = Ace {
            kind: AceType(0x80),
            flags: AceFlags::empty(),
            body: AceBody::Opaque(vec![0; 40_000]),
        };
        for count in [1, 2] {
            let result = Acl::new(vec![ace.clone(); count]).encode();
            assert_eq!(result.is_ok(), count == 1);
        }
    }

    #[test]
    fn generic_rights_become_those_of_files() {
        // What Windows makes of the root's entry for authenticated users.
        assert_eq!(
            AccessMask::from_bits_retain(0xE001_0000).map_generic(),
            AccessMask::from_bits_retain(0x0013_01BF)
        );
        assert_eq!(AccessMask::GENERIC_ALL.map_generic(), AccessMask::FILE_ALL);
        assert_eq!(AccessMask::DELETE.map_generic(), AccessMask::DELETE);
    }
}
