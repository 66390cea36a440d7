//! What a filter answers the kernel.

/// `EPERM`, the same number on every architecture.
pub const EPERM: u16 = 1;
/// `ENOSYS`: makes a C library fall back to an older call, where `EPERM` would make it give up.
pub const ENOSYS: u16 = 38;

/// The largest errno the kernel passes on; it silently lowers anything above to this.
const MAX_ERRNO: u16 = 4095;

/// What happens to a system call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// The call runs.
    Allow,
    /// The call runs, and the kernel writes an audit record.
    Log,
    /// A tracer is told, with this message; without a tracer the call fails with `ENOSYS`.
    Trace(u16),
    /// The call does not run and fails with this errno, 1 to 4095.
    Deny(u16),
    /// The whole process dies of `SIGSYS`, which it cannot catch.
    KillProcess,
}

impl Action {
    /// Whether the call runs without anyone being asked.
    pub const fn permits(self) -> bool {
        matches!(self, Self::Allow | Self::Log)
    }

    /// The `SECCOMP_RET_*` value (linux/seccomp.h), or the errno the kernel would change.
    ///
    /// Errno 0 is refused as well: the caller would be told that a call succeeded which never ran.
    pub(super) fn encode(self) -> Result<u32, u16> {
        match self {
            Self::Allow => Ok(0x7fff_0000),
            Self::Log => Ok(0x7ffc_0000),
            Self::Trace(message) => Ok(0x7ff0_0000 | u32::from(message)),
            Self::Deny(errno) if (1..=MAX_ERRNO).contains(&errno) => {
                Ok(0x0005_0000 | u32::from(errno))
            }
            Self::Deny(errno) => Err(errno),
            Self::KillProcess => Ok(0x8000_0000),
        }
    }

    /// The action a `SECCOMP_RET_*` value stands for, if it is one we make.
    pub(super) fn decode(value: u32) -> Option<Self> {
        let [high, low] = [value & 0xffff_0000, value & 0xffff];
        let data = u16::try_from(low).ok()?;
        let action = match high {
            0x7fff_0000 => Self::Allow,
            0x7ffc_0000 => Self::Log,
            0x7ff0_0000 => Self::Trace(data),
            0x0005_0000 => Self::Deny(data),
            0x8000_0000 => Self::KillProcess,
            _ => return None,
        };
        (action.encode() == Ok(value)).then_some(action)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_errno_the_kernel_would_change_has_no_encoding() {
        assert_eq!(Action::Deny(0).encode(), Err(0));
        assert_eq!(Action::Deny(4096).encode(), Err(4096));
        assert_eq!(Action::Deny(4095).encode(), Ok(0x0005_0fff));
    }

    #[test]
    fn the_values_are_those_of_the_kernel() {
        let action = |value: u32| Action::decode(value);
        assert_eq!(action(libc::SECCOMP_RET_ALLOW), Some(Action::Allow));
        assert_eq!(action(libc::SECCOMP_RET_LOG), Some(Action::Log));
        assert_eq!(action(libc::SECCOMP_RET_TRACE | 7), Some(Action::Trace(7)));
        assert_eq!(
            action(libc::SECCOMP_RET_ERRNO | 0xd),
            Some(Action::Deny(13))
        );
        assert_eq!(
            action(libc::SECCOMP_RET_KILL_PROCESS),
            Some(Action::KillProcess)
        );
        assert_eq!(action(libc::SECCOMP_RET_TRAP), None);
    }
}
