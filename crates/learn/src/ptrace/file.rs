//! Paths in calls other than opens: looked at, made, renamed, removed.

use std::rc::Rc;

use ringfence_policy::grant::Capability;
use ringfence_policy::path::{AbsPath, escape};
use ringfence_policy::trace::{Address, Fact, Object, Outcome, Permission, Touch};
use rustix::fs::{FileType, Stat};
use rustix::process::Pid;

use super::call::{Moves, PathUse};
use super::exit::{Pending, Work, outcome};
use super::own_numbers::without_own_numbers;
use super::permission::{self, READ, SEARCH, WRITE};
use super::table::Call;
use super::task::Actor;
use super::tracer::Tracer;
use super::view::{Found, View, proc_link};
use super::{capability, operand};

/// One path of a call whose end is awaited.
#[derive(Debug)]
pub struct Operand {
    touch: Touch,
    base: Vec<u8>,
    /// Empty when `base` is the canonical path already.
    path: Vec<u8>,
    follow: bool,
    /// Where it led when the call began, for calls that change that.
    before: Option<Found>,
}

impl Operand {
    /// Whether renaming it makes other paths lead elsewhere.
    pub fn moves(&self) -> bool {
        let stat = self.before.as_ref().and_then(|found| found.stat);
        stat.is_some_and(|stat| matches!(object(&stat), Object::Directory | Object::Link))
    }
}

/// What a path argument turned out to be.
pub enum Given {
    /// A path, and the directory it is relative to (empty for an absolute one).
    Path(Vec<u8>, Vec<u8>),
    /// The file behind a descriptor.
    Descriptor(u64),
    /// Nothing that could succeed.
    Nothing,
    /// It could not be read.
    Unreadable,
}

const AT_FDCWD: i32 = -100;
pub const DELETED: &[u8] = b" (deleted)";

/// The path of the file behind a descriptor or of the working directory; `None` for what has none.
pub fn descriptor_path(task: Pid, fd: u64) -> Option<Vec<u8>> {
    let text = match capability::int(fd) {
        AT_FDCWD => proc_link(task, "cwd")?,
        number if number >= 0 => proc_link(task, &format!("fd/{number}"))?,
        _ => return None,
    };
    (text.first() == Some(&b'/') && !is_nameless(&text)).then_some(text)
}

/// Memory files and their like look like paths.
pub fn is_nameless(text: &[u8]) -> bool {
    [
        &b"/memfd:"[..],
        b"/SYSV",
        b"/dev/zero (deleted)",
        b"/[aio]",
        b"/secretmem",
    ]
    .iter()
    .any(|prefix| text.starts_with(prefix))
}

/// The process that a pidfd stands for, or -1.
pub fn pidfd_target(task: Pid, fd: u64) -> i32 {
    let path = format!(
        "/proc/{}/fdinfo/{}",
        task.as_raw_nonzero(),
        capability::int(fd)
    );
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("Pid:"));
    line.and_then(|number| number.trim().parse().ok())
        .unwrap_or(-1)
}

/// What kind of thing this is.
pub fn object(stat: &Stat) -> Object {
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => Object::Regular,
        FileType::Directory => Object::Directory,
        FileType::CharacterDevice | FileType::BlockDevice => Object::Device,
        FileType::Socket => Object::Socket,
        FileType::Fifo => Object::Fifo,
        FileType::Symlink => Object::Link,
        FileType::Unknown => Object::Unknown,
    }
}

pub fn parent(path: &[u8]) -> &[u8] {
    match path.iter().rposition(|byte| *byte == b'/') {
        Some(0) | None => b"/",
        Some(cut) => path.get(..cut).unwrap_or(b"/"),
    }
}

impl Tracer {
    /// A canonical path as facts have it.
    pub(super) fn absolute(&mut self, path: &[u8]) -> Option<AbsPath> {
        let path = without_own_numbers(path, |number| self.is_own(number));
        let path = AbsPath::from_bytes(&path).ok();
        if path.is_none() {
            self.ledger.lose(1, 0, "a path could not be resolved");
        }
        path
    }

