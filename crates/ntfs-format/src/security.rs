//! Security descriptors in self-relative form (MS-DTYP 2.4.6).
//!
//! A descriptor that must stay as it is, is kept and stored as bytes; this
//! type is for looking into one and for making new ones. Encoding puts the
//! parts where Windows puts them: system list, access list, owner, group.

use zerocopy::little_endian::{U16, U32};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::acl::{AccessMask, Ace, AceFlags, Acl};
use crate::error::{FormatError, FormatErrorKind};
use crate::num;
use crate::sid::Sid;

const HEADER_LEN: usize = 20;
const REVISION: u8 = 1;

bitflags::bitflags! {
    /// Control bits (MS-DTYP 2.4.6).
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
    pub struct Control: u16 {
        /// The owner was filled in by default.
        const OWNER_DEFAULTED = 0x0001;
        /// The group was filled in by default.
        const GROUP_DEFAULTED = 0x0002;
        /// There is an access list (a missing one then allows everything).
        const DACL_PRESENT = 0x0004;
        /// The access list was filled in by default.
        const DACL_DEFAULTED = 0x0008;
        /// There is a system list.
        const SACL_PRESENT = 0x0010;
        /// The system list was filled in by default.
        const SACL_DEFAULTED = 0x0020;
        /// The access list is to be inherited automatically.
        const DACL_AUTO_INHERIT_REQ = 0x0100;
        /// The system list is to be inherited automatically.
        const SACL_AUTO_INHERIT_REQ = 0x0200;
        /// The access list takes part in automatic inheritance.
        const DACL_AUTO_INHERITED = 0x0400;
        /// The system list takes part in automatic inheritance.
        const SACL_AUTO_INHERITED = 0x0800;
        /// The access list does not inherit from above.
        const DACL_PROTECTED = 0x1000;
        /// The system list does not inherit from above.
        const SACL_PROTECTED = 0x2000;
        /// The reserved byte holds resource manager bits.
        const RM_CONTROL_VALID = 0x4000;
        /// The form with offsets, the only one on disk.
        const SELF_RELATIVE = 0x8000;
        const _ = !0;
    }
}

#[derive(FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
struct Raw {
    revision: u8,
    resource_manager: u8,
    control: U16,
    owner: U32,
    group: U32,
    sacl: U32,
    dacl: U32,
}

const _: () = assert!(size_of::<Raw>() == HEADER_LEN);

/// A security descriptor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecurityDescriptor {
    /// Control bits. [`Control::SELF_RELATIVE`] and the two "present" bits of
    /// lists that are there are set by encoding whatever stands here.
    pub control: Control,
    /// Resource manager byte; 0.
    pub resource_manager: u8,
    /// Owner.
    pub owner: Option<Sid>,
    /// Primary group.
    pub group: Option<Sid>,
    /// System list: audits and labels.
    pub sacl: Option<Acl>,
    /// Access list. `None` with [`Control::DACL_PRESENT`] allows everything.
    pub dacl: Option<Acl>,
}

impl SecurityDescriptor {
    /// A descriptor with an access list and nothing inherited.
    #[must_use]
    pub const fn new(owner: Sid, group: Sid, dacl: Acl) -> Self {
        Self {
            control: Control::SELF_RELATIVE.union(Control::DACL_PRESENT),
            resource_manager: 0,
            owner: Some(owner),
            group: Some(group),
            sacl: None,
            dacl: Some(dacl),
        }
    }

    /// Reads a descriptor; bytes that no part lies in are ignored.
    ///
    /// # Errors
    /// [`FormatErrorKind::Truncated`]; [`FormatErrorKind::Version`];
    /// [`FormatErrorKind::Value`] when it is not self-relative;
    /// [`FormatErrorKind::Offset`] for a part inside the header or not at a
    /// multiple of four; what [`Sid::decode`] and [`Acl::decode`] refuse.
    pub fn decode(bytes: &[u8]) -> Result<Self, FormatError> {
        let (raw, _) = Raw::read_from_prefix(bytes)
            .map_err(|_| FormatError::new(FormatErrorKind::Truncated, bytes.len()))?;
        if raw.revision != REVISION {
            return Err(FormatError::new(FormatErrorKind::Version, 0));
        }
        let control = Control::from_bits_retain(raw.control.get());
        if !control.contains(Control::SELF_RELATIVE) {
            return Err(FormatError::new(FormatErrorKind::Value, 2));
        }
        let list = |bit, offset: U32, field| {
            if control.contains(bit) {
                part(bytes, offset, field, Acl::decode)
            } else {
                Ok(None)
            }
        };
        Ok(Self {
            control,
            resource_manager: raw.resource_manager,
            owner: part(bytes, raw.owner, 4, Sid::decode)?,
            group: part(bytes, raw.group, 8, Sid::decode)?,
            sacl: list(Control::SACL_PRESENT, raw.sacl, 12)?,
            dacl: list(Control::DACL_PRESENT, raw.dacl, 16)?,
        })
    }

