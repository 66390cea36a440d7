//! Every table and key a manifest may have, in canonical order: the one source for reading, writing,
//! formatting and the JSON Schema.
//!
//! What a value means is [`Text`]'s business; what depends on two keys is `read::rules`'.

use super::text::Text;
use crate::grant::Resource;

/// A table, or the top of the file.
pub(crate) struct Table {
    /// Its name; empty for the top of the file.
    pub name: &'static str,
    /// Whether it is an array of tables: `[[peer]]`.
    pub repeated: bool,
    /// What it is for, one sentence.
    pub about: &'static str,
    /// Its keys.
    pub keys: &'static [Key],
}

/// A key.
#[derive(Clone, Copy)]
pub(crate) struct Key {
    pub name: &'static str,
    pub shape: Shape,
    /// Whether a manifest without it is an error.
    pub required: bool,
    /// What it is for, one sentence.
    pub about: &'static str,
    /// A line that is right.
    pub example: &'static str,
}

/// What the value of a key looks like.
#[derive(Clone, Copy)]
pub(crate) enum Shape {
    /// The number of the epoch.
    Epoch,
    /// A string.
    One(Text),
    /// An array of strings.
    Many(Text),
    /// An array of strings: a program and its arguments. Whether the program is an absolute path.
    Argv { absolute: bool },
    /// An object, or a table of the object and `why`.
    Grant(Object),
    /// An array of those.
    Grants(Object),
    /// One of those or an array of them.
    GrantOrGrants(Object),
    /// `true`, or a table with `why`. The grant has no object.
    Flag(&'static str),
    /// An amount, or a table of `limit` and `why`.
    Limit(Resource),
}

/// The object of a grant.
#[derive(Clone, Copy)]
pub(crate) struct Object {
    /// The kind of the grant, the first word of its text form. With a dot at its end the object is the
    /// rest of that word.
    pub kind: &'static str,
    /// What the object is called in `{ path = "...", why = "..." }`.
    pub key: &'static str,
}

impl Table {
    /// How the table is written as a header.
    pub fn header(&self) -> String {
        match (self.name, self.repeated) {
            ("", _) => "the top of the file".to_owned(),
            (name, false) => format!("[{name}]"),
            (name, true) => format!("[[{name}]]"),
        }
    }

    /// The key of this name.
    pub fn key(&self, name: &str) -> Option<&'static Key> {
        self.keys.iter().find(|key| key.name == name)
    }
}

/// The table of this name.
pub(crate) fn table(name: &str) -> Option<&'static Table> {
    TABLES.iter().find(|table| table.name == name)
}

/// Whether a name at the top of the file is that of a table.
pub(crate) fn is_table(name: &str) -> bool {
    !name.is_empty() && table(name).is_some()
}

/// Every kind of grant, in canonical order.
pub(crate) fn kinds() -> impl Iterator<Item = String> {
    TABLES
        .iter()
        .flat_map(|table| table.keys)
        .flat_map(|key| match key.shape {
            Shape::Grant(object) | Shape::Grants(object) | Shape::GrantOrGrants(object)
                if object.kind.ends_with('.') =>
            {
                Text::Grant(object.kind)
                    .words()
                    .into_iter()
                    .map(|word| format!("{}{word}", object.kind))
                    .collect()
            }
            Shape::Grant(Object { kind, .. })
            | Shape::Grants(Object { kind, .. })
            | Shape::GrantOrGrants(Object { kind, .. })
            | Shape::Flag(kind)
            | Shape::One(Text::Grant(kind)) => vec![kind.to_owned()],
            Shape::Limit(resource) => vec![format!("resources.{}", resource.word())],
            _ => Vec::new(),
        })
}

const fn key(name: &'static str, shape: Shape, about: &'static str, example: &'static str) -> Key {
    Key {
        name,
        shape,
        required: false,
        about,
        example,
    }
}

const fn required(key: Key) -> Key {
    Key {
        required: true,
        ..key
    }
}

const fn object(kind: &'static str, key: &'static str) -> Object {
    Object { kind, key }
}

const WHY: Key = key(
    "why",
    Shape::One(Text::Sentence),
    "Why it is granted.",
    r#"why = "the front end asks for pages""#,
);

