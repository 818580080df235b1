//! What came of many exchanges.

use std::collections::BTreeMap;
use std::time::Duration;

/// Of one kind of exchange.
#[derive(Debug, Default)]
pub struct Figures {
    /// Begun.
    pub begun: u64,
    /// Copies sent again.
    pub repeated: u64,
    /// Never acknowledged.
    pub failed: u64,
    /// From the first byte of the copy that was acknowledged to the acknowledgement, by tenths of a millisecond.
    after: BTreeMap<u64, u64>,
}

impl Figures {
    /// One was acknowledged.
    pub fn acknowledged(&mut self, after: Duration) {
        let tenths = u64::try_from(after.as_micros() / 100).unwrap_or(u64::MAX);
        *self.after.entry(tenths).or_default() += 1;
    }

    /// How many were.
    pub fn count(&self) -> u64 {
        self.after.values().sum()
    }

    /// The time within which so many of a hundred were acknowledged, milliseconds.
    pub fn percentile(&self, of_hundred: f64) -> f64 {
        let wanted = (self.count() as f64 * of_hundred / 100.0).ceil() as u64;
        let mut seen = 0;
        for (tenths, count) in &self.after {
            seen += count;
            if seen >= wanted.max(1) {
                return *tenths as f64 / 10.0;
            }
        }
        0.0
    }

    /// In words.
    pub fn in_words(&self, what: &str) -> String {
        format!(
            "{what}: {} sent, {} acknowledged, {} repeated, {} never; after {:.1} ms (p50), {:.1} (p99), {:.1} (longest)",
            self.begun,
            self.count(),
            self.repeated,
            self.failed,
            self.percentile(50.0),
            self.percentile(99.0),
            self.percentile(100.0)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_what_was_acknowledged() {
        let mut figures = Figures::default();
        assert_eq!(figures.percentile(99.0), 0.0);
        (1..=100).for_each(|ms| figures.acknowledged(Duration::from_millis(ms)));
        assert_eq!(
            (figures.percentile(50.0), figures.percentile(99.0), figures.percentile(100.0)),
            (50.0, 99.0, 100.0)
        );
    }
}
