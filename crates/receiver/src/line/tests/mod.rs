//! Lines on real ports and sockets, with a real queue behind them.

mod ademco;
mod calls;
mod conversation;
mod espa;
mod listen_only;
mod osborne_hoffman;
mod panels;
pub(super) mod pty;
mod serial;
mod sia_dc09;
mod sip;
mod sip_listen;
mod tcp;
mod voice;

use std::time::Duration;

use telecare_alarm::Alarm;
use telecare_protocol::{Protocol, Trigger};
use tokio::task::JoinHandle;

use super::*;
use crate::config::{Automation, Line};
use crate::rig::{self, bounded};

const ACK: &[u8] = &[0x06];

/// A queue of its own, and what lines need besides.
pub(super) struct Rig {
    pub base: rig::Rig,
    pub shared: Shared,
    pub stop: watch::Sender<bool>,
}

impl Rig {
    pub async fn new() -> Rig {
        let base = rig::Rig::new().await;
        let (stop, stopped) = watch::channel(false);
        let shared = Shared {
            intake: base.intake.clone(),
            codes: Arc::new(Codes::builtin()),
            calls: Calls::default(),
            pulses: Pulses::new(),
            voice: VoiceLines::new(),
            stop: stopped,
        };
        Rig { base, shared, stop }
    }

    fn line(&self, transport: Transport) -> JoinHandle<()> {
        self.run(surgard(transport))
    }

    fn run(&self, line: Line) -> JoinHandle<()> {
        tokio::spawn(Supervisor::new(line, self.shared.clone()).run())
    }

    async fn alarm(&self, unit: &str, signals: u32) -> Arc<Alarm> {
        self.base.alarm(unit, signals).await
    }
}

pub(super) fn surgard(transport: Transport) -> Line {
    let automation =
        Automation { header_digits: 3, first: None, last: 0x14, ack_wait: Duration::from_secs(4), link_watch: None };
    let (name, protocol) = (LineId::new("a"), Protocol::SurGard);
    let calls = config::CallSettings::of(Protocol::SurGard);
    let espa = telecare_protocol::espa::Settings::default();
    let osborne_hoffman = config::OsborneHoffman::default();
    let panels = config::Panels::default();
    let sia_dc09 = config::SiaDc09::default();
    Line {
        name,
        protocol,
        namespace: None,
        listen_only: false,
        transport,
        automation,
        calls,
        espa,
        osborne_hoffman,
        panels,
        sia_dc09,
        sip: config::Sip::default(),
        per_source_max: 8,
        tls: None,
    }
}

/// A Contact ID pendant press as a hardware receiver sends it.
fn press(account: u32, zone: u32) -> Vec<u8> {
    format!("5011 18{account:04}E10101{zone:03}\x14").into_bytes()
}

#[tokio::test]
async fn a_panic_is_contained_and_the_task_replaced() {
    let runs = Arc::new(watch::channel(0).0);
    let seen = Arc::clone(&runs);
    let meters = LineMeters::new("a", Protocol::SurGard);
    let (stop, stopped) = watch::channel(false);
    let start = move || {
        let runs = Arc::clone(&runs);
        async move {
            runs.send_modify(|runs| *runs += 1);
            assert!(*runs.borrow() > 1, "the first run panics");
            std::future::pending::<()>().await;
        }
    };
    let name = LineId::new("a");
    let kept = tokio::spawn(async move { keep_up(&name, &meters, stopped, start).await });
    bounded(seen.subscribe().wait_for(|runs| *runs == 2)).await.unwrap();
    assert!(!kept.is_finished());
    drop(stop);
    kept.abort();
}

#[tokio::test]
async fn an_absent_port_is_one_alarm_until_it_is_back() {
    let rig = Rig::new().await;
    let meters = Arc::new(LineMeters::new("a", Protocol::SurGard));
    let link = Link::new(meters);
    let intake = rig.shared.intake.line(&LineId::new("a"), None, true);
    let watching = tokio::spawn(link::watch(link.clone(), intake.clone(), Duration::from_millis(20)));
    let down = |alarm: &Alarm, raised: bool| {
        alarm.triggers.iter().any(|(key, state)| key.trigger == Trigger::LineDown && state.is_raised() == raised)
    };
    let alarm = rig.alarm("line a", 1).await;
    assert!(down(&alarm, true));
    // Another life of the process finds the episode told and does not tell it again.
    watching.abort();
    tokio::spawn(link::watch(link.clone(), intake, Duration::from_millis(20)));
    let present = link.present();
    let alarm = rig.alarm("line a", 2).await;
    assert!(down(&alarm, false));
    drop(present);
    let alarm = rig.alarm("line a", 3).await;
    assert!(down(&alarm, true));
}
