use kernel::Day;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// Chance that a seed repeats: the same seed, the same town.
pub(crate) struct Chance(ChaCha8Rng);

impl Chance {
    pub fn new(seed: u64) -> Chance {
        Chance(ChaCha8Rng::seed_from_u64(seed))
    }

    /// A number from 0 to `bound` - 1. The bias of the remainder is below a millionth for the bounds used here.
    pub fn below(&mut self, bound: u32) -> u32 {
        self.0.next_u32() % bound.max(1)
    }

    /// A number from `first` to `last`, both included.
    pub fn between(&mut self, first: u32, last: u32) -> u32 {
        first + self.below(last - first + 1)
    }

    /// True `hundredths` times in a hundred.
    pub fn percent(&mut self, hundredths: u32) -> bool {
        self.below(100) < hundredths
    }

    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(u32::try_from(items.len()).expect("tables are short")) as usize]
    }

    /// The place of one of `weights`, as often as it weighs.
    pub fn weighted(&mut self, weights: &[u32]) -> usize {
        let mut at = self.below(weights.iter().sum());
        for (place, weight) in weights.iter().enumerate() {
            if at < *weight {
                return place;
            }
            at -= weight;
        }
        0
    }

    /// A day in the 364 that begin with `first`.
    pub fn day_from(&mut self, first: Day, days: u32) -> Day {
        plus(first, i64::from(self.below(days)))
    }
}

/// The day `days` later, or earlier if negative.
pub(crate) fn plus(day: Day, days: i64) -> Day {
    day.saturating_add(jiff::Span::new().days(days))
}
