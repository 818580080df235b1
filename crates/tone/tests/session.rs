//! What is heard goes to the sessions of the tone protocols unchanged: a whole opening of a BS 8521 call, in audio.
#![allow(clippy::unwrap_used, reason = "a test may fail by panic")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use telecare_protocol::call::{Begun, Command};
use telecare_protocol::tones::{Digit, Note, Sound, notes, playing_time};
use telecare_protocol::{Codes, Protocol, Token, detect};
use telecare_tone::ear::{Ear, Told};
use telecare_tone::feed::Feed;
use telecare_tone::plan::{Voice, play};
use telecare_tone::{PACKET, damage, level};

const FRAME: &str = "A01000001234500000190190076#";
const BODY: &str = "010000012345000001901900";

/// What came of a call.
#[derive(Debug, Default)]
struct Came {
    delivered: Vec<String>,
    /// Requests that were played.
    asked: u32,
    /// Milliseconds from the end of the unit's message to the acknowledgement.
    acknowledged_after: Option<u64>,
}

/// A unit that is asked with a long B and sends its message 80 ms later, the first time. `is_heard` says what is fed to
/// the session.
fn call(snr: Option<f32>, is_heard: fn(&Told) -> bool) -> Came {
    let ms = Duration::from_millis;
    let origin = Instant::now();
    let begun = Begun { caller: None, at: origin, slack: ms(40), learnt: None };
    let mut session = detect::usual_call(Protocol::Bs8521, Arc::new(Codes::builtin()), begun).unwrap();
    let mut ear = Ear::new(Protocol::Bs8521);
    let mut feed = Feed::new(origin);
    let mut random = damage::random(1);
    let message = play(&notes(FRAME, ms(80), ms(80)), Voice::default(), ms(80), ms(0));
    let (mut sending, mut sent_at) = (Vec::new(), None);
    let mut played: Option<(Instant, Vec<Note>)> = None;
    let mut stored: Option<(Instant, Token)> = None;
    let mut came = Came::default();
    for packet in 0..15 * 50_u32 {
        let now = origin + ms(20) * packet;
        if let Some((_, told)) = played.take_if(|(at, _)| now >= *at) {
            session.handle_played(now);
            let is_request = told.iter().any(|note| note.sound == Sound::Digit(Digit::B) && note.on >= ms(500));
            came.asked += u32::from(is_request);
            if is_request && sent_at.is_none() {
                sending = message.clone();
                sent_at = Some(now + playing_time(&notes(FRAME, ms(80), ms(80))) + ms(80));
            }
        }
        if let Some((_, token)) = stored.take_if(|(at, _)| now >= *at) {
            session.handle_stored(token, now);
        }
        let rest = sending.split_off(sending.len().min(PACKET));
        let mut samples = std::mem::replace(&mut sending, rest);
        samples.resize(PACKET, 0.0);
        if let Some(snr) = snr {
            damage::noise(&mut samples, level::amplitude(-10.0).powi(2), snr, &mut random);
        }
        let now = now + ms(20);
        for told in ear.push(&samples).iter().filter(|told| is_heard(told)) {
            feed.take(told).into_iter().for_each(|heard| session.handle_sound(heard, now));
        }
        if session.poll_timeout().is_some_and(|at| now >= at) {
            session.handle_timeout(now);
        }
        while let Some(command) = session.next_command() {
            match command {
                Command::Play(told) => {
                    if !came.delivered.is_empty() && came.acknowledged_after.is_none() {
                        let after = now.saturating_duration_since(sent_at.unwrap());
                        came.acknowledged_after = u64::try_from(after.as_millis()).ok();
                    }
                    played = Some((now + playing_time(&told), told));
                }
                Command::Deliver(delivery) => {
                    // A call that was not understood is delivered, too.
                    let raw = String::from_utf8_lossy(&delivery.raw).into_owned();
                    came.delivered.extend(Some(raw).filter(|raw| raw.contains(BODY)));
                    stored = Some((now + ms(20), delivery.token));
                }
                _ => {}
            }
        }
        if came.acknowledged_after.is_some() {
            break;
        }
    }
    came
}

#[test]
fn the_digit_path_feeds_a_session_and_a_frame_tells_nothing_twice() {
    let alone = call(None, |told| matches!(told, Told::Sound(_)));
    let both = call(None, |_| true);
    for came in [alone, both] {
        assert_eq!((came.delivered.len(), came.asked), (1, 1), "{came:?}");
        let after = came.acknowledged_after.unwrap();
        assert!(after <= 200, "the unit waits 570 ms, 300 ms of it may be the way: {came:?}");
    }
}

#[test]
fn the_frame_path_feeds_a_session_where_no_digit_is_heard() {
    assert_eq!(call(Some(0.0), |told| matches!(told, Told::Sound(_))).delivered.len(), 0);
    let came = call(Some(0.0), |_| true);
    assert_eq!((came.delivered.len(), came.asked), (1, 1), "it is not asked again while it sends: {came:?}");
    assert!(came.acknowledged_after.is_some_and(|after| after <= 200), "{came:?}");
    let late = call(Some(0.0), |told| !matches!(told, Told::Arriving(_)));
    assert!(late.asked > 1, "nobody said that it was sending: {late:?}");
}
