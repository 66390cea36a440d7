//! What a trace did *not* see, as sentences: the reasons why a policy derived from it may be too narrow.

use std::collections::BTreeSet;

use crate::trace::{Address, Exercise, Fact, Outcome, Phase, SocketKind, Touch, Trace};

const SIGHUP: u8 = 1;
const SIGINT: u8 = 2;
const SIGQUIT: u8 = 3;
const SIGUSR1: u8 = 10;
const SIGTERM: u8 = 15;

/// The gaps of a trace, in a fixed order: what was lost, then listeners, phases, signals and starts.
pub fn unexercised(trace: &Trace) -> Vec<String> {
    let mut gaps = losses(trace);
    gaps.extend(idle_listeners(trace));
    let serves = is_served(trace);
    let steady = trace
        .facts()
        .any(|(_, seen)| seen.iter().any(|sighting| sighting.phase == Phase::Steady));
    if serves && !steady {
        gaps.push("nothing was seen after the service became ready".to_owned());
    }
    gaps.extend(signals(trace, serves));
    if trace.runs().count() < 2 && !was_exercised(trace, Exercise::SecondStart) {
        gaps.push(
            "one start was watched: a second start, which finds what the first left, may differ"
                .to_owned(),
        );
    }
    gaps
}

fn losses(trace: &Trace) -> Vec<String> {
    let mut gaps = BTreeSet::new();
    let (mut events, mut processes) = (0_u64, 0_u64);
    for run in trace.runs() {
        events = events.saturating_add(run.loss.events);
        processes = processes.saturating_add(run.loss.processes);
        gaps.extend(
            run.loss
                .why
                .iter()
                .map(|why| format!("the trace is incomplete: {why}")),
        );
    }
    let mut gaps: Vec<_> = gaps.into_iter().collect();
    if events > 0 {
        gaps.push(format!(
            "the trace is incomplete: events that were lost or not understood: {events}"
        ));
    }
    if processes > 0 {
        gaps.push(format!(
            "the trace is incomplete: processes that got away: {processes}"
        ));
    }
    gaps
}

/// Whether this was done with the unit in some run.
fn was_exercised(trace: &Trace, exercise: Exercise) -> bool {
    trace
        .runs()
        .filter_map(|run| run.unit.as_ref())
        .any(|unit| unit.exercised.contains(&exercise))
}

/// Whether this was done with the unit in some run, or cannot be done with it.
fn is_settled(trace: &Trace, exercise: Exercise) -> bool {
    let cannot = trace
        .runs()
        .filter_map(|run| run.unit.as_ref())
        .any(|unit| unit.inapplicable.contains(&exercise));
    cannot || was_exercised(trace, exercise)
}

/// The addresses at which the service waits for clients.
fn listeners(trace: &Trace) -> BTreeSet<(&Address, SocketKind)> {
    trace
        .service_facts()
        .filter_map(|(fact, _)| match fact {
            // A datagram socket is not listened on. One without a port of its choice is a client's.
            Fact::Listen { address, socket }
            | Fact::Bind {
                address: address @ Address::Ip(_, 1..),
                socket: socket @ SocketKind::Datagram,
                outcome: Outcome::Done,
            } => Some((address, *socket)),
            _ => None,
        })
        .collect()
}

fn is_served(trace: &Trace) -> bool {
    !listeners(trace).is_empty()
}

/// Whether something that arrived at `served` came through a socket bound to `bound`.
fn answers(bound: &Address, served: &Address) -> bool {
    match (bound, served) {
        (Address::Ip(any, bound_port), Address::Ip(_, port)) if any.is_unspecified() => {
            bound_port == port
        }
        _ => bound == served,
    }
}

fn idle_listeners(trace: &Trace) -> Vec<String> {
    let served: Vec<_> = trace
        .service_facts()
        .filter_map(|(fact, _)| match fact {
            Fact::Served { address, socket } => Some((address, *socket)),
            _ => None,
        })
        .collect();
    listeners(trace)
        .into_iter()
        .filter(|(bound, kind)| {
            !served
                .iter()
                .any(|(address, socket)| socket == kind && answers(bound, address))
        })
        .map(|(address, socket)| {
            let transport = match (address, socket) {
                (Address::Ip(..), SocketKind::Stream) => "tcp ",
                (Address::Ip(..), SocketKind::Datagram) => "udp ",
                _ => "",
            };
            format!("no client came to {transport}{address}")
        })
        .collect()
}

