//! The dwellings of a grouped system that call, in the order in which they are to be spoken with.

/// A dwelling that called.
#[derive(Clone, Debug)]
struct Dwelling {
    unit: String,
    /// Times its message was heard.
    heard: u32,
    turn: Turn,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    Waiting,
    /// It was selected, whether it answered or not.
    Selected,
    Done,
}

/// The dwellings of one call; the deliveries of a call bound them.
#[derive(Debug, Default)]
pub(super) struct Dwellings {
    known: Vec<Dwelling>,
}

impl Dwellings {
    /// A message of a dwelling came, for the first time or again.
    pub(super) fn hear(&mut self, unit: &str) {
        match self.known.iter_mut().find(|known| known.unit == unit && known.turn != Turn::Done) {
            Some(known) => known.heard = known.heard.saturating_add(1),
            None => self.known.push(Dwelling { unit: unit.to_owned(), heard: 1, turn: Turn::Waiting }),
        }
    }

    /// The one whose turn it is: of those that wait the oldest that was heard more than once, for nothing else
    /// protects a message; else the oldest; else one that was selected and is not open.
    pub(super) fn next(&self, open: Option<&str>) -> Option<String> {
        let waiting = |known: &&Dwelling| known.turn == Turn::Waiting && Some(known.unit.as_str()) != open;
        let left = |known: &&Dwelling| known.turn == Turn::Selected && Some(known.unit.as_str()) != open;
        let repeated = self.known.iter().filter(waiting).find(|known| known.heard > 1);
        let next = repeated.or_else(|| self.known.iter().find(waiting)).or_else(|| self.known.iter().find(left));
        next.map(|known| known.unit.clone())
    }

    /// Whether one waits that was never selected.
    pub(super) fn is_any_waiting(&self) -> bool {
        self.known.iter().any(|known| known.turn == Turn::Waiting)
    }

    pub(super) fn selected(&mut self, unit: &str) {
        self.turn(unit, Turn::Selected);
    }

    pub(super) fn cleared(&mut self, unit: &str) {
        self.turn(unit, Turn::Done);
    }

    fn turn(&mut self, unit: &str, turn: Turn) {
        for known in self.known.iter_mut().filter(|known| known.unit == unit) {
            known.turn = turn;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_heard_twice_goes_first_and_nobody_is_left_out() {
        let mut dwellings = Dwellings::default();
        for unit in ["104", "027", "027", "003"] {
            dwellings.hear(unit);
        }
        let mut order = Vec::new();
        while let Some(unit) = dwellings.next(None).filter(|unit| !order.contains(unit)) {
            dwellings.selected(&unit);
            order.push(unit);
        }
        assert_eq!(order, ["027", "104", "003"]);
        assert!(!dwellings.is_any_waiting());
        assert_eq!(dwellings.next(Some("104")).as_deref(), Some("027"), "it was selected, its speech was not ended");
        dwellings.cleared("027");
        assert_eq!(dwellings.next(Some("104")).as_deref(), Some("003"));
        dwellings.hear("027");
        assert_eq!(dwellings.next(None).as_deref(), Some("027"), "it called again");
    }
}
