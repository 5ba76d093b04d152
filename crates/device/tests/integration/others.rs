//! Other programs on the same file: ntfs-3g, QEMU, the kernel's loop device.
//! Each test is skipped where the program is missing or may not do its part.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use linkwright_device::{
    DeviceError, Existing, FileDevice, FileOptions, LockHolder, VolumeKind, identify,
};
use linkwright_testkit::{Skip, SkipKind};

const SOON: Duration = Duration::from_millis(100);
/// Longest time waited for another program to get going.
const PATIENCE: Duration = Duration::from_secs(30);

/// Says that this test cannot run here: what is missing, and how.
fn skipped(what: &str, why: &str) {
    Skip::new(SkipKind::Oracle, what, why).report();
}

/// Runs a program to its end; `None` when it is not installed.
fn run(program: &str, arguments: &[&str]) -> Option<Output> {
    Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .ok()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn wait_until(what: &str, mut done: impl FnMut() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < PATIENCE, "{what} did not happen");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn open(path: &Path, options: FileOptions) -> Result<FileDevice, DeviceError> {
    FileDevice::open(path, &options.lock_wait(SOON))
}

fn holder(path: &Path, options: FileOptions) -> Option<LockHolder> {
    match open(path, options) {
        Ok(_) => panic!("the file is in use and was opened"),
        Err(DeviceError::Locked { holder, .. }) => holder,
        Err(error) => panic!("{error}"),
    }
}

struct Image {
    dir: tempfile::TempDir,
    path: PathBuf,
}

/// An image of 16 MiB; formatted by mkntfs when that is asked for and there.
fn image() -> Image {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("disk image.img");
    FileDevice::create(&path, 16 << 20, Existing::Refuse, Duration::ZERO).unwrap();
    Image { dir, path }
}

fn ntfs_image() -> Option<Image> {
    let image = image();
    let made = run("mkntfs", &["-F", "-Q", "-q", text(&image.path)])?;
    made.status.success().then_some(image)
}

/// A mount by ntfs-3g, taken down at the end of a test whatever happens.
struct Mount {
    at: PathBuf,
    foreground: Option<Child>,
}

impl Drop for Mount {
    fn drop(&mut self) {
        run("umount", &[text(&self.at)]).expect("umount is there");
        if let Some(mut child) = self.foreground.take() {
            child.wait().expect("ntfs-3g ends after its mount");
        }
    }
}

fn is_mounted(at: &Path) -> bool {
    let table = std::fs::read_to_string("/proc/self/mountinfo").unwrap();
    table.contains(text(at))
}

#[test]
fn a_mount_by_ntfs_3g_in_the_background_is_seen() {
    let Some(image) = ntfs_image() else {
        return skipped("mkntfs", "not installed");
    };
    let at = image.dir.path().join("mnt");
    std::fs::create_dir(&at).unwrap();
    let mounted = run("ntfs-3g", &[text(&image.path), text(&at)]);
    if !mounted.is_some_and(|output| output.status.success()) {
        return skipped("ntfs-3g", "cannot mount here");
    }
    let mount = Mount {
        at: at.clone(),
        foreground: None,
    };
    for options in [FileOptions::read_only(), FileOptions::read_write()] {
        match holder(&image.path, options) {
            Some(LockHolder::Mount { at: found, .. }) => assert_eq!(found, at),
            other => panic!("{other:?}"),
        }
    }
    drop(mount);
    FileDevice::open(&image.path, &FileOptions::read_write()).unwrap();
}

#[test]
fn a_mount_by_ntfs_3g_in_the_foreground_is_seen_by_its_lock() {
    let Some(image) = ntfs_image() else {
        return skipped("mkntfs", "not installed");
    };
    let at = image.dir.path().join("mnt");
    std::fs::create_dir(&at).unwrap();
    let started = Command::new("ntfs-3g")
        .args(["-o", "no_detach", text(&image.path), text(&at)])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let Ok(mut child) = started else {
        return skipped("ntfs-3g", "not installed");
    };
    let mut failed = false;
    wait_until("the mount", || {
        failed = child.try_wait().unwrap().is_some();
        failed || is_mounted(&at)
    });
    if failed {
        return skipped("ntfs-3g", "cannot mount here");
    }
    let pid = child.id();
    let _mount = Mount {
        at,
        foreground: Some(child),
    };
    for options in [FileOptions::read_only(), FileOptions::read_write()] {
        match holder(&image.path, options) {
            Some(LockHolder::Process {
                pid: found,
                command,
            }) => {
                assert_eq!((found, command.as_str()), (pid, "ntfs-3g"));
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn ntfs_3g_sees_our_locks() {
    let Some(image) = ntfs_image() else {
        return skipped("mkntfs", "not installed");
    };
    let at = image.dir.path().join("mnt");
    std::fs::create_dir(&at).unwrap();
    for options in [FileOptions::read_only(), FileOptions::read_write()] {
        let device = FileDevice::open(&image.path, &options).unwrap();
        let Some(output) = run("ntfs-3g", &[text(&image.path), text(&at)]) else {
            return skipped("ntfs-3g", "not installed");
        };
        drop(device);
        assert!(!output.status.success());
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains("lock"), "{said}");
    }
}

/// A virtual machine without a processor, with the image as its disk.
struct Machine(Child);

impl Drop for Machine {
    fn drop(&mut self) {
        self.0.kill().expect("the machine can be stopped");
        self.0.wait().expect("the machine ends");
    }
}

fn machine(path: &Path, read_only: bool) -> Option<Machine> {
    let drive = format!(
        "file={},format=raw,if=none,id=d,readonly={}",
        text(path),
        if read_only { "on" } else { "off" }
    );
    Command::new("qemu-system-x86_64")
        .args(["-machine", "q35,accel=tcg", "-nodefaults", "-S"])
        .args(["-display", "none", "-qmp", "stdio", "-m", "16"])
        .args(["-drive", &drive, "-device", "virtio-blk-pci,drive=d"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .ok()
        .map(Machine)
}

/// Waits for the machine's control channel to carry out a command. It does so
/// in the main loop, when all locks are taken; while it starts, QEMU takes and
/// releases them more than once.
fn wait_for_start(machine: &mut Machine) {
    let stdin = machine.0.stdin.as_mut().unwrap();
    stdin
        .write_all(b"{\"execute\": \"qmp_capabilities\"}\n")
        .unwrap();
    let stdout = BufReader::new(machine.0.stdout.as_mut().unwrap());
    let answered = stdout
        .lines()
        .map_while(Result::ok)
        .any(|line| line.contains("\"return\""));
    assert!(answered, "qemu ended");
}

#[test]
fn a_running_machine_is_seen() {
    let image = image();
    let Some(mut machine) = machine(&image.path, false) else {
        return skipped("qemu-system-x86_64", "not installed");
    };
    let pid = machine.0.id();
    wait_for_start(&mut machine);
    for options in [FileOptions::read_only(), FileOptions::read_write()] {
        match holder(&image.path, options) {
            Some(LockHolder::Process {
                pid: found,
                command,
            }) => {
                assert_eq!(found, pid);
                assert!(command.starts_with("qemu"), "{command}");
            }
            other => panic!("{other:?}"),
        }
    }
    drop(machine);
    FileDevice::open(&image.path, &FileOptions::read_write()).unwrap();
}

#[test]
fn qemu_sees_our_locks() {
    let image = image();
    // Writing against us, then reading against our writing: both are refused.
    for (options, read_only) in [
        (FileOptions::read_only(), false),
        (FileOptions::read_write(), true),
        (FileOptions::read_write(), false),
    ] {
        let device = FileDevice::open(&image.path, &options).unwrap();
        let Some(mut machine) = machine(&image.path, read_only) else {
            return skipped("qemu-system-x86_64", "not installed");
        };
        wait_until("qemu's refusal", || machine.0.try_wait().unwrap().is_some());
        drop(device);
        let mut said = String::new();
        let mut stderr = machine.0.stderr.take().unwrap();
        std::io::Read::read_to_string(&mut stderr, &mut said).unwrap();
        assert!(said.contains("lock"), "{said}");
    }
}

#[test]
fn qemu_may_read_while_we_read() {
    let image = image();
    let device = FileDevice::open(&image.path, &FileOptions::read_only()).unwrap();
    let Some(mut machine) = machine(&image.path, true) else {
        return skipped("qemu-system-x86_64", "not installed");
    };
    wait_for_start(&mut machine);
    // And the other way round, while the machine runs.
    drop(device);
    FileDevice::open(&image.path, &FileOptions::read_only()).unwrap();
    holder(&image.path, FileOptions::read_write());
}

/// A loop device, detached at the end.
struct Loop(String);

impl Drop for Loop {
    fn drop(&mut self) {
        run("losetup", &["-d", &self.0]).expect("losetup is there");
    }
}

fn attach(path: &Path, more: &[&str]) -> Option<Loop> {
    let arguments = [&["--find", "--show", text(path)], more].concat();
    let output = run("losetup", &arguments)?;
    let name = String::from_utf8(output.stdout).ok()?.trim().to_owned();
    output.status.success().then_some(Loop(name))
}

#[test]
fn an_attached_loop_device_is_seen_and_is_a_block_device() {
    use linkwright_device::BlockDevice as _;
    let image = image();
    let Some(attached) = attach(&image.path, &[]) else {
        return skipped("losetup", "cannot attach here");
    };
    let found = holder(&image.path, FileOptions::read_write());
    assert!(
        matches!(found, Some(LockHolder::LoopDevice { .. })),
        "{found:?}"
    );
    drop(open(&image.path, FileOptions::read_only()).unwrap());

    let node = Path::new(&attached.0);
    let device = FileDevice::open(node, &FileOptions::read_write()).unwrap();
    assert_eq!(device.len(), 16 << 20);
    device.write_at(4096, b"through the block device").unwrap();
    device.flush().unwrap();
    device.discard(8192, 4096).unwrap();
    let second = open(node, FileOptions::read_write()).unwrap_err();
    assert!(matches!(second, DeviceError::Locked { .. }), "{second}");
    drop(device);
    let again = FileDevice::create(node, 5, Existing::Replace, SOON).unwrap_err();
    assert!(matches!(again, DeviceError::FixedLength { .. }), "{again}");

    let file = open(&image.path, FileOptions::read_only()).unwrap();
    let mut bytes = [0; 24];
    file.read_at(4096, &mut bytes).unwrap();
    assert_eq!(&bytes, b"through the block device");
}

#[test]
fn a_read_only_block_device_is_named() {
    let image = image();
    let Some(attached) = attach(&image.path, &["--read-only"]) else {
        return skipped("losetup", "cannot attach here");
    };
    let error = open(Path::new(&attached.0), FileOptions::read_write()).unwrap_err();
    assert!(matches!(error, DeviceError::ReadOnly { .. }), "{error}");
    open(Path::new(&attached.0), FileOptions::read_only()).unwrap();
}

#[test]
fn a_mount_by_the_kernel_is_seen() {
    let image = image();
    if !run("mkfs.ext4", &["-q", text(&image.path)]).is_some_and(|made| made.status.success()) {
        return skipped("mkfs.ext4", "not installed");
    }
    let Some(attached) = attach(&image.path, &[]) else {
        return skipped("losetup", "cannot attach here");
    };
    let at = image.dir.path().join("mnt");
    std::fs::create_dir(&at).unwrap();
    if !run("mount", &[&attached.0, text(&at)]).is_some_and(|output| output.status.success()) {
        return skipped("mount", "cannot mount here");
    }
    let mount = Mount {
        at: at.clone(),
        foreground: None,
    };
    for path in [image.path.as_path(), Path::new(&attached.0)] {
        for options in [FileOptions::read_only(), FileOptions::read_write()] {
            match holder(path, options) {
                Some(LockHolder::Mount { at: found, .. }) => assert_eq!(found, at),
                other => panic!("{other:?}"),
            }
        }
    }
    drop(mount);
    FileDevice::open(&attached.0, &FileOptions::read_write()).unwrap();
}

#[test]
fn what_other_programs_made_is_named() {
    for (program, arguments, expected) in [
        ("mkntfs", &["-F", "-Q", "-q"][..], VolumeKind::Ntfs),
        ("mkfs.ext2", &["-q"], VolumeKind::Ext2),
        ("mkfs.ext3", &["-q"], VolumeKind::Ext3),
        ("mkfs.ext4", &["-q"], VolumeKind::Ext4),
        ("mkfs.fat", &["-F", "16"], VolumeKind::Fat16),
        ("mkswap", &[], VolumeKind::Swap),
    ] {
        let image = image();
        let arguments = [arguments, &[text(&image.path)]].concat();
        let Some(made) = run(program, &arguments) else {
            // Any of these is enough, so none is an oracle that must be there.
            println!("skipped: {program}: not installed");
            continue;
        };
        assert!(made.status.success(), "{program}");
        let device = open(&image.path, FileOptions::read_only()).unwrap();
        assert_eq!(identify(&device).unwrap(), expected, "{program}");
    }
}
