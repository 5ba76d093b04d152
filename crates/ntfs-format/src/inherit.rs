//! What a new file takes over from its directory's security descriptor.
//!
//! Source: MS-DTYP 2.5.3.4 (CreateSecurityDescriptor, ComputeACL,
//! ContainerInherit, NonContainerInherit). Measured on Windows 7 and 10:
//! entries are marked as inherited, and the new list as automatic, only where
//! the directory's own list is automatic; on a data volume's root it is not.

use crate::acl::{Ace, AceBody, AceFlags, Acl};
use crate::security::{Control, SecurityDescriptor};
use crate::sid::Sid;

/// What is being made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NewObject {
    /// A file.
    File,
    /// A directory.
    Directory,
}

/// The descriptor of a new file or directory in the directory of `parent`.
///
/// Where the parent passes no access entries on, the list is that of
/// [`SecurityDescriptor::default_file`].
#[must_use]
pub fn inherit(
    parent: &SecurityDescriptor,
    object: NewObject,
    owner: Sid,
    group: Sid,
) -> SecurityDescriptor {
    let list = |acl: Option<&Acl>, automatic: Control| {
        let mark = if parent.control.contains(automatic) {
            AceFlags::INHERITED
        } else {
            AceFlags::empty()
        };
        let heir = Heir {
            object,
            owner,
            group,
            mark,
        };
        let aces: Vec<Ace> = acl
            .map(|acl| acl.aces.as_slice())
            .unwrap_or_default()
            .iter()
            .flat_map(|ace| heir.take(ace))
            .collect();
        (!aces.is_empty()).then(|| Acl::new(aces))
    };
    let mut descriptor = SecurityDescriptor::default_file(owner, group);
    if let Some(dacl) = list(parent.dacl.as_ref(), Control::DACL_AUTO_INHERITED) {
        descriptor.dacl = Some(dacl);
        descriptor.control |= parent.control & Control::DACL_AUTO_INHERITED;
    }
    if let Some(sacl) = list(parent.sacl.as_ref(), Control::SACL_AUTO_INHERITED) {
        descriptor.sacl = Some(sacl);
        descriptor.control |=
            Control::SACL_PRESENT | (parent.control & Control::SACL_AUTO_INHERITED);
    }
    descriptor
}

/// Who inherits, and how entries that do are marked.
struct Heir {
    object: NewObject,
    owner: Sid,
    group: Sid,
    mark: AceFlags,
}

impl Heir {
    /// What becomes of an entry of the parent: nothing, one entry, or one that
    /// counts here and one that is passed on.
    fn take(&self, ace: &Ace) -> Vec<Ace> {
        let has = |flag| ace.flags.contains(flag);
        let plain = ace.flags.difference(AceFlags::INHERITANCE) | self.mark;
        match self.object {
            NewObject::File if has(AceFlags::OBJECT_INHERIT) => vec![self.effective(ace, plain)],
            NewObject::Directory if has(AceFlags::CONTAINER_INHERIT) => {
                let here = self.effective(ace, plain);
                if has(AceFlags::NO_PROPAGATE) {
                    return vec![here];
                }
                let passed_on = ace.flags & AceFlags::INHERITANCE;
                if here.body == ace.body {
                    let flags = plain | passed_on.difference(AceFlags::INHERIT_ONLY);
                    return vec![Ace { flags, ..here }];
                }
                // Generic rights and creator identities must reach the next
                // generation as they are: two entries.
                let flags = plain | passed_on | AceFlags::INHERIT_ONLY;
                let ahead = Ace {
                    flags,
                    ..ace.clone()
                };
                vec![here, ahead]
            }
            NewObject::Directory
                if has(AceFlags::OBJECT_INHERIT) && !has(AceFlags::NO_PROPAGATE) =>
            {
                // For the files below only.
                let flags = plain | AceFlags::OBJECT_INHERIT | AceFlags::INHERIT_ONLY;
                vec![Ace {
                    flags,
                    ..ace.clone()
                }]
            }
            NewObject::File | NewObject::Directory => Vec::new(),
        }
    }

