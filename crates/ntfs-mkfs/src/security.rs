//! The descriptors of a fresh data volume.
//!
//! Source: `$Secure`, root, `$Boot` and reserved records of volumes that
//! Windows 7 and 10 made; all of them agree.

/// `$MFT`, `$Boot`, `$Bitmap`, ...: administrators and the system may read.
pub(crate) fn read_only_metafile() -> Vec<u8> {
    metafile(0x0012_0089)
}

/// `$Volume`, `$Extend`, `$Secure`, ...: they may write too.
pub(crate) fn writable_metafile() -> Vec<u8> {
    metafile(0x0012_019F)
}

const SYSTEM: &[u8] = &[1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0];
const ADMINISTRATORS: &[u8] = &[1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 0x20, 2, 0, 0];
const USERS: &[u8] = &[1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 0x21, 2, 0, 0];
const AUTHENTICATED_USERS: &[u8] = &[1, 1, 0, 0, 0, 0, 0, 5, 11, 0, 0, 0];

fn metafile(mask: u32) -> Vec<u8> {
    let acl = acl(&[(0, mask, SYSTEM), (0, mask, ADMINISTRATORS)]);
    descriptor(&acl, SYSTEM, ADMINISTRATORS)
}

/// The root directory: full control for administrators and the system, modify
/// for authenticated users, read for users; inherited by what is made in it.
pub(crate) fn root() -> Vec<u8> {
    // 0x0B: to files and directories below, but not to the root itself.
    let acl = acl(&[
        (0x00, 0x001F_01FF, ADMINISTRATORS),
        (0x0B, 0x1000_0000, ADMINISTRATORS),
        (0x00, 0x001F_01FF, SYSTEM),
        (0x0B, 0x1000_0000, SYSTEM),
        (0x00, 0x0013_01BF, AUTHENTICATED_USERS),
        (0x0B, 0xE001_0000, AUTHENTICATED_USERS),
        (0x00, 0x0012_00A9, USERS),
        (0x0B, 0xA000_0000, USERS),
    ]);
    descriptor(&acl, SYSTEM, SYSTEM)
}

fn acl(entries: &[(u8, u32, &[u8])]) -> Vec<u8> {
    let mut aces = Vec::new();
    let mut count = 0_u16;
    for (flags, mask, sid) in entries {
        let len = u16::try_from(8 + sid.len()).unwrap_or(0);
        aces.extend([0, *flags]);
        aces.extend(len.to_le_bytes());
        aces.extend(mask.to_le_bytes());
        aces.extend(*sid);
        count += 1;
    }
    let len = u16::try_from(8 + aces.len()).unwrap_or(0);
    let mut out = vec![2, 0];
    out.extend(len.to_le_bytes());
    out.extend(count.to_le_bytes());
    out.extend([0, 0]);
    out.extend(aces);
    out
}

/// A self-relative descriptor: header, list, owner, group.
fn descriptor(acl: &[u8], owner: &[u8], group: &[u8]) -> Vec<u8> {
    let owner_at = 20 + acl.len();
    let group_at = owner_at + owner.len();
    let mut out = vec![1, 0, 0x04, 0x80];
    for offset in [owner_at, group_at, 0, 20] {
        out.extend(u32::try_from(offset).unwrap_or(0).to_le_bytes());
    }
    out.extend(acl);
    out.extend(owner);
    out.extend(group);
    out
}
