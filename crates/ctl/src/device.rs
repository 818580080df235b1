//! What speaks to a receiver's line: a hardware receiver, a controller or a unit of any protocol, as a pure machine. `call`
//! drives one for a test call, `simulate` for a rehearsal.

use std::time::{Duration, Instant};

use telecare_protocol::automation::{LineNumber, Sender, SenderCommand, SenderSettings};
use telecare_protocol::dc03;
use telecare_protocol::digital;
use telecare_protocol::espa::{Controller, ControllerCommand, ControllerSettings};
use telecare_protocol::osborne_hoffman::{Panel, PanelSettings};
use telecare_protocol::sia_dc09::{Unit, UnitCommand, UnitMessage, UnitSettings};
use telecare_protocol::{Protocol, ademco685, cp220, iti, radionics, sia_dc07, surgard, texecom};

use crate::digital::{ATTEMPTS as DIGITAL_ATTEMPTS, told as digital_told};
use crate::premises;

/// A device.
pub enum Device {
    /// A hardware receiver.
    Automation(Sender),
    /// A warden-call controller.
    Espa(Controller),
    /// A panel that sends DC-03 blocks.
    Dc03(dc03::Panel),
    /// A panel that speaks Texecom's wrapper.
    Texecom(texecom::Panel),
    /// A panel that is given its key on connect.
    Panel(Box<Panel>),
    /// A premises unit.
    Premises(Box<Unit>),
    /// A digital unit, and what it told after what it tells.
    Digital(Box<digital::Unit>, Option<Told>),
}

/// What a device does or tells.
#[derive(Debug, PartialEq)]
pub enum Told {
    /// It sends these bytes.
    Send(Vec<u8>),
    /// A message was acknowledged after so many attempts.
    Acknowledged { attempts: u32 },
    /// A message will never be accepted.
    Refused,
    /// A sign of life was acknowledged.
    Polled,
    /// Nobody answers; it holds its messages back.
    LinkFailed,
    /// Somebody answers again.
    LinkRestored,
    /// The receiver sent a message of its own.
    Heard(String),
    /// A step on the way, in words.
    Step(String),
}

/// A protocol that devices speak, by its name.
pub fn protocol(name: &str) -> Result<Protocol, String> {
    // Digital units are many, and each is another: `call --units`.
    let known = || Protocol::on_ports().filter(|protocol| *protocol != Protocol::Sip);
    known().find(|protocol| protocol.as_str() == name).ok_or_else(|| format!("one of {}", Protocol::names(known())))
}

/// Whether hardware receivers speak it on their automation outputs.
pub fn is_hardware_receiver(protocol: Protocol) -> bool {
    matches!(
        protocol,
        Protocol::SurGard
            | Protocol::Ademco685
            | Protocol::Radionics6500
            | Protocol::SiaDc07
            | Protocol::Cp220
            | Protocol::Iti
    )
}

/// A hardware receiver as its makers set it.
fn hardware_receiver(protocol: Protocol) -> SenderSettings {
    let ademco = || ademco685::Header { receiver: "1".to_owned(), line: "1".to_owned() };
    match protocol {
        Protocol::Ademco685 => ademco685::sender_settings(&ademco()),
        Protocol::Cp220 => cp220::sender_settings(&ademco(), &cp220::Settings::default()),
        Protocol::Radionics6500 => radionics::sender_settings("01", &radionics::Settings::default()),
        Protocol::SiaDc07 => sia_dc07::sender_settings(&sia_dc07::Settings::default()),
        Protocol::Iti => iti::sender_settings(&iti::Settings::default()),
        _ => surgard::sender_settings(&surgard::Header { receiver: "01".to_owned(), line: "1".to_owned() }),
    }
}

