//! Holds every key and value against the table of what a manifest may say.

use std::collections::BTreeMap;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::Role;
use crate::grant::{Grant, Resource};
use crate::manifest::amount;
use crate::manifest::error::ManifestError;
use crate::manifest::model::EPOCH;
use crate::manifest::nearest::{nearest, quoted_list};
use crate::manifest::problem::Problem;
use crate::manifest::table::{Key, Object, Shape, TABLES, Table, is_table, table};
use crate::manifest::text::{ANY, LEARNED, Text, grant};

type Value<'t> = Spanned<DeValue<'t>>;

pub(super) struct Checker<'t> {
    text: &'t str,
    pub(super) role: Role,
    /// Whether nothing of the text got lost on the way here.
    whole: bool,
    granted: BTreeMap<Grant, Range<usize>>,
    pub(super) errors: Vec<ManifestError>,
}

impl<'t> Checker<'t> {
    pub(super) fn new(text: &'t str, role: Role, whole: bool) -> Self {
        Self {
            text,
            role,
            whole,
            granted: BTreeMap::new(),
            errors: Vec::new(),
        }
    }

    pub(super) fn wrong(&mut self, span: Range<usize>, problem: Problem) {
        self.errors
            .push(ManifestError::new(self.text, span, problem));
    }

    pub(super) fn document(&mut self, root: &DeTable) {
        if !self.epoch(root) {
            return;
        }
        let Some(top) = table("") else { return };
        for (name, value) in root {
            if let Some(key) = top.key(name.get_ref()) {
                self.value(key, value);
            } else if name.get_ref() == "never" && self.role == Role::Ceiling {
                self.many(
                    Text::AnyGrant,
                    value,
                    "never",
                    r#"never = ["kernel.modules"]"#,
                );
            } else if let Some(table) = table(name.get_ref()) {
                self.tables(table, name.span(), value);
            } else {
                self.unknown(top, name);
            }
        }
        // A ceiling without a table bounds nothing and only says what is never granted.
        let needs_service = match self.role {
            Role::Service => true,
            Role::Part => false,
            Role::Ceiling => root.keys().any(|name| is_table(name.get_ref())),
        };
        if self.whole && needs_service && !root.contains_key("service") {
            let help = match self.role {
                Role::Ceiling => "`[service]` with the widest `user` that a service may have",
                _ => "`[service]` with `name`, `exec` and `user`",
            };
            self.wrong(
                0..0,
                Problem::new("the table [service] is missing").help(help),
            );
        }
    }

    /// Whether the text is of the epoch that the table describes.
    fn epoch(&mut self, root: &DeTable) -> bool {
        let line = format!("ringfence = {EPOCH}");
        let Some((key, value)) = root.get_key_value("ringfence") else {
            if self.whole {
                let help = format!("start the file with `{line}`");
                self.wrong(0..0, Problem::new("the policy epoch is missing").help(help));
            }
            return true;
        };
        let number = value
            .get_ref()
            .as_integer()
            .and_then(|n| i64::from_str_radix(n.as_str(), n.radix()).ok());
        if number != Some(EPOCH) {
            let shown = self.text.get(value.span()).unwrap_or_default();
            let problem = Problem::new(format!("`{shown}` is not a policy epoch known here"))
                .help(format!("this program reads `{line}`"));
            self.wrong(value.span(), problem);
            return false;
        }
        let first = root.keys().map(|name| name.span().start).min();
        if first.is_some_and(|first| first < key.span().start) {
            let problem = Problem::new("the policy epoch is not the first key").help(format!(
                "move `{line}` to the top: it says how to read the rest"
            ));
            self.wrong(key.span(), problem);
        }
        true
    }

