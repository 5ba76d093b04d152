//! All judges at once: every foreign reader that is there looks at a volume,
//! and they must agree.

use std::{collections::BTreeSet, path::Path};

use crate::{
    Kind, Skip, TreeSnapshot,
    oracle::{
        ntfs_crate, ntfs3,
        ntfs3g::{self, Access, Mount},
        ntfsfix, rust_fs_ntfs, sleuthkit,
    },
    snapshot::Contents,
};

/// Whether Linux's own driver is asked: a virtual machine, about eight
/// seconds, and more for a tree of thousands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Machine {
    /// Ask ntfs3 where it is available.
    Ask,
    /// Leave it out.
    Leave,
}

/// Who judges, and what is held against nobody.
#[derive(Debug, Clone)]
pub struct Panel {
    machine: Machine,
    contents: Contents,
    before: Vec<String>,
}

impl Default for Panel {
    fn default() -> Self {
        Self {
            machine: Machine::Leave,
            contents: Contents::Hash,
            before: Vec::new(),
        }
    }
}

impl Panel {
    /// All judges but the virtual machine, contents included.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether the virtual machine is asked too.
    #[must_use]
    pub fn machine(mut self, machine: Machine) -> Self {
        self.machine = machine;
        self
    }

    /// Whether contents are compared.
    #[must_use]
    pub fn contents(mut self, contents: Contents) -> Self {
        self.contents = contents;
        self
    }

    /// What `rust-fs-ntfs` found before we touched the volume
    /// ([`rust_fs_ntfs::findings`]).
    #[must_use]
    pub fn found_before(mut self, findings: Vec<String>) -> Self {
        self.before = findings;
        self
    }

    /// Lets every judge that is there look at `image`, which is not changed:
    /// `ntfsfix` and `rust-fs-ntfs` must find nothing (new); ntfs-3g, ntfs3,
    /// fls and the crate `ntfs` must see the same tree. That tree is the
    /// answer, a link's target being its substitute name as stored, link
    /// counts those of the records; compare it with what was meant.
    ///
    /// A judge that is not there is reported as skipped.
    ///
    /// # Panics
    /// When one has a finding or two disagree.
    #[must_use]
    #[track_caller]
    pub fn assert_agree(&self, image: &Path) -> TreeSnapshot {
        rust_fs_ntfs::assert_no_more(image, &self.before);
        if there(ntfsfix::available()) {
            ntfsfix::assert_clean(image);
        }
        let mut tree = ntfs_crate::snapshot(image, self.contents).expect("the ntfs crate");
        forget_names_of_directories(&mut tree);
        if there(ntfs3g::available()) {
            let mount = Mount::new(image, Access::ReadOnly).expect("an ntfs-3g mount");
            let mut theirs = mount.snapshot(self.contents).expect("the tree in ntfs-3g");
            mount.unmount().expect("unmount ntfs-3g");
            adopt_targets(&mut theirs, &tree, shown_by_ntfs3g);
            tree.assert_same("the ntfs crate", &theirs, "ntfs-3g");
            fill_in(&mut tree, &theirs);
        }
        if there(sleuthkit::available()) {
            same_names(&tree, image);
        }
        if self.machine == Machine::Ask && there(ntfs3::available()) {
            let (mut theirs, log) = ntfs3::snapshot(image, self.contents).expect("ntfs3");
            adopt_targets(&mut theirs, &tree, shown_by_ntfs3);
            tree.assert_same("the ntfs crate", &theirs, "ntfs3");
            assert!(
                !log.iter()
                    .any(|line| line.contains("rror") || line.contains("orrupt")),
                "ntfs3: {log:#?}"
            );
        }
        tree
    }
}

fn there(available: Result<(), Skip>) -> bool {
    available.inspect_err(Skip::report).is_ok()
}

fn same_names(tree: &TreeSnapshot, image: &Path) {
    let names = sleuthkit::names(image).expect("fls");
    let ours: BTreeSet<_> = tree
        .iter()
        .map(|(path, entry)| (path, entry.record))
        .collect();
    let theirs: BTreeSet<_> = names
        .iter()
        .map(|(path, name)| (path.as_str(), Some(name.record)))
        .collect();
    let odd: Vec<_> = ours.symmetric_difference(&theirs).take(40).collect();
    assert!(
        odd.is_empty(),
        "listed by the ntfs crate or by fls, not by both: {odd:#?}"
    );
}

