//! What of a policy the plan enforces, row by row.

use ringfence_policy::grant::{
    Amount, Endpoint, FileAccess, Grant, Host, PeerAddress, Privilege, Protocol, Resource, User,
};
use ringfence_policy::policy::Policy;

use super::compile::has;
use super::plan::{Limits, Plan, StartUser};
use super::target::Target;
use super::{limits, network};
use crate::coverage::{Coverage, Status};

const NO_VIEW: &str = "the host gives this user no mount namespace";
const NO_LANDLOCK: &str = "the kernel has no Landlock";
const NO_TASKS: &str =
    "no writable cgroup with the pids controller, and RLIMIT_NPROC does not hold this user";

pub(super) fn coverage(policy: &Policy, plan: &Plan, target: &Target) -> Coverage {
    let mut coverage = Coverage::default();
    for grant in policy.grants() {
        coverage.grant(grant, grant_status(grant, plan, target));
    }
    controls(&mut coverage, policy, plan, target);
    coverage
}

/// What cannot be enforced at all, for whoever starts the service.
pub(super) fn notes(policy: &Policy, plan: &Plan, target: &Target) -> Vec<String> {
    let mut notes = Vec::new();
    if !target.has_namespaces() {
        notes.push(
            "no namespaces: user namespaces are switched off here and we are not root; files are \
             held by Landlock alone, other processes and the network stay visible"
                .to_owned(),
        );
    }
    if plan.landlock.is_none() {
        notes.push("no Landlock: files and ports are held by the mount view alone".to_owned());
    }
    if plan.view.is_none() && plan.landlock.is_none() {
        notes.push("neither a mount view nor Landlock: files are not confined".to_owned());
    }
    if let Some(limits) = &plan.limits {
        let unbounded = limits::amount(policy, Resource::TasksMax) == Some(Amount::Unlimited);
        if !unbounded && tasks_status(limits) == Status::None(NO_TASKS.to_owned()) {
            notes.push(format!("processes are not limited: {NO_TASKS}"));
        }
    }
    notes
}

fn grant_status(grant: &Grant, plan: &Plan, target: &Target) -> Status {
    match grant {
        Grant::User(user) => user_status(user, plan),
        Grant::DropsTo(_) | Grant::Group(_) if !target.privileged => {
            Status::Narrower("only root can give other identities".to_owned())
        }
        Grant::Capability(_) if !target.privileged => {
            Status::Narrower("only root has capabilities to give".to_owned())
        }
        Grant::File(access, pattern) => {
            if pattern.as_literal().is_none() {
                let whole = pattern.literal_prefix();
                return Status::Wider(format!(
                    "all of {whole}: neither mounts nor Landlock know *"
                ));
            }
            file_status(*access, plan)
        }
        Grant::Use(bundle) => bundle_status(bundle.grants(), plan, target),
        Grant::Device(..) if plan.landlock.is_none() => Status::Wider(format!(
            "the node is shown, and reading cannot be told from writing: {NO_LANDLOCK}"
        )),
        Grant::Device(_, pattern) if pattern.as_literal().is_none() => {
            Status::Wider(format!("all of {}", pattern.literal_prefix()))
        }
        Grant::Directory(..) => file_status(FileAccess::Write, plan),
        Grant::Private(_) if plan.view.is_none() => {
            Status::Narrower(format!("it is not there: {NO_VIEW}"))
        }
        Grant::Bind(endpoint) => endpoint_status(endpoint, plan, true),
        Grant::Connect(endpoint) => endpoint_status(endpoint, plan, false),
        Grant::Dns => match plan.landlock.as_ref().and_then(|l| l.connect_udp.as_ref()) {
            Some(_) => Status::Wider("port 53 of every host, not the resolver's alone".to_owned()),
            None => Status::Wider(
                "datagrams to every host and port: Landlock knows UDP from ABI 10 on".to_owned(),
            ),
        },
        Grant::Family(name) if network::family(name).is_none() => {
            Status::Narrower("its number is not known here: write the number".to_owned())
        }
        Grant::Peer(address) => peer_status(address, plan),
        Grant::Resource(resource, amount) => resource_status(*resource, *amount, plan, target),
        Grant::Secret(_) => {
            Status::Extern("give it with the service manager's credentials".to_owned())
        }
        Grant::Privilege(privilege) => privilege_status(*privilege, target),
        _ => Status::Exact,
    }
}

