//! The contract of `decode` and `encode`, against the program itself: every family of documented vectors once.
#![allow(clippy::unwrap_used, reason = "a test may fail by panic")]

use std::io::Write;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

fn run(arguments: &[&str], input: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_telecare-ctl"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    child.wait_with_output().unwrap()
}

/// The objects printed for frames of a protocol, and the exit code.
fn decode(protocol: &str, options: &[&str], frames: &[&str]) -> (Vec<Value>, i32) {
    let arguments = [&["decode", "--json", "--protocol", protocol], options, &["--"], frames].concat();
    printed(&run(&arguments, b""))
}

fn printed(output: &Output) -> (Vec<Value>, i32) {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    (text.lines().map(|line| serde_json::from_str(line).unwrap()).collect(), output.status.code().unwrap())
}

/// Every name and value that is expected is there; more may be.
fn has(object: &Value, expected: &Value, of: &str) {
    for (name, value) in expected.as_object().unwrap() {
        if value.is_object() && object[name].is_object() {
            has(&object[name], value, of);
        } else {
            assert_eq!(&object[name], value, "{of}: {name} in {object}");
        }
    }
}

#[test]
fn bs8521_reports_have_the_documents_fields() {
    let table = [
        (
            "A01000001234500000190190076#",
            json!({"category": "0", "speech": "1", "type": "00", "controller": "00012345", "local_unit": "0000",
                "event": "019", "location": "01", "priority": 9, "status": "00", "identity": "123450000",
                "trigger": "pendant", "neutral": {"identity": "123450000", "trigger": "pendant",
                "location": "local unit", "status": "active"}}),
            json!([]),
        ),
        (
            "A01000009876100000210790091#",
            json!({"event": "021", "location": "07", "neutral": {"trigger": "fall", "location": "bedroom 1 (master)"}}),
            json!([]),
        ),
        (
            "A00000001234500000510120670#",
            json!({"status": "06", "neutral": {"trigger": "mains", "status": "fault"}}),
            json!([]),
        ),
        ("A00000001234500000510110467#", json!({"status": "04", "neutral": {"status": "restored"}}), json!([])),
        ("A12004412007700270101180048#", json!({"local_unit": "0027", "identity": "44120077"}), json!([])),
        (
            "A00000000000000000000000040#",
            json!({"identity": "0", "location": "00", "neutral": {"location": null}}),
            json!([]),
        ),
        (
            "A99999999999999999999999916#",
            json!({"category": "9", "neutral": {"trigger": "unknown"}}),
            json!([
                "ReservedSystem",
                "ReservedSpeech",
                "NonConformingType",
                "ReservedEvent",
                "ProprietaryLocation",
                "ProprietaryStatus"
            ]),
        ),
        ("01000001234500000190190076#", json!({"event": "019"}), json!(["MissingStart"])),
        ("A01000001234500000190190076", json!({"event": "019"}), json!(["MissingEnd"])),
    ];
    for (frame, report, warnings) in table {
        let (objects, code) = decode("bs8521", &[], &[frame]);
        assert_eq!((objects.len(), code), (1, 0), "{frame}");
        has(&objects[0], &json!({"input": frame, "outcome": "report", "protocol": "bs8521", "error": null}), frame);
        has(&objects[0]["report"], &report, frame);
        assert_eq!(objects[0]["warnings"], warnings, "{frame}");
    }
}

#[test]
fn bs8521_errors_have_the_documents_names_and_fields() {
    let table = [
        ("A01000001234500000190190077#", json!({"name": "BadChecksum", "computed": 76, "received": 77})),
        ("A01000001234500000190190036#", json!({"name": "BadChecksum", "computed": 76, "received": 36})),
        ("A0100000123450000019019007#", json!({"name": "TooShort", "got": 25})),
        ("A#", json!({"name": "TooShort", "got": 0})),
        ("", json!({"name": "TooShort", "got": 0})),
        ("A010000012345000001901900760#", json!({"name": "TooLong", "got": 27})),
        ("A0100000123450000019D190076#", json!({"name": "IllegalDigit", "index": 19})),
        ("A01000*01234500000190190076#", json!({"name": "IllegalDigit", "index": 5})),
    ];
    for (frame, error) in table {
        let (objects, code) = decode("bs8521", &[], &[frame]);
        assert_eq!((objects.len(), code), (1, 1), "{frame}");
        has(&objects[0], &json!({"input": frame, "outcome": "error", "report": null, "warnings": []}), frame);
        assert_eq!(objects[0]["error"], error, "{frame}");
    }
    for (frame, name) in
        [("01000001234500000190190076#", "MissingStart"), ("A01000001234500000190190076", "MissingEnd")]
    {
        let (objects, code) = decode("bs8521", &["--strict"], &[frame]);
        assert_eq!((objects[0]["error"].clone(), code), (json!({"name": name}), 1), "{frame}");
    }
}

