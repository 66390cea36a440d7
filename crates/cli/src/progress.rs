//! One line on standard error that says what is going on, gone when it is done.
//!
//! There is no thread behind it: tracer and sandbox copy this process and need it to have only one. Whoever
//! waits calls [`Progress::tick`].

use std::time::{Duration, Instant};

use crate::output::Output;

/// Shorter waits are not worth a line.
const PATIENCE: Duration = Duration::from_millis(500);

/// A line that lives as long as this value.
#[derive(Debug)]
pub struct Progress<'a> {
    output: &'a Output,
    shown: bool,
    terminal: bool,
    since: Instant,
    text: String,
}

impl<'a> Progress<'a> {
    /// Starts to wait. Nothing is shown yet.
    pub fn new(output: &'a Output, text: impl Into<String>) -> Self {
        Self {
            output,
            shown: false,
            terminal: output.interactive && !output.verbose,
            since: Instant::now(),
            text: text.into(),
        }
    }

    /// Shows the line, once the wait is long enough.
    pub fn tick(&mut self) {
        if self.terminal && !self.shown && self.since.elapsed() >= PATIENCE {
            self.shown = true;
            self.output.draw(&format!("\r\x1b[K{}...", self.text));
        }
    }

    /// Says what is going on now.
    pub fn step(&mut self, text: impl Into<String>) {
        self.text = text.into();
        if self.shown {
            self.output.draw(&format!("\r\x1b[K{}...", self.text));
        }
        self.tick();
    }
}

impl Drop for Progress<'_> {
    fn drop(&mut self) {
        if self.shown {
            self.output.draw("\r\x1b[K");
        }
    }
}
