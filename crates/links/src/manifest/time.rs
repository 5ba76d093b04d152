//! Times as text, the way back of [`Timestamp`]'s `Display`.

use linkwright_fs::Timestamp;

/// Reads `2026-11-21T08:30:00.1234567Z`; years may have more digits, and a sign.
pub(super) fn parse(text: &str) -> Option<Timestamp> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    let mut date = date.rsplitn(3, '-');
    let day = number(date.next()?, 2).filter(|day| (1..=31).contains(day))?;
    let month = number(date.next()?, 2).filter(|month| (1..=12).contains(month))?;
    let year: i64 = date.next()?.parse().ok()?;
    let (clock, fraction) = time.split_once('.')?;
    let ticks = number(fraction, 7)?;
    let mut clock = clock.splitn(3, ':');
    let hour = number(clock.next()?, 2).filter(|hour| *hour < 24)?;
    let minute = number(clock.next()?, 2).filter(|minute| *minute < 60)?;
    let second = number(clock.next()?, 2).filter(|second| *second < 60)?;
    let days = days_from_civil(year, month, day)?;
    Some(Timestamp {
        seconds: days
            .checked_mul(86_400)?
            .checked_add(hour * 3600 + minute * 60 + second)?,
        nanos: u32::try_from(ticks * 100).ok()?,
    })
}

/// A number of exactly so many digits.
fn number(text: &str, digits: usize) -> Option<i64> {
    let is_number = text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok()).flatten()
}

/// Days since 1970 in the Gregorian calendar; years begin in March here, so that
/// the leap day is their last.
fn days_from_civil(year: i64, month: i64, day: i64) -> Option<i64> {
    let year = match month > 2 {
        true => year,
        false => year.checked_sub(1)?,
    };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era.checked_mul(146_097)?.checked_add(day_of_era - 719_468)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_come_back_from_their_text() {
        for seconds in [
            0,
            -1,
            951_782_400,
            1_700_000_000,
            -11_644_473_600,
            4_102_444_799,
        ] {
            for nanos in [0, 100, 999_999_900] {
                let time = Timestamp { seconds, nanos };
                assert_eq!(parse(&time.to_string()), Some(time), "{time}");
            }
        }
        let last = Timestamp::from_nt_ticks(i64::MAX as u64);
        assert_eq!(parse(&last.to_string()), Some(last));
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in [
            "",
            "Z",
            "2026-11-21",
            "2026-13-01T00:00:00.0000000Z",
            "2026-01-01T24:00:00.0000000Z",
            "2026-01-01T00:00:00Z",
            "2026-01-01T00:00:00.000000Z",
            "2026-01-01T00:00:00.0000000",
            "9223372036854775807-01-01T00:00:00.0000000Z",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
