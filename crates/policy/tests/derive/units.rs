//! Traces of units that the service manager started.

use ringfence_policy::derive::{Options, derive};
use ringfence_policy::grant::User;
use ringfence_policy::trace::{Exercise, Fact, Permission, Touch, Trace, UnitRun};

use super::scene::{Scene, path};

/// A scene in which the run is of this unit, by this user.
fn of_unit(name: &str, uid: u32, user: Option<&str>) -> Scene {
    let mut scene = Scene::new("/usr/bin/greet", &["greet"], uid, "x");
    let mut run = scene.trace.runs().next().unwrap().clone();
    run.user = user.map(str::to_owned);
    run.unit = Some(UnitRun {
        name: name.to_owned(),
        exercised: [Exercise::Workload].into(),
        inapplicable: [Exercise::Reload].into(),
    });
    scene.trace = Trace::new();
    scene.trace.record_run(run);
    scene
}

fn lines(scene: &Scene) -> Vec<String> {
    let manifest = derive(&scene.trace, &Options::default()).unwrap().manifest;
    let entries = manifest.entries.iter();
    entries.map(|entry| entry.grant.to_string()).collect()
}

#[test]
fn a_dynamic_user_keeps_its_directories_by_their_names() {
    let mut scene = of_unit("greet@one.service", 61_855, None);
    scene
        .does(
            Touch::Create,
            Permission::Owner,
            &[
                "/var/lib/private/greet/one/state",
                "/var/cache/private/greet/x",
            ],
        )
        .fact(Fact::Link {
            path: path("/var/lib/greet"),
            target: "private/greet".into(),
        });
    let derived = derive(&scene.trace, &Options::default()).unwrap();
    assert_eq!(derived.manifest.service.name, "greet@one");
    assert_eq!(derived.manifest.service.user, User::Dynamic);
    assert!(derived.lock.links.is_empty());
    let lines = lines(&scene);
    assert!(lines.contains(&"dirs.state greet".to_owned()), "{lines:?}");
    assert!(lines.contains(&"dirs.cache greet".to_owned()), "{lines:?}");
    assert!(
        !lines.iter().any(|line| line.contains("private")),
        "{lines:?}"
    );
    assert_eq!(derived.lock.widened.len(), 2);
}

#[test]
fn a_number_without_a_name_is_dynamic_only_where_systemd_gives_it_out() {
    let user = |scene: &Scene| {
        let derived = derive(&scene.trace, &Options::default()).unwrap();
        derived.manifest.service.user
    };
    assert_eq!(user(&of_unit("x.service", 61_184, None)), User::Dynamic);
    let other = of_unit("x.service", 1234, None);
    assert_eq!(user(&other), User::Named("1234".into()));
    let command = Scene::new("/usr/bin/greet", &["greet"], 61_184, "x");
    assert_eq!(user(&command), User::Named("x".into()));
}
