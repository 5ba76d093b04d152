//! A test that cannot run here says so in one line.

use std::{
    fmt,
    fs::OpenOptions,
    io::{self, Write},
};

/// Why something is not there; decides whether its absence may fail a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SkipKind {
    /// A program that a package would bring: fails where oracles are required.
    Oracle,
    /// Material outside the project: never fails.
    Shared,
    /// A long test that was not asked for: never fails.
    Long,
}

/// What is skipped, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skip {
    kind: SkipKind,
    what: String,
    why: String,
}

impl Skip {
    /// A skip of `what`, because of `why`.
    pub fn new(kind: SkipKind, what: impl Into<String>, why: impl Into<String>) -> Self {
        Self {
            kind,
            what: what.into(),
            why: why.into(),
        }
    }

    /// Which sort of thing is missing.
    #[must_use]
    pub fn kind(&self) -> SkipKind {
        self.kind
    }

    /// Prints the line `skipped: WHAT: WHY` (on standard error itself, which
    /// the test harness does not capture).
    ///
    /// # Panics
    /// When an oracle is missing and `LINKWRIGHT_REQUIRE_ORACLES` is `1`,
    /// unless `LINKWRIGHT_ORACLES_EXCEPT` lists it.
    pub fn report(&self) {
        let thread = std::thread::current();
        let line = format!("{self} (in {})\n", thread.name().unwrap_or("a thread"));
        // Nothing is lost when the line cannot be printed: the test still passes or fails.
        drop(io::stderr().lock().write_all(line.as_bytes()));
        if let Some(path) = std::env::var_os("LINKWRIGHT_SKIP_LOG")
            && let Ok(mut log) = OpenOptions::new().append(true).create(true).open(path)
        {
            drop(log.write_all(line.as_bytes()));
        }
        assert!(!self.is_required(), "a required oracle is missing: {self}");
    }

    fn is_required(&self) -> bool {
        self.kind == SkipKind::Oracle
            && std::env::var("LINKWRIGHT_REQUIRE_ORACLES").is_ok_and(|v| v == "1")
            && !std::env::var("LINKWRIGHT_ORACLES_EXCEPT")
                .is_ok_and(|list| list.split(',').any(|name| name.trim() == self.what))
    }
}

impl fmt::Display for Skip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "skipped: {}: {}", self.what, self.why)
    }
}

/// Yields the value of a `Result<T, Skip>`, or reports the skip and returns
/// from the test.
#[macro_export]
macro_rules! skip_unless {
    ($result:expr) => {
        match $result {
            Ok(value) => value,
            Err(skip) => {
                $crate::Skip::report(&skip);
                return;
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shared_material_is_never_required() {
        assert!(!Skip::new(SkipKind::Shared, "x", "y").is_required());
        assert!(!Skip::new(SkipKind::Long, "x", "y").is_required());
    }

    #[test]
    fn line_names_what_and_why() {
        let skip = Skip::new(SkipKind::Oracle, "fls", "not installed");
        assert_eq!(skip.to_string(), "skipped: fls: not installed");
    }
}
