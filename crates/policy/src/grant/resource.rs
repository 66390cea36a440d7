//! Amounts of memory, tasks, descriptors and time.

use std::fmt;
use std::str::FromStr;

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Resource {
    /// Bytes of memory; `memory.max` of cgroup v2.
    MemoryMax,
    /// Threads and processes; `pids.max` of cgroup v2.
    TasksMax,
    /// Open descriptors of one process; `RLIMIT_NOFILE`.
    Nofile,
    /// Percent of one CPU; `cpu.max` of cgroup v2.
    CpuQuota,
    /// Bytes in private directories together.
    TmpMax,
    /// Seconds the service may run.
    RuntimeMax,
}

impl Resource {
    /// Every resource.
    pub const ALL: [Self; 6] = [
        Self::MemoryMax,
        Self::TasksMax,
        Self::Nofile,
        Self::CpuQuota,
        Self::TmpMax,
        Self::RuntimeMax,
    ];

    /// The key in the manifest's `[resources]` table.
    pub fn word(self) -> &'static str {
        match self {
            Self::MemoryMax => "memory_max",
            Self::TasksMax => "tasks_max",
            Self::Nofile => "nofile",
            Self::CpuQuota => "cpu_quota",
            Self::TmpMax => "tmp_max",
            Self::RuntimeMax => "runtime_max",
        }
    }

    /// Whether the amount is in bytes and may be written `64M`.
    pub fn is_bytes(self) -> bool {
        matches!(self, Self::MemoryMax | Self::TmpMax)
    }
}

/// How much: a number in the resource's own unit, or no bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Amount {
    /// At most this.
    Limit(u64),
    /// No bound.
    Unlimited,
}

const BINARY_UNITS: [(char, u64); 4] = [
    ('T', 1 << 40),
    ('G', 1 << 30),
    ('M', 1 << 20),
    ('K', 1 << 10),
];

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Limit(number) = self else {
            return f.write_str("unlimited");
        };
        match BINARY_UNITS
            .iter()
            .find(|(_, size)| *number > 0 && number % size == 0)
        {
            Some((unit, size)) => write!(f, "{}{unit}", number / size),
            None => write!(f, "{number}"),
        }
    }
}

impl FromStr for Amount {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        if text == "unlimited" {
            return Ok(Self::Unlimited);
        }
        let (digits, size) = BINARY_UNITS
            .iter()
            .find_map(|(unit, size)| text.strip_suffix(*unit).map(|digits| (digits, *size)))
            .unwrap_or((text, 1));
        let number: u64 = digits.parse().map_err(|_| ())?;
        number.checked_mul(size).map(Self::Limit).ok_or(())
    }
}
