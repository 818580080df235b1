//! `alarms`: the open list as a table, as JSON, once or at every change.

use std::io::{self, IsTerminal, Write};
use std::thread;
use std::time::Duration;

use crate::Verdict;
use crate::client::{ApiArguments, Card, Client, Holder, List, read};

/// Pause before the receiver is asked again after it gave no answer.
const RETRY_PAUSE: Duration = Duration::from_secs(1);
/// Puts the cursor home and clears what is below.
const CLEAR: &str = "\x1b[H\x1b[J";
/// Characters of an id's end that are shown: enough to name a card among thousands.
const ID_END: usize = 8;

#[derive(clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    api: ApiArguments,
    /// Print the API's answer, one a line.
    #[arg(long)]
    json: bool,
    /// List what is aside, too.
    #[arg(long)]
    all: bool,
    /// Print again at every change, until interrupted.
    #[arg(long)]
    follow: bool,
}

/// Prints the list, with the alarms closed in the last minutes at its end; with --follow a receiver that is away is asked again for ever.
pub fn run(arguments: &Arguments) -> anyhow::Result<Verdict> {
    let client = Client::new(&arguments.api)?;
    let first = client.list_text(None, arguments.all)?;
    let mut cursor = print(arguments, &first)?;
    if !arguments.follow {
        return Ok(Verdict::Done);
    }
    loop {
        match client.list_text(Some(&cursor), arguments.all) {
            Ok(text) => cursor = print(arguments, &text)?,
            Err(error) => {
                eprintln!("telecare-ctl: {error:#}; asking again");
                thread::sleep(RETRY_PAUSE);
            }
        }
    }
}

/// Prints an answer and tells its cursor.
fn print(arguments: &Arguments, text: &str) -> anyhow::Result<String> {
    let list: List = read(text)?;
    let mut out = io::stdout().lock();
    if arguments.json {
        writeln!(out, "{text}")?;
    } else {
        if arguments.follow && out.is_terminal() {
            write!(out, "{CLEAR}")?;
        }
        write!(out, "{}", table(&list))?;
    }
    out.flush()?;
    Ok(list.cursor)
}

fn table(list: &List) -> String {
    let mut text = format!("{} {}, {} open, {}\n", list.receiver, list.site, list.open, link(list));
    for other in &list.silent_receivers {
        let (name, since, left) = (&other.receiver, &other.silent_since, other.unforwarded);
        text += &format!("! receiver {name} silent since {since}, {left} signals known unforwarded\n");
    }
    text += "PRI STANDING     AGE  ID        ALARM\n";
    text.extend(list.alarms.iter().filter(|card| !card.is_on_test() && !card.is_aside()).map(row));
    for (title, belongs) in [("ON TEST", Card::is_on_test as fn(&Card) -> bool), ("ASIDE", Card::is_aside)] {
        let rows: String = list.alarms.iter().filter(|card| belongs(card)).map(row).collect();
        if !rows.is_empty() {
            text += &format!("{title}\n{rows}");
        }
    }
    if let Some(words) = list.aside.words(list.overdue) {
        text += &format!("{words}\n");
    }
    for card in &list.just_closed {
        let id = card.id.to_string();
        let end = &id[id.len() - ID_END..];
        let (priority, age) = (card.priority, age(card.age_s));
        let how =
            card.closed.as_ref().map_or(String::new(), |closed| format!("{} by {}", closed.outcome, closed.person));
        text += &format!("{priority:>3} closed   {age:>7}  {end}  {}  [{how}]\n", card.headline);
    }
    text
}

/// A card as a row of a table: its rank, what it waits for, its age, its id's end, what happened and who has it.
pub fn row(card: &Card) -> String {
    let id = card.id.to_string();
    let end = &id[id.len() - ID_END..];
    let (rank, standing, age) = (card.rank(), &card.standing, age(card.age_s));
    let aside = if card.is_aside() { format!("  [{}]", card.listed) } else { String::new() };
    format!("{rank:>3} {standing:<8} {age:>7}  {end}  {}{aside}{}\n", card.headline, who(card))
}

fn link(list: &List) -> String {
    match (list.degraded, list.backlog) {
        (false, 0) => list.link.clone(),
        (_, backlog) => format!("{}, {backlog} not yet in the database", list.link),
    }
}

