//! Real services of Debian, hardened for real: learn, derive, confine, attack, and then used again.
//!
//! Every case runs `ringfence harden` with a workload, checks what it leaves behind, starts the service
//! again under its policy and asks it for something it was *not* asked while learning: a policy that only
//! replays is no policy. They need root, and the packages that `testbed/install` installs; what is
//! missing is an error, never a skip.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a workbench that cannot be set up is a failed test"
)]

mod workbench;

use workbench::{Workbench, free_port, postgres_programs};

#[test]
fn the_server_of_python_keeps_serving() {
    let bench = Workbench::new("python");
    bench.write("page.html", "first page");
    bench.write("other.html", "second page");
    let port = free_port();
    let command = ["python3", "-m", "http.server", &port.to_string()];
    let hardened = bench.harden(
        &format!("curl -sf http://127.0.0.1:{port}/page.html"),
        &command,
    );
    hardened.is_a_policy("python3.toml");
    assert!(
        hardened.reached_confined() <= 4,
        "more than 4 attempts still reach something:\n{}",
        hardened.summary()
    );
    let _service = bench.run("python3.toml", port);
    let fetch =
        |page: &str| bench.client("curl", &["-sf", &format!("http://127.0.0.1:{port}/{page}")]);
    assert_eq!(fetch("page.html"), "first page");
    assert_eq!(fetch("other.html"), "second page");
}

#[test]
fn an_ordinary_user_hardens_the_server_of_python() {
    let bench = Workbench::of_user("python-user", "nobody");
    bench.write("page.html", "first page");
    bench.write("other.html", "second page");
    let port = free_port();
    let command = ["/usr/bin/python3", "-m", "http.server", &port.to_string()];
    let hardened = bench.harden(
        &format!("curl -sf http://127.0.0.1:{port}/page.html"),
        &command,
    );
    hardened.is_a_policy("python3.toml");
    let _service = bench.run("python3.toml", port);
    let other = bench.client(
        "curl",
        &["-sf", &format!("http://127.0.0.1:{port}/other.html")],
    );
    assert_eq!(other, "second page");
}

#[test]
fn nginx_keeps_serving_files_as_root_that_drops_to_www_data() {
    let bench = Workbench::new("nginx");
    let port = free_port();
    bench.write("html/index.html", "first page");
    bench.write("html/other.html", "second page");
    bench.write("logs/.keep", "");
    let root = bench.folder();
    let configuration = format!(
        "user www-data;\nworker_processes 2;\npid /run/nginx-ringfence.pid;\n\
         error_log {root}/logs/error.log;\nevents {{ worker_connections 64; }}\n\
         http {{\n  include /etc/nginx/mime.types;\n  access_log {root}/logs/access.log;\n\
         server {{ listen 127.0.0.1:{port}; root {root}/html; }}\n}}\n"
    );
    bench.write("nginx.conf", &configuration);
    let file = format!("{root}/nginx.conf");
    let command = ["nginx", "-c", &file, "-g", "daemon off;"];
    let hardened = bench.harden(&format!("curl -sf http://127.0.0.1:{port}/"), &command);
    hardened.is_a_policy("nginx.toml");
    let _service = bench.run("nginx.toml", port);
    let other = bench.client(
        "curl",
        &["-sf", &format!("http://127.0.0.1:{port}/other.html")],
    );
    assert_eq!(other, "second page");
    let log = bench.read("logs/access.log");
    assert!(
        log.contains("GET /other.html"),
        "the access log was not written:\n{log}"
    );
}

#[test]
fn redis_keeps_its_data_over_a_restart() {
    let bench = Workbench::new("redis");
    let port = free_port();
    let number = port.to_string();
    bench.write("data/.keep", "");
    let folder = format!("{}/data", bench.folder());
    let command = [
        "redis-server",
        "--port",
        &number,
        "--bind",
        "127.0.0.1",
        "--dir",
        &folder,
        "--save",
        "60 1",
    ];
    let workload = format!("sh -c 'redis-cli -p {port} set first one && redis-cli -p {port} save'");
    let hardened = bench.harden(&workload, &command);
    hardened.is_a_policy("redis-server.toml");
    let redis = |words: &[&str]| bench.client("redis-cli", &[&["-p", &number], words].concat());
    {
        let _service = bench.run("redis-server.toml", port);
        assert_eq!(
            redis(&["get", "first"]).trim(),
            "one",
            "what was saved is loaded again"
        );
        assert_eq!(redis(&["set", "second", "two"]).trim(), "OK");
        assert_eq!(redis(&["save"]).trim(), "OK");
    }
    let _service = bench.run("redis-server.toml", port);
    assert_eq!(redis(&["get", "second"]).trim(), "two");
}

