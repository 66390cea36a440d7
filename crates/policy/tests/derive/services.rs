//! Services as they are: what was seen, and the manifest that comes out.

use ringfence_policy::derive::{Derived, Options, derive};
use ringfence_policy::grant::Resource;
use ringfence_policy::trace::{Fact, Object, Outcome, Permission, Phase, SocketKind, Touch};

use super::scene::{Scene, path};

const MEBI: u64 = 1 << 20;

fn derived(scene: &Scene) -> Derived {
    derive(&scene.trace, &Options::default()).unwrap()
}

/// The manifest, and below it what the lock says a person should know.
fn shown(scene: &Scene) -> String {
    let Derived { manifest, lock } = derived(scene);
    let widened = lock.widened.iter();
    let widened =
        widened.map(|w| format!("# widened {} for {} seen\n", w.grant, w.instead_of.len()));
    let tried = lock.tried.iter();
    let tried = tried.map(|tried| format!("# tried {} ({:?})\n", tried.grant, tried.outcome));
    let gaps = lock.unexercised.iter().map(|gap| format!("# {gap}\n"));
    std::iter::once(manifest.render())
        .chain(widened)
        .chain(tried)
        .chain(gaps)
        .collect()
}

/// A web server: root for its port and its logs, then workers of another user.
fn nginx() -> Scene {
    let mut scene = Scene::new(
        "/usr/sbin/nginx",
        &["nginx", "-g", "daemon off;"],
        0,
        "root",
    );
    scene
        .calls("openat newfstatat execve socket bind listen connect setsockopt prctl setuid setgid setgroups")
        .calls("ioctl prlimit64 mkdir unlink eventfd2 io_setup sysinfo kill")
        .reads(&[
            "/usr/lib/x86_64-linux-gnu/libc.so.6",
            "/etc/ld.so.cache",
            "/etc/nginx/nginx.conf",
            "/etc/nginx/mime.types",
            "/etc/nginx/sites-available/default",
            "/etc/ssl/openssl.cnf",
            "/etc/nsswitch.conf",
            "/etc/passwd",
            "/etc/group",
            "/usr/share/zoneinfo/Etc/UTC",
            "/proc/self/status",
        ])
        .lists(&["/etc/nginx/modules-enabled", "/etc/nginx/conf.d", "/etc/nginx/sites-enabled"])
        .does(Touch::Create, Permission::Owner, &["/run/nginx.pid"])
        .does(Touch::Append, Permission::Owner, &["/var/log/nginx/error.log"])
        .does(Touch::Append, Permission::Owner, &["/var/log/nginx/access.log"])
        .does(
            Touch::Create,
            Permission::Owner,
            &["/var/lib/nginx/body", "/var/lib/nginx/proxy", "/var/lib/nginx/fastcgi"],
        )
        .does(Touch::Metadata, Permission::Override, &["/var/lib/nginx/body"])
        .misses(&["/etc/ld.so.preload", "/etc/nginx/dhparam.pem", "/root/.nginxrc"])
        .fact(Fact::Socket {
            family: "inet".into(),
            socket: SocketKind::Stream,
            protocol: 0,
        })
        .fact(Fact::Connect {
            address: "unix:/run/nscd/socket".parse().unwrap(),
            socket: SocketKind::Stream,
            peer: None,
            outcome: Outcome::Missing,
        })
        .listens("0.0.0.0:80", "127.0.0.1:80")
        .listens("[::]:80", "[::1]:80")
        .fact(Fact::Become {
            uid: 33,
            user: Some("www-data".into()),
            gid: 33,
            group: Some("www-data".into()),
        });
    for (capability, call) in [
        ("CAP_NET_BIND_SERVICE", "bind"),
        ("CAP_SETUID", "setuid"),
        ("CAP_SETGID", "setgid"),
        ("CAP_CHOWN", "chown"),
    ] {
        scene.fact(Fact::Capability {
            capability: capability.parse().unwrap(),
            call: call.parse().unwrap(),
        });
    }
    scene
        .phase(Phase::Steady)
        .lists(&["/var/www/html"])
        .reads(&["/var/www/html/index.html", "/var/www/html/a.html"]);
    scene
        .phase(Phase::Stop)
        .does(Touch::Remove, Permission::Owner, &["/run/nginx.pid"])
        .fact(Fact::SignalReceived { signal: 15 })
        .peak(Resource::MemoryMax, 9 * MEBI)
        .peak(Resource::TasksMax, 3)
        .peak(Resource::Nofile, 20);
    scene
}

