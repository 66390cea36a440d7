//! From a manifest to the policy it stands for.

use std::collections::BTreeSet;

use super::{Ceiling, Manifest};
use crate::effective::{StillAllowed, effective};
use crate::grant::{FileAccess, Grant, User};
use crate::lock::Lock;
use crate::pattern::PathPattern;
use crate::policy::Policy;

/// Why a manifest stands for no policy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// The manifest says `@learned` and there is no lock.
    #[error("tell what `@learned` stands for: there is no lock beside the manifest")]
    NoLock,
    /// A manifest that is extended was not given.
    #[error("extend `{0}`: there is no manifest of this name")]
    NoManifest(String),
    /// Something cannot be dropped.
    #[error(transparent)]
    StillAllowed(#[from] StillAllowed),
}

impl PolicyError {
    /// The way out.
    pub fn help(&self) -> &'static str {
        match self {
            Self::NoLock => {
                "`ringfence policy derive` writes the lock from a trace; or name the calls instead of `@learned`"
            }
            Self::NoManifest(_) => {
                "a manifest NAME.toml beside this one, or one name less in `extends`"
            }
            Self::StillAllowed(_) => "grant less in the first place: a policy has no exceptions",
        }
    }
}

impl Manifest {
    /// The policy this stands for: the base, the program itself, what is granted, and what `@learned`
    /// stands for; without what is dropped. What is extended must be [resolved](Self::resolve) first.
    ///
    /// A lock of another text is used all the same; [`Lock::is_for`] tells.
    pub fn policy(&self, lock: Option<&Lock>) -> Result<Policy, PolicyError> {
        if let Some(name) = self.extends.first() {
            return Err(PolicyError::NoManifest(name.clone()));
        }
        let program = self
            .service
            .program()
            .map(|path| Grant::File(FileAccess::Exec, PathPattern::from(&path)));
        let mut own: Policy = program
            .into_iter()
            .chain(self.grants().map(|(grant, _)| grant))
            .collect();
        if self.learned_syscalls {
            let lock = lock.ok_or(PolicyError::NoLock)?;
            own = own.join(&lock.syscalls.iter().cloned().map(Grant::Syscall).collect());
        }
        let mut policy = effective([&Policy::base(), &own], &self.drop, None)?;
        // A process always is someone: without a user of its own it is nobody else's either.
        policy.insert(Grant::User(User::Dynamic));
        Ok(policy)
    }

    /// This manifest with everything it extends added, and `extends` empty.
    ///
    /// `extended` gives the manifest of a name. Only grants are taken over, with what they drop and
    /// require: `[service]` (but for groups and `drops_to`), `[check]` and the user stay this manifest's own.
    /// Each name is asked for once, so a circle ends.
    pub fn resolve(&self, extended: &dyn Fn(&str) -> Option<Self>) -> Result<Self, PolicyError> {
        let mut whole = self.clone();
        let mut open = std::mem::take(&mut whole.extends);
        let mut known: BTreeSet<String> = BTreeSet::new();
        while let Some(name) = open.pop() {
            if known.insert(name.clone()) {
                let part = extended(&name).ok_or(PolicyError::NoManifest(name))?;
                open.extend(part.extends.iter().cloned());
                whole.take_over(part);
            }
        }
        whole.normalize();
        Ok(whole)
    }

    fn take_over(&mut self, part: Self) {
        for entry in part.entries {
            // The reason written here is about this service; the other is not.
            if !self.entries.iter().any(|own| own.grant == entry.grant) {
                self.entries.push(entry);
            }
        }
        for listen in part.listens {
            if !self.listens.iter().any(|own| own.address == listen.address) {
                self.listens.push(listen);
            }
        }
        for secret in part.secrets {
            if !self.secrets.iter().any(|own| own.name == secret.name) {
                self.secrets.push(secret);
            }
        }
        self.learned_syscalls |= part.learned_syscalls;
        self.drop.extend(part.drop);
        self.require_exact.extend(part.require_exact);
    }
}

