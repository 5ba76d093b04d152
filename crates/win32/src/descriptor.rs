//! Parts of security descriptors: what a query gives of one, and what a setting
//! puts into one (MS-FSA 2.1.5.14 and 2.1.5.17), over the bytes alone.

use linkwright_codes::NtStatus;
use linkwright_ntfs_format::acl::{Ace, AceType, Acl};
use linkwright_ntfs_format::security::{Control, SecurityDescriptor};
use linkwright_ntfs_format::sid::Sid;

bitflags::bitflags! {
    /// SECURITY_INFORMATION: which parts are meant (MS-DTYP 2.4.7).
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub(crate) struct SecurityInformation: u32 {
        /// OWNER_SECURITY_INFORMATION.
        const OWNER = 0x0000_0001;
        /// GROUP_SECURITY_INFORMATION.
        const GROUP = 0x0000_0002;
        /// DACL_SECURITY_INFORMATION.
        const DACL = 0x0000_0004;
        /// SACL_SECURITY_INFORMATION: without the integrity label.
        const SACL = 0x0000_0008;
        /// LABEL_SECURITY_INFORMATION: the integrity label.
        const LABEL = 0x0000_0010;
        /// UNPROTECTED_SACL_SECURITY_INFORMATION.
        const UNPROTECTED_SACL = 0x1000_0000;
        /// UNPROTECTED_DACL_SECURITY_INFORMATION.
        const UNPROTECTED_DACL = 0x2000_0000;
        /// PROTECTED_SACL_SECURITY_INFORMATION.
        const PROTECTED_SACL = 0x4000_0000;
        /// PROTECTED_DACL_SECURITY_INFORMATION.
        const PROTECTED_DACL = 0x8000_0000;
        const _ = !0;
    }
}

const READ_CONTROL: u32 = 0x0002_0000;
const WRITE_DAC: u32 = 0x0004_0000;
const WRITE_OWNER: u32 = 0x0008_0000;
const ACCESS_SYSTEM_SECURITY: u32 = 0x0100_0000;

impl SecurityInformation {
    /// The rights that a query of these parts needs (MS-FSA 2.1.5.14).
    #[must_use]
    pub(crate) fn access_to_query(self) -> u32 {
        let readable = Self::OWNER | Self::GROUP | Self::DACL | Self::LABEL;
        let read = if self.intersects(readable) {
            READ_CONTROL
        } else {
            0
        };
        let system = if self.intersects(Self::SACL) {
            ACCESS_SYSTEM_SECURITY
        } else {
            0
        };
        read | system
    }

    /// The rights that setting these parts needs (MS-FSA 2.1.5.17).
    #[must_use]
    pub(crate) fn access_to_set(self) -> u32 {
        let mut access = 0;
        if self.intersects(Self::OWNER | Self::GROUP | Self::LABEL) {
            access |= WRITE_OWNER;
        }
        if self.intersects(Self::DACL | Self::PROTECTED_DACL | Self::UNPROTECTED_DACL) {
            access |= WRITE_DAC;
        }
        if self.intersects(Self::SACL | Self::PROTECTED_SACL | Self::UNPROTECTED_SACL) {
            access |= ACCESS_SYSTEM_SECURITY;
        }
        access
    }
}

const OWNER_BITS: Control = Control::OWNER_DEFAULTED;
const GROUP_BITS: Control = Control::GROUP_DEFAULTED;
const DACL_BITS: Control = Control::DACL_PRESENT
    .union(Control::DACL_DEFAULTED)
    .union(Control::DACL_PROTECTED)
    .union(Control::DACL_AUTO_INHERITED);
const SACL_BITS: Control = Control::SACL_PRESENT
    .union(Control::SACL_DEFAULTED)
    .union(Control::SACL_PROTECTED)
    .union(Control::SACL_AUTO_INHERITED);

fn is_label(ace: &Ace) -> bool {
    ace.kind == AceType::MANDATORY_LABEL
}

fn decode(bytes: &[u8]) -> Result<SecurityDescriptor, NtStatus> {
    SecurityDescriptor::decode(bytes).map_err(|_| NtStatus::INVALID_SECURITY_DESCR)
}

