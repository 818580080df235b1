//! The power cut: 5,000 homes in a minute, restored after an hour, low batteries after that, and 30 people who press
//! in between. A handful of incidents, and the 30 on top at once.

use telecare_protocol::Trigger;
use telecare_protocol::report::Status;
use uuid::Uuid;

use super::rig::Centre;
use crate::registry::{Unit, UnitId};
use crate::{Basis, Listing, Registry};

/// Homes: those of five districts, every tenth in one of 50 schemes.
const HOMES: u128 = 5_000;

fn home(n: u128) -> Unit {
    let mut unit = Unit::blank(UnitId(Uuid::from_u128(n + 1)));
    unit.label = format!("Home {n}");
    unit.address_line = format!("{n} Mill Lane, Redditch B9{} 4QT", n % 5);
    unit.scheme = if n.is_multiple_of(10) { format!("Court {}", n / 100) } else { String::new() };
    unit.identities = vec![format!("north:surgard:{n:04}").parse().expect("an identity")];
    unit
}

#[test]
fn a_handful_of_incidents_and_thirty_presses_on_top() {
    let mut centre = Centre::new(Registry::new(1, (0..HOMES).map(home)));
    let mut pressed = Vec::new();
    for n in 0..5_000_i64 {
        let seconds = n * 60 / 5_000;
        centre.hears(&format!("{n:04}"), seconds, Trigger::Mains, Status::Active);
        if n % 167 == 100 {
            // A home that has told of its mains, and presses now.
            let press = centre.press(&format!("{:04}", n - 50), seconds);
            pressed.push(press);
            let queue = centre.queue();
            assert!(queue.iter().take(pressed.len()).any(|card| card.id == press), "on top at once");
            assert!(queue.iter().take(pressed.len()).all(|card| card.priority.number() == 1));
        }
    }
    assert_eq!(pressed.len(), 30);
    centre.until(70);
    let incidents: Vec<&str> = centre
        .queue()
        .into_iter()
        .filter(|card| card.unit.basis == Basis::Group)
        .map(|card| &*card.unit.words)
        .collect();
    assert_eq!(incidents.len(), 5, "{incidents:?}");
    let listed = centre.queue().len();
    assert_eq!(listed, 35, "thirty people and five incidents; each home's own card is under its incident");
    let under = centre.open_cards().filter(|card| card.marks.incident.is_some()).count();
    assert_eq!(under, 5_000 - pressed.iter().filter(|id| centre.card(**id).marks.incident.is_none()).count());

    // Restored after an hour, from the first to the last in a minute.
    let waiting = |centre: &Centre| centre.open_cards().filter(|card| card.unit.basis == Basis::Registered).count();
    for n in 0..5_000_i64 {
        centre.hears(&format!("{n:04}"), 3_600 + n * 60 / 5_000, Trigger::Mains, Status::Restored);
    }
    assert_eq!(waiting(&centre), 30, "what nobody touched is over; the thirty are not");
    // Low batteries after it: under the same incidents, which nobody has closed.
    for n in 0..1_000_i64 {
        centre.hears(&format!("{n:04}"), 4_000 + n, Trigger::Battery, Status::Active);
    }
    let incidents = centre.queue().into_iter().filter(|card| card.unit.basis == Basis::Group).count();
    assert_eq!((incidents, centre.queue().len()), (5, 35));

    // Closing an incident closes what is under it and untouched, and nothing else.
    let incident = centre.queue().into_iter().find(|card| card.unit.basis == Basis::Group).expect("one of five").id;
    let key = centre.card(incident).unit.key.clone();
    let of_it = |centre: &Centre| {
        let of_it = centre.open_cards().filter(|card| card.marks.incident.as_ref() == Some(&key));
        of_it.map(|card| (card.id, card.class.rings())).collect::<Vec<_>>()
    };
    let (people, homes): (Vec<_>, Vec<_>) = of_it(&centre).into_iter().partition(|(_, rings)| *rings);
    assert!(homes.len() > 100 && !people.is_empty());
    centre.claims("Ann", incident, 6_000);
    centre.closes("Ann", incident, 6_001);
    centre.until(6_060);
    assert_eq!(of_it(&centre), people);
    assert!(people.iter().all(|(id, _)| centre.listing(*id) == Listing::Queue));
}
