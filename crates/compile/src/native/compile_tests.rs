//! Plans and coverage for described hosts.

use ringfence_policy::policy::Policy;

use super::compile::{CompileError, Settings, compile};
use super::plan::{Plan, Proc, StartUser};
use super::syscall::Arch;
use super::target::Target;
use crate::coverage::{Coverage, Status};

fn host() -> Target {
    Target {
        arch: Arch::X86_64,
        kernel: "6.18.0".to_owned(),
        landlock_abi: 7,
        uid: 0,
        privileged: true,
        user_namespaces: true,
        procfs_mountable: true,
        cgroup_controllers: Vec::new(),
        legacy_controllers: Vec::new(),
        unprivileged_port_start: 1024,
        deny_write_execute: true,
    }
}

fn on(target: &Target, grants: &[&str], exact: &[&str]) -> Result<(Plan, Coverage), CompileError> {
    let grants = grants.iter().map(|text| text.parse().unwrap());
    let policy = Policy::base().join(&grants.collect());
    let settings = Settings {
        name: "test".to_owned(),
        exec: vec!["/usr/bin/test".to_owned()],
        require_exact: exact.iter().map(|kind| (*kind).to_owned()).collect(),
        ..Settings::default()
    };
    compile(&policy, &settings, target)
}

fn plan(grants: &[&str]) -> Plan {
    on(&host(), grants, &[]).unwrap().0
}

fn status(target: &Target, grants: &[&str], subject: &str) -> String {
    let (_, coverage) = on(target, grants, &[]).unwrap();
    let row = coverage
        .rows()
        .iter()
        .find(|row| row.subject.to_string() == subject);
    row.unwrap().status.word().to_owned()
}

#[test]
fn an_empty_policy_has_every_namespace_and_a_dynamic_user() {
    let plan = plan(&[]);
    let all = plan.namespaces;
    assert!(all.user && all.mount && all.pid && all.ipc && all.uts && all.cgroup && all.net);
    assert_eq!(plan.identity.unwrap().user, StartUser::Dynamic);
    assert_eq!(plan.view.unwrap().proc, Proc::Processes);
    assert_eq!(plan.capabilities.unwrap(), []);
}

#[test]
fn a_network_grant_shares_the_network_and_names_its_ports() {
    let plan = plan(&["net.bind tcp:8080", "net.connect tcp:any"]);
    assert!(!plan.namespaces.net);
    let landlock = plan.landlock.unwrap();
    assert_eq!(landlock.bind_tcp, Some(vec![8080]));
    assert_eq!(landlock.connect_tcp, None);
}

#[test]
fn a_capability_that_must_be_valid_on_the_host_leaves_out_the_user_namespace() {
    let low_port = ["process.capability CAP_NET_BIND_SERVICE", "net.bind tcp:80"];
    assert!(!plan(&low_port).namespaces.user);
    let drops = [
        "service.user root",
        "service.drops_to nobody",
        "process.capability CAP_SETUID",
    ];
    assert!(plan(&drops).namespaces.user);
}

#[test]
fn proc_shows_no_more_than_it_must() {
    for (grant, expected) in [
        ("files.read /proc/self/maps", Proc::Processes),
        ("files.read /proc/stat", Proc::Granted),
        ("proc.sys", Proc::All),
    ] {
        assert_eq!(plan(&[grant]).view.unwrap().proc, expected, "{grant}");
    }
}

