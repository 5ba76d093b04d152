//! `cargo xtask bench PART`: measurements that print what they find.

use super::oracles::{self, Install, Missing};
use super::parts::{cargo, succeeds};

/// The part that is a program of its own: it has no peer but itself.
const JOURNAL: &str = "journal";

/// Runs what `words` say: parts and options of the program `bench`.
pub(super) fn run(words: &[&str]) -> bool {
    oracles::prepare(Install::WhenPossible, Missing::Skip);
    let build = ["build", "--release", "-p", "linkwright-bench"];
    if !succeeds(cargo(&build).args(["-p", "linkwright-cli"])) {
        return false;
    }
    if let [JOURNAL, options @ ..] = words {
        return program(JOURNAL, options);
    }
    let mut words = words.to_vec();
    let is_for_the_record = is_for_the_record(&words);
    let folder = crate::root().join("docs/bench");
    let folder = folder.to_string_lossy();
    if is_for_the_record {
        words.extend(["--out", &folder]);
    }
    let mut good = program("bench", &words);
    if is_for_the_record && words.contains(&"all") {
        good &= program(JOURNAL, &[]);
    }
    good
}

/// Whether the figures go into docs/bench: those of loads of the full size.
fn is_for_the_record(words: &[&str]) -> bool {
    let reductions = ["--size", "--rounds", "--out", "help", "--help"];
    !words.iter().any(|word| reductions.contains(word))
}

fn program(name: &str, words: &[&str]) -> bool {
    let run = ["run", "--quiet", "--release", "-p", "linkwright-bench"];
    succeeds(cargo(&run).args(["--bin", name, "--"]).args(words))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trial_leaves_the_record_alone() {
        assert!(is_for_the_record(&["all", "--long"]));
        assert!(!is_for_the_record(&["links", "--size", "0.1"]));
    }
}
