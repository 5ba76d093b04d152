//! Memory: a limit for this process, and what it has taken.

use crate::MEMORY;

/// A number of KiB from `/proc/self/status`; `None` on other systems.
fn status_kib(field: &str) -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    status
        .lines()
        .find_map(|line| line.strip_prefix(field)?.trim().strip_suffix(" kB"))
        .and_then(|text| text.trim().parse().ok())
}

/// The most memory this process has had, in KiB; 0 where that is not told.
#[must_use]
pub fn peak_kib() -> u64 {
    status_kib("VmHWM:").unwrap_or(0)
}

/// Lets this process have [`MEMORY`] more than it has now; what asks for more
/// ends it. Nothing happens where the system has no such limit.
pub fn limit_memory() {
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        let now = status_kib("VmSize:").unwrap_or(0) << 10;
        let limit = Rlimit {
            current: Some(now + MEMORY),
            maximum: getrlimit(Resource::As).maximum,
        };
        if let Err(error) = setrlimit(Resource::As, limit) {
            eprintln!("memory is not limited: {error}");
        }
    }
}
