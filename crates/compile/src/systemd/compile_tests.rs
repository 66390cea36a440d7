//! Drop-ins and units for described hosts.

use std::fmt::Write as _;

use proptest::prelude::*;
use ringfence_policy::grant::Grant;
use ringfence_policy::manifest::Manifest;
use ringfence_policy::policy::Policy;
use ringfence_unit::load::Unit;

use super::directive::directive;
use super::traps::traps;
use super::{Artifact, CgroupMode, CompileError, Form, Target, compile};
use crate::coverage::{Coverage, Status, Subject};
use crate::native::syscall::Arch;

const VERSIONS: [u32; 5] = [237, 247, 252, 257, 262];

fn target(version: u32) -> Target {
    Target::of_version(version, Arch::X86_64)
}

fn packaged(name: &str, text: &str) -> Unit {
    let name = name.parse().unwrap();
    Unit::of_text(name, "/lib/systemd/system/x".into(), text.as_bytes()).unwrap()
}

fn manifest(text: &str) -> Manifest {
    let text = format!("ringfence = 1\n{text}");
    Manifest::parse(&text).unwrap_or_else(|errors| panic!("{}", errors.render("x", false)))
}

fn service(rest: &str) -> Manifest {
    manifest(&format!(
        "[service]\nname = \"x\"\nexec = [\"/usr/bin/x\"]\n{rest}"
    ))
}

fn made(
    manifest: &Manifest,
    unit: Option<&Unit>,
    target: &Target,
) -> Result<(Vec<Artifact>, Coverage), CompileError> {
    let policy = manifest.policy(None).unwrap();
    let form = unit.map_or(Form::Whole, Form::DropIn);
    compile(&policy, manifest, None, form, target)
}

fn text(manifest: &Manifest, unit: Option<&Unit>, version: u32) -> String {
    made(manifest, unit, &target(version)).unwrap().0[0]
        .text
        .clone()
}

fn status(coverage: &Coverage, subject: &str) -> Status {
    let row = coverage
        .rows()
        .iter()
        .find(|row| row.subject.to_string() == subject);
    row.unwrap_or_else(|| panic!("no row for {subject} in\n{coverage}"))
        .status
        .clone()
}

const REDIS: &str = r#"
[service]
name = "redis-server"
exec = ["/usr/bin/redis-server", "/etc/redis/redis.conf"]
type = "notify"
user = "redis"
[files]
read = ["/etc/redis/redis.conf"]
append = ["/var/log/redis"]
write = ["/run/redis", "/var/lib/redis"]
use = ["openssl", "system_stats"]
[net]
bind = ["tcp:127.0.0.1:6379", "tcp:[::1]:6379"]
[[peer]]
unix = "/run/systemd/notify"
[resources]
memory_max = "128M"
tasks_max = 64
nofile = 1024
"#;

const REDIS_UNIT: &str = "[Service]
Type=notify
ExecStart=/usr/bin/redis-server /etc/redis/redis.conf
User=redis
RuntimeDirectory=redis
LimitNOFILE=65535
ReadWritePaths=-/var/lib/redis
ReadWriteDirectories=-/etc/redis
SystemCallFilter=@system-service
RestrictAddressFamilies=AF_INET
NoExecPaths=/
ExecPaths=/usr/lib
";

const NGINX: &str = r#"
[service]
name = "nginx"
exec = ["/usr/sbin/nginx"]
user = { name = "root", why = "becomes www-data" }
drops_to = "www-data"
[files]
read = ["/etc/nginx", "/var/www/html"]
append = ["/var/log/nginx"]
write = ["/var/lib/nginx"]
exec = ["/usr/sbin/nginx"]
use = ["nameservice"]
[dirs]
private = ["/run"]
[net]
bind = ["tcp:80"]
[process]
capabilities = ["CAP_NET_BIND_SERVICE", "CAP_SETGID", "CAP_SETUID"]
"#;

const NGINX_UNIT: &str = "[Service]
Type=forking
PIDFile=/run/nginx.pid
ExecStartPre=/usr/sbin/nginx -t
ExecStart=/usr/sbin/nginx
ExecReload=/usr/sbin/nginx -s reload
ExecStop=-/sbin/start-stop-daemon --stop --pidfile /run/nginx.pid
";

