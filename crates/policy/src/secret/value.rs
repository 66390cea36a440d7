//! What a value by itself says: whether it can be a secret, and where in it secrets are.

use std::ops::Range;

use super::key::{Promise, promise};

/// Words that are settings and never secrets.
const SETTINGS: &[&str] = &[
    "auto",
    "default",
    "disabled",
    "enabled",
    "false",
    "files",
    "ident",
    "md5",
    "nil",
    "no",
    "none",
    "null",
    "off",
    "on",
    "optional",
    "peer",
    "plain",
    "prompt",
    "required",
    "scram-sha-256",
    "true",
    "trust",
    "undefined",
    "unset",
    "yes",
];

/// How references to what is elsewhere start.
const REFERENCES: &[&str] = &[
    "${",
    "$(",
    "{{",
    "%{",
    "%(",
    "<%",
    "env:",
    "file:",
    "vault:",
    "ref+",
    "secret://",
    "op://",
    "arn:",
    "@file",
    "ENC[",
    "!",
    "/",
    "./",
    "~/",
    "../",
];

/// Whether a value behind a key of secrets is one: neither a setting nor a reference to it.
pub(super) fn can_be_secret(value: &str, is_quoted: bool) -> bool {
    let value = value.trim();
    let is_setting = SETTINGS.iter().any(|word| value.eq_ignore_ascii_case(word));
    let is_reference =
        REFERENCES.iter().any(|start| value.starts_with(start)) || is_variable(value);
    let is_masked = value.chars().all(|c| "*xX.-_ ".contains(c));
    let is_blank_for_you = value.starts_with('<') && value.ends_with('>');
    // A number of one to three digits counts something.
    let is_count = value.len() < 4 && value.bytes().all(|byte| byte.is_ascii_digit());
    let is_sentence = !is_quoted && value.contains(char::is_whitespace);
    !(value.is_empty()
        || is_setting
        || is_reference
        || is_masked
        || is_blank_for_you
        || is_count
        || is_sentence)
}

/// `$NAME` as shells have it. `$2b$...` is a hash.
fn is_variable(value: &str) -> bool {
    value.strip_prefix('$').is_some_and(|name| {
        name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    })
}

/// A word with digits and letters that is long enough to be a key.
pub(super) fn is_key_like(value: &str) -> bool {
    let has = |test: fn(&u8) -> bool| value.as_bytes().iter().any(test);
    value.len() >= 16
        && has(u8::is_ascii_digit)
        && has(u8::is_ascii_alphabetic)
        && value
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+/=_-".contains(&byte))
        && !value.starts_with('/')
}

/// A secret inside of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Inside {
    /// The password of `scheme://user:password@host`.
    Userinfo(Range<usize>),
    /// The value of a key of secrets, as in `host=x password=y` or `?token=z`.
    Pair(Range<usize>, String),
}

/// The secrets inside of a value.
pub(super) fn inside(value: &str) -> Vec<Inside> {
    let mut found: Vec<Inside> = userinfo(value).map(Inside::Userinfo).collect();
    found.extend(pairs(value).map(|(span, key)| Inside::Pair(span, key)));
    found
}

fn userinfo(value: &str) -> impl Iterator<Item = Range<usize>> {
    value.match_indices("://").filter_map(|(at, separator)| {
        let start = at + separator.len();
        let rest = value.get(start..)?;
        let authority = rest
            .find(|c: char| c.is_whitespace() || "/?#\"'<>,".contains(c))
            .unwrap_or(rest.len());
        let authority = rest.get(..authority)?;
        // A password may hold an `@` that should have been escaped; a host may not.
        let (userinfo, _) = authority.rsplit_once('@')?;
        let (user, password) = userinfo.split_once(':')?;
        let start = start + user.len() + 1;
        can_be_secret(password, true).then(|| start..start + password.len())
    })
}

fn pairs(value: &str) -> impl Iterator<Item = (Range<usize>, String)> {
    value.match_indices('=').filter_map(|(at, _)| {
        let before = value.get(..at)?.trim_end();
        let key_start = before
            .rfind(|c: char| !(c.is_alphanumeric() || "_-.".contains(c)))
            .map_or(0, |at| at + 1);
        let key = before.get(key_start..)?;
        // At the start of a value it would be all of it: `a = b=c`.
        let is_pair = promise(key) == Promise::Secret;
        let rest = value.get(at + 1..)?;
        let word = rest.get(
            ..rest
                .find(|c: char| c.is_whitespace() || "&;,\"'".contains(c))
                .unwrap_or(rest.len()),
        )?;
        let start = at + 1;
        (is_pair && can_be_secret(word, true)).then(|| (start..start + word.len(), key.to_owned()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(value: &str) -> Vec<&str> {
        let span = |inside| match inside {
            Inside::Userinfo(span) | Inside::Pair(span, _) => span,
        };
        inside(value)
            .into_iter()
            .map(|inside| &value[span(inside)])
            .collect()
    }

    #[test]
    fn settings_references_and_blanks_are_no_secrets() {
        for value in [
            "",
            "true",
            "Off",
            "${DB_PASSWORD}",
            "$DB_PASSWORD",
            "{{TOKEN}}",
            "/etc/app/token",
            "<your token>",
            "****",
            "xxxx",
            "scram-sha-256",
            "30",
            "%(password)s",
        ] {
            assert!(!can_be_secret(value, true), "{value}");
        }
        for value in [
            "hunter2",
            "correct horse",
            "p@ss",
            "1234",
            "$2b$12$x",
            "changeme",
        ] {
            assert!(can_be_secret(value, true), "{value}");
        }
        assert!(!can_be_secret("two words", false));
    }

    #[test]
    fn passwords_in_urls_and_pairs_are_found() {
        assert_eq!(texts("postgres://app:s3cret@db/x"), ["s3cret"]);
        assert_eq!(texts("amqp://a:b%40c@h,amqp://d:e1@i"), ["b%40c", "e1"]);
        assert_eq!(texts("host=h user=u password=s3cret dbname=d"), ["s3cret"]);
        assert_eq!(texts("https://h/hook?a=b&token=t0ken&c=d"), ["t0ken"]);
        assert_eq!(texts("Server=h;Uid=u;Pwd=s3cret;"), ["s3cret"]);
        for value in [
            "https://h/x",
            "https://user@h/",
            "postgres://app:${PW}@h",
            "a=b",
            "http://h:80/x@y",
            "max_tokens=9999",
        ] {
            assert_eq!(texts(value), Vec::<&str>::new(), "{value}");
        }
    }
}
