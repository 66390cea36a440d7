//! Machines with Debian's own kernel, by qemu-system-x86_64(1) without hardware virtualization.

use std::time::Duration;

use crate::agent::Virtual;
use crate::child;
use crate::image::{Image, build};
use crate::machine::MachineError;

/// How long it may take on a machine that is busy with other tests.
const BOOT: Duration = Duration::from_mins(5);

/// The processor is without cmpxchg16b, which QEMU 7.2 gets wrong so that Linux 6.12 panics.
const HARDWARE: &str = "
    -nodefaults -no-user-config -no-reboot -display none
    -machine pc,hpet=off -accel tcg,thread=multi -cpu max,-cx16,-la57 -smp 2 -m 1024
    -chardev stdio,id=agent,signal=off -device virtio-serial-pci
    -device virtserialport,chardev=agent,name=testbed
    -device nvme,drive=disk,serial=disk
";

/// What makes emulation slow is left out; the security modules are all there.
const LINUX: &str = "root=/dev/nvme0n1 rootfstype=ext4 rw console=ttyS0 quiet panic=-1 \
    nokaslr mitigations=off no_timer_check tsc=reliable audit=0 psi=1 \
    apparmor=1 lsm=landlock,lockdown,yama,apparmor,bpf \
    systemd.show_status=0 systemd.set_credential=testbed.greeting:hello";

/// Boots a machine with two processors.
pub(crate) fn boot(name: &str, image: Image) -> Result<Virtual, MachineError> {
    let kernel = build(&["kernel"])?.join("vmlinuz");
    let disk = image.disk()?.join("root.ext4");
    let scratch = tempfile::tempdir().map_err(MachineError::io("make a directory"))?;
    let mut command = child::mortal("KILL", "qemu-system-x86_64");
    command
        .args(HARDWARE.split_ascii_whitespace())
        // Changes go to a temporary file without a name. Nobody writes to the image, but User Mode Linux takes a
        // lock on it as one who may, and QEMU would not start beside it.
        .arg("-drive")
        .arg(format!(
            "file={},format=raw,if=none,id=disk,snapshot=on,cache=unsafe,file.locking=off",
            disk.display()
        ))
        .arg("-serial")
        .arg(format!("file:{}", scratch.path().join("console").display()))
        .arg("-kernel")
        .arg(kernel)
        .arg("-append")
        .arg(LINUX);
    Virtual::boot(name, command, scratch, None, BOOT)
}
