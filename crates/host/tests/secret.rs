//! Secrets are moved out of files and back without anything being lost, on a real file system.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use ringfence_host::secret::{Config, SecretError, Vault, render};
use ringfence_policy::secret::{Extraction, Syntax, find};
use tempfile::TempDir;

const TEXT: &str =
    "# kept\n[a]\ntoken = \"s3cret-value\" # why\nother = 'x\"y'\npassword = 'p\\q'\n";

struct Scene {
    directory: TempDir,
    vault: Vault,
}

impl Scene {
    fn new() -> Self {
        let directory = TempDir::new().unwrap();
        let vault = Vault::at(
            directory.path().join("etc/secrets"),
            directory.path().join("var/originals"),
        );
        let scene = Self { directory, vault };
        scene.write("app.toml", TEXT);
        scene
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().canonicalize().unwrap().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(0o640)).unwrap();
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    fn extract(&self, name: &str) -> Result<(), SecretError> {
        let config = Config::open(&self.path(name))?;
        let report = find(config.text(), Syntax::Toml).unwrap();
        let is_free = |name: &_| self.vault.is_free(name);
        let extraction = Extraction::new(config.text(), name, report, is_free);
        self.vault.extract(&config, &extraction)
    }

    fn secrets(&self) -> Vec<String> {
        let Ok(entries) = fs::read_dir(self.path("etc/secrets")) else {
            return Vec::new();
        };
        let mut names: Vec<_> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    fn render(&self, name: &str) -> Result<PathBuf, SecretError> {
        let runtime = self.path("run");
        fs::create_dir_all(&runtime).unwrap();
        render(
            &self.path(name),
            &self.path("etc/secrets"),
            runtime.as_os_str(),
            Path::new(name),
        )
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o7777
}

#[test]
fn secrets_end_in_files_for_their_owner_alone_and_the_template_looks_as_the_file_did() {
    let scene = Scene::new();
    scene.extract("app.toml").unwrap();
    let template = scene.read("app.toml");
    assert_eq!(
        template,
        "# kept\n[a]\ntoken = \"{{APP_A_TOKEN}}\" # why\nother = 'x\"y'\npassword = '{{APP_A_PASSWORD}}'\n"
    );
    assert_eq!(mode(&scene.path("app.toml")), 0o640);
    assert_eq!(scene.secrets(), ["APP_A_PASSWORD", "APP_A_TOKEN"]);
    assert_eq!(scene.read("etc/secrets/APP_A_TOKEN"), "s3cret-value");
    assert_eq!(mode(&scene.path("etc/secrets/APP_A_TOKEN")), 0o600);
    assert_eq!(mode(&scene.path("etc/secrets")), 0o700);
    assert_eq!(mode(&scene.path("var/originals")), 0o700);
}

#[test]
fn what_is_rendered_is_the_original_and_for_its_owner_alone() {
    let scene = Scene::new();
    scene.extract("app.toml").unwrap();
    let rendered = scene.render("app.toml").unwrap();
    assert_eq!(fs::read_to_string(&rendered).unwrap(), TEXT);
    assert_eq!(mode(&rendered), 0o400);
    scene.render("app.toml").unwrap();
}

#[test]
fn going_back_gives_the_same_bytes_and_leaves_nothing() {
    let scene = Scene::new();
    scene.extract("app.toml").unwrap();
    fs::set_permissions(scene.path("app.toml"), fs::Permissions::from_mode(0o600)).unwrap();
    let restored = scene.vault.restore(&scene.path("app.toml"), false).unwrap();
    assert_eq!(restored.stayed, []);
    assert_eq!(
        (
            scene.read("app.toml").as_str(),
            mode(&scene.path("app.toml"))
        ),
        (TEXT, 0o640)
    );
    assert_eq!(scene.secrets(), Vec::<String>::new());
    let again = scene
        .vault
        .restore(&scene.path("app.toml"), false)
        .unwrap_err();
    assert!(matches!(again, SecretError::NotKept { .. }), "{again}");
}

#[test]
fn secrets_of_two_times_are_put_back_one_time_after_the_other() {
    let scene = Scene::new();
    scene.extract("app.toml").unwrap();
    let first = scene.read("app.toml");
    let second = format!("{first}api_key = 'k3y-of-later'\n");
    scene.write("app.toml", &second);
    scene.extract("app.toml").unwrap();
    assert_eq!(
        scene.secrets(),
        ["APP_A_API_KEY", "APP_A_PASSWORD", "APP_A_TOKEN"]
    );
    scene.vault.restore(&scene.path("app.toml"), false).unwrap();
    assert_eq!(scene.read("app.toml"), second);
    scene.vault.restore(&scene.path("app.toml"), true).unwrap();
    assert_eq!(scene.read("app.toml"), TEXT);
}

#[test]
fn an_edited_template_and_a_changed_secret_are_not_thrown_away() {
    let scene = Scene::new();
    scene.extract("app.toml").unwrap();
    let edited = format!("{}more = 1\n", scene.read("app.toml"));
    fs::write(scene.path("app.toml"), &edited).unwrap();
    fs::write(scene.path("etc/secrets/APP_A_TOKEN"), "rotated\n").unwrap();
    let error = scene
        .vault
        .restore(&scene.path("app.toml"), false)
        .unwrap_err();
    assert!(matches!(error, SecretError::Edited { .. }), "{error}");
    assert_eq!(scene.read("app.toml"), edited);
    assert!(
        fs::read_to_string(scene.render("app.toml").unwrap())
            .unwrap()
            .contains("token = \"rotated\"")
    );
    let restored = scene.vault.restore(&scene.path("app.toml"), true).unwrap();
    assert_eq!(
        restored
            .stayed
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>(),
        ["APP_A_TOKEN"]
    );
    assert_eq!(scene.secrets(), ["APP_A_TOKEN"]);
}

#[test]
fn links_other_names_and_exposed_directories_are_refused() {
    let scene = Scene::new();
    symlink(scene.path("app.toml"), scene.path("link.toml")).unwrap();
    let error = scene.extract("link.toml").unwrap_err();
    assert!(matches!(error, SecretError::Link { .. }), "{error}");
    fs::create_dir(scene.path("real")).unwrap();
    scene.write("real/b.toml", TEXT);
    symlink(scene.path("real"), scene.path("way")).unwrap();
    let error = scene.extract("way/b.toml").unwrap_err();
    assert!(matches!(error, SecretError::Link { .. }), "{error}");
    fs::hard_link(scene.path("app.toml"), scene.path("second.toml")).unwrap();
    let error = scene.extract("app.toml").unwrap_err();
    assert!(error.to_string().contains("more than one name"), "{error}");
    fs::remove_file(scene.path("second.toml")).unwrap();
    fs::create_dir_all(scene.path("etc/secrets")).unwrap();
    fs::set_permissions(scene.path("etc/secrets"), fs::Permissions::from_mode(0o755)).unwrap();
    let error = scene.extract("app.toml").unwrap_err();
    assert!(matches!(error, SecretError::Exposed { .. }), "{error}");
    assert_eq!(scene.read("app.toml"), TEXT);
}

#[test]
fn a_failure_leaves_the_file_as_it_was_and_no_secrets_behind() {
    let scene = Scene::new();
    let config = Config::open(&scene.path("app.toml")).unwrap();
    let report = find(config.text(), Syntax::Toml).unwrap();
    let extraction = Extraction::new(config.text(), "app.toml", report, |_| true);
    let newer = format!("{TEXT}newer = 1\n");
    fs::write(scene.path("app.toml"), &newer).unwrap();
    let error = scene.vault.extract(&config, &extraction).unwrap_err();
    assert!(matches!(error, SecretError::Changed { .. }), "{error}");
    assert_eq!(scene.read("app.toml"), newer);
    assert_eq!(scene.secrets(), Vec::<String>::new());
    let left: Vec<_> = fs::read_dir(scene.path("."))
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert!(
        left.iter().all(|name| name != OsStr::new(".ringfence")),
        "{left:?}"
    );
    assert!(matches!(
        scene
            .vault
            .restore(&scene.path("app.toml"), false)
            .unwrap_err(),
        SecretError::NotKept { .. }
    ));
}

#[test]
fn rendering_says_what_is_missing_and_never_a_value() {
    let scene = Scene::new();
    let error = scene.render("app.toml").unwrap_err();
    assert!(error.to_string().contains("no placeholder"), "{error}");
    scene.extract("app.toml").unwrap();
    fs::write(scene.path("etc/secrets/APP_A_TOKEN"), "qu\"ote").unwrap();
    let error = scene.render("app.toml").unwrap_err();
    assert!(matches!(error, SecretError::Template { .. }), "{error}");
    assert!(!error.to_string().contains("ote"), "{error}");
    fs::remove_file(scene.path("etc/secrets/APP_A_TOKEN")).unwrap();
    let error = scene.render("app.toml").unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("read credential APP_A_TOKEN: "),
        "{error}"
    );
}

#[test]
fn a_name_is_free_where_nobody_may_look() {
    let vault = Vault::at("/dev/null/secrets", "/dev/null/originals");
    assert!(vault.is_free(&"TOKEN".parse().unwrap()));
}
