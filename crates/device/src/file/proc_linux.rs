//! What `/proc` and `/sys` tell about the use of a file (proc(5)).
//!
//! All of it is best effort: what cannot be read (another user's process, a
//! container without `/sys`) counts as not there.

use std::ffi::OsString;
use std::fs::{self, Metadata};
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use super::{Access, LockHolder};

/// Device number of a block device, as `/proc` and `/sys` write it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct DeviceNumber(String);

impl DeviceNumber {
    fn of_block_device(found: &Metadata) -> Option<Self> {
        if !found.file_type().is_block_device() {
            return None;
        }
        let (major, minor) = (
            rustix::fs::major(found.rdev()),
            rustix::fs::minor(found.rdev()),
        );
        Some(Self(format!("{major}:{minor}")))
    }

    /// From a `dev` file in `/sys`.
    fn from_sys(path: &Path) -> Option<Self> {
        Some(Self(fs::read_to_string(path).ok()?.trim().to_owned()))
    }
}

fn is_same_file(path: &Path, wanted: &Metadata) -> bool {
    fs::metadata(path).is_ok_and(|found| {
        let same_inode = found.dev() == wanted.dev() && found.ino() == wanted.ino();
        let numbers = (
            DeviceNumber::of_block_device(&found),
            DeviceNumber::of_block_device(wanted),
        );
        same_inode || matches!(numbers, (Some(a), Some(b)) if a == b)
    })
}

/// Whether this is a block device that takes no writes. The kernel opens one
/// for writing all the same, and fails the writes.
pub(super) fn is_read_only_medium(found: &Metadata) -> bool {
    DeviceNumber::of_block_device(found).is_some_and(|DeviceNumber(number)| {
        fs::read_to_string(format!("/sys/dev/block/{number}/ro"))
            .is_ok_and(|text| text.trim() == "1")
    })
}

/// A mount or a loop device of this file that rules the wanted access out: any
/// for writing, writable mounts for reading.
pub(super) fn mount_or_loop(path: &Path, access: Access) -> Option<LockHolder> {
    let wanted = fs::metadata(path).ok()?;
    let mut numbers: Vec<DeviceNumber> =
        DeviceNumber::of_block_device(&wanted).into_iter().collect();
    let mut attached = None;
    if wanted.is_file() {
        for name in loop_devices_of(&wanted) {
            numbers.extend(numbers_of_disk(&name));
            attached.get_or_insert_with(|| LockHolder::LoopDevice {
                device: Path::new("/dev").join(name),
            });
        }
    }
    // A mount says more than the loop device under it.
    find_mount(&wanted, &numbers, access).or(match access {
        Access::ReadWrite => attached,
        Access::ReadOnly => None,
    })
}

/// Names (`loop0`) of the loop devices that stand on this file.
fn loop_devices_of(wanted: &Metadata) -> Vec<OsString> {
    let Ok(disks) = fs::read_dir("/sys/block") else {
        return Vec::new();
    };
    disks
        .flatten()
        .filter(|disk| {
            fs::read(disk.path().join("loop/backing_file")).is_ok_and(|mut text| {
                while text.last() == Some(&b'\n') {
                    text.pop();
                }
                is_same_file(&PathBuf::from(OsString::from_vec(text)), wanted)
            })
        })
        .map(|disk| disk.file_name())
        .collect()
}

/// Device numbers of a disk and of its partitions.
fn numbers_of_disk(name: &OsString) -> Vec<DeviceNumber> {
    let disk = Path::new("/sys/block").join(name);
    let partitions = fs::read_dir(&disk).into_iter().flatten().flatten();
    std::iter::once(disk.join("dev"))
        .chain(partitions.map(|entry| entry.path().join("dev")))
        .filter_map(|path| DeviceNumber::from_sys(&path))
        .collect()
}

fn find_mount(wanted: &Metadata, numbers: &[DeviceNumber], access: Access) -> Option<LockHolder> {
    let table = fs::read("/proc/self/mountinfo").ok()?;
    table
        .split(|byte| *byte == b'\n')
        .filter_map(MountLine::parse)
        .filter(|mount| access == Access::ReadWrite || mount.writable)
        .find(|mount| {
            numbers.contains(&mount.number)
                // Mounts by a program have a device number of their own and
                // the file as their source. Other sources are not looked at:
                // that could wait for a server that is gone.
                || (mount.file_system.starts_with("fuse")
                    && mount.source.is_absolute()
                    && is_same_file(&mount.source, wanted))
        })
        .map(|mount| LockHolder::Mount {
            at: mount.at,
            file_system: mount.file_system,
        })
}

