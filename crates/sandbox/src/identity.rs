//! Who a service becomes: names to numbers, and a user id that nobody else has.

use ringfence_compile::native::{Identity, Plan, StartUser};
use rustix::io::Errno;
use rustix::process::{Uid, getgid, getuid};

use crate::accounts::{self, Account};
use crate::error::{SandboxError, Step};

/// The first and the last id for dynamic users; systemd.exec(5) reserves the same.
const FIRST: u32 = 61184;
const LAST: u32 = 65519;

/// The numbers of a service.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Ids {
    /// The user id it starts with.
    pub(crate) uid: u32,
    /// The group id it starts with.
    pub(crate) gid: u32,
    /// Supplementary groups; `None` leaves them as they are.
    pub(crate) groups: Option<Vec<u32>>,
    /// Other user ids it may take.
    pub(crate) other_uids: Vec<u32>,
    /// Other group ids it may take.
    pub(crate) other_gids: Vec<u32>,
    /// The account, when it is not the caller's.
    pub(crate) account: Option<Account>,
}

impl Ids {
    /// Every user id it can have.
    pub(crate) fn uids(&self) -> Vec<u32> {
        sorted(std::iter::once(self.uid).chain(self.other_uids.iter().copied()))
    }

    /// Every group id it can have.
    pub(crate) fn gids(&self) -> Vec<u32> {
        sorted(std::iter::once(self.gid).chain(self.other_gids.iter().copied()))
    }
}

fn sorted(ids: impl Iterator<Item = u32>) -> Vec<u32> {
    let mut all: Vec<u32> = ids.collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// Looks up who the plan names.
pub(crate) fn resolve(plan: &Plan) -> Result<Ids, SandboxError> {
    let own = Ids {
        uid: getuid().as_raw(),
        gid: getgid().as_raw(),
        ..Ids::default()
    };
    let Some(identity) = &plan.identity else {
        return Ok(own);
    };
    let mut ids = match &identity.user {
        StartUser::Own => own,
        StartUser::Root => Ids {
            groups: Some(Vec::new()),
            ..Ids::default()
        },
        StartUser::Dynamic => dynamic(&plan.service)?,
        StartUser::Named(name) => named(name, &own)?,
    };
    add_groups(&mut ids, identity)?;
    for name in &identity.drops_to {
        let account = accounts::user(name).ok_or_else(|| unknown("user", name))?;
        ids.other_uids.push(account.uid);
        ids.other_gids.push(account.gid);
        ids.other_gids.extend(accounts::groups_of(&account.name));
    }
    Ok(ids)
}

fn named(name: &str, own: &Ids) -> Result<Ids, SandboxError> {
    let account = accounts::user(name).ok_or_else(|| unknown("user", name))?;
    if account.uid == own.uid {
        return Ok(own.clone());
    }
    if own.uid != 0 {
        return Err(SandboxError::Step {
            step: format!("start as user `{name}`"),
            reason: format!("uid {} is not root", own.uid),
        });
    }
    Ok(Ids {
        uid: account.uid,
        gid: account.gid,
        groups: Some(accounts::groups_of(&account.name)),
        account: Some(account),
        ..Ids::default()
    })
}

fn add_groups(ids: &mut Ids, identity: &Identity) -> Result<(), SandboxError> {
    for name in &identity.groups {
        let gid = accounts::group(name).ok_or_else(|| unknown("group", name))?;
        if let Some(groups) = &mut ids.groups {
            groups.push(gid);
        }
    }
    Ok(())
}

fn unknown(kind: &str, name: &str) -> SandboxError {
    SandboxError::Step {
        step: format!("start as {kind} `{name}`"),
        reason: format!("this host has no such {kind}"),
    }
}

/// The id that the service's name leads to, or the next one that is neither in `/etc/passwd` nor that of a
/// live process.
fn dynamic(service: &str) -> Result<Ids, SandboxError> {
    let range = LAST - FIRST + 1;
    let start = hash(service.as_bytes()) % range;
    let step = || format!("find a free user id for `{service}`");
    for offset in 0..range {
        let uid = FIRST + (start + offset) % range;
        let taken = accounts::user(&uid.to_string()).is_some_and(|one| one.name != uid.to_string());
        if taken {
            continue;
        }
        // Asking for a priority finds the live processes of a user without a walk through /proc.
        let used = match rustix::process::getpriority_user(Uid::from_raw(uid)) {
            Ok(_) => true,
            Err(Errno::SRCH) => false,
            Err(errno) => return Err(errno).step(step),
        };
        if !used {
            return Ok(Ids {
                uid,
                gid: uid,
                groups: Some(Vec::new()),
                account: Some(Account {
                    name: service.to_owned(),
                    uid,
                    gid: uid,
                    home: "/".to_owned(),
                }),
                ..Ids::default()
            });
        }
    }
    Err(SandboxError::Step {
        step: step(),
        reason: format!("all from {FIRST} to {LAST} are in use"),
    })
}

/// FNV-1a: the same name leads to the same id on every host, so that state directories keep their owner.
fn hash(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811c_9dc5, |hash, byte| {
        (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_the_published_one() {
        assert_eq!(hash(b""), 0x811c_9dc5);
        assert_eq!(hash(b"foobar"), 0xbf9c_f968);
    }
}
