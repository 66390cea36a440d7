//! Writing a manifest: the canonical text, in the order of the table of keys.

use super::page::{Line, Page, Section, Value};
use super::table::{Key, Object, Shape, TABLES, Table};
use super::text::LEARNED;
use super::{EPOCH, Entry, Kind, Listen, Manifest, Secret, amount};
use crate::grant::{Grant, Resource, User};

impl Manifest {
    /// The canonical text. Reading it gives the [normalized](Self::normalize) manifest.
    pub fn render(&self) -> String {
        let mut canonical = self.clone();
        canonical.normalize();
        let sections = TABLES.iter().flat_map(|table| canonical.sections(table));
        Page {
            sections: sections.collect(),
            end: Vec::new(),
        }
        .to_string()
    }

    fn sections(&self, table: &'static Table) -> Vec<Section> {
        let rows: Vec<Vec<Line>> = match table.name {
            "peer" => self.entries.iter().filter_map(peer).collect(),
            "listen" => self.listens.iter().map(listen).collect(),
            "secret" => self.secrets.iter().map(secret).collect(),
            _ => vec![
                table
                    .keys
                    .iter()
                    .filter_map(|key| self.line(table, key))
                    .collect(),
            ],
        };
        let rows = rows.into_iter().filter(|lines| !lines.is_empty());
        rows.map(|lines| Section {
            header: if table.name.is_empty() {
                String::new()
            } else {
                table.header()
            },
            lines,
            ..Section::default()
        })
        .collect()
    }

    fn line(&self, table: &Table, key: &Key) -> Option<Line> {
        let value = match key.shape {
            Shape::Grants(object) => array(self.objects(object)),
            Shape::GrantOrGrants(object) => match self.objects(object) {
                mut one if one.len() == 1 => one.pop().map(Value::Plain),
                many => array(many),
            },
            Shape::Flag(kind) => self.entries.iter().find_map(|entry| flag(entry, kind)),
            Shape::Limit(resource) => self.entries.iter().find_map(|entry| limit(entry, resource)),
            Shape::Epoch
            | Shape::One(_)
            | Shape::Many(_)
            | Shape::Argv { .. }
            | Shape::Grant(_) => self.own_value(table, key),
        };
        value.map(|value| Line::new(key.name, value))
    }

    /// The value of a key that is a field and not a grant.
    fn own_value(&self, table: &Table, key: &Key) -> Option<Value> {
        let service = &self.service;
        let check = self.check.as_ref();
        match (table.name, key.name) {
            ("", "ringfence") => Some(Value::Plain(EPOCH.to_string())),
            ("", "extends") => strings(&self.extends),
            ("", "drop") => strings(&self.drop),
            ("service", "name") => text(Some(&service.name).filter(|name| !name.is_empty())),
            ("service", "exec") => strings(&service.exec),
            ("service", "type") => {
                text((service.kind != Kind::default()).then_some(service.kind.word()))
            }
            ("service", "timer") => text(service.timer),
            ("service", "user") => Some(Value::Plain(user(
                &service.user,
                service.user_why.as_deref(),
            ))),
            ("service", "directory") => text(service.directory.as_ref()),
            ("service", "environment") => strings(&service.environment),
            ("check", "workload") => check.and_then(|c| strings(c.workload.as_ref()?)),
            ("check", "http") => text(check.and_then(|c| c.http.as_ref())),
            ("check", "timeout") => text(check.and_then(|c| c.timeout)),
            ("require", "exact") => strings(&self.require_exact),
            _ => None,
        }
    }

    fn objects(&self, object: Object) -> Vec<String> {
        let learned = object.kind == "process.syscall" && self.learned_syscalls;
        let entries = self.entries.iter().filter_map(|entry| {
            let word = object_of(&entry.grant, object.kind)?;
            Some(reasoned(object.key, &quoted(&word), entry.why.as_deref()))
        });
        learned
            .then(|| quoted(LEARNED))
            .into_iter()
            .chain(entries)
            .collect()
    }
}

/// The object of a grant of this kind, as text.
fn object_of(grant: &Grant, kind: &str) -> Option<String> {
    let text = grant.to_string();
    let rest = text.strip_prefix(kind)?;
    if kind.ends_with('.') {
        return Some(rest.to_owned());
    }
    rest.strip_prefix(' ').map(str::to_owned)
}

