//! What a manifest says, free of how it is written.

use super::Seconds;
use crate::grant::{Grant, PeerAddress, User};
use crate::path::AbsPath;

/// The epoch this program writes and reads: `ringfence = 1`.
pub const EPOCH: i64 = 1;

/// The intent of a person about one service.
///
/// The user, the listening sockets and the secrets have fields of their own because they carry more than
/// a grant does; [`Manifest::grants`] puts everything together and [`Manifest::normalize`] into canonical
/// form, which reading gives and writing expects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// What is run, and as whom.
    pub service: Service,
    /// What is granted.
    pub entries: Vec<Entry>,
    /// Whether the system calls named in the lock are granted: `syscalls = ["@learned"]`.
    pub learned_syscalls: bool,
    /// Unix sockets the service serves.
    pub listens: Vec<Listen>,
    /// Secrets the service is given.
    pub secrets: Vec<Secret>,
    /// Names of manifests whose grants are added to these.
    pub extends: Vec<String>,
    /// Grants taken away again, whoever gave them.
    pub drop: Vec<Grant>,
    /// How to see that the service works.
    pub check: Option<Check>,
    /// Kinds of grants that a back end must enforce exactly or not at all.
    pub require_exact: Vec<String>,
}

/// The `[service]` table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// The name.
    pub name: String,
    /// Program and arguments, literally. The program is an absolute path.
    pub exec: Vec<String>,
    /// How it tells that it is ready.
    pub kind: Kind,
    /// Start it this often.
    pub timer: Option<Seconds>,
    /// The identity it starts with.
    pub user: User,
    /// Why it needs that identity. Never missing for root.
    pub user_why: Option<String>,
    /// The working directory.
    pub directory: Option<AbsPath>,
    /// Names of variables it inherits beside those that every service gets.
    pub environment: Vec<String>,
}

/// How a service tells that it is ready; the words of `Type=` in systemd.service(5).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// It does not: it is ready when it is started.
    #[default]
    Simple,
    /// By executing its program.
    Exec,
    /// With `READY=1` on its notification socket.
    Notify,
    /// By leaving a child behind.
    Forking,
    /// By ending.
    Oneshot,
    /// By taking a name on the bus.
    Dbus,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 6] = [
        Self::Simple,
        Self::Exec,
        Self::Notify,
        Self::Forking,
        Self::Oneshot,
        Self::Dbus,
    ];

    /// The word of `[service] type`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Simple => "simple",
            Self::Exec => "exec",
            Self::Notify => "notify",
            Self::Forking => "forking",
            Self::Oneshot => "oneshot",
            Self::Dbus => "dbus",
        }
    }
}

/// A grant, and why a person gave it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// What is granted.
    pub grant: Grant,
    /// Why.
    pub why: Option<String>,
}

impl From<Grant> for Entry {
    fn from(grant: Grant) -> Self {
        Self { grant, why: None }
    }
}

/// A `[[listen]]` table: a Unix socket the service serves.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Listen {
    /// Where.
    pub address: PeerAddress,
    /// The services that may connect; empty when it is not said.
    pub clients: Vec<String>,
    /// Permission bits of the socket.
    pub mode: Option<u16>,
    /// Its owner.
    pub user: Option<String>,
    /// Its group.
    pub group: Option<String>,
    /// Why.
    pub why: Option<String>,
}

impl From<PeerAddress> for Listen {
    fn from(address: PeerAddress) -> Self {
        Self {
            address,
            clients: Vec::new(),
            mode: None,
            user: None,
            group: None,
            why: None,
        }
    }
}

/// A `[[secret]]` table.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Secret {
    /// The name the service knows it by.
    pub name: String,
    /// Where it is kept. A broker keeps its own, so there it may be missing.
    pub from: Option<AbsPath>,
    /// The form in which the service gets it.
    pub form: SecretForm,
    /// With a template: the files in which `{{NAME}}` stands for it. The service is started with a rendered
    /// copy in the place of each that its command names.
    pub files: Vec<AbsPath>,
    /// Why.
    pub why: Option<String>,
}

/// The form in which a service gets a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SecretForm {
    /// A file that only it can read.
    File,
    /// Written into a file of its configuration.
    Template,
    /// A variable. Weaker: children inherit it, and `/proc/PID/environ` shows it.
    Env,
    /// Not at all: a broker uses it on the service's behalf.
    Broker,
}

