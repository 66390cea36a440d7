//! Users that are none of the service's own.

use super::{Finding, Rule};
use crate::load::{Setting, Unit};
use crate::word::boolean;

/// `nobody` is the user of whoever has none, and of every other service that took the same way out.
pub(super) fn findings(unit: &Unit) -> Option<Finding> {
    let user = unit.last("Service", "User")?;
    let shared = ["nobody", "daemon"].contains(&user.value.as_str());
    (shared && !is_dynamic(unit)).then(|| {
        Finding::about(
            user,
            Rule::SharedUser,
            format!(
                "the user `{}` is shared with other services, which can signal, trace and read this one",
                user.value
            ),
            "DynamicUser=yes, or a user of its own",
        )
    })
}

/// Whether the service has a user that is not root.
pub(super) fn runs_as_user(unit: &Unit) -> bool {
    let user = unit.last("Service", "User");
    let named = user.is_some_and(|user| !["", "root", "0"].contains(&user.value.as_str()));
    named || is_dynamic(unit)
}

/// Whether a setting is one of the words for yes.
pub(super) fn is_on(setting: &Setting) -> bool {
    boolean(&setting.value) == Some(true)
}

fn is_dynamic(unit: &Unit) -> bool {
    unit.last("Service", "DynamicUser").is_some_and(is_on)
}