const DNESS: &str = r#"
[service]
name = "dness"
exec = ["/usr/bin/dness", "-c", "/etc/dness/dness.conf"]
type = "oneshot"
timer = "5min"
user = "dynamic"
[files]
use = ["nameservice", "ssl_certs"]
[net]
dns = true
connect = ["tcp:any:443"]
[[secret]]
name = "TOKEN"
from = "/etc/dness/secrets/cloudflare"
as = "template"
in = ["/etc/dness/dness.conf"]
[resources]
memory_max = "64M"
runtime_max = "2min"
"#;

#[test]
fn the_text_for_each_version_is_as_expected() {
    let redis = packaged("redis-server.service", REDIS_UNIT);
    let nginx = packaged("nginx.service", NGINX_UNIT);
    for version in VERSIONS {
        for (name, policy, unit) in [
            ("redis", REDIS, Some(&redis)),
            ("nginx", NGINX, Some(&nginx)),
            ("dness", DNESS, None),
        ] {
            let (artifacts, coverage) = made(&manifest(policy), unit, &target(version)).unwrap();
            let mut all = String::new();
            for artifact in artifacts {
                writeln!(all, "## {}\n{}", artifact.path, artifact.text).unwrap();
            }
            insta::assert_snapshot!(
                format!("{name}_{version}"),
                format!("{all}## coverage\n{coverage}")
            );
        }
    }
}

#[test]
fn what_a_unit_has_in_a_list_is_taken_out_first() {
    let unit = packaged("redis-server.service", REDIS_UNIT);
    let text = text(&manifest(REDIS), Some(&unit), 252);
    let both = Unit::of_text(
        "x.service".parse().unwrap(),
        "/x".into(),
        format!("{REDIS_UNIT}{text}").as_bytes(),
    )
    .unwrap();
    let words = |key| -> Vec<String> {
        let lines = both.effective_list("Service", key);
        lines.iter().map(|line| line.value.clone()).collect()
    };
    assert_eq!(words("ReadWritePaths"), Vec::<String>::new());
    assert_eq!(
        words("RestrictAddressFamilies"),
        ["AF_INET AF_INET6 AF_UNIX"]
    );
    assert!(
        !words("SystemCallFilter")
            .iter()
            .any(|line| line.contains('@'))
    );
    assert!(
        words("ExecPaths")
            .iter()
            .all(|line| !line.starts_with("/usr/lib"))
    );
    // Commands and identity stay what they are.
    assert_eq!(words("ExecStart").len(), 1);
    assert!(!text.contains("User="));
}

#[test]
fn the_unit_keeps_a_higher_number_of_descriptors_and_is_told_so() {
    let unit = packaged("redis-server.service", REDIS_UNIT);
    let (artifacts, coverage) = made(&manifest(REDIS), Some(&unit), &target(252)).unwrap();
    assert!(!artifacts[0].text.contains("LimitNOFILE"));
    assert_eq!(status(&coverage, "resources.nofile 1024").word(), "WIDER");
}

#[test]
fn a_tighter_limit_of_the_unit_is_not_loosened() {
    let unit = packaged(
        "redis-server.service",
        "[Service]\nExecStart=/usr/bin/x\nLimitNOFILE=100\nMemoryMax=1M\nTasksMax=infinity\n",
    );
    let (artifacts, coverage) = made(&manifest(REDIS), Some(&unit), &target(252)).unwrap();
    let text = &artifacts[0].text;
    assert!(
        !text.contains("LimitNOFILE") && !text.contains("MemoryMax"),
        "{text}"
    );
    assert!(text.contains("TasksMax=64\n"), "{text}");
    for row in ["resources.nofile 1024", "resources.memory_max 128M"] {
        assert_eq!(status(&coverage, row).word(), "NARROWER", "{row}");
    }
}

#[test]
fn a_unit_changes_its_user_only_when_the_policy_says_so() {
    let unit = packaged(
        "x.service",
        "[Service]\nExecStart=/usr/bin/x\nUser=x\nGroup=y\n",
    );
    let same = text(&service("user = \"x\""), Some(&unit), 252);
    assert!(!same.contains("User=x") && !same.contains("Group="));
    let dynamic = text(&service("user = \"dynamic\""), Some(&unit), 252);
    assert!(dynamic.contains("\nUser=\nGroup=\nDynamicUser=yes\n"));
}

