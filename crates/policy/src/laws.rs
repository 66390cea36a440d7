//! The laws of the algebra of policies, by property.
//!
//! Policies are a distributive lattice: `covers` is its order, `join` and `meet` its operations.

use proptest::prelude::*;

use crate::arbitrary::{cases, grant, policy, trio};
use crate::policy::Policy;

proptest! {
    #![proptest_config(cases(10_000))]

    #[test]
    fn covering_grants_is_a_partial_order((a, b, c) in trio()) {
        prop_assert!(a.covers(&a));
        prop_assert!(!(a.covers(&b) && b.covers(&a)) || a == b);
        prop_assert!(!(a.covers(&b) && b.covers(&c)) || a.covers(&c));
    }

    #[test]
    fn two_grants_meet_in_exactly_what_both_cover((a, b, x) in trio()) {
        let meet = a.meet(&b);
        prop_assert!(meet.iter().all(|m| a.covers(m) && b.covers(m)), "{:?}", meet);
        let below_both = a.covers(&x) && b.covers(&x);
        prop_assert_eq!(meet.iter().any(|m| m.covers(&x)), below_both);
        let other: Policy = b.meet(&a).into_iter().collect();
        prop_assert_eq!(meet.into_iter().collect::<Policy>(), other);
    }

    #[test]
    fn the_text_of_a_grant_is_lossless(a in grant()) {
        prop_assert_eq!(a.to_string().parse(), Ok(a));
    }

    #[test]
    fn no_grant_of_a_policy_covers_another(a in policy(), b in policy()) {
        for made in [a.join(&b), a.meet(&b)] {
            for one in made.grants() {
                prop_assert!(made.grants().all(|other| one == other || !one.covers(other)));
            }
        }
    }

    #[test]
    fn covering_policies_is_a_partial_order(a in policy(), b in policy(), c in policy()) {
        prop_assert!(a.covers(&a));
        prop_assert!(!(a.covers(&b) && b.covers(&a)) || a == b);
        // Three policies at random are seldom a chain; these are one.
        let (ab, abc) = (a.join(&b), a.join(&b).join(&c));
        prop_assert!(ab.covers(&a) && abc.covers(&ab) && abc.covers(&a));
        let (low, lower) = (a.meet(&b), a.meet(&b).meet(&c));
        prop_assert!(a.covers(&low) && low.covers(&lower) && a.covers(&lower));
    }

    #[test]
    fn join_is_commutative_associative_and_idempotent(a in policy(), b in policy(), c in policy()) {
        prop_assert_eq!(a.join(&b), b.join(&a));
        prop_assert_eq!(a.join(&b).join(&c), a.join(&b.join(&c)));
        prop_assert_eq!(a.join(&a), a);
    }

    #[test]
    fn meet_is_commutative_associative_and_idempotent(a in policy(), b in policy(), c in policy()) {
        prop_assert_eq!(a.meet(&b), b.meet(&a));
        prop_assert_eq!(a.meet(&b).meet(&c), a.meet(&b.meet(&c)));
        prop_assert_eq!(a.meet(&a), a);
    }

    #[test]
    fn join_and_meet_absorb_and_distribute(a in policy(), b in policy(), c in policy()) {
        prop_assert_eq!(&a.join(&a.meet(&b)), &a);
        prop_assert_eq!(&a.meet(&a.join(&b)), &a);
        prop_assert_eq!(a.meet(&b.join(&c)), a.meet(&b).join(&a.meet(&c)));
    }

    #[test]
    fn join_is_the_least_upper_bound(a in policy(), b in policy(), c in policy()) {
        let join = a.join(&b);
        prop_assert!(join.covers(&a) && join.covers(&b));
        let above = a.join(&b.join(&c));
        prop_assert!(above.covers(&join));
        prop_assert_eq!(c.covers(&a) && c.covers(&b), c.covers(&join));
        prop_assert_eq!(a.covers(&b), join == a);
    }

    #[test]
    fn meet_is_the_greatest_lower_bound(a in policy(), b in policy(), c in policy()) {
        let meet = a.meet(&b);
        prop_assert!(a.covers(&meet) && b.covers(&meet));
        prop_assert_eq!(a.covers(&c) && b.covers(&c), meet.covers(&c));
        prop_assert_eq!(a.covers(&b), meet == b);
    }
}
