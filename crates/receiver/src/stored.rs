//! One line in the log for each stored signal: what came, how it was ranked, where it is kept, and the times. No
//! account, number or name: who it was about stands in the store.

use std::time::Duration;

use telecare_alarm::Signal;
use telecare_queue::{Answer, Incoming, Queue};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::line::WaitedFor;

/// Stores a signal and says so.
pub async fn store(queue: &Queue, incoming: Incoming) -> Answer {
    let line = Line::of(&incoming.signal);
    let answer = queue.submit(incoming).await;
    match answer {
        Answer::Stored => line.say(queue, false),
        Answer::Repeat => line.say(queue, true),
        // The metrics and a trouble tell of what cannot be stored; a line each would be a flood.
        Answer::Refused => tracing::debug!(signal = line.signal, line = line.line, "signal refused"),
    }
    answer
}

/// What the line says, read off before the signal goes its way.
struct Line {
    signal: String,
    line: String,
    protocol: &'static str,
    trigger: &'static str,
    status: &'static str,
    priority: u8,
    class: &'static str,
    lane: &'static str,
    last_byte: OffsetDateTime,
    decoded: OffsetDateTime,
}

impl Line {
    fn of(signal: &Signal) -> Line {
        let event = signal.report.events.first();
        Line {
            signal: signal.id.to_string(),
            line: signal.line.to_string(),
            protocol: signal.report.protocol.as_str(),
            trigger: event.map_or("unknown", |event| event.trigger.as_str()),
            status: event.map_or("unknown", |event| event.status.as_str()),
            priority: signal.ranking.priority.number(),
            class: signal.ranking.class.as_str(),
            lane: signal.ranking.lane.as_str(),
            last_byte: signal.stamps.last_byte,
            decoded: signal.stamps.decoded,
        }
    }

    fn say(&self, queue: &Queue, repeat: bool) {
        let took = OffsetDateTime::now_utc() - self.last_byte;
        let stored = WaitedFor::of(queue, Duration::try_from(took).unwrap_or_default()).as_str();
        tracing::info!(
            signal = self.signal,
            line = self.line,
            protocol = self.protocol,
            trigger = self.trigger,
            status = self.status,
            priority = self.priority,
            class = self.class,
            lane = self.lane,
            stored,
            repeat,
            last_byte = self.last_byte.format(&Rfc3339).unwrap_or_default(),
            decoded_ms = millis(self.decoded - self.last_byte),
            stored_ms = millis(took),
            "signal stored: {} on {}, priority {}",
            self.trigger,
            self.line,
            self.priority
        );
    }
}

/// To a tenth of a millisecond: more is noise.
fn millis(duration: time::Duration) -> f64 {
    (duration.as_seconds_f64() * 10_000.0).round() / 10.0
}