impl Device {
    /// A device as its makers set it. `ack_wait` is how long it waits for an answer, none for its usual time;
    /// `heartbeats` whether it says that it is there.
    pub fn new(protocol: Protocol, ack_wait: Option<Duration>, heartbeats: bool) -> Device {
        let now = Instant::now();
        if protocol == Protocol::Espa444 {
            let usual = ControllerSettings::default();
            let check_every = if heartbeats { usual.check_every } else { Duration::ZERO };
            let reply_wait = ack_wait.unwrap_or(usual.reply_wait);
            return Device::Espa(Controller::new(ControllerSettings { reply_wait, check_every, ..usual }, now));
        }
        if protocol == Protocol::OsborneHoffman {
            let usual = PanelSettings::default();
            let heartbeat = if heartbeats { usual.heartbeat } else { Duration::ZERO };
            let ack_wait = ack_wait.unwrap_or(usual.ack_wait);
            return Device::Panel(Box::new(Panel::new(PanelSettings { ack_wait, heartbeat, ..usual }, now)));
        }
        if protocol == Protocol::SiaDc03 {
            let usual = dc03::PanelSettings::default();
            let ack_wait = ack_wait.unwrap_or(usual.ack_wait);
            return Device::Dc03(dc03::Panel::new(dc03::PanelSettings { ack_wait, ..usual }));
        }
        if protocol == Protocol::Texecom {
            let usual = texecom::PanelSettings::default();
            let poll_every = if heartbeats { usual.poll_every } else { Duration::ZERO };
            let ack_wait = ack_wait.unwrap_or(usual.ack_wait);
            return Device::Texecom(texecom::Panel::new(texecom::PanelSettings { ack_wait, poll_every, ..usual }, now));
        }
        if protocol == Protocol::SiaDc09 {
            let usual = UnitSettings::default();
            let poll_every = if heartbeats { usual.poll_every } else { Duration::ZERO };
            let ack_wait = ack_wait.unwrap_or(usual.ack_wait);
            return Device::premises(UnitSettings { ack_wait, poll_every, ..usual });
        }
        let usual = hardware_receiver(protocol);
        let heartbeat = if heartbeats { usual.heartbeat } else { Duration::ZERO };
        let ack_wait = ack_wait.unwrap_or(usual.ack_wait);
        Device::Automation(Sender::new(SenderSettings { ack_wait, heartbeat, ..usual }, now))
    }

    /// A premises unit with these settings.
    pub fn premises(settings: UnitSettings) -> Device {
        Device::Premises(Box::new(premises::unit(settings)))
    }

    /// A digital unit with these settings.
    pub fn digital(settings: digital::UnitSettings) -> Device {
        let chance = *uuid::Uuid::new_v4().as_bytes();
        Device::Digital(Box::new(digital::Unit::new(settings, chance, premises::clock())), None)
    }

    /// Attempts it makes of one message.
    pub fn attempts(protocol: Protocol) -> u32 {
        match protocol {
            Protocol::Espa444 => ControllerSettings::default().attempts,
            Protocol::SiaDc03 => dc03::PanelSettings::default().attempts,
            Protocol::Texecom => texecom::PanelSettings::default().attempts,
            Protocol::OsborneHoffman => PanelSettings::default().attempts,
            Protocol::SiaDc09 => UnitSettings::default().attempts,
            Protocol::Scaip | Protocol::NowIp => DIGITAL_ATTEMPTS,
            _ => hardware_receiver(protocol).attempts,
        }
    }

    /// Takes a message to send, framing included; none when it holds as many as it can. A premises unit makes its frame
    /// anew, with its own sequence and stamp, encrypted where it has a key.
    pub fn send(&mut self, message: &[u8]) -> Option<LineNumber> {
        match self {
            Device::Automation(sender) => sender.send(message.to_vec(), Instant::now()),
            Device::Espa(controller) => controller.send(message.to_vec(), Instant::now()),
            Device::Premises(unit) => {
                let message = UnitMessage::of_frame(message)?;
                if message.token == "NULL" {
                    unit.poll(Instant::now());
                    return Some(LineNumber(0));
                }
                unit.send(message, Instant::now())
            }
            Device::Dc03(panel) => panel.send(message, Instant::now()),
            Device::Texecom(panel) => panel.send(message.to_vec(), Instant::now()),
            Device::Panel(panel) => panel.send(message.to_vec(), Instant::now()),
            Device::Digital(unit, _) => unit.send(digital::UnitMessage::new(message), Instant::now()),
        }
    }

    /// Whether it is a digital unit.
    pub fn is_digital(&self) -> bool {
        matches!(self, Device::Digital(..))
    }

    /// Its wire was opened anew.
    pub fn connected(&mut self) {
        match self {
            Device::Panel(panel) => panel.connected(),
            Device::Digital(unit, _) => unit.connected(Instant::now()),
            _ => {}
        }
    }

    /// Takes bytes the receiver answered.
    pub fn handle_bytes(&mut self, bytes: &[u8]) {
        match self {
            Device::Automation(sender) => sender.handle_bytes(bytes, Instant::now()),
            Device::Espa(controller) => controller.handle_bytes(bytes, Instant::now()),
            Device::Dc03(panel) => panel.handle_bytes(bytes, Instant::now()),
            Device::Texecom(panel) => panel.handle_bytes(bytes, Instant::now()),
            Device::Panel(panel) => panel.handle_bytes(bytes, Instant::now()),
            Device::Premises(unit) => unit.handle_bytes(bytes, Instant::now()),
            Device::Digital(unit, _) => unit.handle_bytes(bytes, Instant::now()),
        }
    }

