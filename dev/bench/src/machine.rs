//! What kind of machine the figures are from; nothing that names it.

use std::fs;

use serde::Serialize;

/// The kind of a machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Machine {
    /// Processors a program may use at once.
    pub cores: usize,
    /// The processor, in its own words.
    pub processor: String,
    /// Memory in MiB.
    pub memory_mib: u64,
    /// The system and its version.
    pub kernel: String,
}

impl Machine {
    /// This one; "unknown" is what the system does not tell.
    #[must_use]
    pub fn here() -> Self {
        Self {
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            processor: field("/proc/cpuinfo", "model name").unwrap_or_else(unknown),
            memory_mib: field("/proc/meminfo", "MemTotal")
                .and_then(|text| text.split_whitespace().next()?.parse::<u64>().ok())
                .map_or(0, |kib| kib >> 10),
            kernel: kernel().unwrap_or_else(unknown),
        }
    }

    /// In one line.
    #[must_use]
    pub fn line(&self) -> String {
        let Self {
            cores,
            processor,
            memory_mib,
            kernel,
        } = self;
        let gib = memory_mib.div_ceil(1024);
        format!("{cores} cores of {processor}, {gib} GiB of memory, {kernel}")
    }
}

fn unknown() -> String {
    "unknown".to_owned()
}

/// The text behind `name:` in a file of such lines.
fn field(path: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

/// "Linux 6.1": the numbers only, as what follows may name a machine.
fn kernel() -> Option<String> {
    let release = fs::read_to_string("/proc/sys/kernel/osrelease").ok()?;
    let numbers: Vec<&str> = release.trim().split(['.', '-']).take(2).collect();
    Some(format!("Linux {}", numbers.join(".")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_how_many_cores() {
        let machine = Machine::here();
        assert!(machine.cores >= 1);
        assert!(
            machine
                .line()
                .starts_with(&format!("{} cores", machine.cores))
        );
    }
}
