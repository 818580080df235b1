//! What goes wrong on a wire, by the throw of dice that always fall alike for one seed.

use std::str::FromStr;

/// A kind of fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One bit of what the device sends is damaged.
    Damage,
    /// What the device sends is lost.
    Lose,
    /// What the device sends is cut off in the middle.
    Cut,
    /// Bytes that nobody sent come before it.
    Noise,
    /// An answer of the receiver is lost.
    Deaf,
    /// The connection is broken off.
    HangUp,
}

const NAMES: [(&str, Kind); 6] = [
    ("damage", Kind::Damage),
    ("lose", Kind::Lose),
    ("cut", Kind::Cut),
    ("noise", Kind::Noise),
    ("deaf", Kind::Deaf),
    ("hang-up", Kind::HangUp),
];
/// Bytes of noise at most.
const NOISE_BYTES_MAX: u64 = 12;

/// A fault and how often it happens: `damage=20` is once in twenty messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    kind: Kind,
    one_in: u64,
}

impl FromStr for Fault {
    type Err = String;

    fn from_str(text: &str) -> Result<Fault, String> {
        let (name, one_in) = text.split_once('=').unwrap_or((text, "10"));
        let names = || NAMES.map(|(name, _)| name).join(", ");
        let known = NAMES.iter().find(|(known, _)| *known == name);
        let (_, kind) = known.ok_or_else(|| format!("{name:?} is none of {}", names()))?;
        match one_in.parse() {
            Ok(one_in @ 1..) => Ok(Fault { kind: *kind, one_in }),
            _ => Err(format!("{one_in:?}: write NAME=N for once in N messages")),
        }
    }
}

/// The wire.
pub struct Faults {
    faults: Vec<Fault>,
    dice: u64,
    /// Whether nothing goes wrong any more.
    pub over: bool,
}

impl Faults {
    /// A wire with these faults.
    pub fn new(faults: Vec<Fault>, seed: u64) -> Faults {
        Faults { faults, dice: seed.max(1), over: false }
    }

    /// Whether it happens now.
    pub fn happens(&mut self, kind: Kind) -> bool {
        let one_in = self.faults.iter().find(|fault| fault.kind == kind).map(|fault| fault.one_in);
        !self.over && one_in.is_some_and(|one_in| self.below(one_in) == 0)
    }

    /// What becomes of bytes on their way to the receiver.
    pub fn on_the_way(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut bytes = bytes.to_vec();
        let length = bytes.len() as u64;
        if self.happens(Kind::Lose) {
            bytes.clear();
        }
        if self.happens(Kind::Cut) {
            bytes.truncate(bytes.len() / 2);
        }
        if self.happens(Kind::Damage) {
            let (at, bit) = (self.below(length) as usize, self.below(8));
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= 1 << bit;
            }
        }
        if self.happens(Kind::Noise) {
            let noise: Vec<u8> = (0..=self.below(NOISE_BYTES_MAX)).map(|_| self.below(256) as u8).collect();
            bytes.splice(0..0, noise);
        }
        bytes
    }

    /// A number below a bound (Marsaglia's xorshift).
    pub fn below(&mut self, bound: u64) -> u64 {
        self.dice ^= self.dice << 13;
        self.dice ^= self.dice >> 7;
        self.dice ^= self.dice << 17;
        (self.dice >> 16) % bound.max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_read_as_typed() {
        assert_eq!("damage=20".parse(), Ok(Fault { kind: Kind::Damage, one_in: 20 }));
        assert_eq!("hang-up".parse(), Ok(Fault { kind: Kind::HangUp, one_in: 10 }));
        for wrong in ["", "damages", "cut=0", "cut=often"] {
            assert!(wrong.parse::<Fault>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_happens_is_the_same_for_one_seed_and_ends_when_it_is_over() {
        let faults: Vec<Fault> = ["damage=2", "cut=3", "noise=4"].map(|text| text.parse().unwrap()).to_vec();
        let run = |over| {
            let mut wire = Faults::new(faults.clone(), 7);
            wire.over = over;
            (0..50).map(|_| wire.on_the_way(b"hello")).collect::<Vec<_>>()
        };
        assert_eq!(run(false), run(false));
        assert!(run(false).iter().any(|bytes| bytes != b"hello"));
        assert!(run(true).iter().all(|bytes| bytes == b"hello"));
    }
}
