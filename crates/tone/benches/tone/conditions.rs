//! Messages under every condition, drawn from ranges.

use std::ops::{AddAssign, Range};
use std::time::Instant;

use telecare_protocol::tones::Sound;
use telecare_protocol::tunstall;
use telecare_tone::digits;
use telecare_tone::frames::{Layout, Outcome};

use super::Options;
use super::others::Other;
use super::support::{Case, Damage, all_cases, call, hear};

/// A condition by its name.
const NONE: Damage = Damage { snr: None, loss: None, burst: None, talker: None, echo: None };
const CONDITIONS: [(&str, Damage); 14] = [
    ("clean", NONE),
    ("noise 0 dB", Damage { snr: Some((0.0, 0.5)), ..NONE }),
    ("noise -3 dB", Damage { snr: Some((-3.0, -2.5)), ..NONE }),
    ("noise 6 dB, loss 5 %", Damage { snr: Some((6.0, 6.5)), loss: Some((0.045, 0.05)), ..NONE }),
    ("loss 10 %", Damage { loss: Some((0.095, 0.1)), ..NONE }),
    ("loss 20 %", Damage { loss: Some((0.195, 0.2)), ..NONE }),
    ("loss 10 % in bursts", Damage { loss: Some((0.095, 0.1)), burst: Some((1.5, 3.0)), ..NONE }),
    ("talker 0 dB", Damage { talker: Some((-0.5, 0.0)), ..NONE }),
    ("echo 60 ms -10 dB", Damage { echo: Some((40.0, 60.0)), ..NONE }),
    (
        "mixture",
        Damage {
            snr: Some((3.0, 20.0)),
            loss: Some((0.0, 0.1)),
            burst: Some((1.0, 2.0)),
            talker: Some((-15.0, -3.0)),
            echo: Some((5.0, 60.0)),
        },
    ),
    ("damaged: noise", Damage { snr: Some((-14.0, -4.0)), ..NONE }),
    ("damaged: loss", Damage { loss: Some((0.25, 0.5)), burst: Some((1.0, 3.0)), ..NONE }),
    ("damaged: talker", Damage { talker: Some((0.0, 9.0)), ..NONE }),
    (
        "damaged: all",
        Damage {
            snr: Some((-8.0, 3.0)),
            loss: Some((0.1, 0.4)),
            burst: Some((1.0, 3.0)),
            talker: Some((-3.0, 6.0)),
            echo: Some((20.0, 120.0)),
        },
    ),
];

/// Conditions in which a message may be lost, and none may be wrong, begin so; of them twice as many are judged.
const DAMAGED: &str = "damaged";
/// A decision later than this is counted, ms.
const LATE_MS: u64 = 60;

#[derive(Clone, Copy, Default)]
struct Count {
    right: u64,
    wrong: u64,
    total: u64,
}

impl Count {
    fn add(&mut self, accepted: &[String], keys: &str) {
        self.total += 1;
        self.right += u64::from(accepted.iter().any(|accepted| accepted == keys));
        self.wrong += u64::from(accepted.iter().any(|accepted| accepted != keys));
    }

    fn shown(self) -> String {
        if self.total == 0 {
            return format!("{:>13}", "-");
        }
        format!("{:6.2} % /{:3}", 100.0 * self.right as f64 / self.total as f64, self.wrong)
    }
}

impl AddAssign for Count {
    fn add_assign(&mut self, other: Count) {
        self.right += other.right;
        self.wrong += other.wrong;
        self.total += other.total;
    }
}

/// What came of some messages.
#[derive(Default)]
struct Came {
    frame: Count,
    digit: Count,
    /// From the end of the last digit to each decision, ms.
    decided: Vec<u64>,
}

/// Right in percent / wrong accepted, in numbers.
pub fn run(options: &Options, others: &[Other]) {
    let names: Vec<&str> = others.iter().map(Other::name).collect();
    println!("\nright % / wrong accepted; {} of each layout, others {}: {names:?}", options.frames, options.others);
    println!(
        "{:22} {:10} {:>13} {:>13}   others…   decisions after the last digit: half of them, latest, later than {LATE_MS} ms",
        "", "", "frame path", "digit path"
    );
    let is_wanted = |name: &str| options.only.as_ref().is_none_or(|only| name.contains(only.as_str()));
    let mut all = [Count::default(); 2];
    for (name, damage) in CONDITIONS.iter().filter(|(name, _)| is_wanted(name)) {
        let began = Instant::now();
        let is_damaged = name.starts_with(DAMAGED);
        let frames = options.frames * if is_damaged { 2 } else { 1 };
        for layout in Layout::ALL {
            let mut came = heard(layout, damage, options.seed, frames, is_damaged);
            let calls = (0..frames.min(options.others)).filter(|_| layout != Layout::Stmf && !others.is_empty());
            let (keys, audio): (Vec<String>, Vec<Vec<f32>>) = calls
                .map(|index| made(layout, damage, options.seed, index))
                .map(|made| (made.case.keys, made.samples))
                .unzip();
            let mut shown = String::new();
            for other in others.iter().filter(|_| !audio.is_empty()) {
                let mut count = Count::default();
                for (told, keys) in other.hear(&audio).iter().zip(&keys) {
                    count.add(&verified(layout, told), keys);
                }
                shown += &format!(" {}", count.shown());
            }
            came.decided.sort_unstable();
            println!(
                "{name:22} {:10} {} {}  {shown}   {} {} ms, {}",
                layout.as_str(),
                came.frame.shown(),
                came.digit.shown(),
                came.decided.get(came.decided.len() / 2).unwrap_or(&0),
                came.decided.last().unwrap_or(&0),
                came.decided.iter().filter(|decided| **decided > LATE_MS).count(),
            );
            all[usize::from(is_damaged)] += came.frame;
        }
        println!("    {:.0} s", began.elapsed().as_secs_f64());
    }
    let [usual, damaged] = all;
    println!(
        "frame path, wrong accepted: {} of {}; heavily damaged {} of {}",
        usual.wrong, usual.total, damaged.wrong, damaged.total
    );
}

