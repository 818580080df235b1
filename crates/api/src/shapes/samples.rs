//! Boards and alarms for the tests of this crate.

use std::sync::Arc;
use std::time::Duration;

use telecare_alarm::{
    Act, Action, ActionId, Actor, Alarm, AlarmId, Basis, Choices, Class, ClockState, Lane, LineId, Priority, Ranking,
    ReceiverId, Signal, SignalId, Stamps, UnitKey,
};
use telecare_protocol::{Report, Status, Trigger};
use telecare_queue::{Board, Link};
use time::OffsetDateTime;
use time::macros::datetime;
use uuid::Uuid;

use crate::calls::Calls;
use crate::{Settings, TokenStore};

pub const PRESSED_AT: OffsetDateTime = datetime!(2026-03-01 8:00 UTC);
pub const CLAIMED_AT: OffsetDateTime = datetime!(2026-03-01 8:00:10 UTC);
pub const LEASE_END: OffsetDateTime = datetime!(2026-03-01 8:02:10 UTC);

pub fn signal(number: u128) -> Signal {
    Signal {
        id: SignalId(Uuid::from_u128(number)),
        receiver: ReceiverId::new("r-1"),
        line: LineId::new("line-1"),
        call: None,
        unit: UnitKey { key: Arc::from(format!("k{number}")), basis: Basis::Identity, words: Arc::from("unit 1234") },
        stamps: Stamps { first_byte: PRESSED_AT, last_byte: PRESSED_AT, decoded: PRESSED_AT },
        ranking: Ranking {
            priority: Priority::HIGHEST,
            class: Class::Person,
            lane: Lane::Urgent,
            rule: Arc::from("pendant"),
            policy: Arc::from("0"),
        },
        raw: b"5011 181234E10101001\x14".to_vec(),
        report: Report::own(Trigger::Pendant, Status::Active, "101"),
        repeat_of: None,
        shadow: false,
        marks: telecare_alarm::Marks::default(),
        software: Arc::from("0"),
        clock: ClockState::Synchronised,
    }
}

pub fn waiting_alarm(number: u128) -> Alarm {
    Alarm::open(&signal(number), None)
}

/// Claimed at [`CLAIMED_AT`], until [`LEASE_END`].
pub fn claimed_alarm(number: u128) -> Alarm {
    let mut alarm = waiting_alarm(number);
    let action = Action {
        id: ActionId(Uuid::from_u128(99)),
        alarm: AlarmId(Uuid::from_u128(number)),
        at: CLAIMED_AT,
        actor: Actor { person: Arc::from("Ann"), desk: Arc::from("desk-2") },
        act: Act::Claim { lease: Duration::from_secs(120) },
    };
    alarm.act(&action).unwrap();
    alarm
}

pub fn board_of(open: Vec<Alarm>, link: Link) -> Board {
    Board {
        boot: Uuid::from_u128(0xb007),
        version: 1,
        as_of: PRESSED_AT,
        link,
        link_since: PRESSED_AT,
        journal_ok: true,
        can_store: true,
        backlog: 0,
        open: open.into_iter().map(Arc::new).collect(),
        ..Board::empty(Uuid::from_u128(0xb007))
    }
}

pub fn settings() -> Settings {
    Settings {
        receiver: "r".to_owned(),
        site: String::new(),
        tokens: TokenStore::load("/nonexistent/tokens.toml".as_ref()),
        lease: Duration::from_secs(120),
        calls: Calls::default(),
        choices: Arc::new(Choices::builtin()),
        origins: Vec::new(),
        tls: None,
        software: "0".to_owned(),
    }
}
