//! Secrets that tell by their form what they are.

use std::ops::Range;

/// What characters a form is made of.
#[derive(Clone, Copy)]
enum Alphabet {
    /// Letters and digits.
    Plain,
    /// Also `-` and `_`.
    Url,
    /// Also `-`, `_`, `.` and `~`.
    Dotted,
    /// Letters, digits, `-` and `:`, `/`, as URLs of hooks have them.
    Path,
    /// Also `+`, `/` and `=`.
    Base64,
    /// Capitals and digits.
    Capitals,
}

struct Form {
    name: &'static str,
    start: &'static str,
    alphabet: Alphabet,
    /// How many characters follow the start at least.
    least: usize,
}

const fn form(name: &'static str, start: &'static str, alphabet: Alphabet, least: usize) -> Form {
    Form {
        name,
        start,
        alphabet,
        least,
    }
}

/// Forms as their makers document them. The more special stand before the more general.
const FORMS: &[Form] = &[
    form("a GitHub token", "github_pat_", Alphabet::Url, 40),
    form("a GitHub token", "ghp_", Alphabet::Plain, 36),
    form("a GitHub token", "gho_", Alphabet::Plain, 36),
    form("a GitHub token", "ghs_", Alphabet::Plain, 36),
    form("a GitHub token", "ghu_", Alphabet::Plain, 36),
    form("a GitHub token", "ghr_", Alphabet::Plain, 36),
    form("a GitLab token", "glpat-", Alphabet::Url, 20),
    form("a GitLab token", "glrt-", Alphabet::Url, 20),
    form("a Slack token", "xoxb-", Alphabet::Url, 20),
    form("a Slack token", "xoxp-", Alphabet::Url, 20),
    form("a Slack token", "xoxa-", Alphabet::Url, 20),
    form("a Slack token", "xapp-", Alphabet::Url, 20),
    form(
        "a Slack hook",
        "hooks.slack.com/services/",
        Alphabet::Path,
        20,
    ),
    form(
        "a Discord hook",
        "discord.com/api/webhooks/",
        Alphabet::Path,
        40,
    ),
    form("an AWS key id", "AKIA", Alphabet::Capitals, 16),
    form("an AWS key id", "ASIA", Alphabet::Capitals, 16),
    form("a Google API key", "AIza", Alphabet::Url, 35),
    form("a Google token", "ya29.", Alphabet::Dotted, 30),
    form("a Stripe key", "sk_live_", Alphabet::Plain, 20),
    form("a Stripe key", "sk_test_", Alphabet::Plain, 20),
    form("a Stripe key", "rk_live_", Alphabet::Plain, 20),
    form("a SendGrid key", "SG.", Alphabet::Dotted, 60),
    form("an API key", "sk-ant-", Alphabet::Url, 30),
    form("an API key", "sk-", Alphabet::Url, 40),
    form("an npm token", "npm_", Alphabet::Plain, 36),
    form("a PyPI token", "pypi-", Alphabet::Url, 60),
    form("a Hugging Face token", "hf_", Alphabet::Plain, 30),
    form("a DigitalOcean token", "dop_v1_", Alphabet::Plain, 60),
    form("a Shopify token", "shpat_", Alphabet::Plain, 30),
    form("a HashiCorp Vault token", "hvs.", Alphabet::Dotted, 24),
    form("a Grafana token", "glsa_", Alphabet::Url, 30),
    form("an age key", "AGE-SECRET-KEY-1", Alphabet::Capitals, 50),
    form("a token signed in JSON", "eyJ", Alphabet::Dotted, 40),
    form("a hash of a password", "$2a$", Alphabet::Path, 0),
    form("a hash of a password", "$2b$", Alphabet::Path, 0),
    form("a hash of a password", "$2y$", Alphabet::Path, 0),
    form("a hash of a password", "$argon2id$", Alphabet::Base64, 0),
];

/// The words before the credentials of HTTP, see RFC 6750 and RFC 7617.
const SCHEMES: &[&str] = &["Bearer ", "Basic ", "bearer ", "basic "];

