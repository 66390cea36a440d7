use std::path::PathBuf;

use super::*;
use crate::name::UnitName;
use crate::score::{Model, Profile, assess};

fn reach(lines: &str) -> Reach {
    let text = format!("[Service]\nExecStart=/bin/a\n{lines}");
    let name = UnitName::parse("a.service").unwrap();
    let unit = Unit::of_text(name, PathBuf::from("/a.service"), text.as_bytes()).unwrap();
    Reach::of(&unit, &assess(&unit, &Profile::newest(), Model::Manager))
}

#[test]
fn a_unit_without_protections_can_do_everything() {
    let reach = reach("");
    assert_eq!(
        reach.exploited,
        "root with every capability: every system call, the host's network, new namespaces, kernel modules and devices"
    );
    assert_eq!(reach.read, "every file");
    assert_eq!(
        reach.exhaust,
        "all memory, CPU time and disk bandwidth; at most the manager's default of tasks"
    );
}

#[test]
fn a_confined_unit_says_what_is_left() {
    let reach = reach(
        "DynamicUser=yes\nSystemCallFilter=@system-service\nSystemCallFilter=~@privileged @resources\n\
         RestrictNamespaces=yes\nRestrictAddressFamilies=AF_UNIX\nProtectHome=yes\nPrivateDevices=yes\n\
         ProtectProc=invisible\nInaccessiblePaths=/srv -/opt\nMemoryMax=1G\nTasksMax=64\nCPUQuota=50%\n",
    );
    assert_eq!(
        reach.exploited,
        "a user of its own: no dangerous group of system calls and no internet sockets"
    );
    assert_eq!(
        reach.read,
        "every file that its user and groups may read but homes, others' temporary files, devices, others' \
         processes, /srv and /opt"
    );
    assert_eq!(
        reach.exhaust,
        "all disk bandwidth; at most 1G of memory, 64 tasks and 50% of a CPU"
    );
}

#[test]
fn a_user_with_a_way_to_root_is_told_apart() {
    assert!(
        reach("User=a")
            .exploited
            .starts_with("the user a, and root by any set-user-ID program: ")
    );
    assert!(
        reach("User=a\nNoNewPrivileges=yes")
            .exploited
            .starts_with("the user a: ")
    );
    assert!(
        reach("CapabilityBoundingSet=")
            .exploited
            .starts_with("root without capabilities: ")
    );
    assert_eq!(
        reach("CapabilityBoundingSet=").read,
        "every file that root owns or anyone may read"
    );
    assert!(
        reach("IPAddressDeny=any\nIPAddressAllow=localhost")
            .exploited
            .contains("addresses of this host")
    );
    assert!(reach("IPAddressDeny=any").exploited.contains("no address"));
    assert_eq!(reach("ProtectHome=read-only").read, "every file");
}

#[test]
fn a_limit_that_is_lifted_is_none() {
    assert_eq!(
        reach("TasksMax=infinity\nMemoryMax=infinity\nOOMScoreAdjust=-1000").exhaust,
        "all memory, tasks, CPU time and disk bandwidth; killed last when memory runs out"
    );
}
