//! Time stamps.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A time stamp: 100-nanosecond steps since 1 January 1601 UTC (MS-DTYP 2.3.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct NtTime(pub u64);

/// 1 January 1970 in [`NtTime`] steps.
const UNIX_EPOCH_STEPS: u64 = 116_444_736_000_000_000;
const STEPS_PER_SECOND: u64 = 10_000_000;
const NANOSECONDS_PER_STEP: u32 = 100;

impl NtTime {
    /// From seconds and nanoseconds since 1970; what lies outside the range of
    /// the type is moved to its nearest end.
    #[must_use]
    pub fn from_unix(seconds: i64, nanoseconds: u32) -> Self {
        let steps = i128::from(seconds) * i128::from(STEPS_PER_SECOND)
            + i128::from(nanoseconds / NANOSECONDS_PER_STEP)
            + i128::from(UNIX_EPOCH_STEPS);
        Self(u64::try_from(steps.max(0)).unwrap_or(u64::MAX))
    }

    /// Seconds since 1970 (rounded down) and the nanoseconds above them.
    #[must_use]
    pub fn to_unix(self) -> (i64, u32) {
        let seconds = self.0 / STEPS_PER_SECOND;
        let rest = u32::try_from(self.0 % STEPS_PER_SECOND).unwrap_or(0);
        let seconds = i64::try_from(seconds).unwrap_or(i64::MAX)
            - i64::try_from(UNIX_EPOCH_STEPS / STEPS_PER_SECOND).unwrap_or(0);
        (seconds, rest * NANOSECONDS_PER_STEP)
    }
}

impl From<SystemTime> for NtTime {
    fn from(time: SystemTime) -> Self {
        match time.duration_since(UNIX_EPOCH) {
            Ok(after) => Self::from_unix(
                i64::try_from(after.as_secs()).unwrap_or(i64::MAX),
                after.subsec_nanos(),
            ),
            Err(before) => {
                let steps = before.duration().as_nanos() / u128::from(NANOSECONDS_PER_STEP);
                Self(UNIX_EPOCH_STEPS.saturating_sub(u64::try_from(steps).unwrap_or(u64::MAX)))
            }
        }
    }
}

impl From<NtTime> for SystemTime {
    fn from(time: NtTime) -> Self {
        let span = |steps: u64| {
            let nanoseconds = u32::try_from(steps % STEPS_PER_SECOND).unwrap_or(0);
            Duration::new(steps / STEPS_PER_SECOND, nanoseconds * NANOSECONDS_PER_STEP)
        };
        match time.0.checked_sub(UNIX_EPOCH_STEPS) {
            Some(after) => UNIX_EPOCH.checked_add(span(after)).unwrap_or(UNIX_EPOCH),
            None => UNIX_EPOCH
                .checked_sub(span(UNIX_EPOCH_STEPS - time.0))
                .unwrap_or(UNIX_EPOCH),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unix_times_come_back() {
        for (seconds, nanoseconds) in [(0, 0), (1_574_424_000, 188_938_000), (-1, 999_999_900)] {
            let time = NtTime::from_unix(seconds, nanoseconds);
            assert_eq!(time.to_unix(), (seconds, nanoseconds));
            assert_eq!(NtTime::from(SystemTime::from(time)), time);
        }
        assert_eq!(NtTime::from_unix(0, 0).0, 116_444_736_000_000_000);
        assert_eq!(NtTime::from_unix(i64::MIN, 0), NtTime(0));
    }
}
