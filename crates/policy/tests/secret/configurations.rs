//! What is found in configurations of known programs, and what is not.

use ringfence_policy::secret::{Extraction, Syntax, find};

/// Each finding as `line name reason`, then what is left.
fn found(file_name: &str, text: &str) -> Vec<String> {
    let syntax = Syntax::guess(file_name, text);
    let report = find(text, syntax).unwrap();
    let extraction = Extraction::new(text, file_name, report, |_| true);
    let pieces = extraction.pieces().iter();
    let mut lines: Vec<String> = pieces
        .map(|piece| format!("{} {}: {}", piece.line(), piece.name, piece.reason()))
        .collect();
    lines.extend(
        extraction
            .left()
            .iter()
            .map(|left| format!("{} left: {}", left.line, left.why)),
    );
    lines
}

const DNESS: &str = r#"[log]
level = "Debug"

[[domains]]
# We denote that our domain is managed by cloudflare
type = "cloudflare"
token = "v1.0-8f4e3d2c1b0a9f8e7d6c5b4a"
zone = "example.com"
records = [
    "n.example.com"
]

[[domains]]
type = "godaddy"
key = "e4sVjf2KpQz_9b71LmXtRdWc"
secret = "hunter2"
domain = "example.org"
records = [ "@" ]
"#;

#[test]
fn dness_has_a_token_a_key_and_a_secret() {
    assert_eq!(
        found("dness.conf", DNESS),
        [
            "7 DNESS_DOMAINS_TOKEN: its key says so",
            "15 DNESS_DOMAINS_KEY: its key says so",
            "16 DNESS_DOMAINS_SECRET: its key says so",
        ]
    );
}

