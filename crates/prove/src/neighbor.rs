//! Another service on the same host, played by this program, for attempts to aim at.
//!
//! It is a process with something in its memory, listeners on the loopback device and on Unix sockets,
//! and a file in `/tmp`. Attempts never touch a process, a port or a temporary file that is not one of
//! these. All of it ends with the value.

use std::fs::{self, DirBuilder, File, Permissions};
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, UdpSocket};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::os::unix::net::{SocketAddr as UnixAddress, UnixListener};
use std::path::{Path, PathBuf};
use std::time::Duration;

use ringfence_sys::process::{self, Fork};
use ringfence_sys::ptrace::{WaitFlags, wait_pid};
use rustix::fs::{FlockOperation, Mode, OFlags};
use rustix::process::{Pid, Signal};
use serde::{Deserialize, Serialize};

/// Why there is no neighbor.
#[derive(Debug, thiserror::Error)]
#[error("{step} for the service that attempts aim at: {source}")]
pub struct NeighborError {
    step: &'static str,
    #[source]
    source: io::Error,
}

/// The neighbor, as attempts know it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Neighbor {
    #[serde(with = "number")]
    pid: Pid,
    secret: [u8; 16],
    address: u64,
    #[serde(with = "crate::text")]
    directory: PathBuf,
    // Kept as addresses, because a confinement closes every descriptor.
    tcp: SocketAddr,
    tcp6: Option<SocketAddr>,
    udp: SocketAddr,
    name: Vec<u8>,
}

/// What the neighbor is made of. All of it ends with the value.
#[derive(Debug)]
pub(crate) struct Household {
    pid: Pid,
    directory: PathBuf,
    _secret: Box<[u8; 16]>,
    _lock: Option<File>,
    _tcp: TcpListener,
    _tcp6: Option<TcpListener>,
    _udp: UdpSocket,
    _unix: UnixListener,
    _abstract: UnixListener,
}

impl Neighbor {
    /// Starts it. The calling process must have one thread, because it forks.
    pub(crate) fn start() -> Result<(Self, Household), NeighborError> {
        let at = |step: &'static str| move |source: io::Error| NeighborError { step, source };
        let mut secret = Box::new([0; 16]);
        rustix::rand::getrandom(&mut secret[..], rustix::rand::GetRandomFlags::empty())
            .map_err(|errno| at("draw a random number")(errno.into()))?;
        // Half of it makes names that nobody else has.
        let (half, _) = secret.split_at(8);
        let tag = half
            .iter()
            .fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        let tag = format!("{tag:016x}");
        let loopback = |address: SocketAddr| TcpListener::bind(address);
        let tcp = loopback((Ipv4Addr::LOCALHOST, 0).into()).map_err(at("listen on 127.0.0.1"))?;
        // A host without IPv6 has no ::1; the attempt then says so.
        let tcp6 = loopback((Ipv6Addr::LOCALHOST, 0).into()).ok();
        let udp = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).map_err(at("bind 127.0.0.1"))?;
        let tcp_address = tcp.local_addr().map_err(at("see an address"))?;
        let udp_address = udp.local_addr().map_err(at("see an address"))?;
        let name = format!("ringfence-prove-{tag}").into_bytes();
        let address = UnixAddress::from_abstract_name(&name).map_err(at("name a socket"))?;
        let abstract_ = UnixListener::bind_addr(&address).map_err(at("listen on a socket"))?;

