//! What is tried: the table of attempts, and what would make each of them legitimate.
//!
//! An attempt is bounded: it opens without reading or truncating, creates only files without a name or
//! ones that it removes, and calls with arguments that the kernel refuses after it looked at the rights.
//! It runs in a process of its own that ends right after, and shall not panic.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use ringfence_policy::grant::{DeviceAccess, FileAccess, Grant, PeerAddress, Protocol};
use ringfence_policy::path::AbsPath;
use ringfence_policy::pattern::PathPattern;
use ringfence_policy::policy::Policy;

use crate::context::Context;
use crate::outcome::{Outcome, Reach};
use crate::survey::Candidate;

pub(crate) use file::listed;
pub(crate) use socket::LISTENING;

mod escalation;
mod execution;
mod exhaustion;
mod file;
mod kernel;
mod mount;
mod persistence;
mod process;
mod secret;
mod socket;

/// Which of the three questions an attempt belongs to.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Group {
    /// What can an exploited service do?
    Exploited,
    /// What can it read?
    ReadsEverything,
    /// What can it use up?
    Exhausts,
}

impl Group {
    /// All three, in the order of the report.
    pub const ALL: [Self; 3] = [Self::Exploited, Self::ReadsEverything, Self::Exhausts];

    /// The question, as the report asks it.
    pub fn question(self) -> &'static str {
        match self {
            Self::Exploited => "What can an exploited service do?",
            Self::ReadsEverything => "What can it read?",
            Self::Exhausts => "What can it use up?",
        }
    }
}

/// One thing to try.
#[derive(Debug, Clone, Copy)]
pub struct Attempt {
    /// Stable name, the same in reports, tests and suppressions.
    pub id: &'static str,
    /// The question it helps to answer.
    pub group: Group,
    /// What it tries, so that it completes "the service can …".
    pub title: &'static str,
    /// Patterns of the files it wants; `~/` stands for every home directory.
    pub(crate) targets: &'static [&'static str],
    needs: Needs,
    run: Code,
}

type Code = fn(&Context, &[Candidate]) -> Outcome;

/// What makes an attempt legitimate.
#[derive(Debug, Clone, Copy)]
enum Needs {
    /// Any one of these grants.
    Any(&'static [&'static str]),
    /// Any one of these, which depend on where the neighbor is or how much was tried.
    Computed(fn(&Context) -> Vec<Grant>),
    /// A grant of this access to each of the files that were opened.
    Files(FileAccess),
    /// A grant to connect to each of the sockets.
    Sockets,
    /// Any grant with which a datagram socket is made. Before Landlock ABI 10 no control tells where one
    /// may send, so a grant to serve a port, or to ask for names, is that wide.
    DatagramSocket,
    /// A grant of each secret, whose names stand where otherwise paths do.
    Secrets,
}

impl Attempt {
    const fn new(id: &'static str, group: Group, title: &'static str, run: Code) -> Self {
        Self {
            id,
            group,
            title,
            targets: &[],
            needs: Needs::Any(&[]),
            run,
        }
    }

    const fn on(mut self, targets: &'static [&'static str]) -> Self {
        self.targets = targets;
        self
    }

    const fn needs(mut self, needs: Needs) -> Self {
        self.needs = needs;
        self
    }

    const fn any(self, grants: &'static [&'static str]) -> Self {
        self.needs(Needs::Any(grants))
    }

    /// Makes the attempt in the calling process, which is not the same afterwards: namespaces, user,
    /// limits and scheduling may have changed. Only for a process that ends now.
    pub fn run(&self, context: &Context) -> Outcome {
        (self.run)(context, context.survey.candidates(self.id))
    }

    /// The grant of the policy that allows what was reached; `None` when no grant does, or none for a
    /// part of it.
    pub fn explained_by(&self, policy: &Policy, context: &Context, reach: &Reach) -> Option<Grant> {
        let first = |needed: &[Grant]| {
            policy
                .grants()
                .find(|own| needed.iter().any(|grant| own.covers(grant)))
                .cloned()
        };
        let each = |explain: &dyn Fn(&Path) -> Option<Grant>| {
            let mut grants = reach.paths.iter().map(|path| explain(path));
            let one = grants.next()??;
            grants.all(|grant| grant.is_some()).then_some(one)
        };
        let absolute = |path: &Path| AbsPath::from_bytes(path.as_os_str().as_encoded_bytes()).ok();
        match self.needs {
            Needs::Any(texts) => {
                let needed: Vec<Grant> = texts.iter().filter_map(|t| t.parse().ok()).collect();
                first(&needed)
            }
            Needs::Computed(needed) => first(&needed(context)),
            Needs::Files(access) => each(&|path| {
                let path = absolute(path)?;
                first(&file_grants(&path, access)).or_else(|| own_directory(policy, &path))
            }),
            Needs::Sockets => each(&|path| first(&socket_grants(&absolute(path)?))),
            Needs::DatagramSocket => {
                let makes_one = |grant: &&Grant| match grant {
                    Grant::Dns => true,
                    Grant::Bind(endpoint) | Grant::Connect(endpoint) => {
                        endpoint.protocol == Protocol::Udp
                    }
                    _ => false,
                };
                policy.grants().find(makes_one).cloned()
            }
            Needs::Secrets => each(&|name| {
                let grant = format!("secret {}", name.display()).parse().ok()?;
                first(&[grant])
            }),
        }
    }

    /// The part of what was reached that no grant allows; the same as all of it when it is not files.
    pub(crate) fn unexplained<'a>(
        &self,
        policy: &Policy,
        context: &Context,
        reach: &'a Reach,
    ) -> Vec<&'a Path> {
        let alone = |path: &PathBuf| Reach {
            detail: String::new(),
            paths: vec![path.clone()],
        };
        reach
            .paths
            .iter()
            .filter(|path| self.explained_by(policy, context, &alone(path)).is_none())
            .map(PathBuf::as_path)
            .collect()
    }
}

