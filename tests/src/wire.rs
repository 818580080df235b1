//! A wire that may be bad: what is sent over it is damaged, cut, mixed with noise; what comes back is not heard.

/// What may go wrong with what is sent; each once in so many times, 0 for never.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wire {
    /// One bit is damaged.
    pub damage: u64,
    /// The second half is cut off.
    pub cut: u64,
    /// Noise comes before it.
    pub noise: u64,
    /// An answer is not heard.
    pub deaf: u64,
    /// The plug is pulled.
    pub unplug: u64,
}

/// A wire and its dice.
#[derive(Debug)]
pub struct BadWire {
    /// What goes wrong.
    pub wire: Wire,
    dice: u64,
}

impl BadWire {
    /// The seed makes two runs throw the same dice.
    pub fn new(wire: Wire, seed: u64) -> BadWire {
        BadWire { wire, dice: seed.max(1) }
    }

    /// What arrives of what is sent.
    pub fn on_the_way(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut bytes = bytes.to_vec();
        if self.happens(self.wire.cut) {
            bytes.truncate(bytes.len() / 2);
        }
        if self.happens(self.wire.damage) && !bytes.is_empty() {
            let (at, bit) = (self.below(bytes.len() as u64), self.below(8));
            if let Some(byte) = bytes.get_mut(usize::try_from(at).unwrap_or_default()) {
                *byte ^= 1 << bit;
            }
        }
        if self.happens(self.wire.noise) {
            let noise: Vec<u8> = (0..self.below(12)).map(|_| self.below(256).to_le_bytes()[0]).collect();
            bytes.splice(0..0, noise);
        }
        bytes
    }

    /// Whether what goes wrong once in so many times does now.
    pub fn happens(&mut self, one_in: u64) -> bool {
        one_in > 0 && self.below(one_in) == 0
    }

    /// Marsaglia's xorshift.
    fn below(&mut self, bound: u64) -> u64 {
        self.dice ^= self.dice << 13;
        self.dice ^= self.dice >> 7;
        self.dice ^= self.dice << 17;
        (self.dice >> 16) % bound
    }
}
