//! The environment of a service: a list of what passes, not of what is taken away.

use std::ffi::{CString, OsString};
use std::os::unix::ffi::OsStrExt;

use crate::identity::Ids;

/// The variables that pass, with those that speak of the user set to who it will be.
pub(crate) fn filter(
    variables: &[(OsString, OsString)],
    allowed: &[String],
    ids: &Ids,
) -> Vec<CString> {
    let passes = |name: &[u8]| {
        allowed.iter().any(|own| match own.strip_suffix('*') {
            Some(prefix) => name.starts_with(prefix.as_bytes()),
            None => name == own.as_bytes(),
        })
    };
    let mut kept: Vec<CString> = variables
        .iter()
        .filter(|(name, _)| passes(name.as_bytes()))
        .filter(|(name, _)| ids.account.is_none() || !speaks_of_user(name.as_bytes()))
        // It names the process that the descriptors are for, which exists only later.
        .filter(|(name, _)| name.as_bytes() != b"LISTEN_PID")
        .filter_map(|(name, value)| line(name.as_bytes(), value.as_bytes()))
        .collect();
    if let Some(account) = &ids.account {
        for (name, value) in [
            ("USER", &account.name),
            ("LOGNAME", &account.name),
            ("HOME", &account.home),
        ] {
            kept.extend(line(name.as_bytes(), value.as_bytes()));
        }
    }
    kept
}

/// How many descriptors from 3 on were passed by a service manager; see sd_listen_fds(3).
pub(crate) fn passed_descriptors(variables: &[(OsString, OsString)]) -> u32 {
    let value = |wanted: &str| {
        variables
            .iter()
            .find(|(name, _)| name == wanted)
            .and_then(|(_, value)| value.to_str()?.parse::<u32>().ok())
    };
    let for_us = value("LISTEN_PID") == Some(std::process::id());
    value("LISTEN_FDS").filter(|_| for_us).unwrap_or(0)
}

/// `NAME=value`; nothing for one with a NUL byte, which no environment can hold.
pub(crate) fn line(name: &[u8], value: &[u8]) -> Option<CString> {
    CString::new([name, b"=", value].concat()).ok()
}

fn speaks_of_user(name: &[u8]) -> bool {
    matches!(name, b"USER" | b"LOGNAME" | b"HOME" | b"SHELL")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_listed_names_and_prefixes_pass() {
        let variables = ["PATH", "LC_ALL", "LD_PRELOAD", "SECRET", "LISTEN_PID"]
            .map(|name| (name.into(), "1".into()))
            .to_vec();
        let allowed = ["PATH".to_owned(), "LC_*".to_owned(), "LISTEN_*".to_owned()];
        let kept = filter(&variables, &allowed, &Ids::default());
        assert_eq!(kept, [c"PATH=1".to_owned(), c"LC_ALL=1".to_owned()]);
    }

    #[test]
    fn descriptors_for_another_process_are_not_ours() {
        let pid = std::process::id();
        let with = |pid: u32| {
            [
                ("LISTEN_FDS", "2".to_owned()),
                ("LISTEN_PID", pid.to_string()),
            ]
            .map(|(name, value)| (name.into(), value.into()))
        };
        assert_eq!(passed_descriptors(&with(pid)), 2);
        assert_eq!(passed_descriptors(&with(pid + 1)), 0);
    }
}
