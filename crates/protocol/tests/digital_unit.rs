//! A simulated digital unit against the session of a listener, bytes passed between the two on virtual time.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may fail by panic")]

#[path = "rig/digital.rs"]
mod rig;

use std::time::Duration;

use rig::{Rig, Wire};
use telecare_protocol::digital::{Refusal, UnitCommand, UnitFault};
use telecare_protocol::nowip::{Document, Kind};
use telecare_protocol::scaip::{CallHandling, CallerId, Media, Request, Snu, VoiceReply};
use telecare_protocol::sip::{Authentication, Transport};
use telecare_protocol::{Answered, Protocol, Trigger};
use time::macros::time;

const ALL: [Transport; 3] = [Transport::Udp, Transport::Tcp, Transport::Tls];

fn test_call(reference: &str) -> Vec<u8> {
    Request::test_call(reference, "9999").write().into_bytes()
}

fn atm(kind: Kind, data: &str) -> Vec<u8> {
    Document::new(kind, data, "020000000000", time!(14:05:09)).write()
}

/// A periodic test of controller 00009999, without speech.
fn periodic_test() -> Vec<u8> {
    atm(Kind::Alarm, "000000009999000005800000")
}

#[test]
fn a_test_call_is_answered_acknowledged_and_stored() {
    for (protocol, document) in [(Protocol::Scaip, test_call("R1")), (Protocol::NowIp, periodic_test())] {
        for transport in ALL {
            let mut rig = Rig::new(protocol, transport, Authentication::None, &[]);
            rig.send(&document);
            rig.run(Duration::from_secs(60));
            let told = rig.told();
            let [UnitCommand::Answered { status: 200, .. }, UnitCommand::Acknowledged { attempts: 1, voice: None, .. }] =
                &told[..]
            else {
                panic!("{protocol} {transport:?}: {told:?}");
            };
            assert_eq!(rig.reports(), [(Some("9999".to_owned()), Trigger::PeriodicTest)]);
            assert_eq!(rig.left, [Answered::Positive], "{protocol}: our 200 to the acknowledgement");
            assert_eq!((rig.unit.held(), rig.unit.poll_timeout()), (0, None));
        }
    }
}

#[test]
fn nothing_is_acknowledged_that_is_not_stored() {
    for (protocol, document) in [(Protocol::Scaip, test_call("R1")), (Protocol::NowIp, periodic_test())] {
        let mut rig = Rig::new(protocol, Transport::Tcp, Authentication::None, &[]);
        rig.stores = false;
        rig.send(&document);
        rig.run(Duration::from_secs(120));
        let told = rig.told();
        assert_eq!(told.len(), 5, "{told:?}");
        assert!(told[..4].iter().all(|told| matches!(told, UnitCommand::Answered { status: 503, .. })), "{told:?}");
        assert!(matches!(told[4], UnitCommand::GaveUp(_)));
    }
}

#[test]
fn signs_of_life_are_polled() {
    let beat = Request::heartbeat("R1", "9999").write().into_bytes();
    for (protocol, document) in [(Protocol::Scaip, beat), (Protocol::NowIp, atm(Kind::Heartbeat, "000099990000"))] {
        let mut rig = Rig::new(protocol, Transport::Udp, Authentication::None, &[]);
        rig.send(&document);
        rig.run(Duration::from_secs(60));
        let told = rig.told();
        assert!(matches!(told[..], [UnitCommand::Answered { .. }, UnitCommand::Polled { .. }]), "{told:?}");
        assert_eq!((rig.reports(), rig.signs_of_life), (Vec::new(), 1));
    }
}

