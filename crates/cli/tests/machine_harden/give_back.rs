//! Policies that a service does not work with: the one grant it lacks is given back, and where no grant helps
//! everything is as it was.

use libtest_mimic::{Failed, Trial};
use ringfence_policy::lock::Lock;
use ringfence_policy::manifest::Manifest;

use crate::bench::{Bench, text};

/// Answers `late` with what a file says, and `privileges` with whether a program could gain some; `both` opens the
/// file too. What it opens, it opens only when it is asked.
const SERVER: &str = r#"
import socket
server = socket.create_server(("127.0.0.1", 8261))
while True:
    connection, _ = server.accept()
    with connection:
        asked = connection.recv(100).strip()
        if asked == b"late":
            answer = open("/srv/answering/late").read()
        elif asked in (b"privileges", b"both"):
            if asked == b"both":
                open("/srv/answering/late").read()
            answer = next(line for line in open("/proc/self/status") if line.startswith("NoNewPrivs:"))
        else:
            answer = "ready\n"
        connection.sendall(answer.encode())
"#;

const UNIT: &str =
    "[Service]\nExecStart=/usr/bin/python3 /usr/lib/answering/serve.py\nRestart=always\n";

/// `wants QUESTION ANSWER`; starts with the server's port being open.
const WANTS: &str = r#"#!/usr/bin/python3
import socket, sys, time
def ask(question):
    with socket.create_connection(("127.0.0.1", 8261), 5) as connection:
        connection.sendall(question.encode())
        return connection.recv(100).decode().strip()
deadline = time.monotonic() + 20
while True:
    try:
        ask("ready")
        break
    except OSError:
        if time.monotonic() > deadline: raise
        time.sleep(0.05)
answer = ask(sys.argv[1])
sys.exit(0 if answer == sys.argv[2] else f"wanted {sys.argv[2]!r}, saw {answer!r}")
"#;

/// The directory: what is first opened for a client stands for its like.
const LATE: &str = "files.read /srv/answering";

/// The trials.
pub fn trials() -> Vec<Trial> {
    let trial = |name: &str, run: fn() -> Result<(), String>| {
        Trial::test(name, move || run().map_err(Failed::from))
    };
    vec![
        trial(
            "give_back_returns_exactly_the_grant_that_is_missing",
            one_is_missing,
        ),
        trial(
            "give_back_leaves_everything_as_it_was_where_no_grant_helps",
            nothing_is_missing,
        ),
        trial(
            "give_back_takes_a_grant_away_again_that_did_not_help",
            one_more_is_missing,
        ),
    ]
}

fn one_is_missing() -> Result<(), String> {
    let bench = scene()?;
    bench.harden("answering.service", "/usr/lib/answering/wants late 42")?;
    let right = manifest(&bench)?;
    let wrong = without(&right, LATE)?;
    bench.write("/etc/ringfence/answering.toml", &wrong.render())?;

    let reply = apply(&bench)?;
    if reply.status != 0 {
        return Err(format!("apply {}", bench.told(&reply)?));
    }
    bench.shell("/usr/lib/answering/wants late 42")?;
    bench.shell("systemctl is-active answering.service")?;

    let kept = manifest(&bench)?;
    expect("the policy", &grants(&kept), &grants(&right))?;
    let provisional: Vec<_> = kept
        .grants()
        .filter(|(_, why)| why.is_some_and(|why| why.starts_with("provisional")))
        .map(|(grant, _)| grant.to_string())
        .collect();
    expect(
        "what the manifest marks",
        &provisional,
        &vec![LATE.to_owned()],
    )?;
    let lock = bench.shell("cat /etc/ringfence/answering.lock")?;
    let lock = Lock::parse(&lock).map_err(text)?;
    let provisional: Vec<_> = lock.provisional.iter().map(ToString::to_string).collect();
    expect("what the lock lists", &provisional, &vec![LATE.to_owned()])?;
    let status = bench.ringfence(&["status", "answering.service", "--format=json"])?;
    let status: serde_json::Value = serde_json::from_slice(&status.stdout).map_err(text)?;
    expect(
        "what the status lists",
        &status.pointer("/units/0/provisional"),
        &Some(&serde_json::json!([LATE])),
    )?;
    let shown = bench.shell("systemctl cat answering.service")?;
    expect(
        "whether the unit shows the directory",
        &shown.contains("/srv/answering"),
        &true,
    )
}

