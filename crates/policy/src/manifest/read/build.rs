//! Turns a document that was checked into a manifest.
//!
//! Every value was parsed once already, so one that does not parse here cannot be; it is left out, and the
//! property test that reads what was written would notice.

use std::str::FromStr;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::grant::{Grant, Resource, User};
use crate::manifest::table::{Shape, TABLES, is_table};
use crate::manifest::text::{ANY, LEARNED, grant, mode};
use crate::manifest::{
    Ceiling, Check, Entry, Kind, Listen, Manifest, Secret, SecretForm, Service, amount,
};

type Value<'t> = Spanned<DeValue<'t>>;

pub(super) fn manifest(root: &DeTable) -> Manifest {
    let mut manifest = Manifest::new(service(root.get("service").and_then(keys_of)));
    manifest.entries = entries(root);
    manifest.learned_syscalls = has_syscall_set(root, LEARNED);
    manifest.listens = tables(root, "listen").filter_map(listen).collect();
    manifest.secrets = tables(root, "secret").filter_map(secret).collect();
    manifest.extends = strings(root, "extends");
    manifest.drop = parsed(root, "drop");
    manifest.check = root.get("check").and_then(keys_of).map(check);
    manifest.require_exact = root
        .get("require")
        .and_then(keys_of)
        .map(|keys| strings(keys, "exact"))
        .unwrap_or_default();
    manifest.normalize();
    manifest
}

pub(super) fn ceiling(root: &DeTable) -> Ceiling {
    Ceiling {
        bound: root
            .keys()
            .any(|name| is_table(name.get_ref()))
            .then(|| manifest(root)),
        any_syscall: has_syscall_set(root, ANY),
        never: parsed(root, "never"),
    }
}

fn service(keys: Option<&DeTable>) -> Service {
    let text = |key: &str| keys.and_then(|keys| string(keys, key));
    let (user, user_why) = keys
        .and_then(|keys| keys.get("user"))
        .and_then(|value| reasoned(value, "name"))
        .unwrap_or_default();
    let list = |key: &str| keys.map(|keys| strings(keys, key)).unwrap_or_default();
    Service {
        name: text("name").unwrap_or_default(),
        exec: list("exec"),
        kind: Kind::ALL
            .into_iter()
            .find(|kind| text("type").as_deref() == Some(kind.word()))
            .unwrap_or_default(),
        timer: text("timer").and_then(|t| t.parse().ok()),
        user: user.parse().unwrap_or(User::Dynamic),
        user_why,
        directory: text("directory").and_then(|t| t.parse().ok()),
        environment: list("environment"),
    }
}

/// The grants of every key that holds grants and nothing else.
fn entries(root: &DeTable) -> Vec<Entry> {
    let mut entries = Vec::new();
    for table in TABLES.iter().filter(|table| !table.repeated) {
        let Some(keys) = root.get(table.name).and_then(keys_of) else {
            continue;
        };
        for key in table.keys.iter().filter(|key| key.name != "user") {
            if let Some(value) = keys.get(key.name) {
                entries.extend(entries_of(key.shape, value));
            }
        }
    }
    entries.extend(tables(root, "peer").filter_map(|keys| {
        Some(Entry {
            grant: grant("peer.unix", &string(keys, "unix")?).ok()?,
            why: string(keys, "why"),
        })
    }));
    entries
}