fn signals(trace: &Trace, serves: bool) -> Vec<String> {
    let received: BTreeSet<u8> = trace
        .service_facts()
        .filter_map(|(fact, _)| match fact {
            Fact::SignalReceived { signal } => Some(*signal),
            _ => None,
        })
        .collect();
    let ended = trace.runs().any(|run| run.ended.is_some());
    let mut gaps = Vec::new();
    // A program that does its work and ends is neither reloaded nor asked to stop.
    let is_unit = trace.runs().any(|run| run.unit.is_some());
    let how = |signal: &'static str| if is_unit { "" } else { signal };
    if serves && !received.contains(&SIGHUP) && !is_settled(trace, Exercise::Reload) {
        gaps.push(format!(
            "reload was not tried{}",
            how(": SIGHUP never came")
        ));
    }
    let rotated = received.contains(&SIGUSR1) || is_settled(trace, Exercise::Rotation);
    if serves && writes_a_log(trace) && !rotated {
        gaps.push(format!(
            "log rotation was not tried{}",
            how(": SIGUSR1 never came")
        ));
    }
    if is_unit && !is_settled(trace, Exercise::Workload) {
        gaps.push("no workload used it".to_owned());
    }
    if is_unit && !is_settled(trace, Exercise::Stop) {
        gaps.push("a stop was not seen".to_owned());
    }
    if !ended && !is_unit && received.is_disjoint(&[SIGTERM, SIGINT, SIGQUIT].into()) {
        gaps.push("a clean stop was not seen: SIGTERM never came".to_owned());
    }
    gaps
}

fn writes_a_log(trace: &Trace) -> bool {
    trace.service_facts().any(|(fact, _)| match fact {
        Fact::File {
            path,
            touch: Touch::Append | Touch::Write | Touch::Create,
            outcome: Outcome::Done,
            ..
        } => path.as_bytes().starts_with(b"/var/log/") || path.as_bytes().ends_with(b".log"),
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::{Loss, Run, Sighting, UnitRun};

    fn run(ended: Option<&str>) -> Run {
        Run {
            tracer: "ptrace".into(),
            arch: "x86_64".into(),
            exec: "/usr/sbin/nginx".parse().unwrap(),
            sha256: "0".repeat(64),
            argv: vec!["nginx".into()],
            typed: Vec::new(),
            directory: "/".parse().unwrap(),
            uid: 0,
            user: Some("root".into()),
            gid: 0,
            ended: ended.map(Into::into),
            loss: Loss::default(),
            unit: None,
        }
    }

    fn unit_run(exercised: &[Exercise], inapplicable: &[Exercise]) -> Run {
        Run {
            unit: Some(UnitRun {
                name: "nginx.service".into(),
                exercised: exercised.iter().copied().collect(),
                inapplicable: inapplicable.iter().copied().collect(),
            }),
            ..run(None)
        }
    }

    #[test]
    fn what_was_done_with_a_unit_is_not_missed_and_the_rest_is() {
        use Exercise::{Reload, Rotation, SecondStart, Stop, Workload};
        let facts = [listen("[::]:1"), served("[::]:1")];
        let done = unit_run(&[Rotation, SecondStart, Stop, Workload], &[Reload]);
        assert!(unexercised(&trace(done, &facts)).is_empty());
        let gaps = unexercised(&trace(unit_run(&[], &[]), &facts));
        assert_eq!(
            gaps,
            [
                "reload was not tried",
                "no workload used it",
                "a stop was not seen",
                "one start was watched: a second start, which finds what the first left, may differ"
            ]
        );
    }

    fn trace(run: Run, facts: &[Fact]) -> Trace {
        let mut trace = Trace::new();
        let by = run.exec.clone();
        trace.record_run(run);
        for fact in facts {
            let seen = Sighting {
                phase: Phase::Steady,
                by: by.clone(),
            };
            trace.record(fact.clone(), seen);
        }
        trace
    }

    fn listen(address: &str) -> Fact {
        Fact::Listen {
            address: address.parse().unwrap(),
            socket: SocketKind::Stream,
        }
    }

    fn served(address: &str) -> Fact {
        Fact::Served {
            address: address.parse().unwrap(),
            socket: SocketKind::Stream,
        }
    }

    #[test]
    fn a_listener_without_clients_is_told() {
        let facts = [
            listen("0.0.0.0:80"),
            listen("0.0.0.0:443"),
            served("127.0.0.1:80"),
        ];
        let gaps = unexercised(&trace(run(None), &facts));
        assert!(gaps.contains(&"no client came to tcp 0.0.0.0:443".to_owned()));
        assert!(!gaps.iter().any(|gap| gap.contains(":80")));
    }

    #[test]
    fn a_program_that_ends_by_itself_is_not_asked_to_reload() {
        let gaps = unexercised(&trace(run(Some("exit 0")), &[]));
        assert_eq!(gaps.len(), 1, "{gaps:?}");
    }

    #[test]
    fn signals_that_came_are_not_missed() {
        let came = |signal| Fact::SignalReceived { signal };
        let gaps = unexercised(&trace(run(None), &[listen("[::]:1"), came(1), came(15)]));
        assert!(!gaps.iter().any(|gap| gap.contains("SIG")), "{gaps:?}");
    }

    #[test]
    fn what_the_tracer_lost_comes_first() {
        let mut lossy = run(None);
        lossy.loss.events = 3;
        lossy.loss.why = vec!["a 32-bit program ran".into()];
        let gaps = unexercised(&trace(lossy, &[]));
        assert_eq!(gaps[0], "the trace is incomplete: a 32-bit program ran");
        assert!(gaps[1].ends_with(": 3"));
    }
}
