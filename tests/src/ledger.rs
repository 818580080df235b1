//! What was acknowledged, and whether all of it is there. One account per message, so that each is told
//! apart by its unit.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use anyhow::{Result, bail};
use serde_json::Value;

use crate::console::{Console, account_of};
use crate::surgard::Told;
use crate::wait::until_within;

/// How long what was acknowledged may take to be seen.
const SEEN_WITHIN: Duration = Duration::from_secs(5);

/// Findings that are named; the rest is counted.
const NAMED_MAX: usize = 10;

/// Acknowledged copies by line and account.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    copies: BTreeMap<(String, String), u32>,
}

impl Ledger {
    /// Notes what became of the one message of an account.
    pub fn add(&mut self, line: &str, account: &str, told: &Told) {
        self.add_copies(line, account, told.acknowledged);
    }

    /// Notes acknowledged copies of the one message of an account.
    pub fn add_copies(&mut self, line: &str, account: &str, acknowledged: u32) {
        *self.copies.entry((line.to_owned(), account.to_owned())).or_default() += acknowledged;
    }

    /// Adds all of another ledger.
    pub fn extend(&mut self, other: Ledger) {
        self.copies.extend(other.copies);
    }

    /// Messages acknowledged.
    pub fn messages(&self) -> usize {
        self.copies.len()
    }

    /// Fails unless every acknowledged copy is on a card before long, and every card tells of one message: all copies of
    /// it but the first are known as repeats.
    pub fn check(&self, console: &Console) -> Result<()> {
        // A board is made a moment after the acknowledgement; what is lost never comes.
        let seen = || Ok(console.alarms().is_ok_and(|alarms| self.check_cards(&alarms).is_ok()).then_some(()));
        until_within("every acknowledged message", SEEN_WITHIN, seen).or_else(|_| self.check_cards(&console.alarms()?))
    }

    fn check_cards(&self, alarms: &[Value]) -> Result<()> {
        let mut cards: HashMap<(&str, &str), Vec<&Value>> = HashMap::new();
        for alarm in alarms {
            let line = alarm["line"].as_str().unwrap_or_default();
            cards.entry((line, account_of(alarm))).or_default().push(alarm);
        }
        let mut findings = Vec::new();
        for ((line, account), copies) in &self.copies {
            let name = format!("{account} on {line}");
            match cards.get(&(line.as_str(), account.as_str())).map_or(&[][..], Vec::as_slice) {
                [] => findings.push(format!("{name}: acknowledged {copies} times and lost")),
                [card] => {
                    let (signals, repeats) = (count(card, "signals"), count(card, "repeats"));
                    if signals < u64::from(*copies) {
                        findings.push(format!("{name}: {copies} copies acknowledged, {signals} kept"));
                    }
                    if signals - repeats != 1 {
                        findings.push(format!("{name}: {signals} signals with {repeats} repeats for one message"));
                    }
                }
                several => findings.push(format!("{name}: {} cards", several.len())),
            }
        }
        if !findings.is_empty() {
            let named = findings.iter().take(NAMED_MAX).cloned().collect::<Vec<_>>().join("\n  ");
            bail!("{} of {} messages:\n  {named}", findings.len(), self.copies.len());
        }
        Ok(())
    }
}

fn count(alarm: &Value, field: &str) -> u64 {
    alarm[field].as_u64().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::time::Instant;

    #[track_caller]
    fn check(acknowledged: u32, alarms: &[Value]) -> bool {
        let told = Told { line: String::new(), copies: 9, acknowledged, took: Duration::ZERO, at: Instant::now() };
        let mut ledger = Ledger::default();
        ledger.add("a", "1234", &told);
        ledger.check_cards(alarms).is_ok()
    }

    #[test]
    fn losses_and_unknown_repeats_are_found() {
        let card = |signals: u32, repeats: u32| json!({"line": "a", "unit": "unit 1234", "signals": signals, "repeats": repeats});
        assert!(check(1, &[card(1, 0)]));
        assert!(check(1, &[card(2, 1)]), "a copy that was stored and not acknowledged");
        assert!(!check(1, &[]), "lost");
        assert!(!check(2, &[card(1, 0)]), "a copy lost");
        assert!(!check(2, &[card(2, 0)]), "a repeat taken for a press");
        assert!(!check(1, &[card(1, 0), card(1, 0)]), "two cards");
    }
}