fn entries_of(shape: Shape, value: &Value) -> Vec<Entry> {
    let entry = |kind: &str, value: &Value, key: &str| {
        let (object, why) = reasoned(value, key)?;
        let grant = grant(kind, &object).ok()?;
        Some(Entry { grant, why })
    };
    match (shape, value.get_ref()) {
        (Shape::Grants(object) | Shape::GrantOrGrants(object), DeValue::Array(items)) => items
            .iter()
            .filter_map(|item| entry(object.kind, item, object.key))
            .collect(),
        (Shape::Grant(object) | Shape::GrantOrGrants(object), _) => {
            entry(object.kind, value, object.key).into_iter().collect()
        }
        (Shape::Flag(_), DeValue::Boolean(false)) => Vec::new(),
        (Shape::Flag(kind), value) => {
            let why = value.as_table().and_then(|keys| string(keys, "why"));
            let grant = kind.parse().ok();
            grant
                .map(|grant| Entry { grant, why })
                .into_iter()
                .collect()
        }
        (Shape::Limit(resource), _) => limit(resource, value).into_iter().collect(),
        _ => Vec::new(),
    }
}

fn limit(resource: Resource, value: &Value) -> Option<Entry> {
    let (amount, why) = match value.get_ref() {
        DeValue::Table(keys) => (keys.get("limit")?.get_ref(), string(keys, "why")),
        plain => (plain, None),
    };
    let grant = Grant::Resource(resource, amount::read(resource, amount)?);
    Some(Entry { grant, why })
}

fn has_syscall_set(root: &DeTable, set: &str) -> bool {
    let syscalls = root
        .get("process")
        .and_then(keys_of)
        .and_then(|keys| keys.get("syscalls"))
        .and_then(|value| value.get_ref().as_array());
    syscalls.is_some_and(|items| {
        items
            .iter()
            .filter_map(|item| reasoned(item, "name"))
            .any(|(name, _)| name == set)
    })
}

fn listen(keys: &DeTable) -> Option<Listen> {
    Some(Listen {
        address: string(keys, "unix")?.parse().ok()?,
        clients: strings(keys, "clients"),
        mode: string(keys, "mode").as_deref().and_then(mode),
        user: string(keys, "user"),
        group: string(keys, "group"),
        why: string(keys, "why"),
    })
}

fn secret(keys: &DeTable) -> Option<Secret> {
    let form = string(keys, "as")?;
    Some(Secret {
        name: string(keys, "name")?,
        from: string(keys, "from").and_then(|from| from.parse().ok()),
        form: SecretForm::ALL.into_iter().find(|f| f.word() == form)?,
        files: parsed(keys, "in"),
        why: string(keys, "why"),
    })
}

fn check(keys: &DeTable) -> Check {
    Check {
        workload: keys
            .contains_key("workload")
            .then(|| strings(keys, "workload")),
        http: string(keys, "http"),
        timeout: string(keys, "timeout").and_then(|t| t.parse().ok()),
    }
}

fn keys_of<'a, 't>(value: &'a Value<'t>) -> Option<&'a DeTable<'t>> {
    value.get_ref().as_table()
}

fn tables<'a, 't>(root: &'a DeTable<'t>, name: &str) -> impl Iterator<Item = &'a DeTable<'t>> {
    let array = root.get(name).and_then(|value| value.get_ref().as_array());
    array
        .into_iter()
        .flat_map(|items| items.iter())
        .filter_map(keys_of)
}

fn string(keys: &DeTable, name: &str) -> Option<String> {
    keys.get(name)?.get_ref().as_str().map(str::to_owned)
}

fn strings(keys: &DeTable, name: &str) -> Vec<String> {
    let items = keys.get(name).and_then(|value| value.get_ref().as_array());
    items
        .into_iter()
        .flat_map(|items| items.iter())
        .filter_map(|item| item.get_ref().as_str().map(str::to_owned))
        .collect()
}

fn parsed<T: FromStr>(keys: &DeTable, name: &str) -> Vec<T> {
    strings(keys, name)
        .iter()
        .filter_map(|text| text.parse().ok())
        .collect()
}

/// A string, or the string under `key` of a table and the one under `why`.
fn reasoned(value: &Value, key: &str) -> Option<(String, Option<String>)> {
    match value.get_ref() {
        DeValue::String(text) => Some((text.to_string(), None)),
        DeValue::Table(keys) => Some((string(keys, key)?, string(keys, "why"))),
        _ => None,
    }
}
