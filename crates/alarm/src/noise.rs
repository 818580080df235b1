//! Noise: when many units of one group speak at once, and when one unit speaks without end.
//!
//! Only what equipment says is ever counted here: a person's press is never noise. What is counted lives in memory
//! alone and starts again with the process: at worst more is shown, never less.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use time::OffsetDateTime;

use crate::group::Group;

/// Groups counted at once; the longest silent is forgotten for one more.
pub const GROUPS_MAX: usize = 20_000;
/// Units counted at once; those that are quiet, and then any, are forgotten for one more.
pub const UNITS_MAX: usize = 100_000;

/// When it is noise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoiseRules {
    /// More units than this of one group at once are one incident.
    pub units_max: usize,
    /// What "at once" is.
    pub within: Duration,
    /// From this signal on a unit that does not pause is a runaway.
    pub runaway_signals: u32,
    /// What a pause is.
    pub runaway_gap: Duration,
}

impl Default for NoiseRules {
    fn default() -> NoiseRules {
        NoiseRules {
            units_max: 10,
            within: Duration::from_secs(60),
            runaway_signals: 30,
            runaway_gap: Duration::from_secs(30 * 60),
        }
    }
}

/// Many units of one group at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Storm {
    /// What they have in common.
    pub group: Group,
    /// Keys of the units.
    pub units: Vec<Arc<str>>,
}

/// The counting.
#[derive(Debug, Default)]
pub struct Noise {
    groups: HashMap<Group, VecDeque<Heard>>,
    runs: HashMap<Arc<str>, Run>,
}

/// One unit of a group, and when it spoke last.
#[derive(Clone, Debug)]
struct Heard {
    at: OffsetDateTime,
    unit: Arc<str>,
}

#[derive(Clone, Copy, Debug)]
struct Run {
    signals: u32,
    last: OffsetDateTime,
}

impl Noise {
    /// Counts a unit in its groups. Units count, not signals: one unit alone is never a storm.
    ///
    /// Of several groups with too many units the narrowest is meant: it says best where the cause is. Its units are
    /// counted no more, so that one cut is told once.
    pub fn heard(
        &mut self,
        at: OffsetDateTime,
        unit: &Arc<str>,
        groups: &[Group],
        rules: &NoiseRules,
    ) -> Option<Storm> {
        for group in groups {
            self.make_room(group);
            let heard = self.groups.entry(group.clone()).or_default();
            heard.retain(|known| known.unit != *unit && is_within(known.at, at, rules.within));
            heard.push_back(Heard { at, unit: unit.clone() });
            if heard.len() > rules.units_max.saturating_add(1) {
                heard.pop_front();
            }
        }
        let count = |group: &Group| self.groups.get(group).map_or(0, VecDeque::len);
        let group = groups.iter().filter(|group| count(group) > rules.units_max).max_by_key(|group| group.kind())?;
        let group = Group::clone(group);
        let units: Vec<Arc<str>> = self.groups.remove(&group).into_iter().flatten().map(|heard| heard.unit).collect();
        for other in groups {
            if let Some(heard) = self.groups.get_mut(other) {
                heard.retain(|known| !units.contains(&known.unit));
            }
        }
        Some(Storm { group, units })
    }

    /// Counts a signal of a unit, and says whether it is one of a run without end: the first ones are not, and after
    /// a pause the counting begins again.
    pub fn runaway(&mut self, at: OffsetDateTime, unit: &Arc<str>, rules: &NoiseRules) -> bool {
        if self.runs.len() >= UNITS_MAX && !self.runs.contains_key(unit) {
            self.runs.retain(|_, run| is_within(run.last, at, rules.runaway_gap));
            if self.runs.len() >= UNITS_MAX {
                self.runs.clear();
            }
        }
        let run = self.runs.entry(unit.clone()).or_insert(Run { signals: 0, last: at });
        let goes_on = is_within(run.last, at, rules.runaway_gap);
        run.signals = if goes_on { run.signals.saturating_add(1) } else { 1 };
        run.last = at;
        run.signals >= rules.runaway_signals
    }

    fn make_room(&mut self, group: &Group) {
        if self.groups.len() < GROUPS_MAX || self.groups.contains_key(group) {
            return;
        }
        let silent = self.groups.iter().min_by_key(|(_, heard)| heard.back().map(|heard| heard.at));
        if let Some(silent) = silent.map(|(group, _)| group.clone()) {
            self.groups.remove(&silent);
        }
    }
}

