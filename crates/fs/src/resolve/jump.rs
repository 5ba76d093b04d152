//! Where the content of a link leads, as text.

use linkwright_codes::NtStatus;
use linkwright_names::check_ntfs_component;
use linkwright_names::path::{NtPath, NtPathKind, VolumeGuid};
use linkwright_reparse::ReparseBuffer;

use super::{Leads, Manner};
use crate::{LinkContent, Name};

const BACKSLASH: u16 = b'\\' as u16;
const SLASH: u16 = b'/' as u16;
const DOT: u16 = b'.' as u16;

/// One component of a path that is still to be walked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    Down(Name),
    /// `.`, or a separator at the end: what is before it is a directory. On POSIX
    /// only; Windows takes both away as text.
    Here,
    Up,
}

/// Where a link leads, as text.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Jump {
    /// Relative to the directory of the link.
    Beside(Vec<Step>),
    /// Relative to the root of the link's volume.
    FromRoot(Vec<Step>),
    /// A path on a drive.
    Drive(char, Vec<Step>),
    /// A path on a volume that is named by its GUID.
    Volume(VolumeGuid, Vec<Step>),
    /// A path on a share: server, share, path.
    Share(Vec<u16>, Vec<u16>, Vec<Step>),
    /// A device, or nothing that is known.
    Elsewhere,
    /// No text to follow.
    Opaque,
    /// The text is no path that can be followed.
    Refused(NtStatus),
}

impl Jump {
    pub(super) fn of(content: &LinkContent, manner: Manner) -> Self {
        let windows = manner == Manner::Windows;
        match content {
            LinkContent::Posix(text) if manner == Manner::Posix => Self::of_host(text),
            LinkContent::Posix(text) => Self::of_posix(text),
            LinkContent::Reparse(ReparseBuffer::LxSymlink(_)) if windows => Self::Opaque,
            LinkContent::Reparse(ReparseBuffer::LxSymlink(link)) => Self::of_posix(link.target()),
            LinkContent::Reparse(ReparseBuffer::SymbolicLink(link)) => {
                let text = link.substitute_name();
                let jump = match (link.is_relative(), text) {
                    (true, [BACKSLASH, rest @ ..]) => Self::FromRoot(steps(rest, BACKSLASH)),
                    (true, text) => Self::Beside(steps(text, BACKSLASH)),
                    (false, text) => Self::of_nt(text),
                };
                if windows { jump.checked() } else { jump }
            }
            LinkContent::Reparse(ReparseBuffer::MountPoint(mount)) => {
                Self::of_nt(mount.substitute_name())
            }
            LinkContent::Reparse(ReparseBuffer::Other(_)) => Self::Opaque,
        }
    }

    /// Refuses names that no directory can hold: a path is looked at as a whole
    /// before any of it is looked up.
    fn checked(self) -> Self {
        let steps = self.steps();
        let bad = steps.iter().any(|step| match step {
            Step::Down(name) => check_ntfs_component(name.units()).is_err(),
            Step::Here | Step::Up => false,
        });
        match bad {
            true => Self::Refused(NtStatus::OBJECT_NAME_INVALID),
            false => self,
        }
    }

    /// The components of the target, below where it starts.
    pub(super) fn steps(&self) -> &[Step] {
        match self {
            Self::Beside(steps)
            | Self::FromRoot(steps)
            | Self::Drive(_, steps)
            | Self::Volume(_, steps)
            | Self::Share(_, _, steps) => steps,
            Self::Elsewhere | Self::Opaque | Self::Refused(_) => &[],
        }
    }

    /// The rule by which a link with this content leads there.
    pub(super) fn leads(&self, content: &LinkContent) -> Leads {
        match self {
            Self::Beside(_) => Leads::Relative,
            Self::FromRoot(_) => Leads::Rooted,
            Self::Drive(letter, _) => Leads::Drive(*letter),
            Self::Volume(guid, _) => Leads::Volume(*guid),
            Self::Share(server, share, _) => Leads::Share {
                server: Name::from_units(server.clone()),
                share: Name::from_units(share.clone()),
            },
            Self::Elsewhere => match content {
                LinkContent::Posix(_) | LinkContent::Reparse(ReparseBuffer::LxSymlink(_)) => {
                    Leads::PosixRoot
                }
                LinkContent::Reparse(_) => Leads::Device,
            },
            Self::Opaque => Leads::Opaque,
            Self::Refused(status) => Leads::Refused(*status),
        }
    }

    /// Drives, shares and volumes by their GUID are known; nothing else is.
    fn of_nt(text: &[u16]) -> Self {
        let Ok(path) = NtPath::parse(text) else {
            return Self::Elsewhere;
        };
        match path.kind() {
            NtPathKind::Drive { .. } => match drive_path(text) {
                Some((letter, rest)) => Self::Drive(letter, steps(rest, BACKSLASH)),
                None => Self::Elsewhere,
            },
            NtPathKind::Volume { guid, rest } => Self::Volume(guid, steps(rest, BACKSLASH)),
            NtPathKind::Unc {
                server,
                share,
                rest,
            } => Self::Share(server.to_vec(), share.to_vec(), steps(rest, BACKSLASH)),
            NtPathKind::DosDevice { .. } | NtPathKind::Native => Self::Elsewhere,
        }
    }

