//! Device nodes.

use std::collections::BTreeMap;

use ringfence_policy::grant::{DeviceAccess, Grant};
use ringfence_policy::path::AbsPath;

use crate::coverage::Status;

use super::draft::Draft;
use super::identity;

/// Nodes that hold nothing: `PrivateDevices=` makes them and `DevicePolicy=closed` opens them.
const PSEUDO: [&str; 9] = [
    "/dev/null",
    "/dev/zero",
    "/dev/full",
    "/dev/random",
    "/dev/urandom",
    "/dev/tty",
    "/dev/ptmx",
    "/dev/pts",
    "/dev/console",
];

/// Capabilities that `PrivateDevices=` takes away.
const DROPPED: [&str; 2] = ["CAP_MKNOD", "CAP_SYS_RAWIO"];

fn is_pseudo(path: &AbsPath) -> bool {
    PSEUDO.iter().any(|own| own.as_bytes() == path.as_bytes())
}

pub(super) fn put(draft: &mut Draft<'_>) {
    let mut nodes: BTreeMap<AbsPath, DeviceAccess> = BTreeMap::new();
    for grant in draft.policy.expanded() {
        if let Grant::Device(access, pattern) = grant
            && let Some(path) = pattern.as_literal()
            && !is_pseudo(&path)
        {
            nodes
                .entry(path)
                .and_modify(|own| *own = both(*own, *access))
                .or_insert(*access);
        }
    }
    draft.group(if nodes.is_empty() {
        "no files.device"
    } else {
        "files.device"
    });
    let raw = identity::granted(draft)
        .iter()
        .any(|capability| DROPPED.contains(&capability.name()));
    if raw {
        draft.permit("PrivateDevices", "no");
        draft.record(
            "private-devices",
            Status::Wider(
                "every node is shown: a granted capability would be taken away with them"
                    .to_owned(),
            ),
        );
    } else {
        draft.deny("PrivateDevices", "yes");
    }
    draft.deny("DevicePolicy", "closed");
    draft.clear("DeviceAllow");
    let mut shown = Vec::new();
    for (path, access) in nodes {
        let word = draft.word(&path);
        shown.push(format!("-{word}"));
        draft.put("DeviceAllow", format!("{word} {}", access.word()));
    }
    if !raw {
        draft.put_list("BindPaths", shown);
    }
}

fn both(a: DeviceAccess, b: DeviceAccess) -> DeviceAccess {
    if a.covers(b) {
        a
    } else if b.covers(a) {
        b
    } else {
        DeviceAccess::ReadWrite
    }
}

/// How exactly a device is granted.
pub(super) fn status(path: Option<&AbsPath>) -> Status {
    match path {
        None => Status::Narrower(
            "the nodes are not shown: DeviceAllow= knows no pattern of nodes".to_owned(),
        ),
        Some(_) => Status::Exact,
    }
}
