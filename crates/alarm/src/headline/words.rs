//! Words: triggers as raised and as over, spans of time, lists, texts from outside made fit to show.

use telecare_protocol::Trigger;

/// A trigger in words.
pub(super) struct Phrase {
    /// While it lasts: "Mains power failed".
    pub raised: String,
    /// When it is over: "mains power restored".
    pub over: String,
}

/// Triggers whose name alone does not say what happened.
const PHRASES: [(Trigger, &str, &str); 14] = [
    (Trigger::Mains, "Mains power failed", "mains power restored"),
    (Trigger::Battery, "Low battery", "battery restored"),
    (Trigger::PowerSupply, "Power supply fault", "power supply restored"),
    (Trigger::TelephoneLine, "Telephone line fault", "telephone line restored"),
    (Trigger::Radio, "Radio fault", "radio restored"),
    (Trigger::Communication, "Communication fault", "communication restored"),
    (Trigger::System, "System fault", "system restored"),
    (Trigger::HardwareReceiver, "Hardware receiver fault", "hardware receiver restored"),
    (Trigger::LinkLost, "Link to hardware receiver lost", "link to hardware receiver restored"),
    (Trigger::LineDown, "Nothing can be heard", "hearing restored"),
    (Trigger::LineNoise, "Line noise", "noise over"),
    (Trigger::UnderTest, "System under test", "system test over"),
    (Trigger::MissedTest, "Expected call did not come", "heard again"),
    (Trigger::Incident, "Many signals at once", "incident over"),
];

/// A trigger in words, raised and over.
pub(super) fn phrase(trigger: Trigger) -> Phrase {
    match PHRASES.iter().find(|(known, _, _)| *known == trigger) {
        Some((_, raised, over)) => Phrase { raised: (*raised).to_owned(), over: (*over).to_owned() },
        None => {
            let words = trigger.words();
            Phrase { raised: words.to_owned(), over: format!("{} restored", lower_first(words)) }
        }
    }
}

/// A length of time as people say it: seconds below two minutes, minutes below two hours, then hours, days.
pub(super) fn plain_span(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}

/// "Smoke, fall and pendant"; with more than are named, "Smoke, fall, pendant and 2 more".
pub(super) fn list(names: Vec<String>, more: usize) -> String {
    let mut names: Vec<String> =
        names.iter().enumerate().map(|(i, name)| if i == 0 { name.clone() } else { lower_first(name) }).collect();
    if more > 0 {
        names.push(format!("{more} more"));
    }
    match names.split_last() {
        None => String::new(),
        Some((only, [])) => only.clone(),
        Some((last, before)) => format!("{} and {last}", before.join(", ")),
    }
}

pub(super) fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_lowercase().chain(chars).collect()).unwrap_or_default()
}

pub(super) fn upper_first(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

/// A text from outside, on one line and no longer than so many characters.
pub(crate) fn tidy(text: &str, chars_max: usize) -> String {
    let spaced: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let text = spaced.trim();
    if text.chars().count() <= chars_max {
        return text.to_owned();
    }
    let kept: String = text.chars().take(chars_max.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}
