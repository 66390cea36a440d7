//! Settings that are on or off.

/// A setting that is on or off and, unless said otherwise, off when nothing sets it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flag {
    /// On when nothing sets it.
    DefaultDependencies,
    /// The only one whose bad value stops the file.
    DynamicUser,
    LockPersonality,
    MemoryDenyWriteExecute,
    NoNewPrivileges,
    PrivateDevices,
    PrivateNetwork,
    ProtectClock,
    ProtectKernelLogs,
    ProtectKernelModules,
    ProtectKernelTunables,
    RemainAfterExit,
    RemoveIpc,
    RestrictRealtime,
    RestrictSuidSgid,
}

/// The flags that are on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Flags(u32);

impl Default for Flags {
    fn default() -> Self {
        Self(1 << Flag::DefaultDependencies as u32)
    }
}

impl Flags {
    /// Whether it is on.
    pub fn has(self, flag: Flag) -> bool {
        self.0 & (1 << flag as u32) != 0
    }

    /// Puts it on or off.
    pub fn set(&mut self, flag: Flag, on: bool) {
        let bit = 1 << flag as u32;
        self.0 = if on { self.0 | bit } else { self.0 & !bit };
    }
}
