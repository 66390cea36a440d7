//! What the name of a key says about its value.

/// What a key promises.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Promise {
    /// A secret.
    Secret,
    /// Something that may be one, if it looks like it.
    Perhaps,
    /// Nothing.
    Nothing,
    /// Something that looks like a secret and is public: a digest, a certificate, a name.
    Public,
}

/// Words that name a secret.
const SECRET: &[&str] = &[
    "accesskey",
    "apikey",
    "apitoken",
    "authtoken",
    "credential",
    "credentials",
    "masterauth",
    "masterkey",
    "pass",
    "passcode",
    "passphrase",
    "passwd",
    "password",
    "passwords",
    "privatekey",
    "psk",
    "pwd",
    "requirepass",
    "secret",
    "secretkey",
    "secrets",
    "sharedkey",
    "token",
    "tokens",
    "userpass",
];

/// Words that together with `key` right behind them name one.
const KEY_OF: &[&str] = &[
    "access",
    "account",
    "api",
    "auth",
    "encryption",
    "hmac",
    "license",
    "master",
    "private",
    "secret",
    "service",
    "session",
    "shared",
    "sign",
    "signing",
    "storage",
    "write",
];

/// Last words of keys that say something *about* a secret.
const ABOUT: &[&str] = &[
    "age",
    "alg",
    "algo",
    "algorithm",
    "attempts",
    "auth",
    "authentication",
    "backend",
    "bits",
    "body",
    "check",
    "class",
    "cmd",
    "command",
    "config",
    "cost",
    "count",
    "days",
    "dir",
    "directory",
    "enabled",
    "encryption",
    "endpoint",
    "env",
    "expiration",
    "expires",
    "expiry",
    "field",
    "file",
    "filename",
    "folder",
    "format",
    "header",
    "hint",
    "hours",
    "id",
    "interval",
    "issuer",
    "kind",
    "label",
    "length",
    "len",
    "lifetime",
    "limit",
    "location",
    "max",
    "method",
    "min",
    "minutes",
    "mode",
    "name",
    "names",
    "path",
    "paths",
    "pattern",
    "policy",
    "prefix",
    "prompt",
    "protection",
    "provider",
    "regex",
    "required",
    "reset",
    "rotation",
    "rounds",
    "scope",
    "scopes",
    "seconds",
    "size",
    "source",
    "store",
    "strength",
    "suffix",
    "support",
    "timeout",
    "ttl",
    "type",
    "uri",
    "url",
    "usage",
    "user",
    "username",
    "validation",
    "validity",
    "var",
    "variable",
    "version",
];

/// First words that make a question or a number of it.
const ASKING: &[&str] = &[
    "allow", "disable", "enable", "has", "hide", "is", "max", "min", "no", "num", "public",
    "require", "show", "use", "with", "without",
];

/// Words of keys whose values are mixed and yet public.
const PUBLIC: &[&str] = &[
    "cert",
    "certificate",
    "checksum",
    "cid",
    "cidr",
    "commit",
    "digest",
    "etag",
    "fingerprint",
    "guid",
    "hash",
    "host",
    "hostkey",
    "id",
    "image",
    "integrity",
    "md5",
    "pubkey",
    "public",
    "regex",
    "rev",
    "revision",
    "sha1",
    "sha256",
    "sha512",
    "sum",
    "thumbprint",
    "uuid",
    "version",
];

/// What the key promises.
pub(super) fn promise(key: &str) -> Promise {
    let words = words(key);
    let any_of = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
    let (first, last) = (
        words.first().map_or("", String::as_str),
        words.last().map_or("", String::as_str),
    );
    // `hash` may be that of a password, which is nearly as good to whoever has it.
    if words.len() > 1 && (ABOUT.contains(&last) || ASKING.contains(&first)) {
        let is_public = any_of(PUBLIC);
        return if is_public {
            Promise::Public
        } else {
            Promise::Nothing
        };
    }
    let key_of = words.windows(2).any(|pair| match pair {
        [of, key] => (key == "key" || key == "keys") && KEY_OF.contains(&of.as_str()),
        _ => false,
    });
    if any_of(SECRET) || key_of {
        return Promise::Secret;
    }
    if any_of(PUBLIC) {
        return Promise::Public;
    }
    if any_of(&[
        "key",
        "keys",
        "auth",
        "salt",
        "pin",
        "cookie",
        "bearer",
        "authorization",
    ]) {
        return Promise::Perhaps;
    }
    Promise::Nothing
}

/// The words of a key in lower case: `dbPassword`, `DB_PASSWORD` and `db-password` are the same two.
fn words(key: &str) -> Vec<String> {
    let mut words: Vec<String> = vec![String::new()];
    let mut before = ' ';
    for character in key.chars() {
        let starts = character.is_uppercase() && before.is_lowercase();
        if starts || !character.is_alphanumeric() {
            words.push(String::new());
        }
        if character.is_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.extend(character.to_lowercase());
        }
        before = character;
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_secrets_are_known_however_they_are_written() {
        for key in [
            "password",
            "DB_PASSWORD",
            "dbPassword",
            "smtp-pass",
            "requirepass",
            "api_key",
            "apiKey",
            "API-KEY",
            "token",
            "ddns_password",
            "client_secret",
            "aws_secret_access_key",
            "PrivateKey",
            "psk",
            "MYSQL_PWD",
            "auth.token",
            "password_hash",
        ] {
            assert_eq!(promise(key), Promise::Secret, "{key}");
        }
    }

    #[test]
    fn keys_about_secrets_promise_none() {
        for key in [
            "password_file",
            "tokenPath",
            "max_tokens",
            "token_ttl",
            "PasswordAuthentication",
            "password_encryption",
            "secret_name",
            "use_password",
            "api_key_header",
            "port",
            "tokenizer",
            "passthrough",
            "compass",
            "keyboard",
            "credentials_dir",
            "require_password",
        ] {
            assert_eq!(promise(key), Promise::Nothing, "{key}");
        }
        for key in [
            "sha256",
            "image_digest",
            "public_key",
            "token_id",
            "ssh_fingerprint",
        ] {
            assert_eq!(promise(key), Promise::Public, "{key}");
        }
        assert_eq!(promise("key"), Promise::Perhaps);
    }
}
