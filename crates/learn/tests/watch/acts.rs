//! What this program does as the watcher.

use std::ffi::{CString, OsString};
use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Duration;

use ringfence_learn::ptrace::{DENY, Options, RECORD, Tracer};
use ringfence_learn::{Control, Ending, Event, LearnError, Watch, watch};
use ringfence_policy::trace::Trace;
use ringfence_sys::process::{Fork, exec, exit_now, fork};
use ringfence_sys::seccomp::{Action, FilterFlags, Instruction, load_filter};

pub fn perform(act: &str, arguments: Vec<OsString>) {
    let trace = match act {
        "watch" => watch(&quiet(arguments), &mut |_| Control::Continue),
        "serve" => serve(arguments),
        "stop" => stop(arguments),
        "idle" => idle(arguments),
        "deny" => deny(&arguments),
        other => panic!("no act {other}"),
    };
    match trace {
        Ok(trace) => std::io::stdout()
            .write_all(trace.to_lines().as_bytes())
            .unwrap(),
        Err(error) => {
            eprint!("{error}");
            std::process::exit(1);
        }
    }
}

/// The service's own output must not mix with the trace.
fn quiet(argv: Vec<OsString>) -> Watch {
    let null = std::fs::File::options()
        .write(true)
        .open("/dev/null")
        .unwrap();
    let mut request = Watch::new(argv);
    request.options.quiet = Duration::from_millis(100);
    request.output = Some(null);
    request
}

#[expect(clippy::zombie_processes, reason = "the watcher waits for every child")]
/// Runs a workload once the service listens: each `{}` in it is the port. Then stops the service.
fn serve(mut arguments: Vec<OsString>) -> Result<Trace, LearnError> {
    let workload = arguments.remove(0).into_string().unwrap();
    let mut client = None;
    watch(&quiet(arguments), &mut |event| match event {
        Event::Listening { endpoint, .. } if client.is_none() => {
            let port = endpoint.map_or(0, |endpoint| endpoint.port());
            let child = Command::new("/bin/sh")
                .args(["-c", &workload.replace("{}", &port.to_string())])
                .stdout(Stdio::null())
                .spawn()
                .unwrap();
            client = Some(child.id());
            Control::Steady
        }
        Event::ChildExited { pid, ended }
            if client == Some(pid.as_raw_nonzero().get().unsigned_abs()) =>
        {
            assert_eq!(ended.to_string(), "exit 0");
            Control::Stop(Ending::default())
        }
        _ => Control::Continue,
    })
}

/// Stops a service that does not want to, as soon as it has opened the file `ready`.
fn stop(arguments: Vec<OsString>) -> Result<Trace, LearnError> {
    let mut asked = false;
    watch(&quiet(arguments), &mut |event| match event {
        Event::Tick if !asked && std::path::Path::new("ready").exists() => {
            asked = true;
            Control::Stop(Ending {
                patience: Duration::from_millis(200),
                ..Ending::default()
            })
        }
        _ => Control::Continue,
    })
}

/// Ends a service when it is idle.
fn idle(arguments: Vec<OsString>) -> Result<Trace, LearnError> {
    watch(&quiet(arguments), &mut |event| match event {
        Event::Idle => Control::Finish,
        _ => Control::Continue,
    })
}

/// Runs a command under a filter that denies mkdir(2), and writes what was told of it to `told`.
fn deny(arguments: &[OsString]) -> Result<Trace, LearnError> {
    let (gate, opener) = std::io::pipe().unwrap();
    let pid = match fork().unwrap() {
        Fork::Parent(pid) => pid,
        Fork::Child => {
            drop(opener);
            let mut byte = [0];
            std::io::Read::read_exact(&mut &gate, &mut byte).unwrap();
            let statement = |code, k| Instruction {
                code,
                jt: 0,
                jf: 0,
                k,
            };
            let unless = |k| Instruction {
                code: 0x15,
                jt: 0,
                jf: 1,
                k,
            };
            let number = |call: syscalls::Sysno| call.id().unsigned_abs();
            rustix::thread::set_no_new_privs(true).unwrap();
            let filter = [
                statement(0x20, 0),
                unless(number(syscalls::Sysno::mkdirat)),
                statement(0x06, Action::Trace(DENY).raw()),
                #[cfg(target_arch = "x86_64")]
                unless(number(syscalls::Sysno::mkdir)),
                #[cfg(target_arch = "x86_64")]
                statement(0x06, Action::Trace(DENY).raw()),
                unless(number(syscalls::Sysno::openat)),
                statement(0x06, Action::Trace(RECORD).raw()),
                unless(number(syscalls::Sysno::execve)),
                statement(0x06, Action::Trace(RECORD).raw()),
                statement(0x06, Action::Allow.raw()),
            ];
            load_filter(filter, FilterFlags::empty()).unwrap();
            let argv: Vec<CString> = arguments
                .iter()
                .map(|word| {
                    CString::new(std::os::unix::ffi::OsStrExt::as_bytes(word.as_os_str())).unwrap()
                })
                .collect();
            drop(exec(&argv[0], &argv, &[c"PATH=/usr/bin:/bin"]));
            exit_now(127)
        }
    };
    let mut options = Options::default();
    options.tell_facts = true;
    let tracer = Tracer::attach(pid, options)?;
    (&opener).write_all(b"g").unwrap();
    let mut told = Vec::new();
    let trace = tracer.run(&mut |event| {
        if let Event::Seen {
            fact,
            errno: Some(errno),
            ..
        } = event
        {
            writeln!(told, "{errno} {fact:?}").unwrap();
        }
        Control::Continue
    })?;
    std::fs::write("told", told).unwrap();
    Ok(trace)
}