    /// The entry as it counts on the new object.
    fn effective(&self, ace: &Ace, flags: AceFlags) -> Ace {
        let body = match &ace.body {
            AceBody::Sid { mask, sid, rest } => AceBody::Sid {
                mask: mask.map_generic(),
                sid: match *sid {
                    Sid::CREATOR_OWNER => self.owner,
                    Sid::CREATOR_GROUP => self.group,
                    other => other,
                },
                rest: rest.clone(),
            },
            opaque @ AceBody::Opaque(_) => opaque.clone(),
        };
        Ace {
            kind: ace.kind,
            flags,
            body,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::acl::AccessMask;

    const OI: AceFlags = AceFlags::OBJECT_INHERIT;
    const CI: AceFlags = AceFlags::CONTAINER_INHERIT;
    const NP: AceFlags = AceFlags::NO_PROPAGATE;
    const IO: AceFlags = AceFlags::INHERIT_ONLY;
    const ID: AceFlags = AceFlags::INHERITED;
    const NONE: AceFlags = AceFlags::empty();
    const OWNER: Sid = Sid::builtin(1000);
    const GROUP: Sid = Sid::builtin(513);

    fn parent(aces: Vec<Ace>) -> SecurityDescriptor {
        SecurityDescriptor::new(Sid::SYSTEM, Sid::SYSTEM, Acl::new(aces))
    }

    fn aces(parent: &SecurityDescriptor, object: NewObject) -> Vec<Ace> {
        inherit(parent, object, OWNER, GROUP).dacl.unwrap().aces
    }

    #[test]
    fn flags_go_by_the_kind_of_heir() {
        let read = AccessMask::FILE_READ;
        // (the parent's flags, a file's, a directory's); None: not inherited.
        for (flags, file, directory) in [
            (NONE, None, None),
            (OI, Some(NONE), Some(OI | IO)),
            (CI, None, Some(CI)),
            (OI | CI, Some(NONE), Some(OI | CI)),
            (OI | IO, Some(NONE), Some(OI | IO)),
            (CI | IO, None, Some(CI)),
            (OI | CI | IO, Some(NONE), Some(OI | CI)),
            (OI | NP, Some(NONE), None),
            (CI | NP, None, Some(NONE)),
            (OI | CI | NP | IO, Some(NONE), Some(NONE)),
        ] {
            let parent = parent(vec![Ace::allow(flags, read, Sid::USERS)]);
            for (object, want) in [(NewObject::File, file), (NewObject::Directory, directory)] {
                let got = aces(&parent, object);
                match want {
                    Some(want) => assert_eq!(
                        got,
                        [Ace::allow(want, read, Sid::USERS)],
                        "{flags:?} {object:?}"
                    ),
                    None => assert_eq!(
                        inherit(&parent, object, OWNER, GROUP),
                        SecurityDescriptor::default_file(OWNER, GROUP),
                        "{flags:?} {object:?}"
                    ),
                }
            }
        }
    }

    #[test]
    fn creators_and_generic_rights_are_replaced_here_and_kept_for_below() {
        let parent = parent(vec![
            Ace::allow(OI | CI | IO, AccessMask::GENERIC_ALL, Sid::CREATOR_OWNER),
            Ace::deny(CI | NP, AccessMask::DELETE, Sid::CREATOR_GROUP),
        ]);
        assert_eq!(
            aces(&parent, NewObject::Directory),
            [
                Ace::allow(NONE, AccessMask::FILE_ALL, OWNER),
                Ace::allow(OI | CI | IO, AccessMask::GENERIC_ALL, Sid::CREATOR_OWNER),
                Ace::deny(NONE, AccessMask::DELETE, GROUP),
            ]
        );
        assert_eq!(
            aces(&parent, NewObject::File),
            [Ace::allow(NONE, AccessMask::FILE_ALL, OWNER)]
        );
    }

    #[test]
    fn automatic_lists_mark_what_they_pass_on() {
        let mut parent = parent(vec![Ace::allow(OI | CI, AccessMask::FILE_READ, Sid::USERS)]);
        parent.control |= Control::DACL_AUTO_INHERITED | Control::DACL_PROTECTED;
        let child = inherit(&parent, NewObject::Directory, OWNER, GROUP);
        assert_eq!(
            child.control,
            Control::SELF_RELATIVE | Control::DACL_PRESENT | Control::DACL_AUTO_INHERITED
        );
        assert_eq!(
            child.dacl.unwrap().aces,
            [Ace::allow(OI | CI | ID, AccessMask::FILE_READ, Sid::USERS)]
        );
    }

    #[test]
    fn an_open_parent_gives_the_default() {
        let mut parent = parent(vec![]);
        parent.dacl = None;
        assert_eq!(
            inherit(&parent, NewObject::File, OWNER, GROUP),
            SecurityDescriptor::default_file(OWNER, GROUP)
        );
    }
}