/// The least exact of a bundle's members speaks for it; what every host lacks is not worth a word.
fn bundle_status(members: &[Grant], plan: &Plan, target: &Target) -> Status {
    members
        .iter()
        .map(|member| (member, grant_status(member, plan, target)))
        .find(|(_, status)| *status != Status::Exact)
        .map_or(Status::Exact, |(member, status)| {
            let why = format!("{member}: {}", status.why());
            match status {
                Status::Narrower(_) => Status::Narrower(why),
                _ => Status::Wider(why),
            }
        })
}

fn user_status(user: &User, plan: &Plan) -> Status {
    let own = plan
        .identity
        .as_ref()
        .is_none_or(|identity| identity.user == StartUser::Own);
    match user {
        User::Dynamic if own => Status::Wider(
            "it runs as the user who starts it: only root can give it an id of its own".to_owned(),
        ),
        User::Root if plan.namespaces.user => Status::Narrower(
            "root of a user namespace: files of ids that are not mapped stay closed".to_owned(),
        ),
        _ => Status::Exact,
    }
}

fn file_status(access: FileAccess, plan: &Plan) -> Status {
    match (&plan.view, &plan.landlock) {
        (None, None) => Status::None("no means to confine files on this host".to_owned()),
        _ if access == FileAccess::Append => {
            Status::Wider("no means to append without writing elsewhere in the file".to_owned())
        }
        _ => Status::Exact,
    }
}

fn endpoint_status(endpoint: &Endpoint, plan: &Plan, bind: bool) -> Status {
    let landlock = plan.landlock.as_ref();
    let ports = match (endpoint.protocol, bind) {
        (Protocol::Tcp, true) => landlock.and_then(|l| l.bind_tcp.as_ref()),
        (Protocol::Tcp, false) => landlock.and_then(|l| l.connect_tcp.as_ref()),
        (Protocol::Udp, true) => landlock.and_then(|l| l.bind_udp.as_ref()),
        (Protocol::Udp, false) => landlock.and_then(|l| l.connect_udp.as_ref()),
        _ => None,
    };
    let every_port = endpoint.ports == ringfence_policy::grant::Ports::ANY;
    match (ports, &endpoint.host) {
        (None, Host::Any) if every_port => Status::Exact,
        (None, _) => Status::Wider(format!(
            "every address and port of {}: Landlock holds TCP ports from ABI 4 and UDP ports from \
             ABI 10 on, up to 4096 of them",
            endpoint.protocol.word()
        )),
        (Some(_), Host::Any) => Status::Exact,
        (Some(_), _) => {
            Status::Wider("the port at every address: Landlock knows no addresses".to_owned())
        }
    }
}

fn peer_status(address: &PeerAddress, plan: &Plan) -> Status {
    match address {
        PeerAddress::Abstract(_) => Status::Wider("every abstract socket of the host".to_owned()),
        PeerAddress::Path(_) if plan.view.is_none() => Status::Wider(format!(
            "every socket whose permissions allow it: {NO_VIEW}"
        )),
        PeerAddress::Path(_) => Status::Wider(
            "the sockets beside it too: its directory is shown, so that a restarted server is found"
                .to_owned(),
        ),
    }
}

fn resource_status(resource: Resource, amount: Amount, plan: &Plan, target: &Target) -> Status {
    let Some(limits) = &plan.limits else {
        return Status::None("limits are left out".to_owned());
    };
    if amount == Amount::Unlimited {
        return Status::Exact;
    }
    let no_cgroup = |controller| format!("no writable cgroup with the {controller} controller");
    match resource {
        Resource::MemoryMax if limits.memory_max.is_none() => Status::Wider(format!(
            "each process may have that much private memory (RLIMIT_DATA): {}",
            no_cgroup("memory")
        )),
        Resource::MemoryMax if !target.has_controller("memory") => {
            Status::Wider("cgroup v1 counts buffers of TCP apart".to_owned())
        }
        Resource::TasksMax => tasks_status(limits),
        Resource::CpuQuota if limits.cpu_quota.is_none() => Status::None(no_cgroup("cpu")),
        Resource::TmpMax if plan.view.is_none() => Status::None(NO_VIEW.to_owned()),
        _ => Status::Exact,
    }
}

