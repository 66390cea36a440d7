//! Linux as a process (User Mode Linux): a kernel of its own on any machine, without virtualization.
//!
//! The kernel is newer than the C library of this machine may be, so it runs in a root that has its own
//! (`testbed/recipe/uml`), by bwrap(1). What it changes on its disk goes to a tmpfs in there.

use std::fs;
use std::path::Path;
use std::time::Duration;

use crate::agent::Virtual;
use crate::child;
use crate::image::{Image, build};
use crate::machine::MachineError;

/// How long it may take on a machine that is busy with other tests.
const BOOT: Duration = Duration::from_mins(2);

/// Its second serial line is the agent's; nobody reads its consoles. Its security modules are those of Debian's
/// kernels, as far as it has them.
const LINUX: &str = "
    ubd0=/tmp/changes,/disk/root.ext4 root=/dev/ubda rootfstype=ext4 rw
    mem=1024M umid=testbed uml_dir=/tmp/
    con=null con0=null ssl=null ssl1=fd:0,fd:1
    quiet panic=-1 apparmor=1 lsm=lockdown,yama,apparmor,landlock,bpf
    systemd.show_status=0 systemd.set_credential=testbed.greeting:hello
";

/// Boots a machine whose kernel is a process.
pub(crate) fn boot(name: &str, image: Image) -> Result<Virtual, MachineError> {
    let kernel = build(&["uml"])?;
    let disk = image.disk()?;
    let scratch = tempfile::tempdir().map_err(MachineError::io("make a directory"))?;
    let share = scratch.path().join("share");
    fs::create_dir(&share).map_err(MachineError::io("make a directory to share"))?;
    let mut command = child::mortal("KILL", "bwrap");
    command
        .args("--die-with-parent --unshare-pid --unshare-net --unshare-ipc".split(' '))
        .arg("--ro-bind")
        .args([&kernel, Path::new("/")])
        .arg("--ro-bind")
        .args([&disk, Path::new("/disk")])
        .arg("--bind")
        .args([&share, Path::new("/share")])
        .args("--dev /dev --proc /proc --tmpfs /tmp -- /linux".split(' '))
        .args(LINUX.split_ascii_whitespace());
    Virtual::boot(name, command, scratch, Some(share), BOOT)
}
