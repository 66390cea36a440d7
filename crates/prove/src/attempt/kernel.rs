//! The kernel's surface: calls that change it for everyone or open a door into it.
//!
//! For each, the complaint that comes only after the rights were looked at is named here and checked by
//! running the attempt with and without the right (`tests/bare.rs`).

use ringfence_policy::grant::FileAccess;
use ringfence_sys::forbidden;
use ringfence_sys::signal::{self, Signal, SignalSet};
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketType, socket};

use super::Group::Exploited;
use super::file::{Way, open_each};
use super::{Attempt, Needs};
use crate::outcome::{How, Outcome};

pub(super) const ATTEMPTS: &[Attempt] = &[
    Attempt::new("load-module", Exploited, "load a kernel module", |_, _| {
        Outcome::judge(
            forbidden::load_module(),
            &[Errno::NOEXEC],
            "init_module let in",
        )
    })
    .any(&["process.capability CAP_SYS_MODULE", "kernel.modules"]),
    Attempt::new(
        "load-module-file",
        Exploited,
        "load a kernel module from a file",
        |_, _| {
            Outcome::judge(
                forbidden::load_module_file(),
                &[Errno::BADF],
                "finit_module let in",
            )
        },
    )
    .any(&["process.capability CAP_SYS_MODULE", "kernel.modules"]),
    Attempt::new(
        "remove-module",
        Exploited,
        "remove a kernel module",
        |_, _| {
            // delete_module(2): the right, then the name. No module is called so.
            let none = rustix::system::delete_module(c"ringfence_no_such_module", libc_nonblock());
            Outcome::judge(none, &[Errno::NOENT], "delete_module let in")
        },
    )
    .any(&["process.capability CAP_SYS_MODULE", "kernel.modules"]),
    Attempt::new(
        "replace-kernel",
        Exploited,
        "replace the running kernel",
        |_, _| {
            Outcome::judge(
                forbidden::replace_kernel(),
                &[Errno::INVAL],
                "kexec_load let in",
            )
        },
    )
    .any(&["process.capability CAP_SYS_BOOT"]),
    Attempt::new(
        "restart-machine",
        Exploited,
        "restart the machine",
        |_, _| {
            Outcome::judge(
                forbidden::reboot_with_bad_magic(),
                &[Errno::INVAL],
                "reboot let in",
            )
        },
    )
    .any(&["process.capability CAP_SYS_BOOT"]),
    Attempt::new("create-bpf-map", Exploited, "create BPF maps", |_, _| {
        Outcome::judge(forbidden::create_bpf_map(), &[], "created a BPF map")
    })
    .any(&["process.bpf", "process.capability CAP_BPF"]),
    Attempt::new(
        "load-bpf-program",
        Exploited,
        "run BPF programs in the kernel",
        |_, _| {
            let loaded = forbidden::load_bpf_program();
            Outcome::judge(loaded, &[], "loaded a BPF program")
        },
    )
    .any(&["process.bpf", "process.capability CAP_BPF"]),
    Attempt::new(
        "profile-kernel",
        Exploited,
        "measure the kernel with performance counters",
        |_, _| Outcome::judge(forbidden::perf_event(), &[], "opened a counter"),
    )
    .any(&[
        "process.syscall perf_event_open",
        "process.capability CAP_PERFMON",
    ]),
    Attempt::new(
        "handle-faults",
        Exploited,
        "hold up the kernel at page faults with userfaultfd",
        |_, _| Outcome::judge(forbidden::userfaultfd(), &[], "opened a userfaultfd"),
    )
    .any(&[
        "process.syscall userfaultfd",
        "process.capability CAP_SYS_PTRACE",
    ]),
    Attempt::new(
        "use-io-uring",
        Exploited,
        "use io_uring, which acts past system call filters",
        |_, _| {
            Outcome::judge(
                forbidden::io_uring(),
                &[Errno::FAULT],
                "io_uring_setup let in",
            )
        },
    )
    .any(&["process.io_uring", "process.syscall io_uring_setup"]),
    Attempt::new("add-key", Exploited, "use the kernel's keyrings", |_, _| {
        Outcome::judge(forbidden::add_key(), &[Errno::FAULT], "add_key let in")
    })
    .any(&["process.keyring", "process.syscall add_key"]),
    Attempt::new(
        "request-key",
        Exploited,
        "have the kernel fetch keys",
        |_, _| {
            Outcome::judge(
                forbidden::request_key(),
                &[Errno::FAULT],
                "request_key let in",
            )
        },
    )
    .any(&["process.keyring", "process.syscall request_key"]),
    Attempt::new(
        "open-by-handle",
        Exploited,
        "open files by handle, past the mount view",
        |_, _| {
            let opened = forbidden::open_by_handle();
            Outcome::judge(opened, &[Errno::STALE], "open_by_handle_at let in")
        },
    )
    .any(&["process.capability CAP_DAC_READ_SEARCH"]),
    Attempt::new(
        "record-processes",
        Exploited,
        "switch process accounting",
        |_, _| {
            Outcome::judge(
                forbidden::process_accounting(),
                &[Errno::NOENT],
                "acct let in",
            )
        },
    )
    .any(&["process.capability CAP_SYS_PACCT"]),
    Attempt::new("add-swap", Exploited, "add swap space", |_, _| {
        Outcome::judge(forbidden::swap_on(), &[Errno::NOENT], "swapon let in")
    })
    .any(&["process.capability CAP_SYS_ADMIN"]),
    Attempt::new("remove-swap", Exploited, "remove swap space", |_, _| {
        Outcome::judge(forbidden::swap_off(), &[Errno::NOENT], "swapoff let in")
    })
    .any(&["process.capability CAP_SYS_ADMIN"]),
    Attempt::new("set-clock", Exploited, "set the clock", |_, _| {
        Outcome::judge(forbidden::set_no_time(), &[], "settimeofday let in")
    })
    .any(&["kernel.clock", "process.capability CAP_SYS_TIME"]),
    Attempt::new(
        "slow-clock",
        Exploited,
        "make the clock run slower or faster",
        |_, _| {
            let adjusted = forbidden::adjust_nothing_in_the_clock();
            Outcome::judge(adjusted, &[Errno::INVAL], "clock_adjtime let in")
        },
    )
    .any(&["kernel.clock", "process.capability CAP_SYS_TIME"]),
    Attempt::new(
        "set-host-name",
        Exploited,
        "set the host name",
        |context, _| {
            if context.has_own("uts") {
                return Outcome::Stopped(How::Other("it has a host name of its own".into()));
            }
            // sethostname(2): the right, then the length, of which the kernel takes at most 64.
            let set = rustix::system::sethostname(&[b'x'; 65]);
            Outcome::judge(set, &[Errno::INVAL], "sethostname let in")
        },
    )
    .any(&["kernel.hostname", "process.capability CAP_SYS_ADMIN"]),
    Attempt::new(
        "use-io-port",
        Exploited,
        "use a port of the hardware",
        |_, _| Outcome::judge(forbidden::io_port(), &[], "ioperm let in"),
    )
    .any(&["process.capability CAP_SYS_RAWIO"]),
    Attempt::new(
        "use-all-io-ports",
        Exploited,
        "use every port of the hardware",
        |_, _| Outcome::judge(forbidden::all_io_ports(), &[], "iopl let in"),
    )
    .any(&["process.capability CAP_SYS_RAWIO"]),
    Attempt::new(
        "modify-ldt",
        Exploited,
        "use the processor's local descriptor table",
        |_, _| Outcome::judge(forbidden::modify_ldt(), &[], "modify_ldt let in"),
    )
    .any(&["process.syscall modify_ldt"]),
    Attempt::new(
        "change-personality",
        Exploited,
        "switch off random addresses for its programs",
        |_, _| {
            const NO_RANDOM_ADDRESSES: u32 = 0x0004_0000;
            let changed = forbidden::personality(NO_RANDOM_ADDRESSES);
            Outcome::judge(changed, &[], "personality let in")
        },
    )
    .any(&["process.personality", "process.syscall personality"]),
    Attempt::new(
        "decide-about-files",
        Exploited,
        "decide which files other processes may open",
        |_, _| Outcome::judge(forbidden::fanotify(), &[], "opened a fanotify group"),
    )
    .any(&["process.capability CAP_SYS_ADMIN"]),
    Attempt::new(
        "talk-netlink",
        Exploited,
        "talk to the kernel over netlink",
        |_, _| {
            // Protocol 0 is NETLINK_ROUTE, which every kernel with a network has; netlink(7).
            let opened = socket(AddressFamily::NETLINK, SocketType::RAW, None);
            Outcome::judge(opened, &[], "opened a netlink socket")
        },
    )
    .any(&["net.netlink route"]),
    Attempt::new(
        "use-devices",
        Exploited,
        "use devices that lead deep into the kernel or to people",
        // Opening none of these does anything by itself; a watchdog, for one, would start to count.
        |_, candidates| open_each(candidates, Way::Read),
    )
    .on(&[
        "/dev/fuse",
        "/dev/kvm",
        "/dev/vhost-*",
        "/dev/net/tun",
        "/dev/loop-control",
        "/dev/mapper/control",
        "/dev/uinput",
        "/dev/uhid",
        "/dev/input/event*",
        "/dev/hidraw*",
        "/dev/rtc*",
        "/dev/dri/*",
        "/dev/snd/*",
        "/dev/video*",
        "/dev/tty1",
        "/dev/vcs*",
    ])
    .needs(Needs::Files(FileAccess::Read)),
    Attempt::new(
        "type-into-terminal",
        Exploited,
        "type into the terminal of whoever started it",
        |_, _| type_into_terminal(),
    )
    .any(&["process.terminal_injection"]),
];