    /// On the host whose root the text means.
    fn of_host(text: &[u8]) -> Self {
        let parts = |text: &[u8]| {
            let name = Name::from_host_bytes(text);
            let parts = name.units().split(|&unit| unit == SLASH);
            parts.map(host_step).collect()
        };
        match text {
            [b'/', rest @ ..] => Self::FromRoot(parts(rest)),
            text => Self::Beside(parts(text)),
        }
    }

    fn of_posix(text: &[u8]) -> Self {
        if text.first() == Some(&b'/') {
            return Self::Elsewhere;
        }
        Self::Beside(steps(Name::from_host_bytes(text).units(), SLASH))
    }
}

/// Takes `\??\C:\dir` apart into `C` and `\dir`.
pub fn drive_path(nt_name: &[u16]) -> Option<(char, &[u16])> {
    let prefix: Vec<u16> = r"\??\".encode_utf16().collect();
    let (letter, rest) = nt_name.strip_prefix(prefix.as_slice())?.split_first()?;
    let (colon, path) = rest.split_first()?;
    let letter = char::from(u8::try_from(*letter).ok()?);
    let is_drive = letter.is_ascii_alphabetic()
        && *colon == u16::from(b':')
        && path.first().is_none_or(|&unit| unit == BACKSLASH);
    is_drive.then_some((letter.to_ascii_uppercase(), path))
}

/// One component of a POSIX path.
pub(super) fn host_step(part: &[u16]) -> Step {
    match part {
        [] | [DOT] => Step::Here,
        [DOT, DOT] => Step::Up,
        name => Step::Down(Name::from_units(name.to_vec())),
    }
}

fn steps(text: &[u16], separator: u16) -> Vec<Step> {
    text.split(|&unit| unit == separator)
        .filter_map(|part| match part {
            [] | [DOT] => None,
            [DOT, DOT] => Some(Step::Up),
            name => Some(Step::Down(Name::from_units(name.to_vec()))),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use linkwright_reparse::{MountPoint, SymbolicLink, TargetContext};

    fn units(text: &str) -> Vec<u16> {
        text.encode_utf16().collect()
    }

    fn jump(text: &str) -> Jump {
        let link = SymbolicLink::from_target_text(&units(text), &TargetContext::default()).unwrap();
        Jump::of(&LinkContent::Reparse(link.into()), Manner::Tool)
    }

    fn down(parts: &[&str]) -> Vec<Step> {
        parts
            .iter()
            .map(|part| Step::Down(Name::from(*part)))
            .collect()
    }

    #[test]
    fn texts_lead_where_windows_takes_them() {
        assert_eq!(jump("a\\b"), Jump::Beside(down(&["a", "b"])));
        assert_eq!(jump(".\\a\\"), Jump::Beside(down(&["a"])));
        assert_eq!(
            jump("..\\a"),
            Jump::Beside(vec![Step::Up, Step::Down(Name::from("a"))])
        );
        assert_eq!(jump("\\a"), Jump::FromRoot(down(&["a"])));
        assert_eq!(jump("c:\\a\\b"), Jump::Drive('C', down(&["a", "b"])));
        assert_eq!(
            jump("\\\\server\\share\\a"),
            Jump::Share(units("server"), units("share"), down(&["a"]))
        );
        // A slash is a character of a stored target, which no name can have.
        assert_eq!(jump("a/b"), Jump::Beside(down(&["a/b"])));
    }

    #[test]
    fn junctions_lead_to_drives_and_volumes() {
        let junction = MountPoint::junction(&units("D:\\x")).unwrap();
        assert_eq!(
            Jump::of(&LinkContent::Reparse(junction.into()), Manner::Tool),
            Jump::Drive('D', down(&["x"]))
        );
        let volume = MountPoint::volume([7; 16]).unwrap();
        assert_eq!(
            Jump::of(&LinkContent::Reparse(volume.into()), Manner::Tool),
            Jump::Volume(
                VolumeGuid::parse(&units("Volume{07070707-0707-0707-0707-070707070707}")).unwrap(),
                down(&[])
            )
        );
    }

    #[test]
    fn drive_paths() {
        assert!(drive_path(&units("\\??\\C:")).is_some());
        assert!(drive_path(&units("\\??\\C:x")).is_none());
        assert!(drive_path(&units("\\??\\")).is_none());
        assert!(drive_path(&units("C:\\x")).is_none());
        assert!(drive_path(&units("\\??\\1:\\")).is_none());
    }
}
