//! Lines of a hardware receiver sent as bits by one frame and speed, and heard through a port set to another.

use super::*;

const HEARTBEAT: &[u8] = b"1011           @    \x14";
const EVENT: &[u8] = b"5011 181234E12101001\x14";
const WIDE: &[u8] = b"502003 180042E10001000\x14";

/// The line as levels, each with how long it lasts in nanoseconds. Idle is high.
fn sent(bytes: &[u8], framing: Framing, speed: u32) -> Vec<(u64, bool)> {
    let bit = 1_000_000_000 / u64::from(speed);
    let mut levels = vec![(bit * 30, true)];
    for byte in bytes {
        let mut bits: Vec<bool> = (0..framing.data_bits).map(|n| byte >> n & 1 == 1).collect();
        let is_odd = bits.iter().filter(|bit| **bit).count() % 2 == 1;
        match framing.parity {
            Parity::None => {}
            Parity::Even => bits.push(is_odd),
            Parity::Odd => bits.push(!is_odd),
        }
        levels.push((bit, false));
        levels.extend(bits.into_iter().map(|level| (bit, level)));
        levels.push((bit, true));
    }
    levels.push((bit * 30, true));
    levels
}

/// The bytes a port makes of the levels: a start bit, samples in the middle of each bit, a stop bit.
fn heard(levels: &[(u64, bool)], view: Framing, speed: u32) -> Vec<Heard> {
    let bit = 1_000_000_000 / u64::from(speed);
    let mut end = 0;
    let ends: Vec<u64> = levels
        .iter()
        .map(|(lasts, _)| {
            end += lasts;
            end
        })
        .collect();
    let is_high = |at: u64| levels.get(ends.partition_point(|end| *end <= at)).is_none_or(|(_, level)| *level);
    let step = bit / 16;
    let (mut at, mut out) = (0, Vec::new());
    while at < end {
        if is_high(at) || is_high(at + bit / 2) {
            at += step;
            continue;
        }
        let sample = |n: u64| is_high(at + bit / 2 + bit * n);
        let byte = (0..8).fold(0, |byte, n| byte | u8::from(sample(n + 1)) << n);
        let is_odd = byte.count_ones() % 2 == 1;
        let (parity_is_right, stop) = match view.parity {
            Parity::None => (true, 9),
            Parity::Even => (sample(9) == is_odd, 10),
            Parity::Odd => (sample(9) != is_odd, 10),
        };
        out.push(Heard { at: Duration::from_nanos(at), byte, is_bad: !parity_is_right || !sample(stop) });
        at += bit / 2 + bit * stop;
        while at < end && !is_high(at) {
            at += step;
        }
    }
    out
}

fn through(lines: &[&[u8]], framing: Framing, speed: u32, view: Framing, listened_at: u32) -> Judgement {
    judge(&heard(&sent(&lines.concat(), framing, speed), view, listened_at), view)
}

#[test]
fn one_look_tells_the_frame_the_protocol_and_the_header() {
    let [plain, even, odd] = Framing::VIEWS;
    let table = [
        (HEARTBEAT, Framing::new(7, Parity::Even), plain, 3),
        (EVENT, Framing::new(7, Parity::Odd), plain, 3),
        (EVENT, plain, plain, 3),
        (WIDE, plain, plain, 5),
        (WIDE, Framing::new(7, Parity::Even), plain, 5),
        (HEARTBEAT, even, even, 3),
        (EVENT, odd, odd, 3),
    ];
    for (line, framing, view, digits) in table {
        let judged = through(&[line, line], framing, 1200, view, 1200);
        let Judgement::Known(found) = judged else { panic!("{} is {judged:?}", framing.name()) };
        assert_eq!((found.framing, found.protocol), (framing, Protocol::SurGard), "{}", framing.name());
        assert_eq!((found.header_digits, found.whole, found.broken), (Some(digits), 2, 0));
    }
}

#[test]
fn the_second_protocol_is_told_from_the_first() {
    let plain = Framing::VIEWS[0];
    let lines: [&[u8]; 3] = [b"\n11 4321 18 E101 00 C001\r", b"\n00 OKAY @\r", b"\n12 0042 5 1\r"];
    let Judgement::Known(found) = through(&lines, plain, 1200, plain, 1200) else { panic!("known") };
    assert_eq!((found.protocol, found.header_digits), (Protocol::Ademco685, Some(2)));
    assert_eq!((found.whole, found.heartbeats.len()), (3, 1));
}

