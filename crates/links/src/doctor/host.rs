//! What Linux says of a place: how it is mounted, and its rules for links.

use std::path::Path;

use linkwright_fs::posix::PosixFs;

use super::{Ability, Answer, Finding, Place};

/// One line of `/proc/self/mountinfo` (proc_pid_mountinfo(5)).
struct Mount {
    kind: String,
    options: Vec<String>,
}

/// Adds what only the host knows, for places of the host.
pub(super) fn refine(place: &Place<'_>, findings: &mut Vec<Finding>) {
    let Some(id) = PosixFs::mount_id(place.dir) else {
        return;
    };
    let mount = std::fs::read_to_string("/proc/self/mountinfo")
        .ok()
        .and_then(|text| text.lines().find_map(|line| mount_of(line, id)));
    if let Some(mount) = &mount {
        findings.push(follows(mount));
        say_limit(place, mount, findings);
        say_mount(mount, findings);
    }
    findings.extend(others_files(Path::new("/proc/sys/fs/protected_hardlinks")));
}

/// The mount on a line, when it is the one with that number.
fn mount_of(line: &str, id: u64) -> Option<Mount> {
    let (left, right) = line.split_once(" - ")?;
    let fields: Vec<&str> = left.split(' ').collect();
    if fields.first()?.parse() != Ok(id) {
        return None;
    }
    let mut right = right.split(' ');
    let kind = right.next()?.to_owned();
    let own = fields.get(5)?.split(',');
    let shared = right.nth(1)?.split(',');
    Some(Mount {
        kind,
        options: own.chain(shared).map(str::to_owned).collect(),
    })
}

/// Since Linux 5.10 a mount may forbid following any link (mount(2)).
fn follows(mount: &Mount) -> Finding {
    match mount.options.iter().any(|option| option == "nosymfollow") {
        false => Finding::new(Ability::FollowsLinks, Answer::Yes),
        true => Finding::new(Ability::FollowsLinks, Answer::No)
            .because("the mount option nosymfollow")
            .remedy(Some("mount it without nosymfollow")),
    }
}

/// Where it is mounted read-only, that is the reason for all the rest.
fn say_mount(mount: &Mount, findings: &mut [Finding]) {
    let is_read_only = mount.options.iter().any(|option| option == "ro");
    for finding in findings {
        if finding.ability == Ability::Write {
            let how = if is_read_only {
                "read-only"
            } else {
                "read-write"
            };
            let text = format!("{}, mounted {how}", mount.kind);
            finding.reason = Some(match finding.reason.take() {
                Some(reason) => format!("{reason}; {text}"),
                None => text,
            });
        }
    }
}

/// Most names of a file by kind of file system, where it is known: EXT4_LINK_MAX,
/// EXT2_LINK_MAX, XFS_MAXLINK, BTRFS_LINK_MAX of Linux.
fn limit_of(kind: &str) -> Option<u64> {
    match kind {
        "ext4" => Some(65_000),
        "ext2" | "ext3" => Some(32_000),
        "xfs" => Some(2_147_483_647),
        "btrfs" => Some(65_535),
        _ => None,
    }
}

/// The names a file can still get, which the host itself does not tell.
fn say_limit(place: &Place<'_>, mount: &Mount, findings: &mut [Finding]) {
    let (Some(file), Some(limit)) = (place.file, limit_of(&mount.kind)) else {
        return;
    };
    let Ok(stat) = place.fs.stat(file) else {
        return;
    };
    for finding in findings {
        if finding.ability == Ability::RemainingNames && finding.answer == Answer::Unknown {
            finding.answer = if stat.names < limit {
                Answer::Yes
            } else {
                Answer::No
            };
            finding.number = Some(limit.saturating_sub(stat.names));
            finding.reason = Some(format!("{} of {limit} names are taken", stat.names));
        }
    }
}

/// proc_sys_fs(5): protected_hardlinks.
fn others_files(rule: &Path) -> Option<Finding> {
    let text = std::fs::read(rule).ok()?;
    Some(match text.trim_ascii() {
        b"0" => Finding::new(Ability::OthersFiles, Answer::Yes),
        _ => Finding::new(Ability::OthersFiles, Answer::No)
            .because("fs.protected_hardlinks is on: only files that you own, or may read and write")
            .remedy(Some("own the file, or be root")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_mountinfo_is_read() {
        let line = "36 35 98:0 /mnt1 /mnt2 rw,noatime,nosymfollow master:1 - ext3 /dev/root rw,ro2";
        let mount = mount_of(line, 36).unwrap();
        assert_eq!(mount.kind, "ext3");
        assert_eq!(mount.options.join(" "), "rw noatime nosymfollow rw ro2");
        assert_eq!(follows(&mount).answer, Answer::No);
        assert!(mount_of(line, 35).is_none());
        assert!(mount_of("nonsense", 1).is_none());
        assert!(mount_of("1 2 - x", 1).is_none());
    }
}
