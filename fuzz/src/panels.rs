//! Alarm panels: DC-03 blocks and Texecom messages alone, and their sessions under bytes, splits, clock jumps and verdicts
//! in any order.

use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use telecare_protocol::dc03::{self, Block};
use telecare_protocol::texecom::{self, Message as Wrapped};
use telecare_protocol::{Codes, Command, Delivery, Message, Mode, Outcome, Protocol, Session, Token};

use crate::front_door;

static CODES: LazyLock<Arc<Codes>> = LazyLock::new(|| Arc::new(Codes::builtin()));

static BLOCKS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let block = |function, data: &str| dc03::encode(&Block::new(function, data));
    let mut damaged = block('N', "FA001");
    damaged.iter_mut().last().into_iter().for_each(|parity| *parity ^= 1);
    vec![
        block('#', "1234"),
        block('#', "12 4"),
        block('N', "ri1/QA001"),
        block('N', "help"),
        block('A', "FRONT ROOM"),
        block('0', ""),
        block('2', ""),
        block('4', ""),
        dc03::ACKNOWLEDGE.to_vec(),
        damaged,
        dc03::encode(&Block { acknowledge: false, ..Block::new('N', "MA003/YT") }),
        dc03::encode(&Block { reverse_channel: true, ..Block::new('N', "MA003") }),
    ]
});

static MESSAGES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let poll = |flags| texecom::encode(&Wrapped::Poll { account: "1000".to_owned(), flags }).expect("a poll");
    let sia = |blocks: &[(char, &str)]| {
        let blocks = blocks.iter().map(|(function, data)| Block::new(*function, data)).collect();
        texecom::encode(&Wrapped::Sia(blocks)).expect("blocks")
    };
    vec![
        poll(0),
        poll(6),
        poll(0x41),
        b"21AAA181100010039\r\n".to_vec(),
        b"21AAA181100010038\r\n".to_vec(),
        sia(&[('#', "1000"), ('N', "MA003"), ('A', "HALL"), ('0', "")]),
        sia(&[('#', "1000"), ('N', "MA003"), ('#', "2000"), ('N', "FA001"), ('0', "")]),
        sia(&[('#', "1000"), ('0', "")]),
        b"+++".to_vec(),
    ]
});

/// Blocks: what was read is written and read again.
pub fn dc03_blocks(data: &[u8]) {
    for (raw, found) in dc03::decode_all(data) {
        let dc03::Found::Block(Ok(block)) = found else { continue };
        assert_eq!(dc03::encode(&block), raw);
        for mode in [Mode::Strict, Mode::Tolerant] {
            let report = dc03::report(&block, Some("1234"), mode, &CODES);
            assert!(mode == Mode::Strict || report.is_ok(), "what is not known is kept");
            if let Ok(Some(report)) = report {
                assert!(report.principal().is_some(), "a report says something");
            }
        }
    }
    front_door(Protocol::SiaDc03, data, 3);
}

/// Messages: what was read is written and read again.
pub fn texecom_message(data: &[u8]) {
    for (raw, read) in texecom::decode_all(data) {
        let Ok(read) = read else { continue };
        let again = texecom::encode(&read.message).expect("what was read can be sent");
        assert_eq!(texecom::read(&again).map(|read| read.message), Ok(read.message), "{raw:?}");
    }
    front_door(Protocol::Texecom, data, 3);
}

/// Steps come in pairs of bytes: what, and how much.
pub fn dc03_session(data: &[u8]) {
    let now = Instant::now();
    let session = dc03::Session::new(dc03::Settings::default(), Arc::clone(&CODES), now);
    let ack_wait = dc03::Settings::default().timing.ack_wait;
    Rig::new(session.into(), now, ack_wait, |bytes| bytes == dc03::REJECT).run(data, &BLOCKS);
}

/// The same with a Texecom panel, which gets no negative answer.
pub fn texecom_session(data: &[u8]) {
    let settings = texecom::Settings::default();
    let ack_wait = settings.ack_wait;
    let session = texecom::Session::new(settings, Arc::clone(&CODES));
    Rig::new(session.into(), Instant::now(), ack_wait, |_| false).run(data, &MESSAGES);
}

struct Rig {
    session: Session,
    now: Instant,
    ack_wait: Duration,
    is_negative: fn(&[u8]) -> bool,
    waiting: Vec<Delivery>,
    /// What its sender waits for: all of these tokens, since then; nothing has come since.
    open: Option<(Vec<Token>, Instant)>,
    next_token: u64,
}

impl Rig {
    fn new(session: Session, now: Instant, ack_wait: Duration, is_negative: fn(&[u8]) -> bool) -> Rig {
        Rig { session, now, ack_wait, is_negative, waiting: Vec::new(), open: None, next_token: 0 }
    }