#[test]
fn a_dynamic_users_state_is_left_to_the_service_manager() {
    let policy = service("user = \"dynamic\"\n[dirs]\nstate = [\"x\"]\nruntime = [\"x\"]\n");
    let new = text(&policy, None, 252);
    assert!(new.contains("StateDirectory=x\n"));
    assert!(!new.contains("/var/lib/x"), "{new}");
    assert!(new.contains("BindPaths=/run/x "), "{new}");
    // Before 250 nobody puts the link to it into the view.
    assert!(text(&policy, None, 249).contains("/var/lib/private/x:/var/lib/x"));
}

#[test]
fn a_template_gets_one_drop_in_for_all_its_instances() {
    let unit = packaged(
        "db@main.service",
        "[Service]\nType=forking\nPIDFile=/run/db/%i.pid\nRuntimeDirectory=db/%i\nExecStart=/usr/bin/x %i\n",
    );
    let policy = service("user = \"x\"\n[dirs]\nprivate = [\"/run\"]\n");
    let (artifacts, _) = made(&policy, Some(&unit), &target(252)).unwrap();
    assert_eq!(
        artifacts[0].path.to_string(),
        "/etc/systemd/system/db@.service.d/50-ringfence.conf"
    );
    let text = &artifacts[0].text;
    assert!(text.contains("/run/ringfence/%N/run:/run"), "{text}");
    assert!(text.contains("/run/db/%i"), "{text}");
    assert!(!text.contains("RemoveIPC"), "{text}");
}

#[test]
fn what_goes_past_the_sandbox_is_told() {
    let unit = packaged(
        "x.service",
        "[Service]\nExecStart=/usr/bin/x\nExecReload=+/bin/kill -HUP $MAINPID\nPAMName=login\n\
         BindPaths=/a:/b\n",
    );
    let (_, coverage) = made(&service("user = \"x\""), Some(&unit), &target(252)).unwrap();
    for row in ["unconfined-commands", "pam", "bind-paths"] {
        assert_eq!(status(&coverage, row).word(), "WIDER", "{row}");
    }
}

#[test]
fn every_program_that_the_unit_starts_can_be_executed() {
    let unit = packaged(
        "x.service",
        "[Service]\nType=oneshot\nExecStartPre=-@/usr/bin/one one ; /usr/bin/two\nExecStart=three\n\
         ExecStop=%h/four\n",
    );
    let text = text(&service("user = \"x\""), Some(&unit), 252);
    let open: Vec<_> = text
        .lines()
        .filter(|line| line.starts_with("ExecPaths="))
        .collect();
    let open = open.join(" ");
    for program in [
        "/usr/bin/one",
        "/usr/bin/two",
        "/usr/sbin/three",
        "/usr/bin/three",
    ] {
        assert!(open.contains(&format!("-{program}")), "{program} in {open}");
    }
}

#[test]
fn a_resolver_on_the_loopback_opens_the_loopback_alone() {
    let policy = service("user = \"dynamic\"\n[net]\ndns = true\n");
    let mut host = target(252);
    let path = |text: &str| text.parse().unwrap();
    assert!(
        !made(&policy, None, &host).unwrap().0[0]
            .text
            .contains("IPAddressDeny")
    );
    host.links.insert(
        path("/etc/resolv.conf"),
        path("/run/systemd/resolve/stub-resolv.conf"),
    );
    let text = &made(&policy, None, &host).unwrap().0[0].text;
    assert!(
        text.contains("IPAddressDeny=any\nIPAddressAllow=localhost\n"),
        "{text}"
    );
}

#[test]
fn a_working_directory_that_is_hidden_does_not_stop_the_start() {
    for (directory, expected) in [
        ("/var/spool/x", true),
        ("/usr/share/x", false),
        ("~", false),
    ] {
        let body = format!("[Service]\nExecStart=/usr/bin/x\nWorkingDirectory={directory}\n");
        let unit = packaged("x.service", &body);
        let text = text(&service("user = \"x\""), Some(&unit), 252);
        let has = text.contains(&format!("WorkingDirectory=-{directory}\n"));
        assert_eq!(has, expected, "{directory}");
    }
}

