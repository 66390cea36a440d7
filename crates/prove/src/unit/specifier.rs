//! Specifiers that stand for a unit's name, which its copy has not: systemd.unit(5).
//!
//! The copy is `ringfence-prove-NAME`, with the same instance and the same last component, so `%i`, `%I`,
//! `%j` and `%J` mean the same there and are left alone, as is all that does not depend on the name.

use ringfence_unit::name::{UnitName, unescape};

/// A value with every specifier for the name replaced. `Err` is the specifier for which that cannot be
/// done: some settings are unescaped and others are not, so a backslash would mean different things.
pub(super) fn settled(value: &str, name: &UnitName) -> Result<String, char> {
    let mut text = String::with_capacity(value.len());
    let mut rest = value.chars();
    while let Some(character) = rest.next() {
        if character != '%' {
            text.push(character);
            continue;
        }
        let Some(specifier) = rest.next() else {
            text.push('%');
            break;
        };
        match meaning(specifier, name) {
            None => text.extend(['%', specifier]),
            Some(meaning) if meaning.contains('\\') => return Err(specifier),
            Some(meaning) => text.push_str(&meaning.replace('%', "%%")),
        }
    }
    Ok(text)
}

/// What a specifier means for this name and not for its copy's.
fn meaning(specifier: char, name: &UnitName) -> Option<String> {
    let prefix = || name.prefix().to_owned();
    let plain = |text: String| unescape(&text).unwrap_or(text);
    match specifier {
        'n' => Some(name.as_str().to_owned()),
        'N' => Some(name.stem().to_owned()),
        'p' => Some(prefix()),
        'P' => Some(plain(prefix())),
        'f' if !name.is_instance() => Some(format!("/{}", plain(prefix()))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_put_in_and_everything_else_is_left() {
        let name = UnitName::parse("web@blue.service").unwrap();
        let settled = |value| settled(value, &name);
        assert_eq!(
            settled("%n %N %p %i %j %t/%p %%n 100%"),
            Ok("web@blue.service web@blue web %i %j %t/web %%n 100%".into())
        );
        assert_eq!(settled("%f"), Ok("%f".into()));
    }

    #[test]
    fn an_escaped_name_is_put_in_where_it_has_no_backslash() {
        let name = UnitName::parse(r"a\x2db.service").unwrap();
        assert_eq!(settled("%P", &name), Ok("a-b".into()));
        assert_eq!(settled("%p", &name), Err('p'));
    }
}