#[test]
fn dnsmasq_keeps_answering() {
    let bench = Workbench::new("dnsmasq");
    let port = free_port();
    let number = port.to_string();
    let command = [
        "dnsmasq",
        "--no-daemon",
        "--conf-file=/dev/null",
        "--no-resolv",
        "--listen-address=127.0.0.1",
        "--bind-interfaces",
        &format!("--port={port}"),
        "--address=/first.test/192.0.2.1",
        "--address=/second.test/192.0.2.2",
    ];
    let ask = |name: &str| format!("dig +short +tries=1 @127.0.0.1 -p {port} {name}");
    let hardened = bench.harden(&ask("first.test"), &command);
    hardened.is_a_policy("dnsmasq.toml");
    let _service = bench.run("dnsmasq.toml", port);
    let answer = bench.client(
        "dig",
        &["+short", "@127.0.0.1", "-p", &number, "second.test"],
    );
    assert_eq!(answer.trim(), "192.0.2.2");
}

#[test]
fn unbound_keeps_answering() {
    let bench = Workbench::new("unbound");
    let port = free_port();
    let number = port.to_string();
    let root = bench.folder();
    bench.write(
        "unbound.conf",
        &format!(
            "server:\n  interface: 127.0.0.1\n  port: {port}\n  do-daemonize: no\n  chroot: \"\"\n\
             \x20 directory: \"{root}\"\n  pidfile: \"\"\n  username: \"unbound\"\n  use-syslog: no\n\
             \x20 local-data: \"first.test. A 192.0.2.1\"\n  local-data: \"second.test. A 192.0.2.2\"\n\
             remote-control:\n  control-enable: no\n"
        ),
    );
    let file = format!("{root}/unbound.conf");
    let command = ["unbound", "-d", "-c", &file];
    let workload = format!("dig +short +tries=1 @127.0.0.1 -p {port} first.test");
    let hardened = bench.harden(&workload, &command);
    hardened.is_a_policy("unbound.toml");
    let _service = bench.run("unbound.toml", port);
    let answer = bench.client(
        "dig",
        &["+short", "@127.0.0.1", "-p", &number, "second.test"],
    );
    assert_eq!(answer.trim(), "192.0.2.2");
}

#[test]
fn sqlite3_keeps_writing_its_database() {
    let bench = Workbench::new("sqlite");
    bench.write("data/.keep", "");
    let database = format!("{}/data/app.db", bench.folder());
    let create = "create table if not exists t(word text); insert into t values('first');";
    let hardened = bench.harden_batch(&["sqlite3", &database, create]);
    hardened.is_a_policy("sqlite3.toml");
    let sqlite = |sql: &str| bench.run_once("sqlite3.toml", &["sqlite3", &database, sql]);
    // Hardening ran it twice: once watched, once confined.
    assert_eq!(
        sqlite("insert into t values('second'); select count(*) from t;").trim(),
        "3"
    );
    assert_eq!(
        sqlite("update t set word = 'third' where word = 'first';"),
        ""
    );
    assert_eq!(
        sqlite("select group_concat(word) from t;").trim(),
        "third,third,second"
    );
}

#[test]
fn postgres_keeps_writing_its_database() {
    let bench = Workbench::of_user("postgres", "postgres");
    let port = free_port();
    let number = port.to_string();
    let folder = bench.folder();
    let programs = postgres_programs();
    let data = format!("{folder}/data");
    bench.client(
        &format!("{programs}/initdb"),
        &["-D", &data, "-A", "trust", "--no-sync"],
    );
    let server = format!("{programs}/postgres");
    let command = [
        &*server,
        "-D",
        &data,
        "-p",
        &number,
        "-h",
        "127.0.0.1",
        "-k",
        "",
    ];
    let sql = |statement: &str| {
        [
            "-h",
            "127.0.0.1",
            "-p",
            &number,
            "-d",
            "postgres",
            "-Atqc",
            statement,
        ]
        .map(str::to_owned)
    };
    let psql =
        |statement: &str| bench.client("psql", &sql(statement).each_ref().map(String::as_str));
    let workload = format!(
        "psql -h 127.0.0.1 -p {port} -d postgres -Atqc 'create table if not exists t(word text)'"
    );
    let hardened = bench.harden(&workload, &command);
    hardened.is_a_policy("postgres.toml");
    let _service = bench.run("postgres.toml", port);
    psql("insert into t values('second')");
    assert_eq!(psql("select word from t").trim(), "second");
}