/// A directory has one name. The record counts the 8.3 name beside it too, as
/// Windows does; ntfs-3g does not, and ntfs3 counts directories in it.
fn forget_names_of_directories(tree: &mut TreeSnapshot) {
    tree.for_each_mut(|_, entry| {
        if entry.kind == Kind::Directory {
            entry.nlink = None;
        }
    });
}

/// What the reference does not tell is taken from the other tree.
fn fill_in(tree: &mut TreeSnapshot, other: &TreeSnapshot) {
    tree.for_each_mut(|path, entry| {
        let Some(twin) = other.get(path) else { return };
        entry.size = entry.size.or(twin.size);
        entry.sha256 = entry.sha256.take().or_else(|| twin.sha256.clone());
    });
}

/// Replaces each target that a driver shows in a form of its own by the stored
/// one, where the first is what the driver makes of the second.
fn adopt_targets(
    theirs: &mut TreeSnapshot,
    reference: &TreeSnapshot,
    shows: fn(stored: &str, shown: &str, depth: usize) -> bool,
) {
    theirs.for_each_mut(|path, entry| {
        let stored = reference
            .get(path)
            .filter(|twin| twin.kind == Kind::Symlink);
        let Some(stored) = stored.and_then(|twin| twin.target.as_deref()) else {
            return;
        };
        let depth = path.matches('/').count();
        if entry
            .target
            .as_deref()
            .is_some_and(|shown| shows(stored, shown, depth))
        {
            entry.target = Some(stored.to_owned());
        }
    });
}

/// ntfs-3g looks a target up on the volume: found, it is shown with the letter
/// case that is stored there, an absolute one from the volume's root; an
/// absolute one that is not found leads into the made-up folder `.NTFS-3G`; for
/// a relative one that is not found there is a text without the target.
fn shown_by_ntfs3g(stored: &str, shown: &str, _depth: usize) -> bool {
    if let Some(drive_path) = drive_path(stored) {
        let inside = &drive_path[2..];
        return same_letters(shown, inside)
            || same_letters(shown, &format!("/.NTFS-3G/{drive_path}"));
    }
    shown.starts_with("unsupported reparse tag") || same_letters(shown, &slashes(stored))
}

/// ntfs3 shows the text as it is stored but for the slashes and the prefix
/// `\??\`; that of a junction as a path relative to the volume's root.
fn shown_by_ntfs3(stored: &str, shown: &str, depth: usize) -> bool {
    let Some(drive_path) = drive_path(stored) else {
        return shown == slashes(stored);
    };
    let from_root = drive_path[2..].trim_start_matches('/');
    let up = "../".repeat(depth);
    shown == drive_path || shown == format!("./{up}{from_root}")
}

/// `C:/dir` of a stored `\??\C:\dir`.
fn drive_path(stored: &str) -> Option<String> {
    let path = stored.strip_prefix(r"\??\")?;
    let letter = path
        .strip_suffix(':')
        .or_else(|| path.split_once(":\\").map(|(drive, _)| drive))?;
    (letter.len() == 1).then(|| slashes(path))
}

fn slashes(text: &str) -> String {
    text.replace('\\', "/")
}

fn same_letters(a: &str, b: &str) -> bool {
    a.to_lowercase() == b.to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_driver_has_its_own_way_to_show_a_target() {
        assert!(shown_by_ntfs3g(r"d\a", "d/a", 0));
        assert!(shown_by_ntfs3g(r"D\A", "d/A", 0));
        assert!(shown_by_ntfs3g(r"\??\C:\d", "/d", 0));
        assert!(shown_by_ntfs3g(r"\??\C:\no", "/.NTFS-3G/C:/no", 0));
        assert!(!shown_by_ntfs3g(r"d\a", "d/b", 0));
        assert!(!shown_by_ntfs3g(r"\??\C:\d", "/e", 0));
        assert!(shown_by_ntfs3(r"..\d\a", "../d/a", 1));
        assert!(shown_by_ntfs3(r"\??\C:\d", "C:/d", 0));
        assert!(shown_by_ntfs3(r"\??\C:\d", "./d", 0));
        assert!(shown_by_ntfs3(r"\??\C:\d", "./../../d", 2));
        assert!(!shown_by_ntfs3(r"D\A", "d/a", 0));
    }
}