    pub(super) fn given(
        actor: &Actor,
        args: &[u64; 6],
        directory: Option<usize>,
        path: usize,
    ) -> Given {
        let argument = |index: usize| args.get(index).copied().unwrap_or(0);
        let directory = directory.map(argument);
        let address = argument(path);
        if address == 0 {
            return directory.map_or(Given::Nothing, Given::Descriptor);
        }
        let Ok(path) = operand::path(actor.task, address) else {
            return Given::Unreadable;
        };
        match path.first() {
            Some(b'/') => Given::Path(path, Vec::new()),
            None => directory.map_or(Given::Nothing, Given::Descriptor),
            Some(_) => {
                let at = directory.unwrap_or(i64::from(AT_FDCWD).cast_unsigned());
                match descriptor_path(actor.task, at) {
                    Some(base) if !base.ends_with(DELETED) => Given::Path(path, base),
                    _ => Given::Nothing,
                }
            }
        }
    }

    pub(super) fn enter_paths(
        &mut self,
        actor: &Actor,
        pending: &mut Pending,
        uses: &[PathUse],
        deny: bool,
    ) -> bool {
        let mut operands = Vec::with_capacity(uses.len());
        for path_use in uses {
            match Self::given(actor, &pending.args, path_use.directory, path_use.path) {
                Given::Path(path, base) => operands.push(Operand {
                    touch: path_use.touch,
                    base,
                    path,
                    follow: path_use.follow.decide(&pending.args),
                    before: None,
                }),
                // Looking at what is already open needs nothing.
                Given::Descriptor(_) if path_use.touch == Touch::Probe => {}
                Given::Descriptor(fd) => {
                    if let Some(path) = descriptor_path(actor.task, fd) {
                        operands.push(Operand {
                            touch: path_use.touch,
                            base: path,
                            path: Vec::new(),
                            follow: false,
                            before: None,
                        });
                    }
                }
                Given::Nothing => {}
                Given::Unreadable => {
                    pending.work = Work::Unreadable;
                    return true;
                }
            }
        }
        if operands.is_empty() {
            return false;
        }
        let what: Vec<_> = operands
            .iter()
            .map(|o| (&o.base, &o.path, o.follow))
            .collect();
        let key = self.key(actor, (7_u8, &pending.call.name, what));
        pending.key = Some(key);
        let moves = pending.call.moves;
        let known = !deny && moves != Moves::Always && self.is_known(key);
        if known && moves == Moves::Never {
            return false;
        }
        if let [operand] = operands.as_slice()
            && operand.touch == Touch::Probe
            && !deny
            && self.tells_nothing(actor, operand, key)
        {
            return false;
        }
        if let Some(view) = self.view(actor) {
            for operand in &mut operands {
                // A look changes nothing, so it can be taken at the end, when it is known to be needed.
                if !matches!(operand.touch, Touch::Probe | Touch::List | Touch::Write) {
                    operand.before = Some(operand.resolve(&view, actor));
                }
            }
        }
        let wanted = !known || operands.iter().any(Operand::moves);
        pending.work = Work::Paths(operands);
        wanted
    }

    pub(super) fn enter_descriptor(
        &mut self,
        actor: &Actor,
        pending: &mut Pending,
        touch: Touch,
        deny: bool,
    ) -> bool {
        let Some(path) = descriptor_path(actor.task, pending.args[0]) else {
            return false;
        };
        let key = self.key(actor, (8_u8, &pending.call.name, &path));
        pending.key = Some(key);
        if !deny && self.is_known(key) {
            return false;
        }
        let mut operand = Operand {
            touch,
            base: path,
            path: Vec::new(),
            follow: false,
            before: None,
        };
        if let Some(view) = self.view(actor) {
            operand.before = Some(operand.resolve(&view, actor));
        }
        pending.work = Work::Paths(vec![operand]);
        true
    }

    pub(super) fn finish_paths(
        &mut self,
        actor: &Actor,
        call: &Rc<Call>,
        operands: &[Operand],
        errno: Option<i32>,
    ) {
        let Some(view) = self.view(actor) else {
            self.ledger
                .lose(1, 0, "a process vanished before its paths were resolved");
            return;
        };
        for operand in operands {
            let now;
            let found = if let Some(found) = &operand.before {
                found
            } else {
                now = operand.resolve(&view, actor);
                &now
            };
            self.record_links(actor, &found.links);
            let (false, Some(path)) = (found.nameless, self.absolute(&found.path)) else {
                continue;
            };
            let outcome = match (operand.touch, errno) {
                (Touch::Probe, errno) => looked(errno),
                (_, errno) => outcome(errno),
            };
            let there = match operand.touch {
                Touch::Create | Touch::Rename if outcome == Outcome::Done => view.stat(&found.path),
                _ => found.stat,
            };
            let permission = if outcome == Outcome::Done {
                self.permission(actor, call, operand.touch, &view, found)
            } else {
                Permission::Unknown
            };
            let fact = Fact::File {
                path,
                touch: operand.touch,
                object: there.as_ref().map_or(Object::Unknown, object),
                permission,
                outcome,
                beneath: false,
            };
            self.record(actor, fact, errno);
        }
        if let ([from, to], None) = (operands, errno)
            && (from.touch, to.touch) == (Touch::Remove, Touch::Rename)
        {
            self.renamed(actor, &view, from, to);
        }
    }

