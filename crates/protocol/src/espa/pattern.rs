//! Patterns of display messages: words, each of which a message must have in this order.
//!
//! `FLAT {unit} *` meets "Flat 18 help": case and the number of blanks do not count, `*` alone stands for any words
//! or none, `*` at the end of a word for the rest of it, and `{unit}` for what names the dwelling, with or without
//! letters around it, as in `FL{unit}`.

/// Words of a pattern at most.
const WORDS_MAX: usize = 32;

/// A pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pattern(Vec<Word>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Word {
    /// Any words, or none.
    Any,
    /// This word.
    Whole(String),
    /// A word that begins so.
    Begins(String),
    /// A word between these two, which names the dwelling.
    Unit(String, String),
}

impl Pattern {
    /// A pattern as written; else what is wrong with it.
    pub(super) fn parse(text: &str) -> Result<Pattern, String> {
        let words: Vec<Word> = text.split_whitespace().map(word).collect::<Result<_, _>>()?;
        let units = words.iter().filter(|word| matches!(word, Word::Unit(..))).count();
        match (words.len(), units) {
            (0, _) => Err("an empty pattern".to_owned()),
            (_, 2..) => Err("{unit} more than once".to_owned()),
            (WORDS_MAX.., _) => Err(format!("more than {WORDS_MAX} words")),
            _ => Ok(Pattern(words)),
        }
    }

    /// What `{unit}` stands for in a message that meets the pattern; an empty text where the pattern has none.
    pub(super) fn meets<'a>(&self, message: &'a str) -> Option<&'a str> {
        let given: Vec<&str> = message.split_whitespace().collect();
        let (mut at, mut place, mut unit) = (0usize, 0usize, "");
        // Where the last `*` stands, and up to which word it reaches.
        let mut any: Option<(usize, usize)> = None;
        loop {
            match (self.0.get(at), given.get(place)) {
                (None, None) => return Some(unit),
                (Some(Word::Any), _) => {
                    any = Some((at, place));
                    at = at.saturating_add(1);
                }
                (Some(word), Some(said)) if word.is(said).is_some() => {
                    unit = word.is(said).filter(|unit| !unit.is_empty()).unwrap_or(unit);
                    at = at.saturating_add(1);
                    place = place.saturating_add(1);
                }
                (Some(_) | None, _) => {
                    let (star, reached) = any.filter(|(_, reached)| *reached < given.len())?;
                    any = Some((star, reached.saturating_add(1)));
                    at = star.saturating_add(1);
                    place = reached.saturating_add(1);
                }
            }
        }
    }
}

impl Word {
    /// Whether a word of a message is this one; gives what names the dwelling.
    fn is<'a>(&self, said: &'a str) -> Option<&'a str> {
        let begins = |start: &str| said.get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start));
        match self {
            Word::Any => None,
            Word::Whole(word) => said.eq_ignore_ascii_case(word).then_some(""),
            Word::Begins(start) => begins(start).then_some(""),
            Word::Unit(before, behind) => {
                let rest = said.get(before.len()..).filter(|_| begins(before))?;
                let (unit, end) = rest.split_at_checked(rest.len().checked_sub(behind.len())?)?;
                (end.eq_ignore_ascii_case(behind) && !unit.is_empty()).then_some(unit)
            }
        }
    }
}

fn word(text: &str) -> Result<Word, String> {
    let plain = |text: &str| !text.contains(['*', '{', '}']);
    if text == "*" {
        return Ok(Word::Any);
    }
    if let Some((before, behind)) = text.split_once("{unit}").filter(|(a, b)| plain(a) && plain(b)) {
        return Ok(Word::Unit(before.to_owned(), behind.to_owned()));
    }
    match text.strip_suffix('*').unwrap_or(text) {
        start if !plain(start) => Err(format!("{text:?}: use * alone or at the end of a word, and {{unit}}")),
        start if start.len() < text.len() => Ok(Word::Begins(start.to_owned())),
        whole => Ok(Word::Whole(whole.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_meet_patterns_word_by_word() {
        for (pattern, message, unit) in [
            ("FLAT {unit}", "FLAT 18", Some("18")),
            ("flat {unit} *", "  Flat  18a help now ", Some("18a")),
            ("FLAT {unit} *", "FLAT 18", Some("18")),
            ("FLAT {unit}", "FLAT 18 HELP", None),
            ("FLAT {unit}", "FLAT", None),
            ("* FLAT {unit} FIRE*", "1st floor FLAT 3 FIREALARM", Some("3")),
            ("* {unit}", "a b c", Some("c")),
            ("* LIFT *", "Block A lift stuck", Some("")),
            ("* LIFT *", "Block A left", None),
            ("Feuer Zimmer{unit}", "FEUER ZIMMER12", Some("12")),
            ("R{unit}:", "r7: help", None),
            ("R{unit}: *", "r7: help", Some("7")),
            ("R{unit}:", "R:", None),
            ("K\u{fc}che*", "K\u{fc}chenbrand", Some("")),
            ("*", "", Some("")),
            ("HELP", "", None),
        ] {
            assert_eq!(Pattern::parse(pattern).unwrap().meets(message), unit, "{pattern:?} {message:?}");
        }
    }

    #[test]
    fn a_pattern_that_means_nothing_is_refused() {
        for wrong in ["", " ", "{unit} {unit}", "FL*T", "{flat}", "*{unit}", "**", &"A ".repeat(40)] {
            assert!(Pattern::parse(wrong).is_err(), "{wrong:?}");
        }
    }

    /// Time is bounded by words times words, whatever the pattern.
    #[test]
    fn many_stars_end_soon() {
        let pattern = Pattern::parse(&"* a ".repeat(15)).unwrap();
        assert!(pattern.meets(&"a ".repeat(200)).is_some());
        assert_eq!(pattern.meets(&"b ".repeat(200)), None);
    }
}
