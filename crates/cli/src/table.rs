//! Rows that start with a verdict: no borders, two spaces between columns, the last column open.

use std::fmt::Write as _;

use crate::output::{Output, Tone};

/// One row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// What the first word stands for.
    pub tone: Tone,
    /// The verdict.
    pub word: String,
    /// What it is about.
    pub subject: String,
    /// Why, or what follows from it.
    pub detail: String,
}

/// A long path shall not push every reason off the screen.
const WIDEST: usize = 44;

/// The rows as text, aligned.
pub fn table(rows: &[Row], output: &Output) -> String {
    let widest = |column: fn(&Row) -> &String| {
        rows.iter()
            .map(|row| column(row).chars().count())
            .max()
            .unwrap_or(0)
    };
    let words = widest(|row| &row.word);
    let subjects = widest(|row| &row.subject).min(WIDEST);
    let mut text = String::new();
    for row in rows {
        let space = " ".repeat(words.saturating_sub(row.word.chars().count()));
        let word = output.tone(row.tone, &row.word);
        let _ = if row.detail.is_empty() {
            writeln!(text, "{word}{space}  {}", row.subject)
        } else {
            let detail = output.tone(Tone::Dim, &row.detail);
            writeln!(text, "{word}{space}  {:<subjects$}  {detail}", row.subject)
        };
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::ColorChoice;

    fn row(word: &str, subject: &str, detail: &str) -> Row {
        let [word, subject, detail] = [word, subject, detail].map(str::to_owned);
        Row {
            tone: Tone::Good,
            word,
            subject,
            detail,
        }
    }

    #[test]
    fn columns_are_aligned_and_nothing_trails() {
        let rows = [
            row("exact", "net.dns", ""),
            row("narrower", "files.read /srv", "why"),
        ];
        let text = table(&rows, &Output::new(ColorChoice::Never, false));
        assert_eq!(text, "exact     net.dns\nnarrower  files.read /srv  why\n");
    }

    #[test]
    fn color_does_not_move_a_column() {
        let rows = [row("exact", "a", "b"), row("narrower", "a", "b")];
        let colored = table(&rows, &Output::new(ColorChoice::Always, false));
        let plain = table(&rows, &Output::new(ColorChoice::Never, false));
        let without = ["\x1b[32m", "\x1b[2m", "\x1b[0m"]
            .iter()
            .fold(colored, |text, code| text.replace(code, ""));
        assert_eq!(without, plain);
    }
}