/// The asked parts of a self-relative descriptor, as one; the parts lie in the
/// order owner, group, access list, system list (MS-FSA 2.1.5.14).
///
/// # Errors
/// INVALID_SECURITY_DESCR when `stored` is none.
pub(crate) fn select(stored: &[u8], parts: SecurityInformation) -> Result<Vec<u8>, NtStatus> {
    let stored = decode(stored)?;
    let mut out = Parts::new();
    let mut control = Control::SELF_RELATIVE;
    let mut offsets = [0; 4];
    if parts.intersects(SecurityInformation::OWNER) {
        control |= stored.control & OWNER_BITS;
        offsets[0] = out.put(stored.owner.as_ref().map(Sid::encode))?;
    }
    if parts.intersects(SecurityInformation::GROUP) {
        control |= stored.control & GROUP_BITS;
        offsets[1] = out.put(stored.group.as_ref().map(Sid::encode))?;
    }
    if parts.intersects(SecurityInformation::DACL) {
        control |= stored.control & DACL_BITS;
        offsets[3] = out.put(encode_list(stored.dacl.as_ref())?)?;
    }
    if parts.intersects(SecurityInformation::SACL | SecurityInformation::LABEL) {
        control |= stored.control & SACL_BITS;
        let sacl = stored.sacl.map(|sacl| select_system(sacl, parts));
        offsets[2] = out.put(encode_list(sacl.as_ref())?)?;
    }
    Ok(out.finish(control, offsets))
}

/// Audits, labels, or both.
fn select_system(mut sacl: Acl, parts: SecurityInformation) -> Acl {
    let audits = parts.intersects(SecurityInformation::SACL);
    let labels = parts.intersects(SecurityInformation::LABEL);
    sacl.aces.retain(|ace| match is_label(ace) {
        true => labels,
        false => audits,
    });
    sacl.slack.clear();
    sacl
}

fn encode_list(list: Option<&Acl>) -> Result<Option<Vec<u8>>, NtStatus> {
    list.map(Acl::encode)
        .transpose()
        .map_err(|_| NtStatus::INVALID_ACL)
}

/// A descriptor being laid out.
struct Parts(Vec<u8>);

impl Parts {
    const HEADER: usize = 20;

    fn new() -> Self {
        Self(vec![0; Self::HEADER])
    }

    /// Adds a part at a multiple of four; its offset, or 0 when there is none.
    fn put(&mut self, part: Option<Vec<u8>>) -> Result<u32, NtStatus> {
        let Some(part) = part else { return Ok(0) };
        let offset = u32::try_from(self.0.len()).map_err(|_| NtStatus::INVALID_SECURITY_DESCR)?;
        self.0.extend(part);
        self.0.resize(self.0.len().next_multiple_of(4), 0);
        Ok(offset)
    }

    /// With the header: offsets of owner, group, system list, access list.
    fn finish(mut self, control: Control, offsets: [u32; 4]) -> Vec<u8> {
        let mut header = vec![1, 0];
        header.extend(control.bits().to_le_bytes());
        header.extend(offsets.iter().flat_map(|offset| offset.to_le_bytes()));
        self.0.splice(..Self::HEADER, header);
        self.0
    }
}

