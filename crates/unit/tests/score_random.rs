//! The score of random units against the `systemd-analyze` of this machine.
//!
//! `RINGFENCE_ROUNDS` asks for more units, `RINGFENCE_SEED` for others, and `RINGFENCE_SYSTEMD_ANALYZE` names a
//! program to ask instead, such as one that enters a machine with another release.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test, although its helpers do not look like one to Clippy"
)]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use ringfence_unit::load::{Index, Memory};
use ringfence_unit::name::UnitName;
use ringfence_unit::score::{Model, Profile, assess};

/// A row's badness by its field; none where it does not apply.
type Rows = BTreeMap<String, Option<u64>>;

#[test]
fn random_units_score_as_this_machine_says() {
    let profile = Profile::of(version()).expect("a profile of the systemd of this machine");
    let mut random = Random(number("RINGFENCE_SEED", 0x9e37_79b9_7f4a_7c15));
    let rounds = number("RINGFENCE_ROUNDS", 150);
    let (mut differing, mut scored) = (String::new(), 0);
    for round in 0..rounds {
        let folder = tempfile::tempdir().unwrap();
        let name = *random.pick(NAMES);
        let text = unit(&mut random);
        fs::write(folder.path().join(name), &text).unwrap();
        let (ours, theirs) = (ours(name, &text, &profile), theirs(folder.path(), name));
        scored += u64::from(theirs.is_some());
        if ours != theirs {
            let detail = difference(ours.as_ref(), theirs.as_ref());
            writeln!(differing, "== {name} of round {round}: {detail}\n{text}").unwrap();
        }
    }
    assert!(differing.is_empty(), "{differing}");
    assert!(
        scored > rounds / 3,
        "too few units were scored to show anything"
    );
}

fn number(variable: &str, otherwise: u64) -> u64 {
    let given = std::env::var(variable);
    given.map_or(otherwise, |given| given.parse().expect("a number"))
}

fn tool() -> Command {
    let program = std::env::var("RINGFENCE_SYSTEMD_ANALYZE");
    Command::new(program.unwrap_or_else(|_| "systemd-analyze".to_owned()))
}

fn version() -> u32 {
    let output = tool().arg("--version").output();
    let output = output.expect("this test needs systemd-analyze(1), of Debian's package systemd");
    let text = String::from_utf8(output.stdout).unwrap();
    let second = text.split([' ', '.', '~']).nth(1);
    second.unwrap().parse().unwrap()
}

/// The rows as we see them; none when the unit is refused.
fn ours(name: &str, text: &str, profile: &Profile) -> Option<Rows> {
    let source = Memory::with_directories(["/units"]).file(format!("/units/{name}"), text);
    let index = Index::of(&source).unwrap().with_syntax(profile.syntax());
    let mut name = UnitName::parse(name).unwrap();
    if name.is_template() {
        name = name.with_instance(profile.instance()).unwrap();
    }
    let unit = index.load(&name).ok()?;
    let assessment = assess(&unit, profile, Model::Offline);
    let row = |mark: ringfence_unit::score::Mark| {
        (mark.row.field.to_owned(), mark.badness.map(u64::from))
    };
    let rows = assessment.marks.iter().map(row).collect();
    assessment.refusal.is_none().then_some(rows)
}

/// The rows as the tool sees them.
fn theirs(directory: &Path, name: &str) -> Option<Rows> {
    let output = tool()
        .args(["security", "--offline=true", "--json=short", "--no-pager"])
        .arg(directory.join(name))
        .env("SYSTEMD_UNIT_PATH", directory)
        .env("SYSTEMD_ANALYZE_DEBUG", "1")
        .current_dir(directory)
        .output()
        .unwrap();
    if output.stdout.is_empty() {
        return None;
    }
    let rows: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let of_row = |row: &serde_json::Value| {
        let badness = row.get("badness").unwrap().as_u64().unwrap();
        let field = row.get("json_field").unwrap().as_str().unwrap().to_owned();
        (field, Some(badness).filter(|badness| *badness != u64::MAX))
    };
    Some(rows.as_array().unwrap().iter().map(of_row).collect())
}

