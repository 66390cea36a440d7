//! What a row is, and the kinds of rules that make one bad.

use crate::score::profile::{Model, Profile};
use crate::score::service::Service;
use crate::score::settings::address_family::Family;
use crate::score::settings::capability::Capabilities;
use crate::score::settings::choice::Choice;
use crate::score::settings::flag::Flag;
use crate::score::settings::namespace::Namespace;

/// A row of the score.
#[derive(Debug)]
pub struct Row {
    /// Its name in tables.
    pub id: &'static str,
    /// Its name in JSON, which is also the one in a policy file.
    pub field: &'static str,
    /// How much it counts.
    pub weight: u32,
    /// How bad it can be.
    pub range: u32,
    /// What the service may do when it is bad.
    pub open: &'static str,
    /// Whether it says nothing about a service without default dependencies, which starts before there is
    /// much to protect.
    pub(crate) default_dependencies: bool,
    pub(crate) rule: Rule,
    /// Lines that may make it better, the least first. Which do depends on what is set already.
    pub(crate) remedies: &'static [&'static str],
}

/// What makes a row bad.
#[derive(Debug)]
pub(crate) enum Rule {
    /// The flag is off.
    Off(Flag),
    /// The word chosen.
    Chosen(Choice),
    /// The bounding set still has one of these.
    Bounding(Capabilities),
    /// The service may make namespaces of this kind.
    Namespace(Namespace),
    /// The service may open sockets of this family.
    Family(Family),
    /// The service may make system calls of this group.
    Calls(&'static str),
    /// A rule of its own.
    Own(fn(&Service) -> u32),
    /// A rule of its own that depends on whose verdict is asked for.
    Asked(fn(&Service, &Profile, Model) -> u32),
    /// A rule of its own that says nothing about a service that runs as root.
    Unprivileged(fn(&Service) -> u32),
}

impl Row {
    /// How bad it is; `None` where it does not apply.
    pub(crate) fn badness(
        &self,
        service: &Service,
        profile: &Profile,
        model: Model,
    ) -> Option<u32> {
        if self.default_dependencies && !service.has(Flag::DefaultDependencies) {
            return None;
        }
        Some(match &self.rule {
            Rule::Off(flag) => u32::from(!service.has(*flag)),
            Rule::Chosen(choice) => choice.badness(service.choices.of(*choice)),
            Rule::Bounding(capabilities) => u32::from(service.bounding.intersects(*capabilities)),
            Rule::Namespace(namespace) => u32::from(service.namespaces.allow(*namespace)),
            Rule::Family(family) => u32::from(service.address_families.allow(*family)),
            Rule::Calls(group) => service.system_calls.badness(group, profile),
            Rule::Own(rule) => rule(service),
            Rule::Asked(rule) => rule(service, profile, model),
            Rule::Unprivileged(_) if service.is_privileged() => return None,
            Rule::Unprivileged(rule) => rule(service),
        })
    }

    pub(super) const fn with_default_dependencies(mut self) -> Self {
        self.default_dependencies = true;
        self
    }
}

pub(super) const fn row(
    id: &'static str,
    field: &'static str,
    weight: u32,
    range: u32,
    rule: Rule,
    remedies: &'static [&'static str],
    open: &'static str,
) -> Row {
    Row {
        id,
        field,
        weight,
        range,
        open,
        default_dependencies: false,
        rule,
        remedies,
    }
}
