//! Taking out and putting back.

use std::collections::BTreeMap;

use proptest::prelude::*;
use ringfence_policy::secret::{Extraction, Syntax, find, names, render};

/// The text after its secrets were taken out and put back, the template between, and the diff.
fn there_and_back(text: &str, syntax: Syntax) -> (String, String, String) {
    let report = find(text, syntax).unwrap();
    let extraction = Extraction::new(text, "a.conf", report, |_| true);
    let template = extraction.template();
    let kept: BTreeMap<_, _> = extraction
        .kept()
        .into_iter()
        .map(|kept| (kept.name, kept.content))
        .collect();
    let rendered = render(&template, |name| kept.get(name).map(String::as_str)).unwrap();
    (rendered, template, extraction.diff("a.conf"))
}

/// What nobody takes for a setting or a reference: it has a mark that nothing else has.
fn secret() -> impl Strategy<Value = String> {
    "[ -~\\n\\t\u{1}\u{7f}äß🔑]{0,20}".prop_map(|middle| format!("Zq7%{middle}%7qZ"))
}

proptest! {
    #[test]
    fn a_toml_file_means_the_same_afterwards(value in secret(), other in secret()) {
        let mut document = toml::Table::new();
        document.insert("password".into(), value.clone().into());
        document.insert("title".into(), "a title".into());
        let list = vec![toml::Value::from(other.clone())];
        document.insert("tokens".into(), toml::Value::Array(list));
        let text = toml::to_string(&document).unwrap();
        let (rendered, template, diff) = there_and_back(&text, Syntax::Toml);
        prop_assert_eq!(rendered.parse::<toml::Table>().unwrap(), document);
        prop_assert!(!template.contains("Zq7"), "{}", template);
        prop_assert!(!diff.contains("Zq7"), "{}", diff);
        prop_assert!(!names(&template).is_empty());
    }

    #[test]
    fn a_json_file_means_the_same_afterwards(value in secret(), other in secret(), pretty: bool) {
        let document = serde_json::json!({"a": {"api_key": value}, "b": [{"token": other, "c": 1}], "d": null});
        let text = if pretty { serde_json::to_string_pretty(&document) } else { serde_json::to_string(&document) };
        let (rendered, template, diff) = there_and_back(&text.unwrap(), Syntax::Json);
        prop_assert_eq!(rendered.parse::<serde_json::Value>().unwrap(), document);
        prop_assert!(!template.contains("Zq7"), "{}", template);
        prop_assert!(!diff.contains("Zq7"), "{}", diff);
    }

    #[test]
    fn quoted_yaml_is_the_same_afterwards(value in "[ -~äß🔑]{0,20}") {
        let value = format!("Zq7{value}7qZ");
        let single = value.replace('\'', "''");
        let double = serde_json::to_string(&value).unwrap();
        let text = format!("a:\n  password: '{single}' # note\n  other:\n    - token: {double}\n");
        let (rendered, template, diff) = there_and_back(&text, Syntax::Yaml);
        prop_assert_eq!(rendered, text);
        prop_assert!(!template.contains("Zq7"), "{}", template);
        prop_assert!(!diff.contains("Zq7"), "{}", diff);
    }

    #[test]
    fn lines_are_the_same_afterwards(lines in prop::collection::vec(line(), 0..8)) {
        let text = lines.join("\n");
        prop_assume!(names(&text).is_empty());
        let (rendered, _, _) = there_and_back(&text, Syntax::Lines);
        prop_assert_eq!(rendered, text);
    }

    #[test]
    fn no_text_is_too_strange(text in any::<String>(), start in "(password: |token = |\\{\"a\": |- |\\[|)") {
        let text = format!("{start}{text}");
        for syntax in Syntax::ALL {
            if let Ok(report) = find(&text, syntax) {
                let extraction = Extraction::new(&text, &text, report, |_| true);
                let _ = (extraction.template(), extraction.diff(&text), extraction.left(), extraction.kept());
            }
        }
        let _ = render(&text, |_| Some("x"));
    }
}

fn line() -> impl Strategy<Value = String> {
    let key = prop_oneof![
        "[a-z_]{1,8}",
        Just("password".to_owned()),
        Just("export TOKEN".to_owned()),
        Just("url".to_owned())
    ];
    let separator = prop_oneof![Just("="), Just(" = "), Just(": "), Just(" ")];
    let value = prop_oneof![
        "[ -~]{0,24}",
        "\"[ -!#-~]{0,24}\"",
        "'[ -&(-~]{0,24}'",
        "https://u:[!-~]{1,9}@h/",
        "host=h password=[!-~]{1,9} x=y",
    ];
    prop_oneof![
        4 => (key, separator, value).prop_map(|(key, separator, value)| format!("{key}{separator}{value}")),
        1 => "[ -~]{0,30}",
        1 => Just("[section]".to_owned()),
    ]
}
