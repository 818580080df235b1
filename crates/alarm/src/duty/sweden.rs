//! Sweden, October 2020: a flood of test alarms over the people who pressed (F1, F2). 50,000 test signals in an
//! hour over 200 presses: the order is right throughout, and every press is there at once.

use telecare_protocol::Trigger;
use telecare_protocol::report::Status;

use super::rig::Centre;
use crate::{Priority, Registry};

const TESTS: i64 = 50_000;
const PRESSES: i64 = 200;
const HOUR: i64 = 3_600;

#[test]
fn fifty_thousand_tests_over_two_hundred_presses() {
    let mut centre = Centre::new(Registry::default());
    let mut pressed = Vec::new();
    for n in 0..TESTS {
        let seconds = n * HOUR / TESTS;
        // Manual tests and periodic ones, each from a unit of its own.
        let trigger = if n % 10 == 0 { Trigger::ManualTest } else { Trigger::PeriodicTest };
        centre.hears(&format!("{:06}", 100_000 + n), seconds, trigger, Status::Active);
        if n % (TESTS / PRESSES) == 0 {
            let press = centre.press(&format!("{:04}", n / (TESTS / PRESSES)), seconds);
            pressed.push(press);
            let queue = centre.queue();
            let position = queue.iter().position(|card| card.id == press).expect("there at once");
            assert!(position < pressed.len(), "behind no test");
            assert!(queue.is_sorted_by_key(|card| card.rank()));
        }
    }
    centre.until(HOUR);
    let queue = centre.queue();
    let (people, tests): (Vec<&crate::Alarm>, Vec<&crate::Alarm>) =
        queue.iter().copied().partition(|card| card.priority == Priority::HIGHEST);
    assert_eq!(people.len(), pressed.len());
    assert_eq!(i64::try_from(tests.len()).expect("small"), TESTS / 10, "a manual test is somebody's, and is shown");
    // Nobody answered: those who have waited longest have gone up highest.
    let waited: Vec<_> = people.iter().map(|card| (card.level, card.opened_at)).collect();
    assert!(waited.is_sorted_by(|(one, since), (other, later)| one > other || (one == other && since <= later)));
}
