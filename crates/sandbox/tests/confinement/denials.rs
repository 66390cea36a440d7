//! Which grant would have helped.

use ringfence_learn::Control;
use ringfence_policy::policy::Policy;
use ringfence_sandbox::{Exit, explain_denials};

use crate::given::plan;
use crate::{Needs, Test};

pub const TESTS: &[Test] = &[
    (
        "a_hidden_file_is_named_with_its_grant",
        Needs::Anyone,
        hidden,
    ),
    (
        "nothing_is_said_when_nothing_was_refused",
        Needs::Anyone,
        nothing,
    ),
    (
        "a_program_that_was_refused_is_named",
        Needs::Anyone,
        program,
    ),
];

/// The grants that a command lacked, as text.
fn lacked(grants: &[&str], argv: &[&str]) -> (Exit, Vec<String>) {
    let policy = Policy::base().join(&grants.iter().map(|text| text.parse().unwrap()).collect());
    let (exit, denials) =
        explain_denials(plan(grants, argv), &policy, &mut |_| Control::Continue).unwrap();
    let missing = denials.iter().flat_map(|denial| &denial.missing);
    (exit, missing.map(ToString::to_string).collect())
}

fn hidden() {
    let (exit, missing) = lacked(&["files.exec /bin/cat"], &["/bin/cat", "/etc/hosts"]);
    assert_eq!(exit, Exit::Code(1));
    assert!(
        missing.contains(&"files.read /etc/hosts".to_owned()),
        "{missing:?}"
    );
    let granted = ["files.exec /bin/cat", "files.read /etc/hosts"];
    let (exit, missing) = lacked(&granted, &["/bin/cat", "/etc/hosts"]);
    assert_eq!(exit, Exit::Code(0));
    assert!(
        !missing.contains(&"files.read /etc/hosts".to_owned()),
        "{missing:?}"
    );
}

fn nothing() {
    let (exit, missing) = lacked(&["files.exec /bin/true"], &["/bin/true"]);
    assert_eq!((exit, missing), (Exit::Code(0), Vec::new()));
}

fn program() {
    let (_, missing) = lacked(&["files.exec /bin/sh"], &["/bin/sh", "-c", "/bin/ls"]);
    assert!(
        missing.contains(&"files.exec /usr/bin/ls".to_owned()),
        "{missing:?}"
    );
}