/// A database with its own user that replaces its file by renaming.
fn redis() -> Scene {
    let mut scene = Scene::new(
        "/usr/bin/redis-check-rdb",
        &["redis-server", "/etc/redis/redis.conf"],
        106,
        "redis",
    );
    scene
        .calls("openat newfstatat socket bind listen prlimit64 rename unlink sysinfo clone3 kill")
        .fact(Fact::Link {
            path: path("/usr/bin/redis-server"),
            target: "redis-check-rdb".into(),
        })
        .reads(&[
            "/etc/redis/redis.conf",
            "/etc/localtime",
            "/proc/sys/net/core/somaxconn",
            "/proc/sys/vm/overcommit_memory",
            "/sys/kernel/mm/transparent_hugepage/enabled",
            "/sys/devices/system/cpu/online",
        ])
        .does(
            Touch::Create,
            Permission::Owner,
            &["/run/redis/redis-server.pid"],
        )
        .does(
            Touch::Append,
            Permission::Owner,
            &["/var/log/redis/redis-server.log"],
        )
        .listens("127.0.0.1:6379", "127.0.0.1:6379")
        .serves("unix:/run/redis/redis-server.sock")
        .does(
            Touch::Create,
            Permission::Owner,
            &["/run/redis/redis-server.sock"],
        )
        .phase(Phase::Steady)
        .does(
            Touch::Create,
            Permission::Owner,
            &["/var/lib/redis/temp-811.rdb", "/var/lib/redis/temp-97.rdb"],
        )
        .does(
            Touch::Rename,
            Permission::Owner,
            &["/var/lib/redis/dump.rdb"],
        )
        .does(
            Touch::Remove,
            Permission::Owner,
            &["/var/lib/redis/temp-811.rdb"],
        )
        .fact(Fact::SignalReceived { signal: 1 })
        .peak(Resource::MemoryMax, 70 * MEBI);
    scene
}

/// A script of root's, run by an interpreter in root's home.
fn python() -> Scene {
    let prefix = "/root/.pyenv/versions/3.11.7";
    let program = format!("{prefix}/bin/python3.11");
    let mut scene = Scene::new(
        &program,
        &[
            &program,
            "-m",
            "http.server",
            "8000",
            "--directory",
            "/srv/www",
        ],
        0,
        "root",
    );
    scene
        .phase(Phase::Wrapper)
        .reads(&["/root/.pyenv/version", "/root/.bashrc"])
        .fact(Fact::Exec {
            path: path("/usr/bin/bash"),
            interpreter: None,
        })
        .phase(Phase::Start)
        .fact(Fact::Exec {
            path: path(&program),
            interpreter: Some(path("/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2")),
        })
        .fact(Fact::Code {
            path: path(&format!("{prefix}/lib/libpython3.11.so.1.0")),
        })
        .fact(Fact::Code {
            path: path(&format!("{prefix}/lib/python3.11/lib-dynload/_socket.so")),
        })
        .calls("openat newfstatat readlink socket bind listen getdents64")
        .lists(&[
            "/",
            "/root",
            &format!("{prefix}/lib/python3.11"),
            &format!("{prefix}/lib"),
        ])
        .reads(&[
            &format!("{prefix}/lib/python3.11/os.py"),
            "/etc/mime.types",
            "/etc/localtime",
            "/etc/hosts",
        ])
        .does(
            Touch::Rename,
            Permission::Owner,
            &[&format!(
                "{prefix}/lib/python3.11/__pycache__/os.cpython-311.pyc"
            )],
        )
        .misses(&[
            &format!("{prefix}/pyvenv.cfg"),
            &format!("{prefix}/bin/pyvenv.cfg"),
            "/root/.local/lib/python3.11/site-packages",
        ])
        .file(
            "/root/.pyenv",
            Touch::Probe,
            Object::Directory,
            Permission::Others,
            Outcome::Done,
        )
        .listens("0.0.0.0:8000", "127.0.0.1:8000")
        .phase(Phase::Steady)
        .lists(&["/srv/www"])
        .reads(&["/srv/www/index.html"])
        .peak(Resource::MemoryMax, 20 * MEBI)
        .peak(Resource::TasksMax, 2);
    scene
}