/// `stored` with the named parts of `given` in place of its own.
///
/// # Errors
/// INVALID_SECURITY_DESCR when `given` is no descriptor; INVALID_OWNER or
/// INVALID_PRIMARY_GROUP when it has none and it is to be set.
pub(crate) fn replace(
    stored: &[u8],
    given: &[u8],
    parts: SecurityInformation,
) -> Result<Vec<u8>, NtStatus> {
    let mut out = decode(stored)?;
    let given = decode(given)?;
    if parts.intersects(SecurityInformation::OWNER) {
        out.owner = Some(given.owner.ok_or(NtStatus::INVALID_OWNER)?);
        copy_bits(&mut out, &given, OWNER_BITS);
    }
    if parts.intersects(SecurityInformation::GROUP) {
        out.group = Some(given.group.ok_or(NtStatus::INVALID_PRIMARY_GROUP)?);
        copy_bits(&mut out, &given, GROUP_BITS);
    }
    if parts.intersects(SecurityInformation::DACL) {
        out.dacl = given.dacl.clone();
        copy_bits(&mut out, &given, DACL_BITS);
        keep_inherited(
            &mut out,
            &given,
            Control::DACL_AUTO_INHERIT_REQ,
            Control::DACL_AUTO_INHERITED,
        );
    }
    if parts.intersects(SecurityInformation::SACL | SecurityInformation::LABEL) {
        out.sacl = replace_system(out.sacl.take(), given.sacl.clone(), parts);
        copy_bits(&mut out, &given, SACL_BITS);
        keep_inherited(
            &mut out,
            &given,
            Control::SACL_AUTO_INHERIT_REQ,
            Control::SACL_AUTO_INHERITED,
        );
        out.control.set(Control::SACL_PRESENT, out.sacl.is_some());
    }
    protect(&mut out, parts);
    out.encode().map_err(|_| NtStatus::INVALID_ACL)
}

fn copy_bits(out: &mut SecurityDescriptor, given: &SecurityDescriptor, bits: Control) {
    out.control = (out.control - bits) | (given.control & bits);
}

/// "Inherited automatically" is taken over only from one who asks for it
/// (MS-DTYP 2.4.6: the request bit).
fn keep_inherited(
    out: &mut SecurityDescriptor,
    given: &SecurityDescriptor,
    request: Control,
    inherited: Control,
) {
    let both = request | inherited;
    out.control.set(inherited, given.control.contains(both));
    out.control.remove(request);
}

/// Audits and labels are set apart from each other.
fn replace_system(
    stored: Option<Acl>,
    given: Option<Acl>,
    parts: SecurityInformation,
) -> Option<Acl> {
    let audits = parts.intersects(SecurityInformation::SACL);
    let labels = parts.intersects(SecurityInformation::LABEL);
    if audits && labels {
        return given;
    }
    let kept = stored.map(|acl| acl.aces).unwrap_or_default();
    let kept = kept.into_iter().filter(|ace| is_label(ace) == audits);
    let had_list = given.is_some();
    let new = given.map(|acl| acl.aces).unwrap_or_default();
    let new = new.into_iter().filter(|ace| is_label(ace) == labels);
    let aces: Vec<_> = new.chain(kept).collect();
    (had_list || !aces.is_empty()).then(|| Acl::new(aces))
}

/// The bits of the request that keep a list from inheriting, or let it again.
fn protect(out: &mut SecurityDescriptor, parts: SecurityInformation) {
    use SecurityInformation as Info;
    for (given, bit, value) in [
        (Info::PROTECTED_DACL, Control::DACL_PROTECTED, true),
        (Info::UNPROTECTED_DACL, Control::DACL_PROTECTED, false),
        (Info::PROTECTED_SACL, Control::SACL_PROTECTED, true),
        (Info::UNPROTECTED_SACL, Control::SACL_PROTECTED, false),
    ] {
        if parts.intersects(given) {
            out.control.set(bit, value);
        }
    }
}

/// The owner that a descriptor names.
///
/// # Errors
/// INVALID_SECURITY_DESCR when it is none.
pub(crate) fn owner(descriptor: &[u8]) -> Result<Option<Sid>, NtStatus> {
    Ok(decode(descriptor)?.owner)
}

#[cfg(test)]
mod tests {
    use linkwright_ntfs_format::acl::{AccessMask, AceFlags};

    use super::*;

    type Info = SecurityInformation;

    fn stored() -> Vec<u8> {
        let allow = Ace::allow(AceFlags::empty(), AccessMask::FILE_ALL, Sid::EVERYONE);
        SecurityDescriptor::new(Sid::ADMINISTRATORS, Sid::SYSTEM, Acl::new(vec![allow]))
            .encode()
            .unwrap()
    }

    fn decoded(bytes: &[u8]) -> SecurityDescriptor {
        SecurityDescriptor::decode(bytes).unwrap()
    }

