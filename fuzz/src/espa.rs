//! ESPA 4.4.4: a block alone, and the session in each role under bytes, splits, clock jumps and verdicts in any order.

use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use telecare_protocol::espa::{ACK, Block, Role, Session, Settings, Texts, encode, read, report};
use telecare_protocol::{Codes, Command, Delivery, Message, Mode, Outcome, Protocol, Token};

use crate::front_door;

static CODES: LazyLock<Arc<Codes>> = LazyLock::new(|| Arc::new(Codes::builtin()));
static TEXTS: LazyLock<Arc<Texts>> = LazyLock::new(|| {
    let table = "[[call]]\ntext = \"* FLAT {unit} *\"\ntrigger = \"pendant\"\n\
                 [[call]]\ntext = \"F* Zimmer{unit}\"\ntrigger = \"fire\"\n";
    Arc::new(Texts::parse(table).expect("a table"))
});
/// How long the sender waits for an answer.
const ACK_WAIT: Duration = Duration::from_secs(2);

static PIECES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let call = |text: &str, kind: &str| encode(&Block::new('1', &[("1", "12"), ("2", text), ("4", kind)]));
    let mut damaged = call("FLAT 9", "3");
    damaged.iter_mut().last().into_iter().for_each(|check| *check ^= 1);
    vec![
        b"1\x052\x05".to_vec(),
        b"2\x05".to_vec(),
        b"\x05".to_vec(),
        b"\x04".to_vec(),
        b"\x06".to_vec(),
        b"1\x15".to_vec(),
        b"1\x053\x05".to_vec(),
        call("FLAT 18", "3"),
        call("FLAT 18", "1"),
        damaged,
        encode(&Block::new('3', &[("1", "12"), ("2", "FLAT 18")])),
        encode(&Block::new('8', &[("1", "12")])),
    ]
});

/// One block, both modes, and a table of texts.
pub fn espa_block(data: &[u8]) {
    for mode in [Mode::Strict, Mode::Tolerant] {
        let Ok(found) = read(data, mode) else { continue };
        let again = encode(&found.block);
        let reread = read(&again, Mode::Tolerant).expect("what was read and written reads again");
        assert_eq!(reread.block, found.block);
        if let Ok(report) = report(&found, &CODES, &TEXTS, mode) {
            assert!(report.principal().is_some(), "a report says something");
        }
    }
    if let Ok(text) = std::str::from_utf8(data) {
        let _ = Texts::parse(text);
    }
    front_door(Protocol::Espa444, data, 3);
}

/// Steps come in pairs of bytes: what, and how much. The first byte chooses the role.
pub fn espa_session(data: &[u8]) {
    let role = match data.first().copied().unwrap_or_default() / 8 % 4 {
        0 => Role::Station { control: b'1', polled: false },
        1 => Role::Station { control: b'1', polled: true },
        _ => Role::Control { stations: b"37".to_vec() },
    };
    let settings = Settings { role, texts: Arc::clone(&TEXTS), ..Settings::default() };
    let start = Instant::now();
    let mut rig = Rig {
        session: Session::new(settings, Arc::clone(&CODES), start),
        now: start,
        waiting: Vec::new(),
        open: None,
        next_token: 0,
    };
    let mut rest = data;
    while let [step, size, tail @ ..] = rest {
        let amount = usize::from(*size);
        rest = tail;
        match step % 8 {
            0 => {
                let (bytes, tail) = rest.split_at(amount.min(rest.len()));
                rest = tail;
                rig.hear(bytes);
            }
            1 => rig.hear(&PIECES[amount % PIECES.len()]),
            2 => {
                let piece = &PIECES[amount % PIECES.len()];
                let (head, tail) = piece.split_at(amount / PIECES.len() % piece.len());
                rig.hear(head);
                rig.hear(tail);
            }
            3 => rig.wait(Duration::from_millis(40 * u64::from(*size))),
            4 => rig.wait(Duration::from_secs(u64::from(*size))),
            5 => rig.stored(amount),
            6 => rig.refused(amount),
            _ => rig.now = rig.now.checked_sub(Duration::from_millis(u64::from(*size))).unwrap_or(rig.now),
        }
        assert_eq!(rig.drain(), 0, "an ACK without handle_stored");
    }
}

struct Rig {
    session: Session,
    now: Instant,
    waiting: Vec<Delivery>,
    /// What its sender waits for; nothing has come since.
    open: Option<(Token, Instant)>,
    next_token: u64,
}

impl Rig {
    fn hear(&mut self, bytes: &[u8]) {
        // What fills gaps takes nothing back.
        if bytes.iter().any(|byte| !matches!(byte, 0x00 | b'\r' | b'\n')) {
            self.open = None;
        }
        self.session.handle_bytes(bytes, self.now);
        assert_eq!(self.drain(), 0, "an ACK without handle_stored");
    }

    fn wait(&mut self, wait: Duration) {
        self.now += wait;
        self.session.handle_timeout(self.now);
        // A round of polls takes several steps; it ends.
        for _ in 0..40 {
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
            assert_eq!(self.drain(), 0, "an ACK for a token that was never given");
            return;
        }
        let delivery = self.waiting.remove(at % self.waiting.len());
        self.session.handle_stored(delivery.token, self.now);
        let open = self.open;
        match self.drain() {
            0 => {}
            1 => {
                let in_time = open.is_some_and(|(token, last)| {
                    token == delivery.token && self.now.saturating_duration_since(last) < ACK_WAIT
                });
                assert!(in_time, "an ACK for what nobody waits for");
            }
            acks => panic!("{acks} ACKs"),
        }
        self.session.handle_stored(delivery.token, self.now);
        assert_eq!(self.drain(), 0, "an ACK given twice");
    }

    fn refused(&mut self, at: usize) {
        if !self.waiting.is_empty() {
            let delivery = self.waiting.remove(at % self.waiting.len());
            self.session.handle_refused(delivery.token, self.now);
        }
    }

    /// Takes the commands; gives the number of ACKs among them.
    fn drain(&mut self) -> usize {
        let mut acks = 0;
        while let Some(command) = self.session.next_command() {
            match command {
                Command::Send(bytes) => {
                    assert!(!bytes.is_empty());
                    acks += usize::from(bytes == [ACK]);
                }
                Command::Deliver(delivery) => {
                    assert_eq!(delivery.token, Token(self.next_token), "tokens count up");
                    self.next_token += 1;
                    assert!(delivery.first_byte <= delivery.last_byte);
                    if let Message::Report(report) = &delivery.message {
                        let is_call = report.outcome == Outcome::Decoded && !delivery.raw.is_empty();
                        assert!(!is_call || read(&delivery.raw, Mode::Tolerant).is_ok(), "a block that reads wrong");
                    }
                    if delivery.owed {
                        self.open = Some((delivery.token, delivery.last_byte));
                    }
                    self.waiting.push(*delivery);
                }
                Command::Close => panic!("this protocol ends no conversation"),
                Command::Count(_) | Command::Left(..) => {}
            }
        }
        acks
    }
}
