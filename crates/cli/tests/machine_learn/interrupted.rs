//! Watches that do not come to their end.

use std::time::Duration;

use super::scene::Scene;

fn scene() -> Scene {
    let scene = Scene::new();
    scene.unit(
        "sleeps.service",
        "[Service]\nExecStart=/usr/bin/sleep infinity\nRestart=no\n",
    );
    scene.shell("systemctl start sleeps");
    scene
}

/// Begins a watch that would go on for long, and waits until the unit runs under it.
fn begin(scene: &Scene) {
    scene.shell(
        "setsid ringfence learn --unit sleeps --workload 'sleep 300' -o /tmp/trace.jsonl \
         >/tmp/talk 2>&1 </dev/null & echo $! >/tmp/pid",
    );
    let traced = "p=$(systemctl show --value --property=MainPID sleeps)
        test \"$(cat /proc/$p/comm)\" = sleep && ! grep -q 'TracerPid:.0$' /proc/$p/status";
    scene.wait_until("it is watched", Duration::from_secs(30), traced);
}

#[test]
fn an_interrupted_watch_puts_the_unit_back() {
    let scene = scene();
    begin(&scene);
    scene.shell("kill -INT \"$(cat /tmp/pid)\"");
    scene.wait_until(
        "it ends",
        Duration::from_mins(1),
        "! kill -0 \"$(cat /tmp/pid)\"",
    );
    assert_eq!(scene.state("sleeps"), "active");
    scene.assert_nothing_is_left("sleeps");
}

#[test]
fn a_killed_watch_puts_the_unit_back_too() {
    let scene = scene();
    begin(&scene);
    scene.shell("kill -KILL \"$(cat /tmp/pid)\"");
    let gone = "! test -e /run/systemd/system/sleeps.service.d && ! test -e /run/ringfence/learn/sleeps.service";
    scene.wait_until("the guardian is done", Duration::from_mins(1), gone);
    scene.wait_for_state("sleeps.service", "active");
    scene.assert_nothing_is_left("sleeps");
}

#[test]
fn a_service_does_without_its_watcher_and_the_next_one_clears_up() {
    let scene = scene();
    begin(&scene);
    // The guardian is the only other process of that name.
    scene.shell("kill -KILL $(pgrep -x ringfence)");
    scene.shell("systemctl reset-failed sleeps; systemctl start sleeps");
    let unwatched = "p=$(systemctl show --value --property=MainPID sleeps); test \"$(cat /proc/$p/comm)\" = sleep";
    scene.wait_until("it runs unwatched", Duration::from_secs(30), unwatched);
    scene.unit(
        "job.service",
        "[Service]\nType=oneshot\nExecStart=/bin/true\n",
    );
    scene.learn("job", &[]);
    assert_eq!(scene.state("sleeps"), "active");
    scene.assert_nothing_is_left("sleeps");
}

#[test]
fn what_goes_wrong_is_told_and_leaves_the_unit_as_it_was() {
    let scene = scene();
    let reply = scene.learn_any("sleeps", &["sh -c 'echo no answer; exit 3'"]);
    assert_eq!(reply.status, 1);
    assert!(
        reply.complaint().contains("failed: exit 3"),
        "{}",
        reply.complaint()
    );
    assert!(
        reply.complaint().contains("no answer"),
        "{}",
        reply.complaint()
    );

    scene.unit("fails.service", "[Service]\nExecStart=/bin/false\n");
    let reply = scene.learn_any("fails", &[]);
    assert_eq!(reply.status, 1);
    assert!(
        reply.complaint().contains("result `exit-code`"),
        "{}",
        reply.complaint()
    );

    scene.unit(
        "loops.service",
        "[Service]\nRestart=always\nRestartSec=100ms\nExecStart=/bin/sh -c 'sleep 0.5; exit 1'\n",
    );
    let reply = scene.learn_any("loops", &[]);
    assert_eq!(reply.status, 1, "{}", reply.complaint());

    let reply = scene.learn_any("absent", &[]);
    assert_eq!(reply.status, 1);
    assert!(
        reply.complaint().contains("there is no such unit"),
        "{}",
        reply.complaint()
    );
}
