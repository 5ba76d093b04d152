//! Measurements in turn, so that what disturbs the machine disturbs all alike.

use crate::{Outcome, Spread};

/// One of those who do the same work.
pub struct Contestant<'a> {
    /// Rounds it takes part in at most: a slow one in few.
    rounds: usize,
    run: Box<dyn FnMut() -> Outcome<Vec<f64>> + 'a>,
}

impl<'a> Contestant<'a> {
    /// Takes part in every round. `run` gives one number for each way it is
    /// looked at: every time the same count.
    pub fn new(run: impl FnMut() -> Outcome<Vec<f64>> + 'a) -> Self {
        Self {
            rounds: usize::MAX,
            run: Box::new(run),
        }
    }

    /// The same, in the first `rounds` only.
    #[must_use]
    pub fn at_most(mut self, rounds: usize) -> Self {
        self.rounds = rounds;
        self
    }
}

/// What each contestant gave, round by round.
#[derive(Debug, Clone, PartialEq)]
pub struct Rounds(Vec<Vec<Vec<f64>>>);

/// Lets all run, `rounds` times; each round begins with another one.
///
/// # Errors
/// The first that a run gives.
pub fn alternate(rounds: usize, mut contestants: Vec<Contestant<'_>>) -> Outcome<Rounds> {
    let count = contestants.len();
    let mut results = vec![Vec::new(); count];
    for round in 0..rounds {
        for step in 0..count {
            let which = (round + step) % count;
            if round < contestants[which].rounds {
                results[which].push((contestants[which].run)()?);
            }
        }
    }
    Ok(Rounds(results))
}

impl Rounds {
    /// The numbers of one contestant, looked at one way.
    ///
    /// # Panics
    /// There is no such contestant, or it gives fewer numbers.
    #[must_use]
    pub fn numbers(&self, who: usize, which: usize) -> Vec<f64> {
        self.0[who].iter().map(|values| values[which]).collect()
    }

    /// Their median and spread.
    #[must_use]
    pub fn spread(&self, who: usize, which: usize) -> Spread {
        Spread::of(self.numbers(who, which))
    }

    /// The quotients of two numbers of the same round: (contestant, number)
    /// over (contestant, number).
    #[must_use]
    pub fn ratio(&self, over: (usize, usize), under: (usize, usize)) -> Spread {
        let over = self.numbers(over.0, over.1);
        let under = self.numbers(under.0, under.1);
        Spread::of(over.iter().zip(&under).map(|(a, b)| a / b).collect())
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    #[test]
    fn every_round_begins_with_another_and_slow_ones_stop() {
        let order = RefCell::new(String::new());
        let run = |name: char, value: f64| {
            let order = &order;
            move || {
                order.borrow_mut().push(name);
                Ok(vec![value, 2.0 * value])
            }
        };
        let contestants = vec![
            Contestant::new(run('a', 6.0)),
            Contestant::new(run('b', 3.0)),
            Contestant::new(run('c', 1.0)).at_most(1),
        ];
        let rounds = alternate(3, contestants).unwrap();
        assert_eq!(order.into_inner(), "abcbaab");
        assert_eq!(rounds.spread(1, 1).median, 6.0);
        assert_eq!(rounds.numbers(2, 0), [1.0]);
        assert_eq!(rounds.ratio((0, 0), (1, 0)).median, 2.0);
        assert_eq!(rounds.ratio((0, 0), (2, 0)).median, 6.0);
    }
}
