//! The baseline's file: TOML, sorted, an entry a line, so that a review shows what changed.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use ringfence_unit::score::{Model, Profile};
use serde::Deserialize;
use toml::Spanned;

use super::entry;
use crate::error::{Failure, OrFail};
use crate::store::read_text;
use crate::survey::Open;

/// What services may do that they should not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Baseline {
    /// The release of systemd whose verdict it holds.
    pub systemd: u32,
    /// Whose verdict it holds.
    pub model: Model,
    /// What a service may have that is not listed.
    pub new: Open,
    /// What each service may have.
    pub services: BTreeMap<String, Open>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    baseline: Spanned<u32>,
    systemd: Spanned<u32>,
    #[serde(rename = "as")]
    model: Spanned<String>,
    #[serde(default)]
    new: Vec<Spanned<String>>,
    #[serde(default)]
    services: BTreeMap<String, Vec<Spanned<String>>>,
}

impl Baseline {
    /// Reads a baseline.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        let text = read_text(path)?;
        let shown = path.display();
        let file: File = toml::from_str(&text).or_usage(|| format!("read {shown}"))?;
        let wrong = |at: usize, what: String| {
            let before = text.get(..at).unwrap_or_default();
            let line = before.matches('\n').count() + 1;
            let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
            Failure::usage(format!(
                "read {shown}: line {line}, column {column}: {what}"
            ))
        };
        if *file.baseline.get_ref() != 1 {
            let what = "this version reads baselines of the form 1".to_owned();
            return Err(wrong(file.baseline.span().start, what));
        }
        if let Err(unknown) = Profile::of(*file.systemd.get_ref()) {
            return Err(wrong(file.systemd.span().start, unknown.to_string()));
        }
        let model = match file.model.get_ref().as_str() {
            "manager" => Model::Manager,
            "offline" => Model::Offline,
            other => {
                let what = format!("`{other}` is neither `manager` nor `offline`");
                return Err(wrong(file.model.span().start, what));
            }
        };
        let entries = |list: Vec<Spanned<String>>| -> Result<Open, Failure> {
            let read = |text: Spanned<String>| {
                let what = || format!("`{}` is no row of the score and no finding", text.get_ref());
                let entry = entry::read(text.get_ref());
                entry.ok_or_else(|| {
                    wrong(text.span().start, what())
                        .help("`ringfence scan --format json` lists the names, in `open`")
                })
            };
            list.into_iter().map(read).collect()
        };
        let services = file.services.into_iter();
        Ok(Self {
            systemd: *file.systemd.get_ref(),
            model,
            new: entries(file.new)?,
            services: services
                .map(|(name, list)| Ok((name, entries(list)?)))
                .collect::<Result<_, Failure>>()?,
        })
    }

    /// The file's text.
    pub fn to_text(&self) -> String {
        let mut text = format!(
            "# What services may do that they should not. `ringfence check --baseline FILE` lets them lose\n\
             # entries and gain none; `--update` takes out what they have lost.\n\
             baseline = 1\nsystemd = {}\nas = \"{}\"\n\n\
             # What a service may have that is not listed.\n{}\n[services]\n",
            self.systemd,
            self.model,
            assignment("new", &self.new)
        );
        for (name, open) in &self.services {
            text.push_str(&assignment(&quoted(name), open));
        }
        text
    }
}

/// A key with its entries, each on a line of its own.
fn assignment(key: &str, open: &Open) -> String {
    if open.is_empty() {
        return format!("{key} = []\n");
    }
    let mut text = format!("{key} = [\n");
    for (name, amount) in open {
        let _ = writeln!(text, "  {},", quoted(&entry::write(name, *amount)));
    }
    text.push_str("]\n");
    text
}

/// A basic string of TOML. Unit names may have backslashes, and nothing else that needs care.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Baseline, Failure> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("baseline.toml");
        std::fs::write(&path, text).unwrap();
        Baseline::read(&path)
    }

    fn baseline() -> Baseline {
        let open = |list: &[(&str, u32)]| list.iter().map(|(n, a)| ((*n).to_owned(), *a)).collect();
        Baseline {
            systemd: 257,
            model: Model::Manager,
            new: open(&[("PrivateNetwork", 1)]),
            services: BTreeMap::from([
                (
                    "a\\x2db@.service".to_owned(),
                    open(&[("ProtectSystem", 10), ("finding:mixed-list", 2)]),
                ),
                ("c.service".to_owned(), Open::new()),
            ]),
        }
    }

    #[test]
    fn a_baseline_reads_as_it_was_written() {
        assert_eq!(read(&baseline().to_text()).unwrap(), baseline());
    }

    #[test]
    fn the_file_has_an_entry_a_line() {
        insta::assert_snapshot!(baseline().to_text(), @r#"
        # What services may do that they should not. `ringfence check --baseline FILE` lets them lose
        # entries and gain none; `--update` takes out what they have lost.
        baseline = 1
        systemd = 257
        as = "manager"

        # What a service may have that is not listed.
        new = [
          "PrivateNetwork",
        ]

        [services]
        "a\\x2db@.service" = [
          "ProtectSystem=10",
          "finding:mixed-list=2",
        ]
        "c.service" = []
        "#);
    }

    #[test]
    fn a_wrong_entry_is_shown_where_it_is() {
        let text = "baseline = 1\nsystemd = 257\nas = \"manager\"\n[services]\n\"a.service\" = [\n  \"Nonsense\",\n]\n";
        let failure = read(text).unwrap_err().text(false);
        assert!(
            failure.contains("line 6, column 3: `Nonsense` is no row"),
            "{failure}"
        );
        let failure = read(&text.replace("257", "99")).unwrap_err().text(false);
        assert!(failure.contains("line 2, column 11"), "{failure}");
        let failure = read(&text.replace("baseline = 1", "baseline = 2"))
            .unwrap_err()
            .text(false);
        assert!(failure.contains("line 1, column 12"), "{failure}");
        assert!(read("baseline = 1").is_err());
    }
}
