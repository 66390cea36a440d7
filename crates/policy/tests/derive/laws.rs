//! Laws that hold for every trace.

use proptest::prelude::*;
use ringfence_policy::denial::{is_met, needed};
use ringfence_policy::derive::{Options, derive};
use ringfence_policy::grant::{Bundle, Grant};
use ringfence_policy::policy::Policy;
use ringfence_policy::trace::{Fact, Object, Outcome, Permission, Phase, SocketKind, Touch, Trace};

use super::scene::{Scene, path};

fn place() -> impl Strategy<Value = String> {
    let top = prop_oneof![
        Just("/etc/app"),
        Just("/etc"),
        Just("/srv/www"),
        Just("/var/lib/app"),
        Just("/var/log"),
        Just("/run"),
        Just("/tmp"),
        Just("/home/ada"),
        Just("/root/.pyenv/lib"),
        Just("/proc"),
        Just("/proc/sys/vm"),
        Just("/usr/lib"),
        Just("/dev"),
    ];
    (
        top,
        proptest::collection::vec("[a-c]{1,2}|[0-9]{2}|tmp[0-9]{2}", 0..3),
    )
        .prop_map(|(top, rest)| [vec![top.to_owned()], rest].concat().join("/"))
}

fn outcome() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        4 => Just(Outcome::Done),
        1 => Just(Outcome::Missing),
        1 => Just(Outcome::Denied),
        1 => Just(Outcome::Failed),
    ]
}

fn file() -> impl Strategy<Value = Fact> {
    let touch = prop_oneof![
        Just(Touch::Probe),
        Just(Touch::Read),
        Just(Touch::List),
        Just(Touch::Append),
        Just(Touch::Write),
        Just(Touch::Create),
        Just(Touch::Remove),
        Just(Touch::Rename),
        Just(Touch::Metadata),
    ];
    let object = prop_oneof![
        3 => Just(Object::Regular),
        1 => Just(Object::Directory),
        1 => Just(Object::Device),
        1 => Just(Object::Socket),
    ];
    let permission = prop_oneof![
        3 => Just(Permission::Others),
        1 => Just(Permission::Owner),
        1 => Just(Permission::Override),
    ];
    (
        place(),
        touch,
        object,
        permission,
        outcome(),
        prop::bool::weighted(0.1),
    )
        .prop_map(
            |(text, touch, object, permission, outcome, beneath)| Fact::File {
                path: path(&text),
                touch,
                object,
                permission,
                outcome,
                beneath,
            },
        )
}

fn socket() -> impl Strategy<Value = SocketKind> {
    prop_oneof![Just(SocketKind::Stream), Just(SocketKind::Datagram)]
}

fn fact() -> impl Strategy<Value = Fact> {
    let address = || {
        prop_oneof![
            (0_u8..4, 50_u16..56).prop_map(|(host, port)| format!("10.0.0.{host}:{port}")),
            (1_u8..9, 1_u16..3).prop_map(|(host, port)| format!("192.0.2.{host}:{port}")),
            (1020_u16..1035).prop_map(|port| format!("0.0.0.0:{port}")),
            Just("127.0.0.1:80".to_owned()),
            Just("unix:/run/app/s".to_owned()),
            Just("unix:@app".to_owned()),
        ]
        .prop_map(|text| text.parse().unwrap())
    };
    prop_oneof![
        8 => file(),
        2 => (address(), socket(), outcome()).prop_map(|(address, socket, outcome)| Fact::Bind {
            address,
            socket,
            outcome,
        }),
        2 => (address(), socket(), outcome()).prop_map(|(address, socket, outcome)| Fact::Connect {
            address,
            socket,
            peer: None,
            outcome,
        }),
        1 => "openat|mount|keyctl|stat|socket|io_uring_setup".prop_map(|name| Fact::Syscall {
            name: name.parse().unwrap(),
        }),
        1 => (0_u64..8).prop_map(|value| Fact::Argument {
            call: "mmap".parse().unwrap(),
            index: 2,
            value,
        }),
        1 => place().prop_map(|text| Fact::Exec {
            path: path(&text),
            interpreter: Some(path("/usr/lib/ld-linux-x86-64.so.2")),
        }),
        1 => place().prop_map(|text| Fact::Code { path: path(&text) }),
        1 => (0_u32..20).prop_map(|protocol| Fact::Socket {
            family: if protocol < 17 { "netlink" } else { "inet6" }.to_owned(),
            socket: SocketKind::Datagram,
            protocol,
        }),
    ]
}

