//! What no compiler checks and no reviewer should have to.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use crate::root;

/// Production lines (those above the inline tests) one file may have.
const LINE_LIMIT: usize = 600;

/// Crates that decode hostile input: they also deny panics and casts.
const ENGINE: [&str; 7] = [
    "names",
    "reparse",
    "ntfs-format",
    "device",
    "ntfs-mkfs",
    "ntfs-check",
    "ntfs",
];

/// A Rust file of the workspace.
struct Source {
    /// Relative to the root, `/` between names.
    path: String,
    text: String,
}

impl Source {
    /// The text above the inline tests.
    fn production(&self) -> &str {
        self.text.split("\n#[cfg(test)]").next().unwrap_or_default()
    }

    fn is_test(&self) -> bool {
        self.path
            .split('/')
            .any(|part| part == "tests" || part == "benches")
    }
}

fn sources() -> Vec<Source> {
    let root = root();
    let mut sources = Vec::new();
    for folder in ["crates", "dev", "fuzz", "xtask"] {
        for path in rust_files(&root.join(folder)) {
            let text = fs::read_to_string(&path).expect("a Rust file is UTF-8");
            let relative = path.strip_prefix(&root).expect("below the root");
            let path = relative.to_string_lossy().replace('\\', "/");
            sources.push(Source { path, text });
        }
    }
    assert!(sources.len() > 20, "the walk over the workspace is broken");
    sources
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.expect("a folder entry").path();
        if path.is_dir() {
            if path.file_name().is_some_and(|name| name != "target") {
                files.extend(rust_files(&path));
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

/// The folders of all crates.
fn crates() -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = ["crates", "dev"]
        .iter()
        .flat_map(|group| fs::read_dir(root().join(group)).expect("a folder of crates"))
        .map(|entry| entry.expect("a folder entry").path())
        .filter(|folder| folder.join("Cargo.toml").is_file())
        .collect();
    folders.extend(["fuzz", "xtask"].map(|name| root().join(name)));
    folders
}

#[test]
fn rooms_stay_small() {
    let listed = fs::read_to_string(root().join("xtask/long-files.txt")).expect("the list");
    let excused: BTreeSet<&str> = listed
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once(": "))
        .map(|(path, _reason)| path)
        .collect();
    let long: Vec<String> = sources()
        .iter()
        .filter(|source| !source.is_test() && !excused.contains(source.path.as_str()))
        .map(|source| (source.production().lines().count(), &source.path))
        .filter(|(lines, _)| *lines > LINE_LIMIT)
        .map(|(lines, path)| format!("{path}: {lines} lines"))
        .collect();
    assert!(
        long.is_empty(),
        "over {LINE_LIMIT} production lines, no reason in xtask/long-files.txt: {long:#?}"
    );
}

#[test]
fn nothing_is_left_to_be_written() {
    // Put together here so that this file does not find itself.
    let marks = ["todo", "unimplemented"].map(|word| format!("{word}!("));
    let found: Vec<String> = sources()
        .into_iter()
        .filter(|source| marks.iter().any(|mark| source.text.contains(mark)))
        .map(|source| source.path)
        .collect();
    assert!(found.is_empty(), "unwritten code in {found:?}");
}

#[test]
fn every_file_is_part_of_its_crate() {
    let mut forgotten = Vec::new();
    for folder in crates() {
        let mut reached = BTreeSet::new();
        let src = folder.join("src");
        for top in ["lib.rs", "main.rs"] {
            follow(&src.join(top), &src, &mut reached);
        }
        follow(&folder.join("build.rs"), &folder, &mut reached);
        for binary in rust_files(&src.join("bin")) {
            follow(&binary, &src.join("bin"), &mut reached);
        }
        for group in ["tests", "benches", "examples"] {
            // `tests/integration/main.rs` and `benches/NAME.rs` are roots.
            for path in rust_files(&folder.join(group)) {
                let parent = path.parent().map(Path::to_path_buf).unwrap_or_default();
                let is_main = path.file_name().is_some_and(|name| name == "main.rs");
                if is_main || parent == folder.join(group) {
                    follow(&path, &parent, &mut reached);
                }
            }
        }
        forgotten.extend(
            rust_files(&folder)
                .into_iter()
                .filter(|path| !reached.contains(path)),
        );
    }
    assert!(forgotten.is_empty(), "no `mod` leads to {forgotten:#?}");
}

/// Adds `file`, whose submodules lie in `folder`, and all it declares.
fn follow(file: &Path, folder: &Path, reached: &mut BTreeSet<PathBuf>) {
    let Ok(text) = fs::read_to_string(file) else {
        return;
    };
    if !reached.insert(file.to_path_buf()) {
        return;
    }
    // A `#[path = "..."]` counts from the folder of the file it stands in.
    let mut path_attribute = None;
    for line in text.lines().map(str::trim) {
        if let Some(path) = line
            .strip_prefix("#[path = \"")
            .and_then(|l| l.strip_suffix("\"]"))
        {
            path_attribute = file.parent().map(|parent| parent.join(path));
        } else if let Some(name) = declared_module(line) {
            let beside = folder.join(format!("{name}.rs"));
            let inside = folder.join(name).join("mod.rs");
            let usual = if beside.is_file() { beside } else { inside };
            let file = path_attribute.take().unwrap_or(usual);
            follow(&file, &folder.join(name), reached);
        }
    }
}

/// The `name` of a line `mod name;` with any visibility.
fn declared_module(line: &str) -> Option<&str> {
    let line = line.split("//").next()?.trim();
    let words: Vec<&str> = line.strip_suffix(';')?.split_whitespace().collect();
    match words.as_slice() {
        [.., "mod", name] => Some(name),
        _ => None,
    }
}

#[test]
fn unsafe_code_is_forbidden_in_every_crate() {
    for folder in crates() {
        for top in ["src/lib.rs", "src/main.rs"].map(|top| folder.join(top)) {
            if let Ok(text) = fs::read_to_string(&top) {
                // Its calls are those of C programs; each block says why it holds.
                let explains = folder.ends_with("kernel32")
                    && text.contains("clippy::undocumented_unsafe_blocks");
                let forbids = explains
                    || text.contains("#![forbid(unsafe_code)]")
                    || text.contains("#![cfg_attr(not(windows), forbid(unsafe_code))]");
                assert!(forbids, "{}", top.display());
            }
        }
    }
}

/// The files that may hold `unsafe`: the thin wrappers of a system's calls.
const UNSAFE: &[&str] = &["crates/fs/src/windows/ffi.rs"];

#[test]
fn unsafe_code_is_in_the_wrappers_only() {
    for source in sources() {
        if !source.is_test() && source.production().contains("allow(unsafe_code)") {
            assert!(UNSAFE.contains(&source.path.as_str()), "{}", source.path);
        }
    }
}

#[test]
fn engine_crates_deny_panics_and_casts() {
    for name in ENGINE {
        let top = root().join("crates").join(name).join("src/lib.rs");
        let text = fs::read_to_string(&top).expect("an engine crate");
        for lint in [
            "unwrap_used",
            "expect_used",
            "panic",
            "indexing_slicing",
            "cast_possible_truncation",
        ] {
            assert!(
                text.contains(&format!("clippy::{lint}")),
                "{name} does not deny {lint}"
            );
        }
    }
}

#[test]
fn every_crate_takes_the_workspace_lints() {
    for folder in crates() {
        let manifest = fs::read_to_string(folder.join("Cargo.toml")).expect("a manifest");
        assert!(
            manifest.contains("[lints]\nworkspace = true"),
            "{}",
            folder.display()
        );
        assert!(
            manifest.contains("version.workspace = true"),
            "{}",
            folder.display()
        );
    }
}

/// Inside the engine only `txn/` writes to the device or flushes it.
#[test]
fn only_transactions_write_to_the_device() {
    let sources = sources();
    let engine: Vec<&Source> = sources
        .iter()
        .filter(|source| source.path.starts_with("crates/ntfs/src/"))
        .collect();
    let offenders: Vec<String> = engine
        .iter()
        .filter(|source| !source.path.starts_with("crates/ntfs/src/txn"))
        .filter(|source| writes_to_device(source.production()))
        .map(|source| source.path.clone())
        .collect();
    assert!(
        offenders.is_empty(),
        "device writes outside of txn/: {offenders:?}"
    );
}

/// Whether a method that changes the device is called on something named for
/// a device. Chains over several lines are joined first.
fn writes_to_device(text: &str) -> bool {
    let joined: String = text
        .lines()
        .map(|line| line.split("//").next().unwrap_or_default())
        .flat_map(str::split_whitespace)
        .collect();
    ["device", "device()", "dev", "disk"]
        .iter()
        .any(|receiver| {
            [".write_at(", ".flush(", ".discard("]
                .iter()
                .any(|method| joined.contains(&format!("{receiver}{method}")))
        })
}

#[test]
fn device_writes_are_recognised() {
    assert!(writes_to_device("self.device\n    .write_at(0, &[])?;"));
    assert!(writes_to_device("volume.device().flush()?"));
    assert!(!writes_to_device(
        "// device.flush()\nstream.write_at(0, b)"
    ));
}

/// Each test that `docs/validation.md` names as `crate: test` exists.
#[test]
fn claims_of_validation_have_their_test() {
    let text = fs::read_to_string(root().join("docs/validation.md")).expect("docs/validation.md");
    let sources = sources();
    let mut claims = 0;
    let mut missing = Vec::new();
    for row in text.lines().filter(|line| line.starts_with('|')) {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let last = cells.last().copied().unwrap_or_default();
        for (folder, test) in last.split('`').filter_map(|cell| cell.split_once(": ")) {
            claims += 1;
            let declared = format!("fn {test}(");
            let of_crate = |source: &&Source| {
                source.path.starts_with(&format!("{folder}/"))
                    || ["crates", "dev"]
                        .iter()
                        .any(|group| source.path.starts_with(&format!("{group}/{folder}/")))
            };
            if !sources
                .iter()
                .filter(of_crate)
                .any(|source| source.text.contains(&declared))
            {
                missing.push(format!("{folder}: {test}"));
            }
        }
    }
    assert!(claims > 5, "the table of docs/validation.md is not read");
    assert!(
        missing.is_empty(),
        "docs/validation.md names tests that are not there: {missing:#?}"
    );
}
