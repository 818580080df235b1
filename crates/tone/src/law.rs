//! G.711: A-law and µ-law, a byte a sample. Confidence A.
//!
//! Both are a sign, a segment of 3 bits and a step of 4 bits; each segment's steps are twice as wide as the last one's.

/// How a sample is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Law {
    /// A-law, as in Europe.
    A,
    /// µ-law.
    Mu,
}

/// What µ-law adds before it looks for the segment.
const MU_BIAS: i32 = 132;
const MU_CLIP: i32 = 32_635;

impl Law {
    /// The sample of a byte.
    pub fn decode(self, byte: u8) -> i16 {
        let (byte, positive) = match self {
            Law::A => (byte ^ 0x55, byte & 0x80 != 0),
            Law::Mu => (!byte, byte & 0x80 != 0),
        };
        let (segment, step) = (u32::from(byte >> 4 & 7), i32::from(byte & 15));
        let size = match (self, segment) {
            (Law::A, 0) => (step << 4) + 8,
            (Law::A, _) => ((step << 4) + 264) << (segment - 1),
            (Law::Mu, _) => (((step << 3) + MU_BIAS) << segment) - MU_BIAS,
        };
        let value = if positive { size } else { -size };
        value.clamp(i32::from(i16::MIN), i32::from(i16::MAX)) as i16
    }

    /// The byte whose sample is nearest.
    pub fn encode(self, sample: i16) -> u8 {
        let (sample, positive) = (i32::from(sample), sample >= 0);
        match self {
            Law::A => {
                // Steps of 16 about zero: -1 is in the first negative one.
                let size = if positive { sample } else { -1 - sample };
                let segment = (size >> 8).checked_ilog2().map_or(0, |log| log + 1).min(7);
                let step = if segment == 0 { size >> 4 } else { size >> (segment + 3) } & 15;
                let byte = (segment as u8) << 4 | step as u8 | if positive { 0x80 } else { 0 };
                byte ^ 0x55
            }
            Law::Mu => {
                let size = sample.abs().min(MU_CLIP) + MU_BIAS;
                let segment = (size >> 7).checked_ilog2().unwrap_or(0).min(7);
                let step = size >> (segment + 3) & 15;
                let byte = (segment as u8) << 4 | step as u8 | if positive { 0 } else { 0x80 };
                !byte
            }
        }
    }

    /// What is left of samples that went through it: the noise of its steps.
    pub fn through(self, samples: &mut [f32]) {
        for sample in samples {
            let linear = (*sample * 32768.0).round() as i16;
            *sample = f32::from(self.decode(self.encode(linear))) / 32768.0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_bytes() {
        for (law, byte, sample) in [
            (Law::A, 0xD5, 8),
            (Law::A, 0x55, -8),
            (Law::A, 0xAA, 32_256),
            (Law::A, 0x2A, -32_256),
            (Law::Mu, 0xFF, 0),
            (Law::Mu, 0x80, 32_124),
            (Law::Mu, 0x00, -32_124),
        ] {
            assert_eq!(law.decode(byte), sample, "{law:?} {byte:02X}");
        }
        assert_eq!(Law::A.encode(0), 0xD5);
        assert_eq!(Law::Mu.encode(0), 0xFF);
    }

    #[test]
    fn every_byte_comes_back_and_every_sample_is_near() {
        for law in [Law::A, Law::Mu] {
            for byte in 0..=255 {
                let sample = law.decode(byte);
                let is_negative_zero = law == Law::Mu && byte == 0x7F;
                assert!(is_negative_zero || law.encode(sample) == byte, "{law:?} {byte:02X}");
            }
            for sample in i16::MIN..=i16::MAX {
                let near = i32::from(law.decode(law.encode(sample)));
                let off = (near - i32::from(sample)).abs();
                assert!(off <= 16.max(i32::from(sample).abs() / 25), "{law:?} {sample} {near}");
            }
        }
    }
}