/// The tables, the top of the file first.
pub(crate) const TABLES: &[Table] = &[
    Table {
        name: "",
        repeated: false,
        about: "What a service may do. What is not said here is denied.",
        keys: &[
            required(key(
                "ringfence",
                Shape::Epoch,
                "The policy epoch; denials of a later epoch never apply to this file unasked.",
                "ringfence = 1",
            )),
            key(
                "extends",
                Shape::Many(Text::Name),
                "Manifests whose grants are added to these.",
                r#"extends = ["web"]"#,
            ),
            key(
                "drop",
                Shape::Many(Text::AnyGrant),
                "Grants taken away again, whoever gave them.",
                r#"drop = ["net.connect tcp:any:443"]"#,
            ),
        ],
    },
    Table {
        name: "service",
        repeated: false,
        about: "What is run, and as whom.",
        keys: &[
            required(key(
                "name",
                Shape::One(Text::Name),
                "The service's name.",
                r#"name = "nginx""#,
            )),
            required(key(
                "exec",
                Shape::Argv { absolute: true },
                "The program and its arguments.",
                r#"exec = ["/usr/sbin/nginx", "-g", "daemon off;"]"#,
            )),
            key(
                "type",
                Shape::One(Text::Kind),
                "How it tells that it is ready; see systemd.service(5).",
                r#"type = "notify""#,
            ),
            key(
                "timer",
                Shape::One(Text::Duration),
                "Start it this often.",
                r#"timer = "5min""#,
            ),
            required(key(
                "user",
                Shape::Grant(object("service.user", "name")),
                "The identity it starts with. Root needs a reason.",
                r#"user = "dynamic""#,
            )),
            key(
                "drops_to",
                Shape::GrantOrGrants(object("service.drops_to", "name")),
                "Identities that a service started as root may take.",
                r#"drops_to = "www-data""#,
            ),
            key(
                "groups",
                Shape::Grants(object("service.group", "name")),
                "Supplementary groups.",
                r#"groups = ["ssl-cert"]"#,
            ),
            key(
                "directory",
                Shape::One(Text::Path),
                "The working directory.",
                r#"directory = "/var/lib/redis""#,
            ),
            key(
                "environment",
                Shape::Many(Text::Variable),
                "Variables it inherits beside those that every service gets.",
                r#"environment = ["REDIS_URL"]"#,
            ),
        ],
    },
    Table {
        name: "files",
        repeated: false,
        about: "Files and directories of the host; each path speaks for everything beneath it.",
        keys: &[
            key(
                "read",
                Shape::Grants(object("files.read", "path")),
                "Read and list.",
                r#"read = ["/etc/nginx"]"#,
            ),
            key(
                "append",
                Shape::Grants(object("files.append", "path")),
                "Write at the end only.",
                r#"append = ["/var/log/nginx/access.log"]"#,
            ),
            key(
                "write",
                Shape::Grants(object("files.write", "path")),
                "Read, write, create, rename and remove.",
                r#"write = ["/srv/uploads"]"#,
            ),
            key(
                "exec",
                Shape::Grants(object("files.exec", "path")),
                "Execute as a program, and read.",
                r#"exec = ["/usr/bin/ssh"]"#,
            ),
            key(
                "use",
                Shape::Grants(object("files.use", "bundle")),
                "Named bundles of files.",
                r#"use = ["nameservice", "ssl_certs"]"#,
            ),
            key(
                "devices",
                Shape::Grants(object("files.device", "path")),
                "Device nodes, with r, w or rw behind the path.",
                r#"devices = ["/dev/rtc r"]"#,
            ),
        ],
    },
    Table {
        name: "dirs",
        repeated: false,
        about: "Directories of the service's own.",
        keys: &[
            key(
                "state",
                Shape::Grants(object("dirs.state", "name")),
                "Directories below /var/lib.",
                r#"state = ["redis"]"#,
            ),
            key(
                "cache",
                Shape::Grants(object("dirs.cache", "name")),
                "Directories below /var/cache.",
                r#"cache = ["nginx"]"#,
            ),
            key(
                "logs",
                Shape::Grants(object("dirs.logs", "name")),
                "Directories below /var/log.",
                r#"logs = ["redis"]"#,
            ),
            key(
                "runtime",
                Shape::Grants(object("dirs.runtime", "name")),
                "Directories below /run, gone when the service stops.",
                r#"runtime = ["redis"]"#,
            ),
            key(
                "private",
                Shape::Grants(object("dirs.private", "path")),
                "Empty directories that only this service sees. /tmp always is one.",
                r#"private = ["/run"]"#,
            ),
        ],
    },
    Table {
        name: "net",
        repeated: false,
        about: "The network. Without a grant there is none.",
        keys: &[
            key(
                "bind",
                Shape::Grants(object("net.bind", "endpoint")),
                "Local endpoints to take.",
                r#"bind = ["tcp:80", "udp:127.0.0.1:53"]"#,
            ),
            key(
                "connect",
                Shape::Grants(object("net.connect", "endpoint")),
                "Remote endpoints to reach.",
                r#"connect = ["tcp:any:443", "tcp:10.0.0.0/8:22"]"#,
            ),
            key(
                "dns",
                Shape::Flag("net.dns"),
                "Ask the host's resolver. A name can carry data out.",
                "dns = true",
            ),
            key(
                "netlink",
                Shape::Grants(object("net.netlink", "protocol")),
                "Netlink protocols; see netlink(7).",
                r#"netlink = ["route"]"#,
            ),
            key(
                "families",
                Shape::Grants(object("net.family", "name")),
                "Socket families that have no grant of their own.",
                r#"families = ["vsock"]"#,
            ),
        ],
    },
    Table {
        name: "peer",
        repeated: true,
        about: "A Unix socket of another service, to connect to.",
        keys: &[
            required(key(
                "unix",
                Shape::One(Text::Grant("peer.unix")),
                "Its path, or @ and an abstract name.",
                r#"unix = "/run/postgresql/.s.PGSQL.5432""#,
            )),
            WHY,
        ],
    },
    Table {
        name: "listen",
        repeated: true,
        about: "A Unix socket that this service serves.",
        keys: &[
            required(key(
                "unix",
                Shape::One(Text::Grant("listen.unix")),
                "Its path, or @ and an abstract name.",
                r#"unix = "/run/redis/redis.sock""#,
            )),
            key(
                "clients",
                Shape::Many(Text::Name),
                "The services that may connect.",
                r#"clients = ["nginx"]"#,
            ),
            key(
                "mode",
                Shape::One(Text::Mode),
                "Permission bits, in octal.",
                r#"mode = "0660""#,
            ),
            key(
                "user",
                Shape::One(Text::Name),
                "The socket's owner.",
                r#"user = "redis""#,
            ),
            key(
                "group",
                Shape::One(Text::Name),
                "The socket's group.",
                r#"group = "www-data""#,
            ),
            WHY,
        ],
    },
    Table {
        name: "process",
        repeated: false,
        about: "What the processes may ask of the kernel.",
        keys: &[
            key(
                "capabilities",
                Shape::Grants(object("process.capability", "name")),
                "Capabilities; see capabilities(7).",
                r#"capabilities = ["CAP_NET_BIND_SERVICE"]"#,
            ),
            key(
                "syscalls",
                Shape::Grants(object("process.syscall", "name")),
                "System calls beyond @base: `@learned` for those in the lock, or names.",
                r#"syscalls = ["@learned"]"#,
            ),
            key(
                "namespaces",
                Shape::Grants(object("process.namespace", "name")),
                "Namespaces it may create; see namespaces(7).",
                r#"namespaces = ["user"]"#,
            ),
            key(
                "jit",
                Shape::Flag("process.jit"),
                "Memory that is writable and executable, as just-in-time compilers need.",
                r#"jit = { why = "LLVM compiles queries" }"#,
            ),
            key(
                "memfd",
                Shape::Flag("process.memfd"),
                "memfd_create(2). Code in such a file escapes every rule about paths.",
                "memfd = true",
            ),
            key(
                "io_uring",
                Shape::Flag("process.io_uring"),
                "io_uring(7), which acts past seccomp.",
                "io_uring = true",
            ),
            key(
                "realtime",
                Shape::Flag("process.realtime"),
                "Real-time scheduling; see sched(7).",
                "realtime = true",
            ),
            key(
                "personality",
                Shape::Flag("process.personality"),
                "Change the execution domain; see personality(2).",
                "personality = true",
            ),
            key(
                "shm",
                Shape::Flag("process.shm"),
                "Shared memory, semaphores and queues of the host.",
                "shm = true",
            ),
            key(
                "keyring",
                Shape::Flag("process.keyring"),
                "Kernel keyrings; see keyrings(7).",
                "keyring = true",
            ),
            key("bpf", Shape::Flag("process.bpf"), "bpf(2).", "bpf = true"),
            key(
                "new_privileges",
                Shape::Flag("process.new_privileges"),
                "Gain privileges by running set-user-ID programs.",
                "new_privileges = true",
            ),
            key(
                "setuid_files",
                Shape::Flag("process.setuid_files"),
                "Set the set-user-ID and set-group-ID bits of files.",
                "setuid_files = true",
            ),
            key(
                "ptrace",
                Shape::Flag("process.ptrace"),
                "Trace other processes of the service; see ptrace(2).",
                "ptrace = true",
            ),
            key(
                "signal",
                Shape::Flag("process.signal"),
                "Signal processes that are not the service's own.",
                "signal = true",
            ),
            key(
                "mlock",
                Shape::Flag("process.mlock"),
                "Lock memory; see mlock(2).",
                "mlock = true",
            ),
            key(
                "coredump",
                Shape::Flag("process.coredump"),
                "Write core dumps.",
                "coredump = true",
            ),
            key(
                "terminal_injection",
                Shape::Flag("process.terminal_injection"),
                "Type into the terminal of others.",
                "terminal_injection = true",
            ),
            key(
                "proc_others",
                Shape::Flag("proc.others"),
                "See processes that are not the service's own in /proc.",
                "proc_others = true",
            ),
            key(
                "proc_sys",
                Shape::Flag("proc.sys"),
                "Read /proc outside the process directories.",
                "proc_sys = true",
            ),
            key(
                "kernel",
                Shape::Grants(object("kernel.", "name")),
                "Parts of the kernel's state to change or read.",
                r#"kernel = ["hostname"]"#,
            ),
        ],
    },
    Table {
        name: "secret",
        repeated: true,
        about: "A secret that the service is given.",
        keys: &[
            required(key(
                "name",
                Shape::One(Text::Grant("secret")),
                "The name the service knows it by.",
                r#"name = "api_token""#,
            )),
            key(
                "from",
                Shape::One(Text::Path),
                "The file that holds it; not needed with a broker.",
                r#"from = "/etc/credstore/api_token""#,
            ),
            required(key(
                "as",
                Shape::One(Text::SecretForm),
                "The form in which the service gets it; `env` is the weakest.",
                r#"as = "file""#,
            )),
            key(
                "in",
                Shape::Many(Text::Path),
                "With `as = \"template\"`: the files in which {{NAME}} stands for it. The service is started \
                 with a rendered copy instead of each that its command names.",
                r#"in = ["/etc/dness/dness.conf"]"#,
            ),
            WHY,
        ],
    },
    Table {
        name: "resources",
        repeated: false,
        about: "Bounds on what the service can use up.",
        keys: &[
            key(
                "memory_max",
                Shape::Limit(Resource::MemoryMax),
                "Bytes of memory.",
                r#"memory_max = "64M""#,
            ),
            key(
                "tasks_max",
                Shape::Limit(Resource::TasksMax),
                "Threads and processes.",
                "tasks_max = 16",
            ),
            key(
                "nofile",
                Shape::Limit(Resource::Nofile),
                "Open descriptors of one process.",
                "nofile = 1024",
            ),
            key(
                "cpu_quota",
                Shape::Limit(Resource::CpuQuota),
                "Percent of one processor.",
                r#"cpu_quota = "150%""#,
            ),
            key(
                "tmp_max",
                Shape::Limit(Resource::TmpMax),
                "Bytes in private directories together.",
                r#"tmp_max = "16M""#,
            ),
            key(
                "runtime_max",
                Shape::Limit(Resource::RuntimeMax),
                "How long the service may run.",
                r#"runtime_max = "2min""#,
            ),
        ],
    },
    Table {
        name: "check",
        repeated: false,
        about: "How to see that the service works.",
        keys: &[
            key(
                "workload",
                Shape::Argv { absolute: false },
                "A command that uses the service and ends with 0 when it works.",
                r#"workload = ["redis-cli", "ping"]"#,
            ),
            key(
                "http",
                Shape::One(Text::Url),
                "A URL that answers with a status below 400.",
                r#"http = "http://127.0.0.1:80/""#,
            ),
            key(
                "timeout",
                Shape::One(Text::Duration),
                "How long to wait.",
                r#"timeout = "10s""#,
            ),
        ],
    },
    Table {
        name: "require",
        repeated: false,
        about: "What a back end must be able to do.",
        keys: &[key(
            "exact",
            Shape::Many(Text::GrantKind),
            "Kinds of grants that it must enforce exactly, or refuse the manifest.",
            r#"exact = ["net.connect", "secret"]"#,
        )],
    },
];
