use proptest::prelude::*;

use super::*;

fn texts(value: &str, style: Style) -> Result<Vec<String>, WordError> {
    words(value, style)
        .map(|word| word.map(|word| word.text().into_owned()))
        .collect()
}

fn command(value: &str) -> Vec<String> {
    texts(value, Style::COMMAND).unwrap()
}

#[test]
fn blanks_separate_and_quotes_are_ordinary_where_nothing_else_is_said() {
    assert_eq!(
        texts(" \"a b\"\tc  ", Style::PLAIN).unwrap(),
        ["\"a", "b\"", "c"]
    );
    assert_eq!(texts("a\\ b\\\\", Style::PLAIN).unwrap(), ["a b\\"]);
    assert_eq!(texts("", Style::PLAIN).unwrap(), [""; 0]);
    assert_eq!(
        texts("a\u{a0}b\x0cc", Style::PLAIN).unwrap(),
        ["a\u{a0}b\x0cc"]
    );
}

#[test]
fn quotes_group_wherever_they_stand() {
    assert_eq!(
        texts("\"a b\" c'd e'f \"\" ''", Style::QUOTED).unwrap(),
        ["a b", "cd ef", "", ""]
    );
    assert_eq!(texts("\"a 'b\"", Style::QUOTED).unwrap(), ["a 'b"]);
}

#[test]
fn an_open_quote_is_an_error_but_where_it_is_forgiven() {
    let error = WordError::Unclosed {
        quote: '"',
        offset: 2,
    };
    assert_eq!(texts("a \"b c", Style::QUOTED), Err(error));
    assert_eq!(texts("a \"b c", Style::RELAXED).unwrap(), ["a", "b c"]);
    assert_eq!(texts("a\\", Style::RELAXED).unwrap(), ["a"]);
    assert!(texts("a\\", Style::QUOTED).is_err());
    assert!(texts("\"a\\", Style::COMMAND).is_err());
}

#[test]
fn commands_have_the_escapes_of_c_and_keep_what_c_does_not_have() {
    assert_eq!(command(r"a\nb\x41\101\u00e4\U0001f600\s"), ["a\nbAAä😀 "]);
    assert_eq!(
        command(r"\d \x4 \x00 \400 \ b"),
        ["\\d", "\\x4", "\\x00", "\\400", "\\ b"]
    );
    assert_eq!(command("a\\"), ["a\\"]);
    let odd = words(r"\xff", Style::COMMAND).next().unwrap().unwrap();
    assert_eq!(odd.bytes, [0xff]);
    assert!(
        texts(
            r"\d",
            Style {
                keep_unknown: false,
                ..Style::COMMAND
            }
        )
        .is_err()
    );
}

#[test]
fn spans_hold_the_raw_words() {
    let value = " 'a b'  c\\n ";
    let spans: Vec<_> = words(value, Style::COMMAND)
        .map(|word| &value[word.unwrap().span])
        .collect();
    assert_eq!(spans, ["'a b'", "c\\n"]);
}

proptest! {
    #[test]
    fn quoted_bytes_read_as_themselves(bytes in prop::collection::vec(1_u8.., 0..20)) {
        let quoted = quote(&bytes);
        let read: Vec<_> = words(&quoted, Style::COMMAND).map(Result::unwrap).collect();
        prop_assert_eq!(read.len(), 1, "{:?}", quoted);
        prop_assert_eq!(&read[0].bytes, &bytes);
    }

    #[test]
    fn every_value_ends(value in any::<String>(), flags in 0_u8..32) {
        let style = Style {
            unquote: flags & 1 != 0,
            unescape: flags & 2 != 0,
            keep_unknown: flags & 4 != 0,
            relaxed: flags & 8 != 0,
            keep_backslash: flags & 16 != 0,
        };
        let mut end = 0;
        for word in words(&value, style) {
            let Ok(word) = word else { break };
            prop_assert!(word.span.start >= end && word.span.end > word.span.start);
            end = word.span.end;
        }
    }
}