#[test]
fn roots_kill_reaches_a_service_that_became_another_user() {
    let unit = packaged(
        "x.service",
        "[Service]\nExecStart=/usr/bin/x\nExecReload=/bin/kill -HUP $MAINPID\n",
    );
    let policy = service(
        "user = { name = \"root\", why = \"x\" }\ndrops_to = \"y\"\n[process]\ncapabilities = [\"CAP_SETUID\"]\n",
    );
    assert!(
        text(&policy, Some(&unit), 252).contains("CapabilityBoundingSet=CAP_SETUID CAP_KILL\n")
    );
}

#[test]
fn a_template_that_no_argument_names_is_an_error() {
    let text = DNESS.replace("\"-c\", \"/etc/dness/dness.conf\"", "\"-c\"");
    let unit = packaged("dness.service", "[Service]\nExecStart=/usr/bin/dness\n");
    let error = made(&manifest(&text), Some(&unit), &target(252)).unwrap_err();
    assert!(matches!(error, CompileError::Template { .. }), "{error}");
}

#[test]
fn a_required_kind_that_is_not_exact_stops() {
    let policy =
        service("user = \"dynamic\"\n[net]\ndns = true\n[require]\nexact = [\"net.dns\"]\n");
    let error = made(&policy, None, &target(252)).unwrap_err();
    assert!(matches!(error, CompileError::Inexact(_)), "{error}");
}

#[test]
fn a_host_that_ignores_a_directive_is_never_called_exact() {
    let bare = Target {
        bpf_framework: false,
        libseccomp: false,
        cgroups: CgroupMode::Hybrid,
        controllers: Vec::new(),
        ..target(252)
    };
    let policy = service("user = \"dynamic\"\n[resources]\nmemory_max = \"1M\"\n");
    let (_, coverage) = made(&policy, None, &bare).unwrap();
    for row in [
        "socket-bind-deny",
        "ip-address-deny",
        "system-call-filter",
        "restrict-namespaces",
        "restrict-address-families",
        "memory-deny-write-execute",
        "tasks-max",
        "resources.memory_max 1M",
    ] {
        assert_eq!(status(&coverage, row).word(), "INERT", "{row}");
    }
}

#[test]
fn without_a_network_grant_there_is_no_network() {
    let text = text(&service("user = \"dynamic\""), None, 252);
    for line in [
        "PrivateNetwork=yes",
        "RestrictAddressFamilies=none",
        "IPAddressDeny=any",
        "SocketBindDeny=any",
    ] {
        assert!(text.contains(&format!("\n{line}\n")), "{line}\n{text}");
    }
}

/// Grants of every kind that a unit has a word for.
const GRANTS: &[&str] = &[
    "service.user root",
    "service.user redis",
    "service.drops_to www-data",
    "service.group adm",
    "files.read /etc/nginx",
    "files.read /etc",
    "files.read /srv/a b",
    "files.read /home/ada/site",
    "files.read /proc/meminfo",
    "files.read /sys/devices/system/cpu",
    "files.read /opt/x/*.conf",
    "files.append /var/log/x",
    "files.write /var/lib/x",
    "files.write /dev/shm",
    "files.write /run/x",
    "files.exec /usr/bin/ssh",
    "files.exec /opt/tool",
    "files.use nameservice",
    "files.use terminal",
    "files.device /dev/net/tun rw",
    "dirs.state x",
    "dirs.logs x/y",
    "dirs.runtime x",
    "dirs.private /run",
    "dirs.private /var/spool/x",
    "net.bind tcp:80",
    "net.bind udp:127.0.0.1:53",
    "net.bind tcp:[::1]:8000-8100",
    "net.connect tcp:10.0.0.0/8:22",
    "net.connect tcp:any:443",
    "net.dns",
    "net.netlink route",
    "net.family packet",
    "peer.unix /run/x/sock",
    "peer.unix /run/docker.sock",
    "peer.unix @x",
    "listen.unix /run/y/sock",
    "process.capability CAP_NET_BIND_SERVICE",
    "process.capability CAP_SYS_TIME",
    "process.capability CAP_MKNOD",
    "process.syscall openat",
    "process.syscall bpf",
    "process.namespace user",
    "process.namespace mount",
    "process.jit",
    "process.memfd",
    "process.shm",
    "process.bpf",
    "process.mlock",
    "process.coredump",
    "process.new_privileges",
    "proc.others",
    "proc.sys",
    "kernel.tunables",
    "kernel.clock",
    "kernel.hostname",
    "resources.memory_max 64M",
    "resources.tasks_max 16",
    "resources.nofile 4096",
    "resources.cpu_quota 50",
    "resources.tmp_max 1M",
    "resources.runtime_max 60",
    "secret token",
];