/// Where secrets of a known form are in a text, and what each is.
pub(super) fn known(text: &str) -> Vec<(Range<usize>, &'static str)> {
    if text.contains("-----BEGIN") && text.contains("PRIVATE KEY-----") {
        return vec![(0..text.len(), "a private key")];
    }
    let mut found: Vec<(Range<usize>, &'static str)> = Vec::new();
    for form in FORMS {
        for (start, _) in text.match_indices(form.start) {
            let span = start..end(text, start + form.start.len(), form.alphabet);
            let is_free = found
                .iter()
                .all(|(other, _)| span.end <= other.start || other.end <= span.start);
            if is_free && starts_word(text, start) && is_of(text, &span, form) {
                found.push((span, form.name));
            }
        }
    }
    for scheme in SCHEMES {
        for (start, _) in text.match_indices(scheme) {
            let start = start + scheme.len();
            let span = start..end(text, start, Alphabet::Base64);
            let is_free = found
                .iter()
                .all(|(other, _)| span.end <= other.start || other.end <= span.start);
            let word = text.get(span.clone()).unwrap_or("");
            // `Basic authentication` is not one.
            let is_encoded = word.ends_with('=') || word.contains(|c: char| c.is_ascii_digit());
            if is_free && span.len() >= 12 && is_encoded {
                found.push((span, "credentials of HTTP"));
            }
        }
    }
    found.sort_by_key(|(span, _)| span.start);
    found
}

fn is_of(text: &str, span: &Range<usize>, form: &Form) -> bool {
    let word = text.get(span.clone()).unwrap_or("");
    let rest = word.get(form.start.len()..).unwrap_or("");
    match form.start {
        "eyJ" => rest.len() >= form.least && rest.matches('.').count() == 2,
        // `crypt` hashes go to the end of the value.
        start if start.starts_with('$') => word.len() > 50,
        _ => rest.len() >= form.least,
    }
}

/// Whether nothing that belongs to a word stands before.
fn starts_word(text: &str, start: usize) -> bool {
    let before = text
        .get(..start)
        .and_then(|before| before.chars().next_back());
    before.is_none_or(|before| !before.is_alphanumeric() && before != '_')
}

/// The end of the characters of an alphabet.
fn end(text: &str, start: usize, alphabet: Alphabet) -> usize {
    let more: &[u8] = match alphabet {
        Alphabet::Plain | Alphabet::Capitals => b"",
        Alphabet::Url => b"-_",
        Alphabet::Dotted => b"-_.~",
        Alphabet::Path => b"-_/:.$",
        Alphabet::Base64 => b"-_+/=.~$,",
    };
    let fits = |byte: u8| match alphabet {
        Alphabet::Capitals => byte.is_ascii_uppercase() || byte.is_ascii_digit(),
        _ => byte.is_ascii_alphanumeric() || more.contains(&byte),
    };
    let rest = text.as_bytes().get(start..).unwrap_or(&[]);
    start
        + rest
            .iter()
            .position(|byte| !fits(*byte))
            .unwrap_or(rest.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<&str> {
        known(text)
            .into_iter()
            .map(|(span, _)| &text[span])
            .collect()
    }

    #[test]
    fn tokens_are_found_wherever_they_stand() {
        let token = format!("ghp_{}", "a1B2".repeat(9));
        assert_eq!(found(&format!("use {token}, please")), [token.as_str()]);
        assert_eq!(found(&format!("x{token}")), Vec::<&str>::new());
        assert_eq!(found("AKIAIOSFODNN7EXAMPLE"), ["AKIAIOSFODNN7EXAMPLE"]);
        assert_eq!(
            found("Authorization: Bearer abcdef0123456789"),
            ["abcdef0123456789"]
        );
        let signed = format!(
            "eyJ{}.eyJ{}.{}",
            "a".repeat(20),
            "b".repeat(20),
            "c".repeat(20)
        );
        assert_eq!(found(&signed), [signed.as_str()]);
    }

    #[test]
    fn a_private_key_is_one_whole() {
        let key = "-----BEGIN OPENSSH PRIVATE KEY-----\nabc\n-----END OPENSSH PRIVATE KEY-----\n";
        assert_eq!(found(key), [key]);
    }

    #[test]
    fn short_and_ordinary_words_have_no_form() {
        for text in [
            "ghp_short",
            "skate-park",
            "eyJust.a.name",
            "AKIA",
            "Basic authentication",
            "hf_x",
            "SG.1",
        ] {
            assert_eq!(found(text), Vec::<&str>::new(), "{text}");
        }
    }
}
