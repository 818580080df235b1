//! The headline: one line that a tired operator reads at once.
//!
//! ```text
//! Pendant, unit 12345, bedroom 1 (master), 3 presses in 4 min, pressed again, unseen for 40 s
//! Smoke and pendant, unit 27 at scheme 44120077
//! Unreadable signals on line surgard-1, 37 in 58 min
//! ```
//!
//! What is raised comes first, most urgent first; what is over is said last, as over. At most
//! [`HEADLINE_CHARS_MAX`] characters: what and who always stay; of the rest, what fits, the most needed first.

use time::OffsetDateTime;

use crate::alarm::Contest;
use crate::{Alarm, Basis, CardCall, Ring};

mod raised;
mod words;

use raised::Triggers;
pub(crate) use words::tidy;
use words::{plain_span, upper_first};

/// Characters of a headline.
pub const HEADLINE_CHARS_MAX: usize = 120;
/// Characters of a person's or desk's name.
const NAME_CHARS_MAX: usize = 20;
/// Characters of a place.
const PLACE_CHARS_MAX: usize = 28;
/// Characters of the unit's words: "unit 123456789012345678901234 at scheme ..." at its longest.
pub(crate) const UNIT_CHARS_MAX: usize = 64;

impl Alarm {
    /// The card in one line, as it is at an instant.
    pub fn headline(&self, now: OffsetDateTime) -> String {
        let triggers = Triggers::of(self);
        let unit = tidy(&self.unit.words, UNIT_CHARS_MAX);
        let join = if self.unit.basis == Basis::Line { " on " } else { ", " };
        let shadow = if self.shadow { "Shadow: " } else { "" };
        let subject = format!("{shadow}{}{join}{unit}", upper_first(&triggers.subject()));
        // In the order in which they are needed; the number is the place in the line.
        let wanted = [
            (3, self.unseen(&triggers, now)),
            (4, self.rang_off()),
            (5, self.contest.as_ref().map(contested)),
            (2, self.how_often(&triggers)),
            (1, triggers.place()),
            (6, triggers.over()),
        ];
        let mut left = HEADLINE_CHARS_MAX.saturating_sub(subject.chars().count());
        let mut kept: Vec<(u8, String)> = Vec::new();
        for (place, part) in wanted {
            let Some(part) = part else { continue };
            let needs = part.chars().count().saturating_add(2);
            if needs <= left {
                left = left.saturating_sub(needs);
                kept.push((place, part));
            }
        }
        kept.sort_by_key(|(place, _)| *place);
        let parts: Vec<String> = std::iter::once(subject).chain(kept.into_iter().map(|(_, part)| part)).collect();
        tidy(&parts.join(", "), HEADLINE_CHARS_MAX)
    }

    /// How often people pressed, or signals came that want an answer. Proven copies are neither.
    fn how_often(&self, triggers: &Triggers<'_>) -> Option<String> {
        if self.presses < 2 {
            let times = triggers.times();
            return (self.presses == 0 && times >= 2).then(|| format!("{times} times"));
        }
        let noun = match (triggers.only_unreadable(), triggers.only_buttons()) {
            (true, _) => "",
            (false, true) => " presses",
            (false, false) => " signals",
        };
        let span = self.pressed.map_or(0, |(first, last)| seconds_between(first, last));
        let within = if span == 0 { String::new() } else { format!(" in {}", plain_span(span)) };
        Some(format!("{}{noun}{within}", self.presses))
    }

    /// That the last call is over and nobody spoke in it: somebody has to call back.
    fn rang_off(&self) -> Option<String> {
        let missed = self.calls.last().is_some_and(CardCall::is_missed);
        missed.then(|| "rang off before anyone answered".to_owned())
    }

    /// A later press on a card that somebody has, and has not looked at.
    fn unseen(&self, triggers: &Triggers<'_>, now: OffsetDateTime) -> Option<String> {
        let Ring { since, .. } = self.ring.filter(|_| self.claim.is_some() && self.closed.is_none())?;
        let what = if triggers.only_buttons() { "pressed again" } else { "new signal" };
        Some(format!("{what}, unseen for {}", plain_span(seconds_between(since, now))))
    }
}

fn contested(contest: &Contest) -> String {
    let done = match contest.act.as_str() {
        "close" => "closed",
        "hold" => "put on hold",
        "seen" => "seen",
        _ => "claimed",
    };
    let (person, desk) = (tidy(&contest.actor.person, NAME_CHARS_MAX), tidy(&contest.actor.desk, NAME_CHARS_MAX));
    format!("also {done} by {person} at {desk}")
}

