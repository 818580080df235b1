//! SCAIP documents: what is read is written and reads the same; an answer is never taken for a request.

use telecare_protocol::digital::Targets;
use telecare_protocol::scaip::{Dialects, Read, Request, Response, is_scaip, read};
use telecare_protocol::{Outcome, Protocol};

use super::{CODES, front_door};

/// One document, in the document's own dialect and with the one that embeds answers.
pub fn scaip(data: &[u8]) {
    let targets = Targets { sip: Some("sip:desk@arc.example.org".to_owned()), ..Targets::default() };
    for dialects in [Dialects::default(), Dialects { embedded_reply: true }] {
        match read(data, dialects) {
            Read::Request(request) => {
                assert!(is_scaip(data));
                let report = request.report(&CODES);
                assert!(report.principal().is_some() && report.outcome == Outcome::Decoded);
                assert_eq!(report.repeat_key(), Some(request.repeat_key()));
                let again = request.write();
                let Read::Request(reread) = read(again.as_bytes(), dialects) else { panic!("{again}") };
                // What nobody knows is not written again, and with it goes what was told of it.
                let plain =
                    |request: &Request| Request { warnings: Vec::new(), unknown: Vec::new(), ..request.clone() };
                assert_eq!(plain(&reread), plain(&request), "{again}");
                answer(&Response::accepted(&request, &targets));
            }
            Read::Bad(bad) => {
                let report = bad.report(&CODES);
                assert_eq!(report.outcome, Outcome::Unreadable(bad.fault.clone()));
                assert_eq!(report.identity, bad.identity);
                assert!(report.principal().is_some() && report.repeat_key().is_none());
                let response = bad.response();
                assert_ne!(response.number.number(), 0, "bad news is told");
                answer(&response);
            }
            Read::Answer(response) => {
                assert!(is_scaip(data));
                let again = response.write();
                assert!(matches!(read(again.as_bytes(), dialects), Read::Answer(_)), "{again}");
            }
        }
    }
    if let Ok(response) = Response::read(data) {
        answer(&response);
    }
    front_door(Protocol::Scaip, data, 3);
}

/// What is written is read as it was meant, and is an answer.
fn answer(response: &Response) {
    let document = response.write();
    let reread = Response::read(document.as_bytes()).expect("what was written reads again");
    assert_eq!(reread.write(), document);
    assert_eq!((&reread.reference, reread.number), (&response.reference, response.number));
    assert!(matches!(read(document.as_bytes(), Dialects::default()), Read::Answer(_)), "{document}");
}
