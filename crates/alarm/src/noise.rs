#![allow(missing_docs)]
use crate::group::Group;
use std::sync::Arc;
use std::time::Duration;
use time::OffsetDateTime;
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoiseRules {
    pub units_max: usize,
    pub within: Duration,
    pub runaway_signals: u32,
    pub runaway_gap: Duration,
}
impl Default for NoiseRules {
    fn default() -> Self {
        NoiseRules {
            units_max: 10,
            within: Duration::from_secs(60),
            runaway_signals: 30,
            runaway_gap: Duration::from_secs(1800),
        }
    }
}
#[derive(Debug, Default)]
pub struct Noise;
pub struct Storm {
    pub group: Group,
    pub units: Vec<Arc<str>>,
}
impl Noise {
    pub fn heard(&mut self, _: OffsetDateTime, _: &Arc<str>, _: &[Group], _: &NoiseRules) -> Option<Storm> {
        None
    }
    pub fn runaway(&mut self, _: OffsetDateTime, _: &Arc<str>, _: &NoiseRules) -> bool {
        false
    }
}