impl Ceiling {
    /// What of `policy` this site allows.
    pub fn limit(&self, policy: &Policy) -> Result<Policy, PolicyError> {
        let Some(bound) = &self.bound else {
            return Ok(policy.clone());
        };
        let bounded = policy.meet(&bound.policy(None)?);
        let calls: Policy = policy
            .grants()
            .filter(|grant| self.any_syscall && matches!(grant, Grant::Syscall(_)))
            .cloned()
            .collect();
        Ok(bounded.join(&calls))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "ringfence = 1\n";
    const SERVICE: &str = "[service]\nname = \"x\"\nexec = [\"/opt/x\"]\nuser = \"dynamic\"\n";

    fn manifest(top: &str, rest: &str) -> Manifest {
        Manifest::parse(&format!("{HEAD}{top}\n{SERVICE}{rest}")).unwrap()
    }

    fn grant(text: &str) -> Grant {
        text.parse().unwrap()
    }

    #[test]
    fn an_empty_manifest_is_the_base_and_its_own_program() {
        let policy = manifest("", "").policy(None).unwrap();
        let expected = [
            Grant::User(User::Dynamic),
            grant("files.exec /opt/x"),
            grant("files.use base"),
        ];
        assert_eq!(policy, expected.into_iter().collect());
    }

    #[test]
    fn learned_calls_need_a_lock() {
        let learned = manifest("", "[process]\nsyscalls = [\"@learned\"]\n");
        assert_eq!(learned.policy(None), Err(PolicyError::NoLock));
        assert!(PolicyError::NoLock.help().contains("policy derive"));
    }

    #[test]
    fn extending_takes_over_grants_and_keeps_the_own_reason() {
        let web = "ringfence = 1\nextends = [\"net\"]\n[files]\nread = [{ path = \"/srv\", why = \"theirs\" }]\n";
        let net = "ringfence = 1\nextends = [\"web\"]\n[net]\ndns = true\n";
        let own = manifest(
            "extends = [\"web\"]",
            "[files]\nread = [{ path = \"/srv\", why = \"ours\" }]\n",
        );
        let whole = own
            .resolve(&|name| {
                let text = if name == "web" { web } else { net };
                Manifest::parse_part(text).ok()
            })
            .unwrap();
        assert!(whole.policy(None).unwrap().allows(&Grant::Dns));
        let reasons: Vec<_> = whole
            .entries
            .iter()
            .filter_map(|e| e.why.as_deref())
            .collect();
        assert_eq!(reasons, ["ours"]);
        assert_eq!(
            own.resolve(&|_| None),
            Err(PolicyError::NoManifest("web".into()))
        );
        assert_eq!(own.policy(None), Err(PolicyError::NoManifest("web".into())));
    }

    #[test]
    fn a_ceiling_bounds_grants_and_may_leave_system_calls_alone() {
        let ceiling = Ceiling::parse(
            "ringfence = 1\nnever = [\"kernel.modules\"]\n[service]\nuser = \"www-data\"\n\
             [files]\nread = [\"/srv\"]\nexec = [\"/opt\"]\n[process]\nsyscalls = [\"@any\"]\n",
        )
        .unwrap();
        let asked = manifest(
            "",
            "[files]\nwrite = [\"/srv/x\"]\n[net]\ndns = true\n[process]\nsyscalls = [\"openat\"]\n",
        );
        let policy = ceiling.limit(&asked.policy(None).unwrap()).unwrap();
        for held in [
            "files.read /srv/x",
            "files.exec /opt/x",
            "process.syscall openat",
            "files.use base",
        ] {
            assert!(policy.allows(&grant(held)), "{held}");
        }
        for refused in ["files.write /srv/x", "net.dns"] {
            assert!(!policy.allows(&grant(refused)), "{refused}");
        }
        assert_eq!(ceiling.never, [grant("kernel.modules")]);
    }
}
