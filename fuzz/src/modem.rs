//! A modem under bytes, requests and clock jumps in any order.

use std::time::{Duration, Instant};

use telecare_protocol::tones::notes;
use telecare_protocol::voice_modem::{Event, Modem, ModemCommand, Settings, SimCommand, SimSettings, Simulator, read};

/// The first byte chooses whether a simulated modem answers, too. Steps are pairs of bytes: what, how much.
///
/// No panic; every command within its bound, one at a time; nothing after a fatal trouble; "played" only for what was
/// asked to be played; a timeout that is due is cleared.
pub fn voice_modem(data: &[u8]) {
    let Some((first, data)) = data.split_first() else { return };
    let now = Instant::now();
    let sim = (first & 1 == 0).then(|| Simulator::new(SimSettings::default()));
    let settings = Settings { command_chars_max: 40 + usize::from(first >> 1), ..Settings::default() };
    let bound = settings.command_chars_max;
    let mut rig =
        Rig { modem: Modem::new(settings, now), sim, now, bound, is_over: false, plays: 0, is_waiting: false };
    rig.drain();
    let mut rest = data;
    while let [step, size, tail @ ..] = rest {
        rest = tail;
        let amount = u64::from(*size);
        match step % 8 {
            0 => {
                let bytes = rest.get(..usize::from(*size % 64)).unwrap_or(rest);
                rest = rest.get(bytes.len()..).unwrap_or_default();
                rig.bytes(bytes);
            }
            1 => rig.bytes([&b"\r\nOK\r\n"[..], b"RING\r\n", b"ERROR\r", b"\x10/\x105\x10~"][usize::from(*size % 4)]),
            2 => rig.now += Duration::from_millis(amount * 10),
            3 => rig.now += Duration::from_secs(amount),
            4 => rig.modem.answer(rig.now),
            5 => rig.play(*size),
            6 => rig.modem.hang_up(rig.now),
            _ => rig.far(*size),
        }
        rig.settle();
    }
    let _ = String::from_utf8(data.to_vec()).map(|text| read(&text, Duration::from_millis(100)));
}

struct Rig {
    modem: Modem,
    sim: Option<Simulator>,
    now: Instant,
    bound: usize,
    is_over: bool,
    plays: u32,
    /// A command went out, and nothing came since.
    is_waiting: bool,
}

impl Rig {
    fn bytes(&mut self, bytes: &[u8]) {
        // One at a time: an answer may be that to a command which its own chunk has brought out.
        for byte in bytes {
            self.is_waiting = false;
            self.modem.handle_bytes(&[*byte], self.now);
            self.drain();
        }
    }

    fn play(&mut self, which: u8) {
        if self.plays == 0 {
            let digits = ["B", "A00027#", "0123456789ABCD*#"][usize::from(which % 3)];
            let on = Duration::from_millis(u64::from(which) * 12);
            self.plays = 1;
            self.modem.play(&notes(digits, on, Duration::from_millis(70)), self.now);
        }
    }

    fn far(&mut self, which: u8) {
        let now = self.now;
        let Some(sim) = &mut self.sim else { return };
        match which % 3 {
            0 => sim.ring(Some("01527960042".to_owned()), now),
            1 => sim.play(&notes("A010#", Duration::from_millis(80), Duration::from_millis(80)), now),
            _ => sim.hang_up(now),
        }
    }

    fn settle(&mut self) {
        for _ in 0..4 {
            if let Some(sim) = &mut self.sim {
                sim.handle_timeout(self.now);
            }
            self.modem.handle_timeout(self.now);
            self.drain();
        }
        assert!(self.modem.poll_timeout().is_none_or(|due| due > self.now), "a timeout that is not cleared");
    }

    fn drain(&mut self) {
        loop {
            if let Some(command) = self.modem.next_command() {
                assert!(!self.is_over, "{command:?} after the end");
                match command {
                    ModemCommand::Send(bytes) => self.sent(&bytes),
                    ModemCommand::Happened(Event::Trouble(trouble)) if trouble.is_fatal() => self.is_over = true,
                    ModemCommand::Happened(Event::Played) => {
                        assert!(self.plays > 0, "played what nobody asked for");
                        self.plays = 0;
                    }
                    ModemCommand::Happened(Event::Connected { .. }) => self.plays = 0,
                    ModemCommand::Happened(_) => {}
                }
            } else if let Some(SimCommand::Send(bytes)) = self.sim.as_mut().and_then(Simulator::next_command) {
                self.bytes(&bytes);
            } else if self.sim.as_mut().and_then(Simulator::next_command).is_none() {
                return;
            }
        }
    }

    fn sent(&mut self, bytes: &[u8]) {
        assert!(!std::mem::replace(&mut self.is_waiting, true), "a command before the answer to the last");
        let line = bytes.strip_suffix(b"\r").expect("a command ends with CR");
        assert!(line.starts_with(b"AT") && !line.contains(&b'\r') && line.len() <= self.bound);
        if let Some(sim) = &mut self.sim {
            sim.handle_bytes(bytes, self.now);
        }
    }
}
