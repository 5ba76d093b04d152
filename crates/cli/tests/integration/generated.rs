//! Completions and manual pages, as the programs that read them take them.

use std::fs;
use std::path::Path;
use std::process::Command;

use linkwright_testkit::command::installed;
use linkwright_testkit::skip_unless;

use crate::program::Bench;

fn script(bench: &Bench, shell: &str) -> String {
    let name = format!("linkwright.{shell}");
    let script = bench.ok(&format!("completions {shell}")).stdout;
    fs::write(bench.path(&name), script).unwrap();
    name
}

/// What a shell says to a line, which must succeed and say nothing bad.
fn said(bench: &Bench, shell: &Path, args: &[&str]) -> String {
    let output = Command::new(shell)
        .args(args)
        .current_dir(bench.root())
        .env("HOME", bench.root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{args:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn bash_completes_verbs_and_options() {
    let bench = Bench::new();
    let name = script(&bench, "bash");
    let bash = skip_unless!(installed("bash", "bash"));
    said(&bench, &bash, &["-n", &name]);
    let complete = |words: &str| {
        let mut before = words.split(' ').rev();
        let (current, previous) = (before.next().unwrap(), before.next().unwrap());
        let last = words.split(' ').count() - 1;
        let line = format!(
            "source {name}; COMP_WORDS=({words}); COMP_CWORD={last}; \
             _linkwright linkwright '{current}' '{previous}'; printf '%s\\n' \"${{COMPREPLY[@]}}\""
        );
        said(&bench, &bash, &["--norc", "-c", &line])
    };
    assert_eq!(complete("linkwright exp"), "explain\n");
    assert_eq!(complete("linkwright ls --bro"), "--broken\n");
    assert_eq!(complete("linkwright volume cr"), "create\n");
    assert_eq!(
        complete("linkwright ls --kind ju"),
        "junction\n",
        "values of an option"
    );
}

#[test]
fn zsh_reads_its_completions() {
    let bench = Bench::new();
    let name = script(&bench, "zsh");
    let zsh = skip_unless!(installed("zsh", "zsh"));
    said(&bench, &zsh, &["-f", "-n", &name]);
    let line =
        format!("autoload -U compinit; compinit -u -D; source ./{name}; whence -w _linkwright");
    assert_eq!(
        said(&bench, &zsh, &["-f", "-c", &line]),
        "_linkwright: function\n"
    );
}

#[test]
fn fish_completes_verbs() {
    let bench = Bench::new();
    let name = script(&bench, "fish");
    let fish = skip_unless!(installed("fish", "fish"));
    said(&bench, &fish, &["--no-config", "-n", &name]);
    let line = format!("source {name}; complete -C 'linkwright exp'");
    let said = said(&bench, &fish, &["--no-config", "-c", &line]);
    assert!(said.starts_with("explain\t"), "{said}");
}

#[test]
fn powershell_and_nushell_are_told_every_verb() {
    let bench = Bench::new();
    for shell in ["powershell", "nushell"] {
        let text = bench.ok(&format!("completions {shell}")).text();
        for verb in ["explain", "tree", "names", "volume"] {
            assert!(text.contains(verb), "{shell}: {verb}");
        }
    }
}

#[test]
fn every_verb_has_a_manual_page_that_man_takes() {
    let bench = Bench::new();
    bench.ok("man --out pages");
    let pages: Vec<_> = fs::read_dir(bench.path("pages"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    for name in ["linkwright", "linkwright-ls", "linkwright-volume-create"] {
        let page = bench.path(&format!("pages/{name}.1"));
        assert!(pages.contains(&page), "{name}: {pages:?}");
    }
    let verb = bench.ok("man volume create").stdout;
    assert_eq!(
        verb,
        fs::read(bench.path("pages/linkwright-volume-create.1")).unwrap()
    );
    assert_eq!(bench.line("man nothing").exit, 2);
    let groff = skip_unless!(installed("groff", "groff-base"));
    for page in pages {
        let page = page.to_str().unwrap();
        let text = said(&bench, &groff, &["-man", "-ww", "-Tutf8", "-P-cbou", page]);
        assert!(text.contains("NAME"), "{page}");
    }
}