impl SecretForm {
    /// Every form.
    pub const ALL: [Self; 4] = [Self::File, Self::Template, Self::Env, Self::Broker];

    /// The word of `[[secret]] as`.
    pub fn word(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Template => "template",
            Self::Env => "env",
            Self::Broker => "broker",
        }
    }
}

/// The `[check]` table: how to see that the service works. At least one of the first two is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// A command that uses the service and ends with 0 when it works.
    pub workload: Option<Vec<String>>,
    /// A URL that answers with a status below 400.
    pub http: Option<String>,
    /// How long to wait.
    pub timeout: Option<Seconds>,
}

impl Manifest {
    /// A manifest that grants nothing.
    pub fn new(service: Service) -> Self {
        Self {
            service,
            entries: Vec::new(),
            learned_syscalls: false,
            listens: Vec::new(),
            secrets: Vec::new(),
            extends: Vec::new(),
            drop: Vec::new(),
            check: None,
            require_exact: Vec::new(),
        }
    }

    /// Every grant that is written down, with its reason, in no particular order: the user, the entries,
    /// the listening sockets and the secrets. Neither what the lock adds nor what `drop` removes.
    pub fn grants(&self) -> impl Iterator<Item = (Grant, Option<&str>)> {
        let user = (
            Grant::User(self.service.user.clone()),
            self.service.user_why.as_deref(),
        );
        let entries = self.entries.iter();
        let listens = self.listens.iter();
        let secrets = self.secrets.iter();
        std::iter::once(user)
            .chain(entries.map(|entry| (entry.grant.clone(), entry.why.as_deref())))
            .chain(listens.map(|l| (Grant::Listen(l.address.clone()), l.why.as_deref())))
            .chain(secrets.map(|s| (Grant::Secret(s.name.clone()), s.why.as_deref())))
    }

    /// Brings everything into canonical form: grants that have a field of their own move there, lists
    /// whose order means nothing are sorted, each thing is there once. Of two reasons for one grant the
    /// first in alphabetical order stays; of two amounts of one resource the higher.
    pub fn normalize(&mut self) {
        for entry in std::mem::take(&mut self.entries) {
            self.put(entry);
        }
        // `None` sorts before any reason, so sorting by the reason alone would lose it.
        self.entries
            .sort_by_cached_key(|e| (e.grant.clone(), e.why.is_none(), e.why.clone()));
        self.entries.dedup_by(|a, b| a.grant == b.grant);
        // Ascending amounts are neighbors now: the later one takes the place of the earlier.
        self.entries.dedup_by(|later, kept| {
            let same = matches!((&later.grant, &kept.grant),
                (Grant::Resource(a, _), Grant::Resource(b, _)) if a == b);
            if same {
                std::mem::swap(later, kept);
            }
            same
        });
        for listen in &mut self.listens {
            sort_set(&mut listen.clients);
        }
        self.listens.sort();
        self.listens.dedup_by(|a, b| a.address == b.address);
        for secret in &mut self.secrets {
            sort_set(&mut secret.files);
        }
        self.secrets.sort();
        self.secrets.dedup_by(|a, b| a.name == b.name);
        sort_set(&mut self.service.environment);
        sort_set(&mut self.extends);
        sort_set(&mut self.drop);
        sort_set(&mut self.require_exact);
    }

    fn put(&mut self, Entry { grant, why }: Entry) {
        match grant {
            Grant::User(user) => {
                self.service.user = user;
                self.service.user_why = why.or(self.service.user_why.take());
            }
            Grant::Listen(address) => self.listens.push(Listen {
                why,
                ..Listen::from(address)
            }),
            // Where the secret is kept nobody said; a broker is the one form that needs no place.
            Grant::Secret(name) => self.secrets.push(Secret {
                name,
                from: None,
                form: SecretForm::Broker,
                files: Vec::new(),
                why,
            }),
            grant => self.entries.push(Entry { grant, why }),
        }
    }
}

impl Service {
    /// The program, when there is one.
    pub fn program(&self) -> Option<AbsPath> {
        let first = self.exec.first()?;
        AbsPath::from_bytes(first.as_bytes()).ok()
    }
}

fn sort_set<T: Ord>(list: &mut Vec<T>) {
    list.sort();
    list.dedup();
}