/// Every policy takes the gaining of privileges away: no grant says otherwise.
fn nothing_is_missing() -> Result<(), String> {
    let says = ["its check fails", "saw 'NoNewPrivs:\\t1'"];
    no_grant_helps("privileges", &says, |learned| Ok(learned.clone()))
}

fn one_more_is_missing() -> Result<(), String> {
    let in_vain = format!("giving back `{LATE}` did not help");
    no_grant_helps("both", &["its check fails", &in_vain], |learned| {
        without(learned, LATE)
    })
}

/// Applies a policy whose check wants an answer that only an unconfined service gives.
fn no_grant_helps(
    question: &str,
    says: &[&str],
    policy: impl FnOnce(&Manifest) -> Result<Manifest, String>,
) -> Result<(), String> {
    let bench = scene()?;
    let works = format!("/usr/lib/answering/wants {question} 'NoNewPrivs:\t0'");
    bench.shell(&works)?;
    bench.shell(
        "mkdir -p /etc/ringfence; cd /etc/ringfence
         ringfence learn --unit answering.service -o answering.trace.jsonl --workload '/usr/lib/answering/wants late 42'
         ringfence policy derive answering.trace.jsonl --name answering -o answering.toml",
    )?;
    let policy = policy(&manifest(&bench)?)?.render();
    let check = format!(
        "[check]\nworkload = [\"/usr/lib/answering/wants\", \"{question}\", \"NoNewPrivs:\\t0\"]\n"
    );
    bench.write(
        "/etc/ringfence/answering.toml",
        &format!("{policy}\n{check}"),
    )?;
    let look = "sha256sum /etc/ringfence/answering.toml /etc/ringfence/answering.lock
        find /etc/systemd/system /run/systemd/system /run/systemd/system.control -printf '%p %l %m\n' 2>&1 | sort";
    let before = bench.shell(look)?;

    let reply = apply(&bench)?;
    if reply.status != 1 {
        return Err(format!("apply {}", bench.told(&reply)?));
    }
    let complaint = reply.complaint();
    for part in says.iter().chain(&["everything is as it was before"]) {
        if !complaint.contains(part) {
            return Err(format!("`{part}` is not said: {complaint}"));
        }
    }
    expect("the files", &bench.shell(look)?, &before)?;
    bench.shell("systemctl is-active answering.service")?;
    bench.shell(&works)?;
    let shown =
        bench.shell("systemctl show --property=DropInPaths,NeedDaemonReload answering.service")?;
    expect(
        "the unit",
        &shown,
        &"DropInPaths=\nNeedDaemonReload=no".to_owned(),
    )
}

/// A machine in which the unit runs as it came.
fn scene() -> Result<Bench, String> {
    let bench = Bench::new()?;
    bench.write("/usr/lib/answering/serve.py", SERVER)?;
    bench.write("/usr/lib/answering/wants", WANTS)?;
    bench.write("/usr/lib/systemd/system/answering.service", UNIT)?;
    bench.write("/srv/answering/late", "42\n")?;
    bench.shell(
        "chmod +x /usr/lib/answering/wants; ip link set lo up; systemctl daemon-reload
         systemctl start answering.service; /usr/lib/answering/wants late 42",
    )?;
    Ok(bench)
}

fn apply(bench: &Bench) -> Result<ringfence_testbed::Reply, String> {
    bench.ringfence(&[
        "apply",
        "/etc/ringfence/answering.toml",
        "--unit",
        "answering.service",
        "--yes",
    ])
}

fn manifest(bench: &Bench) -> Result<Manifest, String> {
    Manifest::parse(&bench.shell("cat /etc/ringfence/answering.toml")?).map_err(text)
}

fn grants(manifest: &Manifest) -> Vec<String> {
    let mut grants: Vec<_> = manifest
        .grants()
        .map(|(grant, _)| grant.to_string())
        .collect();
    grants.sort();
    grants
}

/// The manifest without one grant, which it has to have.
fn without(manifest: &Manifest, grant: &str) -> Result<Manifest, String> {
    let mut less = manifest.clone();
    less.entries
        .retain(|entry| entry.grant.to_string() != grant);
    if less.entries.len() + 1 == manifest.entries.len() {
        return Ok(less);
    }
    Err(format!("not one `{grant}` in {:?}", grants(manifest)))
}

fn expect<T: PartialEq + std::fmt::Debug>(what: &str, seen: &T, wanted: &T) -> Result<(), String> {
    if seen == wanted {
        return Ok(());
    }
    Err(format!("{what}: wanted {wanted:?}, saw {seen:?}"))
}
