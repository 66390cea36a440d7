//! Strategies for property tests: grants, policies and manifests.
//!
//! Names come from a small alphabet, so that grants often cover each other, and now and then are wild, so
//! that every escape is used.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::string::string_regex;
use proptest::test_runner::RngAlgorithm;

use crate::grant::{
    Amount, Bundle, Capability, DeviceAccess, DirectoryKind, Endpoint, FileAccess, Grant, Host,
    Namespace, NetlinkProtocol, PeerAddress, Ports, Privilege, Protocol, Resource, User,
};
use crate::lock::{Evidence, Lock, Tried, Widened};
use crate::manifest::{Check, Entry, Kind, Listen, Manifest, Seconds, Secret, SecretForm, Service};
use crate::path::{AbsPath, escape};
use crate::pattern::PathPattern;
use crate::policy::Policy;
use crate::trace::{Outcome, Phase};

/// So many cases, from the cheapest source of randomness: a choice among strategies seeds one source for
/// each of them, which without optimization is most of the time of a test.
pub(crate) fn cases(number: u32) -> ProptestConfig {
    ProptestConfig {
        rng_algorithm: RngAlgorithm::XorShift,
        ..ProptestConfig::with_cases(number)
    }
}

/// A string that matches. The expression is read here, once; as a strategy of its own it would be read for
/// every value.
fn text(expression: &str) -> BoxedStrategy<String> {
    string_regex(expression).unwrap().boxed()
}

fn component() -> BoxedStrategy<String> {
    prop_oneof![
        8 => text("[ab]{1,2}"),
        3 => text("[ab]{0,1}\\*[ab]{0,2}"),
        1 => vec(any::<u8>(), 1..6).prop_map(|bytes| {
            let name: Vec<u8> = bytes.into_iter().filter(|b| !b"/\0".contains(b)).collect();
            match &*name {
                b"" | b"." | b".." => "a".to_owned(),
                _ => escape(&name).into_owned(),
            }
        }),
    ]
    .boxed()
}

pub(crate) fn pattern() -> BoxedStrategy<PathPattern> {
    let below =
        prop_oneof![4 => Just(""), 1 => Just("/etc"), 1 => Just("/usr"), 1 => Just("/run/nscd")];
    (below, vec(component(), 0..3))
        .prop_map(|(top, parts)| format!("{top}/{}", parts.join("/")).parse().unwrap())
        .boxed()
}

pub(crate) fn path() -> BoxedStrategy<AbsPath> {
    vec(vec(any::<u8>(), 0..6), 0..4)
        .prop_filter_map("climbs or holds a NUL", |parts| {
            let mut bytes = vec![b'/'];
            bytes.extend(parts.join(&b'/'));
            AbsPath::from_bytes(&bytes).ok()
        })
        .boxed()
}

fn name() -> BoxedStrategy<String> {
    prop_oneof![4 => text("[ab]"), 1 => text("[a-zA-Z][a-z0-9._@-]{0,8}")].boxed()
}

fn user() -> BoxedStrategy<User> {
    let named = name().prop_map(|name| name.parse().unwrap());
    prop_oneof![Just(User::Dynamic), Just(User::Root), named].boxed()
}

fn host() -> BoxedStrategy<Host> {
    let v4 = (0..4u8, 0..=32u8)
        .prop_map(|(last, prefix)| Host::net(Ipv4Addr::new(10, 0, last, last).into(), prefix));
    let v6 = (any::<u128>(), 0..=128u8)
        .prop_map(|(bits, prefix)| Host::net(IpAddr::V6(Ipv6Addr::from_bits(bits)), prefix));
    prop_oneof![
        Just(Host::Any),
        v4.prop_map(Option::unwrap),
        v6.prop_map(Option::unwrap),
        text("[ab]\\.example").prop_map(Host::Name),
    ]
    .boxed()
}

fn ports() -> BoxedStrategy<Ports> {
    let few = prop_oneof![0..6u16, any::<u16>()];
    prop_oneof![
        1 => Just(Ports::ANY),
        4 => (few.clone(), few).prop_map(|(a, b)| Ports { first: a.min(b), last: a.max(b) }),
    ]
    .boxed()
}

fn endpoint() -> BoxedStrategy<Endpoint> {
    (select(&Protocol::ALL[..2]), host(), ports())
        .prop_map(|(protocol, host, ports)| Endpoint {
            protocol,
            host,
            ports,
        })
        .boxed()
}

