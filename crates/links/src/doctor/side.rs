//! Who could follow a link, and who not.

use linkwright_fs::Name;

use crate::inspect::{LinkKind, LinkRecord};

/// A system that may come to follow the link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    /// Windows, with the volume as a local disk.
    Windows,
    /// Linux, with the volume mounted by ntfs-3g or ntfs3.
    Linux,
    /// The Windows subsystem for Linux, through `/mnt/c`.
    Wsl,
    /// A client of a Windows share, with its default rules.
    Smb,
}

/// Why a side cannot follow a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Obstacle {
    /// The link leads nowhere, for anybody.
    #[error("it leads nowhere")]
    Broken,
    /// A link of the Windows subsystem for Linux, which Windows does not follow.
    #[error("a link of WSL: Windows answers 1920")]
    WslLink,
    /// A symbolic link of POSIX, which only NTFS drivers turn into one of Windows.
    #[error("a symbolic link of POSIX: Windows does not see it as a link")]
    PosixLink,
    /// A `/` in a relative target (SEMANTICS row 150).
    #[error("'/' in its target: Windows answers 123")]
    Slash,
    /// A tag that only its own program can follow.
    #[error("an unknown tag: Windows answers 1920")]
    UnknownTag,
    /// The target begins with a drive letter, which Linux has not.
    #[error("its target begins with a drive letter")]
    DriveLetter,
    /// The target is a volume by its GUID.
    #[error("its target names a volume by its GUID")]
    VolumeGuid,
    /// The target is on a share.
    #[error("its target is on a share")]
    Share,
    /// The target begins at the root of the drive.
    #[error("its target begins at the root of the drive")]
    Rooted,
    /// A remote link to a local target: switched off by default.
    #[error("a link on a share to a local path: the client answers 1463")]
    RemoteToLocal,
    /// A remote link to another share: switched off by default.
    #[error("a link on a share to a share: the client answers 1463")]
    RemoteToRemote,
}

/// Where a target begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Start {
    Relative,
    Root,
    Drive,
    Volume,
    Share,
}

fn start(target: &Name) -> Start {
    let text = target.to_string();
    let bytes = text.as_bytes();
    if text.starts_with(r"\\?\Volume") {
        return Start::Volume;
    }
    match bytes {
        [b'\\', b'\\', b'?', b'\\', letter, b':', ..] if letter.is_ascii_alphabetic() => {
            Start::Drive
        }
        [b'\\', b'\\', ..] => Start::Share,
        [b'\\' | b'/', ..] => Start::Root,
        [letter, b':', ..] if letter.is_ascii_alphabetic() => Start::Drive,
        _ => Start::Relative,
    }
}

/// Whether `side` can follow a link, as far as the link itself decides.
///
/// # Errors
/// The first reason why not.
pub fn can_follow(side: Side, link: &LinkRecord) -> Result<(), Obstacle> {
    if link.kind == LinkKind::Hard {
        return Ok(());
    }
    let has_slash = has_slash(link);
    // By the rules of Windows, which do not hold for Linux, a '/' breaks it.
    if link.broken == Some(true) && !has_slash {
        return Err(Obstacle::Broken);
    }
    let is_posix = link.kind == LinkKind::Symlink && link.tag.is_none();
    if is_posix {
        return match side {
            Side::Linux => Ok(()),
            Side::Windows | Side::Wsl | Side::Smb => Err(Obstacle::PosixLink),
        };
    }
    let target = link.target.as_ref().map_or(Start::Relative, start);
    match link.kind {
        LinkKind::Hard => Ok(()),
        LinkKind::Other => Err(Obstacle::UnknownTag),
        LinkKind::LxSymlink => match side {
            Side::Wsl => Ok(()),
            Side::Windows | Side::Smb => Err(Obstacle::WslLink),
            // Shown by the drivers as a link of POSIX.
            Side::Linux => Ok(()),
        },
        LinkKind::Junction | LinkKind::MountPoint => junction(side, target),
        LinkKind::Symlink => symbolic(side, target, link),
    }
}

/// A relative link of Windows with a `/` in its target.
fn has_slash(link: &LinkRecord) -> bool {
    let target = link.target.as_ref();
    link.kind == LinkKind::Symlink
        && link.tag.is_some()
        && link.relative == Some(true)
        && target.is_some_and(|text| text.units().contains(&u16::from(b'/')))
}

/// A server resolves its junctions itself (MS-SMB2 2.2.2.2.1 names links only).
fn junction(side: Side, target: Start) -> Result<(), Obstacle> {
    match (side, target) {
        (Side::Windows | Side::Smb, _) => Ok(()),
        (Side::Wsl, Start::Drive) => Ok(()),
        (Side::Wsl | Side::Linux, Start::Volume) => Err(Obstacle::VolumeGuid),
        (Side::Wsl | Side::Linux, Start::Share) => Err(Obstacle::Share),
        (Side::Linux | Side::Wsl, _) => Err(Obstacle::DriveLetter),
    }
}

fn symbolic(side: Side, target: Start, link: &LinkRecord) -> Result<(), Obstacle> {
    match (side, target) {
        (Side::Windows | Side::Smb | Side::Wsl, _) if has_slash(link) => Err(Obstacle::Slash),
        (Side::Windows, _) | (_, Start::Relative) => Ok(()),
        (Side::Linux, Start::Root) => Err(Obstacle::Rooted),
        (Side::Linux, Start::Drive) => Err(Obstacle::DriveLetter),
        (Side::Linux | Side::Wsl, Start::Volume) => Err(Obstacle::VolumeGuid),
        (Side::Linux | Side::Wsl, Start::Share) => Err(Obstacle::Share),
        (Side::Wsl, Start::Root | Start::Drive) => Ok(()),
        // A rooted text stays on the share that the link was reached on.
        (Side::Smb, Start::Root) => Ok(()),
        (Side::Smb, Start::Drive | Start::Volume) => Err(Obstacle::RemoteToLocal),
        (Side::Smb, Start::Share) => Err(Obstacle::RemoteToRemote),
    }
}