    /// The bytes on disk.
    ///
    /// # Errors
    /// [`FormatErrorKind::Length`] when a list takes more than 65,535 bytes.
    pub fn encode(&self) -> Result<Vec<u8>, FormatError> {
        let mut out = vec![0; HEADER_LEN];
        let mut put = |bytes: Option<Vec<u8>>| -> Result<U32, FormatError> {
            let Some(bytes) = bytes else {
                return Ok(U32::ZERO);
            };
            let offset = num::to_u32(out.len())?;
            out.extend(bytes);
            out.resize(out.len().next_multiple_of(4), 0);
            Ok(U32::new(offset))
        };
        let sacl = put(self.sacl.as_ref().map(Acl::encode).transpose()?)?;
        let dacl = put(self.dacl.as_ref().map(Acl::encode).transpose()?)?;
        let owner = put(self.owner.as_ref().map(Sid::encode))?;
        let group = put(self.group.as_ref().map(Sid::encode))?;
        let mut control = self.control | Control::SELF_RELATIVE;
        if self.sacl.is_some() {
            control |= Control::SACL_PRESENT;
        }
        if self.dacl.is_some() {
            control |= Control::DACL_PRESENT;
        }
        let raw = Raw {
            revision: REVISION,
            resource_manager: self.resource_manager,
            control: U16::new(control.bits()),
            owner,
            group,
            sacl,
            dacl,
        };
        num::put(&mut out, 0, raw.as_bytes())?;
        Ok(out)
    }

    /// Of metafiles that nobody but the system changes (`$MFT`, `$Bitmap`,
    /// `$Boot` ...): SYSTEM and Administrators may read. Windows' descriptor
    /// 0x100, hash 0x32FEC6CB.
    #[must_use]
    pub fn system_file_read_only() -> Self {
        Self::system_file(AccessMask::FILE_READ)
    }

    /// Of `$Volume`, `$Secure`, `$Extend` and what is in it, and the reserved
    /// records: SYSTEM and Administrators may read and write. Windows'
    /// descriptor 0x101, hash 0x3414C8F7.
    #[must_use]
    pub fn system_file_read_write() -> Self {
        Self::system_file(AccessMask::FILE_READ | AccessMask::FILE_WRITE)
    }

    fn system_file(mask: AccessMask) -> Self {
        let allow = |sid| Ace::allow(AceFlags::empty(), mask, sid);
        Self::new(
            Sid::SYSTEM,
            Sid::ADMINISTRATORS,
            Acl::new(vec![allow(Sid::SYSTEM), allow(Sid::ADMINISTRATORS)]),
        )
    }

    /// Of the root of a data volume formatted by Windows 7 to 10: each of
    /// Administrators, SYSTEM, authenticated users and Users has an entry for
    /// the root itself and one that is inherited.
    #[must_use]
    pub fn data_volume_root() -> Self {
        let modify = AccessMask::GENERIC_READ
            | AccessMask::GENERIC_WRITE
            | AccessMask::GENERIC_EXECUTE
            | AccessMask::DELETE;
        let read = AccessMask::GENERIC_READ | AccessMask::GENERIC_EXECUTE;
        let passed_on =
            AceFlags::OBJECT_INHERIT | AceFlags::CONTAINER_INHERIT | AceFlags::INHERIT_ONLY;
        let aces = [
            (Sid::ADMINISTRATORS, AccessMask::GENERIC_ALL),
            (Sid::SYSTEM, AccessMask::GENERIC_ALL),
            (Sid::AUTHENTICATED_USERS, modify),
            (Sid::USERS, read),
        ]
        .into_iter()
        .flat_map(|(sid, mask)| {
            [
                Ace::allow(AceFlags::empty(), mask.map_generic(), sid),
                Ace::allow(passed_on, mask, sid),
            ]
        })
        .collect();
        Self::new(Sid::SYSTEM, Sid::SYSTEM, Acl::new(aces))
    }