    fn tables(&mut self, table: &'static Table, header: Range<usize>, value: &Value) {
        match (value.get_ref(), table.repeated) {
            (DeValue::Table(keys), false) => self.keys(table, header, keys),
            (DeValue::Array(items), true) => {
                for item in items {
                    match item.get_ref() {
                        DeValue::Table(keys) => self.keys(table, item.span(), keys),
                        other => {
                            let found = article(other.type_str());
                            let problem =
                                Problem::new(format!("{} is a table, not {found}", table.header()));
                            self.wrong(item.span(), problem);
                        }
                    }
                }
            }
            (other, _) => {
                let problem = match (other, table.repeated) {
                    (DeValue::Table(_), true) => {
                        Problem::new(format!("there may be many [{}] tables", table.name))
                    }
                    (DeValue::Array(_), false) => {
                        Problem::new(format!("there is one [{}] table only", table.name))
                    }
                    _ => Problem::new(format!(
                        "`{}` is a table, not {}",
                        table.name,
                        article(other.type_str())
                    )),
                };
                self.wrong(header, problem.help(format!("write `{}`", table.header())));
            }
        }
    }

    fn keys(&mut self, table: &'static Table, header: Range<usize>, keys: &DeTable) {
        for (name, value) in keys {
            match table.key(name.get_ref()) {
                Some(key) => self.value(key, value),
                None => self.unknown(table, name),
            }
        }
        for key in table.keys {
            if self.whole && self.requires(table, key) && !keys.contains_key(key.name) {
                self.wrong(header.clone(), missing(table, key));
            }
        }
    }

    fn requires(&self, table: &Table, key: &Key) -> bool {
        let here = match self.role {
            Role::Service => true,
            Role::Part => table.name != "service",
            Role::Ceiling => table.name != "service" || key.name == "user",
        };
        key.required && here
    }

    fn unknown(&mut self, here: &'static Table, name: &Spanned<std::borrow::Cow<'_, str>>) {
        let word = name.get_ref().as_ref();
        let top = here.name.is_empty();
        let tables = TABLES.iter().filter(|t| top && !t.name.is_empty());
        let words: Vec<&str> = here
            .keys
            .iter()
            .map(|key| key.name)
            .chain(tables.map(|table| table.name))
            .collect();
        let elsewhere = TABLES.iter().find(|t| t.key(word).is_some());
        let what = if top {
            "a table or key of a manifest".to_owned()
        } else {
            format!("a key of {}", here.header())
        };
        let help = match (nearest(word, &words), elsewhere) {
            _ if top && word == "never" => "`never` belongs to the site's ceiling".to_owned(),
            (_, Some(table)) => format!("`{word}` belongs to {}", table.header()),
            (Some(near), None) => format!("did you mean `{near}`?"),
            (None, None) => format!("one of {}", quoted_list(&words)),
        };
        self.wrong(
            name.span(),
            Problem::new(format!("`{word}` is not {what}")).help(help),
        );
    }

    fn value(&mut self, key: &'static Key, value: &Value) {
        match key.shape {
            // Looked at before everything else.
            Shape::Epoch => {}
            Shape::One(text) => match value.get_ref() {
                DeValue::String(string) => match (text, grant_of(text, string)) {
                    (_, Some(grant)) => self.grant(grant, value.span()),
                    _ => self.string(text, string, value.span()),
                },
                _ => self.mistyped(key.name, "a string", value, key.example),
            },
            Shape::Many(text) => self.many(text, value, key.name, key.example),
            Shape::Argv { absolute } => self.argv(key, absolute, value),
            Shape::Grant(object) => self.object(key, object, value),
            Shape::Grants(object) => match value.get_ref() {
                DeValue::Array(items) => {
                    for item in items {
                        self.object(key, object, item);
                    }
                }
                _ => self.mistyped(key.name, "an array", value, key.example),
            },
            Shape::GrantOrGrants(object) => match value.get_ref() {
                DeValue::Array(items) => {
                    for item in items {
                        self.object(key, object, item);
                    }
                }
                _ => self.object(key, object, value),
            },
            Shape::Flag(kind) => match value.get_ref() {
                DeValue::Boolean(_) => {}
                DeValue::Table(keys) => self.reasoned(key, None, kind, value.span(), keys),
                _ => self.mistyped(
                    key.name,
                    "`true`, or a table with `why`",
                    value,
                    key.example,
                ),
            },
            Shape::Limit(resource) => self.limit(key, resource, value),
        }
    }

