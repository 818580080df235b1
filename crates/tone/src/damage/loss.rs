//! Lost packets.

use std::ops::Range;

use super::Random;
use crate::PACKET;

/// How packets are lost.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Loss {
    /// How many of all, 0 to 1.
    pub share: f32,
    /// How many in a row, on average, 1 or more: 1 is each by itself.
    pub burst: f32,
}

impl Loss {
    /// The numbers of the lost packets among so many, rising (Gilbert's model).
    pub fn draw(self, packets: usize, random: &mut Random) -> Vec<usize> {
        let share = self.share.clamp(0.0, 0.99);
        let stays = 1.0 - 1.0 / self.burst.max(1.0);
        // Alone, a packet's fate does not depend on the last one's.
        let stays = stays.max(if self.burst <= 1.0 { share } else { 0.0 });
        let begins = share * (1.0 - stays) / (1.0 - share);
        let mut is_lost = random.f32() < share;
        let mut lost = Vec::new();
        for packet in 0..packets {
            if is_lost {
                lost.push(packet);
            }
            is_lost = random.f32() < if is_lost { stays } else { begins };
        }
        lost
    }
}

/// Silences the samples of lost packets and gives their ranges, joined where they touch.
pub fn lose(samples: &mut [f32], packets: &[usize]) -> Vec<Range<usize>> {
    let mut ranges: Vec<Range<usize>> = Vec::new();
    for packet in packets {
        let from = packet.saturating_mul(PACKET).min(samples.len());
        let to = from.saturating_add(PACKET).min(samples.len());
        if let Some(lost) = samples.get_mut(from..to).filter(|lost| !lost.is_empty()) {
            lost.fill(0.0);
            match ranges.last_mut() {
                Some(last) if last.end == from => last.end = to,
                _ => ranges.push(from..to),
            }
        }
    }
    ranges
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_are_lost_as_asked_for() {
        for (share, burst) in [(0.1, 1.0), (0.2, 1.0), (0.1, 3.0)] {
            let lost = Loss { share, burst }.draw(100_000, &mut super::super::random(7));
            assert!((lost.len() as f32 / 100_000.0 - share).abs() < 0.01, "{share} {burst}: {}", lost.len());
            let runs = 1 + lost.windows(2).filter(|pair| pair[1] != pair[0] + 1).count();
            let wanted = if burst > 1.0 { burst } else { 1.0 / (1.0 - share) };
            assert!((lost.len() as f32 / runs as f32 - wanted).abs() < 0.2, "{share} {burst}");
        }
    }

    #[test]
    fn neighbours_are_one_range() {
        let mut samples = vec![1.0; 1000];
        assert_eq!(lose(&mut samples, &[1, 2, 5, 6, 9]), [160..480, 800..1000]);
        assert_eq!(samples.iter().filter(|sample| **sample == 0.0).count(), 320 + 200);
    }
}