#[test]
fn the_template_has_the_names_and_the_diff_no_value() {
    let report = find(DNESS, Syntax::Toml).unwrap();
    let extraction = Extraction::new(DNESS, "dness.conf", report, |_| true);
    let template = extraction.template();
    assert!(
        template.contains("token = \"{{DNESS_DOMAINS_TOKEN}}\"\nzone"),
        "{template}"
    );
    insta::assert_snapshot!(extraction.diff("/etc/dness/dness.conf"), @r#"
    --- /etc/dness/dness.conf
    +++ /etc/dness/dness.conf
    @@ line 7 @@
    -token = "(dness_domains_token)"
    +token = "{{DNESS_DOMAINS_TOKEN}}"
    @@ line 15 @@
    -key = "(dness_domains_key)"
    +key = "{{DNESS_DOMAINS_KEY}}"
    @@ line 16 @@
    -secret = "(dness_domains_secret)"
    +secret = "{{DNESS_DOMAINS_SECRET}}"
    "#);
}

#[test]
fn environment_files_and_ini_files_have_passwords_tokens_and_urls() {
    let text = "# DB_PASSWORD=old\nexport DB_HOST=db\nDB_PASSWORD=s3cret\nDATABASE_URL=postgres://app:s3cret@db/app\n\
                CI=\"glpat-abcdefghij0123456789\"\nPORT=8080\nTOKEN_FILE=/run/token\nSENTRY=${SENTRY_TOKEN}\n\
                # glpat-abcdefghij0123456789\n";
    assert_eq!(
        found(".env", text),
        [
            "3 ENV_DB_PASSWORD: its key says so",
            "4 ENV_DB_PASSWORD: the password in a URL",
            "5 ENV_CI: it has the form of a GitLab token",
            "9 left: a GitLab token in a comment",
            "9 left: the value of ENV_CI is here too",
        ]
    );
    let text = "[security]\nadmin_password = admin\nsecret_key = SW2YcwTIb9zpOOhoPsMm\ncookie_secure = false\n\
                [database]\nurl = mysql://root:pw1@h/d\nmax_tokens = 12\n";
    assert_eq!(
        found("grafana.ini", text),
        [
            "2 GRAFANA_SECURITY_ADMIN_PASSWORD: its key says so",
            "3 GRAFANA_SECURITY_SECRET_KEY: its key says so",
            "6 GRAFANA_DATABASE_URL_PASSWORD: the password in a URL",
        ]
    );
}

#[test]
fn redis_and_mosquitto_have_passwords_in_words() {
    let text = "port 6379\n# requirepass foobared\nrequirepass \"a b#c\"\nmasterauth s3cret\nacllog-max-len 128\n";
    assert_eq!(
        found("redis.conf", text),
        [
            "3 REDIS_REQUIREPASS: its key says so",
            "4 REDIS_MASTERAUTH: its key says so"
        ]
    );
    let text = "password_file /etc/mosquitto/passwd\nremote_password pw-of-bridge\n";
    assert_eq!(
        found("bridge.conf", text),
        ["2 BRIDGE_REMOTE_PASSWORD: its key says so"]
    );
}

#[test]
fn yaml_has_secrets_and_says_what_it_cannot_take_out() {
    let text = "global:\n  smtp_auth_password: 'it''s'\nreceivers:\n  - name: x\n    slack_configs:\n      - api_url: \
                https://hooks.slack.com/services/T00000000/B00000000/XXXXYYYYZZZZ\nbearer_token: |\n  abc\n\
                basic_auth: { username: u, password: p }\nkeys:\n  api-key: \"k1\\tk2\"\n";
    assert_eq!(
        found("alertmanager.yml", text),
        [
            "2 ALERTMANAGER_GLOBAL_SMTP_AUTH_PASSWORD: its key says so",
            "6 ALERTMANAGER_RECEIVERS_SLACK_CONFIGS_API_URL: it has the form of a Slack hook",
            "11 ALERTMANAGER_KEYS_API_KEY: its key says so",
            "7 left: `bearer_token`: it goes over several lines",
        ]
    );
}

#[test]
fn json_on_one_line_shows_only_what_belongs_to_its_secrets() {
    let text = r#"{"other":"private words","auths":{"r.example":{"auth":"dXNlcjpwYXNzd29yZDEyMw=="}},"a":{"password":"x\"y"}}"#;
    let report = find(text, Syntax::Json).unwrap();
    let extraction = Extraction::new(text, "config.json", report, |_| true);
    insta::assert_snapshot!(extraction.diff("config.json"), @r#"
    --- config.json
    +++ config.json
    @@ line 1 @@
    -auth":"(config_auths_r_example_auth)"
    +auth":"{{CONFIG_AUTHS_R_EXAMPLE_AUTH}}"
    @@ line 1 @@
    -password":"(config_a_password)"
    +password":"{{CONFIG_A_PASSWORD|escaped}}"
    "#);
}

#[test]
fn two_secrets_of_one_value_are_shown_once_and_without_each_other() {
    let text = "brokers = amqp://a:first-pw@h amqp://b:second-pw@i\n";
    let report = find(text, Syntax::Lines).unwrap();
    let diff = Extraction::new(text, "x.conf", report, |_| true).diff("x.conf");
    assert!(
        !diff.contains("first-pw") && !diff.contains("second-pw"),
        "{diff}"
    );
    assert_eq!(diff.matches("@@").count(), 2, "{diff}");
}

#[test]
fn ordinary_settings_are_no_secrets() {
    let sshd = "PasswordAuthentication no\nHostKey /etc/ssh/ssh_host_ed25519_key\nAuthorizedKeysFile .ssh/authorized_keys\n\
                Ciphers chacha20-poly1305@openssh.com,aes256-gcm@openssh.com\nUsePAM yes\n";
    let postgres = "password_encryption = scram-sha-256\t# scram-sha-256 or md5\nssl_key_file = '/etc/ssl/private/key'\n\
                    ssl_passphrase_command = ''\ndata_directory = '/var/lib/postgresql/15/main'\n";
    let nginx = "ssl_certificate_key /etc/nginx/tls/key.pem;\nssl_ciphers ECDHE-ECDSA-AES128-GCM-SHA256:HIGH;\n\
                 auth_basic_user_file /etc/nginx/htpasswd;\nkeepalive_timeout 65;\n";
    let app = "version: 1.2.3\nimage: example@sha256:9f86d081884c7d659a2feaa0c55ad0159f86d081884c7d659a2feaa0c55ad015\n\
               id: 123e4567-e89b-12d3-a456-426614174000\npassword: ${PASSWORD}\n";
    let nss = "passwd:         files systemd\ngroup: files\npasswd: files\n";
    let media = "application/vnd.etsi.timestamp-token tst\n/etc/ldap.secret r,\n";
    let comment = "# uses Basic authentication\nauth = none\n";
    let lists = [
        ("nsswitch.conf", nss),
        ("mime.types", media),
        ("a.properties", comment),
    ];
    for (name, text) in lists {
        assert_eq!(found(name, text), Vec::<String>::new(), "{name}");
    }
    for (name, text) in [
        ("sshd_config", sshd),
        ("postgresql.conf", postgres),
        ("nginx.conf", nginx),
        ("a.yml", app),
    ] {
        assert_eq!(found(name, text), Vec::<String>::new(), "{name}");
    }
}
