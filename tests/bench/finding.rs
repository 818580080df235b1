//! A finding: what was promised, what was measured, and whether it holds.
//!
//! ```text
//! ratio of a quantile = median over pairs of (product / floor), each pair measured side by side in one run
//! ```

use serde_json::{Value, json};

use telecare_tests::figures::{Samples, median, short};

/// Floors of the pairs that differ by more than this: the machine was not the same for long enough.
const FLOORS_APART_MAX: f64 = 1.5;

/// What may be said of a promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Better than it must be.
    Aim,
    /// As it must be.
    Met,
    /// Not as it must be.
    Missed,
    /// The floors differ too much between pairs.
    Inconclusive,
    /// Nothing was promised.
    Noted,
}

impl Verdict {
    /// For people and machines.
    pub fn as_str(self) -> &'static str {
        match self {
            Verdict::Aim => "met, and its aim",
            Verdict::Met => "met",
            Verdict::Missed => "MISSED",
            Verdict::Inconclusive => "inconclusive",
            Verdict::Noted => "",
        }
    }
}

/// What a figure must be and is to become.
#[derive(Clone, Copy, Debug)]
pub enum Bound {
    /// No more than: must, aim.
    AtMost(f64, f64),
    /// No less than: must, aim.
    AtLeast(f64, f64),
    /// Nothing.
    None,
}

impl Bound {
    fn judge(self, value: f64) -> Verdict {
        let (must, aim) = match self {
            Bound::AtMost(must, aim) => (value <= must, value <= aim),
            Bound::AtLeast(must, aim) => (value >= must, value >= aim),
            Bound::None => return Verdict::Noted,
        };
        match (must, aim) {
            (true, true) => Verdict::Aim,
            (true, false) => Verdict::Met,
            (false, _) => Verdict::Missed,
        }
    }

    fn words(self) -> [String; 2] {
        match self {
            Bound::AtMost(must, aim) => [must, aim].map(|bound| format!("≤ {bound}")),
            Bound::AtLeast(must, aim) => [must, aim].map(|bound| format!("≥ {bound}")),
            Bound::None => [String::new(), String::new()],
        }
    }
}

/// A row of the report.
#[derive(Clone, Debug)]
pub struct Finding {
    /// Name of the promise; empty where nothing was promised.
    pub target: &'static str,
    /// What was measured.
    pub what: String,
    /// The product's figure in words.
    pub product: String,
    /// The floor beside it, in words.
    pub floor: String,
    /// Their ratio, or the figure itself.
    pub figure: String,
    /// What it must be.
    pub must: String,
    /// What it is to become.
    pub aim: String,
    /// Whether it is.
    pub verdict: Verdict,
    /// Everything, for machines.
    pub json: Value,
}

/// Product and floor of one moment.
pub type Pair = (Samples, Samples);

impl Finding {
    /// Of latencies beside a floor's: judged by the ratio at p50 and p95.
    pub fn of_pairs(target: &'static str, what: &str, floor: &str, bound: Bound, pairs: &[Pair]) -> Finding {
        let ratio = |share: f64| {
            median(pairs.iter().map(|(product, floor)| product.quantile(share) / floor.quantile(share)).collect())
        };
        let [p50, p95, p99] = [0.5, 0.95, 0.99].map(ratio);
        let floors: Vec<f64> = pairs.iter().map(|(_, floor)| floor.quantile(0.5)).collect();
        let apart = floors.iter().copied().fold(f64::MIN, f64::max) / floors.iter().copied().fold(f64::MAX, f64::min);
        let judged = match (bound, bound.judge(p50.max(p95))) {
            (Bound::None, verdict) => verdict,
            (_, _) if apart > FLOORS_APART_MAX => Verdict::Inconclusive,
            (_, verdict) => verdict,
        };
        let all = |of: fn(&Pair) -> &Samples| pairs.iter().map(of).fold(Samples::default(), Samples::and);
        let (product, beside) = (all(|pair| &pair.0), all(|pair| &pair.1));
        let [must, aim] = bound.words();
        Finding {
            target,
            what: what.to_owned(),
            product: product.words(),
            floor: format!("{floor}: {}", beside.words()),
            figure: [p50, p95, p99].map(short).join(" / "),
            must,
            aim,
            verdict: judged,
            json: json!({
                "kind": "latency beside a floor",
                "ratio": { "p50": p50, "p95": p95, "p99": p99 },
                "floors_apart": apart,
                "product": product.json(),
                "floor": beside.json(),
                "pairs": pairs.iter().map(|(product, floor)| json!([product.json(), floor.json()])).collect::<Vec<_>>(),
            }),
        }
    }

    /// Of one number, with what it was made of.
    pub fn of_number(target: &'static str, what: &str, made_of: [String; 2], bound: Bound, number: f64) -> Finding {
        let [must, aim] = bound.words();
        let [product, floor] = made_of;
        Finding {
            target,
            what: what.to_owned(),
            json: json!({ "kind": "number", "number": number, "product": product, "floor": floor }),
            product,
            floor,
            figure: short(number),
            must,
            aim,
            verdict: bound.judge(number),
        }
    }
}
