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
    pub fn len(&self) -> usize {
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
            "count": self.len(),
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
