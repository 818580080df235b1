//! The conversation with a hardware receiver that writes 6500 lines, and how such a receiver sends.

use super::settings::{HEADER_DIGITS, LINK_CHECK_EVERY, Settings};
use crate::automation::{
    self, Dialect, FRAME_BYTES_MAX, Framing, Heard, LineError, Said, SenderSettings, Timing, unmasked,
};
use crate::surgard::{Body, Header, Line, Make, Read, read_as, report, text};
use crate::{Codes, Mode, Protocol};

/// A conversation on one Radionics line, from connect to disconnect.
pub type Session = automation::Session<Settings>;

impl Dialect for Settings {
    const PROTOCOL: Protocol = Protocol::Radionics6500;

    fn framing(&self) -> Framing {
        Framing { start: None, end: self.trailer, between: b"\r\n", tail_reads: false, bytes_max: FRAME_BYTES_MAX }
    }

    fn timing(&self) -> &Timing {
        &self.timing
    }

    fn read(&self, line: &[u8], codes: &Codes) -> Result<Heard, LineError> {
        let found = read(line, self, Mode::Tolerant)?;
        let said = match (report(&found, codes), &found.line.body) {
            (None, _) => Said::Heartbeat,
            (Some(report), Body::Unknown { .. }) => Said::Unknown(report),
            (Some(report), _) => Said::Event(report),
        };
        Ok(Heard { noise_bytes: found.noise_bytes, said })
    }
}

impl From<Session> for crate::Session {
    fn from(session: Session) -> Self {
        crate::Session::Radionics6500(session)
    }
}

/// Reads one line without its trailer, as [`crate::surgard::read`] does. The header character is taken off where it
/// stands; in strict mode it has to.
pub fn read(line: &[u8], settings: &Settings, mode: Mode) -> Result<Read, LineError> {
    let Some(header) = settings.header else { return read_as(Make::Radionics6500, line, HEADER_DIGITS, mode) };
    let rest = line.split_first().filter(|(first, _)| unmasked(**first) == Some(header)).map(|(_, rest)| rest);
    if mode == Mode::Strict && rest.is_none() {
        return Err(LineError::NoStart);
    }
    let mut found = read_as(Make::Radionics6500, rest.unwrap_or(line), HEADER_DIGITS, mode)?;
    match (rest.is_some(), found.noise_bytes) {
        (false, 0) => found.warnings.push("NoHeader"),
        // The header character stood before the noise, so it is none.
        (true, 1..) => found.noise_bytes = found.noise_bytes.saturating_add(1),
        _ => {}
    }
    Ok(found)
}

/// The bytes of a line, header character and trailer included.
pub fn encode(line: &Line, settings: &Settings) -> Vec<u8> {
    let mut bytes = Vec::from_iter(settings.header);
    bytes.extend(text(Make::Radionics6500, line).into_bytes());
    bytes.push(settings.trailer);
    bytes
}

/// A receiver with these settings: it tests its link every minute by itself (B), on line 0 (vector G30).
pub fn sender_settings(receiver: &str, settings: &Settings) -> SenderSettings {
    let header = Header { receiver: receiver.to_owned(), line: "0".to_owned() };
    SenderSettings {
        heartbeat: LINK_CHECK_EVERY,
        heartbeat_line: encode(&Line { header: Some(header), body: Body::Heartbeat }, settings),
        ..SenderSettings::new(&settings.timing)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::contact_id::Qualifier;

    fn body() -> impl Strategy<Value = Body> {
        let qualifier = prop_oneof![Just(Qualifier::New), Just(Qualifier::Restore), Just(Qualifier::Present)];
        let status = prop_oneof![" [A-Z]".boxed(), "[A-Z][A-Z ]".boxed()];
        prop_oneof![
            Just(Body::Heartbeat),
            ("[0-9A-F]{4}", qualifier, "[0-9A-F]{3}", "[0-9A-F]{2}", "[0-9A-F]{3}").prop_map(
                |(account, qualifier, code, group, zone)| Body::ContactId { account, qualifier, code, group, zone }
            ),
            ("[0-9A-F]{1,10}", status, "[0-9A-F]?", "[0-9A-F]{0,3}").prop_map(|(account, status, group, zone)| {
                let group = if status.starts_with(' ') { group } else { String::new() };
                Body::Status { account, status, group, zone }
            }),
            ("[0-9A-F]{1,8}", "[0-9]{8}").prop_map(|(account, channels)| Body::Acron { account, channels }),
            ("[kjbcN]", "[!-~]{0,30}")
                .prop_map(|(form, text)| Body::Undecoded { form: form.chars().next().unwrap(), text }),
        ]
    }

    proptest! {
        #[test]
        fn any_line_comes_back(body in body(), receiver in "[0-9]{2}", line in "[0-9A-Z]",
                               header in proptest::option::of(Just(b' '))) {
            let line = Line { header: Some(Header { receiver, line }), body };
            let settings = Settings { header, ..Settings::default() };
            let bytes = encode(&line, &settings);
            for mode in [Mode::Strict, Mode::Tolerant] {
                let read = read(&bytes[..bytes.len() - 1], &settings, mode).unwrap();
                prop_assert_eq!((&read.line, read.noise_bytes), (&line, 0));
            }
        }
    }

    #[test]
    fn a_header_character_is_taken_off_and_missed() {
        let line = b"a011 123418113101015";
        let settings = Settings { header: Some(b'h'), ..Settings::default() };
        assert_eq!(read(&[b"h", &line[..]].concat(), &settings, Mode::Strict).unwrap().warnings, [""; 0]);
        assert_eq!(read(line, &settings, Mode::Tolerant).unwrap().warnings, ["NoHeader"]);
        assert_eq!(read(line, &settings, Mode::Strict), Err(LineError::NoStart));
        let noisy = [b"h?", &line[..]].concat();
        assert_eq!(read(&noisy, &settings, Mode::Tolerant).unwrap().noise_bytes, 2);
    }

    #[test]
    fn what_is_no_line_of_this_make() {
        let error = |text: &str| read(text.as_bytes(), &Settings::default(), Mode::Strict).unwrap_err();
        let field = |field| LineError::BadField { field };
        assert_eq!(error("5011 181234E12101001"), LineError::UnknownForm);
        assert_eq!(error("aF11 123418113101015"), field("header"));
        assert_eq!(error("a011 123419113101015"), field("message type"));
        assert_eq!(error("a011 123418213101015"), field("qualifier"));
        assert_eq!(error("a011 12341811310101"), LineError::WrongLength { expected: 20, got: 19 });
        assert_eq!(error("1011      1234?A0015"), field("status"));
    }
}