fn libc_nonblock() -> i32 {
    // delete_module(2) waits for users of the module without it.
    i32::try_from(OFlags::NONBLOCK.bits()).unwrap_or(0)
}

/// Types into a terminal of its own, which tells whether the kernel and the filters allow it at all.
fn type_into_terminal() -> Outcome {
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
    let pair = rustix::pty::openpt(rustix::pty::OpenptFlags::RDWR).and_then(|main| {
        rustix::pty::unlockpt(&main)?;
        let name = rustix::pty::ptsname(&main, Vec::new())?;
        Ok((main, rustix::fs::open(name, flags, Mode::empty())?))
    });
    match pair {
        Err(errno) => Outcome::cannot(format!(
            "no terminal of its own can be made: {}",
            How::Errno(errno.raw_os_error())
        )),
        Ok((_main, terminal)) => {
            // The end of the terminal hangs up on its session, which is this process.
            let _ = signal::block(SignalSet::empty().with(Signal::HUP));
            // Only the controlling terminal takes input from a process without CAP_SYS_ADMIN. Where this
            // process cannot have one, TIOCSTI itself says so.
            let _ = rustix::process::ioctl_tiocsctty(&terminal);
            let typed = forbidden::enter_keyboard_input(rustix::fd::AsFd::as_fd(&terminal), b'x');
            Outcome::judge(typed, &[], "typed one byte")
        }
    }
}