#[test]
fn a_wrong_speed_or_a_parity_bit_in_the_way_is_never_a_protocol() {
    let [plain, even, odd] = Framing::VIEWS;
    let seven = Framing::new(7, Parity::Even);
    let speeds = [300, 600, 1200, 2400, 4800, 9600, 19_200];
    for speed in speeds {
        for listened in speeds {
            for view in Framing::VIEWS {
                let judged = through(&[HEARTBEAT, EVENT, EVENT], seven, speed, view, listened);
                let is_known = matches!(judged, Judgement::Known(_));
                assert_eq!(is_known, speed == listened && view == plain, "{speed} heard at {listened}: {judged:?}");
            }
        }
    }
    for (framing, view) in [(even, odd), (odd, even), (even, plain)] {
        let judged = through(&[HEARTBEAT, EVENT], framing, 9600, view, 9600);
        assert!(matches!(judged, Judgement::Garbage { .. }), "{judged:?}");
    }
}

#[test]
fn listening_may_begin_in_the_middle_of_a_line() {
    let judged = through(&[&EVENT[9..], EVENT, &EVENT[..7]], Framing::VIEWS[0], 9600, Framing::VIEWS[0], 9600);
    let Judgement::Known(found) = judged else { panic!("{judged:?}") };
    assert_eq!((found.whole, found.broken), (1, 0));
}

#[test]
fn text_of_another_kind_is_told_from_garbage_and_silence() {
    let plain = Framing::VIEWS[0];
    let Judgement::Text { framing, text } = through(&[b"login: root\r\n"], plain, 9600, plain, 9600) else {
        panic!("text")
    };
    assert_eq!((framing, &text[..]), (plain, &b"login: root\r\n"[..]));
    assert_eq!(judge(&[], plain), Judgement::Nothing);
    let noise: Vec<Heard> = (0..64)
        .map(|n: u8| Heard { at: Duration::ZERO, byte: n.wrapping_mul(37) | 0x80, is_bad: n.is_multiple_of(2) })
        .collect();
    assert_eq!(judge(&noise, plain), Judgement::Garbage { bytes: 64 });
}

#[test]
fn the_usual_time_between_heartbeats_is_found() {
    let mut heard = Vec::new();
    for second in [0, 30, 60, 61, 90, 120] {
        let at = Duration::from_secs(second);
        heard.extend(HEARTBEAT.iter().map(|byte| Heard { at, byte: *byte, is_bad: false }));
    }
    let Judgement::Known(found) = judge(&heard, Framing::VIEWS[0]) else { panic!("heartbeats") };
    assert_eq!((found.heartbeats.len(), found.heartbeat_every()), (6, Some(Duration::from_secs(30))));
}

#[test]
fn a_pager_interface_is_known_by_its_blocks() {
    let call = espa::encode(&espa::Block::new('1', &[("1", "12"), ("2", "FLAT 18"), ("6", "1")]));
    let [plain, even, _] = Framing::VIEWS;
    for (framing, view) in [(plain, plain), (Framing::new(7, Parity::Even), plain), (even, even)] {
        let said: [&[u8]; 5] = [b"1\x052\x05", &call, b"\x04", b"1\x052\x05", &call];
        match through(&said, framing, 9600, view, 9600) {
            Judgement::Known(found) => {
                let what = (found.protocol, found.framing, found.header_digits, found.whole, found.broken);
                assert_eq!(what, (Protocol::Espa444, framing, None, 2, 0));
            }
            other => panic!("{framing:?}: {other:?}"),
        }
    }
    assert!(!matches!(through(&[&call], plain, 9600, plain, 4800), Judgement::Known(_)));
}

#[test]
fn dc03_blocks_are_known_by_length_and_parity() {
    let block = |function, data: &str| dc03::encode(&dc03::Block::new(function, data));
    let (account, event) = (block('#', "1234"), block('N', "ri1/QA001"));
    let [plain, even, _] = Framing::VIEWS;
    for (framing, view) in [(plain, plain), (even, even)] {
        match through(&[&account, &account, &event], framing, 1200, view, 1200) {
            Judgement::Known(found) => {
                let what = (found.protocol, found.framing, found.header_digits, found.whole, found.broken);
                assert_eq!(what, (Protocol::SiaDc03, framing, None, 3, 0));
            }
            other => panic!("{framing:?}: {other:?}"),
        }
    }
    assert!(!matches!(through(&[&account, &event], plain, 1200, plain, 2400), Judgement::Known(_)));
}
