use proptest::prelude::*;

use super::*;

const TEXT: &str = "\
# Keep me.
[Unit]
Description=x \\
# inside
  y

[Service]
  User = a
; and me
User=b
ExecStart=/bin/x

# last
";

fn document(text: &str) -> Document {
    Document::parse(text).unwrap()
}

fn text(document: &Document) -> &str {
    str::from_utf8(document.as_bytes()).unwrap()
}

#[test]
fn a_set_value_replaces_the_last_and_takes_the_others_out() {
    let mut d = document(TEXT);
    d.set("Service", "User", "c").unwrap();
    let expected = TEXT.replace("  User = a\n", "").replace("User=b", "User=c");
    assert_eq!(text(&d), expected);
    d.set("Unit", "Description", "z").unwrap();
    assert!(text(&d).contains("[Unit]\nDescription=z\n\n[Service]"));
}

#[test]
fn an_appended_value_stands_after_its_like_or_at_the_end_of_the_section() {
    let mut d = document(TEXT);
    d.append("Service", "User", "c").unwrap();
    d.append("Service", "Group", "g").unwrap();
    d.append("Install", "WantedBy", "w").unwrap();
    let expected = TEXT
        .replace("User=b\n", "User=b\nUser=c\n")
        .replace("/bin/x\n", "/bin/x\nGroup=g\n")
        + "\n[Install]\nWantedBy=w\n";
    assert_eq!(text(&d), expected);
}

#[test]
fn a_new_document_starts_with_the_section() {
    let mut d = Document::default();
    d.append("Service", "User", "a").unwrap();
    assert_eq!(text(&d), "[Service]\nUser=a\n");
}

#[test]
fn a_file_without_a_last_line_end_gets_one_before_the_next_line() {
    let mut d = document("[Service]\r\nUser=a");
    d.append("Service", "Group", "g").unwrap();
    assert_eq!(text(&d), "[Service]\r\nUser=a\r\nGroup=g\r\n");
    let mut open = document("[Service]\nUser=a\\");
    open.append("Service", "Group", "g").unwrap();
    assert_eq!(open.values("Service", "User").collect::<Vec<_>>(), ["a"]);
    assert_eq!(open.values("Service", "Group").collect::<Vec<_>>(), ["g"]);
}

#[test]
fn what_is_removed_leaves_the_rest_alone() {
    let mut d = document(TEXT);
    assert_eq!(d.remove("Service", "User").unwrap(), 2);
    assert_eq!(
        text(&d),
        TEXT.replace("  User = a\n", "").replace("User=b\n", "")
    );
    assert_eq!(d.remove_section("Unit").unwrap(), 1);
    assert!(text(&d).starts_with("# Keep me.\n[Service]\n; and me\n"));
    assert_eq!(d.remove("Service", "None").unwrap(), 0);
}

#[test]
fn what_would_not_read_as_it_was_meant_is_not_written() {
    let mut d = document(TEXT);
    for (section, key, value) in [
        ("Service", "User", "a\nb"),
        ("Service", "User", " a"),
        ("Service", "User", "a\\"),
        ("Service", "#User", "a"),
        ("Service", "User=a", "b"),
        ("Service", "", "b"),
        ("Service", "[x", "b]"),
        ("Ser\"vice", "User", "a"),
        ("", "User", "a"),
        ("Service", "User", "a\0b"),
    ] {
        let before = d.clone();
        assert!(d.set(section, key, value).is_err(), "{key}={value}");
        assert!(d.append(section, key, value).is_err(), "{key}={value}");
        assert_eq!(d, before);
    }
    assert!(Document::parse("[Service").is_err());
}

/// Text that has what unit files have, in any order.
fn unit_text() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just("[Service]"),
        Just("[Unit]"),
        Just("[X"),
        Just("User"),
        Just("="),
        Just("a b"),
        Just("\\"),
        Just("\n"),
        Just("\r\n"),
        Just("\r"),
        Just("\0"),
        Just("#"),
        Just(";"),
        Just(" "),
        Just("\t"),
        Just("\u{feff}"),
        Just("é"),
        Just("Group=g"),
        Just("\n"),
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat().into_bytes())
}

proptest! {
    #[test]
    fn a_document_that_is_not_changed_is_the_same_bytes(bytes in unit_text()) {
        if let Ok(document) = Document::parse(bytes.clone()) {
            prop_assert_eq!(document.as_bytes(), &bytes[..]);
            let mut at = 0;
            for line in &document.lines {
                prop_assert_eq!(line.span.start, at);
                at = line.span.end;
            }
            prop_assert_eq!(at, bytes.len());
        }
    }

    #[test]
    fn a_value_that_was_set_is_the_only_one_and_all_others_stay(bytes in unit_text()) {
        if let Ok(mut document) = Document::parse(bytes.clone()) {
            let others = |document: &Document| {
                let parsed = parse(document.as_bytes(), Syntax::default());
                let others = parsed.assignments.into_iter();
                others.filter(|a| a.key != "User").map(|a| (a.section, a.key, a.value)).collect::<Vec<_>>()
            };
            let before = others(&document);
            document.set("Service", "User", "new").unwrap();
            prop_assert_eq!(document.values("Service", "User").collect::<Vec<_>>(), ["new"]);
            document.append("Service", "User", "more").unwrap();
            prop_assert_eq!(document.values("Service", "User").collect::<Vec<_>>(), ["new", "more"]);
            prop_assert_eq!(others(&document), before.clone());
            document.remove("Service", "User").unwrap();
            prop_assert_eq!(document.values("Service", "User").count(), 0);
            prop_assert_eq!(others(&document), before);
        }
    }
}
