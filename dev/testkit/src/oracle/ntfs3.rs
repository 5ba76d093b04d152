//! Linux's own driver, ntfs3, in a small virtual machine: the script
//! `ntfs3-vm` of the shared tools, about eight seconds a run.

use std::{
    collections::BTreeMap,
    fs::File,
    path::{Path, PathBuf},
    time::Duration,
};

use super::ntfs3g::Access;
use crate::{
    Entry, Failure, Kind, Skip, SkipKind, TreeSnapshot,
    command::{self, program},
    snapshot::{Contents, escape},
};

const NAME: &str = "ntfs3-vm";
/// Bounds one run; the machine is emulated, so a large tree takes its time.
const LIMIT: Duration = Duration::from_secs(900);

/// Whether the script is there and what it needs is installed.
///
/// # Errors
/// A [`Skip`].
pub fn available() -> Result<(), Skip> {
    let script = script();
    if !script.is_file() {
        let why = format!("{} is not there", script.display());
        return Err(Skip::new(SkipKind::Shared, NAME, why));
    }
    for (tool, package) in [
        ("qemu-system-x86_64", "qemu-system-x86"),
        ("busybox", "busybox-static"),
        ("cpio", "cpio"),
        ("xz", "xz-utils"),
    ] {
        if command::find(tool).is_none() && !Path::new("/bin").join(tool).is_file() {
            return Err(Skip::new(
                SkipKind::Oracle,
                NAME,
                format!("{tool} not installed (Debian package {package})"),
            ));
        }
    }
    if !cache().join("vmlinuz").is_file() && !kernel_on_offer() {
        return Err(Skip::new(
            SkipKind::Oracle,
            NAME,
            "no kernel with ntfs3 to download",
        ));
    }
    Ok(())
}

fn script() -> PathBuf {
    crate::shared_root().join("tools/ntfs3-vm")
}

fn cache() -> PathBuf {
    std::env::var_os("NTFS3_VM_CACHE")
        .map(PathBuf::from)
        .or_else(|| Some(PathBuf::from(std::env::var_os("XDG_CACHE_HOME")?).join("ntfs3-vm")))
        .or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache/ntfs3-vm")))
        .unwrap_or_default()
}

fn kernel_on_offer() -> bool {
    let pattern = r"^linux-image-6\.1[2-9].*-amd64$";
    let mut search = program("apt-cache");
    search.args(["search", "--names-only", pattern]);
    command::run(&mut search, Duration::from_secs(60)).is_ok_and(|found| !found.stdout.is_empty())
}

/// What one run gave.
#[derive(Debug)]
pub struct Run {
    /// What the commands printed.
    pub output: String,
    /// What the driver logged.
    pub kernel: Vec<String>,
}

/// Mounts `image` on `/mnt` in the machine and runs `commands` (busybox `sh`).
/// One machine runs at a time.
///
/// # Errors
/// When the mount is refused (status 90), the machine does not come up (91),
/// or the commands fail; with all that was printed.
pub fn run(image: &Path, access: Access, commands: &str) -> Result<Run, Failure> {
    let lock_path = std::env::temp_dir().join(format!(
        "linkwright-ntfs3-vm-{}.lock",
        rustix::process::getuid().as_raw()
    ));
    let lock = File::create(&lock_path)
        .and_then(|file| file.lock().map(|()| file))
        .map_err(|error| Failure::new(lock_path.display().to_string(), error.to_string()))?;
    let mut vm = program("bash");
    vm.arg(script())
        .env("NTFS3_VM_SECONDS", (LIMIT.as_secs() - 60).to_string());
    if access == Access::ReadOnly {
        vm.arg("--ro");
    }
    let finished = command::run(vm.arg(image).arg(commands), LIMIT)?;
    drop(lock);
    let text = escape(&finished.stdout);
    let (output, kernel) = text.split_once("@@kernel").unwrap_or((&text, ""));
    if !finished.status.success() {
        let what = format!("ntfs3 on {}", image.display());
        return Err(Failure::new(
            what,
            format!("{}\n{}", finished.status, finished.all()),
        ));
    }
    let kernel = kernel
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .map(str::to_owned);
    Ok(Run {
        output: output.to_owned(),
        kernel: kernel.collect(),
    })
}

