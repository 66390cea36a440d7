use std::path::PathBuf;

use super::*;
use crate::name::UnitName;
use crate::score::{Model, Profile, assess};

/// The findings about a service with these lines: their rules and where they are.
fn found(lines: &str) -> Vec<(&'static str, usize)> {
    all(lines)
        .into_iter()
        .map(|f| (f.rule.id(), f.at.line))
        .collect()
}

fn all(lines: &str) -> Vec<Finding> {
    let text = format!("[Service]\nExecStart=/bin/a\n{lines}");
    let name = UnitName::parse("a.service").unwrap();
    let unit = Unit::of_text(name, PathBuf::from("/a.service"), text.as_bytes()).unwrap();
    let assessment = assess(&unit, &Profile::newest(), Model::Manager);
    lint(&unit, &assessment)
}

#[test]
fn a_sound_unit_has_none() {
    let lines = "User=a\nNoNewPrivileges=yes\nCapabilityBoundingSet=\nRestrictAddressFamilies=AF_UNIX AF_INET\n\
                 SystemCallFilter=@system-service\nSystemCallFilter=~@privileged\nRestrictNamespaces=yes\n\
                 MemoryMax=1G\nUMask=0077\nX-Foo=bar\nEnvironment=\"A=b c\"\n";
    assert_eq!(found(lines), []);
}

#[test]
fn quoted_families_are_an_empty_allow_list() {
    let found_lines = found("RestrictAddressFamilies=\"AF_UNIX AF_INET\"");
    assert_eq!(found_lines, [("empty-allow-list", 3), ("ignored-value", 3)]);
    assert!(
        all("RestrictAddressFamilies=\"AF_UNIX AF_INET\"")[1]
            .help
            .contains("quotes")
    );
}

#[test]
fn made_up_capabilities_and_quoted_filters_are_empty_allow_lists() {
    for line in [
        "CapabilityBoundingSet=CAP_BOGUS",
        "SystemCallFilter=\"@system-service\"",
    ] {
        assert_eq!(found(line)[0], ("empty-allow-list", 3), "{line}");
    }
    assert_eq!(
        found("CapabilityBoundingSet=CAP_BOGUS CAP_KILL"),
        [("ignored-value", 3)]
    );
    assert_eq!(
        found("CapabilityBoundingSet=~CAP_BOGUS"),
        [("ignored-value", 3)]
    );
}

#[test]
fn an_allow_list_after_a_deny_list_only_takes_entries_out() {
    let lines = "SystemCallFilter=~@privileged @resources\nSystemCallFilter=@system-service";
    assert_eq!(found(lines), [("mixed-list", 4)]);
    let reset =
        "SystemCallFilter=~@privileged\nSystemCallFilter=\nSystemCallFilter=@system-service";
    assert_eq!(found(reset), []);
}

#[test]
fn a_denial_of_a_part_is_told_from_that_of_the_whole() {
    assert_eq!(
        found("RestrictAddressFamilies=~AF_INET6"),
        [("partial-denial", 3)]
    );
    assert_eq!(
        found("RestrictAddressFamilies=~AF_BLUETOOTH"),
        [("partial-denial", 3)]
    );
    assert_eq!(found("RestrictAddressFamilies=~AF_INET AF_INET6"), []);
    assert_eq!(found("RestrictAddressFamilies=~AF_PACKET"), []);
}

#[test]
fn comments_and_quotes_at_a_flag_are_found() {
    let quoted = all("PrivateNetwork=\"yes\"");
    assert_eq!(quoted[0].rule, Rule::IgnoredValue);
    assert!(quoted[0].help.contains("quotes"), "{}", quoted[0].help);
    assert!(all("PrivateNetwork=yes # why")[0].help.contains("comment"));
}

#[test]
fn commands_outside_of_the_confinement_are_found() {
    assert_eq!(found("ExecStartPre=-+/bin/b"), [("unconfined-command", 3)]);
    assert_eq!(
        found("ExecStartPre=!/bin/b\nUser=a"),
        [("unconfined-command", 3)]
    );
    assert_eq!(found("ExecStartPre=!!/bin/b\nUser=a"), []);
    assert_eq!(found("ExecStartPre=!/bin/b\nPermissionsStartOnly=yes"), []);
    assert_eq!(found("ExecStartPre=+/bin/b\nExecStartPre="), []);
    assert_eq!(
        found("PermissionsStartOnly=yes\nDynamicUser=yes"),
        [("unconfined-command", 3)]
    );
}

#[test]
fn protections_that_are_misspelled_or_misplaced_are_found() {
    for line in [
        "PrivateNetworks=yes",
        "privatetmp=yes",
        "ProtectSytsem=yes",
        "NoNewPriviliges=yes",
    ] {
        assert_eq!(found(line), [("unknown-setting", 3)], "{line}");
    }
    assert_eq!(found("[Install]\nPrivateTmp=yes"), [("unknown-setting", 4)]);
    assert_eq!(
        found("SecureBits=noroot\nUMask=077\nLimitNICE=1\nMemoryAccounting=yes\nPrivateX=1"),
        []
    );
}

#[test]
fn lines_without_effect_and_shared_users_are_found() {
    assert_eq!(found("User"), [("void-line", 3)]);
    assert_eq!(
        found("Environment=A=b \\\n[Install]\nX=y"),
        [("void-line", 4)]
    );
    assert_eq!(found("User=nobody"), [("shared-user", 3)]);
    assert_eq!(found("User=nobody\nDynamicUser=yes"), []);
}

#[test]
fn each_rule_has_a_name_of_its_own() {
    let mut ids: Vec<_> = Rule::ALL.iter().map(|rule| rule.id()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), Rule::ALL.len());
}
