//! What is decided about one system call, and how two such decisions combine.

use super::action::Action;
use super::condition::Clause;

/// The decision about one system call.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// The same whatever the arguments; `Always(Allow)` is what the kernel can remember.
    Always(Action),
    /// Depends on the arguments.
    Conditional {
        /// The condition: at least one clause holds. Without clauses it never does.
        any: Vec<Clause>,
        /// The decision when the condition holds.
        then: Box<Rule>,
        /// The decision when it does not.
        otherwise: Box<Rule>,
    },
}

impl Rule {
    /// Allows what `any` describes and answers everything else with `denied`.
    pub fn allow_only(any: Vec<Clause>, denied: Action) -> Self {
        Self::choose(any, Self::Always(Action::Allow), Self::Always(denied))
    }

    /// Answers what `any` describes with `denied` and allows everything else.
    pub fn deny_only(any: Vec<Clause>, denied: Action) -> Self {
        Self::choose(any, Self::Always(denied), Self::Always(Action::Allow))
    }

    /// A condition between two rules; equal rules need no condition.
    pub fn choose(any: Vec<Clause>, then: Self, otherwise: Self) -> Self {
        if then == otherwise {
            return then;
        }
        Self::Conditional {
            any,
            then: Box::new(then),
            otherwise: Box::new(otherwise),
        }
    }

    /// What this rule decides for these arguments.
    pub fn decide(&self, arguments: &[u64; 6]) -> Action {
        match self {
            Self::Always(action) => *action,
            Self::Conditional {
                any,
                then,
                otherwise,
            } => {
                let matched = any.iter().any(|clause| clause.holds(arguments));
                if matched { then } else { otherwise }.decide(arguments)
            }
        }
    }

    /// Where this rule lets the call run, `next` decides; what it refuses stays refused.
    ///
    /// A call that both let run is logged when one of them logs it.
    #[must_use]
    pub fn and(&self, next: &Self) -> Self {
        match self {
            Self::Always(Action::Allow) => next.clone(),
            Self::Always(Action::Log) => next.logged(),
            Self::Always(_) => self.clone(),
            Self::Conditional {
                any,
                then,
                otherwise,
            } => Self::choose(any.clone(), then.and(next), otherwise.and(next)),
        }
    }

    /// The same rule, but what it allows is logged.
    fn logged(&self) -> Self {
        match self {
            Self::Always(Action::Allow) => Self::Always(Action::Log),
            Self::Always(_) => self.clone(),
            Self::Conditional {
                any,
                then,
                otherwise,
            } => Self::choose(any.clone(), then.logged(), otherwise.logged()),
        }
    }
}

/// A rule that narrows one call, whatever else is decided about it.
///
/// It names the call rather than numbering it: the same restriction serves every architecture, and an
/// architecture without that call has nothing to restrict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restriction {
    /// The kernel's name of the call.
    pub call: &'static str,
    /// What it is narrowed to; `Allow` in it means "no objection".
    pub rule: Rule,
}