#[test]
fn several_frames_give_several_objects_in_order() {
    let (objects, code) = decode("bs8521", &[], &["A0100000123A01000001234500000190190076#"]);
    assert_eq!((objects.len(), code), (2, 1));
    assert_eq!(objects[0]["error"], json!({"name": "TooShort", "got": 10}));
    assert_eq!(objects[1]["outcome"], "report");

    let arguments = ["decode", "--json", "--protocol", "surgard"];
    let input = b"5011 181234E12101001\\x14\n5011 184321R10100005\x14\r\nZ99??\n1011           @    ";
    let (objects, code) = printed(&run(&arguments, input));
    assert_eq!(code, 0);
    let outcomes: Vec<&Value> = objects.iter().map(|object| &object["outcome"]).collect();
    assert_eq!(outcomes, ["report", "report", "report", "control"]);
    let (nothing, code) = printed(&run(&arguments, b""));
    assert_eq!((nothing[0]["outcome"].as_str(), code), (Some("error"), 1));
}

#[test]
fn surgard_reports_have_their_forms_fields_and_the_neutral_ones() {
    let table = [
        (
            "5011 181234E12101001\\x14",
            json!({"form": "5", "receiver": "01", "line": "1", "account": "1234", "qualifier": "E", "code": "121",
                "group": "01", "zone": "001", "identity": "1234", "trigger": "duress", "status": "active",
                "neutral": {"identity": "1234", "trigger": "duress", "status": "active"}}),
        ),
        ("5023 184321R10100005", json!({"qualifier": "R", "status": "restored", "account": "4321"})),
        ("502003 180042E10001000", json!({"receiver": "02", "line": "003", "account": "0042", "trigger": "medical"})),
        ("5012 182468P10201004", json!({"qualifier": "P", "status": "present"})),
        ("1012      0012 C1128", json!({"form": "1", "account": "0012", "event": "C", "group": "1", "zone": "128"})),
        (
            "3013    001234MA0003",
            json!({"form": "3", "account": "001234", "events": [{"code": "MA", "address": "0003"}], "trigger": "medical"}),
        ),
        ("S013[#1234|Nri1QA01]", json!({"form": "S", "account": "1234", "trigger": "emergency"})),
        ("6012      1234FA0012", json!({"form": "6", "code": "FA"})),
        ("80121234 1555 5555 7", json!({"form": "8", "channels": "15555555", "auxiliary": "7"})),
        ("001000[#0000|NYC01]", json!({"form": "0", "receiver": "01", "line": "000", "account": "0000"})),
        ("Z99??", json!({"form": "Z", "trigger": "unknown", "text": "Z99??"})),
    ];
    for (frame, report) in table {
        let (objects, code) = decode("surgard", &[], &[frame]);
        assert_eq!((objects.len(), code), (1, 0), "{frame}");
        assert_eq!(objects[0]["outcome"], "report", "{frame}");
        has(&objects[0]["report"], &report, frame);
    }
    let frame = "S013[#1234|Nda04-22-94ti16:02:15/id22/CL/PA31]";
    let (objects, _) = decode("surgard", &[], &[frame]);
    let events = objects[0]["report"]["events"].as_array().unwrap();
    let codes: Vec<&Value> = events.iter().map(|event| &event["code"]).collect();
    assert_eq!(codes, ["CL", "PA"]);
    has(&events[1], &json!({"address": "31", "date": "04-22-94", "time": "16:02:15"}), frame);
    has(&objects[0]["report"], &json!({"trigger": "panic"}), frame);
}