struct Made {
    case: Case,
    samples: Vec<f32>,
    lost: Vec<Range<usize>>,
    ends: u64,
}

fn made(layout: Layout, damage: &Damage, seed: u64, index: u64) -> Made {
    let seed = seed.wrapping_mul(1_000_003).wrapping_add(index);
    let case = all_cases(seed).into_iter().find(|case| case.layout == layout).expect("there is one of each");
    let (samples, lost, ends) = call(&case, damage, seed);
    Made { case, samples, lost, ends }
}

/// Both paths on so many messages, on all cores; of damaged ones the digit path hears nothing anyway.
fn heard(layout: Layout, damage: &Damage, seed: u64, frames: u64, is_damaged: bool) -> Came {
    let cores = std::thread::available_parallelism().map_or(1, |cores| cores.get() as u64);
    let part = |first: u64| {
        let mut came = Came::default();
        for index in (first..frames).step_by(cores as usize) {
            let Made { case, samples, lost, ends } = made(layout, damage, seed, index);
            let told = hear(&samples, &lost);
            let frames =
                || told.iter().filter_map(|told| if let Outcome::Frame(frame) = told { Some(frame) } else { None });
            came.decided.extend(frames().map(|frame| frame.decided.saturating_sub(ends) / 8));
            let accepted: Vec<String> = frames().map(|frame| frame.keys.clone()).collect();
            if accepted.iter().any(|accepted| *accepted != case.keys) {
                println!("    WRONG number {index}: {} accepted as {accepted:?}", case.keys);
            }
            came.frame.add(&accepted, &case.keys);
            if !is_damaged {
                came.digit.add(&verified(layout, &digit_path(&samples, &lost)), &case.keys);
            }
        }
        came
    };
    std::thread::scope(|scope| {
        let parts: Vec<_> = (0..cores).map(|first| scope.spawn(move || part(first))).collect();
        parts.into_iter().fold(Came::default(), |mut all, part| {
            let came = part.join().expect("it goes through all of its part");
            all.frame += came.frame;
            all.digit += came.digit;
            all.decided.extend(came.decided);
            all
        })
    })
}

/// The digits that the digit path hears, those of STMF made of their tones.
fn digit_path(samples: &[f32], lost: &[Range<usize>]) -> String {
    let mut listener = digits::Listener::new(digits::Settings::default());
    let mut told = Vec::new();
    let mut at = 0;
    for range in lost {
        told.extend(listener.push(&samples[at..range.start]));
        told.extend(listener.lose(range.len()));
        at = range.end;
    }
    told.extend(listener.push(&samples[at..]));
    told.extend(listener.finish());
    let origin = Instant::now();
    let mut pairs = tunstall::stmf::Pairs::new(&tunstall::Settings::default(), std::time::Duration::ZERO);
    let mut heard = String::new();
    for told in told.iter().filter(|told| told.ended.is_some()) {
        match told.sound {
            Sound::Digit(digit) => heard.push(digit.as_char()),
            Sound::Tone(tone) if tunstall::stmf::is_part(tone) => {
                heard.extend(pairs.push(tone, &told.heard(origin)).map(|(digit, _)| digit.as_char()));
            }
            Sound::Tone(_) => {}
        }
    }
    heard
}

/// Every message with right check digits among some digits. Contact ID has nothing else around it: there it is all of
/// them.
fn verified(layout: Layout, digits: &str) -> Vec<String> {
    let keys = digits.as_bytes();
    let windows =
        keys.windows(layout.symbols()).filter(|window| layout != Layout::ContactId || window.len() == keys.len());
    let right = windows.filter(|window| layout.verify(window).is_some());
    right.map(|window| String::from_utf8_lossy(window).into_owned()).collect()
}
