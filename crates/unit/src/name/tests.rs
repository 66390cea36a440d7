use proptest::prelude::*;

use super::*;

fn name(text: &str) -> UnitName {
    UnitName::parse(text).unwrap()
}

fn dropins(text: &str) -> Vec<String> {
    let names = name(text).dropin_names();
    names.iter().map(ToString::to_string).collect()
}

#[test]
fn a_plain_name_has_no_instance_and_a_template_an_empty_one() {
    let plain = name("nginx.service");
    assert_eq!((plain.prefix(), plain.stem()), ("nginx", "nginx"));
    assert!(!plain.is_template() && !plain.is_instance());
    let template = name("getty@.service");
    assert_eq!((template.prefix(), template.stem()), ("getty", "getty@"));
    assert!(template.is_template() && !template.is_instance());
    let instance = name("a@b@c.d.socket");
    assert_eq!(
        (instance.prefix(), instance.instance()),
        ("a", Some("b@c.d"))
    );
    assert_eq!(instance.template().unwrap().as_str(), "a@.socket");
    assert_eq!(
        template.with_instance("tty1").unwrap().as_str(),
        "getty@tty1.service"
    );
}

#[test]
fn what_the_service_manager_refuses_is_refused() {
    for bad in [
        "",
        ".service",
        "@.service",
        "@x.service",
        "nginx",
        "nginx.conf",
        "nginx.Service",
        "a b.service",
        "a/b.service",
        "ä.service",
        "a\0.service",
        "a%.service",
        "a.service ",
    ] {
        assert!(UnitName::parse(bad).is_err(), "{bad:?}");
    }
    assert!(UnitName::parse(&format!("{}.service", "a".repeat(247))).is_ok());
    assert!(UnitName::parse(&format!("{}.service", "a".repeat(248))).is_err());
    assert!(name("nginx.service").with_instance("x").is_err());
}

#[test]
fn drop_ins_are_looked_for_under_every_dash_prefix() {
    assert_eq!(
        dropins("foo-bar-baz.service"),
        ["foo-bar-baz.service", "foo-bar-.service", "foo-.service"]
    );
    assert_eq!(dropins("foo--.service"), ["foo--.service", "foo-.service"]);
    assert_eq!(dropins("-foo.service"), ["-foo.service"]);
    assert_eq!(
        dropins("a-b@x-y.service"),
        [
            "a-b@x-y.service",
            "a-b@.service",
            "a-.service",
            "a-@x-y.service",
            "a-@.service"
        ]
    );
}

#[test]
fn an_escaped_path_reads_as_the_path() {
    assert_eq!(unescape("a-b\\x2dc").as_deref(), Some("a/b-c"));
    assert_eq!(unescape("a\\y"), None);
    assert_eq!(unescape_path("srv-data").as_deref(), Some("/srv/data"));
    assert_eq!(unescape_path("-").as_deref(), Some("/"));
    assert_eq!(unescape_path("-srv"), None);
    assert_eq!(unescape_path("a-..-b"), None);
}

proptest! {
    #[test]
    fn a_name_that_parses_is_put_together_again_from_its_parts(text in "[a-z@.:_\\\\-]{0,12}\\.(service|socket|x)") {
        if let Ok(name) = UnitName::parse(&text) {
            prop_assert_eq!(name.as_str(), &text);
            prop_assert_eq!(format!("{}.{}", name.stem(), name.kind()), text);
            prop_assert!(name.stem().starts_with(name.prefix()));
            prop_assert_eq!(&name.dropin_names()[0], &name);
        }
    }

    #[test]
    fn no_text_makes_a_name_panic(text in any::<String>()) {
        let _ = UnitName::parse(&text);
        let _ = unescape(&text);
        let _ = unescape_path(&text);
    }
}
