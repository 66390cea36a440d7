//! The risk of files and devices.

use super::Risk;
use crate::grant::{DeviceAccess, FileAccess};
use crate::pattern::PathPattern;
use crate::place;

/// Trees from which the host takes programs, libraries, units, jobs and its own rules: whoever writes
/// there is executed, sooner or later, by someone else.
const TAKES_CODE_FROM: [&str; 16] = [
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib64",
    "/boot",
    "/etc/cron.d",
    "/etc/crontab",
    "/etc/init.d",
    "/etc/ld.so.preload",
    "/etc/ld.so.conf.d",
    "/etc/pam.d",
    "/etc/profile.d",
    "/etc/systemd",
    "/etc/udev",
    "/var/spool/cron",
];

/// Files that make one root when written, and give passwords or keys away when read.
const ACCOUNTS: [&str; 8] = [
    "/etc/shadow",
    "/etc/shadow-",
    "/etc/gshadow",
    "/etc/gshadow-",
    "/etc/sudoers",
    "/etc/sudoers.d",
    "/etc/passwd",
    "/etc/group",
];

pub(super) fn file(access: FileAccess, path: &PathPattern) -> Risk {
    match access {
        FileAccess::Read => read(path),
        FileAccess::Exec => exec(path),
        FileAccess::Write => write(path),
        FileAccess::Append => {
            let Risk { level, .. } = write(path);
            Risk::new(
                level.saturating_sub(2).max(1),
                format!("can add to {path}, without reading or changing what is there"),
            )
        }
    }
}

fn overlaps(path: &PathPattern, places: &[&str]) -> bool {
    places.iter().any(|place| {
        place
            .parse::<PathPattern>()
            .is_ok_and(|place| place.covers(path) || path.covers(&place))
    })
}

fn read(path: &PathPattern) -> Risk {
    let top = path.literal_prefix();
    let depth = top.components().count();
    if depth == 0 {
        return Risk::new(10, "can read every file on the host, secrets included");
    }
    if overlaps(path, &ACCOUNTS[..6]) && depth > 1 {
        return Risk::new(9, format!("can read {path} and guess passwords offline"));
    }
    if top.components().any(|name| name == b".ssh") {
        return Risk::new(9, format!("can read keys in {path} and log in elsewhere"));
    }
    let code_only = [
        "/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32",
    ];
    if code_only.iter().any(|place| {
        top.ancestors()
            .any(|above| above.as_bytes() == place.as_bytes())
    }) {
        return Risk::new(1, format!("can read programs and libraries in {path}"));
    }
    match place::is_sensitive(&top) {
        _ if place::is_shared(&top) && depth < 3 && place::holds_sensitive(&top) => Risk::new(
            9,
            format!("can read all of {path}, where secrets of the host are kept"),
        ),
        true => Risk::new(7, format!("can read {path}, which looks like a secret")),
        false if is_of_the_kernel(&top) => {
            Risk::new(2, format!("can read {path}, which tells about the host"))
        }
        false if place::is_shared(&top) => Risk::new(
            6,
            format!("can read what every other service keeps in {path}"),
        ),
        false => Risk::new(2, format!("can read {path}")),
    }
}

/// Whether `path` is one file or directory of `/proc` or `/sys`, and not all of them.
fn is_of_the_kernel(path: &crate::path::AbsPath) -> bool {
    let mut names = path.components();
    matches!(names.next(), Some(b"proc" | b"sys")) && names.next().is_some()
}

fn write(path: &PathPattern) -> Risk {
    let top = path.literal_prefix();
    if top.parent().is_none() {
        return Risk::new(10, "can change every file on the host");
    }
    if overlaps(path, &TAKES_CODE_FROM) || overlaps(path, &ACCOUNTS) {
        return Risk::new(
            10,
            format!("can change {path} and so make the host run its code"),
        );
    }
    if place::is_sensitive(&top) {
        return Risk::new(
            if top.components().any(|name| name == b".ssh") {
                10
            } else {
                9
            },
            format!("can change {path}, which looks like a secret"),
        );
    }
    match top.components().next() {
        Some(b"etc") => Risk::new(
            9,
            format!("can change {path}: configuration outlives a restart"),
        ),
        _ if place::is_shared(&top) => Risk::new(
            8,
            format!("can change what every other service keeps in {path}"),
        ),
        Some(b"var" | b"run") => Risk::new(3, format!("can change its data in {path}")),
        _ => Risk::new(4, format!("can change {path}")),
    }
}

fn exec(path: &PathPattern) -> Risk {
    let top = path.literal_prefix();
    let name = top.file_name().unwrap_or(b"/");
    let stem: Vec<u8> = name
        .iter()
        .copied()
        .take_while(|byte| !byte.is_ascii_digit() && *byte != b'.')
        .collect();
    match stem.as_slice() {
        _ if path
            .as_literal()
            .is_none_or(|exact| place::is_shared(&exact) && exact.components().count() < 3) =>
        {
            Risk::new(7, format!("can run every program in {path}"))
        }
        b"sh" | b"bash" | b"dash" | b"zsh" | b"busybox" | b"python" | b"perl" | b"ruby"
        | b"node" | b"php" | b"lua" => {
            Risk::new(6, format!("can run {path}, and with it any script"))
        }
        b"sudo" | b"su" | b"pkexec" | b"doas" => {
            Risk::new(9, format!("can run {path}, which makes root"))
        }
        b"ssh" | b"curl" | b"wget" | b"nc" | b"socat" => {
            Risk::new(5, format!("can run {path} to reach other machines"))
        }
        _ => Risk::new(2, format!("can run {path}")),
    }
}

pub(super) fn device(access: DeviceAccess, path: &PathPattern) -> Risk {
    let top = path.literal_prefix();
    let name = top.file_name().unwrap_or(b"");
    let starts = |words: &[&str]| words.iter().any(|word| name.starts_with(word.as_bytes()));
    if matches!(name, b"null" | b"zero" | b"full" | b"random" | b"urandom") {
        return Risk::new(0, format!("can use {path}"));
    }
    if matches!(name, b"tty" | b"pts") || top.as_bytes().starts_with(b"/dev/pts") {
        return Risk::new(2, format!("can talk to the terminal {path}"));
    }
    let whole_machine = starts(&[
        "mem", "kmem", "port", "sd", "vd", "xvd", "nvme", "dm-", "loop", "md",
    ]) || matches!(name, b"dev" | b"mapper" | b"");
    if whole_machine {
        return Risk::new(
            10,
            format!("can reach memory or disks below every file through {path}"),
        );
    }
    let level = match access {
        DeviceAccess::Read => 4,
        DeviceAccess::Write | DeviceAccess::ReadWrite => 6,
    };
    Risk::new(level, format!("can use the driver of {path}"))
}
