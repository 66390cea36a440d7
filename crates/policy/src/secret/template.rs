//! From a template and the secrets back to a configuration.

use std::collections::BTreeSet;

use super::name::Name;
use super::placeholder::{Encoding, Placeholder, is_unreserved};
use super::syntax::place;

/// Why a template cannot be rendered. No message has a secret in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TemplateError {
    /// There is no such secret.
    #[error("line {line}, column {column}: there is no secret {name}")]
    Missing {
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
        /// The name.
        name: Name,
    },
    /// The secret would mean something else in this place than itself.
    #[error(
        "line {line}, column {column}: {name} has characters that mean something else in this place"
    )]
    Harmful {
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
        /// The name.
        name: Name,
        /// How the placeholder would have to be written.
        instead: String,
    },
}

/// The names in a template.
pub fn names(template: &str) -> BTreeSet<Name> {
    placeholders(template)
        .map(|(_, placeholder, _)| placeholder.name)
        .collect()
}

/// Puts the secrets into a template. `secret` gives the content of the file that holds one.
pub fn render<'s>(
    template: &str,
    secret: impl Fn(&Name) -> Option<&'s str>,
) -> Result<String, TemplateError> {
    let mut rendered = String::with_capacity(template.len());
    let mut end = 0;
    for (at, placeholder, length) in placeholders(template) {
        let Placeholder { name, encoding } = placeholder;
        let (line, column) = place(template, at);
        let Some(content) = secret(&name) else {
            return Err(TemplateError::Missing { line, column, name });
        };
        let value = content.strip_suffix('\n').unwrap_or(content);
        if encoding == Encoding::Plain && !is_harmless_at(template, at, value) {
            let instead = better(template, at, name.clone());
            return Err(TemplateError::Harmful {
                line,
                column,
                name,
                instead: instead.to_string(),
            });
        }
        rendered.push_str(template.get(end..at).unwrap_or(""));
        rendered.push_str(&encoding.encode(value));
        end = at + length;
    }
    rendered.push_str(template.get(end..).unwrap_or(""));
    Ok(rendered)
}

/// Every placeholder with where it is and how long.
fn placeholders(template: &str) -> impl Iterator<Item = (usize, Placeholder, usize)> {
    let mut end = 0;
    template.match_indices("{{").filter_map(move |(at, _)| {
        let (placeholder, length) = Placeholder::read(template.get(at..)?).filter(|_| at >= end)?;
        end = at + length;
        Some((at, placeholder, length))
    })
}

/// What is around a place on its line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Around {
    Double,
    Single,
    Userinfo,
    Nothing,
}

/// Whether a value means itself there, whatever the language of the file is.
pub(super) fn is_harmless_at(text: &str, at: usize, value: &str) -> bool {
    let has_control = value.chars().any(|c| c.is_control() && c != '\t');
    match around(text, at) {
        Around::Double => !has_control && !value.contains(['"', '\\']),
        Around::Single => !has_control && !value.contains('\''),
        // What RFC 3986 allows besides, which ends neither the password nor the host.
        Around::Userinfo => value
            .bytes()
            .all(|byte| is_unreserved(byte) || b"!$&'()*+,;=".contains(&byte)),
        Around::Nothing => !has_control,
    }
}

fn around(text: &str, at: usize) -> Around {
    let before = text.get(..at).unwrap_or("");
    let line = before
        .get(before.rfind('\n').map_or(0, |at| at + 1)..)
        .unwrap_or("");
    let word_start = line
        .rfind(|c: char| c.is_whitespace() || "\"'".contains(c))
        .map_or(0, |at| at + 1);
    let word = line.get(word_start..).unwrap_or("");
    let is_userinfo = word
        .split_once("://")
        .is_some_and(|(_, rest)| rest.ends_with(':') && !rest.contains('/'));
    if is_userinfo {
        return Around::Userinfo;
    }
    let mut open: Option<char> = None;
    let mut before = ' ';
    let mut escaped = false;
    for character in line.chars() {
        match open {
            Some('"') if escaped => {}
            Some(quote) if character == quote => open = None,
            // An apostrophe inside of a word opens nothing.
            None if "\"'".contains(character) && !before.is_alphanumeric() => {
                open = Some(character);
            }
            _ => {}
        }
        escaped = character == '\\' && !escaped;
        before = character;
    }
    match open {
        Some('"') => Around::Double,
        Some(_) => Around::Single,
        None => Around::Nothing,
    }
}

/// The placeholder that would take any value in this place.
fn better(text: &str, at: usize, name: Name) -> Placeholder {
    let encoding = match around(text, at) {
        Around::Double => Encoding::Escaped,
        Around::Single => Encoding::Doubled,
        Around::Userinfo => Encoding::Percent,
        Around::Nothing => Encoding::Verbatim,
    };
    Placeholder { name, encoding }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(value: &'static str) -> impl Fn(&Name) -> Option<&'static str> {
        move |name| (name.as_str() == "A").then_some(value)
    }

    #[test]
    fn placeholders_are_replaced_and_everything_else_stays() {
        let template = "{{A}}{{ A }}{{{A}}} {{.A}} {{A|escaped}}\n";
        assert_eq!(
            render(template, with("x")).unwrap(),
            "x{{ A }}{{{A}}} {{.A}} x\n"
        );
    }

    #[test]
    fn one_line_break_at_the_end_of_a_secret_is_not_part_of_it() {
        assert_eq!(render("[{{A}}]", with("x\n")).unwrap(), "[x]");
        assert_eq!(render("[{{A|verbatim}}]", with("x\n\n")).unwrap(), "[x\n]");
    }

    #[test]
    fn a_name_without_a_secret_is_an_error_with_its_place() {
        let error = render("a\nb {{B}}", with("x")).unwrap_err();
        assert_eq!(error.to_string(), "line 2, column 3: there is no secret B");
    }

    #[test]
    fn a_secret_that_would_end_its_quotes_is_refused_and_the_better_placeholder_named() {
        for (template, value, instead) in [
            ("a = \"{{A}}\"", "x\"y", "{{A|escaped}}"),
            ("a = \"{{A}}\"", "x\\y", "{{A|escaped}}"),
            ("a = \"x\" b = '{{A}}'", "x'y", "{{A|doubled}}"),
            ("a = \"postgres://u:{{A}}@h\"", "x@y", "{{A|percent}}"),
            ("a = {{A}}", "x\ny", "{{A|verbatim}}"),
        ] {
            match render(template, |_| Some(value)).unwrap_err() {
                TemplateError::Harmful { instead: found, .. } => assert_eq!(found, instead),
                other => panic!("{other}"),
            }
            render(&template.replace("{{A}}", instead), |_| Some(value)).unwrap();
        }
        assert!(render("don't = {{A}}", with("x'y")).is_ok());
        assert!(render("a = '{{A}}'", with("x\"\\y")).is_ok());
    }
}
