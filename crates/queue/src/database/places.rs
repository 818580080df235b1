//! Where rows lie that are written again and again.
//!
//! While somebody holds a snapshot open no version of a row can be cleared away, and an index leads to its latest through
//! all of them: a card that is claimed a thousand times, this receiver's row with every transaction. So the writer
//! remembers where it put them. A place that is out of date costs a try: nothing is found there, as when somebody was quicker.

use std::collections::HashMap;

use uuid::Uuid;

use crate::record::AlarmRecord;

/// Alarms whose places are remembered at most: more than are open anywhere. Beyond it all are forgotten.
const ALARMS_MAX: usize = 50_000;

/// What one connection knows of where rows lie, as PostgreSQL's `ctid` in text.
#[derive(Debug, Default)]
pub struct Places {
    /// With the revision that lies there: somebody else's change lies elsewhere.
    alarms: HashMap<Uuid, (i64, String)>,
    receiver: Option<String>,
}

impl Places {
    /// Where these rows lie, each a revision before the one it is to have, and this receiver's; none unless all are known.
    pub fn of(&self, changed: &[AlarmRecord]) -> Option<(Vec<String>, String)> {
        let place = |row: &AlarmRecord| {
            let (revision, place) = self.alarms.get(&row.id)?;
            (*revision == row.revision - 1).then(|| place.clone())
        };
        Some((changed.iter().map(place).collect::<Option<_>>()?, self.receiver.clone()?))
    }

    /// Takes note of where rows were written.
    pub fn learn<'a>(
        &mut self,
        rows: impl Iterator<Item = &'a AlarmRecord>,
        mut places: HashMap<Uuid, String>,
        receiver: Option<String>,
    ) {
        self.receiver = receiver;
        if self.alarms.len() >= ALARMS_MAX {
            self.alarms.clear();
        }
        for row in rows {
            match places.remove(&row.id).filter(|_| row.closed_at.is_none()) {
                Some(place) => self.alarms.insert(row.id, (row.revision, place)),
                None => self.alarms.remove(&row.id),
            };
        }
    }

    /// Forgets everything: what was learnt in a transaction that failed is nowhere.
    pub fn forget(&mut self) {
        *self = Places::default();
    }
}

#[cfg(test)]
mod tests {
    use telecare_alarm::Alarm;

    use super::*;
    use crate::sample::press;

    #[test]
    fn a_place_is_known_of_the_revision_before_and_of_open_alarms() {
        let mut alarm = Alarm::open(&press("1234", 0), None);
        let row = |alarm: &Alarm| AlarmRecord::of(alarm);
        let at = |place: &str| HashMap::from([(alarm.id.0, place.to_owned())]);
        let mut places = Places::default();
        assert_eq!(places.of(&[]), None, "where this receiver's row lies is not known");
        places.learn([row(&alarm)].iter(), at("(0,1)"), Some("(0,7)".to_owned()));
        assert_eq!(places.of(&[]), Some((Vec::new(), "(0,7)".to_owned())));
        assert_eq!(places.of(&[row(&alarm)]), None, "nobody writes what is there");
        alarm.revision += 1;
        assert_eq!(places.of(&[row(&alarm)]), Some((vec!["(0,1)".to_owned()], "(0,7)".to_owned())));
        alarm.revision += 1;
        assert_eq!(places.of(&[row(&alarm)]), None, "somebody else wrote the one between");
        places.learn([row(&alarm)].iter(), HashMap::new(), None);
        alarm.revision += 1;
        places.receiver = Some("(0,8)".to_owned());
        assert_eq!(places.of(&[row(&alarm)]), None, "it was not told where it lies");
        places.forget();
        assert_eq!(places.of(&[]), None);
    }
}
