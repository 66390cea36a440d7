//! Which permission bits let the kernel say yes.
//!
//! Only the object itself is judged (for a name that is made or removed, its directory). That a directory
//! above is closed to others, as `/root` is, does not count: a mount view gives access to the granted path
//! whatever lies above it.

use ringfence_policy::trace::Permission;
use rustix::fs::Stat;

use super::status::Identity;

/// Read.
pub const READ: u32 = 4;
/// Write.
pub const WRITE: u32 = 2;
/// Execute, or search a directory.
pub const SEARCH: u32 = 1;

const CAP_DAC_OVERRIDE: u8 = 1;
const CAP_DAC_READ_SEARCH: u8 = 2;

/// The weakest permission that gives all of `want` to this identity.
///
/// `Unknown` when neither bits nor a capability do: an access control list did, or the file changed.
pub fn of_access(stat: &Stat, identity: &Identity, want: u32) -> Permission {
    let mode = stat.st_mode;
    if mode & want == want {
        Permission::Others
    } else if mode >> 3 & want == want && identity.in_group(stat.st_gid) {
        Permission::Group
    } else if mode >> 6 & want == want && identity.file_uid == stat.st_uid {
        Permission::Owner
    } else if identity.has(CAP_DAC_OVERRIDE)
        || (want & WRITE == 0 && identity.has(CAP_DAC_READ_SEARCH))
    {
        Permission::Override
    } else {
        Permission::Unknown
    }
}

/// As [`of_access`] for making or removing a name in a directory. `victim` is what the name stood for: in
/// a sticky directory only its owner, the directory's owner and `CAP_FOWNER` may take it away.
pub fn of_entry(directory: &Stat, victim: Option<&Stat>, identity: &Identity) -> Permission {
    const STICKY: u32 = 0o1000;
    let access = of_access(directory, identity, WRITE | SEARCH);
    let Some(victim) = victim.filter(|_| directory.st_mode & STICKY != 0) else {
        return access;
    };
    let uid = identity.file_uid;
    if uid == victim.st_uid || uid == directory.st_uid {
        access.max(Permission::Owner)
    } else {
        Permission::Override
    }
}

/// Who may change mode, owner or times: the owner, or a capability.
pub fn of_metadata(stat: &Stat, identity: &Identity) -> Permission {
    if identity.file_uid == stat.st_uid {
        Permission::Owner
    } else {
        Permission::Override
    }
}
