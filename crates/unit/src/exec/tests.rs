use std::path::Path;

use proptest::prelude::*;

use super::*;
use crate::name::UnitName;
use crate::specifier::{Host, Specifiers};

fn read_line(value: &str) -> Read {
    let specifiers = Specifiers {
        unit: &UnitName::parse("a@b.service").unwrap(),
        file: Path::new("/etc/systemd/system/a@.service"),
        host: &Host::default(),
    };
    read(value, &specifiers)
}

/// The commands, each as its signs and its words.
fn commands(value: &str) -> Vec<(String, Vec<String>)> {
    let read = read_line(value);
    assert_eq!(read.error, None, "{value}");
    let shown = read.commands.iter().map(|command| {
        let words = std::iter::once(&command.program).chain(&command.arguments);
        let words = words.map(|word| word.text().into_owned()).collect();
        (command.prefixes.to_string(), words)
    });
    shown.collect()
}

fn error(value: &str) -> (bool, ExecErrorKind) {
    let error = read_line(value).error.unwrap();
    (error.forgiven, error.kind)
}

#[test]
fn signs_stand_in_any_order_and_each_counts_once() {
    assert_eq!(commands("-@:+/bin/a b")[0].0, "-@:+");
    assert_eq!(commands("!!-/bin/a")[0].0, "-!!");
    assert_eq!(commands("!/bin/a")[0].0, "!");
    assert_eq!(
        commands("\"-/bin/a b\" c"),
        [("-".to_owned(), vec!["/bin/a b".to_owned(), "c".to_owned()])]
    );
    assert_eq!(
        error("+!/bin/a").1,
        ExecErrorKind::Relative("!/bin/a".to_owned())
    );
    assert_eq!(
        error("|/bin/a").1,
        ExecErrorKind::Relative("|/bin/a".to_owned())
    );
}

#[test]
fn a_lone_semicolon_separates_commands_and_an_escaped_one_does_not() {
    let found = commands("/bin/a b ; -/bin/c \\; ';' d;  ;");
    assert_eq!(found.len(), 2);
    assert_eq!(found[0].1, ["/bin/a", "b"]);
    assert_eq!(found[1].1, ["/bin/c", ";", ";", "d;"]);
    assert_eq!(commands("; /bin/a").len(), 1);
}

#[test]
fn what_fails_the_file_and_what_only_the_line_are_told_apart() {
    assert_eq!(
        error("bin/a"),
        (false, ExecErrorKind::Relative("bin/a".to_owned()))
    );
    assert_eq!(
        error("-bin/a"),
        (true, ExecErrorKind::Relative("bin/a".to_owned()))
    );
    assert_eq!(
        error("/bin/"),
        (false, ExecErrorKind::Directory("/bin/".to_owned()))
    );
    assert_eq!(error("- /bin/a"), (true, ExecErrorKind::NoProgram));
    assert_eq!(error("@/bin/a"), (false, ExecErrorKind::NoName));
    assert!(error("\"/bin/a").0, "the first word");
    assert!(!error("/bin/a \"b").0, "a later word");
    assert!(matches!(error("/bin/%Z").1, ExecErrorKind::Specifier(_)));
    assert!(matches!(error("/bin/a %Z").1, ExecErrorKind::Specifier(_)));
    assert_eq!(commands("a b")[0].1, ["a", "b"]);
}

#[test]
fn a_wrapper_stands_before_the_program_and_leaves_the_arguments_as_they_are() {
    let wrap = |value| wrap(value, "/w x").unwrap();
    assert_eq!(
        wrap("-/bin/a 'b  $C' ${D}  %i \\x41 \\; e"),
        "-/w x -- /bin/a 'b  $C' ${D}  %i \\x41 \\; e"
    );
    assert_eq!(
        wrap("-@!/bin/a  'own name'   b"),
        "-!/w x --argv0 'own name' -- /bin/a   b"
    );
    assert_eq!(
        wrap("/bin/a b ;  +/bin/c ; "),
        "/w x -- /bin/a b ;  +/w x -- /bin/c ; "
    );
    assert_eq!(wrap("\"-/bin/a b\" c"), "-/w x -- \"/bin/a b\" c");
    assert_eq!(wrap("/bin/$a %% %n"), "/w x -- /bin/$$a %% %n");
    assert_eq!(wrap(":/bin/$a $b"), ":/w x -- /bin/$a $b");
    assert_eq!(wrap("a b"), "/w x -- a b");
}

#[test]
fn what_cannot_be_wrapped_says_why() {
    assert!(matches!(wrap("", "/w"), Err(WrapError::Nothing { .. })));
    assert!(matches!(
        wrap("/bin/a 'b", "/w"),
        Err(WrapError::Broken { .. })
    ));
    assert!(matches!(
        wrap("|/bin/a", "/w"),
        Err(WrapError::Shell { .. })
    ));
    for wrapper in ["", "w", "-/w", "/w ; /v", "/w 'x"] {
        assert!(
            matches!(wrap("/bin/a", wrapper), Err(WrapError::Wrapper { .. })),
            "{wrapper}"
        );
    }
}

proptest! {
    #[test]
    fn every_line_is_read_to_its_end(value in any::<String>()) {
        let _ = read_line(&value);
        let _ = wrap(&value, "/w");
    }

    #[test]
    fn a_wrapped_line_has_the_words_of_the_original(value in "[-@:+!]{0,3}(/b|c|\"/d e\"|/f\\$g)( +(;|\\\\;|'a  b'|\"%i\"|\\\\x41|\\$B|x;|/y|\\\\\\\\|é)){0,6} *") {
        let read = read_line(&value);
        prop_assume!(read.error.is_none());
        let wrapped = wrap(&value, "/w 'x y'").unwrap();
        let after = read_line(&wrapped);
        prop_assert_eq!(&after.error, &None, "{}", wrapped);
        prop_assert_eq!(after.commands.len(), read.commands.len());
        for (before, after) in read.commands.iter().zip(&after.commands) {
            let mut expected = vec!["x y".to_owned()];
            let mut rest = before.arguments.as_slice();
            if before.prefixes.own_name {
                let (name, arguments) = rest.split_first().unwrap();
                expected.extend(["--argv0".to_owned(), name.text().into_owned()]);
                rest = arguments;
            }
            let mut program = before.program.text().into_owned();
            if !before.prefixes.no_variables {
                program = program.replace('$', "$$");
            }
            expected.extend(["--".to_owned(), program]);
            expected.extend(rest.iter().map(|word| word.text().into_owned()));
            let found: Vec<_> = after.arguments.iter().map(|word| word.text().into_owned()).collect();
            prop_assert_eq!(found, expected, "{}", wrapped);
            prop_assert_eq!(&after.program.bytes[..], b"/w");
            prop_assert_eq!(after.prefixes, Prefixes { own_name: false, ..before.prefixes });
        }
    }
}
