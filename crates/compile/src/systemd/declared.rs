//! What a packaged unit declares that its service needs: the vendor's word beside what was learned.
//!
//! A workload of minutes does not show that redis rewrites its own configuration once a year; the packager
//! knew, and wrote `ReadWritePaths=`. Only what a unit grants *by name* counts: a unit without a sandbox
//! declares nothing by that.

use ringfence_policy::grant::{Amount, Capability, DirectoryKind, Grant, Resource};
use ringfence_policy::manifest::Entry;
use ringfence_policy::path::AbsPath;
use ringfence_policy::place;
use ringfence_unit::load::{Setting, Unit};
use ringfence_unit::word::boolean;

/// The grants that a unit declares, each with the setting that does. Values with specifiers are left out:
/// what they mean is decided at the start.
pub fn declared(unit: &Unit) -> Vec<Entry> {
    let mut entries = Vec::new();
    for (kind, key) in [
        (DirectoryKind::State, "StateDirectory"),
        (DirectoryKind::Cache, "CacheDirectory"),
        (DirectoryKind::Logs, "LogsDirectory"),
        (DirectoryKind::Runtime, "RuntimeDirectory"),
    ] {
        for name in words(unit, key) {
            // `name:link` since 252 and `name:link:ro` since 257 name a link beside the directory.
            let name = name.split(':').next().unwrap_or(name);
            put(
                &mut entries,
                key,
                Some(Grant::Directory(kind, name.to_owned())),
            );
        }
    }
    if is_strict(unit) {
        // The second name is the one that systemd 230 and older used.
        for key in ["ReadWritePaths", "ReadWriteDirectories"] {
            for path in words(unit, key) {
                put(&mut entries, key, writable(path));
            }
        }
    }
    for name in words(unit, "SupplementaryGroups") {
        put(
            &mut entries,
            "SupplementaryGroups",
            Some(Grant::Group(name.to_owned())),
        );
    }
    for name in words(unit, "AmbientCapabilities") {
        let capability = name.parse::<Capability>().ok().map(Grant::Capability);
        put(&mut entries, "AmbientCapabilities", capability);
    }
    if let Some(limit) = last(unit, "LimitNOFILE").and_then(descriptors) {
        put(
            &mut entries,
            "LimitNOFILE",
            Some(Grant::Resource(Resource::Nofile, limit)),
        );
    }
    entries
}

fn put(entries: &mut Vec<Entry>, key: &str, grant: Option<Grant>) {
    entries.extend(grant.map(|grant| Entry {
        grant,
        why: Some(format!("the unit declares {key}=")),
    }));
}

/// `ReadWritePaths=` means something only where the rest is read-only.
fn is_strict(unit: &Unit) -> bool {
    let dynamic = last(unit, "DynamicUser").and_then(boolean) == Some(true);
    dynamic || last(unit, "ProtectSystem").is_some_and(|value| value == "strict")
}

/// A place of the service's own. One that many services share says more about the packager's haste than
/// about the service.
fn writable(word: &str) -> Option<Grant> {
    let path = word.trim_start_matches(['-', '+']);
    let path = match path.strip_prefix("/var/run/") {
        Some(rest) => format!("/run/{rest}"),
        None => path.to_owned(),
    };
    let path = AbsPath::from_bytes(path.as_bytes()).ok()?;
    if place::is_shared(&path) || place::is_volatile(&path) {
        return None;
    }
    Some(Grant::file(
        ringfence_policy::grant::FileAccess::Write,
        &path,
    ))
}

fn descriptors(value: &str) -> Option<Amount> {
    let hard = value.rsplit(':').next().unwrap_or(value);
    if hard.eq_ignore_ascii_case("infinity") {
        return Some(Amount::Unlimited);
    }
    hard.parse().ok().map(Amount::Limit)
}

fn words<'a>(unit: &'a Unit, key: &'a str) -> impl Iterator<Item = &'a str> {
    let list: Vec<&'a Setting> = unit.effective_list("Service", key);
    list.into_iter()
        .flat_map(|setting| setting.value.split_ascii_whitespace())
        .filter(|word| !word.contains(['%', '"', '\'', '\\', '~']))
}

fn last<'a>(unit: &'a Unit, key: &'a str) -> Option<&'a str> {
    unit.last("Service", key)
        .map(|setting| setting.value.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn declares(text: &str) -> Vec<String> {
        let text = format!("[Service]\nExecStart=/usr/bin/x\n{text}");
        let unit = Unit::of_text(
            "x.service".parse().unwrap(),
            "/x.service".into(),
            text.as_bytes(),
        )
        .unwrap();
        declared(&unit)
            .into_iter()
            .map(|entry| entry.grant.to_string())
            .collect()
    }

    #[test]
    fn places_of_its_own_are_declared_and_shared_ones_are_not() {
        let text = "ProtectSystem=strict\nReadWritePaths=-/var/lib/redis /var/lib /var/run/redis\n\
                    ReadWriteDirectories=-/etc/redis\nRuntimeDirectory=redis\nLimitNOFILE=1024:65535\n";
        assert_eq!(
            declares(text),
            [
                "dirs.runtime redis",
                "files.write /var/lib/redis",
                "files.write /run/redis",
                "files.write /etc/redis",
                "resources.nofile 65535",
            ]
        );
    }

    #[test]
    fn writable_paths_without_a_sandbox_and_specifiers_declare_nothing() {
        assert!(declares("ReadWritePaths=/var/lib/x\n").is_empty());
        assert!(
            declares("StateDirectory=%p\nProtectSystem=strict\nReadWritePaths=%S/x\n").is_empty()
        );
    }

    #[test]
    fn an_empty_assignment_takes_back_what_was_declared() {
        assert!(declares("SupplementaryGroups=adm\nSupplementaryGroups=\n").is_empty());
    }
}
