//! Where a story is told: a terminal, in which a table is kept up to date below the text; or plain lines; or nothing.

use std::io::{IsTerminal, Write};
use std::thread;
use std::time::Duration;

use crate::args::Sim;
use crate::measure::{bytes, time};
use crate::summary::Summary;

/// How often a table is redrawn, in milliseconds, and how long a story takes.
const FRAME: u64 = 40;
const STORY: u64 = 2_600;
/// Columns of text.
const WIDTH: usize = 96;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Mode {
    Silent,
    Lines,
    Live,
}

#[derive(Debug)]
pub(crate) struct Stage {
    mode: Mode,
    speed: Option<f64>,
    /// Milliseconds of the story between two drawings.
    frame: u64,
    /// How many lines below the text are to be drawn over.
    drawn: usize,
}

/// Prints a line. Whoever has stopped listening has heard enough.
pub(crate) fn line(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

impl Stage {
    pub(crate) fn new(options: &Sim) -> Self {
        let mode = if options.json {
            Mode::Silent
        } else if options.fast || !std::io::stdout().is_terminal() {
            Mode::Lines
        } else {
            Mode::Live
        };
        Stage { mode, speed: options.speed, frame: 1, drawn: 0 }
    }

    pub(crate) fn silent() -> Self {
        Stage { mode: Mode::Silent, speed: None, frame: 1, drawn: 0 }
    }

    pub(crate) fn is_silent(&self) -> bool {
        self.mode == Mode::Silent
    }

    /// Begins a story of about so many milliseconds.
    pub(crate) fn begin(&mut self, title: &str, length: u64) {
        let frame = match self.speed {
            Some(speed) => (speed * FRAME as f64) as u64,
            None => length * FRAME / STORY,
        };
        self.frame = frame.max(1);
        if !self.is_silent() {
            line(&format!("{title}\n"));
        }
    }

    /// After how much of the story to draw again, if somebody is watching.
    pub(crate) fn frame(&self) -> Option<u64> {
        (self.mode == Mode::Live).then_some(self.frame)
    }

    /// Tells what happens at some time.
    pub(crate) fn say(&mut self, at: &str, text: &str) {
        if self.is_silent() {
            return;
        }
        self.erase();
        let indent = " ".repeat(at.chars().count().max(10) + 2);
        for (n, row) in wrapped(text, WIDTH - indent.len()).iter().enumerate() {
            let start = if n == 0 { format!("{at:>10}  ") } else { indent.clone() };
            line(&format!("{start}{row}"));
        }
    }

    /// Shows lines that stay.
    pub(crate) fn show(&mut self, rows: &[String]) {
        if !self.is_silent() {
            self.erase();
            rows.iter().for_each(|row| line(&format!("    {row}")));
        }
    }

    /// Shows lines that the next drawing replaces, and waits for as long as a frame lasts.
    pub(crate) fn draw(&mut self, rows: &[String]) {
        if self.mode == Mode::Live {
            self.erase();
            rows.iter().for_each(|row| line(&format!("    {row}")));
            self.drawn = rows.len();
            let _ = std::io::stdout().flush();
            thread::sleep(Duration::from_millis(FRAME));
        }
    }

    fn erase(&mut self) {
        if self.drawn > 0 {
            // So many lines up, and clear from there.
            let _ = write!(std::io::stdout(), "\x1b[{}A\x1b[J", self.drawn);
            self.drawn = 0;
        }
    }

    /// Tells how it ended.
    pub(crate) fn end(&mut self, summary: &Summary) {
        self.erase();
        let state = if summary.converged { "all equal" } else { "NOT EQUAL" };
        line(&format!(
            "\n  {} (seed {}): {} replicas, {state}; {} writes, {} frames, {}; repaired in {} ({} round trips)",
            summary.story,
            summary.seed,
            summary.replicas,
            summary.writes,
            summary.frames,
            bytes(summary.bytes),
            time(summary.repair_ms),
            summary.rounds,
        ));
        match summary.violations.len() {
            0 => line("  all that was promised was checked, and held\n"),
            n => line(&format!("  VIOLATIONS: {n}")),
        }
        summary.violations.iter().for_each(|violation| line(&format!("    {violation}")));
    }
}

fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut rows = vec![String::new()];
    for word in text.split(' ') {
        let last = rows.last_mut().expect("there is one");
        if !last.is_empty() && last.chars().count() + 1 + word.chars().count() > width {
            rows.push(word.into());
        } else {
            if !last.is_empty() {
                last.push(' ');
            }
            last.push_str(word);
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::wrapped;

    #[test]
    fn text_is_wrapped() {
        assert_eq!(wrapped("one two three", 7), ["one two", "three"]);
        assert_eq!(wrapped("", 7), [""]);
        assert_eq!(wrapped("unbreakable", 3), ["unbreakable"]);
    }
}
