//! Confinements to test in, and what comes out of them.

use std::io::Read;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::time::Duration;

use ringfence_compile::native::{Plan, Settings, compile};
use ringfence_policy::policy::Policy;
use ringfence_sandbox::{Exit, Sandbox, SandboxError, detect};
use rustix::pipe::{PipeFlags, pipe_with};

/// Long enough that only something stuck reaches it.
pub const LONG: Duration = Duration::from_secs(20);

/// The plan of a policy on this host.
pub fn plan(grants: &[&str], argv: &[&str]) -> Plan {
    let grants = grants.iter().map(|text| text.parse().unwrap());
    let policy = Policy::base().join(&grants.collect());
    let settings = Settings {
        name: "test".to_owned(),
        exec: argv.iter().map(|word| (*word).to_owned()).collect(),
        ..Settings::default()
    };
    compile(&policy, &settings, &detect().unwrap()).unwrap().0
}

/// Runs a closure; whether it said yes.
pub fn holds(grants: &[&str], check: impl FnOnce() -> bool) -> bool {
    holds_under(plan(grants, &["/bin/true"]), check)
}

/// Runs a closure under a plan; whether it said yes.
pub fn holds_under(plan: Plan, check: impl FnOnce() -> bool) -> bool {
    let exit = Sandbox::new(plan)
        .deadline(LONG)
        .run_closure(|| i32::from(!check()))
        .unwrap();
    assert!(
        matches!(exit, Exit::Code(0 | 1)),
        "the closure did not end by itself: {exit:?}"
    );
    exit.success()
}

/// Runs a command; how it ended and what it printed.
pub fn command(grants: &[&str], argv: &[&str]) -> (Result<Exit, SandboxError>, String) {
    under(plan(grants, argv))
}

/// Runs a plan's command; how it ended and what it printed.
pub fn under(plan: Plan) -> (Result<Exit, SandboxError>, String) {
    let (read, write) = pipe_with(PipeFlags::CLOEXEC).unwrap();
    let exit = Sandbox::new(plan).stdout(write).deadline(LONG).run();
    (exit, text(read))
}

/// Everything that is in a pipe.
pub fn text(read: OwnedFd) -> String {
    let mut text = String::new();
    std::fs::File::from(read).read_to_string(&mut text).unwrap();
    text
}

/// A directory that everyone may use, outside of the private ones.
pub fn directory() -> tempfile::TempDir {
    use std::os::unix::fs::PermissionsExt;
    let place = ["/srv", "/var/tmp", "/tmp"]
        .into_iter()
        .find_map(|place| tempfile::tempdir_in(place).ok())
        .unwrap();
    std::fs::set_permissions(place.path(), PermissionsExt::from_mode(0o777)).unwrap();
    place
}

/// A grant on a path.
pub fn grant(kind: &str, path: &Path) -> String {
    format!("{kind} {}", path.display())
}

/// The kernel's number for what went wrong.
pub fn errno<T>(result: std::io::Result<T>) -> Option<i32> {
    result.err().and_then(|error| error.raw_os_error())
}
