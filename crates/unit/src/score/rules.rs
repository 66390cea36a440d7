//! Which settings the service manager does not take together.

use super::profile::Profile;
use super::refusal::Rule;
use super::service::Service;
use super::settings::choice::Choice;
use super::settings::flag::Flag;

/// The first rule that the settled service breaks, in the order in which the service manager looks.
pub(crate) fn broken(service: &Service, profile: &Profile) -> Option<Rule> {
    rules(service, profile)
        .into_iter()
        .find_map(|(broken, rule)| broken.then_some(rule))
}

fn rules(service: &Service, profile: &Profile) -> [(bool, Rule); 15] {
    let is = |choice, word| service.choices.of(choice) == word;
    let oneshot = is(Choice::Type, "oneshot");
    let forking = is(Choice::Type, "forking");
    let starts = service.commands.start;
    let acts = service.is_not(Choice::SuccessAction, "none");
    let remains = service.has(Flag::RemainAfterExit);
    let restarts = is(Choice::Restart, "always") || is(Choice::Restart, "on-success");
    let dynamic = service.has(Flag::DynamicUser);
    let pam = service.pam_name;
    let pids = is(Choice::PrivatePids, "yes");
    let kills = is(Choice::KillMode, "control-group") || is(Choice::KillMode, "mixed");
    let home = service.working_directory.is_home();
    let api = service.working_directory.is_below_api() && service.needs_mount_namespace(profile);
    let identity = dynamic || pam || service.user.is_some() || service.group.is_some();
    [
        (dynamic && home && profile.since(257), Rule::DynamicHome),
        (api && profile.since(257), Rule::ApiDirectory),
        (
            identity && is(Choice::PrivateUsers, "managed"),
            Rule::ManagedUsers,
        ),
        (pam && pids && profile.since(260), Rule::PamPids),
        (pam && !kills && profile.since(256), Rule::PamKillMode),
        (
            starts == 0 && service.commands.stop == 0 && !acts,
            Rule::Nothing,
        ),
        (starts == 0 && !oneshot, Rule::NoStart),
        (starts == 0 && !remains && !acts, Rule::NotRemaining),
        (starts > 1 && !oneshot, Rule::SeveralStarts),
        (oneshot && restarts, Rule::OneshotRestart),
        (
            oneshot && service.restart_statuses && !profile.since(256),
            Rule::OneshotRestartStatus,
        ),
        (
            oneshot && is(Choice::ExitType, "cgroup"),
            Rule::OneshotExitType,
        ),
        (
            is(Choice::Type, "dbus") && !service.bus_name,
            Rule::NoBusName,
        ),
        (forking && pids, Rule::ForkingPids),
        (pam && !kills, Rule::PamKillMode),
    ]
}