fn seconds_between(first: OffsetDateTime, last: OffsetDateTime) -> u64 {
    let seconds = last.unix_timestamp().saturating_sub(first.unix_timestamp());
    u64::try_from(seconds).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use proptest::prelude::*;
    use telecare_protocol::Trigger;
    use telecare_protocol::report::Status;

    use super::*;
    use crate::testing::{action, actor, at, card, in_call, placed, signal};
    use crate::{Act, Signal};

    use Status::{Active, LowBattery, NoSpeech, OutOfService, Restored};

    fn shows(signals: &[Signal], headline: &str) {
        assert_eq!(card(signals).headline(at(0)), headline);
    }

    fn claimed(signals: &[Signal], seconds: i64) -> Alarm {
        let mut alarm = card(signals);
        let lease = Duration::from_secs(600);
        let claim = action(alarm.id, seconds, &actor("Ann", "desk 1"), Act::Claim { lease });
        alarm.act(&claim).expect("a waiting card can be claimed");
        alarm
    }

    #[test]
    fn presses_are_counted_and_copies_are_not() {
        let press = |id, seconds| placed(signal(id, seconds, Trigger::Pendant, Active), "bedroom");
        shows(&[press(1, 0)], "Pendant, unit 12345, bedroom");
        shows(&[press(1, 0), press(2, 90), press(3, 240)], "Pendant, unit 12345, bedroom, 3 presses in 4 min");
        shows(&[press(1, 0), press(2, 40)], "Pendant, unit 12345, bedroom, 2 presses in 40 s");
        let mut copy = press(2, 1);
        copy.repeat_of = Some(press(1, 0).id);
        shows(&[press(1, 0), copy], "Pendant, unit 12345, bedroom");
    }

    #[test]
    fn the_most_urgent_comes_first_and_what_is_over_last() {
        let pendant = placed(signal(1, 0, Trigger::Pendant, Active), "bedroom");
        let smoke = placed(signal(2, 5, Trigger::Smoke, Active), "kitchen");
        let mains = |id, seconds, status| signal(id, seconds, Trigger::Mains, status);
        let battery = signal(5, 9, Trigger::Battery, Active);
        shows(
            &[signal(1, 0, Trigger::Pendant, Active), signal(2, 5, Trigger::Smoke, Active)],
            "Smoke and pendant, unit 12345, 2 signals in 5 s",
        );
        shows(&[pendant.clone(), smoke], "Smoke at kitchen and pendant at bedroom, unit 12345, 2 signals in 5 s");
        shows(&[battery.clone(), pendant], "Pendant at bedroom and low battery, unit 12345");
        shows(&[mains(3, 0, Active)], "Mains power failed, unit 12345");
        shows(&[mains(3, 0, Active), mains(4, 7, Restored)], "Mains power restored, unit 12345");
        shows(
            &[mains(4, 7, Restored), mains(3, 0, Active), battery.clone()],
            "Low battery, unit 12345, mains power restored",
        );
        shows(&[mains(3, 0, Active), mains(4, 0, Restored)], "Mains power failed, unit 12345");
        shows(&[mains(3, 0, Active), mains(4, 5, Active)], "Mains power failed, unit 12345, 2 times");
        let all = [Trigger::Battery, Trigger::Fall, Trigger::Mains, Trigger::Pendant, Trigger::Gas].into_iter();
        let all: Vec<Signal> = all.zip(1..).map(|(trigger, id)| signal(id, 0, trigger, Active)).collect();
        shows(&all, "Gas, pendant, fall and 2 more, unit 12345, 3 signals");
    }

    #[test]
    fn the_status_that_decided_is_said() {
        shows(&[signal(1, 0, Trigger::Pendant, LowBattery)], "Pendant (low battery), unit 12345");
        shows(&[signal(1, 0, Trigger::Pendant, NoSpeech)], "Pendant (cannot speak), unit 12345");
        shows(&[signal(1, 0, Trigger::Service, OutOfService)], "Visit did not happen, unit 12345");
        shows(
            &[signal(1, 0, Trigger::Pendant, LowBattery), signal(2, 0, Trigger::Pendant, Active)],
            "Pendant, unit 12345, 2 presses",
        );
        shows(&[signal(1, 0, Trigger::Unknown, Active)], "Unknown code, unit 12345");
        shows(
            &[signal(1, 0, Trigger::Pendant, Active), signal(2, 1, Trigger::CallerIdentity, Active)],
            "Pendant, unit 12345",
        );
    }

    #[test]
    fn a_shadow_says_so_until_a_signal_of_ours_joins() {
        let shadow = |id| Signal { shadow: true, ..signal(id, 0, Trigger::Pendant, Active) };
        shows(&[shadow(1)], "Shadow: Pendant, unit 12345");
        shows(&[shadow(1), shadow(2)], "Shadow: Pendant, unit 12345, 2 presses");
        let ours = signal(3, 0, Trigger::Pendant, Active);
        shows(&[shadow(1), ours.clone()], "Pendant, unit 12345, 2 presses");
        shows(&[ours, shadow(1)], "Pendant, unit 12345, 2 presses");
    }

    #[test]
    fn a_caller_who_rang_off_is_said_until_the_next_call() {
        let press = |id, seconds, call| in_call(signal(id, seconds, Trigger::Pendant, Active), call);
        let mut alarm = card(&[press(1, 0, 1)]);
        assert_eq!(alarm.headline(at(5)), "Pendant, unit 12345");
        let ended = Act::CallEnded { call: alarm.calls[0].id, at: at(9), how: "remote-hangup".to_owned() };
        alarm.act(&action(alarm.id, 9, &actor("(receiver)", "redditch-1"), ended)).expect("it was on the line");
        assert_eq!(alarm.headline(at(9)), "Pendant, unit 12345, rang off before anyone answered");
        alarm.attach(&press(2, 20, 2));
        assert_eq!(alarm.headline(at(20)), "Pendant, unit 12345, 2 presses in 20 s");
    }

    #[test]
    fn a_line_speaks_of_itself() {
        let mut noise: Vec<Signal> =
            (0..37).map(|i| signal(i, i64::try_from(i).expect("small") * 97, Trigger::Unreadable, Active)).collect();
        for signal in &mut noise {
            signal.unit.basis = Basis::Line;
            signal.unit.words = Arc::from("line surgard-1");
        }
        assert_eq!(card(&noise).headline(at(0)), "Unreadable signals on line surgard-1, 37 in 58 min");
        assert_eq!(card(&noise[..1]).headline(at(0)), "Unreadable signal on line surgard-1");
        let mut down = signal(1, 0, Trigger::LineDown, Active);
        down.unit = noise[0].unit.clone();
        assert_eq!(card(&[down]).headline(at(0)), "Nothing can be heard on line surgard-1");
    }

    #[test]
    fn a_press_the_holder_has_not_seen_is_said_and_so_is_a_second_holder() {
        let mut alarm = claimed(&[signal(1, 0, Trigger::Pendant, Active)], 10);
        assert_eq!(alarm.headline(at(30)), "Pendant, unit 12345");
        alarm.attach(&signal(2, 20, Trigger::Pendant, Active));
        assert_eq!(alarm.headline(at(60)), "Pendant, unit 12345, 2 presses in 20 s, pressed again, unseen for 40 s");
        alarm.contest(&action(alarm.id, 50, &actor("Ben", "desk 2"), Act::Release));
        alarm.contest(&action(alarm.id, 50, &actor("Ben", "desk 2"), Act::Claim { lease: Duration::from_secs(9) }));
        let told =
            "Pendant, unit 12345, 2 presses in 20 s, pressed again, unseen for 40 s, also claimed by Ben at desk 2";
        assert_eq!(alarm.headline(at(60)), told);
        assert_eq!(alarm.headline(at(0)), told.replace("40 s", "0 s"), "a clock set back");
        let mut fire = claimed(&[signal(1, 0, Trigger::Pendant, Active)], 10);
        fire.attach(&signal(2, 20, Trigger::Smoke, Active));
        assert!(fire.headline(at(60)).ends_with("new signal, unseen for 40 s"));
    }

    #[test]
    fn what_and_who_and_the_unseen_press_stay_when_space_is_short() {
        let mut press = placed(signal(1, 0, Trigger::FixedTrigger, NoSpeech), &"x".repeat(200));
        press.unit.words = Arc::from("unit 123456789012345678 at scheme 123456789012345678");
        let mut alarm = claimed(&[press], 10);
        alarm.attach(&signal(2, 20, Trigger::FixedTrigger, Active));
        let headline = alarm.headline(at(60));
        assert!(headline.contains("at scheme 123456789012345678"), "{headline}");
        assert!(headline.ends_with("pressed again, unseen for 40 s"), "{headline}");
    }

    fn any_signal() -> impl Strategy<Value = Signal> {
        let triggers: Vec<Trigger> = Trigger::all().collect();
        let drawn = (any::<u64>(), -9_000_000i64..9_000_000, prop::sample::select(triggers));
        (drawn, prop::sample::select(Status::ALL.to_vec()), ".{0,80}", any::<bool>()).prop_map(
            |((id, seconds, trigger), status, text, is_line)| {
                let mut signal = placed(signal(u128::from(id), seconds, trigger, status), &text);
                signal.unit.words = Arc::from(text);
                signal.unit.basis = if is_line { Basis::Line } else { Basis::Identity };
                signal
            },
        )
    }

    proptest! {
        #[test]
        fn no_card_makes_it_panic_run_on_or_say_nothing(
            signals in prop::collection::vec(any_signal(), 1..8),
            later in prop::collection::vec(any_signal(), 0..3),
            name in ".{0,60}", rule in ".{0,30}", now in -9_000_000i64..9_000_000,
        ) {
            let mut alarm = claimed(&signals, now);
            alarm.rule = Arc::from(rule);
            alarm.contest(&action(alarm.id, 0, &actor(&name, &name), Act::Claim { lease: Duration::ZERO }));
            later.iter().for_each(|signal| alarm.attach(signal));
            for instant in [at(now), OffsetDateTime::UNIX_EPOCH, at(0)] {
                let headline = alarm.headline(instant);
                prop_assert!(headline.chars().count() <= HEADLINE_CHARS_MAX && !headline.is_empty());
                prop_assert!(!headline.chars().any(char::is_control), "{:?}", headline);
            }
        }
    }
}