    fn run(&mut self, data: &[u8], pieces: &[Vec<u8>]) {
        let mut rest = data;
        while let [step, size, tail @ ..] = rest {
            let amount = usize::from(*size);
            rest = tail;
            match step % 8 {
                0 => {
                    let (bytes, tail) = rest.split_at(amount.min(rest.len()));
                    rest = tail;
                    self.hear(bytes);
                }
                1 => self.hear(&pieces[amount % pieces.len()]),
                2 => {
                    let piece = &pieces[amount % pieces.len()];
                    let (head, tail) = piece.split_at(amount / pieces.len() % piece.len());
                    self.hear(head);
                    self.hear(tail);
                }
                3 => self.wait(Duration::from_millis(40 * u64::from(*size))),
                4 => self.wait(Duration::from_secs(u64::from(*size))),
                5 => self.stored(amount),
                6 => self.refused(amount),
                _ => self.now = self.now.checked_sub(Duration::from_millis(u64::from(*size))).unwrap_or(self.now),
            }
            assert_eq!(self.drain(), 0, "an answer without handle_stored");
        }
    }

    fn hear(&mut self, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.open = None;
        }
        self.session.handle_bytes(bytes, self.now);
        assert_eq!(self.drain(), 0, "an answer without handle_stored");
    }

    fn wait(&mut self, wait: Duration) {
        self.now += wait;
        self.session.handle_timeout(self.now);
        for _ in 0..4 {
            if self.session.poll_timeout().is_none_or(|deadline| deadline > self.now) {
                return;
            }
            self.session.handle_timeout(self.now);
        }
        panic!("a timeout that handle_timeout did not clear");
    }

    fn stored(&mut self, at: usize) {
        if self.waiting.is_empty() {
            self.session.handle_stored(Token(u64::MAX), self.now);
            assert_eq!(self.drain(), 0, "an answer for a token that was never given");
            return;
        }
        let delivery = self.waiting.remove(at % self.waiting.len());
        self.session.handle_stored(delivery.token, self.now);
        if let Some((tokens, _)) = &mut self.open {
            tokens.retain(|token| *token != delivery.token);
        }
        match self.drain() {
            0 => {}
            1 => {
                let in_time = self.open.as_ref().is_some_and(|(tokens, last)| {
                    tokens.is_empty() && self.now.saturating_duration_since(*last) < self.ack_wait
                });
                assert!(in_time, "an answer for what nobody waits for, or what is not stored");
                self.open = None;
            }
            answers => panic!("{answers} answers"),
        }
        self.session.handle_stored(delivery.token, self.now);
        assert_eq!(self.drain(), 0, "an answer given twice");
    }

    fn refused(&mut self, at: usize) {
        if !self.waiting.is_empty() {
            let delivery = self.waiting.remove(at % self.waiting.len());
            self.session.handle_refused(delivery.token, self.now);
            // Whoever waits for it gets none.
            self.open = self.open.take().filter(|(tokens, _)| !tokens.contains(&delivery.token));
        }
    }

    /// Takes the commands; gives the number of positive answers among them.
    fn drain(&mut self) -> usize {
        let mut answers = 0;
        while let Some(command) = self.session.next_command() {
            match command {
                Command::Send(bytes) => {
                    assert!(!bytes.is_empty());
                    answers += usize::from(!(self.is_negative)(&bytes));
                }
                Command::Deliver(delivery) => self.delivered(*delivery),
                Command::Close => panic!("this protocol ends no conversation"),
                Command::Count(_) | Command::Left(..) => {}
            }
        }
        answers
    }

    fn delivered(&mut self, delivery: Delivery) {
        assert_eq!(delivery.token, Token(self.next_token), "tokens count up");
        self.next_token += 1;
        assert!(delivery.first_byte <= delivery.last_byte);
        if let Message::Report(report) = &delivery.message {
            let said = report.outcome == Outcome::Decoded && !delivery.raw.is_empty();
            let codes = &CODES;
            let read = || {
                telecare_protocol::decode(report.protocol, &delivery.raw, Mode::Tolerant, codes, &Default::default())
            };
            assert!(!said || read().iter().all(|decoded| !matches!(decoded.what, telecare_protocol::What::Error(_))));
        }
        // What is said in one piece has the same bytes; the last of it owes the answer.
        if delivery.owed {
            let same = |other: &&Delivery| other.raw == delivery.raw && other.last_byte == delivery.last_byte;
            let first = self.next_token.saturating_sub(8);
            let recent = self.waiting.iter().filter(same).map(|other| other.token).filter(|token| token.0 >= first);
            let mut tokens: Vec<Token> = recent.filter(|token| self.is_of_message(*token, &delivery)).collect();
            tokens.push(delivery.token);
            self.open = Some((tokens, delivery.last_byte));
        }
        self.waiting.push(delivery);
    }

    /// Whether the earlier delivery is of the same message: those between them owe nothing.
    fn is_of_message(&self, token: Token, last: &Delivery) -> bool {
        let between = self.waiting.iter().filter(|other| other.token >= token && other.token < last.token);
        between.clone().count() as u64 == last.token.0 - token.0 && between.into_iter().all(|other| !other.owed)
    }
}
