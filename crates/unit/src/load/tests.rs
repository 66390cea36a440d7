use std::path::PathBuf;

use super::*;

const ETC: &str = "/etc/systemd/system";
const LIB: &str = "/usr/lib/systemd/system";

fn name(text: &str) -> UnitName {
    UnitName::parse(text).unwrap()
}

fn service(user: &str) -> String {
    format!("[Service]\nExecStart=/bin/x\nUser={user}\n")
}

fn user(user: &str) -> String {
    format!("[Service]\nUser={user}\n")
}

/// The files of a unit and its users in the order in which they apply.
fn shown(source: &Memory, unit: &str) -> String {
    let unit = load(&name(unit), source).unwrap();
    let files = unit.files.iter().map(|f| f.path.display().to_string());
    let files: Vec<_> = files.collect();
    let users: Vec<_> = unit
        .values("Service", "User")
        .map(|s| s.value.clone())
        .collect();
    format!("{} {} {}", unit.name, files.join(" "), users.join(","))
}

#[test]
fn the_first_directory_that_has_a_drop_in_wins_and_winners_apply_by_name() {
    let source = Memory::default()
        .file(format!("{LIB}/a-b.service"), service("main"))
        .file(format!("{LIB}/a-b.service.d/20.conf"), user("no"))
        .file(format!("{ETC}/a-.service.d/20.conf"), user("20"))
        .file(format!("{LIB}/service.d/10.conf"), user("10"))
        .file(format!("{ETC}/a-b.service.d/30.conf"), user("30"))
        .file(format!("{ETC}/a-b.service.d/30.txt"), user("no"));
    assert_eq!(
        shown(&source, "a-b.service"),
        "a-b.service /usr/lib/systemd/system/a-b.service /usr/lib/systemd/system/service.d/10.conf \
         /etc/systemd/system/a-.service.d/20.conf /etc/systemd/system/a-b.service.d/30.conf main,10,20,30"
    );
}

#[test]
fn a_link_to_null_or_an_empty_file_masks() {
    let source = Memory::default()
        .file(format!("{LIB}/a.service"), service("main"))
        .file(format!("{LIB}/a.service.d/10.conf"), user("no"))
        .link(format!("{ETC}/a.service.d/10.conf"), "/dev/null")
        .file(format!("{LIB}/b.service"), service("main"))
        .link(format!("{ETC}/b.service"), "/dev/null")
        .file(format!("{LIB}/c.service"), "")
        .link(format!("{LIB}/d.service"), "b.service");
    assert!(shown(&source, "a.service").ends_with(" main"));
    for masked in ["b.service", "c.service", "d.service"] {
        let error = load(&name(masked), &source).unwrap_err();
        assert!(matches!(error, LoadError::Masked { .. }), "{error}");
    }
    let missing = load(&name("e.service"), &source).unwrap_err();
    assert_eq!(
        missing.to_string(),
        "find e.service: no unit directory has it"
    );
}

#[test]
fn an_instance_is_its_template_with_the_drop_ins_of_both() {
    let source = Memory::default()
        .file(format!("{LIB}/t@.service"), service("%i"))
        .file(format!("{ETC}/t@.service.d/10.conf"), user("template"))
        .file(format!("{ETC}/t@x.service.d/20.conf"), user("instance"))
        .file(format!("{ETC}/t@own.service"), service("own"));
    assert_eq!(
        shown(&source, "t@x.service"),
        "t@x.service /usr/lib/systemd/system/t@.service /etc/systemd/system/t@.service.d/10.conf \
         /etc/systemd/system/t@x.service.d/20.conf %i,template,instance"
    );
    assert!(shown(&source, "t@own.service").ends_with(" own,template"));
    assert!(shown(&source, "t@.service").ends_with(" %i,template"));
}

