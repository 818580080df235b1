//! The contract of `tones` and `listen`, against the program itself.
#![allow(clippy::unwrap_used, reason = "a test may fail by panic")]

use std::process::{Command, Output};

use serde_json::Value;

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_telecare-ctl")).args(arguments).output().unwrap()
}

fn frames(output: &Output) -> Vec<Value> {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    let objects = text.lines().map(|line| serde_json::from_str(line).unwrap());
    objects.filter(|object: &Value| object["kind"] == "frame").collect()
}

#[test]
fn what_tones_makes_listen_hears_through_damage() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("call.wav");
    let (wav, lost) = (file.to_str().unwrap(), format!("{}.lost", file.display()));
    let bs8521 = "A01000001234500000190190076#";
    let tt92 = "D#1016123456******000004";
    let contact_id = "9*0C18160200000#";
    for (options, protocol, digits) in [
        (&["--protocol", "bs8521"][..], "bs8521", bs8521),
        (&["--protocol", "bs8521", "--snr", "0", "--law", "mulaw"], "bs8521", bs8521),
        (&["--protocol", "bs8521", "--echo", "60:10", "--twist", "-3", "--offset", "1.2"], "bs8521", bs8521),
        (&["--protocol", "tt92", "--loss", "10", "--seed", "3"], "tt92", tt92),
        (&["--protocol", "tt92", "--stmf", "--snr", "6", "--law", "linear"], "tt92", tt92),
        (&["--protocol", "contact-id", "--level", "-24"], "contact-id", contact_id),
    ] {
        let made = run(&[&["tones", "--out", wav, "--digits", digits], options].concat());
        assert!(made.status.success(), "{options:?}: {}", String::from_utf8_lossy(&made.stderr));
        let mut listen = vec!["listen", wav, "--json"];
        if options.contains(&"--loss") {
            listen.extend(["--lost-packets", lost.as_str()]);
        }
        let heard = run(&listen);
        assert_eq!(heard.status.code(), Some(0), "{options:?}");
        let heard = frames(&heard);
        assert_eq!(heard.len(), 1, "{options:?}: {heard:?}");
        assert_eq!((&heard[0]["protocol"], &heard[0]["digits"]), (&protocol.into(), &digits.into()), "{options:?}");
        assert!(heard[0]["margin"].as_f64().unwrap() > 3.0, "{options:?}");
    }
}

#[test]
fn a_wrong_checksum_is_refused_and_nonsense_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("call.wav");
    let wav = file.to_str().unwrap();
    let digits = "A01000001234500000190190077#";
    assert!(run(&["tones", "--protocol", "bs8521", "--out", wav, "--digits", digits]).status.success());
    let heard = run(&["listen", wav, "--protocol", "bs8521"]);
    assert_eq!(heard.status.code(), Some(1));
    let text = String::from_utf8(heard.stdout).unwrap();
    assert!(text.contains("clearly heard, check digits wrong") && text.contains(digits), "{text}");
    std::fs::write(&file, "RIFF").unwrap();
    assert_eq!(run(&["listen", wav]).status.code(), Some(1));
    assert_eq!(run(&["listen", wav, "--protocol", "surgard"]).status.code(), Some(2));
    assert_eq!(run(&["tones", "--protocol", "surgard", "--out", wav, "--digits", "1"]).status.code(), Some(2));
}
