//! What a test call sends, where nothing else is asked for: the test code of the reserved test identity.

use telecare_protocol::{Protocol, ademco685, iti, sia_frame, surgard};
use time::OffsetDateTime;

use super::{Arguments, PANEL_TEST_ACCOUNT, TEST_ACCOUNT, TEST_CONTROLLER};
use crate::Usage;
use crate::digital::reference;
use crate::text::unescaped;

/// Contact ID 601, manual trigger test; SIA RX, the same.
const TEST_CODES: [(&str, &str); 4] = [("5", "601"), ("a", "601"), ("cid", "601"), ("3", "RX")];

/// The line as it goes out, its end included.
pub(super) fn line(arguments: &Arguments) -> Result<Vec<u8>, Usage> {
    match arguments.protocol {
        Protocol::Espa444 => return block(arguments),
        Protocol::OsborneHoffman => return panel_text(arguments),
        Protocol::SiaDc03 | Protocol::Texecom => return panel(arguments),
        Protocol::SiaDc09 => return dc09_frame(arguments),
        Protocol::Scaip => return scaip(arguments),
        Protocol::NowIp => return nowip(arguments),
        _ => {}
    }
    let (fields, protocol) = (&arguments.fields, arguments.protocol);
    let (start, end) = match protocol {
        Protocol::SurGard | Protocol::Radionics6500 => (None, surgard::DC4),
        _ => (Some(ademco685::LF), ademco685::CR),
    };
    if let Some(frame) = &arguments.frame {
        let mut line = unescaped(frame.as_bytes());
        if let Some(start) = start.filter(|start| line.first() != Some(start)) {
            line.insert(0, start);
        }
        if line.last() != Some(&end) {
            line.push(end);
        }
        return Ok(line);
    }
    if arguments.heartbeat {
        return Ok(fields.automation_heartbeat(protocol));
    }
    let usual = match protocol {
        Protocol::SurGard => "5",
        Protocol::Radionics6500 => "a",
        _ => "cid",
    };
    let form = fields.form.as_deref().unwrap_or(usual);
    let test = match (protocol, form) {
        (Protocol::Iti, _) => Some(("data", iti::TEST)),
        (_, "S") => Some(("data", "NRX")),
        _ => TEST_CODES.iter().find(|(of, _)| *of == form).map(|(_, code)| ("code", *code)),
    };
    let defaults: Vec<_> = test.into_iter().chain([("account", TEST_ACCOUNT)]).collect();
    let mut fields = fields.clone();
    if protocol == Protocol::SiaDc07 {
        // A call of its own, and no repeat of the one a minute ago.
        fields.sequence.get_or_insert_with(|| (1 + OffsetDateTime::now_utc().unix_timestamp() % 9999).to_string());
    }
    fields.automation(protocol, &defaults)
}

/// An ESPA block as it goes out. Bytes that begin a block go out as they are.
fn block(arguments: &Arguments) -> Result<Vec<u8>, Usage> {
    if arguments.heartbeat {
        return Err(Usage("espa-444 has no heartbeat: its controller selects the receiver for each call".to_owned()));
    }
    match &arguments.frame {
        Some(frame) => Ok(unescaped(frame.as_bytes())),
        None => {
            let test = [("address", TEST_ACCOUNT), ("message", "TEST CALL"), ("type", "3"), ("priority", "3")];
            arguments.fields.espa444(&test)
        }
    }
}

/// What a panel says, before it is closed under the key of the connection.
fn panel_text(arguments: &Arguments) -> Result<Vec<u8>, Usage> {
    if let Some(frame) = &arguments.frame {
        return Ok(unescaped(frame.as_bytes()));
    }
    if arguments.heartbeat {
        return Ok(arguments.fields.osborne_hoffman_heartbeat());
    }
    let form = arguments.fields.form.as_deref().unwrap_or("cid");
    let code = match form {
        "sia" => Some(("code", "RX")),
        "S" => Some(("data", "NRX")),
        _ => Some(("code", "601")),
    };
    let defaults: Vec<_> = code.into_iter().chain([("account", PANEL_TEST_ACCOUNT)]).collect();
    // A call of its own, and no repeat of the one a minute ago.
    let mut fields = arguments.fields.clone();
    fields.sequence.get_or_insert_with(|| format!("{:04X}", 1 + OffsetDateTime::now_utc().unix_timestamp() % 0xFFFF));
    fields.osborne_hoffman(&defaults)
}

/// What a panel sends, as it goes out. Bytes that are given go out as they are.
fn panel(arguments: &Arguments) -> Result<Vec<u8>, Usage> {
    let (fields, is_texecom) = (&arguments.fields, arguments.protocol == Protocol::Texecom);
    if let Some(frame) = &arguments.frame {
        return Ok(unescaped(frame.as_bytes()));
    }
    if arguments.heartbeat {
        return if is_texecom {
            fields.texecom_poll(TEST_ACCOUNT)
        } else {
            Err(Usage("sia-dc03 has no heartbeat".to_owned()))
        };
    }
    if !is_texecom || fields.form.as_deref() == Some("sia") {
        let test = [("account", TEST_ACCOUNT), ("data", "NRX")];
        return if is_texecom { fields.texecom(&test) } else { fields.dc03(&test) };
    }
    fields.texecom(&[("account", TEST_ACCOUNT), ("code", "601")])
}

/// A SIA DC-09 frame in clear; the unit makes it anew with its own sequence, stamp and key.
fn dc09_frame(arguments: &Arguments) -> Result<Vec<u8>, Usage> {
    let fields = &arguments.fields;
    if let Some(frame) = &arguments.frame {
        let mut frame = unescaped(frame.as_bytes());
        if frame.first() != Some(&sia_frame::LF) {
            frame.insert(0, sia_frame::LF);
        }
        if frame.last() != Some(&sia_frame::CR) {
            frame.push(sia_frame::CR);
        }
        return Ok(frame);
    }
    if arguments.heartbeat {
        return fields.sia_dc09_null(fields.account.as_deref().unwrap_or(TEST_ACCOUNT));
    }
    fields.sia_dc09(&[("account", TEST_ACCOUNT), ("data", "Nri1/RX001"), ("code", "601")])
}

/// A SCAIP document with a reference of its own. Bytes that are given go out as they are.
fn scaip(arguments: &Arguments) -> Result<Vec<u8>, Usage> {
    let mut fields = arguments.fields.clone();
    let reference = fields.reference.get_or_insert_with(reference).clone();
    if let Some(frame) = &arguments.frame {
        return Ok(unescaped(frame.as_bytes()));
    }
    if arguments.heartbeat {
        return Ok(fields.scaip_heartbeat(&reference, fields.account.as_deref().unwrap_or(TEST_ACCOUNT)));
    }
    fields.scaip(&[("account", TEST_ACCOUNT), ("code", "0002/0102"), ("crd", "no-voice:")])
}

/// A NOW-IP document. Bytes that are given go out as they are.
fn nowip(arguments: &Arguments) -> Result<Vec<u8>, Usage> {
    let fields = &arguments.fields;
    if let Some(frame) = &arguments.frame {
        return Ok(unescaped(frame.as_bytes()));
    }
    if arguments.heartbeat {
        return fields.nowip_heartbeat(TEST_CONTROLLER);
    }
    fields.nowip(&[("controller", TEST_CONTROLLER), ("event", "058")])
}