        clear_abandoned();
        let directory = std::env::temp_dir().join(format!("{DIRECTORY}{tag}"));
        DirBuilder::new()
            .mode(0o755)
            .create(&directory)
            .map_err(at("create a directory"))?;
        // From here on the value owns the directory, so that an error removes it again.
        let furnished = Self::furnish(&directory)
            .and_then(|unix| Ok((unix, lock(&directory)?)))
            .inspect_err(|_| {
                let _ = fs::remove_dir_all(&directory);
            });
        let (unix, lock) = furnished.map_err(at("fill a directory"))?;
        let pid = match process::fork() {
            Ok(Fork::Child) => idle(),
            Ok(Fork::Parent(pid)) => pid,
            Err(source) => {
                let _ = fs::remove_dir_all(&directory);
                return Err(at("fork")(source));
            }
        };
        let neighbor = Self {
            pid,
            secret: *secret,
            // Where the copy of it is in the process that was just forked.
            address: secret.as_ptr().expose_provenance() as u64,
            directory: directory.clone(),
            tcp: tcp_address,
            tcp6: tcp6.as_ref().and_then(|tcp6| tcp6.local_addr().ok()),
            udp: udp_address,
            name,
        };
        let household = Household {
            pid,
            directory,
            _secret: secret,
            _lock: lock,
            _tcp: tcp,
            _tcp6: tcp6,
            _udp: udp,
            _unix: unix,
            _abstract: abstract_,
        };
        Ok((neighbor, household))
    }

    /// Puts in place what anyone may use, so that file modes are not what stops an attempt.
    fn furnish(directory: &Path) -> io::Result<UnixListener> {
        let note = directory.join("note");
        fs::write(&note, "left here by another service\n")?;
        fs::set_permissions(&note, Permissions::from_mode(0o644))?;
        let socket = directory.join("socket");
        let listener = UnixListener::bind(&socket)?;
        fs::set_permissions(&socket, Permissions::from_mode(0o777))?;
        Ok(listener)
    }

    /// Its process.
    pub fn pid(&self) -> Pid {
        self.pid
    }

    /// What it has in its memory, and where.
    pub fn secret(&self) -> (&[u8; 16], u64) {
        (&self.secret, self.address)
    }

    /// Where it listens for TCP over IPv4.
    pub fn tcp(&self) -> SocketAddr {
        self.tcp
    }

    /// Where it listens for TCP over IPv6, if the host has it.
    pub fn tcp6(&self) -> Option<SocketAddr> {
        self.tcp6
    }

    /// Where it receives UDP.
    pub fn udp(&self) -> SocketAddr {
        self.udp
    }

    /// The abstract name of its socket.
    pub fn abstract_name(&self) -> &[u8] {
        &self.name
    }

    /// Its socket in the file system, which anyone may connect to.
    pub fn socket(&self) -> PathBuf {
        self.directory.join("socket")
    }

    /// Its file in `/tmp`, which anyone may read.
    pub fn note(&self) -> PathBuf {
        self.directory.join("note")
    }
}

/// How the names of neighbors' directories start.
const DIRECTORY: &str = "ringfence-prove-";

/// Locks a directory of the caller's own for as long as the file is open; `None` when it is locked. Nobody
/// else's link is followed.
fn lock(directory: &Path) -> io::Result<Option<File>> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let opened = rustix::fs::open(directory, flags, Mode::empty())?;
    if rustix::fs::fstat(&opened)?.st_uid != rustix::process::geteuid().as_raw() {
        return Ok(None);
    }
    match rustix::fs::flock(&opened, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(Some(opened.into())),
        Err(rustix::io::Errno::WOULDBLOCK) => Ok(None),
        Err(errno) => Err(errno.into()),
    }
}

/// Removes what neighbors left that were killed: directories that nobody has locked, and that are old
/// enough not to be someone's who is about to.
fn clear_abandoned() {
    const FRESH: Duration = Duration::from_secs(30);
    for entry in fs::read_dir(std::env::temp_dir())
        .into_iter()
        .flatten()
        .flatten()
    {
        let named = entry.file_name().to_string_lossy().starts_with(DIRECTORY);
        let old = || {
            let changed = entry.metadata().and_then(|metadata| metadata.modified());
            changed.is_ok_and(|at| at.elapsed().is_ok_and(|age| age > FRESH))
        };
        if named && old() && matches!(lock(&entry.path()), Ok(Some(_))) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// A process as its number.
mod number {
    use rustix::process::Pid;
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands it over so")]
    pub(super) fn serialize<S: Serializer>(pid: &Pid, to: S) -> Result<S::Ok, S::Error> {
        pid.as_raw_nonzero().serialize(to)
    }

    pub(super) fn deserialize<'a, D: Deserializer<'a>>(from: D) -> Result<Pid, D::Error> {
        Pid::from_raw(i32::deserialize(from)?).ok_or_else(|| Error::custom("no process is 0"))
    }
}

/// Does nothing until killed; never returns.
fn idle() -> ! {
    let _ = rustix::process::set_parent_process_death_signal(Some(Signal::KILL));
    loop {
        // Without descriptors and without a deadline it ends with a signal only.
        let _ = rustix::event::poll(&mut [], None);
    }
}

impl Drop for Household {
    fn drop(&mut self) {
        // An attempt is a fork and never drops this; the process that started it does.
        let _ = rustix::process::kill_process(self.pid, Signal::KILL);
        let _ = wait_pid(self.pid, WaitFlags::empty());
        let _ = fs::remove_dir_all(&self.directory);
    }
}
