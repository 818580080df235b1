//! SIA DC-09: frames, decrypted contents, and the session under bytes, datagrams, splits, clock jumps and verdicts in any
//! order.

use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use telecare_protocol::sia_dc09::{
    ANSWERS_OWED_MAX, Clock, Content, Data, Key, Keys, Naks, Outside, Session, Settings, Stamp, TokenName, Unit,
    UnitMessage, UnitSettings,
};
use telecare_protocol::{
    Codes, Command, DecodeOptions, Message, Mode, Outcome, Protocol, Token, What, decode, sia_frame,
};

static CODES: LazyLock<Arc<Codes>> = LazyLock::new(|| Arc::new(Codes::builtin()));
static KEYS: LazyLock<Arc<Keys>> = LazyLock::new(|| {
    let mut keys = Keys::default();
    let key = Key::from_hex("00112233445566778899AABBCCDDEEFF").expect("a key");
    for account in ["1234", "4321", "AAAB"] {
        keys.insert(account, key.clone());
    }
    Arc::new(keys)
});

static PIECES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let frame = |body: &str| sia_frame::frame_of(body.as_bytes(), sia_frame::Check::Hex);
    vec![
        frame("\"SIA-DCS\"0001L0#1234[#1234|Nri1/QA001]"),
        frame("\"ADM-CID\"0002R1L2#4321[#4321|1101 00 001]_10:20:30,03-14-2025"),
        frame("\"NULL\"0000L0#1234[]"),
        frame("\"ACK\"0000L0#1234[]"),
        frame("\"XYZ\"0003L0#1234[abc]"),
        frame(
            "\"*SIA-DCS\"0021L0#1234[AD9FCEA10A9219CE45F2B050B862075F9E1CC6D29D374DFEF777B6E8DF027BBF44B232432818EA3C1419274FC17184C0",
        ),
        b"\n6A57003A\"SIA-DCS\"0001L0#1234[#1234|Nri1/QA001]\r".to_vec(),
        b"\0\r".to_vec(),
    ]
});

/// Bytes for the front door, and each frame in them: what can be read says something.
pub fn sia_dc09_frame(data: &[u8]) {
    for mode in [Mode::Strict, Mode::Tolerant] {
        let options = DecodeOptions { header_digits: None, keys: Some(&KEYS), ..DecodeOptions::default() };
        let found = decode(Protocol::SiaDc09, data, mode, &CODES, &options);
        assert!(!found.is_empty());
        for decoded in found {
            if let What::Report(report) = decoded.what {
                assert!(report.principal().is_some() && report.outcome == Outcome::Decoded);
            }
        }
    }
    if let Some(message) = UnitMessage::of_frame(data) {
        // What a unit made of it is read as the same.
        let account = message.account.clone();
        let clock = Clock { at: Instant::now(), utc: sent() };
        let mut unit = Unit::new(UnitSettings { account, ..UnitSettings::default() }, clock, [1; 16], 1);
        assert!(unit.send(message.clone(), clock.at).is_some());
        if let Some(telecare_protocol::sia_dc09::UnitCommand::Send(frame)) = unit.next_command() {
            assert_eq!(UnitMessage::of_frame(&frame), Some(message));
        }
    }
}

/// What was decrypted, by each token.
pub fn sia_dc09_content(data: &[u8]) {
    let contents = [Content::read(data), Content::read_padded(data).map(|(content, _)| content)];
    for content in contents.into_iter().flatten() {
        let stamp = match &content.stamp {
            Stamp::Missing => String::new(),
            Stamp::At(at) => telecare_protocol::sia_dc09::stamp(*at),
            Stamp::Impossible(text) => text.clone(),
        };
        let again = Content::read(&Content::encode(&content.data, &content.extended, &stamp));
        // A piece without its letter, a stamp without its sign are not written again.
        if content.warnings.is_empty() {
            assert_eq!(again.map(|again| again.data), Some(content.data.clone()));
        }
        for token in ["SIA-DCS", "ADM-CID", "NULL", "SCN-S8", "XYZ"] {
            let _ = Data::read(TokenName::of(token), &content.data);
        }
    }
}

