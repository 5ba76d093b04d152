//! The median of some measurements, and how far they lie apart.

use std::fmt;

use serde::Serialize;

/// Least, middle and greatest of some numbers.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Spread {
    /// The least.
    pub least: f64,
    /// The middle one; the mean of the two when their number is even.
    pub median: f64,
    /// The greatest.
    pub greatest: f64,
}

impl Spread {
    /// Of at least one number.
    ///
    /// # Panics
    /// There is none.
    #[must_use]
    pub fn of(numbers: Vec<f64>) -> Self {
        let mut numbers = numbers;
        numbers.sort_by(f64::total_cmp);
        let middle = numbers.len() / 2;
        let median = if numbers.len() % 2 == 1 {
            numbers[middle]
        } else {
            f64::midpoint(numbers[middle - 1], numbers[middle])
        };
        Self {
            least: numbers[0],
            median,
            greatest: numbers[numbers.len() - 1],
        }
    }

    /// All three times `factor`.
    #[must_use]
    pub fn scaled(self, factor: f64) -> Self {
        Self {
            least: self.least * factor,
            median: self.median * factor,
            greatest: self.greatest * factor,
        }
    }
}

impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = f.precision().unwrap_or(1);
        let Self {
            least,
            median,
            greatest,
        } = self;
        write!(
            f,
            "{median:.digits$} ({least:.digits$} to {greatest:.digits$})"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle() {
        let odd = Spread::of(vec![5.0, 1.0, 3.0]);
        assert_eq!((odd.least, odd.median, odd.greatest), (1.0, 3.0, 5.0));
        let even = Spread::of(vec![4.0, 1.0, 2.0, 9.0]);
        assert_eq!(format!("{:.1}", even.scaled(2.0)), "6.0 (2.0 to 18.0)");
    }
}
