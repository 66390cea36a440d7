//! Services as Debian packages them, some of them with a sandbox, wrapper scripts or helpers of their own.

use ringfence_policy::derive::{Options, derive};
use ringfence_policy::trace::Exercise::{Reload, Rotation, SecondStart, Stop, Workload};
use ringfence_policy::trace::Trace;

use super::scene::Scene;

#[test]
fn a_web_server_that_forks_is_reloaded_and_its_logs_are_rotated() {
    let scene = Scene::new();
    scene.shell("systemctl start nginx");
    let nginx = scene.learn("nginx", &["curl -sf -o /dev/null http://127.0.0.1/"]);
    nginx.assert_complete();
    nginx.assert_exercised(&[Workload, Reload, Rotation, SecondStart, Stop]);
    assert_eq!(nginx.exec(), "/usr/sbin/nginx");
    assert!(nginx.executes("/usr/sbin/start-stop-daemon"));
    assert!(nginx.touches("/run/nginx.pid") && nginx.serves("0.0.0.0:80"));
    scene.shell("test -e /var/log/nginx/access.log.1");
}

#[test]
fn a_service_that_starts_through_scripts_is_told_by_the_program_it_becomes() {
    let scene = Scene::new();
    scene.shell("systemctl start memcached postgresql@15-main");
    let memcached = scene.learn(
        "memcached",
        &["sh -c 'printf \"version\\r\\nquit\\r\\n\" | nc 127.0.0.1 11211 | grep VERSION'"],
    );
    memcached.assert_complete();
    memcached.assert_exercised(&[Workload, SecondStart, Stop]);
    assert_eq!(memcached.exec(), "/usr/bin/memcached");
    assert!(memcached.executes("/usr/bin/perl"));
    assert!(memcached.run().typed.concat().contains("memcached-wrapper"));

    let query = "setpriv --reuid postgres --regid postgres --clear-groups psql -c 'select 1'";
    let postgres = scene.learn("postgresql@15-main", &[query]);
    postgres.assert_complete();
    postgres.assert_exercised(&[Workload, Reload, Rotation, SecondStart, Stop]);
    assert_eq!(postgres.exec(), "/usr/lib/postgresql/15/bin/postgres");
    // The unit starts its scripts as root, whatever the server becomes.
    assert_eq!(postgres.run().uid, 0);
    let derived = derive(&postgres.trace, &Options::default()).unwrap();
    assert_eq!(derived.manifest.service.name, "postgresql@15-main");
}

#[test]
fn services_with_a_sandbox_or_that_execute_themselves_again_are_learned() {
    let scene = Scene::new();
    scene.shell("systemctl start haproxy chrony");
    let haproxy = scene.learn("haproxy", &[]);
    haproxy.assert_complete();
    haproxy.assert_exercised(&[Reload, SecondStart, Stop]);
    assert_eq!(haproxy.argv().get(1), Some(&"-Ws"));
    assert!(haproxy.listens("unix:/run/haproxy/admin.sock"));
    assert!(
        !haproxy
            .has(|fact| format!("{fact:?}").contains("Listen")
                && format!("{fact:?}").contains(".tmp"))
    );

    let chrony = scene.learn("chrony", &["chronyc -n tracking"]);
    chrony.assert_complete();
    assert_eq!(chrony.exec(), "/usr/sbin/chronyd");
}

#[test]
fn a_unit_and_its_command_need_the_same() {
    let scene = Scene::new();
    let workload = "sh -c 'redis-cli set a b && redis-cli save'";
    scene.shell("systemctl start redis-server");
    let unit = scene.learn("redis-server", &[workload]);
    unit.assert_complete();
    unit.assert_exercised(&[Workload, Rotation, SecondStart, Stop]);

    scene.shell(
        "systemctl stop redis-server
        install -d -o redis -g redis /run/redis /tmp/command",
    );
    let reply = scene.exec(&[
        "setpriv",
        "--reuid",
        "redis",
        "--regid",
        "redis",
        "--init-groups",
        "--",
        "env",
        "-C",
        "/",
        "ringfence",
        "learn",
        "-o",
        "/tmp/command/trace.jsonl",
        "--workload",
        workload,
        "--",
        "/usr/bin/redis-server",
        "/etc/redis/redis.conf",
        "--supervised",
        "no",
        "--daemonize",
        "no",
    ]);
    assert_eq!(reply.status, 0, "{}", reply.complaint());
    let text = scene.shell("cat /tmp/command/trace.jsonl");
    let command = Trace::from_lines(format!("{text}\n").as_bytes()).unwrap();
    let grants = |trace: &Trace| {
        let manifest = derive(trace, &Options::default()).unwrap().manifest;
        let mut grants: Vec<String> = manifest
            .entries
            .iter()
            .map(|entry| entry.grant.to_string())
            // Only the unit is waited for by someone it tells that it is ready.
            .filter(|grant| grant != "peer.unix /run/systemd/notify")
            .collect();
        grants.sort();
        grants
    };
    assert_eq!(grants(&unit.trace), grants(&command));
}
