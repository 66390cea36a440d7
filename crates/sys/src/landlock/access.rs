//! Landlock's rights, and the version in which each came (`linux/landlock.h`, Linux 5.13 to 7.2).
//!
//! Left out: the quiet rules of ABI 10, which only change what is logged.

use std::fmt;

use bitflags::bitflags;

/// A version of the kernel's Landlock interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Abi(u32);

impl Abi {
    /// No Landlock.
    pub const NONE: Self = Self(0);

    /// The version with this number.
    pub const fn new(number: u32) -> Self {
        Self(number)
    }

    /// Its number; 0 for none.
    pub const fn number(self) -> u32 {
        self.0
    }
}

impl fmt::Display for Abi {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, formatter)
    }
}

bitflags! {
    /// What can be done to files (`LANDLOCK_ACCESS_FS_*`).
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
    pub struct AccessFs: u64 {
        /// Execute a file.
        const EXECUTE = 1;
        /// Open a file for writing.
        const WRITE_FILE = 1 << 1;
        /// Open a file for reading.
        const READ_FILE = 1 << 2;
        /// List a directory.
        const READ_DIR = 1 << 3;
        /// Remove or rename a directory.
        const REMOVE_DIR = 1 << 4;
        /// Remove or rename a file.
        const REMOVE_FILE = 1 << 5;
        /// Create a character device.
        const MAKE_CHAR = 1 << 6;
        /// Create a directory.
        const MAKE_DIR = 1 << 7;
        /// Create a regular file.
        const MAKE_REG = 1 << 8;
        /// Create a Unix socket by binding it.
        const MAKE_SOCK = 1 << 9;
        /// Create a named pipe.
        const MAKE_FIFO = 1 << 10;
        /// Create a block device.
        const MAKE_BLOCK = 1 << 11;
        /// Create a symbolic link.
        const MAKE_SYM = 1 << 12;
        /// Link or rename across directories (ABI 2). Every ruleset denies it, even one that does not
        /// name it.
        const REFER = 1 << 13;
        /// Truncate a file (ABI 3). Before, truncating was always allowed.
        const TRUNCATE = 1 << 14;
        /// `ioctl` on a device opened afterwards (ABI 5).
        const IOCTL_DEV = 1 << 15;
        /// Connect or send to a Unix socket by its path (ABI 9).
        const RESOLVE_UNIX = 1 << 16;
    }
}

impl AccessFs {
    /// The rights that make sense on a file; the others are for directories and what is in them.
    pub const FILE: Self = Self::EXECUTE
        .union(Self::WRITE_FILE)
        .union(Self::READ_FILE)
        .union(Self::TRUNCATE)
        .union(Self::IOCTL_DEV)
        .union(Self::RESOLVE_UNIX);

    const FIRST: Self = Self::from_bits_truncate((1 << 13) - 1);

    /// Each group of rights with the version that brought it.
    pub const HISTORY: &'static [(Abi, Self)] = &[
        (Abi(1), Self::FIRST),
        (Abi(2), Self::REFER),
        (Abi(3), Self::TRUNCATE),
        (Abi(5), Self::IOCTL_DEV),
        (Abi(9), Self::RESOLVE_UNIX),
    ];

    /// The rights that a kernel of this version can deny.
    pub fn supported(abi: Abi) -> Self {
        known(Self::HISTORY, abi)
    }
}

bitflags! {
    /// What can be done to ports (`LANDLOCK_ACCESS_NET_*`).
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
    pub struct AccessNet: u64 {
        /// Bind a TCP socket (ABI 4).
        const BIND_TCP = 1;
        /// Connect a TCP socket (ABI 4).
        const CONNECT_TCP = 1 << 1;
        /// Bind a UDP socket (ABI 10).
        const BIND_UDP = 1 << 2;
        /// Connect a UDP socket, or send a datagram to an address (ABI 10).
        const CONNECT_SEND_UDP = 1 << 3;
    }
}