const UNITS: [&str; 4] = [
    "[Service]\nExecStart=/usr/bin/x\n",
    REDIS_UNIT,
    NGINX_UNIT,
    "[Service]\nType=dbus\nBusName=x\nDynamicUser=yes\nExecStart=@/usr/bin/x x\nStateDirectory=x y:z\n\
     ExecReload=/bin/kill -HUP $MAINPID\nPrivateNetwork=yes\nProtectClock=yes\nIPAddressDeny=any\n",
];

/// Since when systemd knows what we write, from the notes in its manual pages (262) and NEWS: written down
/// apart from the table that the back end uses.
const SINCE: &[(&str, u32)] = &[
    ("InaccessiblePaths", 231),
    ("MemoryDenyWriteExecute", 231),
    ("MemoryMax", 231),
    ("ReadWritePaths", 231),
    ("RestrictRealtime", 231),
    ("DynamicUser", 232),
    ("PrivateUsers", 232),
    ("ProtectControlGroups", 232),
    ("RemoveIPC", 232),
    ("BindPaths", 233),
    ("BindReadOnlyPaths", 233),
    ("RestrictNamespaces", 233),
    ("IPAddressAllow", 235),
    ("IPAddressDeny", 235),
    ("KeyringMode", 235),
    ("LockPersonality", 235),
    ("StateDirectory", 235),
    ("LogsDirectory", 235),
    ("TemporaryFileSystem", 238),
    ("PrivateMounts", 239),
    ("ProtectHostname", 242),
    ("RestrictSUIDSGID", 242),
    ("ProtectKernelLogs", 244),
    ("ProtectClock", 245),
    ("LoadCredential", 247),
    ("ProcSubset", 247),
    ("ProtectProc", 247),
    ("ExecPaths", 248),
    ("NoExecPaths", 248),
    ("PrivateIPC", 248),
    ("SocketBindAllow", 249),
    ("SocketBindDeny", 249),
    ("LoadCredentialEncrypted", 250),
    ("RestrictFileSystems", 250),
    ("PrivatePIDs", 257),
    ("PrivateBPF", 258),
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_grant_has_a_row_and_no_text_is_a_trap_or_too_new(
        picked in proptest::sample::subsequence(GRANTS, 0..20),
        version in proptest::sample::select(&VERSIONS[..]),
        unit in proptest::option::of(proptest::sample::select(&UNITS[..])),
    ) {
        let grants: Policy = picked.iter().map(|text| text.parse::<Grant>().unwrap()).collect();
        let policy = service("user = \"dynamic\"").policy(None).unwrap().join(&grants);
        let unit = unit.map(|text| packaged("x.service", text));
        let form = unit.as_ref().map_or(Form::Whole, Form::DropIn);
        let manifest = service("user = \"dynamic\"");
        let (artifacts, coverage) = compile(&policy, &manifest, None, form, &target(version)).unwrap();
        let again = compile(&policy, &manifest, None, form, &target(version)).unwrap().0;
        prop_assert_eq!(&artifacts, &again);
        for grant in policy.grants() {
            let rows = coverage.rows().iter().filter(|row| row.subject == Subject::Grant(grant.clone()));
            prop_assert_eq!(rows.count(), 1, "{}", grant);
        }
        let text = &artifacts[0].text;
        prop_assert_eq!(traps(text), Vec::<String>::new(), "{}", text);
        let name = "x.service".parse().unwrap();
        let parsed = Unit::of_text(name, "/x.service".into(), text.as_bytes()).unwrap();
        for setting in parsed.settings() {
            let since = SINCE.iter().find(|(key, _)| *key == setting.key).map_or(0, |own| own.1);
            prop_assert!(since <= version, "{} in\n{}", setting.key, text);
            if let Some(own) = directive(&setting.key) {
                prop_assert!(own.since >= since, "{}", setting.key);
            }
        }
        let first = parsed.files.first().unwrap();
        prop_assert!(first.remarks.is_empty(), "{:?} in\n{}", first.remarks, text);
    }
}