/// Who has an alarm, after its headline.
pub fn who(card: &Card) -> String {
    // Who was given an alarm has no desk before they act.
    let name = |holder: &Holder| match holder.desk.as_str() {
        "" => holder.person.clone(),
        desk => format!("{} at {desk}", holder.person),
    };
    let mut text = match (&card.hold, &card.claim) {
        (Some(hold), _) => format!("  [held by {}]", name(hold)),
        (None, Some(claim)) => format!("  [{}]", name(claim)),
        (None, None) => String::new(),
    };
    if let Some(call) = card.call() {
        text += &format!("  [{}]", call.words());
    }
    if let Some(contest) = &card.contest {
        text += &format!("  [also {}]", name(contest));
    }
    text
}

/// An age in its largest sensible unit.
pub fn age(seconds: i64) -> String {
    match seconds {
        ..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_on_test_stands_apart_and_what_is_aside_is_told() {
        let card = |n: u32, more: &str| {
            format!(
                r#"{{"id":"0195ad00-0000-7000-8000-0000000000{n:02}","headline":"Pendant, unit {n}","priority":1,
                "standing":"waiting","age_s":{n},"last_signal":"0195ad00-0000-7000-8000-000000000001",
                "claim":null,"hold":null,"contest":null,{more}}}"#
            )
        };
        let cards = [
            card(11, r#""listed":"on-test","level":0"#),
            card(12, r#""listed":"queue","level":2"#),
            card(13, r#""listed":"runaway","level":0"#),
        ];
        let list: List = serde_json::from_str(&format!(
            r#"{{"cursor":"c","receiver":"r-1","site":"S","link":"connected","degraded":false,"backlog":0,"open":3,
            "silent_receivers":[],"alarms":[{}],"overdue":4,
            "aside":{{"waits_for_restore":3,"in_incident":0,"runaway":1,"background":0}}}}"#,
            cards.join(",")
        ))
        .unwrap();
        let expected = "\
r-1 S, 3 open, connected
PRI STANDING     AGE  ID        ALARM
1+2 waiting     12 s  00000012  Pendant, unit 12
ON TEST
  1 waiting     11 s  00000011  Pendant, unit 11
ASIDE
  1 waiting     13 s  00000013  Pendant, unit 13  [runaway]
aside: 3 may be right again soon, 1 of units that send without end; 4 overdue
";
        assert_eq!(table(&list), expected);
    }

    #[test]
    fn a_table_has_a_row_per_alarm_and_says_who_has_it() {
        let list: List = serde_json::from_str(
            r#"{"cursor":"c","receiver":"r-1","site":"Redditch","link":"cut-off","degraded":true,"backlog":3,"open":2,
            "silent_receivers":[{"receiver":"r-2","silent_since":"2026-03-01T08:00:00Z","unforwarded":4}],
            "alarms":[
              {"id":"0195ad00-0000-7000-8000-0000deadbeef","headline":"Pendant, unit 1234","priority":1,
               "standing":"claimed","age_s":75,"last_signal":"0195ad00-0000-7000-8000-0000deadbeef",
               "claim":{"person":"Ann","desk":"2"},"hold":null,"contest":{"person":"Ben","desk":""}},
              {"id":"0195ad00-0000-7000-8000-000000000001","headline":"Battery low, unit 7","priority":4,
               "standing":"waiting","age_s":7300,"last_signal":"0195ad00-0000-7000-8000-000000000001",
               "claim":null,"hold":null,"contest":null}],
            "closed":[
              {"id":"0195ad00-0000-7000-8000-000000000002","headline":"Pendant, unit 9","priority":1,
               "standing":"closed","age_s":300,"last_signal":"0195ad00-0000-7000-8000-000000000002",
               "claim":null,"hold":null,"contest":null,
               "closed":{"person":"Cid","desk":"1","at":"2026-03-01T08:00:00Z","outcome":"visit","text":""}}]}"#,
        )
        .unwrap();
        let expected = "\
r-1 Redditch, 2 open, cut-off, 3 not yet in the database
! receiver r-2 silent since 2026-03-01T08:00:00Z, 4 signals known unforwarded
PRI STANDING     AGE  ID        ALARM
  1 claimed     75 s  deadbeef  Pendant, unit 1234  [Ann at 2]  [also Ben]
  4 waiting      2 h  00000001  Battery low, unit 7
  1 closed     5 min  00000002  Pendant, unit 9  [visit by Cid]
";
        assert_eq!(table(&list), expected);
    }
}
