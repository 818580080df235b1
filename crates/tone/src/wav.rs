//! Sound files: RIFF WAVE with one channel, linear of 16 bits, A-law or µ-law, 8 or 16 kHz.
//!
//! ```text
//! "RIFF" size "WAVE"  { id size bytes (padded to even) }…   "fmt ": form channels rate … bits; "data": samples
//! ```

use crate::law::Law;
use crate::level::of_linear;
use crate::rate::Halver;

/// Bytes of a file at most: an hour of linear samples at 16 kHz.
pub const BYTES_MAX: usize = 16_000 * 2 * 3600;

/// How samples are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Form {
    /// Linear, 16 bits, little end first.
    Linear,
    /// One byte a sample.
    Law(Law),
}

/// Why a file cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WavError {
    /// It does not begin as one.
    #[error("no RIFF WAVE file")]
    NotWav,
    /// No description of the samples before them, or no samples.
    #[error("the file has no {0:?} part")]
    Missing(&'static str),
    /// Samples that are not read.
    #[error(
        "{form} form, {bits} bits, {channels} channels, {rate} Hz: read are 1 channel, 8000 or 16000 Hz, linear 16 bits, A-law, µ-law"
    )]
    Unread {
        /// Format tag.
        form: u16,
        /// Bits a sample.
        bits: u16,
        /// Channels.
        channels: u16,
        /// Samples a second.
        rate: u32,
    },
    /// More than [`BYTES_MAX`].
    #[error("the file is longer than an hour")]
    TooLong,
}

const LINEAR: u16 = 1;
const A_LAW: u16 = 6;
const MU_LAW: u16 = 7;

/// The samples of a file, at [`RATE`](crate::RATE). A data part that says it is longer than the file ends with it:
/// recorders that were stopped leave such files.
pub fn read(bytes: &[u8]) -> Result<Vec<f32>, WavError> {
    if bytes.len() > BYTES_MAX {
        return Err(WavError::TooLong);
    }
    if bytes.get(..4) != Some(b"RIFF") || bytes.get(8..12) != Some(b"WAVE") {
        return Err(WavError::NotWav);
    }
    let mut rest = bytes.get(12..).unwrap_or_default();
    let mut described = None;
    while let Some((head, tail)) = rest.split_at_checked(8) {
        let size = u32_at(head, 4) as usize;
        let body = tail.get(..size.min(tail.len())).unwrap_or_default();
        match head.get(..4) {
            Some(b"fmt ") => described = Some(form(body)?),
            Some(b"data") => {
                let (form, rate) = described.ok_or(WavError::Missing("fmt "))?;
                let samples = samples(body, form);
                return Ok(if rate == 16_000 { Halver::default().push(&samples) } else { samples });
            }
            _ => {}
        }
        rest = tail.get(size.saturating_add(size % 2)..).unwrap_or_default();
    }
    Err(WavError::Missing(if described.is_none() { "fmt " } else { "data" }))
}

/// A file of samples at [`RATE`](crate::RATE).
pub fn write(samples: &[f32], form: Form) -> Vec<u8> {
    let linear = crate::level::to_linear(samples);
    let data: Vec<u8> = match form {
        Form::Linear => linear.iter().flat_map(|sample| sample.to_le_bytes()).collect(),
        Form::Law(law) => linear.iter().map(|sample| law.encode(*sample)).collect(),
    };
    let (tag, width) = match form {
        Form::Linear => (LINEAR, 2_u16),
        Form::Law(Law::A) => (A_LAW, 1),
        Form::Law(Law::Mu) => (MU_LAW, 1),
    };
    let length = u32::try_from(data.len()).unwrap_or(u32::MAX);
    let mut out = Vec::with_capacity(data.len() + 44);
    out.extend(b"RIFF");
    out.extend(length.saturating_add(36).to_le_bytes());
    out.extend(b"WAVEfmt ");
    out.extend(16_u32.to_le_bytes());
    for half in [tag, 1] {
        out.extend(half.to_le_bytes());
    }
    out.extend(crate::RATE.to_le_bytes());
    out.extend((crate::RATE * u32::from(width)).to_le_bytes());
    for half in [width, width * 8] {
        out.extend(half.to_le_bytes());
    }
    out.extend(b"data");
    out.extend(length.to_le_bytes());
    out.extend(data);
    out
}

fn form(body: &[u8]) -> Result<(Form, u32), WavError> {
    if body.len() < 16 {
        return Err(WavError::Missing("fmt "));
    }
    let (form, channels, rate, bits) = (u16_at(body, 0), u16_at(body, 2), u32_at(body, 4), u16_at(body, 14));
    let known = match (form, bits) {
        (LINEAR, 16) => Some(Form::Linear),
        (A_LAW, 8) => Some(Form::Law(Law::A)),
        (MU_LAW, 8) => Some(Form::Law(Law::Mu)),
        _ => None,
    };
    match known {
        Some(known) if channels == 1 && matches!(rate, 8000 | 16_000) => Ok((known, rate)),
        _ => Err(WavError::Unread { form, bits, channels, rate }),
    }
}

fn samples(body: &[u8], form: Form) -> Vec<f32> {
    let linear: Vec<i16> = match form {
        Form::Linear => body.chunks_exact(2).map(|pair| u16_at(pair, 0) as i16).collect(),
        Form::Law(law) => body.iter().map(|byte| law.decode(*byte)).collect(),
    };
    of_linear(&linear)
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    bytes.get(at..).and_then(|bytes| bytes.first_chunk()).map_or(0, |pair| u16::from_le_bytes(*pair))
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..).and_then(|bytes| bytes.first_chunk()).map_or(0, |four| u32::from_le_bytes(*four))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let samples: Vec<f32> = (0..801).map(|n| (n as f32 / 9.0).sin() * 0.3).collect();
        for form in [Form::Linear, Form::Law(Law::A), Form::Law(Law::Mu)] {
            let again = read(&write(&samples, form)).unwrap();
            assert_eq!(again.len(), samples.len());
            assert!(again.iter().zip(&samples).all(|(one, other)| (one - other).abs() < 0.01), "{form:?}");
        }
    }

    #[test]
    fn odd_files() {
        let file = write(&[0.1, 0.2], Form::Linear);
        assert_eq!(read(&file[..46]).unwrap().len(), 1, "cut off");
        assert_eq!(read(b"RIFF....WAVE"), Err(WavError::Missing("fmt ")));
        assert_eq!(read(&file[..36]), Err(WavError::Missing("data")));
        assert_eq!(read(b"ID3"), Err(WavError::NotWav));
        let mut stereo = file.clone();
        stereo[22] = 2;
        assert!(matches!(read(&stereo), Err(WavError::Unread { channels: 2, .. })));
        let mut fast = file;
        fast[24..28].copy_from_slice(&16_000_u32.to_le_bytes());
        assert_eq!(read(&fast).unwrap().len(), 1);
    }

    proptest! {
        #[test]
        fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            let _ = read(&[&b"RIFF....WAVE"[..], &bytes].concat());
            let _ = read(&bytes);
        }
    }
}
