//! Somebody swaps a directory for a link that leads elsewhere while links are
//! made and removed in it.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use linkwright_fs::posix::PosixFs;
use linkwright_fs::{ErrorKind, FileSystem, Name, Node};

/// Swaps `in/` with a link to `out/`, back and forth, until told to stop.
fn swap(base: &Path, stop: &AtomicBool) {
    std::os::unix::fs::symlink("out", base.join("trap")).unwrap();
    let rename = |from: &str, to: &str| std::fs::rename(base.join(from), base.join(to)).unwrap();
    while !stop.load(Ordering::Relaxed) {
        rename("in", "away");
        rename("trap", "in");
        rename("in", "trap");
        rename("away", "in");
    }
}

/// Makes a name below `in/`, and removes it; whether the window was hit.
fn one(fs: &PosixFs, base: &Node, file: &Node, number: u64) -> bool {
    let name = Name::from(format!("n{number}").as_str());
    let done = fs.child(base, &Name::from("in")).and_then(|dir| {
        match fs.hard_link(file, &dir, &name) {
            // Left from a removal that hit the window.
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            made => made?,
        }
        fs.remove(&dir, &name)
    });
    done.is_err_and(|error| is_window(error.kind()))
}

/// The link stood there, or nothing did.
fn is_window(kind: ErrorKind) -> bool {
    assert!(
        matches!(kind, ErrorKind::NotADirectory | ErrorKind::NotFound),
        "{kind:?}"
    );
    kind == ErrorKind::NotADirectory
}

#[test]
fn nothing_is_made_or_removed_through_a_directory_that_became_a_link() {
    let long = linkwright_testkit::long("thirty seconds of swapped directories").is_ok();
    let (time, wanted) = match long {
        true => (Duration::from_secs(30), 100),
        false => (Duration::from_secs(1), 1),
    };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    std::fs::create_dir(path.join("in")).unwrap();
    std::fs::create_dir(path.join("out")).unwrap();
    std::fs::write(path.join("file"), "x").unwrap();
    let fs = PosixFs::new();
    let base = fs.open_directory(path).unwrap();
    let file = fs.child(&base, &Name::from("file")).unwrap();
    // What a removal through the link would take away.
    for number in 0..64 {
        std::fs::write(path.join(format!("out/n{number}")), "kept").unwrap();
    }
    let stop = AtomicBool::new(false);
    /// Stops the other thread when this one fails.
    struct Stops<'a>(&'a AtomicBool);
    impl Drop for Stops<'_> {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Relaxed);
        }
    }
    let (mut tried, mut hit) = (0_u64, 0_u64);
    std::thread::scope(|scope| {
        scope.spawn(|| swap(path, &stop));
        let _stops = Stops(&stop);
        let start = Instant::now();
        // Ten times as long, where the machine is busy with other things.
        while start.elapsed() < time || (hit < wanted && start.elapsed() < time * 10) {
            hit += u64::from(one(&fs, &base, &file, tried % 64));
            tried += 1;
        }
    });
    println!("{tried} links, the directory was a link {hit} times");
    assert!(hit >= wanted);
    let outside: Vec<String> = std::fs::read_dir(path.join("out"))
        .unwrap()
        .map(|entry| std::fs::read_to_string(entry.unwrap().path()).unwrap())
        .collect();
    assert_eq!(outside.len(), 64, "nothing was made or removed outside");
    assert!(outside.iter().all(|text| text == "kept"));
}
