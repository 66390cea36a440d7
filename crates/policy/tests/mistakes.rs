//! What a person is told about a manifest with mistakes: every place exact, every way out named.

use ringfence_policy::manifest::{Manifest, ManifestError};

const MISTAKES: &str = r#"# A comment with a multi-byte character: é.
ringfence = 1
extend = ["web"]

[service]
name = "dness"
exec = ["dness", "-c"]
user = "root"
type = "notfy"

[files]
raed = ["/etc/x"]
read = ["etc/ssl", "/etc/é/../x", 5, { path = "/a", wy = "x" }]
write = "/var/x"
use = ["namservice"]
devices = ["/dev/x q"]

[net]
connect = ["tcp:any:99999", "tcpp:80", "udp:300.1.1.1:53"]

[process]
capabilities = ["net_bind_service", "CAP_CHOWN", "CAP_CHOWN"]
syscalls = ["@system-service", "OpenAt"]

[resources]
memory_max = "64X"
tasks_max = -1

[[secret]]
name = "x"
as = "envv"

[check]
timeout = "1s"

[require]
exact = ["net.conect"]
"#;

fn errors(text: &str) -> Vec<ManifestError> {
    let errors = Manifest::parse(text).err();
    errors
        .iter()
        .flat_map(|errors| errors.iter().cloned())
        .collect()
}

#[test]
fn every_mistake_is_told_in_its_place_with_the_offending_text() {
    let told: Vec<(usize, usize, &str)> = errors(MISTAKES)
        .iter()
        .map(|error| (error.line, error.column, &MISTAKES[error.span.clone()]))
        .collect();
    let expected = [
        (3, 1, "extend"),
        (7, 9, "\"dness\""),
        (8, 8, "\"root\""),
        (9, 8, "\"notfy\""),
        (12, 1, "raed"),
        (13, 9, "\"etc/ssl\""),
        (13, 20, "\"/etc/é/../x\""),
        (13, 35, "5"),
        (13, 53, "wy"),
        (14, 9, "\"/var/x\""),
        (15, 8, "\"namservice\""),
        (16, 20, "q"),
        (19, 21, "99999"),
        (19, 30, "tcpp"),
        (19, 45, "300.1.1.1"),
        (22, 17, "\"net_bind_service\""),
        (22, 50, "\"CAP_CHOWN\""),
        (23, 13, "\"@system-service\""),
        (23, 32, "\"OpenAt\""),
        (26, 14, "\"64X\""),
        (27, 13, "-1"),
        (29, 1, "[[secret]]"),
        (31, 6, "\"envv\""),
        (33, 2, "check"),
        (37, 10, "\"net.conect\""),
    ];
    assert_eq!(told, expected);
}

#[test]
fn every_mistake_comes_with_a_way_out() {
    for error in errors(MISTAKES) {
        assert!(error.help.is_some(), "{}", error.message);
    }
    for (mistake, way_out) in [
        ("`raed`", "did you mean `read`?"),
        ("`net_bind_service`", "did you mean `CAP_NET_BIND_SERVICE`?"),
        ("`namservice`", "did you mean `nameservice`?"),
        ("`99999`", "from 0 to 65535"),
        ("`etc/ssl`", "write an absolute path"),
        ("`write` takes", "write `write = [\"/var/x\"]`"),
        ("`-1`", "1 or more"),
        ("root needs", "why ="),
        ("@system-service", "`@learned`"),
    ] {
        let errors = errors(MISTAKES);
        let error = errors.iter().find(|error| error.message.contains(mistake));
        let help = error.and_then(|error| error.help.clone()).unwrap();
        assert!(help.contains(way_out), "{mistake}: {help}");
    }
}

#[test]
fn a_mistake_is_shown_with_its_line_underlined() {
    let text = "ringfence = 1\n[service]\nname = \"x\"\nexec = [\"/x\"]\nuser = \"dynamic\"\n\
                [net]\nbind = [\"tcp:0-65536\", \"udp:53\", \"udp:53\"]\n";
    let shown = Manifest::parse(text).unwrap_err().render("x.toml", false);
    insta::assert_snapshot!(shown, @r#"
    error: `0-65536` is not a port
     --> x.toml:7:14
      |
    7 | bind = ["tcp:0-65536", "udp:53", "udp:53"]
      |              ^^^^^^^
      |
      = help: a number from 0 to 65535, a range `1000-2000`, or `any`

    error: `net.bind udp:53` is there twice
     --> x.toml:7:34
      |
    7 | bind = ["tcp:0-65536", "udp:53", "udp:53"]
      |                        --------  ^^^^^^^^
      |                        |
      |                        first here
      |
      = help: remove one of them
    "#);
    let colored = Manifest::parse(text).unwrap_err().render("x.toml", true);
    assert!(colored.contains('\u{1b}') && !shown.contains('\u{1b}'));
}

#[test]
fn the_epoch_comes_first_and_is_known() {
    let service = "[service]\nname = \"x\"\nexec = [\"/x\"]\nuser = \"dynamic\"\n";
    for (text, line, column, message) in [
        (service.to_owned(), 1, 1, "the policy epoch is missing"),
        (
            format!("drop = []\nringfence = 1\n{service}"),
            2,
            1,
            "the policy epoch is not the first key",
        ),
        (
            format!("ringfence = 2\nnew = 1\n{service}"),
            1,
            13,
            "`2` is not a policy epoch known here",
        ),
    ] {
        let errors = errors(&text);
        let told: Vec<_> = errors
            .iter()
            .map(|e| (e.line, e.column, e.message.as_str()))
            .collect();
        assert_eq!(told, [(line, column, message)]);
    }
}

#[test]
fn a_missing_user_and_an_unreasoned_root_are_mistakes() {
    let service =
        |user: &str| format!("ringfence = 1\n[service]\nname = \"x\"\nexec = [\"/x\"]\n{user}\n");
    assert_eq!(errors(&service(""))[0].message, "[service] has no `user`");
    for user in ["\"root\"", "\"0\"", "{ name = \"root\" }"] {
        let found = errors(&service(&format!("user = {user}")));
        assert_eq!(found[0].message, "root needs a reason", "{user}");
    }
    let reasoned = service("user = { name = \"root\", why = \"mounts disks\" }");
    let manifest = Manifest::parse(&reasoned).unwrap();
    assert_eq!(manifest.service.user_why.as_deref(), Some("mounts disks"));
}

#[test]
fn broken_toml_is_told_together_with_what_could_be_read() {
    let text = "ringfence = 1\n[service]\nname = 5 5\n[fils]\nread = [\"/a\" \"/b\"]\nread = []\n";
    let lines: Vec<usize> = errors(text).iter().map(|error| error.line).collect();
    for line in [3, 4, 5, 6] {
        assert!(lines.contains(&line), "{lines:?}");
    }
}