fn address() -> BoxedStrategy<PeerAddress> {
    let name = vec(any::<u8>(), 1..5).prop_map(|bytes| PeerAddress::Abstract(bytes.into()));
    prop_oneof![3 => pattern().prop_map(PeerAddress::Path), 1 => name].boxed()
}

fn amount() -> BoxedStrategy<Amount> {
    prop_oneof![
        Just(Amount::Unlimited),
        (1..8u64).prop_map(Amount::Limit),
        (1..8u64).prop_map(|n| Amount::Limit(n << 20)),
        (1..u64::MAX).prop_map(Amount::Limit),
    ]
    .boxed()
}

pub(crate) fn grant() -> BoxedStrategy<Grant> {
    let capability = select(Capability::all().collect::<Vec<_>>());
    let accesses = [
        DeviceAccess::Read,
        DeviceAccess::Write,
        DeviceAccess::ReadWrite,
    ];
    prop_oneof![
        2 => user().prop_map(Grant::User),
        1 => name().prop_map(Grant::DropsTo),
        1 => name().prop_map(Grant::Group),
        8 => (select(&FileAccess::ALL), pattern()).prop_map(|(a, p)| Grant::File(a, p)),
        3 => select(Bundle::all().collect::<Vec<_>>()).prop_map(Grant::Use),
        3 => (select(accesses.to_vec()), pattern()).prop_map(|(a, p)| Grant::Device(a, p)),
        1 => (select(&DirectoryKind::ALL), name()).prop_map(|(k, n)| Grant::Directory(k, n)),
        2 => pattern().prop_map(Grant::Private),
        3 => endpoint().prop_map(Grant::Bind),
        3 => endpoint().prop_map(Grant::Connect),
        1 => Just(Grant::Dns),
        1 => select(&NetlinkProtocol::ALL).prop_map(Grant::Netlink),
        1 => name().prop_map(Grant::Family),
        2 => address().prop_map(Grant::Peer),
        2 => address().prop_map(Grant::Listen),
        1 => capability.prop_map(Grant::Capability),
        1 => text("[a-c]{1,2}").prop_map(|name| Grant::Syscall(name.parse().unwrap())),
        1 => select(Namespace::ALL).prop_map(Grant::Namespace),
        2 => select(Privilege::ALL).prop_map(Grant::Privilege),
        2 => (select(&Resource::ALL), amount()).prop_map(|(r, a)| Grant::Resource(r, a)),
        1 => name().prop_map(Grant::Secret),
    ]
    .boxed()
}

/// Three grants of which two often have something in common: of any kinds, or of one.
pub(crate) fn trio() -> BoxedStrategy<(Grant, Grant, Grant)> {
    let file = || {
        let names = prop_oneof![text("[ab]{1,2}"), text("[ab]{0,1}\\*[ab]{0,1}")];
        let paths = vec(names, 1..3).prop_map(|parts| format!("/{}", parts.join("/")));
        (select(&FileAccess::ALL), paths)
            .prop_map(|(access, path)| Grant::File(access, path.parse().unwrap()))
    };
    let connect = || endpoint().prop_map(Grant::Connect);
    prop_oneof![
        (grant(), grant(), grant()),
        (file(), file(), file()),
        (connect(), connect(), connect()),
    ]
    .boxed()
}

pub(crate) fn policy() -> BoxedStrategy<Policy> {
    vec(grant(), 0..6)
        .prop_map(|grants| grants.into_iter().collect())
        .boxed()
}

fn reason() -> BoxedStrategy<Option<String>> {
    option::weighted(0.3, text("[a-z'\"\\\\{#=é]{1,9}( [a-z\"]{1,5})?")).boxed()
}

fn argv() -> BoxedStrategy<Vec<String>> {
    vec(text("[^\\x00]{0,9}"), 0..4)
        .prop_map(|mut rest| {
            rest.insert(0, "/usr/bin/a".into());
            rest
        })
        .boxed()
}

fn seconds() -> BoxedStrategy<Option<Seconds>> {
    option::of((0..100_000u64).prop_map(Seconds)).boxed()
}

fn service() -> BoxedStrategy<Service> {
    let directory = option::of(path());
    let environment = vec(text("[A-Z_][A-Z0-9_]{0,3}"), 0..3);
    let who = (user(), reason());
    (
        name(),
        argv(),
        select(&Kind::ALL),
        seconds(),
        who,
        directory,
        environment,
    )
        .prop_map(
            |(name, exec, kind, timer, (user, why), directory, environment)| Service {
                name,
                exec,
                kind,
                timer,
                user_why: why.or_else(|| (user == User::Root).then(|| "binds a port".to_owned())),
                user,
                directory,
                environment,
            },
        )
        .boxed()
}