    fn string(&mut self, text: Text, string: &str, span: Range<usize>) {
        if let Err(problem) = text.check(string) {
            self.wrong(span, problem);
        }
    }

    fn many(&mut self, text: Text, value: &Value, name: &str, example: &str) {
        let DeValue::Array(items) = value.get_ref() else {
            return self.mistyped(name, "an array of strings", value, example);
        };
        let mut seen: BTreeMap<&str, Range<usize>> = BTreeMap::new();
        for item in items {
            let Some(string) = item.get_ref().as_str() else {
                self.mistyped(name, "an array of strings", item, example);
                continue;
            };
            self.string(text, string, item.span());
            if let Some(first) = seen.insert(string, item.span()) {
                self.twice(string, item.span(), first);
            }
        }
    }

    fn argv(&mut self, key: &Key, absolute: bool, value: &Value) {
        let DeValue::Array(items) = value.get_ref() else {
            return self.mistyped(key.name, "an array of strings", value, key.example);
        };
        if items.is_empty() {
            let problem = Problem::new(format!("`{}` names no program", key.name));
            self.wrong(
                value.span(),
                problem.help(format!("for example `{}`", key.example)),
            );
        }
        for (index, item) in items.iter().enumerate() {
            let Some(string) = item.get_ref().as_str() else {
                self.mistyped(key.name, "an array of strings", item, key.example);
                continue;
            };
            self.string(Text::Argument, string, item.span());
            if index == 0 && absolute && !string.starts_with('/') {
                let problem = Problem::new(format!("`{string}` is not an absolute path")).help(
                    format!("the program is started without a search: `/usr/bin/{string}`"),
                );
                self.wrong(item.span(), problem);
            } else if index == 0 && string.is_empty() {
                self.wrong(item.span(), Problem::new("the program has no name"));
            }
        }
    }

    fn object(&mut self, key: &Key, object: Object, value: &Value) {
        match value.get_ref() {
            DeValue::String(string) => self.granted_object(object, string, value.span()),
            DeValue::Table(keys) => {
                self.reasoned(key, Some(object), object.kind, value.span(), keys);
            }
            _ => {
                let expected = format!("a string, or a table of `{}` and `why`", object.key);
                self.mistyped(key.name, &expected, value, key.example);
            }
        }
    }

    fn granted_object(&mut self, object: Object, string: &str, span: Range<usize>) {
        let set = string == LEARNED || (string == ANY && self.role == Role::Ceiling);
        if object.kind == "process.syscall" && set {
            return;
        }
        match grant(object.kind, string) {
            Ok(grant) => self.grant(grant, span),
            Err(_) => self.string(Text::Grant(object.kind), string, span),
        }
    }

    /// A table of an object, if the grant has one, and a reason.
    fn reasoned(
        &mut self,
        key: &Key,
        object: Option<Object>,
        kind: &str,
        span: Range<usize>,
        keys: &DeTable,
    ) {
        let allowed: Vec<&str> = object.iter().map(|o| o.key).chain(["why"]).collect();
        for (name, value) in keys {
            let word = name.get_ref().as_ref();
            match (value.get_ref(), object) {
                (DeValue::String(why), _) if word == "why" => {
                    self.string(Text::Sentence, why, value.span());
                }
                (DeValue::String(string), Some(object)) if word == object.key => {
                    self.granted_object(object, string, value.span());
                }
                _ if allowed.contains(&word) => self.mistyped(word, "a string", value, key.example),
                _ => {
                    let help = match nearest(word, &allowed) {
                        Some(near) => format!("did you mean `{near}`?"),
                        None => format!("one of {}", quoted_list(&allowed)),
                    };
                    let kind = kind.trim_end_matches('.');
                    self.wrong(
                        name.span(),
                        Problem::new(format!("`{word}` is not a key of a grant of {kind}"))
                            .help(help),
                    );
                }
            }
        }
        let lacks = allowed
            .first()
            .filter(|needed| self.whole && !keys.contains_key(**needed));
        if let Some(needed) = lacks {
            let problem = Problem::new(format!("`{needed}` is missing"))
                .help(format!("for example `{}`", key.example));
            self.wrong(span, problem);
        }
    }

