//! The record of a test: what came, in what order, and who saw it. Made of what is stored and of nothing else, so
//! that no test is reported as not arrived although it had (Österåker).

use std::collections::HashMap;

use telecare_protocol::Outcome;
use time::OffsetDateTime;

use crate::{Act, Action, Actor, AlarmId, Signal, SignalId};

/// One signal under test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// The stored signal.
    pub signal: SignalId,
    /// The card it joined.
    pub alarm: AlarmId,
    /// Its last byte.
    pub at: OffsetDateTime,
    /// Which attempt of its unit, trigger, status and place it is, from 1; a proven repeat counts with the one before.
    pub number: u32,
    /// Whether it is a proven repeat.
    pub is_repeat: bool,
    /// What was raised or cleared, in words: "Pendant, bedroom".
    pub words: String,
    /// The name of why it could not be read; none when it could.
    pub fault: Option<String>,
    /// Who saw it first, and when.
    pub seen: Option<(Actor, OffsetDateTime)>,
}

/// The attempts of a test, first first. `signals` are as stored, each with the card it joined; `done` is what people
/// did to those cards, refused things left out.
pub fn attempts(signals: &[(Signal, AlarmId)], done: &[Action]) -> Vec<Attempt> {
    let mut order: Vec<&(Signal, AlarmId)> = signals.iter().collect();
    order.sort_by_key(|(signal, _)| (signal.stamps.last_byte, signal.id));
    let mut counts: HashMap<String, u32> = HashMap::new();
    let attempt = |(signal, alarm): &(Signal, AlarmId)| {
        let words = words(signal);
        let count = counts.entry(format!("{} {words}", signal.unit.key)).or_default();
        let is_repeat = signal.repeat_of.is_some();
        if !is_repeat || *count == 0 {
            *count = count.saturating_add(1);
        }
        Attempt {
            signal: signal.id,
            alarm: *alarm,
            at: signal.stamps.last_byte,
            number: *count,
            is_repeat,
            words,
            fault: match &signal.report.outcome {
                Outcome::Decoded => None,
                Outcome::Unreadable(fault) => Some(fault.name.clone()),
            },
            seen: seen(signal, *alarm, signals, done),
        }
    };
    order.into_iter().map(attempt).collect()
}

/// A claim sees what had come by then; whatever names a shown signal sees it and all before it.
fn seen(
    signal: &Signal,
    alarm: AlarmId,
    signals: &[(Signal, AlarmId)],
    done: &[Action],
) -> Option<(Actor, OffsetDateTime)> {
    let at = signal.stamps.last_byte;
    let covers = |shown: SignalId| {
        let of_card = signals.iter().filter(|(_, other)| *other == alarm).find(|(other, _)| other.id == shown);
        of_card.map_or(shown >= signal.id, |(other, _)| other.stamps.last_byte >= at)
    };
    let sees = |action: &&Action| match &action.act {
        Act::Claim { .. } => action.at >= at,
        Act::Seen { shown } | Act::Hold { shown, .. } | Act::Close { shown, .. } | Act::CloseOther { shown, .. } => {
            covers(*shown)
        }
        Act::Renew { .. }
        | Act::Resume { .. }
        | Act::Release
        | Act::Transfer { .. }
        | Act::Note { .. }
        | Act::Reopen { .. }
        | Act::StopTest { .. }
        | Act::Served
        | Act::Escalate { .. }
        | Act::CalledOut { .. }
        | Act::Join { .. }
        | Act::OffTest
        | Act::CloseByRule { .. }
        | Act::Operate { .. }
        | Act::Operated { .. }
        | Act::CallEnded { .. } => false,
    };
    let of_card = done.iter().filter(|action| action.alarm == alarm);
    of_card.filter(sees).map(|action| (action.actor.clone(), action.at)).min_by_key(|(_, at)| *at)
}

fn words(signal: &Signal) -> String {
    let event = |event: &telecare_protocol::Event| {
        let place = event.location.as_ref().map(|place| format!(", {}", place.words.trim())).unwrap_or_default();
        let status = match event.status {
            telecare_protocol::Status::Active | telecare_protocol::Status::Unknown => String::new(),
            other => format!(" ({})", other.as_str()),
        };
        format!("{}{status}{place}", event.trigger.words())
    };
    let events: Vec<String> = signal.report.events.iter().map(event).collect();
    crate::headline::tidy(&events.join("; "), crate::headline::HEADLINE_CHARS_MAX)
}

/// A test in one breath, to be read down a telephone: "Pendant, bedroom: 2 of 2 seen. Smoke: 1 came, not seen yet."
pub fn summary(attempts: &[Attempt]) -> String {
    if attempts.is_empty() {
        return "Nothing has come.".to_owned();
    }
    let mut kinds: Vec<(&str, usize, usize, bool)> = Vec::new();
    for attempt in attempts.iter().filter(|attempt| !attempt.is_repeat) {
        let (seen, unreadable) = (usize::from(attempt.seen.is_some()), attempt.fault.is_some());
        match kinds.iter_mut().find(|(words, ..)| *words == attempt.words) {
            Some((_, came, were_seen, faulty)) => {
                *came = came.saturating_add(1);
                *were_seen = were_seen.saturating_add(seen);
                *faulty = *faulty || unreadable;
            }
            None => kinds.push((&attempt.words, 1, seen, unreadable)),
        }
    }
    let sentence = |(words, came, seen, unreadable): &(&str, usize, usize, bool)| {
        let told = match (*came, *seen) {
            (came, 0) => format!("{came} came, not seen yet"),
            (came, seen) => format!("{seen} of {came} seen"),
        };
        let unreadable = if *unreadable { ", unreadable" } else { "" };
        format!("{words}: {told}{unreadable}.")
    };
    kinds.iter().map(sentence).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use telecare_protocol::Trigger;
    use telecare_protocol::report::Status;

    use super::*;
    use crate::testing::{action, actor, at, placed, signal};

    #[test]
    fn each_signal_is_an_attempt_with_a_number_and_who_saw_it() {
        let press = |id, seconds| placed(signal(id, seconds, Trigger::Pendant, Status::Active), "bedroom");
        let mut copy = press(2, 4);
        copy.repeat_of = Some(press(1, 0).id);
        let smoke = signal(4, 30, Trigger::Smoke, Status::Active);
        let card = AlarmId::from(press(1, 0).id);
        let signals: Vec<_> = [smoke, press(3, 20), copy, press(1, 0)].into_iter().map(|one| (one, card)).collect();
        let eve = actor("Eve", "van");
        let done = [action(card, 25, &eve, Act::Seen { shown: press(3, 20).id })];
        let attempts = attempts(&signals, &done);
        let told: Vec<_> = attempts.iter().map(|one| (one.words.as_str(), one.number, one.is_repeat)).collect();
        let pendant = "Pendant, bedroom";
        assert_eq!(told, [(pendant, 1, false), (pendant, 1, true), (pendant, 2, false), ("Smoke", 1, false)]);
        let seen: Vec<_> = attempts.iter().map(|one| one.seen.is_some()).collect();
        assert_eq!(seen, [true, true, true, false]);
        assert_eq!(attempts.first().and_then(|one| one.seen.clone()), Some((eve, at(25))));
        assert_eq!(summary(&attempts), "Pendant, bedroom: 2 of 2 seen. Smoke: 1 came, not seen yet.");
        assert_eq!(summary(&[]), "Nothing has come.");
    }
}
