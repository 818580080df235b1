//! `encode`: a frame from named fields, the reverse of `decode`.

use std::io::{self, Write};

use telecare_api::shapes::escaped;
use telecare_protocol::Protocol;
use telecare_protocol::osborne_hoffman::{Cipher, Key};

use super::decode::document_or_protocol;
use crate::device::is_hardware_receiver;
use crate::frame::FrameArguments;
use crate::{Usage, Verdict};

#[derive(clap::Args)]
pub struct Arguments {
    /// What is spoken.
    #[arg(long, value_parser = document_or_protocol)]
    protocol: Protocol,
    /// Write a heartbeat instead of an event.
    #[arg(long)]
    heartbeat: bool,
    #[command(flatten)]
    fields: FrameArguments,
    /// Close it under this key, 48 hex digits [osborne-hoffman].
    #[arg(long, value_parser = super::decode::key)]
    key: Option<Key>,
}

/// Prints the frame, framing included, bytes that cannot be printed as \xNN.
pub fn run(arguments: &Arguments) -> anyhow::Result<Verdict> {
    let fields = &arguments.fields;
    if arguments.key.is_some() && arguments.protocol != Protocol::OsborneHoffman {
        return Err(Usage(format!("{} has no key", arguments.protocol)).into());
    }
    let bytes = match arguments.protocol {
        protocol if is_hardware_receiver(protocol) && arguments.heartbeat => fields.automation_heartbeat(protocol),
        protocol if is_hardware_receiver(protocol) => fields.automation(protocol, &[])?,
        Protocol::OsborneHoffman => {
            let heartbeat = arguments.heartbeat;
            let text = if heartbeat { fields.osborne_hoffman_heartbeat() } else { fields.osborne_hoffman(&[])? };
            arguments.key.as_ref().map_or(text.clone(), |key| Cipher::new(key).close(&text))
        }
        Protocol::Texecom if arguments.heartbeat => fields.texecom_poll("9999")?,
        Protocol::SiaDc09 if arguments.heartbeat => {
            let account = fields.account.as_deref().ok_or_else(|| Usage("a NULL needs --account".to_owned()))?;
            fields.sia_dc09_null(account)?
        }
        Protocol::SiaDc09 => fields.sia_dc09(&[])?,
        Protocol::Scaip if arguments.heartbeat => {
            let account = fields.account.as_deref().ok_or_else(|| Usage("a heartbeat needs --account".to_owned()))?;
            fields.scaip_heartbeat(fields.reference.as_deref().unwrap_or("1"), account)
        }
        Protocol::Scaip => fields.scaip(&[])?,
        Protocol::NowIp if arguments.heartbeat && fields.controller.is_none() => {
            return Err(Usage("a heartbeat needs --controller".to_owned()).into());
        }
        Protocol::NowIp if arguments.heartbeat => fields.nowip_heartbeat("")?,
        Protocol::NowIp => fields.nowip(&[])?,
        protocol if arguments.heartbeat => return Err(Usage(format!("{protocol} has no heartbeat")).into()),
        Protocol::Espa444 => fields.espa444(&[])?,
        Protocol::SiaDc03 => fields.dc03(&[])?,
        Protocol::Texecom => fields.texecom(&[])?,
        protocol @ (Protocol::Tt92 | Protocol::TtNew | Protocol::TtOld) => fields.tunstall(protocol, &[])?,
        Protocol::ContactId => fields.contact_id(&[])?,
        Protocol::FastFormat => fields.fast_format(&[])?,
        Protocol::Bs8521 => fields.bs8521(&[])?,
        _ => {
            return Err(Usage(format!("{} has no frames of its own", arguments.protocol)).into());
        }
    };
    writeln!(io::stdout().lock(), "{}", escaped(&bytes))?;
    Ok(Verdict::Done)
}
