//! How a modem takes commands.

use std::time::Instant;

use super::{Due, FarEvent, Line, SimCommand, Simulator, heard};
use crate::session::after;
use crate::tones::Length;
use crate::voice_modem::play;

const OK: &[u8] = b"\r\nOK\r\n";
const ERROR: &[u8] = b"\r\nERROR\r\n";

impl Simulator {
    pub(super) fn command(&mut self, line: &str, now: Instant) {
        let text = line.to_ascii_uppercase();
        let Some(command) = text.strip_prefix("AT") else { return };
        let number = self.answered;
        self.answered = self.answered.saturating_add(1);
        if self.settings.faults.dies_at.is_some_and(|at| number >= at) {
            self.settings.faults.deaf = true;
        }
        if self.settings.faults.errors.iter().any(|start| command.starts_with(start.as_str())) {
            return self.reply(ERROR, now);
        }
        match command {
            "Z" => {
                (self.echoes, self.is_voice, self.tells_caller) = (true, false, false);
                self.on_hook();
            }
            "E0V1" | "E0" => self.echoes = false,
            "+FCLASS=8" => self.is_voice = true,
            "+VCID=1" => self.tells_caller = true,
            "A" | "+VLS=1" | "+VLS=15" if self.is_voice => self.off_hook(),
            "+VLS=0" => self.on_hook(),
            "H" | "H0" => {
                // Voice mode ends with the call (B).
                self.is_voice = false;
                self.on_hook();
            }
            _ => {
                if let Some(elements) = command.strip_prefix("+VTS=") {
                    return self.tones(elements, now);
                }
                let is_voice = command.starts_with("+V") || command == "A";
                if is_voice && !self.is_voice {
                    return self.reply(ERROR, now);
                }
            }
        }
        self.reply(OK, now);
    }

    /// A byte during a command ends it: what was not played stays unplayed.
    pub(super) fn abort(&mut self, now: Instant) {
        self.playing_until = None;
        self.due.retain(|(_, due)| !matches!(due, Due::Hears(_)) && !is_ok(due));
        self.reply(OK, now);
    }

    fn tones(&mut self, elements: &str, now: Instant) {
        let is_off_hook = matches!(self.line, Line::Call | Line::Dead);
        let Some(elements) = play::read(elements, self.settings.tone).filter(|_| self.is_voice && is_off_hook) else {
            return self.reply(ERROR, now);
        };
        let mut at = after(now, self.settings.respond);
        if self.settings.faults.is_early {
            self.reply(OK, now);
        }
        // Elements of one sound without a silence between are one sound.
        let mut together: Vec<crate::tones::Heard> = Vec::new();
        for element in elements {
            if let Some(sound) = element.sound() {
                let one = heard(sound, at, element.lasts);
                match together.last_mut().filter(|last| last.sound == sound && last.ended() == Some(at)) {
                    Some(last) => {
                        let lasted = last.lasted().unwrap_or_default().saturating_add(element.lasts);
                        last.length = Length::Measured(lasted);
                    }
                    None => together.push(one),
                }
            }
            at = after(at, element.lasts);
        }
        if self.line == Line::Call {
            for one in together {
                self.at(one.ended().unwrap_or(at), Due::Hears(one));
            }
        }
        self.playing_until = Some(at);
        if !self.settings.faults.is_early {
            self.at(at, Due::Say(OK.to_vec()));
        }
    }

    fn off_hook(&mut self) {
        match self.line {
            Line::Ringing { .. } => {
                self.line = Line::Call;
                self.due.retain(|(_, due)| !matches!(due, Due::Ring));
                self.commands.push_back(SimCommand::Far(FarEvent::Answered));
            }
            Line::OnHook => self.line = Line::Dead,
            Line::Call | Line::Dead => {}
        }
    }

    fn on_hook(&mut self) {
        let line = std::mem::replace(&mut self.line, Line::OnHook);
        match line {
            Line::Ringing { .. } => self.line = line,
            Line::Call => self.commands.push_back(SimCommand::Far(FarEvent::HungUp)),
            Line::OnHook | Line::Dead => {}
        }
        if !matches!(line, Line::Ringing { .. }) {
            self.playing_until = None;
            self.is_digit_on = false;
            self.due.clear();
        }
    }

    fn reply(&mut self, words: &[u8], now: Instant) {
        self.at(after(now, self.settings.respond), Due::Say(words.to_vec()));
    }
}

fn is_ok(due: &Due) -> bool {
    matches!(due, Due::Say(bytes) if bytes == OK)
}
