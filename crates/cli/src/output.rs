//! The two streams: the result goes to standard output, talk to standard error. Nothing else prints.

use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::os::fd::{AsFd, BorrowedFd};

use crate::args::ColorChoice;

/// Where a verb writes, and whether in color.
#[derive(Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact about the streams by itself"
)]
pub struct Output {
    result_color: bool,
    talk_color: bool,
    /// Standard error as it was at the start: while a service runs, number 2 may be its own. `None` when
    /// there is no descriptor left to keep it in.
    talk: Option<File>,
    /// Whether talk goes to a terminal on which a line can be drawn over.
    pub interactive: bool,
    /// Whether the user asked for more talk.
    pub verbose: bool,
}

/// What a word stands for. The word itself always says it too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Holds, passed, enforced.
    Good,
    /// Not known, wider than asked for.
    Unsure,
    /// Open, failed, grown.
    Bad,
    /// A heading.
    Strong,
    /// Detail.
    Dim,
}

impl Output {
    /// The streams of this process.
    pub fn new(choice: ColorChoice, verbose: bool) -> Self {
        let environment = Environment::of_process();
        let (result, talk) = (io::stdout().is_terminal(), io::stderr().is_terminal());
        Self {
            result_color: environment.colors(choice, result),
            talk_color: environment.colors(choice, talk),
            talk: io::stderr()
                .as_fd()
                .try_clone_to_owned()
                .ok()
                .map(File::from),
            interactive: talk && !environment.dumb,
            verbose,
        }
    }

    /// Writes the whole result at once, so that a failure on the way leaves no half of one.
    #[expect(
        clippy::unused_self,
        reason = "only who was given the streams may print"
    )]
    pub fn result(&self, text: &str) -> io::Result<()> {
        let mut stdout = io::stdout().lock();
        stdout.write_all(text.as_bytes())?;
        stdout.flush()
    }

    /// Writes a result in JSON.
    pub fn json(&self, value: &impl serde::Serialize) -> io::Result<()> {
        let mut text = serde_json::to_string_pretty(value)?;
        text.push('\n');
        self.result(&text)
    }

    /// Says something beside the result, with a line end. A standard error that is gone is nothing to
    /// fail for.
    pub fn say(&self, text: &str) {
        let end = if text.ends_with('\n') { "" } else { "\n" };
        self.draw(&format!("{text}{end}"));
    }

    /// Puts this very text on standard error.
    pub fn draw(&self, text: &str) {
        if let Some(mut talk) = self.talk.as_ref() {
            let _ = talk.write_all(text.as_bytes());
        }
    }

    /// Where a service's own words go, when the user wants to see them.
    pub fn echo(&self) -> Option<BorrowedFd<'_>> {
        self.talk.as_ref().filter(|_| self.verbose).map(AsFd::as_fd)
    }

    /// Says `note: ...`.
    pub fn note(&self, text: &str) {
        self.say(&format!(
            "{} {text}",
            paint(self.talk_color, Tone::Unsure, "note:")
        ));
    }

    /// Says something that only matters to who asked for more.
    pub fn detail(&self, text: &str) {
        if self.verbose {
            self.say(text);
        }
    }

    /// Whether errors are shown in color.
    pub fn talk_color(&self) -> bool {
        self.talk_color
    }

    /// A word of the result in its tone.
    pub fn tone(&self, tone: Tone, word: &str) -> String {
        paint(self.result_color, tone, word)
    }
}

fn paint(color: bool, tone: Tone, word: &str) -> String {
    if !color {
        return word.to_owned();
    }
    let code = match tone {
        Tone::Good => "32",
        Tone::Unsure => "33",
        Tone::Bad => "1;31",
        Tone::Strong => "1",
        Tone::Dim => "2",
    };
    format!("\x1b[{code}m{word}\x1b[0m")
}

/// The variables that speak about color; see no-color.org and bixense.com/clicolors.
#[derive(Debug, Clone, Copy, Default)]
pub struct Environment {
    refused: bool,
    forced: bool,
    dumb: bool,
}

impl Environment {
    fn of_process() -> Self {
        let filled = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
        Self {
            refused: filled("NO_COLOR").is_some(),
            forced: filled("CLICOLOR_FORCE").is_some_and(|value| value != "0"),
            dumb: filled("TERM").is_some_and(|value| value == "dumb"),
        }
    }

    fn colors(self, choice: ColorChoice, terminal: bool) -> bool {
        match choice {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto if self.refused => false,
            ColorChoice::Auto => self.forced || (terminal && !self.dumb),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_explicit_choice_wins_over_the_environment() {
        let refused = Environment {
            refused: true,
            ..Environment::default()
        };
        let forced = Environment {
            forced: true,
            ..Environment::default()
        };
        assert!(refused.colors(ColorChoice::Always, false));
        assert!(!forced.colors(ColorChoice::Never, true));
    }

    #[test]
    fn auto_colors_terminals_that_can_and_pipes_that_are_forced() {
        let color = |refused, forced, dumb, terminal| {
            Environment {
                refused,
                forced,
                dumb,
            }
            .colors(ColorChoice::Auto, terminal)
        };
        assert!(color(false, false, false, true));
        assert!(!color(false, false, false, false));
        assert!(!color(false, false, true, true), "TERM=dumb");
        assert!(color(false, true, false, false), "CLICOLOR_FORCE");
        assert!(!color(true, true, false, true), "NO_COLOR wins");
    }
}