#[test]
fn surgard_errors_and_heartbeats_are_told_apart() {
    let (objects, code) = decode("surgard", &[], &["5011 181234E121010", "1011           @    "]);
    assert_eq!(code, 1);
    assert_eq!(objects[0]["error"], json!({"name": "WrongLength", "expected": 20, "got": 18}));
    has(&objects[1], &json!({"outcome": "control", "control": "heartbeat", "report": null, "error": null}), "G01");
    let (objects, _) = decode("surgard", &["--strict"], &["502003 180042E10001000"]);
    assert_eq!(objects[0]["error"]["name"], "WrongLength");
    let (objects, _) = decode("surgard", &["--strict", "--header-digits", "5"], &["502003 180042E10001000"]);
    assert_eq!(objects[0]["outcome"], "report");
}

#[test]
fn ademco_685_is_decoded_and_encoded() {
    let contact_id = "\\x0A11 4321 18 E101 00 C001\\x0D";
    let (objects, code) = decode("ademco-685", &["--strict"], &[contact_id, "00 OKAY @", "11 1234 1555 5555 7"]);
    assert_eq!((objects.len(), code), (3, 0));
    let report = json!({"form": "contact-id", "receiver": "1", "line": "1", "account": "4321", "qualifier": "E",
        "code": "101", "group": "00", "zone": "001", "kind": "C", "trigger": "emergency", "status": "active"});
    has(&objects[0]["report"], &report, "G23");
    assert_eq!(objects[1]["control"], "heartbeat");
    has(&objects[2]["report"], &json!({"form": "high-speed", "channels": "15555555", "auxiliary": "7"}), "G25");
    let (objects, code) = decode("ademco-685", &["--header-digits", "3"], &["111 123 3"]);
    assert_eq!((objects[0]["error"].clone(), code), (json!({"name": "BadField", "field": "account"}), 1));
    let arguments = ["encode", "--protocol", "ademco-685", "--account", "4321", "--code", "101", "--zone", "001"];
    let output = run(&arguments, b"");
    assert_eq!(String::from_utf8(output.stdout).unwrap().trim_end(), contact_id);
    let output = run(&["decode", "--protocol", "ademco-685", "--header-digits", "9", "x"], b"");
    assert_eq!(output.status.code(), Some(2));
}

/// What `encode` writes is decoded strictly and says the same.
#[test]
fn the_other_automation_outputs_are_decoded_and_encoded() {
    let fields: &[&str] = &["--account", "4321", "--code", "101", "--zone", "001"];
    let event = json!({"account": "4321", "code": "101", "trigger": "emergency", "status": "active"});
    for (protocol, arguments, line, report) in [
        ("radionics-6500", fields, "a011 432118110100001\\x14", &event),
        ("cp-220", fields, "\\x0A11 4321 18 E101 00 C001\\x0D", &event),
        ("sia-dc07", fields, "\\x0A002E0024\"ADM-CID\"0001R1L1[#4321|1101 00 001]\\x0D", &event),
    ] {
        let output = run(&[&["encode", "--protocol", protocol], arguments].concat(), b"");
        assert_eq!(String::from_utf8(output.stdout).unwrap().trim_end(), line, "{protocol}");
        let (objects, code) = decode(protocol, &["--strict"], &[line]);
        assert_eq!((objects.len(), code), (1, 0), "{protocol}: {objects:?}");
        has(&objects[0]["report"], report, protocol);
    }
    for (protocol, line) in [
        ("radionics-6500", "1010           @    "),
        ("cp-220", "11 OKAY @"),
        ("iti", "00 OKAY @"),
        ("sia-dc07", "8AF70010\"NULL\"0000R1L1[]"),
    ] {
        let (objects, code) = decode(protocol, &["--strict"], &[line]);
        assert_eq!((objects[0]["control"].clone(), code), (json!("heartbeat"), 0), "{protocol}");
    }
    for (protocol, line, error) in [
        ("radionics-6500", "a011 43211811010000", "WrongLength"),
        ("cp-220", "11 43 18 E101 00 C001", "BadField"),
        ("iti", "0A 1zQ4 7", "UnknownForm"),
        ("sia-dc07", "8AF80010\"NULL\"0000R1L1[]", "WrongCrc"),
    ] {
        let (objects, code) = decode(protocol, &["--strict"], &[line]);
        assert_eq!((objects[0]["error"]["name"].clone(), code), (json!(error), 1), "{protocol}: {objects:?}");
    }
    let (objects, code) = decode("iti", &[], &["0A 1zQ4 7"]);
    assert_eq!(code, 0);
    has(&objects[0]["report"], &json!({"text": "0A 1zQ4 7", "trigger": "unknown"}), "iti");
}