fn flag(entry: &Entry, kind: &str) -> Option<Value> {
    (entry.grant.kind() == kind).then(|| {
        Value::Plain(match &entry.why {
            Some(why) => format!("{{ why = {} }}", quoted(why)),
            None => "true".to_owned(),
        })
    })
}

fn limit(entry: &Entry, wanted: Resource) -> Option<Value> {
    match entry.grant {
        Grant::Resource(resource, amount) if resource == wanted => {
            let amount = amount::write(resource, amount);
            Some(Value::Plain(reasoned(
                "limit",
                &amount,
                entry.why.as_deref(),
            )))
        }
        _ => None,
    }
}

fn user(user: &User, why: Option<&str>) -> String {
    reasoned("name", &quoted(&user.to_string()), why)
}

fn peer(entry: &Entry) -> Option<Vec<Line>> {
    let Grant::Peer(address) = &entry.grant else {
        return None;
    };
    Some(lines([
        ("unix", text(Some(address))),
        ("why", text(entry.why.as_ref())),
    ]))
}

fn listen(listen: &Listen) -> Vec<Line> {
    let mode = listen.mode.map(|mode| format!("{mode:04o}"));
    lines([
        ("unix", text(Some(&listen.address))),
        ("clients", strings(&listen.clients)),
        ("mode", text(mode)),
        ("user", text(listen.user.as_ref())),
        ("group", text(listen.group.as_ref())),
        ("why", text(listen.why.as_ref())),
    ])
}

fn secret(secret: &Secret) -> Vec<Line> {
    lines([
        ("name", text(Some(&secret.name))),
        ("from", text(secret.from.as_ref())),
        ("as", text(Some(secret.form.word()))),
        ("in", strings(&secret.files)),
        ("why", text(secret.why.as_ref())),
    ])
}

fn lines<const N: usize>(values: [(&str, Option<Value>); N]) -> Vec<Line> {
    values
        .into_iter()
        .filter_map(|(key, value)| Some(Line::new(key, value?)))
        .collect()
}

fn text(value: Option<impl ToString>) -> Option<Value> {
    value.map(|value| Value::Plain(quoted(&value.to_string())))
}

fn strings<T: ToString>(values: &[T]) -> Option<Value> {
    array(
        values
            .iter()
            .map(|value| quoted(&value.to_string()))
            .collect(),
    )
}

fn array(items: Vec<String>) -> Option<Value> {
    (!items.is_empty()).then(|| Value::array(items))
}

fn reasoned(key: &str, object: &str, why: Option<&str>) -> String {
    match why {
        Some(why) => format!("{{ {key} = {object}, why = {} }}", quoted(why)),
        None => object.to_owned(),
    }
}

/// A string of TOML: in double quotes, or in single ones where that spares escapes.
pub(crate) fn quoted(text: &str) -> String {
    let plain = |c: char| !c.is_control() && c != '\'';
    if text.contains(['\\', '"']) && text.chars().all(plain) {
        return format!("'{text}'");
    }
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            // Every control character of Unicode lies below U+0100.
            c if c.is_control() => {
                out.push_str("\\u00");
                for nibble in [u32::from(c) >> 4 & 15, u32::from(c) & 15] {
                    out.extend(char::from_digit(nibble, 16));
                }
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arbitrary;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(arbitrary::cases(1000))]

        #[test]
        fn what_is_written_is_read_back(manifest in arbitrary::manifest()) {
            let text = manifest.render();
            match Manifest::parse(&text) {
                Ok(read) => prop_assert_eq!(read, manifest, "{}", text),
                Err(errors) => prop_assert!(false, "{}\n{}", errors.render("x.toml", false), text),
            }
        }

        #[test]
        fn any_text_survives_quoting(text in "\\PC*|[\\x00-\\x20\"'\\\\]*") {
            let line = format!("x = {}", quoted(&text));
            let read: toml::Table = toml::from_str(&line).unwrap();
            prop_assert_eq!(read.get("x").and_then(|x| x.as_str()), Some(&*text));
        }
    }
}
