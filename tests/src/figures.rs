//! Durations of a run, and what is said of them.

use std::time::Duration;

use serde_json::{Value, json};

/// The durations of one run, in order, milliseconds.
#[derive(Clone, Debug, Default)]
pub struct Samples(Vec<f64>);

impl Samples {
    /// Of durations as they came.
    pub fn of(durations: impl IntoIterator<Item = Duration>) -> Samples {
        let mut ms: Vec<f64> = durations.into_iter().map(|duration| duration.as_secs_f64() * 1_000.0).collect();
        ms.sort_by(f64::total_cmp);
        Samples(ms)
    }

    /// How many.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// The duration that a share of all does not exceed; NaN of none.
    pub fn quantile(&self, share: f64) -> f64 {
        let last = self.0.len().saturating_sub(1);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
        let place = (share * last as f64).ceil() as usize;
        self.0.get(place).copied().unwrap_or(f64::NAN)
    }

    /// For people: p50 / p95 / p99.
    pub fn words(&self) -> String {
        let [p50, p95, p99] = [0.5, 0.95, 0.99].map(|share| short(self.quantile(share)));
        format!("{p50} / {p95} / {p99} ms")
    }

    /// For machines.
    pub fn json(&self) -> Value {
        json!({
            "count": self.count(),
            "p50_ms": self.quantile(0.5),
            "p95_ms": self.quantile(0.95),
            "p99_ms": self.quantile(0.99),
            "p999_ms": self.quantile(0.999),
            "max_ms": self.quantile(1.0),
        })
    }

    /// Both runs as one.
    pub fn and(mut self, other: &Samples) -> Samples {
        self.0.extend(&other.0);
        self.0.sort_by(f64::total_cmp);
        self
    }
}

/// The middle of some numbers; NaN of none.
pub fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    let middle = numbers.len() / 2;
    let above = numbers.get(middle).copied().unwrap_or(f64::NAN);
    if numbers.len() % 2 == 1 {
        above
    } else {
        numbers.get(middle.wrapping_sub(1)).map_or(above, |below| (below + above) / 2.0)
    }
}

/// A number with three digits that matter.
pub fn short(number: f64) -> String {
    match number.abs() {
        size if size >= 100.0 => format!("{number:.0}"),
        size if size >= 10.0 => format!("{number:.1}"),
        size if size >= 0.1 => format!("{number:.2}"),
        _ => format!("{number:.3}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_durations_that_were_measured() {
        for (count, share, ms) in [
            (1, 0.5, 1.0),
            (2, 0.5, 2.0),
            (3, 0.5, 2.0),
            (100, 0.5, 51.0),
            (100, 0.95, 96.0),
            (100, 0.99, 100.0),
            (101, 0.5, 51.0),
            (101, 0.0, 1.0),
            (101, 1.0, 101.0),
        ] {
            let samples = Samples::of((1..=count).rev().map(Duration::from_millis));
            assert!((samples.quantile(share) - ms).abs() < 1e-9, "{share} of {count}: {}", samples.quantile(share));
        }
        assert!(Samples::default().quantile(0.5).is_nan());
    }

    #[test]
    fn two_runs_are_one_in_order() {
        let both = Samples::of([3, 1].map(Duration::from_millis)).and(&Samples::of([2, 4].map(Duration::from_millis)));
        assert_eq!(both.count(), 4);
        assert_eq!(both.words(), "3.00 / 4.00 / 4.00 ms");
    }

    #[test]
    fn the_median_of_an_even_number_lies_between() {
        for (numbers, middle) in [(vec![2.0], 2.0), (vec![9.0, 1.0], 5.0), (vec![9.0, 1.0, 2.0], 2.0)] {
            assert!((median(numbers.clone()) - middle).abs() < 1e-9, "{numbers:?}");
        }
        assert!(median(Vec::new()).is_nan());
    }

    #[test]
    fn three_digits_matter() {
        for (number, text) in [(1234.5, "1234"), (123.4, "123"), (12.34, "12.3"), (1.234, "1.23"), (0.0123, "0.012")] {
            assert_eq!(short(number), text);
        }
    }
}