fn trace() -> impl Strategy<Value = Trace> {
    let phase = prop_oneof![
        Just(Phase::Wrapper),
        Just(Phase::Start),
        Just(Phase::Steady)
    ];
    proptest::collection::vec((fact(), phase), 0..60).prop_map(|facts| {
        let mut scene = Scene::new("/opt/app/bin/app", &["app"], 0, "root");
        for (fact, phase) in facts {
            scene.phase(phase).fact(fact);
        }
        scene.trace
    })
}

/// Everything a derived manifest grants, the calls in its lock included.
fn granted(trace: &Trace) -> (Policy, Vec<Grant>) {
    let derived = derive(trace, &Options::default()).unwrap();
    let grants = derived.manifest.grants().map(|(grant, _)| grant);
    let calls = derived.lock.syscalls.iter().cloned().map(Grant::Syscall);
    let base = [Grant::Use(Bundle::BASE)];
    let tried = derived.lock.tried.iter().map(|tried| tried.grant.clone());
    (grants.chain(calls).chain(base).collect(), tried.collect())
}

/// The facts for which a derivation may decide that success was no reason for a grant.
fn may_be_withheld(fact: &Fact) -> bool {
    matches!(
        fact,
        Fact::File {
            touch: Touch::Probe | Touch::List | Touch::Metadata,
            ..
        } | Fact::File { beneath: true, .. }
    )
}

fn is_done(fact: &Fact) -> bool {
    match fact {
        Fact::File { outcome, .. } | Fact::Bind { outcome, .. } | Fact::Connect { outcome, .. } => {
            *outcome == Outcome::Done
        }
        _ => true,
    }
}

/// mkdir(2) found the directory there already: nothing was made, but something was found.
fn found_directory(fact: &Fact) -> bool {
    matches!(
        fact,
        Fact::File {
            touch: Touch::Create,
            object: Object::Directory,
            outcome: Outcome::Failed,
            ..
        }
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn what_was_done_is_allowed(trace in trace()) {
        let (policy, tried) = granted(&trace);
        for (fact, _) in trace.service_facts().filter(|(fact, _)| is_done(fact)) {
            for need in needed(fact) {
                let withheld = may_be_withheld(fact) && tried.contains(&need);
                prop_assert!(is_met(&policy, &need) || withheld, "{} for {:?}", need, fact);
            }
        }
    }

    #[test]
    fn what_was_not_done_opens_nothing_but_the_own_configuration(trace in trace()) {
        let mut without = Trace::new();
        trace.runs().cloned().for_each(|run| without.record_run(run));
        for (fact, seen) in trace.facts().filter(|(fact, _)| is_done(fact) || found_directory(fact)) {
            for sighting in seen {
                without.record(fact.clone(), sighting.clone());
            }
        }
        let (with, _) = granted(&trace);
        let (narrow, _) = granted(&without);
        for grant in with.grants().filter(|grant| !narrow.allows(grant)) {
            prop_assert!(grant.to_string().starts_with("files.read /etc/app"), "{}", grant);
        }
    }

    #[test]
    fn the_order_in_which_traces_are_joined_does_not_matter(a in trace(), b in trace()) {
        let options = Options::default();
        let one = derive(&a.clone().join(b.clone()), &options).unwrap();
        let other = derive(&b.join(a), &options).unwrap();
        prop_assert_eq!(one, other);
    }

    #[test]
    fn a_manifest_holds_nothing_that_another_of_its_grants_covers(trace in trace()) {
        let derived = derive(&trace, &Options::default()).unwrap();
        let entries = &derived.manifest.entries;
        for (index, entry) in entries.iter().enumerate() {
            for (other, covering) in entries.iter().enumerate() {
                prop_assert!(
                    index == other || !covering.grant.covers(&entry.grant),
                    "{} covers {}", covering.grant, entry.grant
                );
            }
        }
    }
}
