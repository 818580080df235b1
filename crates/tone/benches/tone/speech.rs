//! Hours of speech and music: prompts and music on hold of Debian packages, and espeak-ng reading licences.

use std::path::{Path, PathBuf};
use std::process::Command;

use telecare_tone::wav;

/// Packages' folders with sound files of 8 kHz.
const FOLDERS: [&str; 2] = ["/usr/share/asterisk/sounds", "/usr/share/asterisk/moh"];
const TEXTS: &str = "/usr/share/common-licenses";
/// Voices and words a minute.
const READERS: [(&str, u32); 12] = [
    ("en+m1", 130),
    ("en+f2", 160),
    ("en+f5", 200),
    ("en+m7", 280),
    ("de+m3", 160),
    ("de+f1", 220),
    ("it+f3", 180),
    ("fr+f1", 160),
    ("fr+m5", 240),
    ("es+f4", 200),
    ("en-scotland+m2", 180),
    ("en-gb+f3", 140),
];
/// Bytes that each reads.
const READ: usize = 30_000;

/// Every recording, named, at 8 kHz.
pub fn corpus(scratch: &Path) -> Vec<(String, Vec<f32>)> {
    let mut found = Vec::new();
    for folder in FOLDERS {
        let mut samples = Vec::new();
        for file in files(Path::new(folder)) {
            samples.extend(std::fs::read(&file).ok().and_then(|bytes| wav::read(&bytes).ok()).unwrap_or_default());
        }
        found.push((folder.to_owned(), samples));
    }
    let mut text: String =
        files(Path::new(TEXTS)).iter().filter_map(|file| std::fs::read_to_string(file).ok()).collect();
    text.retain(|character| character.is_ascii_alphabetic() || " .,\n".contains(character));
    for (index, (voice, speed)) in READERS.iter().enumerate() {
        let part: String =
            text.chars().skip(index * READ % text.len().max(READ + 1).saturating_sub(READ)).take(READ).collect();
        let (input, output) = (scratch.join("text"), scratch.join(format!("{voice}-{speed}.wav")));
        if !output.exists() {
            std::fs::write(&input, part).expect("the scratch directory is ours");
            let mut espeak = Command::new("espeak-ng");
            espeak.args(["-v", voice, "-s", &speed.to_string(), "-f"]).arg(&input).arg("-w").arg(&output);
            if !espeak.status().is_ok_and(|status| status.success()) {
                println!("*** without espeak-ng's {voice} ***");
                continue;
            }
        }
        let bytes = std::fs::read(&output).unwrap_or_default();
        let linear = bytes.get(44..).unwrap_or_default().chunks_exact(2);
        let samples: Vec<f32> =
            linear.map(|pair| f32::from(i16::from_le_bytes([pair[0], pair[1]])) / 32768.0).collect();
        found.push((format!("{voice} {speed}"), resampled(&samples, 22_050, 8000)));
    }
    found.retain(|(_, samples)| !samples.is_empty());
    found
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

/// Another rate, by a windowed sinc.
pub fn resampled(samples: &[f32], from: u32, to: u32) -> Vec<f32> {
    const HALF: i64 = 24;
    let ratio = f64::from(from) / f64::from(to);
    let cut = 0.92 * (1.0 / ratio).min(1.0);
    let phases = 512;
    // The filter at so many phases between two samples.
    let table: Vec<f32> = (0..=phases)
        .flat_map(|phase| (-HALF..HALF).map(move |tap| (phase, tap)))
        .map(|(phase, tap)| {
            let x = tap as f64 - f64::from(phase) / f64::from(phases);
            let window = 0.5 + 0.5 * (std::f64::consts::PI * x / HALF as f64).cos();
            let arc = std::f64::consts::PI * cut * x;
            (window * cut * if arc == 0.0 { 1.0 } else { arc.sin() / arc }) as f32
        })
        .collect();
    let count = (samples.len() as f64 / ratio) as usize;
    let mut out = Vec::with_capacity(count);
    for index in 0..count {
        let at = index as f64 * ratio;
        let phase = ((at.fract() * f64::from(phases)) as usize).min(phases as usize);
        let taps = &table[phase * 2 * HALF as usize..(phase + 1) * 2 * HALF as usize];
        let first = at as i64 - HALF;
        let sum = taps.iter().enumerate().map(|(tap, weight)| {
            let place = usize::try_from(first + tap as i64).ok();
            weight * place.and_then(|place| samples.get(place)).copied().unwrap_or(0.0)
        });
        out.push(sum.sum());
    }
    out
}