/// What is needed of one line of `/proc/self/mountinfo`.
#[derive(Debug, PartialEq, Eq)]
struct MountLine {
    number: DeviceNumber,
    at: PathBuf,
    file_system: String,
    source: PathBuf,
    writable: bool,
}

impl MountLine {
    /// `id parent major:minor root mount-point options [tags...] - type source
    /// super-options`.
    fn parse(line: &[u8]) -> Option<Self> {
        let mut words = line.split(|byte| *byte == b' ');
        let number = DeviceNumber(String::from_utf8_lossy(words.nth(2)?).into_owned());
        let at = unescape(words.nth(1)?);
        words.find(|word| *word == b"-")?;
        let file_system = String::from_utf8_lossy(words.next()?).into_owned();
        let source = unescape(words.next()?);
        let mut options = words.next()?.split(|byte| *byte == b',');
        Some(Self {
            number,
            at,
            file_system,
            source,
            writable: options.any(|option| option == b"rw"),
        })
    }
}

/// Undoes the `\040` notation for space, tab, line feed and backslash.
fn unescape(word: &[u8]) -> PathBuf {
    let mut out = Vec::with_capacity(word.len());
    let mut rest = word;
    while let Some((first, after)) = rest.split_first() {
        let escaped = after.split_at_checked(3).and_then(|(digits, tail)| {
            let digits = std::str::from_utf8(digits).ok()?;
            Some((u8::from_str_radix(digits, 8).ok()?, tail))
        });
        match escaped {
            Some((byte, tail)) if *first == b'\\' => {
                out.push(byte);
                rest = tail;
            }
            _ => {
                out.push(*first);
                rest = after;
            }
        }
    }
    PathBuf::from(OsString::from_vec(out))
}

/// The first process that holds a lock on this file through one of its open
/// files. The kernel names no process for an open-file-description lock, so
/// this looks for it.
pub(super) fn process_with_lock(path: &Path) -> Option<LockHolder> {
    let wanted = fs::metadata(path).ok()?;
    fs::read_dir("/proc")
        .ok()?
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok())
        .find(|pid| has_lock(*pid, &wanted))
        .map(process)
}

fn has_lock(pid: u32, wanted: &Metadata) -> bool {
    let base = PathBuf::from(format!("/proc/{pid}"));
    let Ok(descriptors) = fs::read_dir(base.join("fdinfo")) else {
        return false;
    };
    descriptors.flatten().any(|entry| {
        fs::read_to_string(entry.path())
            .is_ok_and(|info| info.lines().any(|line| line.starts_with("lock:")))
            && is_same_file(&base.join("fd").join(entry.file_name()), wanted)
    })
}

/// A process by its id, with the name of its program where that can be read.
pub(super) fn process(pid: u32) -> LockHolder {
    let command = fs::read(format!("/proc/{pid}/comm")).unwrap_or_default();
    LockHolder::Process {
        pid,
        // A process chooses its name freely, and this goes to terminals.
        command: String::from_utf8_lossy(&command)
            .trim_end()
            .chars()
            .filter(|c| !c.is_control())
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_mount_lines() {
        let line = br"36 35 98:0 /mnt1 /mnt\0402 rw,noatime master:1 - fuse.ntfs /a\134b ro,x=y";
        let expected = MountLine {
            number: DeviceNumber("98:0".into()),
            at: "/mnt 2".into(),
            file_system: "fuse.ntfs".into(),
            source: r"/a\b".into(),
            writable: false,
        };
        assert_eq!(MountLine::parse(line), Some(expected));
        assert_eq!(MountLine::parse(b""), None);
        assert_eq!(MountLine::parse(b"1 2 3:4 / /x rw -"), None);
    }

    #[test]
    fn names_this_process() {
        let LockHolder::Process { pid, command } = process(std::process::id()) else {
            panic!("not a process");
        };
        assert_eq!(pid, std::process::id());
        assert!(!command.is_empty());
    }
}