/// Steps come in pairs of bytes: what, and how much.
pub fn sia_dc09_session(data: &[u8]) {
    let start = Instant::now();
    let outside = |at: Instant, keys: Arc<Keys>| Outside {
        clock: Clock { at, utc: sent() },
        keys,
        naks: Arc::new(Naks::default()),
    };
    let mut rig = Rig {
        session: Session::new(
            Settings::default(),
            Arc::clone(&CODES),
            outside(start, Arc::clone(&KEYS)),
            [2; 16],
            start,
        ),
        now: start,
        waiting: Vec::new(),
        may_answer: 0,
    };
    let mut rest = data;
    while let [step, size, tail @ ..] = rest {
        let amount = usize::from(*size);
        rest = tail;
        match step % 8 {
            0 | 2 => {
                let (bytes, behind) = rest.split_at_checked(amount).unwrap_or((rest, &[]));
                rest = behind;
                if step % 8 == 0 {
                    rig.session.handle_bytes(bytes, rig.now);
                } else {
                    rig.session.handle_datagram(bytes, rig.now);
                }
            }
            1 => rig.session.handle_bytes(&PIECES[amount % PIECES.len()], rig.now),
            3 => rig.now += Duration::from_millis(amount as u64),
            4 => rig.now += Duration::from_secs(amount as u64),
            5 => rig.verdict(amount, true),
            6 => rig.verdict(amount, false),
            _ => {
                let keys = if amount.is_multiple_of(2) { Arc::clone(&KEYS) } else { Arc::default() };
                rig.session.set_outside(&outside(rig.now, keys));
            }
        }
        rig.run();
        rig.session.handle_timeout(rig.now);
        rig.run();
    }
}

/// When the encrypted vectors were stamped.
fn sent() -> time::OffsetDateTime {
    match Stamp::read("10:20:30,03-14-2025") {
        Stamp::At(at) => at,
        other => panic!("{other:?}"),
    }
}

struct Rig {
    session: Session,
    now: Instant,
    /// Deliveries that no verdict has come for, and whether they owe an answer.
    waiting: Vec<(Token, bool)>,
    /// Answers that a stored delivery has earned.
    may_answer: usize,
}

impl Rig {
    fn run(&mut self) {
        while let Some(command) = self.session.next_command() {
            match command {
                Command::Send(bytes) => {
                    let read = sia_frame::read(&bytes, Mode::Strict).map(|read| read.frame.head);
                    if read.as_ref().is_ok_and(|head| head.token == "NAK") {
                        continue;
                    }
                    assert!(self.may_answer > 0, "an answer for what is not stored");
                    self.may_answer -= 1;
                }
                Command::Deliver(delivery) => {
                    assert!(delivery.first_byte <= delivery.last_byte && !delivery.raw.is_empty());
                    if let Message::Report(report) = &delivery.message {
                        assert!(report.principal().is_some());
                    }
                    self.waiting.push((delivery.token, delivery.owed));
                }
                Command::Left(..) | Command::Count(_) | Command::Close => {}
            }
        }
        let owed = self.waiting.iter().filter(|(_, owed)| *owed).count();
        // A datagram is looked at to its end, whatever is owed already.
        assert!(owed <= ANSWERS_OWED_MAX || !self.session.wants_bytes());
    }

    fn verdict(&mut self, at: usize, stored: bool) {
        if self.waiting.is_empty() {
            return;
        }
        let (token, owed) = self.waiting.swap_remove(at % self.waiting.len());
        if stored {
            self.may_answer += usize::from(owed);
            self.session.handle_stored(token, self.now);
        } else {
            self.session.handle_refused(token, self.now);
        }
        self.run();
        self.may_answer = 0;
    }
}
