//! Users and groups of the host, read from `/etc/passwd` and `/etc/group`.
//!
//! Only these files are read: name services with plug-ins would run foreign code in the process that sets
//! up a confinement. A user from elsewhere can be named by number.

use std::fs;

/// A user of the host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Account {
    pub(crate) name: String,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    pub(crate) home: String,
}

/// The user of this name or number. A number without an account stands for itself, with that group.
pub(crate) fn user(name: &str) -> Option<Account> {
    let number = name.parse::<u32>().ok();
    let listed = lines("/etc/passwd").into_iter().find_map(|line| {
        let mut fields = line.split(':');
        let own = fields.next()?;
        let uid = fields.nth(1)?.parse().ok()?;
        let gid = fields.next()?.parse().ok()?;
        let home = fields.nth(1)?;
        (own == name || number == Some(uid)).then(|| Account {
            name: own.to_owned(),
            uid,
            gid,
            home: home.to_owned(),
        })
    });
    listed.or_else(|| {
        number.map(|uid| Account {
            name: name.to_owned(),
            uid,
            gid: uid,
            home: "/".to_owned(),
        })
    })
}

/// The group of this name or number.
pub(crate) fn group(name: &str) -> Option<u32> {
    let listed = lines("/etc/group").into_iter().find_map(|line| {
        let mut fields = line.split(':');
        (fields.next()? == name).then(|| fields.nth(1)?.parse().ok())?
    });
    listed.or_else(|| name.parse().ok())
}

/// The groups that list this user as a member.
pub(crate) fn groups_of(user: &str) -> Vec<u32> {
    let member = |line: &String| {
        let mut fields = line.split(':');
        let gid = fields.nth(2)?.parse().ok()?;
        fields
            .next()?
            .split(',')
            .any(|one| one == user)
            .then_some(gid)
    };
    lines("/etc/group").iter().filter_map(member).collect()
}

fn lines(file: &str) -> Vec<String> {
    let text = fs::read(file).unwrap_or_default();
    String::from_utf8_lossy(&text)
        .lines()
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_are_found_by_name_and_number() {
        let root = user("root").unwrap();
        assert_eq!((root.uid, root.gid), (0, 0));
        assert_eq!(user("0"), Some(root));
        assert_eq!(user("no-such-user"), None);
        assert_eq!(user("61999").unwrap().gid, 61999);
        assert_eq!(group("root"), Some(0));
    }
}
