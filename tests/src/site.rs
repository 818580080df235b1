//! The site most tests begin with: a receiver with one serial and one TCP line, and the hardware receivers
//! at their other ends.

use std::fs;

use anyhow::Result;

use crate::link::Link;
use crate::pty::Pty;
use crate::receiver::{Line, Receiver, Setup, Transport};
use crate::scratch::Scratch;
use crate::surgard::HardwareReceiver;

/// Name of the line on a pty.
pub const SERIAL: &str = "serial";
/// Name of the line on which the receiver connects to its hardware receiver.
pub const TCP: &str = "tcp";

/// A running receiver and its lines.
#[derive(Debug)]
pub struct Site {
    /// The receiver.
    pub receiver: Receiver,
    /// At the other end of [`SERIAL`].
    pub serial: HardwareReceiver,
    /// At the other end of [`TCP`].
    pub tcp: HardwareReceiver,
    /// Texts that name the lines' descriptors in a trace of the receiver.
    pub descriptors: Vec<String>,
}

impl Site {
    /// Starts a receiver; its two lines are added to the setup's.
    pub fn start(setup: Setup) -> Result<Site> {
        let mut site = Site::prepare(setup)?;
        site.receiver.launch()?;
        Ok(site)
    }

    /// As [`Site::start`], but starts nothing.
    pub fn prepare(mut setup: Setup) -> Result<Site> {
        let scratch = Scratch::new("site")?;
        let pty = Pty::new(&scratch.join("ttyTEST"))?;
        let (listening, address) = Link::listen()?;
        setup.lines.push(Line::new(SERIAL, Transport::Serial(pty.port().clone())));
        setup.lines.push(Line::new(TCP, Transport::Connect(address)));
        // A terminal's number ends where strace begins to describe it.
        let terminal = format!("{}<", fs::canonicalize(pty.port().path())?.display());
        let descriptors = vec![terminal, format!(":{}]", address.port())];
        let ack_wait = setup.ack_wait;
        let receiver = Receiver::prepare_in(scratch, setup)?;
        let serial = HardwareReceiver::new(Link::Port(pty), ack_wait);
        let tcp = HardwareReceiver::new(listening, ack_wait);
        Ok(Site { receiver, serial, tcp, descriptors })
    }
}
