//! Messages under every condition, drawn from ranges.

use std::time::Instant;

use telecare_protocol::tones::Sound;
use telecare_protocol::tunstall;
use telecare_tone::digits;
use telecare_tone::frames::{Layout, Outcome};

use super::Options;
use super::others::Other;
use super::support::{Damage, all_cases, call, hear};

/// A condition by its name.
const NONE: Damage = Damage { snr: None, loss: None, burst: None, talker: None, echo: None };
const CONDITIONS: [(&str, Damage); 13] = [
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
        format!("{:6.2} % /{:3}", 100.0 * self.right as f64 / self.total.max(1) as f64, self.wrong)
    }
}

/// Right in percent / wrong accepted, in numbers.
pub fn run(options: &Options, others: &[Other]) {
    let names: Vec<&str> = others.iter().map(Other::name).collect();
    println!("\nright % / wrong accepted; {} of each layout, others {}: {names:?}", options.frames, options.others);
    println!(
        "{:22} {:10} {:>13} {:>13}   others…   latest decision after the last digit",
        "", "", "frame path", "digit path"
    );
    let is_wanted = |name: &str| options.only.as_ref().is_none_or(|only| name.contains(only.as_str()));
    for (name, damage) in CONDITIONS.iter().filter(|(name, _)| is_wanted(name)) {
        let began = Instant::now();
        for layout in Layout::ALL {
            let (mut frame, mut digit, mut latest) = (Count::default(), Count::default(), 0);
            let mut calls = Vec::new();
            for index in 0..options.frames {
                let seed = options.seed.wrapping_mul(1_000_003).wrapping_add(index);
                let case =
                    all_cases(seed).into_iter().find(|case| case.layout == layout).expect("there is one of each");
                let (samples, lost, ends) = call(&case, damage, seed);
                let told = hear(&samples, &lost);
                let accepted: Vec<String> = told
                    .iter()
                    .filter_map(|outcome| match outcome {
                        Outcome::Frame(frame) => {
                            if std::env::var_os("STATS").is_some() {
                                println!("STATS {} {name} {} {seed} {:?} margin {:.2} cost {:.2} chosen {} lost {:.2} misfit {:.2}", frame.keys == case.keys, layout.as_str(), frame.layout, frame.margin, frame.cost, frame.is_chosen, frame.lost, frame.misfit);
                            }
                            latest = latest.max(frame.decided.saturating_sub(ends));
                            Some(frame.keys.clone())
                        }
                        Outcome::Refused(_) => None,
                    })
                    .collect();
                if accepted.iter().any(|accepted| *accepted != case.keys) {
                    println!("    WRONG seed {seed}: {} accepted as {accepted:?}", case.keys);
                }
                frame.add(&accepted, &case.keys);
                digit.add(&verified(layout, &digit_path(&samples, &lost)), &case.keys);
                if calls.len() < options.others && layout != Layout::Stmf {
                    calls.push((case.keys, samples));
                }
            }
            let (keys, audio): (Vec<String>, Vec<Vec<f32>>) = calls.into_iter().unzip();
            let mut shown = String::new();
            for other in others.iter().filter(|_| !audio.is_empty()) {
                let mut count = Count::default();
                for (told, keys) in other.hear(&audio).iter().zip(&keys) {
                    count.add(&verified(layout, told), keys);
                }
                shown += &format!(" {}", count.shown());
            }
            println!(
                "{name:22} {:10} {} {}  {shown}   {} ms",
                layout.as_str(),
                frame.shown(),
                digit.shown(),
                latest / 8
            );
        }
        println!("    {:.0} s", began.elapsed().as_secs_f64());
    }
}

/// The digits that the digit path hears, those of STMF made of their tones.
fn digit_path(samples: &[f32], lost: &[std::ops::Range<usize>]) -> String {
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