    /// Of a file or directory whose parent passes nothing on: its owner and
    /// SYSTEM may do everything, as in the default list of an
    /// administrator's token.
    #[must_use]
    pub fn default_file(owner: Sid, group: Sid) -> Self {
        let allow = |sid| Ace::allow(AceFlags::empty(), AccessMask::FILE_ALL, sid);
        Self::new(
            owner,
            group,
            Acl::new(vec![allow(owner), allow(Sid::SYSTEM)]),
        )
    }
}

/// The part at `offset` (0: none), read by `decode`; `field` is where the
/// offset stands.
fn part<T>(
    bytes: &[u8],
    offset: U32,
    field: usize,
    decode: impl Fn(&[u8]) -> Result<T, FormatError>,
) -> Result<Option<T>, FormatError> {
    let offset = num::u32_to_usize(offset.get())?;
    if offset == 0 {
        return Ok(None);
    }
    let bad = FormatError::new(FormatErrorKind::Offset, field);
    if offset < HEADER_LEN || !offset.is_multiple_of(4) {
        return Err(bad);
    }
    let rest = bytes.get(offset..).ok_or(bad)?;
    decode(rest).map(Some).map_err(|e| e.shifted(offset))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secure::security_hash;

    #[test]
    fn the_standard_descriptors_have_the_hashes_of_windows() {
        for (descriptor, length, hash) in [
            (
                SecurityDescriptor::system_file_read_only(),
                100,
                0x32FE_C6CB,
            ),
            (
                SecurityDescriptor::system_file_read_write(),
                100,
                0x3414_C8F7,
            ),
            (SecurityDescriptor::data_volume_root(), 228, ROOT_HASH),
        ] {
            let bytes = descriptor.encode().unwrap();
            assert_eq!(bytes.len(), length);
            assert_eq!(security_hash(&bytes), hash);
            assert_eq!(SecurityDescriptor::decode(&bytes), Ok(descriptor));
        }
    }

    /// Of the descriptor of record 5 on two volumes of Windows 10.
    const ROOT_HASH: u32 = 0x8604_384F;

    #[test]
    fn all_parts_come_back() {
        let mut descriptor = SecurityDescriptor::default_file(Sid::ADMINISTRATORS, Sid::USERS);
        descriptor.control |= Control::DACL_PROTECTED | Control::SACL_PRESENT;
        descriptor.sacl = Some(Acl::new(vec![]));
        let bytes = descriptor.encode().unwrap();
        assert_eq!(SecurityDescriptor::decode(&bytes), Ok(descriptor));

        let bare = SecurityDescriptor {
            control: Control::SELF_RELATIVE | Control::DACL_PRESENT,
            resource_manager: 0,
            owner: None,
            group: None,
            sacl: None,
            dacl: None,
        };
        let bytes = bare.encode().unwrap();
        assert_eq!(bytes.len(), 20);
        assert_eq!(SecurityDescriptor::decode(&bytes), Ok(bare));
    }

    #[test]
    fn each_bad_field_is_refused() {
        use FormatErrorKind as K;
        let good = SecurityDescriptor::system_file_read_only()
            .encode()
            .unwrap();
        for (at, value, kind) in [
            (0, 2, K::Version),
            (3, 0, K::Value),
            (4, 16, K::Offset),
            (4, 0x49, K::Offset),
            (6, 1, K::Offset),
            (8, 100, K::Truncated),
            (16, 4, K::Offset),
            (16, 0x18, K::Length),
        ] {
            let mut bytes = good.clone();
            bytes[at] = value;
            assert_eq!(
                SecurityDescriptor::decode(&bytes).unwrap_err().kind,
                kind,
                "byte {at}"
            );
        }
        assert_eq!(
            SecurityDescriptor::decode(&good[..19]).unwrap_err().kind,
            K::Truncated
        );
    }
}