#[test]
fn each_row_says_how_exactly() {
    let host = host();
    for (grant, expected) in [
        ("files.read /srv", "EXACT"),
        ("files.read /proc/meminfo", "EXACT"),
        ("files.append /srv/log", "WIDER"),
        ("files.read /srv/*.db", "WIDER"),
        ("net.bind tcp:80", "EXACT"),
        ("net.connect tcp:10.0.0.0/8:80", "WIDER"),
        ("net.bind udp:53", "WIDER"),
        ("resources.memory_max 64M", "WIDER"),
        ("resources.tasks_max 10", "WIDER"),
        ("resources.cpu_quota 50", "NONE"),
        ("secret token", "EXTERN"),
    ] {
        assert_eq!(status(&host, &[grant], grant), expected, "{grant}");
    }
    let bare = Target {
        privileged: false,
        user_namespaces: false,
        uid: 1000,
        landlock_abi: 0,
        ..host
    };
    assert_eq!(status(&bare, &[], "files"), "NONE");
    assert_eq!(status(&bare, &[], "network"), "NONE");
    assert_eq!(
        status(&bare, &["service.user dynamic"], "service.user dynamic"),
        "WIDER"
    );
}

#[test]
fn limits_are_held_by_the_most_exact_means_there_is() {
    let names = |all: &[&str]| all.iter().map(|name| (*name).to_owned()).collect();
    let v2 = Target {
        cgroup_controllers: names(&["memory", "pids", "cpu"]),
        ..host()
    };
    let v1 = Target {
        legacy_controllers: names(&["memory", "pids", "cpu"]),
        ..host()
    };
    let root = "service.user root";
    let capability = "process.capability CAP_SYS_ADMIN";
    for (grant, on_v2, on_v1, on_none) in [
        ("resources.memory_max 64M", "EXACT", "WIDER", "WIDER"),
        ("resources.tasks_max 10", "EXACT", "EXACT", "NONE"),
        ("resources.cpu_quota 50", "EXACT", "EXACT", "NONE"),
    ] {
        let grants = [root, capability, grant];
        assert_eq!(status(&v2, &grants, grant), on_v2, "{grant}");
        assert_eq!(status(&v1, &grants, grant), on_v1, "{grant}");
        assert_eq!(status(&host(), &grants, grant), on_none, "{grant}");
    }
}

#[test]
fn root_that_nothing_bounds_is_worth_a_note() {
    let root = ["service.user root", "process.capability CAP_SYS_ADMIN"];
    let notes = |target: &Target| on(target, &root, &[]).unwrap().0.notes;
    assert!(notes(&host()).iter().any(|note| note.contains("processes")));
    let v1 = Target {
        legacy_controllers: vec!["pids".to_owned()],
        ..host()
    };
    assert_eq!(notes(&v1), [""; 0]);
    assert_eq!(status(&v1, &root, "tasks"), "EXACT");
    assert_eq!(status(&host(), &[], "tasks"), "WIDER");
}

#[test]
fn defaults_that_a_grant_would_lift_have_rows() {
    let host = host();
    assert_eq!(status(&host, &[], "nofile"), "EXACT");
    assert_eq!(status(&host, &[], "tmp"), "EXACT");
    assert_eq!(status(&host, &[], "programs"), "WIDER");
}

#[test]
fn what_must_be_exact_and_is_not_is_an_error() {
    let host = host();
    assert!(on(&host, &["net.bind tcp:80"], &["net.bind"]).is_ok());
    let error = on(&host, &["net.bind udp:53"], &["net"]).unwrap_err();
    assert!(error.to_string().contains("net.bind udp:53"), "{error}");
}

#[test]
fn only_root_starts_a_service_as_root() {
    let user = Target {
        privileged: false,
        uid: 1000,
        ..host()
    };
    assert!(matches!(
        on(&user, &["service.user root"], &[]),
        Err(CompileError::OtherUser { .. })
    ));
}

#[test]
fn every_grant_has_a_row_and_only_inexact_rows_say_why() {
    let grants = ["files.read /srv", "net.dns", "process.jit", "dirs.state x"];
    let (_, coverage) = on(&host(), &grants, &[]).unwrap();
    for grant in grants {
        assert!(
            coverage
                .rows()
                .iter()
                .any(|row| row.subject.to_string() == grant),
            "{grant}"
        );
    }
    for row in coverage.rows() {
        assert_eq!(
            row.status == Status::Exact,
            row.status.why().is_empty(),
            "{row:?}"
        );
    }
}