fn difference(ours: Option<&Rows>, theirs: Option<&Rows>) -> String {
    let (Some(ours), Some(theirs)) = (ours, theirs) else {
        let says = |rows: Option<&Rows>| {
            if rows.is_some() {
                "scores it"
            } else {
                "refuses it"
            }
        };
        return format!("systemd {}, ringfence {}", says(theirs), says(ours));
    };
    let differ = theirs
        .iter()
        .filter(|(field, badness)| ours.get(*field) != Some(badness));
    let of_one =
        differ.map(|(field, badness)| format!("{field}: {badness:?}, not {:?}", ours.get(field)));
    of_one.collect::<Vec<_>>().join("; ")
}

/// Names that specifiers make something of, and one that is root's.
const NAMES: &[&str] = &[
    "a.service",
    "a-b.service",
    "t@.service",
    "t@x-y.service",
    "root.service",
    "nobody.service",
    "0.service",
];

/// Values that any setting may be given.
const STRAY: &[&str] = &[
    "", "yes", "no", "~", "none", "\"", "%", "%i", "%z", "a b", "-", "\\", "1", "0", "é",
];

/// Settings, each with whole values.
#[rustfmt::skip]
const SETTINGS: &[(&str, &[&str])] = &[
    ("DynamicUser", &["yes", "yes", "no", "1"]),
    ("User", &["root", "nobody", "redis", "%i", "%p", "%u", "%U", "0", "00", "65534", "65535", "a:b", "a b", "\"redis\"", "%%", "_x", "-1", "é"]),
    ("Group", &["root", "nogroup", "%j", "a/b", "12"]),
    ("PAMName", &["login", "%i", ""]),
    ("KillMode", &["process", "none", "mixed", "control-group", "bogus"]),
    ("PrivateDevices", BOOLEANS),
    ("PrivateMounts", BOOLEANS),
    ("PrivateNetwork", BOOLEANS),
    ("PrivateTmp", &["yes", "no", "connected", "disconnected", "TRUE"]),
    ("PrivateUsers", &["yes", "no", "self", "identity", "full", "managed"]),
    ("PrivatePIDs", &["yes", "no"]),
    ("ProtectClock", BOOLEANS),
    ("ProtectControlGroups", &["yes", "no", "private", "strict", "true"]),
    ("ProtectHome", &["yes", "no", "read-only", "tmpfs", "true", "readonly"]),
    ("ProtectHostname", &["yes", "no", "private", "private:name", "private:-", "yes:a", "no:a"]),
    ("ProtectKernelLogs", BOOLEANS),
    ("ProtectKernelModules", BOOLEANS),
    ("ProtectKernelTunables", BOOLEANS),
    ("ProtectProc", &["default", "noaccess", "invisible", "ptraceable", "Invisible"]),
    ("ProcSubset", &["all", "pid"]),
    ("ProtectSystem", &["yes", "no", "full", "strict", "FULL", "on"]),
    ("KeyringMode", &["private", "shared", "inherit"]),
    ("NotifyAccess", &["none", "main", "exec", "all"]),
    ("Delegate", &["yes", "no", "cpu memory", "bogus", "\"cpu", ""]),
    ("LockPersonality", BOOLEANS),
    ("MemoryDenyWriteExecute", BOOLEANS),
    ("NoNewPrivileges", BOOLEANS),
    ("RemoveIPC", BOOLEANS),
    ("RestrictRealtime", BOOLEANS),
    ("RestrictSUIDSGID", BOOLEANS),
    ("UMask", &["0077", "027", "7", "0", "01777", "8", "0o77", "77777"]),
    ("RootDirectory", &["/", "/srv", "srv", "/srv/../x", "/%i", "//", "/./", "-/srv"]),
    ("RootImage", &["/", "/srv/x.raw", "x.raw", "/%p.raw"]),
    ("RootVerity", &["/srv/x.verity", "x"]),
    ("RootMStack", &["/srv/x.mstack"]),
    ("WorkingDirectory", &["~", "/srv", "-srv", "srv", "/proc", "/proc/1", "-~", "-", "/sys/%i"]),
    ("MountImages", &["/a.raw:/mnt", "-/a.raw:/mnt:ro", "a.raw:/mnt", "/a.raw", "/a:/b /c:/d", "\"/a b:/c\""]),
    ("DevicePolicy", &["auto", "closed", "strict", "open"]),
    ("DeviceAllow", &["/dev/null rw", "char-rtc r", "block-loop", "/dev/sda x", "null", "/dev", "/dev/../etc", "/run/systemd/inaccessible/chr", "\"/dev/a b\" r", "/dev/%i", "/dev/a r w", "/sys/x", "char-"]),
    ("LoadCredential", &["a", "a:/etc/a", "a:b", "a:/../b", "a/b:/c", "%i:/x", "a:"]),
    ("LoadCredentialEncrypted", &["a", "a:/etc/a", "b:/etc/b", ":/x", "a b:/c"]),
    ("SetCredential", &["a:b", "a:", "a", "b: c\\n"]),
    ("SetCredentialEncrypted", &["a:AAAA", "a:AAA", "b:A A A A", "a:\\x20", "a:AA=="]),
    ("ImportCredential", &["a", "a*", "*", "a/b", "a:b", "a b", "%i"]),
    ("IPIngressFilterPath", &["/sys/fs/bpf/a", "sys", "/%i"]),
    ("AppArmorProfile", &["-a", "%z", "-%z", "a"]),
    ("SELinuxContext", &["%z", "-%z", "a"]),
    ("SmackProcessLabel", &["%z", "-%z", "a"]),
    ("ReadWritePaths", &["/srv"]),
    ("TemporaryFileSystem", &["/srv"]),
    ("Type", &["simple", "oneshot", "dbus", "forking", "notify", "notify-reload", "exec", "idle", "bogus"]),
    ("BusName", &["org.example.A", "org", ":1.2", "org.%p", "org.1"]),
    ("Restart", &["no", "always", "on-success", "on-failure"]),
    ("RestartForceExitStatus", &["1", "SIGTERM", "BOGUS", "SUCCESS SIGRTMIN+1", "300"]),
    ("RemainAfterExit", BOOLEANS),
    ("ExitType", &["main", "cgroup"]),
    ("ExecStart", &["/bin/a", "a", "", "/bin/a ; /bin/b", "-", "@/bin/a", "@/bin/a b", "+/bin/a", "!!/bin/a", "!!!/bin/a", "./a", "-./a", "/bin/", "/bin/a \"b", "\"/bin/a", "/bin/a %z", "-/bin/a %z", "/bin/a \\; b", "|/bin/a", "/bin/%i", "/bin/a ;", ";", "/bin/a\\x20b", "\"/bin/a b\" c", ":-@/bin/a b", "-@/bin/a", "/bin/.."]),
    ("ExecStartPre", &["/bin/a", "a/b", "-a/b", "%i", ""]),
    ("ExecStop", &["/bin/a", ""]),
    ("ExecReload", &["/bin/kill -HUP $MAINPID", "kill/"]),
    ("ExecReloadPost", &["/bin/a", "a/b"]),
];