#[test]
fn an_alias_is_the_unit_it_leads_to_and_brings_its_own_drop_ins() {
    let source = Memory::default()
        .file(format!("{LIB}/ssh.service"), service("main"))
        .link(format!("{ETC}/sshd.service"), format!("{LIB}/ssh.service"))
        .file(format!("{ETC}/sshd.service.d/10.conf"), user("alias"))
        .link(format!("{ETC}/ssh.service"), format!("{LIB}/ssh.service"));
    for asked in ["ssh.service", "sshd.service"] {
        let unit = load(&name(asked), &source).unwrap();
        assert_eq!(unit.name.as_str(), "ssh.service");
        assert_eq!(unit.aliases, [name("sshd.service")]);
        assert!(shown(&source, asked).ends_with(" main,alias"), "{asked}");
    }
}

#[test]
fn a_unit_directory_that_is_a_link_still_holds_aliases() {
    let source = Memory::default()
        .link(ETC, "/nix/store/units")
        .file("/nix/store/units/a.service", service("main"))
        .link("/nix/store/units/b.service", "/nix/store/units/a.service")
        .link("/nix/store/units/c.service", "/nix/store/other/c.service")
        .file("/nix/store/other/c.service", service("linked"));
    assert_eq!(
        load(&name("b.service"), &source).unwrap().name.as_str(),
        "a.service"
    );
    assert_eq!(
        load(&name("c.service"), &source).unwrap().name.as_str(),
        "c.service"
    );
    let index = Index::of(&source).unwrap();
    let units: Vec<_> = index.units().map(|unit| unit.to_string()).collect();
    assert_eq!(units, ["a.service", "c.service"]);
}

#[test]
fn links_that_lead_in_a_circle_are_an_error() {
    let source = Memory::default()
        .link(format!("{ETC}/a.service"), "b.service")
        .link(format!("{ETC}/b.service"), "a.service");
    let error = load(&name("a.service"), &source).unwrap_err();
    assert!(matches!(error, LoadError::Circle { .. }), "{error}");
}

#[test]
fn a_broken_main_file_is_not_loaded_and_of_a_broken_drop_in_the_start_counts() {
    let source = Memory::default()
        .file(format!("{LIB}/a.service"), "[Service]\nUser=a\n[Bad\n")
        .file(format!("{LIB}/b.service"), service("main"))
        .file(
            format!("{ETC}/b.service.d/10.conf"),
            "[Service]\nUser=b\n[Bad\nUser=c\n",
        );
    assert_eq!(
        load(&name("a.service"), &source).unwrap_err().to_string(),
        "load a.service: /usr/lib/systemd/system/a.service: line 3, column 1: the section header `[Bad` does \
         not end in `]`"
    );
    let unit = load(&name("b.service"), &source).unwrap();
    assert_eq!(unit.last("Service", "User").unwrap().value, "b");
    assert!(unit.files[1].failure.is_some());
}

#[test]
fn an_empty_value_resets_a_list() {
    let unit = Unit::of_text(
        name("a.service"),
        PathBuf::from("/a.service"),
        b"[Service]\nExecStart=/bin/a\nExecStart=\nExecStart=/bin/b\nExecStart=/bin/c\n",
    );
    let unit = unit.unwrap();
    let list: Vec<_> = unit.effective_list("Service", "ExecStart");
    let list: Vec<_> = list.iter().map(|s| (&*s.value, s.at.line)).collect();
    assert_eq!(list, [("/bin/b", 4), ("/bin/c", 5)]);
    assert_eq!(unit.values("Service", "ExecStart").count(), 4);
}

#[test]
fn the_directory_in_front_wins_over_etc() {
    let source = Memory::default()
        .file("/usr/lib/systemd/system/a.service", service("lib"))
        .file(
            "/usr/lib/systemd/system/a.service.d/10.conf",
            user("lib-drop-in"),
        )
        .file(
            "/etc/systemd/system/a.service.d/10.conf",
            user("etc-drop-in"),
        );
    let front = InFront::new(PathBuf::from(LIB), &source);
    let unit = load(&name("a.service"), &front).unwrap();
    assert_eq!(unit.last("Service", "User").unwrap().value, "lib-drop-in");
    let unit = load(&name("a.service"), &source).unwrap();
    assert_eq!(unit.last("Service", "User").unwrap().value, "etc-drop-in");
}
