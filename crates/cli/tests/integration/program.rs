//! Runs the program in a directory of its own.

use std::ffi::OsStr;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// A directory to work in.
pub(crate) struct Bench(tempfile::TempDir);

/// What a run came to.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) exit: i32,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn root(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_linkwright"));
        command
            .current_dir(self.root())
            .env_remove("NO_COLOR")
            // Marks in ASCII, whatever the locale of the machine.
            .env("LC_ALL", "C");
        command
    }

    /// Runs with these arguments.
    pub(crate) fn run<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Run {
        let output = self
            .command()
            .args(args)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        output.into()
    }

    /// Runs with the words of a line.
    pub(crate) fn line(&self, line: &str) -> Run {
        self.run(line.split_whitespace())
    }

    /// Runs with the words of a line, which must succeed.
    pub(crate) fn ok(&self, line: &str) -> Run {
        let run = self.line(line);
        assert_eq!(run.exit, 0, "{line}: {run:?}");
        run
    }

    /// Runs with the words of a line and standard input.
    pub(crate) fn with_input(&self, line: &str, input: &[u8]) -> Run {
        let mut child = self
            .command()
            .args(line.split_whitespace())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let input = input.to_vec();
        // The program may end before it has read everything.
        let writer = std::thread::spawn(move || stdin.write_all(&input).ok());
        let output = child.wait_with_output().unwrap();
        writer.join().unwrap();
        output.into()
    }
}

impl From<Output> for Run {
    fn from(output: Output) -> Self {
        Self {
            exit: output.status.code().unwrap_or(-1),
            stdout: output.stdout,
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Run {
    /// Standard output as text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.stdout.clone()).unwrap()
    }

    /// The objects of the JSON output; the last must be the summary.
    pub(crate) fn json(&self) -> Vec<Value> {
        let lines: Vec<Value> = self
            .text()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        let last = lines.last().unwrap();
        assert_eq!(last["message_type"], "summary");
        assert_eq!(last["exit"], self.exit);
        lines
    }

    /// The objects of one type.
    pub(crate) fn of_type(&self, message_type: &str) -> Vec<Value> {
        self.json()
            .into_iter()
            .filter(|line| line["message_type"] == message_type)
            .collect()
    }

    /// It failed with this status, and the error names the Win32 code.
    pub(crate) fn failed(&self, exit: i32, code: &str) -> &Self {
        assert_eq!(self.exit, exit, "{self:?}");
        assert!(self.stderr.contains(code), "{self:?}");
        assert!(self.stderr.starts_with("linkwright: error: "), "{self:?}");
        self
    }
}
