//! Tests of memory: each in a process of its own, as other tests run beside it
//! otherwise.

use std::fs;
use std::process::Command;

/// Says that a process runs one test.
const ALONE: &str = "LINKWRIGHT_TEST_ALONE";

/// Runs the test of that name (with its modules) again, in a process of its own, and
/// fails unless it passes there; `true` in that process.
///
/// # Panics
/// The test failed, or this program cannot be run again.
#[must_use]
pub fn alone(test: &str) -> bool {
    if std::env::var_os(ALONE).is_some_and(|alone| alone == test) {
        return true;
    }
    let program = std::env::current_exe().expect("this program");
    let status = Command::new(program)
        .args(["--exact", "--nocapture", test])
        .env(ALONE, test)
        .status()
        .expect("run it again");
    assert!(status.success(), "{test}: {status}");
    false
}

/// The most memory this process ever had, in KiB.
///
/// # Panics
/// The system does not tell.
#[must_use]
pub fn peak_kib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").expect("a status");
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .expect("VmHWM");
    let number = line.trim().strip_suffix(" kB").expect("in kB");
    number.trim().parse().expect("a number")
}