#[test]
fn the_call_that_is_wanted_is_told() {
    let mut rig = Rig::new(Protocol::Scaip, Transport::Udp, Authentication::None, &[]);
    let request = Request { callers: vec![CallerId::read("tel:")], ..Request::new("R1", "9999", 3, Some(10)) };
    rig.send(request.write().as_bytes());
    rig.run(Duration::from_secs(1));
    let wanted =
        VoiceReply { media: Media::Duplex, call: CallHandling::Transferred, number: Some(rig::OPERATORS.to_owned()) };
    let told = rig.told();
    let Some(UnitCommand::Acknowledged { voice, .. }) = told.last() else { panic!("{told:?}") };
    assert_eq!(*voice, Some(wanted));
}

#[test]
fn a_unit_proves_itself_when_it_is_asked() {
    for (protocol, document) in [(Protocol::Scaip, test_call("R1")), (Protocol::NowIp, periodic_test())] {
        for transport in ALL {
            let mut rig = Rig::new(protocol, transport, Authentication::Digest, &[]);
            rig.send(&document);
            rig.run(Duration::from_secs(60));
            let told = rig.told();
            let [UnitCommand::Answered { status: 200, .. }, UnitCommand::Acknowledged { attempts: 1, .. }] = told[..]
            else {
                panic!("{told:?}");
            };
            assert_eq!(rig.reports().len(), 1);
        }
    }
}

#[test]
fn whoever_has_no_password_is_refused() {
    let mut rig = Rig::new(Protocol::Scaip, Transport::Udp, Authentication::Digest, &[]);
    rig.forget_password();
    rig.send(&test_call("R1"));
    rig.run(Duration::from_secs(60));
    let told = rig.told();
    assert!(
        matches!(told[..], [UnitCommand::Answered { status: 401, .. }, UnitCommand::Refused(_, Refusal::Sip(401))]),
        "{told:?}"
    );
    assert!(rig.reports().is_empty());
}

/// What each fault comes to. `None` is acknowledged, `Some(None)` is given up, otherwise how it is refused.
#[test]
fn every_fault_has_its_outcome() {
    let snu = |number| Some(Some(Err::<u16, Snu>(number)));
    let sip = |status| Some(Some(Ok::<u16, Snu>(status)));
    for (fault, scaip, nowip) in [
        (UnitFault::NoFromTag, None, None),
        (UnitFault::ConstantBranch, None, None),
        (UnitFault::WrongLength, sip(400), sip(400)),
        (UnitFault::Deaf, Some(None), Some(None)),
        (UnitFault::Duplicate, None, None),
        (UnitFault::WrongPassword, sip(401), sip(401)),
        (UnitFault::Truncated, snu(Snu::BadFormat), Some(None)),
        (UnitFault::WrongRoot, snu(Snu::BadFormat), snu(Snu::BadFormat)),
        (UnitFault::MissingElement, snu(Snu::MissingElement), Some(None)),
        (UnitFault::DocumentType, snu(Snu::BadFormat), Some(None)),
        (UnitFault::BadCode, snu(Snu::BadContent), Some(None)),
    ] {
        for (protocol, document, expected) in
            [(Protocol::Scaip, test_call("R1"), scaip), (Protocol::NowIp, periodic_test(), nowip)]
        {
            let is_password = fault == UnitFault::WrongPassword;
            let authentication = if is_password { Authentication::Digest } else { Authentication::None };
            let mut rig = Rig::new(protocol, Transport::Udp, authentication, &[fault]);
            rig.send(&document);
            rig.run(Duration::from_secs(300));
            let told = rig.told();
            let outcome = match told.last() {
                Some(UnitCommand::Acknowledged { .. }) => None,
                Some(UnitCommand::GaveUp(_)) => Some(None),
                Some(UnitCommand::Refused(_, Refusal::Sip(status))) => Some(Some(Ok(*status))),
                Some(UnitCommand::Refused(_, Refusal::Scaip { number, .. })) => Some(Some(Err(*number))),
                other => panic!("{fault:?} {protocol}: {other:?} of {told:?}"),
            };
            assert_eq!(outcome, expected, "{fault:?} {protocol}: {told:?}");
            // Whatever could be read as a document is somebody's alarm, and there once.
            let is_unheard = matches!(fault, UnitFault::WrongLength | UnitFault::WrongPassword);
            let repeats = if protocol == Protocol::NowIp && expected == Some(None) && fault != UnitFault::Deaf {
                // A document that nobody can read has no key by which a copy is known.
                rig.reports().len()
            } else {
                1
            };
            assert_eq!(rig.reports().len(), if is_unheard { 0 } else { repeats }, "{fault:?} {protocol}");
        }
    }
}

