//! What the tests skipped, said once at the end.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// The file to which the testkit appends a line for each skip.
pub(crate) struct Log {
    path: PathBuf,
}

impl Log {
    /// An empty log in the target folder.
    pub(crate) fn new(root: &Path) -> Self {
        let target =
            std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
        let path = root.join(target).join("skipped.txt");
        if let Err(error) = fs::write(&path, "") {
            eprintln!("xtask: {}: {error}", path.display());
        }
        Self { path }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Prints each reason once, with the number of tests it held back.
    pub(crate) fn print(&self) {
        for (reason, count) in tally(&fs::read_to_string(&self.path).unwrap_or_default()) {
            println!("{reason} ({count} times)");
        }
    }
}

/// Counts lines `skipped: WHAT: WHY (in TEST)` without the test's name.
fn tally(log: &str) -> BTreeMap<&str, usize> {
    let mut reasons = BTreeMap::new();
    for line in log.lines() {
        let reason = line.rsplit_once(" (in ").map_or(line, |(reason, _)| reason);
        *reasons.entry(reason).or_default() += 1;
    }
    reasons
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_counted_without_the_test() {
        let log = "skipped: a: b (c) (in x)\nskipped: a: b (c) (in y)\nskipped: d: e (in x)\n";
        let tally = tally(log);
        assert_eq!(tally["skipped: a: b (c)"], 2);
        assert_eq!(tally["skipped: d: e"], 1);
    }
}