#[test]
fn a_web_server_that_drops_its_privileges() {
    insta::assert_snapshot!(shown(&nginx()));
}

#[test]
fn a_database_that_renames_over_its_file() {
    insta::assert_snapshot!(shown(&redis()));
}

#[test]
fn a_script_server_of_root_in_roots_home() {
    insta::assert_snapshot!(shown(&python()));
}

#[test]
fn a_program_with_several_names_is_started_by_the_one_it_was_called() {
    let Derived { manifest, .. } = derived(&redis());
    assert_eq!(manifest.service.exec[0], "/usr/bin/redis-server");
    assert_eq!(manifest.service.name, "redis-server");
}

#[test]
fn nothing_of_a_wrapper_is_granted() {
    let Derived { manifest, lock } = derived(&python());
    let text = manifest.render();
    assert!(!text.contains("bash"), "{text}");
    assert!(
        lock.tried
            .iter()
            .all(|tried| !tried.grant.to_string().contains("bash"))
    );
}

#[test]
fn root_in_its_home_is_no_reason_to_be_root() {
    let Derived { manifest, .. } = derived(&python());
    assert_eq!(manifest.service.user.to_string(), "dynamic");
}

#[test]
fn asking_the_resolver_is_not_a_connection_to_the_world() {
    let mut scene = Scene::new("/usr/bin/dness", &["dness"], 1000, "dness");
    scene
        .connects("127.0.0.53:53", SocketKind::Datagram)
        .connects("192.0.2.7:443", SocketKind::Stream)
        .connects("192.0.2.7:0", SocketKind::Datagram);
    insta::assert_snapshot!(shown(&scene));
}

#[test]
fn many_hosts_on_a_port_are_any_host_and_told() {
    let mut scene = Scene::new("/usr/bin/fetch", &["fetch"], 1000, "fetch");
    for host in 1..=5 {
        scene.connects(&format!("192.0.2.{host}:443"), SocketKind::Stream);
    }
    scene.connects("127.0.0.1:8080", SocketKind::Stream);
    let Derived { manifest, lock } = derived(&scene);
    let grants: Vec<_> = manifest
        .entries
        .iter()
        .map(|e| e.grant.to_string())
        .collect();
    assert!(
        grants.contains(&"net.connect tcp:443".to_owned()),
        "{grants:?}"
    );
    assert!(
        grants.contains(&"net.connect tcp:127.0.0.1:8080".to_owned()),
        "{grants:?}"
    );
    assert_eq!(lock.widened[0].instead_of.len(), 5);
}

#[test]
fn a_file_that_a_client_asked_for_opens_its_directory() {
    let mut scene = Scene::new("/usr/sbin/httpd", &["httpd"], 33, "www-data");
    scene
        .reads(&["/srv/site/httpd.conf"])
        .phase(Phase::Steady)
        .reads(&["/srv/site/pages/first.html", "/srv/lone.html"]);
    let Derived { manifest, lock } = derived(&scene);
    let read: Vec<_> = manifest
        .entries
        .iter()
        .map(|entry| entry.grant.to_string())
        .filter(|grant| grant.starts_with("files.read"))
        .collect();
    assert_eq!(
        read,
        [
            "files.read /srv/lone.html",
            "files.read /srv/site/httpd.conf",
            "files.read /srv/site/pages"
        ]
    );
    assert_eq!(lock.widened.len(), 1, "{:?}", lock.widened);
}
