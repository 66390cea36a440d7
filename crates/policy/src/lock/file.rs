//! The lock as a file: `NAME.lock`, TOML, the same bytes for the same lock.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use super::{Evidence, Lock, Tried, Widened};
use crate::grant::{Grant, SyscallName};
use crate::manifest::page::{Line, Page, Section, Value};
use crate::manifest::problem::Problem;
use crate::manifest::write::quoted;
use crate::manifest::{ManifestError, ManifestErrors};
use crate::path::AbsPath;

/// The version of the file's form.
const VERSION: i64 = 1;

/// The key that every version of the file has; whatever else there is.
#[derive(Deserialize)]
struct Version {
    ringfence_lock: Spanned<i64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(rename = "ringfence_lock")]
    _version: i64,
    manifest_sha256: String,
    arch: String,
    exec: AbsPath,
    exec_sha256: String,
    #[serde(default)]
    syscalls: Vec<SyscallName>,
    #[serde(default)]
    code: Vec<AbsPath>,
    #[serde(default)]
    links: Vec<AbsPath>,
    #[serde(default)]
    provisional: Vec<Grant>,
    #[serde(default)]
    unexercised: Vec<String>,
    #[serde(default)]
    evidence: BTreeMap<String, Evidence>,
    #[serde(default)]
    widened: Vec<Widened>,
    #[serde(default)]
    tried: Vec<Tried>,
}

impl Lock {
    /// Reads a lock. Nobody writes one by hand, so the first mistake is told and no more.
    pub fn parse(text: &str) -> Result<Self, ManifestErrors> {
        let mistake = |span, problem| {
            let error = ManifestError::new(text, span, problem);
            ManifestErrors::one(text, error)
        };
        let broken = |error: toml::de::Error| {
            let problem = Problem::new(error.message().trim_end()).help(
                "the lock is generated: `ringfence policy derive` writes it anew from a trace",
            );
            mistake(error.span().unwrap_or(0..0), problem)
        };
        let version: Version = toml::from_str(text).map_err(broken)?;
        if *version.ringfence_lock.get_ref() != VERSION {
            let number = version.ringfence_lock.get_ref();
            let problem = Problem::new(format!(
                "`{number}` is not a version of the lock known here"
            ))
            .help(format!("this program reads `ringfence_lock = {VERSION}`"));
            return Err(mistake(version.ringfence_lock.span(), problem));
        }
        let file: File = toml::from_str(text).map_err(broken)?;
        Ok(Self {
            manifest_sha256: file.manifest_sha256,
            arch: file.arch,
            exec: file.exec,
            exec_sha256: file.exec_sha256,
            syscalls: file.syscalls,
            code: file.code,
            links: file.links,
            evidence: file.evidence,
            widened: file.widened,
            tried: file.tried,
            provisional: file.provisional,
            unexercised: file.unexercised,
        })
    }

    /// The canonical text.
    pub fn render(&self) -> String {
        let mut sections = vec![self.top()];
        if !self.evidence.is_empty() {
            sections.push(section(
                "[evidence]",
                self.evidence.iter().map(|(grant, evidence)| {
                    Line::new(&quoted(grant), Value::Plain(evidence.to_toml()))
                }),
            ));
        }
        for widened in &self.widened {
            sections.push(section(
                "[[widened]]",
                [
                    line("grant", &widened.grant),
                    list("instead_of", &widened.instead_of),
                ],
            ));
        }
        for tried in &self.tried {
            sections.push(section(
                "[[tried]]",
                [
                    line("grant", &tried.grant),
                    Line::new("outcome", Value::Plain(kebab(&tried.outcome))),
                ],
            ));
        }
        Page {
            sections,
            ..Page::default()
        }
        .to_string()
    }

    fn top(&self) -> Section {
        let mut version = Line::new("ringfence_lock", Value::Plain(VERSION.to_string()));
        version.above =
            vec!["# Generated from a trace. An edit here is lost with the next one.".into()];
        section(
            "",
            [
                version,
                line("manifest_sha256", &self.manifest_sha256),
                line("arch", &self.arch),
                line("exec", &self.exec),
                line("exec_sha256", &self.exec_sha256),
                list("syscalls", &self.syscalls),
                list("code", &self.code),
                list("links", &self.links),
                list("provisional", &self.provisional),
                list("unexercised", &self.unexercised),
            ],
        )
    }
}

impl Evidence {
    fn to_toml(&self) -> String {
        let phases: Vec<String> = self.phases.iter().map(kebab).collect();
        let by: Vec<String> = self
            .by
            .iter()
            .map(|path| quoted(&path.to_string()))
            .collect();
        format!(
            "{{ phases = [{}], by = [{}], facts = {} }}",
            phases.join(", "),
            by.join(", "),
            self.facts
        )
    }
}

fn section(header: &str, lines: impl IntoIterator<Item = Line>) -> Section {
    Section {
        header: header.to_owned(),
        lines: lines.into_iter().collect(),
        ..Section::default()
    }
}

fn line(key: &str, value: &impl ToString) -> Line {
    Line::new(key, Value::Plain(quoted(&value.to_string())))
}

fn list<T: ToString>(key: &str, values: &[T]) -> Line {
    let items = values.iter().map(|value| quoted(&value.to_string()));
    Line::new(key, Value::array(items))
}

/// The word that serde writes for a variant, quoted; the trace has the same words.
fn kebab(variant: &impl serde::Serialize) -> String {
    let word = serde_json::to_value(variant).unwrap_or_default();
    quoted(word.as_str().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arbitrary;
    use crate::lock::sha256;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(arbitrary::cases(500))]

        #[test]
        fn what_is_written_is_read_back(lock in arbitrary::lock()) {
            let text = lock.render();
            prop_assert_eq!(Lock::parse(&text), Ok(lock), "{}", text);
        }
    }

    #[test]
    fn another_version_and_an_unknown_key_are_refused_in_their_place() {
        let errors = Lock::parse("# x\nringfence_lock = 2\nnew = 1\n").unwrap_err();
        let first = errors.iter().next().unwrap();
        assert_eq!((first.line, first.column), (2, 18));
        assert!(first.message.contains("`2` is not a version"));
        let errors = Lock::parse("ringfence_lock = 1\nnew = 1\n").unwrap_err();
        let first = errors.iter().next().unwrap();
        assert_eq!((first.line, first.column), (2, 1));
        assert!(first.help.as_deref().unwrap().contains("policy derive"));
    }

    #[test]
    fn a_lock_knows_the_text_it_was_made_for() {
        let digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(sha256(b"abc"), digest);
        let lock = Lock {
            manifest_sha256: digest.into(),
            arch: "x86_64".into(),
            exec: "/usr/bin/x".parse().unwrap(),
            exec_sha256: String::new(),
            syscalls: Vec::new(),
            code: Vec::new(),
            links: Vec::new(),
            evidence: BTreeMap::new(),
            widened: Vec::new(),
            tried: Vec::new(),
            provisional: Vec::new(),
            unexercised: Vec::new(),
        };
        assert!(lock.is_for("abc"));
        assert!(!lock.is_for("abc "));
    }
}