    /// Takes notice that time has passed.
    pub fn handle_timeout(&mut self) {
        match self {
            Device::Automation(sender) => sender.handle_timeout(Instant::now()),
            Device::Espa(controller) => controller.handle_timeout(Instant::now()),
            Device::Dc03(panel) => panel.handle_timeout(Instant::now()),
            Device::Texecom(panel) => panel.handle_timeout(Instant::now()),
            Device::Panel(panel) => panel.handle_timeout(Instant::now()),
            Device::Premises(unit) => unit.handle_timeout(Instant::now()),
            Device::Digital(unit, _) => unit.handle_timeout(Instant::now()),
        }
    }

    /// When it wants to be woken.
    pub fn poll_timeout(&self) -> Option<Instant> {
        match self {
            Device::Automation(sender) => sender.poll_timeout(),
            Device::Espa(controller) => controller.poll_timeout(),
            Device::Dc03(panel) => panel.poll_timeout(),
            Device::Texecom(panel) => panel.poll_timeout(),
            Device::Panel(panel) => panel.poll_timeout(),
            Device::Premises(unit) => unit.poll_timeout(),
            Device::Digital(unit, _) => unit.poll_timeout(),
        }
    }

    /// Messages not yet acknowledged.
    pub fn held(&self) -> usize {
        match self {
            Device::Automation(sender) => sender.held(),
            Device::Espa(controller) => controller.held(),
            Device::Dc03(panel) => panel.held(),
            Device::Texecom(panel) => panel.held(),
            Device::Panel(panel) => panel.held(),
            Device::Premises(unit) => unit.held(),
            Device::Digital(unit, _) => unit.held(),
        }
    }

    /// The next thing to do or to know.
    pub fn next(&mut self) -> Option<Told> {
        match self {
            Device::Automation(sender) => sender.next_command().map(told),
            Device::Panel(panel) => panel.next_command().map(told),
            Device::Espa(controller) => controller.next_command().map(|command| match command {
                ControllerCommand::Send(bytes) => Told::Send(bytes),
                ControllerCommand::Acknowledged { attempts, .. } => Told::Acknowledged { attempts },
                ControllerCommand::Refused(_) => Told::Refused,
                ControllerCommand::LinkFailed => Told::LinkFailed,
                ControllerCommand::LinkRestored => Told::LinkRestored,
                ControllerCommand::Heard(block) => Told::Heard(format!("{block:?}")),
            }),
            Device::Dc03(panel) => loop {
                break Some(match panel.next_command()? {
                    dc03::PanelCommand::Send(bytes) => Told::Send(bytes),
                    dc03::PanelCommand::Acknowledged { attempts, .. } => Told::Acknowledged { attempts },
                    dc03::PanelCommand::BlockAcknowledged { .. } => continue,
                    dc03::PanelCommand::LinkFailed => Told::LinkFailed,
                    dc03::PanelCommand::LinkRestored => Told::LinkRestored,
                });
            },
            Device::Texecom(panel) => panel.next_command().map(|command| match command {
                texecom::PanelCommand::Send(bytes) => Told::Send(bytes),
                texecom::PanelCommand::Acknowledged { attempts, .. } => Told::Acknowledged { attempts },
                texecom::PanelCommand::LinkFailed => Told::LinkFailed,
                texecom::PanelCommand::LinkRestored => Told::LinkRestored,
            }),
            Device::Digital(unit, after) => after.take().or_else(|| {
                let (told, more) = digital_told(unit.next_command()?);
                *after = more;
                Some(told)
            }),
            Device::Premises(unit) => unit.next_command().map(|command| match command {
                UnitCommand::Send(bytes) => Told::Send(bytes),
                UnitCommand::Acknowledged { attempts, .. } => Told::Acknowledged { attempts },
                UnitCommand::Refused(_) => Told::Refused,
                UnitCommand::LinkFailed => Told::LinkFailed,
                UnitCommand::LinkRestored => Told::LinkRestored,
                UnitCommand::Polled => Told::Polled,
                UnitCommand::ClockSet(seconds) => Told::Heard(format!("that our clock is wrong by {seconds} s: set")),
            }),
        }
    }
}

fn told(command: SenderCommand) -> Told {
    match command {
        SenderCommand::Send(bytes) => Told::Send(bytes),
        SenderCommand::Acknowledged { attempts, .. } => Told::Acknowledged { attempts },
        SenderCommand::LinkFailed => Told::LinkFailed,
        SenderCommand::LinkRestored => Told::LinkRestored,
    }
}