const BOOLEANS: &[&str] = &["yes", "no", "true", "OFF", "1", "0", "t", "y"];

/// Settings that are lists of words, each with its words.
#[rustfmt::skip]
const LISTS: &[(&str, &[&str])] = &[
    ("CapabilityBoundingSet", CAPABILITIES),
    ("AmbientCapabilities", CAPABILITIES),
    ("RestrictNamespaces", &["cgroup", "ipc", "net", "mnt", "pid", "user", "uts", "time", "User", "bogus", "\"net\""]),
    ("RestrictAddressFamilies", &["AF_UNIX", "AF_INET", "AF_INET6", "AF_NETLINK", "AF_PACKET", "af_unix", "AF_LOCAL", "AF_ROUTE", "AF_VSOCK", "AF_BLUETOOTH", "AF_BOGUS", "\"AF_UNIX\"", "none", "AF_UNIX,AF_INET"]),
    ("SystemCallFilter", &["@system-service", "@default", "@clock", "@debug", "@mount", "@module", "@raw-io", "@reboot", "@swap", "@privileged", "@resources", "@obsolete", "@cpu-emulation", "@known", "@bogus", "ptrace", "mount", "swapon", "swapoff", "@swap:EPERM", "ptrace:1", "reboot:kill", "mount:EBOGUS", "bogus", "open_tree", "open_tree_attr", "init_module", "finit_module", "delete_module", "ioperm", "iopl", "@sandbox", "@file-system", "@basic-io", "modify_ldt", ":1", "@swap:4096", "reboot", "kexec_load", "kexec_file_load", "\"@swap\""]),
    ("SystemCallArchitectures", &["native", "x86", "x86-64", "x32", "arm64", "bogus", "\"native\"", "loongarch64", "riscv64"]),
    ("SupplementaryGroups", &["adm", "disk", "%i", "12", "a:b", "\"a"]),
    ("IPAddressAllow", ADDRESSES),
    ("IPAddressDeny", ADDRESSES),
];

