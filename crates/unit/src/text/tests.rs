use super::*;

fn said(text: &[u8]) -> Vec<(String, String, String)> {
    let parsed = parse(text, Syntax::default());
    assert_eq!(parsed.failure, None);
    let assignments = parsed.assignments.into_iter();
    assignments.map(|a| (a.section, a.key, a.value)).collect()
}

fn value(text: &str) -> String {
    let mut said = said(format!("[Service]\n{text}").as_bytes());
    assert_eq!(said.len(), 1, "{said:?}");
    said.remove(0).2
}

fn failure(text: &[u8]) -> TextErrorKind {
    parse(text, Syntax::default()).failure.unwrap().kind
}

#[test]
fn carriage_returns_and_nuls_end_lines_too() {
    let expected = said(b"[A]\nb=1\nc=2\n");
    for text in [
        &b"[A]\r\nb=1\r\nc=2"[..],
        b"[A]\rb=1\rc=2",
        b"[A]\0b=1\0c=2\0",
        b"[A]\n\rb=1\n\r\0c=2",
        b"\xef\xbb\xbf[A]\nb=1\nc=2",
        b"  [A]  \n\t b = 1 \n c=2",
    ] {
        assert_eq!(said(text), expected, "{text:?}");
    }
}

#[test]
fn an_odd_backslash_at_the_end_continues_a_value() {
    assert_eq!(value("a=b \\\nc"), "b  c");
    assert_eq!(value("a=b\\\\\n"), "b\\\\");
    assert_eq!(value("a=b\\\\\\\nc"), "b\\\\ c");
    assert_eq!(value("a=b\\ \n"), "b\\");
    assert_eq!(value("a=b\\"), "b");
    assert_eq!(value("a=b\\\n\n"), "b");
    assert_eq!(value("a=b\\\r\nc"), "b c");
}

#[test]
fn a_comment_inside_a_continued_value_is_dropped_and_the_value_goes_on() {
    assert_eq!(value("a=b \\\n# no\\\n  ; no\nc"), "b  c");
    assert_eq!(value("a=b # yes"), "b # yes");
}

#[test]
fn a_continued_value_swallows_a_section_header() {
    let parsed = parse(b"[A]\nb=1\\\n[B]\nc=2\n", Syntax::default());
    let sections: Vec<_> = parsed.assignments.iter().map(|a| &*a.section).collect();
    assert_eq!(sections, ["A", "A"]);
    assert_eq!(parsed.assignments[0].value, "1 [B]");
    assert_eq!(parsed.remarks[0].kind, RemarkKind::SwallowedHeader);
    assert_eq!(parsed.remarks[0].at.line, 3);
}

#[test]
fn a_bad_header_ends_the_file() {
    assert_eq!(
        failure(b"[A\nb=1"),
        TextErrorKind::Unclosed("[A".to_owned())
    );
    assert_eq!(
        failure(b"[A\"]\n"),
        TextErrorKind::Unsafe("[A\"]".to_owned())
    );
    assert_eq!(failure(b"[\\]"), TextErrorKind::Unsafe("[\\]".to_owned()));
    assert_eq!(failure(b"[A]\nb=\xff"), TextErrorKind::Encoding);
    assert_eq!(failure(b"[A]\nb=\xef\xbf\xbe"), TextErrorKind::Encoding);
    let strict = Syntax {
        empty_header_fails: true,
    };
    assert_eq!(parse(b"[]\na=b", Syntax::default()).failure, None);
    assert!(parse(b"[]\na=b", strict).failure.is_some());
    let kept = parse(b"[A]\nb=1\n[B\nc=2", Syntax::default());
    assert_eq!(kept.assignments.len(), 1);
}

#[test]
fn bad_bytes_in_a_comment_do_no_harm() {
    assert_eq!(said(b"[A]\n# \xff\nb=1").len(), 1);
}

#[test]
fn a_line_of_a_mebibyte_is_too_long() {
    let line = |length: usize| format!("[A]\nb={}\n", "x".repeat(length - 2));
    assert_eq!(said(line(1024 * 1024 - 1).as_bytes()).len(), 1);
    assert_eq!(failure(line(1024 * 1024).as_bytes()), TextErrorKind::Long);
    let continued = format!("[A]\nb={}", "x\\\n".repeat(600 * 1024));
    assert_eq!(failure(continued.as_bytes()), TextErrorKind::Long);
}

#[test]
fn lines_without_effect_are_remarked() {
    let parsed = parse(b"a=1\n[A]\nb\n=c\n", Syntax::default());
    let kinds: Vec<_> = parsed.remarks.into_iter().map(|r| r.kind).collect();
    assert_eq!(
        kinds,
        [
            RemarkKind::OutsideSection,
            RemarkKind::NoEquals,
            RemarkKind::NoKey
        ]
    );
}

#[test]
fn positions_point_into_the_file() {
    let parsed = parse("[A]\n  ä = \\\n # c\n  x y\n".as_bytes(), Syntax::default());
    let assignment = &parsed.assignments[0];
    assert_eq!(assignment.value, "x y");
    assert_eq!(assignment.at, Position { line: 2, column: 3 });
    assert_eq!(assignment.value_at, Position { line: 4, column: 3 });
}