    fn limit(&mut self, key: &Key, resource: Resource, value: &Value) {
        let DeValue::Table(keys) = value.get_ref() else {
            return self.amount(key, resource, value);
        };
        for (name, value) in keys {
            match (name.get_ref().as_ref(), value.get_ref()) {
                ("why", DeValue::String(why)) => self.string(Text::Sentence, why, value.span()),
                ("why", _) => self.mistyped("why", "a string", value, key.example),
                ("limit", _) => self.amount(key, resource, value),
                (word, _) => {
                    let problem = Problem::new(format!("`{word}` is not a key of a limit"))
                        .help("one of `limit`, `why`");
                    self.wrong(name.span(), problem);
                }
            }
        }
        if self.whole && !keys.contains_key("limit") {
            let problem =
                Problem::new("`limit` is missing").help(format!("for example `{}`", key.example));
            self.wrong(value.span(), problem);
        }
    }

    fn amount(&mut self, key: &Key, resource: Resource, value: &Value) {
        if amount::read(resource, value.get_ref()).is_none() {
            let shown = self.text.get(value.span()).unwrap_or_default();
            let problem = Problem::new(format!("`{shown}` is not {}", amount::noun(resource)))
                .help(format!(
                    "{}; for example `{}`",
                    amount::range(resource),
                    key.example
                ));
            self.wrong(value.span(), problem);
        }
    }

    fn grant(&mut self, grant: Grant, span: Range<usize>) {
        let text = grant.to_string();
        if let Some(first) = self.granted.insert(grant, span.clone()) {
            self.twice(&text, span, first);
        }
    }

    fn twice(&mut self, what: &str, span: Range<usize>, first: Range<usize>) {
        // The walk is in alphabetical order of keys, the message in the order of the text.
        let (first, second) = if first.start < span.start {
            (first, span)
        } else {
            (span, first)
        };
        let problem = Problem::new(format!("`{what}` is there twice")).help("remove one of them");
        self.errors
            .push(ManifestError::new(self.text, second, problem).also(first, "first here"));
    }

    fn mistyped(&mut self, name: &str, expected: &str, value: &Value, example: &str) {
        let found = article(value.get_ref().type_str());
        let shown = self.text.get(value.span()).unwrap_or_default();
        let help = match value.get_ref() {
            DeValue::String(_) if expected.starts_with("an array") => {
                format!("write `{name} = [{shown}]`")
            }
            _ => format!("for example `{example}`"),
        };
        self.wrong(
            value.span(),
            Problem::new(format!("`{name}` takes {expected}, not {found}")).help(help),
        );
    }
}

/// The grant that a string is by itself, with its reason in a key beside it.
fn grant_of(text: Text, string: &str) -> Option<Grant> {
    match text {
        Text::Grant(kind) => grant(kind, string).ok(),
        _ => None,
    }
}

fn missing(table: &Table, key: &Key) -> Problem {
    let problem = Problem::new(format!("{} has no `{}`", table.header(), key.name));
    match (table.name, key.name) {
        ("service", "user") => problem.help(
            "`user = \"dynamic\"` is an identity of its own; root must be spelt out, with a reason",
        ),
        _ => problem.help(format!("for example `{}`", key.example)),
    }
}

fn article(noun: &str) -> String {
    let an = noun.starts_with(['a', 'e', 'i', 'o', 'u']);
    format!("{} {noun}", if an { "an" } else { "a" })
}
