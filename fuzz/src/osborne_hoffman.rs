//! Osborne-Hoffman: a message alone, and the session under bytes, splits, clock jumps and verdicts in any order.

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use telecare_protocol::osborne_hoffman::{
    Cipher, KEY_BYTES, Key, Message, Session, Settings, decode_all, read, report,
};
use telecare_protocol::{Answered, Codes, Command, Delivery, Mode, Protocol, Token};

use crate::front_door;

static CODES: LazyLock<Arc<Codes>> = LazyLock::new(|| Arc::new(Codes::builtin()));
/// That of the vectors.
static KEY: LazyLock<Key> = LazyLock::new(|| Key::new(std::array::from_fn(|at| u8::try_from(at + 1).unwrap_or(0))));
static CIPHER: LazyLock<Cipher> = LazyLock::new(|| Cipher::new(&KEY));

static PIECES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let event = b"\n01010034\"SIA-DCS\"0009R6666L1234[#005412|Nri04/UA105]\r\0";
    let other = b"\n01010034\"ADM-CID\"0005RABCDLDEAD[#005412|1150 04 261]\r\0";
    let heartbeat = b"SR0001L0001    006969XX    \0[ID00000000]\0";
    vec![
        CIPHER.close(event),
        CIPHER.close(other),
        CIPHER.close(heartbeat),
        CIPHER.close(b"DHR\r\0"),
        CIPHER.close(b"\n0101002B\"SIA-DCS\"0001R0001L0001[#00X|NQA01]\r\0"),
        event.to_vec(),
        heartbeat.to_vec(),
        [&b"#40R0001L0001A009999S0010"[..], &[0xA5; 32], b"C12AB"].concat(),
        (0..40).map(|n| n * 6).collect(),
    ]
});

/// One message, both modes; then the bytes as cipher text.
pub fn osborne_hoffman_message(data: &[u8]) {
    for mode in [Mode::Strict, Mode::Tolerant] {
        let Ok(found) = read(data, mode) else { continue };
        let again = found.message.encode();
        let reread = read(&again, Mode::Tolerant).expect("what was read and written reads again");
        assert_eq!(reread.message, found.message, "{}", String::from_utf8_lossy(&again));
        assert!(!reread.warnings.contains(&"WrongLength"), "the encoder counts");
        let report = report(&found, Some(&CIPHER), &CODES);
        assert_eq!(report.is_none(), matches!(found.message, Message::Heartbeat(_)));
        assert!(report.is_none_or(|report| report.principal().is_some()), "a report says something");
    }
    let opened = decode_all(&CIPHER.close(data), Some(&KEY), Mode::Tolerant);
    assert!(!opened.is_empty());
    let _ = decode_all(data, Some(&KEY), Mode::Tolerant);
    front_door(Protocol::OsborneHoffman, data, 3);
}

/// Steps come in pairs of bytes: what, and how much.
pub fn osborne_hoffman_session(data: &[u8]) {
    let now = Instant::now();
    let session = Session::new(Settings::default(), &KEY, Arc::clone(&CODES), now);
    let mut rig = Rig { session, now, waiting: Vec::new(), stored: BTreeSet::new(), next_token: 0, closed: false };
    assert!(matches!(rig.session.next_command(), Some(Command::Send(key)) if key.len() == KEY_BYTES));
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
            5 => rig.verdict(amount, true),
            6 => rig.verdict(amount, false),
            _ => rig.now = rig.now.checked_sub(Duration::from_millis(u64::from(*size))).unwrap_or(rig.now),
        }
    }
}

struct Rig {
    session: Session,
    now: Instant,
    waiting: Vec<Delivery>,
    stored: BTreeSet<Token>,
    next_token: u64,
    closed: bool,
}

impl Rig {
    fn hear(&mut self, bytes: &[u8]) {
        self.session.handle_bytes(bytes, self.now);
        assert_eq!(self.drain(), 0, "an ACK without handle_stored");
    }

    fn wait(&mut self, wait: Duration) {
        self.now += wait;
        for _ in 0..10 {
            self.session.handle_timeout(self.now);
            if self.session.poll_timeout().is_none_or(|deadline| deadline > self.now) {
                assert_eq!(self.drain(), 0, "an ACK without handle_stored");
                return;
            }
        }
        panic!("a timeout that handle_timeout did not clear");
    }

    fn verdict(&mut self, at: usize, stored: bool) {
        if self.waiting.is_empty() {
            self.session.handle_stored(Token(u64::MAX), self.now);
            assert_eq!(self.drain(), 0, "an ACK for a token that was never given");
            return;
        }
        let delivery = self.waiting.remove(at % self.waiting.len());
        if stored {
            self.stored.insert(delivery.token);
            self.session.handle_stored(delivery.token, self.now);
            self.drain();
            self.session.handle_stored(delivery.token, self.now);
            assert_eq!(self.drain(), 0, "an ACK given twice");
        } else {
            self.session.handle_refused(delivery.token, self.now);
            assert_eq!(self.drain(), 0, "an ACK for what was refused");
        }
    }

    /// Takes the commands; gives the number of ACKs among them, each of which names a message that is stored.
    fn drain(&mut self) -> usize {
        let (mut acks, mut positive) = (0, 0);
        while let Some(command) = self.session.next_command() {
            assert!(!self.closed, "{command:?} after the end");
            match command {
                Command::Send(bytes) => {
                    let is_plain = bytes.ends_with(b"\n");
                    let text = if is_plain { bytes } else { CIPHER.open(&bytes) };
                    match text.as_slice() {
                        b"ACK\r\n" | b"ACK\r\0\0\0\0" => acks += 1,
                        b"NACK\r\n" | b"NACK\r\0\0\0" => {}
                        other => panic!("{other:?} is no answer"),
                    }
                }
                Command::Deliver(delivery) => {
                    assert_eq!(delivery.token, Token(self.next_token), "tokens count up");
                    self.next_token += 1;
                    assert!(delivery.first_byte <= delivery.last_byte);
                    self.waiting.push(*delivery);
                }
                Command::Left(token, Answered::Positive) => {
                    positive += 1;
                    assert!(self.stored.contains(&token), "acknowledged, and not stored");
                }
                Command::Close => self.closed = true,
                Command::Count(_) | Command::Left(..) => {}
            }
        }
        assert_eq!(acks, positive, "an ACK of no message");
        acks
    }
}
