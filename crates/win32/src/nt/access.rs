//! Rights: descriptors, tokens, privileges (MS-DTYP 2.5.3.2, MS-FSA 2.1.5.1.2.1).

use std::cell::RefCell;
use std::rc::Rc;

use linkwright_codes::NtStatus;
use linkwright_fs::{Capabilities, FileSystem, Node, Sid};
use linkwright_ntfs_format::acl::{AccessMask, AceBody, AceFlags, AceType, Acl};
use linkwright_ntfs_format::security::SecurityDescriptor;

use super::status;
use crate::constants::{
    ACCESS_SYSTEM_SECURITY, DELETE, FILE_ALL_ACCESS, FILE_DELETE_CHILD, FILE_LIST_DIRECTORY,
    FILE_READ_ATTRIBUTES, MAXIMUM_ALLOWED, READ_CONTROL, WRITE_DAC, WRITE_OWNER,
};
use crate::settings::{Privileges, Token};

/// Whether FILE_FLAG_BACKUP_SEMANTICS was given, which lets SeBackupPrivilege
/// and SeRestorePrivilege grant rights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Intent {
    Plain,
    Backup,
}

/// Generic rights replaced by those of files.
pub(crate) fn map_generic(access: u32) -> u32 {
    AccessMask::from_bits_retain(access).map_generic().bits()
}

/// The descriptor of an object, `None` where the file system has none.
fn descriptor(
    fs: &dyn FileSystem,
    node: &Node,
) -> Result<Option<Rc<SecurityDescriptor>>, NtStatus> {
    if !fs.capabilities().contains(Capabilities::SECURITY) {
        return Ok(None);
    }
    let bytes = fs.security(node).map_err(status::of)?;
    decoded(bytes).map(Some)
}

/// Most descriptors that are kept decoded: a directory's and its files', for a few
/// directories.
const MAX_DECODED: usize = 8;

thread_local! {
    /// What was decoded lately, the bytes beside it: many files have the same.
    static DECODED: RefCell<Vec<(Vec<u8>, Rc<SecurityDescriptor>)>> = const { RefCell::new(Vec::new()) };
}

fn decoded(bytes: Vec<u8>) -> Result<Rc<SecurityDescriptor>, NtStatus> {
    DECODED.with_borrow_mut(|known| {
        if let Some((_, known)) = known.iter().find(|(of, _)| *of == bytes) {
            return Ok(Rc::clone(known));
        }
        let descriptor = SecurityDescriptor::decode(&bytes)
            .map(Rc::new)
            .map_err(|_| NtStatus::INVALID_SECURITY_DESCR)?;
        if known.len() >= MAX_DECODED {
            known.clear();
        }
        known.push((bytes, Rc::clone(&descriptor)));
        Ok(descriptor)
    })
}

/// What is granted of `desired` (generic rights mapped) on an object in `parent`.
///
/// # Errors
/// ACCESS_DENIED; PRIVILEGE_NOT_HELD for the SACL.
pub(crate) fn check(
    token: &Token,
    fs: &dyn FileSystem,
    node: &Node,
    parent: Option<&Node>,
    desired: u32,
    intent: Intent,
) -> Result<u32, NtStatus> {
    if desired & ACCESS_SYSTEM_SECURITY != 0 && !token.privileges.contains(Privileges::SECURITY) {
        return Err(NtStatus::PRIVILEGE_NOT_HELD);
    }
    let Some(descriptor) = descriptor(fs, node)? else {
        return Ok(maximum(desired, FILE_ALL_ACCESS));
    };
    let mut granted = allowed(token, &descriptor);
    granted |= desired & ACCESS_SYSTEM_SECURITY;
    granted |= by_privilege(token, intent);
    let asked = asked(desired);
    let missing = asked & !granted;
    if let Some(parent) = parent
        && missing & (DELETE | FILE_READ_ATTRIBUTES) != 0
    {
        granted |= by_parent(token, fs, parent)?;
    }
    if asked & !granted != 0 {
        return Err(NtStatus::ACCESS_DENIED);
    }
    Ok(maximum(desired, granted))
}

/// What is asked for by name: MAXIMUM_ALLOWED asks for nothing in particular.
fn asked(desired: u32) -> u32 {
    desired & !MAXIMUM_ALLOWED
}

/// MAXIMUM_ALLOWED replaced by all that is granted.
fn maximum(desired: u32, granted: u32) -> u32 {
    match desired & MAXIMUM_ALLOWED {
        0 => desired,
        _ => asked(desired) | granted,
    }
}

/// What a directory grants on what is in it: deleting by FILE_DELETE_CHILD,
/// reading attributes by FILE_LIST_DIRECTORY.
fn by_parent(token: &Token, fs: &dyn FileSystem, parent: &Node) -> Result<u32, NtStatus> {
    let Some(descriptor) = descriptor(fs, parent)? else {
        return Ok(FILE_ALL_ACCESS);
    };
    let allowed = allowed(token, &descriptor);
    let mut granted = 0;
    if allowed & FILE_DELETE_CHILD != 0 {
        granted |= DELETE;
    }
    if allowed & FILE_LIST_DIRECTORY != 0 {
        granted |= FILE_READ_ATTRIBUTES;
    }
    Ok(granted)
}

fn by_privilege(token: &Token, intent: Intent) -> u32 {
    let mut granted = 0;
    if intent == Intent::Backup {
        if token.privileges.contains(Privileges::BACKUP) {
            granted |= AccessMask::FILE_READ.bits() | AccessMask::FILE_EXECUTE.bits();
        }
        if token.privileges.contains(Privileges::RESTORE) {
            granted |= AccessMask::FILE_WRITE.bits() | DELETE | WRITE_DAC | WRITE_OWNER;
        }
    }
    if token.privileges.contains(Privileges::TAKE_OWNERSHIP) {
        granted |= WRITE_OWNER;
    }
    granted
}

/// All that a descriptor grants a token.
fn allowed(token: &Token, descriptor: &SecurityDescriptor) -> u32 {
    let Some(acl) = &descriptor.dacl else {
        return FILE_ALL_ACCESS;
    };
    let mut granted = by_acl(token, acl);
    if descriptor.owner.is_some_and(|owner| has(token, &owner)) {
        granted |= READ_CONTROL | WRITE_DAC;
    }
    granted
}

/// Entries count in their order: what one denied, no later one grants, and the
/// other way round.
fn by_acl(token: &Token, acl: &Acl) -> u32 {
    let (mut granted, mut denied) = (0, 0);
    for ace in &acl.aces {
        if ace.flags.contains(AceFlags::INHERIT_ONLY) {
            continue;
        }
        let AceBody::Sid { mask, sid, .. } = &ace.body else {
            continue;
        };
        let mask = map_generic(mask.bits());
        match ace.kind {
            AceType::ACCESS_ALLOWED if has(token, sid) => granted |= mask & !denied,
            AceType::ACCESS_DENIED if has(token, sid) || token.deny_only.contains(sid) => {
                denied |= mask & !granted;
            }
            _ => {}
        }
    }
    granted
}

fn has(token: &Token, sid: &Sid) -> bool {
    token.user == *sid || token.groups.contains(sid)
}
