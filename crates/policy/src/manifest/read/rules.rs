//! Rules about keys together.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::Role;
use super::check::Checker;
use crate::manifest::problem::Problem;

impl Checker<'_> {
    pub(super) fn rules(&mut self, root: &DeTable) {
        if let Some(service) = root.get("service").and_then(table_of) {
            self.root_needs_a_reason(service);
        }
        if let Some((name, check)) = root.get_key_value("check")
            && let Some(keys) = table_of(check)
            && !keys.contains_key("workload")
            && !keys.contains_key("http")
        {
            let problem = Problem::new("[check] looks at nothing")
                .help("`workload` names a command, `http` a URL");
            self.wrong(name.span(), problem);
        }
        let secrets = root.get("secret").and_then(|s| s.get_ref().as_array());
        for secret in secrets.into_iter().flat_map(|array| array.iter()) {
            self.a_secret_comes_from_somewhere(secret);
        }
    }

    fn root_needs_a_reason(&mut self, service: &DeTable) {
        let Some(user) = service.get("user") else {
            return;
        };
        let (name, why) = match user.get_ref() {
            DeValue::Table(keys) => (
                keys.get("name").and_then(|n| n.get_ref().as_str()),
                keys.contains_key("why"),
            ),
            other => (other.as_str(), false),
        };
        // A ceiling bounds what services ask for; the reasons are theirs.
        if matches!(name, Some("root" | "0")) && !why && self.role != Role::Ceiling {
            let problem = Problem::new("root needs a reason")
                .help(r#"`user = { name = "root", why = "..." }`, or better `user = "dynamic"`"#);
            self.wrong(user.span(), problem);
        }
    }

    fn a_secret_comes_from_somewhere(&mut self, secret: &Spanned<DeValue>) {
        let Some(keys) = table_of(secret) else { return };
        let form = keys.get("as").and_then(|form| form.get_ref().as_str());
        if form.is_some_and(|form| form != "broker") && !keys.contains_key("from") {
            let problem = Problem::new("[[secret]] has no `from`")
                .help("name the file that holds it, or leave it to a broker: `as = \"broker\"`");
            self.wrong(secret.span(), problem);
        }
        if form.is_some_and(|form| form != "template")
            && let Some((name, _)) = keys.get_key_value("in")
        {
            let problem = Problem::new("`in` names templates, and this secret is not put into one")
                .help("`as = \"template\"`, or leave `in` out");
            self.wrong(name.span(), problem);
        }
    }
}

fn table_of<'a, 't>(value: &'a Spanned<DeValue<'t>>) -> Option<&'a DeTable<'t>> {
    value.get_ref().as_table()
}