impl AccessNet {
    /// Each group of rights with the version that brought it.
    pub const HISTORY: &'static [(Abi, Self)] = &[
        (Abi(4), Self::BIND_TCP.union(Self::CONNECT_TCP)),
        (Abi(10), Self::BIND_UDP.union(Self::CONNECT_SEND_UDP)),
    ];

    /// The rights that a kernel of this version can deny.
    pub fn supported(abi: Abi) -> Self {
        known(Self::HISTORY, abi)
    }
}

bitflags! {
    /// What is denied towards processes outside of the restricted ones (`LANDLOCK_SCOPE_*`); there are
    /// no rules to allow it again.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
    pub struct Scope: u64 {
        /// Connect to an abstract Unix socket made outside (ABI 6).
        const ABSTRACT_UNIX_SOCKET = 1;
        /// Send a signal (ABI 6).
        const SIGNAL = 1 << 1;
    }
}

impl Scope {
    /// Each group of scopes with the version that brought it.
    pub const HISTORY: &'static [(Abi, Self)] =
        &[(Abi(6), Self::ABSTRACT_UNIX_SOCKET.union(Self::SIGNAL))];

    /// The scopes that a kernel of this version has.
    pub fn supported(abi: Abi) -> Self {
        known(Self::HISTORY, abi)
    }
}

bitflags! {
    /// How to restrict (`LANDLOCK_RESTRICT_SELF_*`).
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
    pub struct RestrictFlags: u32 {
        /// No audit record for what this program itself is denied (ABI 7).
        const LOG_SAME_EXEC_OFF = 1;
        /// Audit records also for programs it executes (ABI 7).
        const LOG_NEW_EXEC_ON = 1 << 1;
        /// No audit records for rulesets that restricted children add (ABI 7).
        const LOG_SUBDOMAINS_OFF = 1 << 2;
        /// Restrict every thread of the process, not only the calling one (ABI 8).
        const ALL_THREADS = 1 << 3;
    }
}

impl RestrictFlags {
    /// Each group of flags with the version that brought it.
    pub const HISTORY: &'static [(Abi, Self)] = &[
        (
            Abi(7),
            Self::LOG_SAME_EXEC_OFF
                .union(Self::LOG_NEW_EXEC_ON)
                .union(Self::LOG_SUBDOMAINS_OFF),
        ),
        (Abi(8), Self::ALL_THREADS),
    ];

    /// The flags that a kernel of this version takes.
    pub fn supported(abi: Abi) -> Self {
        known(Self::HISTORY, abi)
    }
}

fn known<T: bitflags::Flags + Copy>(history: &[(Abi, T)], abi: Abi) -> T {
    history
        .iter()
        .filter(|(since, _)| *since <= abi)
        .fold(T::empty(), |sum, (_, added)| sum.union(*added))
}

#[cfg(test)]
mod tests {
    use super::{Abi, AccessFs, AccessNet, RestrictFlags, Scope};

    #[test]
    fn the_newest_version_has_every_right_and_none_has_nothing() {
        let newest = Abi::new(10);
        assert_eq!(AccessFs::supported(newest), AccessFs::all());
        assert_eq!(AccessNet::supported(newest), AccessNet::all());
        assert_eq!(Scope::supported(newest), Scope::all());
        assert_eq!(RestrictFlags::supported(newest), RestrictFlags::all());
        assert_eq!(AccessFs::supported(Abi::NONE), AccessFs::empty());
    }

    #[test]
    fn the_masks_are_those_of_the_kernel_versions() {
        // LANDLOCK_MASK_ACCESS_FS of Linux 5.13, 5.19, 6.2, 6.10 and 7.1.
        for (abi, mask) in [
            (1, 0x1fff),
            (2, 0x3fff),
            (3, 0x7fff),
            (4, 0x7fff),
            (5, 0xffff),
            (8, 0xffff),
            (9, 0x1_ffff),
        ] {
            assert_eq!(AccessFs::supported(Abi::new(abi)).bits(), mask, "ABI {abi}");
        }
        assert_eq!(AccessNet::supported(Abi::new(3)).bits(), 0);
        assert_eq!(AccessNet::supported(Abi::new(9)).bits(), 3);
        assert_eq!(Scope::supported(Abi::new(5)).bits(), 0);
        assert_eq!(RestrictFlags::supported(Abi::new(7)).bits(), 7);
    }
}