#[rustfmt::skip]
const CAPABILITIES: &[&str] = &["CAP_SYS_ADMIN", "CAP_CHOWN", "cap_kill", "CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP", "CAP_NET_RAW", "CAP_SYS_TIME", "CAP_WAKE_ALARM", "CAP_MKNOD", "CAP_SYSLOG", "CAP_BPF", "CAP_PERFMON", "CAP_BOGUS", "0", "39", "0x5", "010", "62", "63", "64", "-1", "+3", "\"CAP_KILL\"", "\"CAP_KILL"];

#[rustfmt::skip]
const ADDRESSES: &[&str] = &["any", "any", "localhost", "LOCALHOST", "x.localhost", "localhost.", "localhost.localdomain", "link-local", "multicast", "127.0.0.1", "127.0.0.0/8", "127.1.2.3/24", "127.0.0.0/4", "::1", "::1/128", "::1/64", "10.0.0.0/8", "0.0.0.0/0", "::/0", "10.1.2.3/0", "fe80::1%lo", "10.0.0.0/33", "1.2.3", "::ffff:127.0.0.1", "10.0.0.0/08", "10.0.0.0/0x8", "10.0.0.0/", "Any", "\"any\""];

/// A unit that mostly can be loaded.
fn unit(random: &mut Random) -> String {
    let mut text = String::from("[Unit]\n");
    if random.below(8) == 0 {
        text.push_str("DefaultDependencies=no\n");
    }
    if random.below(16) == 0 {
        let actions = [
            "reboot",
            "halt",
            "soft-reboot",
            "bogus",
            "exit-force",
            "none",
        ];
        writeln!(text, "SuccessAction={}", random.pick(&actions)).unwrap();
    }
    text.push_str("[Service]\n");
    if random.below(12) > 0 {
        text.push_str("ExecStart=/bin/true\n");
    }
    for _ in 0..random.below(14) {
        let (key, value) = match random.below(20) {
            0 => (random.pick(SETTINGS).0, (*random.pick(STRAY)).to_owned()),
            1 => (random.pick(LISTS).0, (*random.pick(STRAY)).to_owned()),
            2..=10 => {
                let (key, values) = random.pick(SETTINGS);
                (*key, (*random.pick(values)).to_owned())
            }
            _ => {
                let (key, words) = random.pick(LISTS);
                (*key, list(words, random))
            }
        };
        // Most random commands would have the unit refused, and nothing else seen of it.
        if key.starts_with("Exec") && random.below(3) > 0 {
            continue;
        }
        writeln!(text, "{key}={value}").unwrap();
    }
    text
}

fn list(words: &[&str], random: &mut Random) -> String {
    let count = 1 + random.below(4);
    let words: Vec<&str> = (0..count).map(|_| *random.pick(words)).collect();
    let inverted = if random.below(3) == 0 { "~" } else { "" };
    format!("{inverted}{}", words.join(" "))
}

/// Numbers that are the same in every run: xorshift64*.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, limit: u64) -> u64 {
        (self.next() >> 33) % limit
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        let place = self.below(u64::try_from(from.len()).unwrap());
        from.get(usize::try_from(place).unwrap()).unwrap()
    }
}