    /// A socket that is bound under one name and then given another is reached by the other.
    fn renamed(&mut self, actor: &Actor, view: &View, from: &Operand, to: &Operand) {
        let Some(from) = &from.before else { return };
        let to = to.resolve(view, actor);
        if let (Some(from), Some(to)) = (self.absolute(&from.path), self.absolute(&to.path)) {
            let (from, to) = (Address::Unix(from), Address::Unix(to));
            if self.sockets.rename(&from, &to) {
                self.ledger.rename_socket(&from, &to);
            }
        }
    }

    /// The permission that a successful touch needed; records the capability when one did.
    pub(super) fn permission(
        &mut self,
        actor: &Actor,
        call: &Rc<Call>,
        touch: Touch,
        view: &View,
        found: &Found,
    ) -> Permission {
        let identity = &actor.identity;
        let of_object = |want| {
            found.stat.map_or(Permission::Unknown, |stat| {
                permission::of_access(&stat, identity, want)
            })
        };
        let of_entry = || {
            let victim = found.stat.as_ref();
            view.stat(parent(&found.path))
                .map_or(Permission::Unknown, |directory| {
                    permission::of_entry(&directory, victim, identity)
                })
        };
        let permission = match touch {
            Touch::Probe => Permission::Others,
            Touch::List if call.name.as_str().ends_with("chdir") => of_object(SEARCH),
            Touch::Read | Touch::List => of_object(READ),
            Touch::Append | Touch::Write => of_object(WRITE),
            Touch::Root => of_object(SEARCH),
            Touch::Create | Touch::Remove | Touch::Rename => of_entry(),
            Touch::Metadata => found.stat.map_or(Permission::Unknown, |stat| {
                permission::of_metadata(&stat, identity)
            }),
        };
        if permission == Permission::Override
            && let Ok(capability) = overriding(touch, call.name.as_str()).parse::<Capability>()
        {
            self.record_capability(actor, capability, call);
        }
        permission
    }

    pub(super) fn record_links(&mut self, actor: &Actor, links: &[(Vec<u8>, Vec<u8>)]) {
        for (path, target) in links {
            if let Some(path) = self.absolute(path) {
                let target = escape(target).into_owned();
                self.record(actor, Fact::Link { path, target }, None);
            }
        }
    }
}

impl Operand {
    /// The directory and the path in it, and whether a link at its end is followed.
    pub fn place(&self) -> (&[u8], &[u8], bool) {
        (&self.base, &self.path, self.follow)
    }

    fn resolve(&self, view: &View, actor: &Actor) -> Found {
        if self.path.is_empty() {
            return view.at(&self.base);
        }
        view.resolve(&self.base, &self.path, self.follow, actor.looker)
    }
}

/// How a look ended. Most errors come after the path was found: `EINVAL` of readlink(2) says that it is
/// no link, `ENODATA` that it has no such attribute.
fn looked(errno: Option<i32>) -> Outcome {
    const EFAULT: i32 = 14;
    const ENAMETOOLONG: i32 = 36;
    const ELOOP: i32 = 40;
    match errno {
        Some(EFAULT | ENAMETOOLONG | ELOOP) => Outcome::Failed,
        errno => match outcome(errno) {
            Outcome::Failed => Outcome::Done,
            outcome => outcome,
        },
    }
}

/// The capability with which a touch succeeds that no permission bits allow.
fn overriding(touch: Touch, call: &str) -> &'static str {
    match touch {
        Touch::Metadata if call.contains("chown") => "CAP_CHOWN",
        Touch::Metadata => "CAP_FOWNER",
        Touch::Read | Touch::List | Touch::Probe | Touch::Root => "CAP_DAC_READ_SEARCH",
        _ => "CAP_DAC_OVERRIDE",
    }
}
