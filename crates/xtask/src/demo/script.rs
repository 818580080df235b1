//! The play: what the units of an ordinary hour say, compressed.

use telecare_tests::surgard;

/// Accounts move on by this much with every round, so that a round meets new units.
const ACCOUNTS_PER_ROUND: usize = 20;

/// Contact ID by account, event and zone. A second `E101` of one account is a second press.
const CONTACT_ID: &[(usize, &str, u32)] = &[
    (1, "E602", 0),
    (2, "E101", 1),
    (3, "E301", 0),
    (4, "E384", 7),
    (2, "E101", 1),
    (5, "E103", 2),
    (6, "E602", 0),
    (3, "R301", 0),
    (7, "E111", 4),
    (8, "E100", 1),
    (9, "E302", 0),
    (10, "E602", 0),
    (4, "E101", 7),
    (11, "E110", 3),
];

/// SIA by account and data block.
const SIA: &[(usize, &str)] = &[
    (1, "RP00"),
    (2, "ri1QA01"),
    (3, "AT00"),
    (4, "MA01"),
    (5, "YT00"),
    (6, "RP00"),
    (2, "ri1QA01"),
    (7, "FA05"),
    (3, "AR00"),
    (8, "XT03"),
    (9, "PA02"),
    (10, "RP00"),
];

/// The nth line of the serial hardware receiver.
pub fn contact_id(n: usize) -> String {
    let (account, event, zone) = CONTACT_ID[n % CONTACT_ID.len()];
    let account = 1200 + account + n / CONTACT_ID.len() * ACCOUNTS_PER_ROUND;
    surgard::contact_id("011", &format!("{account:04}"), event, zone)
}

/// The nth line of the TCP hardware receiver.
pub fn sia(n: usize) -> String {
    let (account, data) = SIA[n % SIA.len()];
    let account = 440_000 + account + n / SIA.len() * ACCOUNTS_PER_ROUND;
    surgard::sia("021", &format!("{account:06}"), data)
}
