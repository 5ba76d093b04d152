//! Running other programs: found on the path, bounded in time, output kept.

use std::{
    fmt,
    io::Read,
    path::PathBuf,
    process::{Command, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::{Skip, SkipKind};

/// A program that could not be run, or did not do what was asked.
#[derive(Clone, PartialEq, Eq)]
pub struct Failure {
    /// What was tried.
    pub what: String,
    /// What the program said.
    pub output: String,
}

impl Failure {
    /// A failure of `what` with everything that was printed.
    pub fn new(what: impl Into<String>, output: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            output: output.into(),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} failed:\n{}", self.what, self.output)
    }
}

// So that `unwrap` in a test prints lines and not one escaped string.
impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Failure {}

/// Where `program` is: the path, and the system folders an ordinary user's
/// path leaves out.
#[must_use]
pub fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/local/sbin", "/usr/sbin", "/sbin"].map(PathBuf::from))
        .map(|folder| folder.join(program))
        .find(|candidate| candidate.is_file())
}

/// Whether `program` is there, else a skip that names its Debian package.
///
/// # Errors
/// The [`Skip`].
pub fn installed(program: &str, package: &str) -> Result<PathBuf, Skip> {
    find(program).ok_or_else(|| {
        Skip::new(
            SkipKind::Oracle,
            program,
            format!("not installed (Debian package {package})"),
        )
    })
}

/// A command for `program`, found as [`find`] does, in the C locale.
#[must_use]
pub fn program(program: &str) -> Command {
    let mut command = Command::new(find(program).unwrap_or_else(|| PathBuf::from(program)));
    command.env("LC_ALL", "C.UTF-8").stdin(Stdio::null());
    command
}

/// What a program printed, and how it ended.
#[derive(Debug)]
pub struct Finished {
    /// Exit status.
    pub status: ExitStatus,
    /// Standard output.
    pub stdout: Vec<u8>,
    /// Standard error.
    pub stderr: Vec<u8>,
}

impl Finished {
    /// Standard output as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    /// Both outputs as text.
    #[must_use]
    pub fn all(&self) -> String {
        format!("{}{}", self.text(), String::from_utf8_lossy(&self.stderr))
    }
}

/// How long a program may take unless the caller says otherwise.
pub const PATIENCE: Duration = Duration::from_secs(300);

/// Runs `command` to its end and keeps what it printed; after `limit` it is
/// killed.
///
/// # Errors
/// When it cannot be started or does not end in time. A failing exit status
/// is not an error here.
pub fn run(command: &mut Command, limit: Duration) -> Result<Finished, Failure> {
    let what = format!("{command:?}");
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| Failure::new(&what, error.to_string()))?;
    let stdout = collect(child.stdout.take());
    let stderr = collect(child.stderr.take());
    let start = Instant::now();
    let mut pause = Duration::from_millis(1);
    let status = loop {
        match child
            .try_wait()
            .map_err(|error| Failure::new(&what, error.to_string()))?
        {
            Some(status) => break Some(status),
            None if start.elapsed() > limit => {
                drop(child.kill());
                drop(child.wait());
                break None;
            }
            None => {
                thread::sleep(pause);
                pause = (pause * 2).min(Duration::from_millis(50));
            }
        }
    };
    let stdout = stdout.join().unwrap_or_default();
    let stderr = stderr.join().unwrap_or_default();
    match status {
        Some(status) => Ok(Finished {
            status,
            stdout,
            stderr,
        }),
        None => Err(Failure::new(
            what,
            format!(
                "not done after {} s\n{}{}",
                limit.as_secs(),
                String::from_utf8_lossy(&stdout),
                String::from_utf8_lossy(&stderr)
            ),
        )),
    }
}

/// As [`run`], and a failing exit status is an error too.
///
/// # Errors
/// Those of [`run`], and the exit status with what was printed.
pub fn run_ok(command: &mut Command, limit: Duration) -> Result<Finished, Failure> {
    let finished = run(command, limit)?;
    if finished.status.success() {
        return Ok(finished);
    }
    Err(Failure::new(
        format!("{command:?}"),
        format!("{}\n{}", finished.status, finished.all()),
    ))
}

fn collect(pipe: Option<impl Read + Send + 'static>) -> thread::JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            // What came before an error is still worth showing.
            drop(pipe.read_to_end(&mut bytes));
        }
        bytes
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failing_status_is_an_error_with_the_output() {
        let failure =
            run_ok(program("sh").args(["-c", "echo seen; exit 3"]), PATIENCE).unwrap_err();
        assert!(
            failure.output.contains("seen") && failure.output.contains('3'),
            "{failure}"
        );
    }

    #[test]
    fn too_slow_is_killed() {
        let limit = Duration::from_millis(50);
        let failure = run(program("sleep").arg("30"), limit).unwrap_err();
        assert!(failure.output.starts_with("not done"), "{failure}");
    }

    #[test]
    fn absent_program_names_its_package() {
        let skip = installed("no-such-program", "some-package").unwrap_err();
        assert!(skip.to_string().contains("some-package"));
    }
}
