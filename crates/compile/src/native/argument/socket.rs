//! Which sockets may be made.

use super::permit_only;
use crate::native::seccomp::{Action, Argument, Clause, Compare, Restriction, Test};

/// The bits of the type argument that are the type; above them are `SOCK_NONBLOCK` and
/// `SOCK_CLOEXEC`.
const SOCK_TYPE_MASK: u32 = 0xf;

/// A kind of socket, in the numbers of socket(2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SocketKind {
    /// Address family, `AF_*`.
    pub family: u32,
    /// Type, `SOCK_*` without flags; `None` for any.
    pub kind: Option<u32>,
    /// Protocol; `None` for any. 0 is the default of the type and matches only 0.
    pub protocol: Option<u32>,
}

impl SocketKind {
    fn clause(self) -> Clause {
        let family = Test::int(Argument::First, Compare::Eq, self.family);
        let kind = self
            .kind
            .map(|kind| Test::masked(Argument::Second, SOCK_TYPE_MASK, kind));
        let protocol = self
            .protocol
            .map(|number| Test::int(Argument::Third, Compare::Eq, number));
        Clause {
            all: [Some(family), kind, protocol]
                .into_iter()
                .flatten()
                .collect(),
        }
    }
}

/// Refuses sockets of other kinds, socket(2).
///
/// Sockets that are inherited or received over another socket are not made here and pass.
/// `EAFNOSUPPORT` is the errno programs expect for a family that is not there.
pub fn sockets(permitted: &[SocketKind], denied: Action) -> Vec<Restriction> {
    vec![only("socket", permitted, denied)]
}

/// Refuses socket pairs of other kinds, socketpair(2).
///
/// A pair of `AF_UNIX` reaches nobody but the maker's own children.
pub fn socket_pairs(permitted: &[SocketKind], denied: Action) -> Vec<Restriction> {
    vec![only("socketpair", permitted, denied)]
}

fn only(call: &'static str, permitted: &[SocketKind], denied: Action) -> Restriction {
    permit_only(
        call,
        permitted.iter().map(|kind| kind.clause()).collect(),
        denied,
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::testing::{DENIED, allowed};
    use super::*;

    const fn kind(family: u32, kind: Option<u32>, protocol: Option<u32>) -> SocketKind {
        SocketKind {
            family,
            kind,
            protocol,
        }
    }

    #[test]
    fn only_the_listed_sockets_are_made() {
        let permitted = [
            kind(1, None, None),
            kind(2, Some(1), None),
            kind(16, Some(3), Some(0)),
        ];
        let socket =
            |arguments: [u64; 3]| allowed(sockets(&permitted, DENIED), "socket", &arguments);
        assert!(socket([1, 5, 0]));
        assert!(socket([2, 1 | 0o4000 | 0o2_000_000, 6]));
        assert!(socket([16, 3, 0]));
        assert!(
            !socket([2, 2, 0]),
            "a datagram socket of a family that may stream"
        );
        assert!(!socket([16, 3, 9]), "another netlink protocol");
        assert!(!socket([17, 3, 0]));
        assert!(!socket([10, 1, 0]));
    }

    #[test]
    fn an_empty_list_makes_no_socket() {
        assert!(!allowed(sockets(&[], DENIED), "socket", &[1, 1, 0]));
        assert!(allowed(sockets(&[], DENIED), "socketpair", &[1, 1, 0]));
        assert!(!allowed(
            socket_pairs(&[], DENIED),
            "socketpair",
            &[1, 1, 0]
        ));
        assert!(allowed(
            socket_pairs(&[kind(1, None, None)], DENIED),
            "socketpair",
            &[1, 1, 0]
        ));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        #[test]
        fn a_socket_is_made_when_one_kind_fits(
            kinds in prop::collection::vec(
                (0..4_u32, prop::option::of(1..4_u32), prop::option::of(0..3_u32)), 0..5
            ),
            family in 0..4_u32,
            base in 1..4_u32,
            flags in prop::sample::select(vec![0_u32, 0o4000, 0o2_000_000, 0o2_004_000]),
            protocol in 0..3_u32,
            high: u32,
        ) {
            let permitted: Vec<_> = kinds.iter().map(|&(f, k, p)| kind(f, k, p)).collect();
            let expected = permitted.iter().any(|one| {
                one.family == family
                    && one.kind.is_none_or(|kind| kind == base)
                    && one.protocol.is_none_or(|number| number == protocol)
            });
            // The kernel reads ints: the high half of each register must not matter.
            let arguments = [family, base | flags, protocol]
                .map(|word| u64::from(word) | u64::from(high) << 32);
            prop_assert_eq!(allowed(sockets(&permitted, DENIED), "socket", &arguments), expected);
        }
    }
}
