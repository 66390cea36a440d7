//! RestartForceExitStatus=. Whether it is set at all decides whether old systemd loads a unit.

use super::number::unsigned;
use crate::score::reader::{Reader, words};
use crate::word::Style;

/// The names of exit statuses in systemd.exec(5).
#[rustfmt::skip]
const STATUSES: [&str; 68] = [
    "SUCCESS", "FAILURE", "INVALIDARGUMENT", "NOTIMPLEMENTED", "NOPERMISSION", "NOTINSTALLED",
    "NOTCONFIGURED", "NOTRUNNING", "USAGE", "DATAERR", "NOINPUT", "NOUSER", "NOHOST", "UNAVAILABLE",
    "SOFTWARE", "OSERR", "OSFILE", "CANTCREAT", "IOERR", "TEMPFAIL", "PROTOCOL", "NOPERM", "CONFIG",
    "CHDIR", "NICE", "FDS", "EXEC", "MEMORY", "LIMITS", "OOM_ADJUST", "SIGNAL_MASK", "STDIN", "STDOUT",
    "CHROOT", "IOPRIO", "TIMERSLACK", "SECUREBITS", "SETSCHEDULER", "CPUAFFINITY", "GROUP", "USER",
    "CAPABILITIES", "CGROUP", "SETSID", "CONFIRM", "STDERR", "PAM", "NETWORK", "NAMESPACE",
    "NO_NEW_PRIVILEGES", "SECCOMP", "SELINUX_CONTEXT", "PERSONALITY", "APPARMOR", "ADDRESS_FAMILIES",
    "RUNTIME_DIRECTORY", "CHOWN", "SMACK_PROCESS_LABEL", "KEYRING", "STATE_DIRECTORY", "CACHE_DIRECTORY",
    "LOGS_DIRECTORY", "CONFIGURATION_DIRECTORY", "NUMA_POLICY", "CREDENTIALS", "BPF", "EXCEPTION",
    "OOM",
];

/// The signals that have a name, without their `SIG`.
#[rustfmt::skip]
const SIGNALS: [&str; 31] = [
    "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE",
    "ALRM", "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ",
    "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS",
];

/// One line: whether it leaves any status or signal set.
pub(crate) fn assign(any: &mut bool, value: &str, reader: &mut Reader<'_>) {
    if value.is_empty() {
        *any = false;
        return;
    }
    for word in words(value, Style::PLAIN) {
        match word {
            Ok(word) if is_status(&word) => *any = true,
            Ok(word) => reader.ignored(&word),
            Err(_) => return reader.ignored(value),
        }
    }
}

fn is_status(word: &str) -> bool {
    let signal = word.strip_prefix("SIG").unwrap_or(word);
    let real_time = signal.starts_with("RTMIN") || signal.starts_with("RTMAX");
    let number = unsigned(word, 0).is_some_and(|number| number <= 255);
    number || real_time || SIGNALS.contains(&signal) || STATUSES.contains(&word)
}
