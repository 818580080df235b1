//! A document that a unit sends, and what acknowledges it.

use crate::bs8521::Answer;
use crate::nowip;
use crate::scaip::{self, Dialects, MessageType, Read, Response, Snu, VoiceReply};

/// The content type of NOW-IP.
pub(super) const NOW_IP: &str = "text/plain";

/// A document, as its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitMessage {
    pub(super) body: Vec<u8>,
    pub(super) is_nowip: bool,
    pub(super) is_heartbeat: bool,
    /// `ref` of a SCAIP document, where it has one.
    pub(super) reference: Option<String>,
}

/// What a document of the receiver's says of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is taken; with the call that is wanted.
    Taken(Option<VoiceReply>),
    /// It is not, and why.
    Refused { number: Snu, text: Option<String> },
}

impl UnitMessage {
    /// A SCAIP or NOW-IP document. Which of them, its root says; bytes that are neither are sent as SCAIP.
    pub fn new(body: &[u8]) -> UnitMessage {
        let body = body.to_vec();
        if scaip::is_nowip(&body) {
            let is_heartbeat = nowip::read(&body).is_ok_and(|document| document.kind == nowip::Kind::Heartbeat);
            return UnitMessage { body, is_nowip: true, is_heartbeat, reference: None };
        }
        let (is_heartbeat, reference) = match scaip::read(&body, Dialects { embedded_reply: true }) {
            Read::Request(request) => (request.message_type == MessageType::Heartbeat, Some(request.reference)),
            Read::Bad(bad) => (false, bad.reference),
            Read::Answer(_) => (false, None),
        };
        UnitMessage { body, is_nowip: false, is_heartbeat, reference }
    }

    /// Of the body, as units of its protocol say it.
    pub(super) fn content_type(&self) -> &'static str {
        if self.is_nowip { NOW_IP } else { "application/scaip+xml" }
    }

    /// The record of the call that a NOW-IP scheme alarms.
    pub(super) fn record(&self) -> Option<Answer> {
        let frame = nowip::read(&self.body).ok().filter(|_| self.is_nowip)?.frame()?;
        let data = frame.data().ok().filter(|_| frame.is_grouped())?;
        Answer::decode(data.get(12..)?.as_bytes()).ok()
    }

    /// What a document of the receiver's says of it; none if it is about something else.
    pub(super) fn judged(&self, body: &[u8]) -> Option<Verdict> {
        if let Ok(document) = nowip::read(body) {
            let is_taken = self.is_nowip && document.kind == nowip::Kind::Acknowledgement;
            return is_taken.then_some(Verdict::Taken(None));
        }
        let Read::Answer(Response { reference, number, text, voice, .. }) =
            scaip::read(body, Dialects { embedded_reply: true })
        else {
            return None;
        };
        if number == Snu::Ok {
            return (self.reference.as_ref() == Some(&reference)).then_some(Verdict::Taken(voice));
        }
        // Whose reference could not be read is told no by another: it has only one document under way.
        Some(Verdict::Refused { number, text })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scaip::Request;

    #[test]
    fn what_acknowledges_a_document() {
        let scaip = UnitMessage::new(Request::test_call("R1", "9999").write().as_bytes());
        let atm = |kind: &str, data: &str| {
            let text = format!(
                "<ATM><version>1.5</version><type>{kind}</type><data>{data}</data><time>00:00:00</time><mac>m</mac></ATM>"
            );
            text.into_bytes()
        };
        let nowip = UnitMessage::new(&atm("1", "000000009999000005800000"));
        let answer = |reference: &str, number: u32| {
            Response { number: Snu::of(number), ..Response::ok(reference) }.write().into_bytes()
        };
        let taken = Some(Verdict::Taken(None));
        for (message, body, expected) in [
            (&scaip, answer("R1", 0), taken.clone()),
            (&scaip, answer("R2", 0), None),
            (&scaip, answer("R1", 3), Some(Verdict::Refused { number: Snu::BadContent, text: None })),
            (&scaip, answer("0", 2), Some(Verdict::Refused { number: Snu::BadFormat, text: None })),
            (&scaip, atm("A", "."), None),
            (&scaip, b"hello".to_vec(), None),
            (&nowip, atm("A", "."), taken),
            (&nowip, atm("2", "9"), None),
            (&nowip, answer("R1", 0), None),
            (&nowip, answer("0", 2), Some(Verdict::Refused { number: Snu::BadFormat, text: None })),
        ] {
            assert_eq!(message.judged(&body), expected, "{}", String::from_utf8_lossy(&body));
        }
    }

    #[test]
    fn signs_of_life_are_known_as_such() {
        let beat = UnitMessage::new(Request::heartbeat("R1", "9999").write().as_bytes());
        assert!(beat.is_heartbeat && !beat.is_nowip);
        let utc = time::macros::time!(14:05:09);
        let beat = nowip::Document::new(nowip::Kind::Heartbeat, "000099990000", "m", utc);
        let beat = UnitMessage::new(&beat.write());
        assert!(beat.is_heartbeat && beat.is_nowip);
        assert_eq!(beat.content_type(), "text/plain");
    }
}