/// The pids controllers of v1 and v2 count alike.
fn tasks_status(limits: &Limits) -> Status {
    match (limits.tasks_max, limits.processes) {
        (Some(_), _) => Status::Exact,
        (None, Some(_)) => Status::Wider(
            "each user id of the service may have that many (RLIMIT_NPROC), and one that holds \
             CAP_SYS_RESOURCE or CAP_SYS_ADMIN any number"
                .to_owned(),
        ),
        (None, None) => Status::None(NO_TASKS.to_owned()),
    }
}

fn privilege_status(privilege: Privilege, target: &Target) -> Status {
    match privilege {
        Privilege::NewPrivileges if !target.privileged => {
            Status::Narrower("without root, seccomp and Landlock need no_new_privs".to_owned())
        }
        _ => Status::Exact,
    }
}

fn controls(coverage: &mut Coverage, policy: &Policy, plan: &Plan, target: &Target) {
    let on = |yes: bool, why: &str| {
        if yes {
            Status::Exact
        } else {
            Status::None(why.to_owned())
        }
    };
    let files = match (&plan.view, &plan.landlock) {
        (Some(_), _) => Status::Exact,
        (None, Some(_)) => Status::Wider(format!(
            "names, sizes and modes of all files stay visible, and Unix sockets reachable: {NO_VIEW}"
        )),
        (None, None) => Status::None("neither a mount namespace nor Landlock".to_owned()),
    };
    coverage.control("files", files);
    let programs = match (&plan.view, &plan.landlock) {
        (None, None) => Status::None("neither a mount namespace nor Landlock".to_owned()),
        (None, Some(_)) => Status::Wider(
            "the dynamic loader can run what can be read: without a mount view nothing is noexec"
                .to_owned(),
        ),
        (Some(_), None) => Status::Wider(
            "programs in directories of libraries can run: no Landlock to tell them apart"
                .to_owned(),
        ),
        // To the kernel the loader that runs a program maps it as it does a library, and Landlock has no
        // right for mapping.
        (Some(_), Some(_)) => Status::Wider(
            "the dynamic loader can run programs that lie in directories of libraries".to_owned(),
        ),
    };
    coverage.control("programs", programs);
    if !policy.expanded().any(network::needs_host_network) {
        coverage.control("network", on(plan.namespaces.net, NO_VIEW));
    }
    if !has(policy, Privilege::ProcOthers) && !has(policy, Privilege::Signal) {
        coverage.control("processes", on(plan.namespaces.pid, NO_VIEW));
    }
    if !has(policy, Privilege::SharedMemory) {
        coverage.control("ipc", on(plan.namespaces.ipc, NO_VIEW));
    }
    coverage.control("system-calls", Status::Exact);
    if !has(policy, Privilege::Jit) {
        let jit = if target.deny_write_execute {
            Status::Exact
        } else {
            Status::Wider(
                "a file that can be written and mapped goes past the filter: PR_SET_MDWE came with \
                 Linux 6.3"
                    .to_owned(),
            )
        };
        coverage.control("write-execute", jit);
    }
    coverage.control("capabilities", Status::Exact);
    coverage.control(
        "new-privileges",
        if plan.no_new_privileges {
            Status::Exact
        } else {
            Status::Wider("granted".to_owned())
        },
    );
    let user_namespace = match (plan.namespaces.user, target.user_namespaces) {
        (true, _) => Status::Exact,
        (false, true) => Status::None(
            "a granted capability, or root itself, must be valid on the host".to_owned(),
        ),
        (false, false) => Status::None("user namespaces cannot be created here".to_owned()),
    };
    coverage.control("user-namespace", user_namespace);
    if let Some(limits) = &plan.limits {
        if limits::amount(policy, Resource::TasksMax).is_none() {
            coverage.control("tasks", tasks_status(limits));
        }
        if limits::amount(policy, Resource::Nofile).is_none() {
            coverage.control("nofile", Status::Exact);
        }
    }
    if limits::amount(policy, Resource::TmpMax).is_none() {
        coverage.control("tmp", on(plan.view.is_some(), NO_VIEW));
    }
    if limits::amount(policy, Resource::MemoryMax).is_none() {
        coverage.control(
            "memory",
            Status::None("the policy names no memory_max".to_owned()),
        );
    }
}