#[test]
fn contact_id_and_the_fast_format_are_decoded() {
    let (objects, code) =
        decode("contact-id", &["--strict"], &["4321181101000012 123455155555557C", "9*0C18160200000#"]);
    assert_eq!((objects.len(), code), (3, 0));
    let report = json!({"format": "contact-id", "account": "4321", "qualifier": "E", "code": "101", "zone": "001",
        "trigger": "emergency", "status": "active"});
    has(&objects[0]["report"], &report, "C05");
    has(&objects[1]["report"], &json!({"format": "high-speed", "channels": "15555555"}), "C19");
    has(&objects[2]["report"], &json!({"identity": "9B0F", "trigger": "periodic-test"}), "C07 in keys");
    let (objects, code) = decode("contact-id", &[], &["1234181131010157"]);
    assert_eq!((objects[0]["error"].clone(), code), (json!({"name": "BadChecksum", "computed": 8, "received": 7}), 1));
    let (objects, _) = decode("fast-format", &[], &["1234515555517"]);
    has(&objects[0]["report"], &json!({"channels": "51555551", "trigger": "pendant"}), "F1");
}

#[test]
fn encode_is_the_reverse_of_decode() {
    let table: [(&[&str], &str); 9] = [
        (
            &["bs8521", "--controller", "00012345", "--event", "019", "--location", "01", "--priority", "9"],
            "A01000001234500000190190076#",
        ),
        (
            &[
                "bs8521",
                "--category",
                "1",
                "--speech",
                "2",
                "--controller",
                "00441200",
                "--local-unit",
                "7700",
                "--event",
                "270",
                "--location",
                "10",
                "--priority",
                "1",
                "--status",
                "18",
                "--type",
                "00",
            ],
            "",
        ),
        (
            &["surgard", "--account", "1234", "--code", "121", "--group", "01", "--zone", "001"],
            "5011 181234E12101001\\x14",
        ),
        (
            &[
                "surgard",
                "--form",
                "3",
                "--receiver",
                "01",
                "--line",
                "3",
                "--account",
                "001234",
                "--code",
                "MA",
                "--address",
                "0003",
            ],
            "3013    001234MA0003\\x14",
        ),
        (&["surgard", "--form", "S", "--line", "3", "--account", "1234", "--data", "Nri1QA01"], ""),
        (&["surgard", "--heartbeat"], "1011           @    \\x14"),
        (
            &["contact-id", "--account", "1234", "--qualifier", "R", "--code", "131", "--group", "01", "--zone", "015"],
            "1234183131010156",
        ),
        (&["contact-id", "--form", "4+2", "--account", "1234", "--event", "3", "--zone", "5"], "123427353"),
        (&["fast-format", "--account", "1234", "--channels", "51555551"], "1234515555517"),
    ];
    for (arguments, expected) in table {
        let output = run(&[&["encode", "--protocol"], arguments].concat(), b"");
        let frame = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(0), "{arguments:?}");
        if !expected.is_empty() {
            assert_eq!(frame.trim_end(), expected, "{arguments:?}");
        }
        let (objects, code) = decode(arguments[0], &["--strict"], &[frame.trim_end()]);
        assert_eq!(code, 0, "{frame}");
        let named = arguments[1..]
            .chunks(2)
            .filter(|pair| pair.len() == 2 && !matches!(pair[0], "--data" | "--code" | "--address" | "--form"));
        for pair in named {
            let name = pair[0].trim_start_matches('-').replace('-', "_");
            let got = &objects[0]["report"][&name];
            assert_eq!(got.as_str().map_or(got.to_string(), str::to_owned), pair[1], "{name} of {frame}");
        }
    }
}

#[test]
fn wrong_usage_is_exit_2() {
    let table: [&[&str]; 10] = [
        &["decode", "A#"],
        &["decode", "--protocol", "own", "A#"],
        &["decode", "--protocol", "surgard", "--header-digits", "2", "x"],
        &["encode", "--protocol", "bs8521", "--controller", "1", "--event", "019"],
        &["encode", "--protocol", "surgard", "--account", "1234", "--code", "101", "--priority", "9"],
        &["encode", "--protocol", "surgard", "--account", "12345", "--code", "101"],
        &["encode", "--protocol", "surgard", "--code", "101"],
        &["encode", "--protocol", "contact-id", "--heartbeat"],
        &["encode", "--protocol", "fast-format", "--account", "1234", "--channels", "71555551"],
        &["alarms", "--token", ""],
    ];
    for arguments in table {
        let output = run(arguments, b"");
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(output.stdout.is_empty() && !output.stderr.is_empty(), "{arguments:?}");
    }
}

