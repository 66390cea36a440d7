//! System calls that need a privilege whatever their arguments.

use crate::grant::Privilege;

/// The privilege that `call` needs besides its own name, if any.
///
/// Calls that need only a capability are not here: the capability itself is a fact.
pub fn privilege_of(call: &str) -> Option<Privilege> {
    let privilege = match call {
        "add_key" | "keyctl" | "request_key" => Privilege::Keyring,
        "bpf" => Privilege::Bpf,
        "clock_settime" | "settimeofday" | "stime" => Privilege::Clock,
        "create_module" | "delete_module" | "finit_module" | "init_module" => Privilege::Modules,
        "fsconfig" | "fsmount" | "fsopen" | "fspick" | "mount" | "mount_setattr" | "move_mount"
        | "open_tree" | "open_tree_attr" | "pivot_root" | "umount" | "umount2" => Privilege::Mount,
        "io_uring_enter" | "io_uring_register" | "io_uring_setup" => Privilege::IoUring,
        "memfd_create" => Privilege::Memfd,
        "mlock" | "mlock2" | "mlockall" | "memfd_secret" => Privilege::Mlock,
        "mq_open" | "mq_unlink" | "msgget" | "semget" | "shmget" => Privilege::SharedMemory,
        "kcmp" | "pidfd_getfd" | "process_vm_readv" | "process_vm_writev" | "ptrace" => {
            Privilege::Ptrace
        }
        "setdomainname" | "sethostname" => Privilege::Hostname,
        "syslog" => Privilege::Logs,
        _ => return None,
    };
    Some(privilege)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syscall::is_base;

    #[test]
    fn no_base_call_needs_a_privilege() {
        for call in crate::syscall::BASE {
            assert_eq!(privilege_of(call), None, "{call}");
        }
        assert!(!is_base("memfd_create"));
    }
}