    #[test]
    fn a_query_gives_what_was_asked_for() {
        let owner = decoded(&select(&stored(), Info::OWNER).unwrap());
        assert_eq!(owner.owner, Some(Sid::ADMINISTRATORS));
        assert_eq!((owner.group, owner.dacl), (None, None));
        assert_eq!(owner.control, Control::SELF_RELATIVE);

        let all = select(&stored(), Info::OWNER | Info::GROUP | Info::DACL).unwrap();
        let whole = decoded(&all);
        assert_eq!(whole.dacl.map(|acl| acl.aces.len()), Some(1));
        assert!(whole.control.contains(Control::DACL_PRESENT));
        // The owner lies first.
        assert_eq!(all[4..8], 20u32.to_le_bytes());
    }

    #[test]
    fn a_setting_changes_what_was_named_only() {
        let deny = Ace::deny(AceFlags::empty(), AccessMask::FILE_ALL, Sid::USERS);
        let new = SecurityDescriptor::new(Sid::USERS, Sid::USERS, Acl::new(vec![deny.clone()]));
        let new = new.encode().unwrap();
        let set = decoded(&replace(&stored(), &new, Info::DACL).unwrap());
        assert_eq!(set.owner, Some(Sid::ADMINISTRATORS));
        assert_eq!(set.dacl.unwrap().aces, [deny]);
        let set = decoded(&replace(&stored(), &new, Info::OWNER).unwrap());
        assert_eq!(set.owner, Some(Sid::USERS));
        assert_eq!(set.group, Some(Sid::SYSTEM));
    }

    #[test]
    fn what_is_to_be_set_must_be_there() {
        let empty = SecurityDescriptor {
            owner: None,
            group: None,
            ..decoded(&stored())
        };
        let empty = empty.encode().unwrap();
        assert_eq!(
            replace(&stored(), &empty, Info::OWNER),
            Err(NtStatus::INVALID_OWNER)
        );
        assert_eq!(
            replace(&stored(), &empty, Info::GROUP),
            Err(NtStatus::INVALID_PRIMARY_GROUP)
        );
        assert_eq!(
            replace(&stored(), &[1, 2, 3], Info::DACL),
            Err(NtStatus::INVALID_SECURITY_DESCR)
        );
    }

    #[test]
    fn inheritance_is_taken_over_when_asked_for() {
        let mut new = decoded(&stored());
        new.control |= Control::DACL_AUTO_INHERITED;
        let plain = replace(&stored(), &new.encode().unwrap(), Info::DACL).unwrap();
        assert!(
            !decoded(&plain)
                .control
                .contains(Control::DACL_AUTO_INHERITED)
        );
        new.control |= Control::DACL_AUTO_INHERIT_REQ;
        let asked = replace(&stored(), &new.encode().unwrap(), Info::DACL).unwrap();
        assert!(
            decoded(&asked)
                .control
                .contains(Control::DACL_AUTO_INHERITED)
        );
        assert!(
            !decoded(&asked)
                .control
                .contains(Control::DACL_AUTO_INHERIT_REQ)
        );
    }

    #[test]
    fn protection_by_the_request() {
        let new = stored();
        let set = replace(&stored(), &new, Info::DACL | Info::PROTECTED_DACL).unwrap();
        assert!(decoded(&set).control.contains(Control::DACL_PROTECTED));
        let set = replace(&set, &set, Info::DACL | Info::UNPROTECTED_DACL).unwrap();
        assert!(!decoded(&set).control.contains(Control::DACL_PROTECTED));
    }

    #[test]
    fn rights_by_parts() {
        assert_eq!((Info::OWNER | Info::DACL).access_to_query(), READ_CONTROL);
        assert_eq!(Info::SACL.access_to_query(), ACCESS_SYSTEM_SECURITY);
        assert_eq!(Info::DACL.access_to_set(), WRITE_DAC);
        assert_eq!(Info::GROUP.access_to_set(), WRITE_OWNER);
        assert_eq!(
            (Info::LABEL | Info::SACL).access_to_set(),
            WRITE_OWNER | ACCESS_SYSTEM_SECURITY
        );
    }
}