fn listen() -> BoxedStrategy<Listen> {
    let ids = (option::of(name()), option::of(name()));
    (
        address(),
        vec(name(), 0..3),
        option::of(0..=0o777u16),
        ids,
        reason(),
    )
        .prop_map(|(address, clients, mode, (user, group), why)| Listen {
            address,
            clients,
            mode,
            user,
            group,
            why,
        })
        .boxed()
}

fn secret() -> BoxedStrategy<Secret> {
    let files = vec(path(), 0..3);
    (name(), path(), select(&SecretForm::ALL), files, reason())
        .prop_map(|(name, from, form, files, why)| Secret {
            name,
            from: (form != SecretForm::Broker).then_some(from),
            form,
            files: if form == SecretForm::Template {
                files
            } else {
                Vec::new()
            },
            why,
        })
        .boxed()
}

fn check() -> BoxedStrategy<Check> {
    (
        argv(),
        option::of(text("http://[a-z]{1,5}/[a-z]{0,3}")),
        seconds(),
    )
        .prop_map(|(workload, http, timeout)| Check {
            workload: Some(workload),
            http,
            timeout,
        })
        .boxed()
}

/// A manifest in canonical form.
pub(crate) fn manifest() -> BoxedStrategy<Manifest> {
    let entry = (grant(), reason()).prop_map(|(grant, why)| Entry { grant, why });
    // Who the service is comes from `[service]`, which knows that root needs a reason.
    let entry = entry.prop_filter("a user", |entry| !matches!(entry.grant, Grant::User(_)));
    let lists = (vec(listen(), 0..3), vec(secret(), 0..3), vec(name(), 0..3));
    let kinds = vec(grant().prop_map(|grant| grant.kind()), 0..3);
    let rest = (
        vec(grant(), 0..3),
        option::of(check()),
        kinds,
        any::<bool>(),
    );
    (service(), vec(entry, 0..12), lists, rest)
        .prop_map(|(service, entries, (listens, secrets, extends), rest)| {
            let (drop, check, require_exact, learned_syscalls) = rest;
            let mut manifest = Manifest {
                service,
                entries,
                learned_syscalls,
                listens,
                secrets,
                extends,
                drop,
                check,
                require_exact,
            };
            manifest.normalize();
            manifest
        })
        .boxed()
}

pub(crate) fn lock() -> BoxedStrategy<Lock> {
    let phases = [Phase::Wrapper, Phase::Start, Phase::Steady, Phase::Stop];
    let evidence = (
        vec(select(phases.to_vec()), 0..3),
        vec(path(), 0..3),
        0..9u64,
    )
        .prop_map(|(phases, by, facts)| Evidence { phases, by, facts });
    let grant_text = grant().prop_map(|grant| grant.to_string());
    let evidence = proptest::collection::btree_map(grant_text, evidence, 0..4);
    let widened =
        (grant(), vec(grant(), 0..3)).prop_map(|(grant, instead_of)| Widened { grant, instead_of });
    let outcomes = [
        Outcome::Done,
        Outcome::Missing,
        Outcome::Denied,
        Outcome::Failed,
    ];
    let tried =
        (grant(), select(outcomes.to_vec())).prop_map(|(grant, outcome)| Tried { grant, outcome });
    let calls = vec(text("[a-z_0-9]{1,12}"), 0..20);
    let lists = (
        vec(path(), 0..3),
        vec(path(), 0..3),
        vec(text("[ -~]{0,12}"), 0..3),
        vec(grant(), 0..3),
    );
    (
        path(),
        calls,
        evidence,
        vec(widened, 0..3),
        vec(tried, 0..3),
        lists,
    )
        .prop_map(
            |(exec, calls, evidence, widened, tried, (code, links, unexercised, provisional))| {
                Lock {
                    manifest_sha256: "00".repeat(32),
                    arch: "x86_64".to_owned(),
                    exec,
                    exec_sha256: "ff".repeat(32),
                    syscalls: calls.iter().map(|name| name.parse().unwrap()).collect(),
                    code,
                    links,
                    evidence,
                    widened,
                    tried,
                    provisional,
                    unexercised,
                }
            },
        )
        .boxed()
}