fn file_grants(path: &AbsPath, access: FileAccess) -> Vec<Grant> {
    let device = match access {
        FileAccess::Read | FileAccess::Exec => DeviceAccess::Read,
        FileAccess::Append | FileAccess::Write => DeviceAccess::Write,
    };
    vec![
        Grant::file(access, path),
        Grant::Device(device, PathPattern::from(path)),
    ]
}

fn socket_grants(path: &AbsPath) -> Vec<Grant> {
    let address = PeerAddress::Path(PathPattern::from(path));
    vec![Grant::Peer(address.clone()), Grant::Listen(address)]
}

/// The directory of the service's own that holds the path.
fn own_directory(policy: &Policy, path: &AbsPath) -> Option<Grant> {
    let holds = |grant: &&Grant| match grant {
        Grant::Directory(kind, name) => {
            AbsPath::from_bytes(kind.parent().as_bytes()).is_ok_and(|parent| {
                let own = name
                    .split('/')
                    .fold(parent, |at, part| at.join(part.as_bytes()));
                path.is_within(&own)
            })
        }
        _ => false,
    };
    policy.grants().find(holds).cloned()
}

const TABLES: [&[Attempt]; 9] = [
    kernel::ATTEMPTS,
    mount::ATTEMPTS,
    process::ATTEMPTS,
    socket::ATTEMPTS,
    escalation::ATTEMPTS,
    execution::ATTEMPTS,
    persistence::ATTEMPTS,
    secret::ATTEMPTS,
    exhaustion::ATTEMPTS,
];

static ALL: LazyLock<Vec<Attempt>> = LazyLock::new(|| TABLES.concat());

/// Every attempt, grouped by theme.
pub fn attempts() -> &'static [Attempt] {
    &ALL
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn ids_are_kebab_case_and_unique() {
        let mut seen = BTreeSet::new();
        for attempt in attempts() {
            let id = attempt.id;
            assert!(seen.insert(id), "{id}");
            let letter = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
            assert!(id.bytes().all(letter) && !id.starts_with('-'), "{id}");
        }
        assert!(seen.len() >= 45);
    }

    #[test]
    fn every_grant_that_would_explain_an_attempt_can_be_granted() {
        for attempt in attempts() {
            if let Needs::Any(texts) = attempt.needs {
                for text in texts {
                    let grant: Result<Grant, _> = text.parse();
                    assert_eq!(
                        grant.map(|g| g.to_string()).as_deref(),
                        Ok(*text),
                        "{}",
                        attempt.id
                    );
                }
            }
        }
    }

    #[test]
    fn titles_complete_a_sentence_and_groups_are_all_there() {
        for attempt in attempts() {
            let first = attempt.title.as_bytes()[0];
            assert!(first.is_ascii_lowercase(), "{}", attempt.title);
            assert!(!attempt.title.ends_with('.'), "{}", attempt.title);
        }
        for group in Group::ALL {
            assert!(attempts().iter().filter(|a| a.group == group).count() >= 10);
        }
    }

    #[test]
    fn every_target_is_absolute_or_in_a_home_and_has_one_star_a_component() {
        for target in attempts().iter().flat_map(|attempt| attempt.targets) {
            assert!(
                target.starts_with('/') || target.starts_with("~/"),
                "{target}"
            );
            for component in target.split('/') {
                assert!(component.matches('*').count() <= 1, "{target}");
            }
        }
    }
}
