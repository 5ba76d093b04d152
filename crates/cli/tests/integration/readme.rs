//! The session of a new user in the README: every command there prints what is
//! shown.

use std::process::Command;

use linkwright_testkit::workspace_root;

use crate::program::Bench;

const HEADING: &str = "## A new user's session";

/// One command, and what is shown below it.
struct Step {
    command: String,
    shown: String,
}

/// The commands of the session, from all its blocks.
fn steps(readme: &str) -> Vec<Step> {
    let (_, session) = readme.split_once(HEADING).expect("the session is there");
    let session = session.split("\n## ").next().unwrap_or_default();
    let mut steps: Vec<Step> = Vec::new();
    let mut is_console = false;
    for line in session.lines() {
        match (is_console, line) {
            (false, "```console") => is_console = true,
            (true, "```") => is_console = false,
            (false, _) => {}
            (true, line) => match (line.strip_prefix("$ "), steps.last_mut()) {
                (Some(command), _) => steps.push(Step {
                    command: command.to_owned(),
                    shown: String::new(),
                }),
                (None, Some(step)) => step.shown.push_str(&format!("{line}\n")),
                (None, None) => panic!("output before a command: {line}"),
            },
        }
    }
    steps
}

#[test]
fn every_command_of_the_session_prints_what_is_shown() {
    let readme = std::fs::read_to_string(workspace_root().join("README.md")).unwrap();
    let steps = steps(&readme);
    assert!(steps.len() >= 8, "{} commands", steps.len());
    let bench = Bench::new();
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_linkwright"));
    let path = format!(
        "{}:{}",
        program.parent().unwrap().display(),
        std::env::var("PATH").unwrap()
    );
    let mut wrong = Vec::new();
    for Step { command, shown } in steps {
        let output = Command::new("sh")
            .args(["-c", &command])
            .current_dir(bench.root())
            .env("PATH", &path)
            .env("LC_ALL", "C.UTF-8")
            .output()
            .unwrap();
        let printed = [output.stdout, output.stderr].concat();
        let printed = String::from_utf8(printed).unwrap();
        let printed: String = printed
            .lines()
            .map(|line| format!("{}\n", line.trim_end()))
            .collect();
        if printed != shown {
            wrong.push(format!("$ {command}\n{printed}"));
        }
    }
    assert!(
        wrong.is_empty(),
        "README.md does not show what these print:\n{}",
        wrong.concat()
    );
}
