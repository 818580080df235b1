mod support;
use support::*;
use telecare_tone::frames::*;
#[test]
fn debug() {
    let which = std::env::var("WHICH").unwrap_or_default();
    let damage = match which.as_str() {
        "loss10" => Damage { loss: Some((0.095, 0.1)), ..Damage::default() },
        "loss20" => Damage { loss: Some((0.195, 0.2)), ..Damage::default() },
        "burst" => Damage { loss: Some((0.095, 0.1)), burst: Some((1.5,3.0)), ..Damage::default() },
        "talker" => Damage { talker: Some((-0.5, 0.0)), ..Damage::default() },
        _ => Damage::default(),
    };
    for index in 0..60u64 {
        let seed = 1_000_003 + index;
        for case in all_cases(seed) {
            let (samples, lost, _ends) = call(&case, &damage, seed);
            let told = hear(&samples, &lost);
            if told.iter().any(|t| matches!(t, Outcome::Frame(f) if f.keys == case.keys)) { continue; }
            eprintln!("{seed} {:?} {}", case.layout, case.keys);
            for t in &told { if let Outcome::Refused(r) = t { eprintln!("     {:?} {} clear {} margin {:?} {}..{}", r.layout, r.keys, r.is_clear, r.margin, r.began, r.ended); } else { eprintln!("      {t:?}"); } }
        }
    }
}
