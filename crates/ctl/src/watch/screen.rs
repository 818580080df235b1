//! The terminal: taken over, drawn on line by line, and given back as it was however the program ends.

use std::io::{self, Stdout, Write};
use std::{panic, process, thread};

use crossterm::cursor::{Hide, MoveTo, Show};
use crossterm::style::{Attribute, Color, Print, ResetColor, SetAttribute, SetForegroundColor};
use crossterm::terminal::{self, Clear, ClearType, EnterAlternateScreen, LeaveAlternateScreen};
use crossterm::{execute, queue};

use super::draw::{Line, Size, Style};

/// The bell's character.
const BELL: char = '\x07';

/// Exit code of a program that panicked, as the standard library has it.
const PANICKED: i32 = 101;

/// A terminal that is ours until this is dropped.
pub struct Screen {
    out: Stdout,
    shown: Vec<Line>,
}

impl Screen {
    /// Takes the terminal over. A panic gives it back before it speaks; one beside the screen ends the program, because
    /// a queue that nobody fills any more must not look like a quiet night.
    pub fn enter() -> io::Result<Screen> {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            restore();
            before(info);
            if thread::current().name() != Some("main") {
                process::exit(PANICKED);
            }
        }));
        terminal::enable_raw_mode()?;
        let mut screen = Screen { out: io::stdout(), shown: Vec::new() };
        execute!(screen.out, EnterAlternateScreen, Hide)?;
        Ok(screen)
    }

    /// Its width and height.
    pub fn size(&self) -> Size {
        let (width, height) = terminal::size().unwrap_or((80, 24));
        (usize::from(width), usize::from(height))
    }

    /// Forgets what is shown: the terminal has another size, or something else has written on it.
    pub fn forget(&mut self) {
        self.shown.clear();
    }

    /// Shows these lines; writes only those that differ.
    pub fn show(&mut self, lines: Vec<Line>) -> io::Result<()> {
        if self.shown.len() != lines.len() {
            queue!(self.out, Clear(ClearType::All))?;
            self.shown.clear();
        }
        for (at, line) in lines.iter().enumerate().filter(|(at, line)| self.shown.get(*at) != Some(*line)) {
            let row = u16::try_from(at).unwrap_or(u16::MAX);
            queue!(self.out, MoveTo(0, row), SetAttribute(Attribute::Reset), ResetColor)?;
            match line.style {
                Style::Plain => {}
                Style::Bold => queue!(self.out, SetAttribute(Attribute::Bold))?,
                Style::Dim => queue!(self.out, SetAttribute(Attribute::Dim))?,
                Style::Warn => queue!(self.out, SetForegroundColor(Color::Yellow), SetAttribute(Attribute::Bold))?,
                Style::Alarm => queue!(self.out, SetForegroundColor(Color::Red), SetAttribute(Attribute::Bold))?,
                Style::Selected => queue!(self.out, SetAttribute(Attribute::Reverse))?,
            }
            queue!(self.out, Print(&line.text), SetAttribute(Attribute::Reset), ResetColor)?;
            queue!(self.out, Clear(ClearType::UntilNewLine))?;
        }
        self.shown = lines;
        self.out.flush()
    }

    /// Sounds the bell.
    pub fn bell(&mut self) -> io::Result<()> {
        queue!(self.out, Print(BELL))?;
        self.out.flush()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        restore();
    }
}

/// Gives the terminal back. A terminal that is gone needs nothing.
fn restore() {
    let _ = execute!(io::stdout(), Show, LeaveAlternateScreen);
    let _ = terminal::disable_raw_mode();
}
