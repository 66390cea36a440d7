//! A `[Service]` section in the making: groups of lines, and what each control in it is worth.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use ringfence_policy::grant::{Grant, Privilege, User};
use ringfence_policy::lock::Lock;
use ringfence_policy::manifest::Manifest;
use ringfence_policy::path::AbsPath;
use ringfence_policy::policy::Policy;

use crate::coverage::Status;

use super::directive::directive;
use super::packaged::Packaged;
use super::target::Target;

/// How long a line with a list may become before the next one is started.
const WIDTH: usize = 100;

/// What is being compiled, and how far it is.
pub(super) struct Draft<'a> {
    pub(super) policy: &'a Policy,
    pub(super) manifest: &'a Manifest,
    pub(super) lock: Option<&'a Lock>,
    /// The unit beside which a drop-in is put; `None` for a whole unit.
    pub(super) packaged: Option<Packaged<'a>>,
    pub(super) target: &'a Target,
    groups: Vec<Group>,
    controls: Vec<(&'static str, Status)>,
    reset: BTreeSet<&'static str>,
    unwritable: Option<AbsPath>,
}

struct Group {
    comment: String,
    lines: Vec<(&'static str, String)>,
}

impl<'a> Draft<'a> {
    pub(super) fn new(
        policy: &'a Policy,
        manifest: &'a Manifest,
        lock: Option<&'a Lock>,
        packaged: Option<Packaged<'a>>,
        target: &'a Target,
    ) -> Self {
        Self {
            policy,
            manifest,
            lock,
            packaged,
            target,
            groups: Vec::new(),
            controls: Vec::new(),
            reset: BTreeSet::new(),
            unwritable: None,
        }
    }

    pub(super) fn has(&self, privilege: Privilege) -> bool {
        self.policy.allows(&Grant::Privilege(privilege))
    }

    /// Whether the policy lets the service start as root.
    pub(super) fn is_root(&self) -> bool {
        self.policy.allows(&Grant::User(User::Root))
    }

    /// Whether the policy gives it an identity that nobody else has.
    pub(super) fn is_dynamic(&self) -> bool {
        let named = |grant: &Grant| matches!(grant, Grant::User(User::Named(_) | User::Root));
        !self.policy.grants().any(named)
    }

    /// Whether it is one of several units of one template.
    pub(super) fn is_template(&self) -> bool {
        self.packaged.is_some_and(Packaged::is_template)
    }

    /// Whether the target's systemd knows a directive.
    pub(super) fn knows(&self, key: &str) -> bool {
        directive(key).is_none_or(|own| own.is_known(self.target))
    }

    /// Starts a group of lines, with what it comes from.
    pub(super) fn group(&mut self, comment: impl Into<String>) {
        self.groups.push(Group {
            comment: comment.into(),
            lines: Vec::new(),
        });
    }

    /// Writes a line, when the target's systemd knows the directive, and says what it is worth.
    ///
    /// What the unit has in a list is taken out of it first.
    pub(super) fn put(&mut self, key: &'static str, value: impl Into<String>) -> Status {
        let worth = directive(key).map_or(Status::Exact, |own| own.worth(self.target));
        if self.knows(key) {
            self.clear(key);
            self.line(key, value.into());
        }
        worth
    }

    /// Writes a list, over as many lines as are good to read; nothing for an empty one.
    pub(super) fn put_list(
        &mut self,
        key: &'static str,
        words: impl IntoIterator<Item = String>,
    ) -> Status {
        let mut worth = directive(key).map_or(Status::Exact, |own| own.worth(self.target));
        let mut line = String::new();
        for word in words {
            if !line.is_empty() && key.len() + line.len() + word.len() + 2 > WIDTH {
                worth = self.put(key, std::mem::take(&mut line));
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(&word);
        }
        if !line.is_empty() {
            worth = self.put(key, line);
        }
        worth
    }

    /// Writes a line that denies something, and records what it is worth.
    pub(super) fn deny(&mut self, key: &'static str, value: impl Into<String>) {
        let worth = self.put(key, value);
        if let Some(own) = directive(key) {
            self.record(own.id, worth);
        }
    }

    /// Turns a protection of the unit off that would deny what is granted.
    pub(super) fn permit(&mut self, key: &'static str, off: &'static str) {
        let set = self.packaged.and_then(|unit| unit.last(key));
        if set.is_some_and(|value| value != off) {
            self.put(key, off);
        }
    }

    /// Takes out of a list what the unit has in it.
    pub(super) fn clear(&mut self, key: &'static str) {
        let is_list = directive(key).is_some_and(|own| own.list);
        let has = self.packaged.is_some_and(|unit| !unit.list(key).is_empty());
        if is_list && has && self.reset.insert(key) && self.knows(key) {
            self.line(key, String::new());
        }
    }

    /// Writes a line as it is.
    pub(super) fn line(&mut self, key: &'static str, value: String) {
        if self.groups.is_empty() {
            self.group("");
        }
        if let Some(group) = self.groups.last_mut() {
            group.lines.push((key, value));
        }
    }

    /// Records how exactly something is denied that no grant allows.
    pub(super) fn record(&mut self, id: &'static str, status: Status) {
        self.controls.push((id, status));
    }

    /// A path as a word of a unit, remembered when no unit can hold it.
    pub(super) fn word(&mut self, path: &AbsPath) -> String {
        let text = std::str::from_utf8(path.as_bytes());
        if text.is_ok_and(|text| !text.contains(['\n', '\r'])) {
            return word(path);
        }
        self.unwritable.get_or_insert_with(|| path.clone());
        String::new()
    }

    /// The first path that no unit can name.
    pub(super) fn unwritable(&self) -> Option<&AbsPath> {
        self.unwritable.as_ref()
    }

    /// The controls, in the order in which they were recorded.
    pub(super) fn controls(&self) -> &[(&'static str, Status)] {
        &self.controls
    }

    /// The text of the section, without its header.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        for group in self.groups.iter().filter(|group| !group.lines.is_empty()) {
            if !group.comment.is_empty() {
                // Writing into a string does not fail.
                let _ = writeln!(text, "\n# {}", group.comment);
            }
            for (key, value) in &group.lines {
                let _ = writeln!(text, "{key}={value}");
            }
        }
        text
    }
}

/// A path as a word of a unit; see systemd.syntax(7). A colon separates, so it is escaped too.
pub(super) fn word(path: &AbsPath) -> String {
    let text = String::from_utf8_lossy(path.as_bytes());
    let mut word = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '%' => word.push('%'),
            ' ' | '\t' | '"' | '\'' | '\\' | ':' => word.push('\\'),
            _ => {}
        }
        word.push(c);
    }
    word
}