/// The tree as ntfs3 shows it, and what the driver logged meanwhile. A name
/// with a line feed is not told right.
///
/// # Errors
/// As [`run`].
pub fn snapshot(image: &Path, contents: Contents) -> Result<(TreeSnapshot, Vec<String>), Failure> {
    let mut commands = String::from(
        "cd /mnt && find . -mindepth 1 -print0 | xargs -0 -r stat -c '%F|%h|%s|%i|%N'; echo @@hashes\n",
    );
    if contents == Contents::Hash {
        commands.push_str("find . -type f -print0 | xargs -0 -r sha256sum\n");
    }
    commands.push_str("true");
    let run = run(image, Access::ReadOnly, &commands)?;
    let (stats, hashes) = run
        .output
        .split_once("@@hashes\n")
        .ok_or_else(|| Failure::new("ntfs3 listing", run.output.clone()))?;
    Ok((parse(stats, hashes)?, run.kernel))
}

fn parse(stats: &str, hashes: &str) -> Result<TreeSnapshot, Failure> {
    let hashes: BTreeMap<&str, &str> = hashes
        .lines()
        .filter_map(|line| line.split_once("  "))
        .map(|(hash, path)| (path.trim_start_matches("./"), hash))
        .collect();
    let mut tree = TreeSnapshot::new();
    for line in stats.lines() {
        let (path, mut entry) = parse_line(line)
            .ok_or_else(|| Failure::new("ntfs3 listing", format!("not understood: {line:?}")))?;
        entry.sha256 = hashes.get(path).map(|&hash| hash.to_owned());
        tree.insert(path, entry);
    }
    Ok(tree)
}

/// One line `KIND|LINKS|SIZE|INODE|NAME`, where the name of a link is
/// `'NAME' -> 'TARGET'`.
fn parse_line(line: &str) -> Option<(&str, Entry)> {
    let mut fields = line.splitn(5, '|');
    let kind = match fields.next()? {
        "regular file" | "regular empty file" => Kind::File,
        "directory" => Kind::Directory,
        "symbolic link" => Kind::Symlink,
        _ => Kind::Other,
    };
    let mut entry = Entry::new(kind);
    entry.nlink = Some(fields.next()?.parse().ok()?);
    let size = fields.next()?.parse().ok()?;
    entry.size = (kind == Kind::File).then_some(size);
    entry.record = Some(fields.next()?.parse().ok()?);
    let mut name = fields.next()?;
    if kind == Kind::Symlink {
        let (path, target) = name
            .strip_prefix('\'')?
            .strip_suffix('\'')?
            .split_once("' -> '")?;
        name = path;
        entry.target = Some(target.to_owned());
    }
    Some((name.strip_prefix("./")?, entry))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        oracle::{mkntfs::Mkntfs, ntfs3g},
        skip_unless,
    };

    #[test]
    fn lines_are_understood() {
        let stats = "directory|1|0|64|./d\nregular file|2|3|65|./d/a|b\nsymbolic link|1|2|66|'./s' -> 'd/a'\n";
        let tree = parse(stats, "00ff  ./d/a|b\n").unwrap();
        assert_eq!(tree.get("d").unwrap().kind, Kind::Directory);
        let file = tree.get("d/a|b").unwrap();
        assert_eq!(
            (file.nlink, file.size, file.record),
            (Some(2), Some(3), Some(65))
        );
        assert_eq!(file.sha256.as_deref(), Some("00ff"));
        assert_eq!(tree.get("s").unwrap().target.as_deref(), Some("d/a"));
        assert!(parse("nonsense\n", "").is_err());
    }

    #[test]
    fn both_linux_drivers_see_the_same_tree() {
        skip_unless!(available());
        skip_unless!(ntfs3g::available());
        let image = Mkntfs::new(32 << 20).make();
        let mount = ntfs3g::Mount::new(image.path(), Access::ReadWrite).unwrap();
        std::fs::create_dir(mount.path().join("d")).unwrap();
        std::fs::write(mount.path().join("d/a \u{e4}"), vec![3; 70_000]).unwrap();
        std::fs::hard_link(mount.path().join("d/a \u{e4}"), mount.path().join("b")).unwrap();
        let theirs = mount.snapshot(Contents::Hash).unwrap();
        mount.unmount().unwrap();
        let (tree, kernel) = snapshot(image.path(), Contents::Hash).unwrap();
        tree.assert_same("ntfs3", &theirs, "ntfs-3g");
        assert_eq!(tree.len(), 3);
        assert!(
            kernel.iter().all(|line| !line.contains("orrupt")),
            "{kernel:?}"
        );
    }
}
