//! `cargo xtask bench PART`: measurements that print what they find.

use super::parts::{cargo, succeeds};

/// A part: its name, what it measures, and the arguments of cargo that run it.
/// Words behind the name on the command line go to its program.
struct Part {
    name: &'static str,
    about: &'static str,
    run: &'static [&'static str],
}

const PARTS: &[Part] = &[
    Part {
        name: "journal",
        about: "links a second with the journal and without; what each link writes",
        run: &[
            "run",
            "--release",
            "-p",
            "linkwright-bench",
            "--bin",
            "journal",
            "--",
        ],
    },
    Part {
        name: "check",
        about: "the checker on a million files, held against reading alone",
        run: &[
            "run",
            "--release",
            "-p",
            "linkwright-bench",
            "--bin",
            "check",
            "--",
        ],
    },
];

/// The parts, one a line, for the help.
pub(super) fn help() -> String {
    PARTS
        .iter()
        .map(|part| format!("          {:<10} {}\n", part.name, part.about))
        .collect()
}

/// Runs a part; `None` when there is none of that name.
pub(super) fn run(name: &str, words: &[&str]) -> Option<bool> {
    let part = PARTS.iter().find(|part| part.name == name)?;
    Some(succeeds(cargo(part.run).args(words)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_have_names_of_their_own_and_unknown_ones_are_refused() {
        let names: std::collections::BTreeSet<_> = PARTS.iter().map(|part| part.name).collect();
        assert_eq!(names.len(), PARTS.len());
        assert_eq!(run("nothing", &[]), None);
    }
}
