//! `encode`: a frame from named fields, the reverse of `decode`.

use std::io::{self, Write};

use telecare_api::shapes::escaped;
use telecare_protocol::Protocol;

use super::decode::protocol;
use crate::Verdict;
use crate::frame::FrameArguments;

#[derive(clap::Args)]
pub struct Arguments {
    /// bs8521, contact-id, fast-format, surgard or ademco-685.
    #[arg(long, value_parser = protocol)]
    protocol: Protocol,
    /// Write a heartbeat instead of an event.
    #[arg(long)]
    heartbeat: bool,
    #[command(flatten)]
    fields: FrameArguments,
}

/// Prints the frame, framing included, bytes that cannot be printed as \xNN.
pub fn run(arguments: &Arguments) -> anyhow::Result<Verdict> {
    let fields = &arguments.fields;
    let bytes = match arguments.protocol {
        Protocol::SurGard if arguments.heartbeat => fields.heartbeat(),
        Protocol::SurGard => fields.surgard(&[])?,
        Protocol::Ademco685 if arguments.heartbeat => fields.ademco685_heartbeat(),
        Protocol::Ademco685 => fields.ademco685(&[])?,
        // Test calls of these are a simulated unit's; their frames are not written by hand.
        Protocol::Tt92 | Protocol::TtNew | Protocol::TtOld => {
            return Err(crate::Usage(format!("{} frames cannot be encoded here", arguments.protocol)).into());
        }
        protocol @ (Protocol::Bs8521
        | Protocol::ContactId
        | Protocol::FastFormat
        | Protocol::Detect
        | Protocol::Own)
            if arguments.heartbeat =>
        {
            return Err(crate::Usage(format!("{protocol} has no heartbeat")).into());
        }
        Protocol::ContactId => fields.contact_id()?,
        Protocol::FastFormat => fields.fast_format()?,
        Protocol::Bs8521 | Protocol::Detect | Protocol::Own => fields.bs8521()?,
    };
    writeln!(io::stdout().lock(), "{}", escaped(&bytes))?;
    Ok(Verdict::Done)
}