#[test]
fn copies_are_one_alarm_on_any_wire() {
    for (protocol, document) in [(Protocol::Scaip, test_call("R1")), (Protocol::NowIp, periodic_test())] {
        let mut acknowledged = 0;
        for seed in 1..=60 {
            let mut rig = Rig::new(protocol, Transport::Udp, Authentication::Digest, &[]);
            rig.wire = Wire { seed, lost: 30, doubled: 20 };
            rig.send(&document);
            rig.run(Duration::from_secs(120));
            let told = rig.told();
            let reports = rig.reports();
            match told.last() {
                Some(UnitCommand::Acknowledged { .. }) => {
                    acknowledged += 1;
                    assert_eq!(reports.len(), 1, "{protocol}, seed {seed}: {told:?}");
                }
                Some(UnitCommand::GaveUp(_)) => assert!(reports.len() <= 1, "{protocol}, seed {seed}"),
                other => panic!("{protocol}, seed {seed}: {other:?}"),
            }
        }
        // SIP repeats what is lost, and the unit what SIP does not know of.
        assert!(acknowledged >= 58, "{protocol}: {acknowledged} of 60");
    }
}

#[test]
fn a_second_document_waits_for_the_first() {
    let mut rig = Rig::new(Protocol::Scaip, Transport::Tcp, Authentication::None, &[]);
    let (one, other) = (rig.send(&test_call("R1")), rig.send(&test_call("R2")));
    assert_eq!(rig.unit.held(), 2);
    rig.run(Duration::from_secs(1));
    let told = rig.told();
    let acknowledged = told.iter().filter_map(|told| match told {
        UnitCommand::Acknowledged { message, .. } => Some(*message),
        _ => None,
    });
    assert_eq!(acknowledged.collect::<Vec<_>>(), [one, other]);
    assert_eq!(rig.reports().len(), 2);
}

#[test]
fn what_was_under_way_is_sent_on_a_new_connection() {
    let mut rig = Rig::new(Protocol::Scaip, Transport::Tcp, Authentication::None, &[]);
    rig.wire = Wire { seed: 1, lost: 100, doubled: 0 };
    rig.send(&test_call("R1"));
    rig.run(Duration::from_secs(2));
    assert!(rig.told().is_empty());
    rig.wire = Wire::default();
    rig.connect();
    rig.run(Duration::from_secs(1));
    let told = rig.told();
    let Some(UnitCommand::Acknowledged { attempts: 2, .. }) = told.last() else { panic!("{told:?}") };
}

#[test]
fn a_scheme_tells_of_what_it_alarms() {
    let mut rig = Rig::new(Protocol::NowIp, Transport::Tcp, Authentication::None, &[]);
    // A scheme: its category is 2, its dwelling 0104, a pull cord.
    rig.send(&atm(Kind::Alarm, "200000009999010400300000"));
    rig.run(Duration::from_secs(30));
    for data in ["10000", "00104", "9"] {
        rig.command(&atm(Kind::Command, data));
    }
    let answers: Vec<(Kind, String)> = rig.heard.iter().map(|heard| (heard.kind, heard.data.clone())).collect();
    let record = "010400300000".to_owned();
    let expected = [record.clone(), record, "00".to_owned()].map(|data| (Kind::Response, data));
    assert_eq!(answers[answers.len() - 3..], expected);
}