#[test]
fn an_account_of_another_width_is_said_so() {
    for protocol in ["surgard", "ademco-685", "contact-id"] {
        let output = run(&["encode", "--protocol", protocol, "--account", "44101", "--code", "101"], b"");
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains("--account takes 4 digits, \"44101\" has 5"), "{said}");
    }
}

#[test]
fn a_call_runs_on_virtual_time() {
    let output = run(
        &["decode", "--protocol", "bs8521", "--timed", "?", "+80", "A01000001234500000190190076#@80/80", "+3000", "!"],
        b"",
    );
    let text = String::from_utf8(output.stdout).unwrap();
    for line in [
        "   4.600  play      B@600",
        "   5.360  hear      A 80 ms",
        "deliver   0: bs8521 unit 123450000: pendant active",
        "left      0: positive",
        "hung up   by the unit",
        "end       bs8521, remote-hangup",
    ] {
        assert!(text.contains(line), "{line:?} in\n{text}");
    }
    assert_eq!(output.status.code(), Some(0));

    let slow = ["decode", "--json", "--protocol", "detect", "--timed", "--stored-after-ms", "1000"];
    let output = run(&[&slow[..], &["?", "+80", "A01000001234500000190190076#@80/80", "+3000", "!"]].concat(), b"");
    let (done, code) = printed(&output);
    assert!(done.iter().any(|done| done["what"] == "left" && done["detail"] == "0: late"), "{done:?}");
    assert_eq!(code, 0, "it was delivered all the same");

    for (arguments, expected) in [
        (["decode", "--protocol", "bs8521", "--timed", "!"], 1),
        (["decode", "--protocol", "surgard", "--timed", "!"], 2),
        (["decode", "--protocol", "bs8521", "--timed", "A01"], 2),
    ] {
        assert_eq!(run(&arguments, b"").status.code(), Some(expected), "{arguments:?}");
    }
}

#[test]
fn a_panels_message_in_plain_text_and_under_a_key() {
    const KEY: &str = "0102030405060708090A0B0C0D0E0F101112131415161718";
    let encode = |more: &[&str]| {
        let output = run(&[&["encode", "--protocol", "osborne-hoffman"], more].concat(), b"");
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
    };
    let plain = encode(&["--form", "S", "--account", "005412", "--data", "Nri04/UA105", "--sequence", "0009"]);
    assert_eq!(plain, "\\x0A01010034\"SIA-DCS\"0009R0001L0001[#005412|Nri04/UA105]\\x0D\\x00");
    let event = json!({ "identity": "005412", "line": "0001" });
    let closed = encode(&["--account", "005412", "--code", "101", "--zone", "002", "--key", KEY]);
    for (options, frame) in [(&[][..], plain.as_str()), (&["--key", KEY], closed.as_str())] {
        let (printed, code) = decode("osborne-hoffman", options, &[frame]);
        assert_eq!((printed.len(), code), (1, 0), "{printed:?}");
        has(&printed[0]["report"], &event, frame);
    }
    let heartbeat = encode(&["--heartbeat", "--key", KEY]);
    let (printed, code) = decode("osborne-hoffman", &["--key", KEY], &[&heartbeat]);
    assert_eq!((&printed[0]["control"], code), (&json!("heartbeat"), 0), "{printed:?}");
    for wrong in [
        &["decode", "--protocol", "osborne-hoffman", "--key", "01"][..],
        &["decode", "--protocol", "surgard", "--key", KEY],
        &["encode", "--protocol", "surgard", "--account", "1234", "--code", "101", "--key", KEY],
        &["decode", "--protocol", "osborne-hoffman", "--header-digits", "3"],
        &["encode", "--protocol", "osborne-hoffman", "--account", "00X", "--code", "101"],
    ] {
        assert_eq!(run(wrong, b"").status.code(), Some(2), "{wrong:?}");
    }
}