/// Whether two instants are so near each other, whichever came first: a clock may be set back.
fn is_within(one: OffsetDateTime, other: OffsetDateTime, within: Duration) -> bool {
    let apart = one.unix_timestamp_nanos().abs_diff(other.unix_timestamp_nanos());
    apart <= within.as_nanos()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::group::GroupKind;
    use crate::testing::at;

    fn group(kind: GroupKind, name: &str) -> Group {
        Group::new(kind, name).expect("a name")
    }

    fn unit(n: usize) -> Arc<str> {
        Arc::from(format!("unit/{n}"))
    }

    #[test]
    fn a_district_is_a_handful_of_storms_and_one_house_is_itself() {
        let (mut noise, rules) = (Noise::default(), NoiseRules::default());
        let mut storms = Vec::new();
        for n in 0..5_000_usize {
            let area = group(GroupKind::Area, &format!("B9{}", n % 5));
            let scheme = group(GroupKind::Scheme, &format!("Court {}", n % 250));
            let millis = i64::try_from(n * 12).expect("small");
            let now = at(0) + time::Duration::milliseconds(millis);
            // As the desk does: what has an open incident is counted no more.
            if storms.iter().any(|storm: &Storm| storm.group == area || storm.group == scheme) {
                continue;
            }
            storms.extend(noise.heard(now, &unit(n), &[area, scheme], &rules));
        }
        assert_eq!(storms.len(), 5);
        assert!(storms.iter().all(|storm| storm.group.kind() == GroupKind::Area && storm.units.len() == 11));

        let (mut noise, mut storms) = (Noise::default(), Vec::new());
        let (area, scheme) = (group(GroupKind::Area, "B97"), group(GroupKind::Scheme, "Beech Court"));
        for n in 0..11 {
            storms.extend(noise.heard(at(1), &unit(n), &[area.clone(), scheme.clone()], &rules));
        }
        assert_eq!(storms.iter().map(|storm| &storm.group).collect::<Vec<_>>(), [&scheme]);
        // One neighbour more does not make it the whole district.
        assert_eq!(noise.heard(at(2), &unit(99), &[area], &rules), None);
    }

    #[test]
    fn units_count_not_signals_and_only_at_once() {
        let (mut noise, rules) = (Noise::default(), NoiseRules::default());
        let area = [group(GroupKind::Area, "B97")];
        for seconds in 0..1_000 {
            assert_eq!(noise.heard(at(seconds), &unit(1), &area, &rules), None, "one unit alone");
        }
        for n in 0..1_000_usize {
            let seconds = 2_000 + i64::try_from(n * 7).expect("small");
            assert_eq!(noise.heard(at(seconds), &unit(n), &area, &rules), None, "nine a minute");
        }
    }

    #[test]
    fn a_runaway_shows_first_and_again_after_a_pause() {
        let (mut noise, rules) = (Noise::default(), NoiseRules::default());
        let mut shown = Vec::new();
        for n in 0..100 {
            if !noise.runaway(at(n), &unit(1), &rules) {
                shown.push(n);
            }
        }
        assert_eq!(shown, (0..29).collect::<Vec<_>>());
        assert!(noise.runaway(at(99 + 1_800), &unit(1), &rules), "a pause is longer");
        assert!(!noise.runaway(at(99 + 1_800 + 1_801), &unit(1), &rules));
        assert!(!noise.runaway(at(0), &unit(2), &rules), "another unit");
    }

    proptest! {
        #[test]
        fn what_is_counted_has_a_bound_under_any_clock(
            heard in prop::collection::vec((-10_000..10_000i64, 0..40usize, 0..6usize), 1..300),
        ) {
            let (mut noise, rules) = (Noise::default(), NoiseRules { units_max: 3, ..NoiseRules::default() });
            for (seconds, n, place) in heard {
                let groups = [group(GroupKind::Area, &place.to_string()), group(GroupKind::Scheme, &(place / 2).to_string())];
                if let Some(storm) = noise.heard(at(seconds), &unit(n), &groups, &rules) {
                    prop_assert!(storm.units.len() > rules.units_max && storm.units.contains(&unit(n)));
                }
                prop_assert!(noise.groups.values().all(|heard| heard.len() <= rules.units_max + 1));
            }
        }
    }
}
