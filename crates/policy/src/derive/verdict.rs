//! Decides, fact by fact, what counts as a need and what is only recorded as tried.
//!
//! The rule is fail-safe: what succeeded is needed; what was only looked at, was not there or was refused
//! never opens more than reading, and that only in the service's own configuration.

use crate::denial::needed;
use crate::grant::{FileAccess, Grant};
use crate::path::AbsPath;
use crate::place;
use crate::trace::{Fact, Object, Outcome, Touch};

/// What becomes of a fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Nothing is needed.
    Nothing,
    /// These grants are needed.
    Needs(Vec<Grant>),
    /// These grants would be needed, but the fact is no reason to give them.
    Doubt(Vec<Grant>, &'static str),
}

pub(super) fn judge(fact: &Fact) -> Verdict {
    let needs = match fact {
        // The identity is decided as a whole.
        Fact::Become { uid: 0, .. } => return Verdict::Nothing,
        Fact::File {
            path,
            touch: Touch::Probe,
            object: Object::Directory,
            outcome: Outcome::Done,
            beneath: false,
            ..
        } if path.parent().is_some() && place::in_proc(path).is_none() => {
            vec![Grant::file(FileAccess::Read, path)]
        }
        // mkdir(2) said that the directory is there already, and the service went on with it.
        Fact::File {
            path,
            touch: Touch::Create,
            object: Object::Directory,
            outcome: Outcome::Failed,
            beneath: false,
            ..
        } if !place::is_shared(path) && !place::is_sensitive(path) => {
            return Verdict::Needs(vec![Grant::file(FileAccess::Read, path)]);
        }
        other => needed(other),
    };
    if needs.is_empty() {
        return Verdict::Nothing;
    }
    match doubt(fact) {
        Some(reason) => Verdict::Doubt(needs, reason),
        None => Verdict::Needs(needs),
    }
}

fn doubt(fact: &Fact) -> Option<&'static str> {
    match fact {
        Fact::File {
            path,
            touch,
            object,
            outcome,
            beneath,
            ..
        } => outcome_doubt(*outcome).or_else(|| file_doubt(path, *touch, *object, *beneath)),
        Fact::Bind { outcome, .. } | Fact::Connect { outcome, .. } => outcome_doubt(*outcome),
        Fact::SignalSent { signal: 0, .. } => Some("asked only whether a process is there"),
        _ => None,
    }
}

fn outcome_doubt(outcome: Outcome) -> Option<&'static str> {
    match outcome {
        Outcome::Done => None,
        Outcome::Missing => Some("nothing was there"),
        Outcome::Denied => Some("the system refused it"),
        Outcome::Failed => Some("it failed"),
    }
}

fn file_doubt(path: &AbsPath, touch: Touch, object: Object, beneath: bool) -> Option<&'static str> {
    let names_change = matches!(touch, Touch::Create | Touch::Remove | Touch::Rename);
    if names_change && place::is_bytecode_cache(path) {
        return Some(
            "a cache of compiled code: the program works without it, and what it holds is executed",
        );
    }
    if matches!(touch, Touch::List | Touch::Root) && place::is_shared(path)
        || beneath && place::is_shared(path)
    {
        return Some("the directory is shared: granting it would open what others keep there");
    }
    if touch == Touch::Metadata && object == Object::Directory && place::is_shared(path) {
        return Some("the directory is shared: its mode and owner are not the service's to change");
    }
    // Looking at a regular file that is there needs the file in view. What else can be looked at would
    // open more than was asked: a tree, a connection, a driver, whatever a link leads to.
    match (touch, object) {
        (Touch::Probe, Object::Regular | Object::Fifo) if !place::is_sensitive(path) => None,
        (Touch::Probe, Object::Regular | Object::Fifo) => {
            Some("only looked at, and likely a secret")
        }
        (Touch::Probe, _) => Some("only looked at"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::Permission;

    fn file(path: &str, touch: Touch, object: Object, outcome: Outcome) -> Fact {
        Fact::File {
            path: path.parse().unwrap(),
            touch,
            object,
            permission: Permission::Others,
            outcome,
            beneath: false,
        }
    }

    #[test]
    fn what_was_not_there_or_refused_is_no_need() {
        for outcome in [Outcome::Missing, Outcome::Denied, Outcome::Failed] {
            let fact = file("/srv/x", Touch::Write, Object::Unknown, outcome);
            assert!(matches!(judge(&fact), Verdict::Doubt(..)));
        }
    }

    #[test]
    fn looking_at_a_secret_a_socket_or_a_device_opens_nothing() {
        for (path, object) in [
            ("/etc/shadow", Object::Regular),
            ("/run/x.sock", Object::Socket),
            ("/dev/kvm", Object::Device),
            ("/srv/tree", Object::Directory),
        ] {
            let fact = file(path, Touch::Probe, object, Outcome::Done);
            assert!(matches!(judge(&fact), Verdict::Doubt(..)), "{path}");
        }
        let fact = file("/etc/x.conf", Touch::Probe, Object::Regular, Outcome::Done);
        assert!(matches!(judge(&fact), Verdict::Needs(_)));
    }

    #[test]
    fn a_directory_that_was_to_be_made_and_is_there_is_shown() {
        let make = |path| file(path, Touch::Create, Object::Directory, Outcome::Failed);
        let read = vec!["files.read /var/lib/nginx/body".parse().unwrap()];
        assert_eq!(judge(&make("/var/lib/nginx/body")), Verdict::Needs(read));
        for path in ["/var/lib", "/root/.ssh"] {
            assert!(matches!(judge(&make(path)), Verdict::Doubt(..)), "{path}");
        }
    }

    #[test]
    fn listing_a_home_does_not_open_it() {
        let fact = file("/home/ada", Touch::List, Object::Directory, Outcome::Done);
        assert!(matches!(judge(&fact), Verdict::Doubt(..)));
        let fact = file(
            "/home/ada/site",
            Touch::List,
            Object::Directory,
            Outcome::Done,
        );
        assert!(matches!(judge(&fact), Verdict::Needs(_)));
    }
}
