//! The rules that keep one person's call from hiding behind another's, seen from a console.

use anyhow::Result;
use serde_json::json;
use telecare_tests::receiver::Setup;
use telecare_tests::site::{SERIAL, Site, TCP};
use telecare_tests::surgard::{contact_id, heartbeat, sia};
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

#[test]
fn one_account_on_two_lines_is_two_people() -> Result<()> {
    let mut site = Site::start(Setup::default())?;
    let line = contact_id("011", "1234", "E101", 1);
    site.serial.tell(&line)?;
    site.tcp.tell(&line)?;
    let console = site.receiver.console(0);
    let (one, other) = (console.until_alarm(SERIAL, "1234")?, console.until_alarm(TCP, "1234")?);
    assert_ne!(one["id"], other["id"]);
    assert_eq!(console.alarms()?.len(), 2);
    Ok(())
}

#[test]
fn one_account_on_two_lines_of_one_namespace_is_one_person() -> Result<()> {
    let mut site = Site::start(Setup { namespace: Some("north".to_owned()), ..Setup::default() })?;
    let line = contact_id("011", "1234", "E101", 1);
    site.serial.tell(&line)?;
    site.tcp.tell(&line)?;
    let alarm = site.receiver.console(0).until("both presses", |list| {
        let alarm = list["alarms"].as_array()?.first()?.clone();
        (alarm["presses"] == 2).then_some(alarm)
    })?;
    assert_eq!(alarm["signals"], 2);
    Ok(())
}

#[test]
fn a_press_on_a_held_low_battery_card_waits_for_everyone_at_once() -> Result<()> {
    let mut site = Site::start(Setup::default())?;
    let (one, other) = (site.receiver.console(0), site.receiver.console(1));
    site.serial.tell(&contact_id("011", "1234", "E384", 7))?;
    let alarm = one.until_alarm(SERIAL, "1234")?;
    let id = alarm["id"].as_str().unwrap_or_default();
    one.act(id, "claim", json!({}))?.alarm()?;
    let until = (OffsetDateTime::now_utc() + Duration::hours(8)).format(&Rfc3339)?;
    let hold = json!({ "shown": alarm["last_signal"], "until": until, "reason": "engineer tomorrow" });
    let held = one.act(id, "hold", hold)?.alarm()?;
    assert_eq!(held["standing"], "held");
    assert_ne!(held["priority"], 1);

    site.serial.tell(&contact_id("011", "1234", "E101", 7))?;
    // The acknowledgement may overtake the list by a moment, never the other way round.
    let waiting = other.until("the press on the card", |list| {
        list["alarms"].as_array()?.iter().find(|alarm| alarm["presses"] == 1).cloned()
    })?;
    assert_eq!((&waiting["id"], &waiting["standing"]), (&alarm["id"], &"waiting".into()));
    assert_eq!((&waiting["priority"], &waiting["class"]), (&1.into(), &"person".into()));
    assert!(waiting["hold"].is_null() && waiting["claim"].is_null(), "{waiting}");
    assert_eq!(other.act(id, "claim", json!({}))?.alarm()?["claim"]["person"], "person-1");
    Ok(())
}

#[test]
fn a_close_from_a_stale_screen_is_refused_and_shows_what_came() -> Result<()> {
    let mut site = Site::start(Setup::default())?;
    let console = site.receiver.console(0);
    site.serial.tell(&contact_id("011", "1234", "E101", 1))?;
    let alarm = console.until_alarm(SERIAL, "1234")?;
    let id = alarm["id"].as_str().unwrap_or_default();
    console.act(id, "claim", json!({}))?.alarm()?;
    // Another unit between, so that nothing can take the second press for a repeat of the first.
    site.serial.tell(&contact_id("011", "5678", "E602", 0))?;
    site.serial.tell(&contact_id("011", "1234", "E101", 1))?;
    let close = |shown| json!({ "shown": shown, "outcome": "attended", "text": "" });
    let refused = console.act(id, "close", close(&alarm["last_signal"]))?;
    assert_eq!((refused.status, refused.refusal()), (409, "later-signal"), "{}", refused.body);
    let shown = refused.body["alarm"]["last_signal"].clone();
    assert_ne!(shown, alarm["last_signal"]);
    assert_eq!(console.act(id, "close", close(&shown))?.alarm()?["standing"], "closed");
    Ok(())
}

#[test]
fn an_action_sent_twice_is_done_once() -> Result<()> {
    let mut site = Site::start(Setup::default())?;
    let console = site.receiver.console(0);
    site.serial.tell(&sia("011", "123456", "QA01"))?;
    let alarm = console.until_alarm(SERIAL, "123456")?;
    let id = alarm["id"].as_str().unwrap_or_default();
    let action = uuid::Uuid::new_v4();
    for _ in 0..2 {
        console.act_as(&action, id, "note", json!({ "text": "spoke with the neighbour" }))?.alarm()?;
    }
    let log = console.detail(id)?.body["log"].clone();
    let notes = log.as_array().into_iter().flatten().filter(|entry| entry["act"] == "note").count();
    assert_eq!(notes, 1, "{log}");
    Ok(())
}

#[test]
fn what_operators_did_survives_a_kill() -> Result<()> {
    let mut site = Site::start(Setup::default())?;
    let console = site.receiver.console(0);
    for account in ["1111", "2222"] {
        site.serial.tell(&contact_id("011", account, "E101", 1))?;
    }
    let (open, closed) = (console.until_alarm(SERIAL, "1111")?, console.until_alarm(SERIAL, "2222")?);
    for alarm in [&open, &closed] {
        console.act(alarm["id"].as_str().unwrap_or_default(), "claim", json!({}))?.alarm()?;
    }
    let close = json!({ "shown": closed["last_signal"], "outcome": "attended", "text": "" });
    console.act(closed["id"].as_str().unwrap_or_default(), "close", close)?.alarm()?;
    site.receiver.kill_9()?;
    site.receiver.launch()?;
    let alarms = console.alarms()?;
    assert_eq!(alarms.len(), 1, "{alarms:?}");
    assert_eq!((&alarms[0]["id"], &alarms[0]["claim"]["person"]), (&open["id"], &"person-0".into()));
    Ok(())
}

#[test]
fn a_heartbeat_is_answered_and_makes_no_card() -> Result<()> {
    let mut site = Site::start(Setup::default())?;
    site.serial.tell(&heartbeat("011"))?;
    site.tcp.tell(&heartbeat("011"))?;
    assert!(site.receiver.console(0).alarms()?.is_empty());
    Ok(())
}
