//! The two lanes before the journal: bounded, urgent first, round robin over sources, and a fixed share
//! for routine.

use std::collections::VecDeque;

use telecare_alarm::{Lane, LineId};

/// Urgent signals that may wait. Beyond it a signal is refused, so that its unit tries again or elsewhere.
pub const URGENT_MAX: usize = 20_000;
/// Routine signals that may wait.
pub const ROUTINE_MAX: usize = 10_000;
/// Journalled entries that may wait for the database, in memory. Routine signals are refused from half of it
/// on, urgent ones at the end of it: about 4 kB each, and at 100 signals a minute a day and a half.
pub const BACKLOG_MAX: usize = 200_000;
/// What one commit takes.
pub const BATCH_MAX: usize = 250;
/// What a commit takes of the routine lane even while urgent signals wait.
const ROUTINE_SHARE: usize = 50;

/// Whether a signal may be taken in while so many entries wait for the database.
pub fn backlog_has_room(backlog: usize, lane: Lane) -> bool {
    match lane {
        Lane::Urgent => backlog < BACKLOG_MAX,
        Lane::Routine => backlog < BACKLOG_MAX / 2,
    }
}

/// The lanes, holding whatever waits.
#[derive(Debug)]
pub struct Lanes<T> {
    urgent: Sources<T>,
    routine: Sources<T>,
}

#[derive(Debug)]
struct Sources<T> {
    queues: VecDeque<(LineId, VecDeque<T>)>,
    len: usize,
    max: usize,
}

impl<T> Default for Lanes<T> {
    fn default() -> Lanes<T> {
        let sources = |max| Sources { queues: VecDeque::new(), len: 0, max };
        Lanes { urgent: sources(URGENT_MAX), routine: sources(ROUTINE_MAX) }
    }
}

impl<T> Lanes<T> {
    /// Takes something in. Gives it back when its lane is full, unless its line has a slot of its own.
    pub fn push(&mut self, lane: Lane, source: &LineId, item: T, reserved: bool) -> Result<(), T> {
        let sources = match lane {
            Lane::Urgent => &mut self.urgent,
            Lane::Routine => &mut self.routine,
        };
        if sources.len >= sources.max && !reserved {
            return Err(item);
        }
        sources.push(source, item);
        Ok(())
    }

    /// What the next commit takes, at most [`BATCH_MAX`].
    pub fn batch(&mut self) -> Vec<T> {
        let share = ROUTINE_SHARE.min(self.routine.len);
        let mut batch = self.urgent.take(BATCH_MAX - share);
        batch.extend(self.routine.take(BATCH_MAX - batch.len()));
        batch
    }

    /// The same while routine signals are held back: of the routine lane only what one source has there.
    pub fn batch_holding_routine(&mut self, but: &LineId) -> Vec<T> {
        let mut batch = self.urgent.take(BATCH_MAX);
        batch.extend(self.routine.take_from(but, BATCH_MAX - batch.len()));
        batch
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.urgent.len == 0 && self.routine.len == 0
    }

    /// Takes out everything.
    pub fn drain(&mut self) -> Vec<T> {
        let mut all = self.urgent.take(usize::MAX);
        all.extend(self.routine.take(usize::MAX));
        all
    }
}

impl<T> Sources<T> {
    fn push(&mut self, source: &LineId, item: T) {
        self.len += 1;
        match self.queues.iter_mut().find(|(name, _)| name == source) {
            Some((_, queue)) => queue.push_back(item),
            None => self.queues.push_back((source.clone(), VecDeque::from([item]))),
        }
    }

    /// One from each source in turn.
    fn take(&mut self, max: usize) -> Vec<T> {
        let mut taken = Vec::with_capacity(max.min(self.len));
        while taken.len() < max {
            let Some((source, mut queue)) = self.queues.pop_front() else { break };
            taken.extend(queue.pop_front());
            if !queue.is_empty() {
                self.queues.push_back((source, queue));
            }
        }
        self.len -= taken.len();
        taken
    }

    fn take_from(&mut self, source: &LineId, max: usize) -> Vec<T> {
        let Some(place) = self.queues.iter().position(|(name, _)| name == source) else { return Vec::new() };
        let (_, queue) = &mut self.queues[place];
        let taken: Vec<T> = queue.drain(..queue.len().min(max)).collect();
        if queue.is_empty() {
            self.queues.remove(place);
        }
        self.len -= taken.len();
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urgent_goes_first_and_routine_keeps_its_share() {
        let mut lanes = Lanes::default();
        for n in 0..1_000 {
            lanes.push(Lane::Routine, &LineId::new("tests"), ("routine", n), false).unwrap();
            lanes.push(Lane::Urgent, &LineId::new("presses"), ("urgent", n), false).unwrap();
        }
        let batch = lanes.batch();
        assert_eq!(batch.len(), BATCH_MAX);
        assert!(batch[..BATCH_MAX - ROUTINE_SHARE].iter().all(|(lane, _)| *lane == "urgent"));
        assert!(batch[BATCH_MAX - ROUTINE_SHARE..].iter().all(|(lane, _)| *lane == "routine"));
    }

    #[test]
    fn what_is_held_back_stays_in_its_order() {
        let mut lanes = Lanes::default();
        let (tests, rules) = (LineId::new("tests"), LineId::new("rules"));
        for n in 0..300 {
            lanes.push(Lane::Routine, &tests, ("test", n), false).unwrap();
            lanes.push(Lane::Routine, &rules, ("close", n), false).unwrap();
        }
        lanes.push(Lane::Urgent, &tests, ("press", 0), false).unwrap();
        let held = lanes.batch_holding_routine(&rules);
        let closes = |from, to| (from..to).map(|n| ("close", n));
        assert_eq!(held, [("press", 0)].into_iter().chain(closes(0, 249)).collect::<Vec<_>>());
        assert_eq!(lanes.batch_holding_routine(&rules), closes(249, 300).collect::<Vec<_>>());
        assert_eq!(lanes.batch_holding_routine(&rules), []);
        assert!(!lanes.is_empty());
        assert_eq!(lanes.drain(), (0..300).map(|n| ("test", n)).collect::<Vec<_>>());
        assert!(lanes.is_empty());
    }

    #[test]
    fn a_flooding_source_delays_no_other() {
        let mut lanes = Lanes::default();
        for n in 0..5_000 {
            lanes.push(Lane::Urgent, &LineId::new("flood"), n, false).unwrap();
        }
        lanes.push(Lane::Urgent, &LineId::new("quiet"), 9_999, false).unwrap();
        assert!(lanes.batch()[..2].contains(&9_999));
    }

    #[test]
    fn a_long_outage_refuses_routine_signals_first() {
        let room = |backlog| (backlog_has_room(backlog, Lane::Urgent), backlog_has_room(backlog, Lane::Routine));
        assert_eq!(room(0), (true, true));
        assert_eq!(room(BACKLOG_MAX / 2), (true, false));
        assert_eq!(room(BACKLOG_MAX), (false, false));
    }

    #[test]
    fn a_full_lane_refuses_all_but_a_reserved_slot() {
        let mut lanes = Lanes::default();
        for n in 0..ROUTINE_MAX {
            lanes.push(Lane::Routine, &LineId::new("ip"), n, false).unwrap();
        }
        assert_eq!(lanes.push(Lane::Routine, &LineId::new("ip"), 1, false), Err(1));
        assert_eq!(lanes.push(Lane::Routine, &LineId::new("surgard"), 2, true), Ok(()));
        assert_eq!(lanes.push(Lane::Urgent, &LineId::new("ip"), 3, false), Ok(()));
    }
}
