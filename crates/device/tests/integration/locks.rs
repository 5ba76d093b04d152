//! Several devices on one file, in one process.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Barrier};
use std::time::{Duration, Instant};

use linkwright_device::{BlockDevice, DeviceError, Existing, FileDevice, FileOptions, LockHolder};

fn image() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("disk.img");
    FileDevice::create(&path, 1 << 20, Existing::Refuse, Duration::ZERO).unwrap();
    (dir, path)
}

fn try_open(path: &Path, options: FileOptions) -> Result<FileDevice, DeviceError> {
    FileDevice::open(path, &options.lock_wait(Duration::from_millis(50)))
}

#[test]
fn readers_share_and_keep_writers_out() {
    let (_dir, path) = image();
    let first = FileDevice::open(&path, &FileOptions::read_only()).unwrap();
    let second = FileDevice::open(&path, &FileOptions::read_only()).unwrap();
    let error = try_open(&path, FileOptions::read_write()).unwrap_err();
    assert!(matches!(error, DeviceError::Locked { .. }), "{error}");
    drop(first);
    try_open(&path, FileOptions::read_write()).unwrap_err();
    drop(second);
    FileDevice::open(&path, &FileOptions::read_write()).unwrap();
}

#[test]
fn a_writer_keeps_everybody_out_and_is_named() {
    let (_dir, path) = image();
    let _writer = FileDevice::open(&path, &FileOptions::read_write()).unwrap();
    for options in [FileOptions::read_only(), FileOptions::read_write()] {
        let start = Instant::now();
        let error = try_open(&path, options).unwrap_err();
        assert!(start.elapsed() >= Duration::from_millis(50));
        let DeviceError::Locked { holder, .. } = &error else {
            panic!("{error}");
        };
        let Some(LockHolder::Process { pid, .. }) = holder else {
            panic!("{holder:?}");
        };
        assert_eq!(*pid, std::process::id());
        assert!(error.to_string().contains("this very process"), "{error}");
    }
    let error = FileDevice::create(&path, 5, Existing::Replace, Duration::ZERO).unwrap_err();
    assert!(matches!(error, DeviceError::Locked { .. }), "{error}");
    assert_eq!(std::fs::metadata(&path).unwrap().len(), 1 << 20);
}

#[test]
fn a_lock_outlives_the_closing_of_another_descriptor() {
    let (_dir, path) = image();
    let _writer = FileDevice::open(&path, &FileOptions::read_write()).unwrap();
    drop(std::fs::File::open(&path).unwrap());
    try_open(&path, FileOptions::read_write()).unwrap_err();
}

#[test]
fn fifty_writers_take_turns() {
    const WRITERS: u64 = 50;
    let (_dir, path) = image();
    let start = Arc::new(Barrier::new(50));
    let threads: Vec<_> = (0..WRITERS)
        .map(|_| {
            let (path, start) = (path.clone(), start.clone());
            std::thread::spawn(move || {
                start.wait();
                let options = FileOptions::read_write().lock_wait(Duration::from_secs(60));
                let device = FileDevice::open(&path, &options).unwrap();
                // A read, a pause and a write: a second writer in between
                // would lose one of the counts.
                let mut count = [0; 8];
                device.read_at(0, &mut count).unwrap();
                std::thread::sleep(Duration::from_millis(2));
                let next = u64::from_le_bytes(count) + 1;
                device.write_at(0, &next.to_le_bytes()).unwrap();
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    let device = FileDevice::open(&path, &FileOptions::read_only()).unwrap();
    let mut count = [0; 8];
    device.read_at(0, &mut count).unwrap();
    assert_eq!(u64::from_le_bytes(count), WRITERS);
}
