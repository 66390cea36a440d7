//! Secrets that a service is given.

use ringfence_policy::manifest::{Secret, SecretForm};
use ringfence_policy::path::AbsPath;

use crate::coverage::Status;

use super::compile::CompileError;
use super::directive::directive;
use super::draft::Draft;

/// Where systemd keeps credentials that only this machine can decrypt; see systemd-creds(1).
const ENCRYPTED: [&str; 3] = [
    "/etc/credstore.encrypted",
    "/run/credstore.encrypted",
    "/usr/lib/credstore.encrypted",
];

/// Where a broker's sockets lie.
pub(super) const BROKER: &str = "/run/ringfence/broker";

/// A file that is rendered when the service starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Template {
    /// The file with `{{NAME}}` in it.
    pub(super) from: AbsPath,
    /// The rendered file, with the specifier for the runtime directory.
    pub(super) to: String,
}

/// The templates of a manifest, each once.
pub(super) fn templates(draft: &Draft<'_>) -> Vec<Template> {
    let mut files: Vec<_> = draft
        .manifest
        .secrets
        .iter()
        .filter(|secret| secret.form == SecretForm::Template)
        .flat_map(|secret| secret.files.iter().cloned())
        .collect();
    files.sort();
    files.dedup();
    files
        .into_iter()
        .map(|from| {
            let file = from.file_name().unwrap_or_default();
            let file = String::from_utf8_lossy(file).replace('%', "%%");
            let to = format!("/run/{}/{file}", directory(draft));
            Template { from, to }
        })
        .collect()
}

/// The runtime directory for rendered files. Its own, so that it is the service's alone whatever mode the
/// unit gives its other ones.
pub(super) fn directory(draft: &Draft<'_>) -> String {
    format!("{}/rendered", super::private::private_parent(draft))
}

pub(super) fn put(draft: &mut Draft<'_>) -> Result<(), CompileError> {
    let secrets = draft.manifest.secrets.clone();
    if !secrets.is_empty() {
        draft.group("secret");
    }
    for secret in &secrets {
        let Some(from) = &secret.from else { continue };
        let word = draft.word(from);
        match secret.form {
            SecretForm::File | SecretForm::Template => {
                let key = loader(from, draft);
                draft.put(key, format!("{}:{word}", secret.name));
            }
            SecretForm::Env => drop(draft.put("EnvironmentFile", word)),
            SecretForm::Broker => {}
        }
    }
    let templates = templates(draft);
    if templates.is_empty() {
        return Ok(());
    }
    draft.line("RuntimeDirectory", directory(draft));
    let program = draft.target.ringfence.clone();
    let program = draft.word(&program);
    for template in &templates {
        let from = draft.word(&template.from);
        draft.line(
            "ExecStartPre",
            format!("{program} secrets render {from} {}", template.to),
        );
    }
    rewrite_command(draft, &templates)
}

/// Makes the unit's commands name the rendered files.
fn rewrite_command(draft: &mut Draft<'_>, templates: &[Template]) -> Result<(), CompileError> {
    let Some(unit) = draft.packaged else {
        return Ok(());
    };
    let mut named = vec![false; templates.len()];
    for key in ["ExecStart", "ExecReload"] {
        let values = unit.list(key);
        let mut changed = Vec::new();
        for value in &values {
            let mut value = (*value).to_owned();
            for (template, named) in templates.iter().zip(&mut named) {
                let after = replace_word(&value, &template.from.to_string(), &template.to);
                *named |= after != value && key == "ExecStart";
                value = after;
            }
            changed.push(value);
        }
        if changed.iter().zip(&values).any(|(new, old)| new != old) {
            draft.line(key, String::new());
            for value in changed {
                draft.line(key, value);
            }
        }
    }
    match named.iter().zip(templates).find(|(named, _)| !**named) {
        Some((_, template)) => Err(CompileError::Template {
            template: template.from.clone(),
            rendered: template.to.clone(),
        }),
        None => Ok(()),
    }
}

/// Replaces `from` where it is a whole word, or what stands after the `=` of an option.
pub(super) fn replace_word(text: &str, from: &str, to: &str) -> String {
    let ends = |c: char| c.is_whitespace() || matches!(c, '"' | '\'');
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(from) {
        let (before, found) = rest.split_at(at);
        let after = found.get(from.len()..).unwrap_or_default();
        let starts = out
            .chars()
            .chain(before.chars())
            .next_back()
            .is_none_or(|c| ends(c) || c == '=');
        out.push_str(before);
        let whole = starts && after.chars().next().is_none_or(ends);
        out.push_str(if whole { to } else { from });
        rest = after;
    }
    out.push_str(rest);
    out
}

/// The directive that loads a credential from this file.
fn loader(from: &AbsPath, draft: &Draft<'_>) -> &'static str {
    let encrypted = from.ancestors().any(|above| {
        ENCRYPTED
            .iter()
            .any(|own| own.as_bytes() == above.as_bytes())
    });
    if encrypted && draft.target.version >= 250 {
        "LoadCredentialEncrypted"
    } else {
        "LoadCredential"
    }
}

/// How exactly a secret is given.
pub(super) fn status(secret: Option<&Secret>, draft: &Draft<'_>) -> Status {
    let Some(secret) = secret else {
        return Status::Extern("where it is kept is not said".to_owned());
    };
    let worth = |key: &str| directive(key).map_or(Status::Exact, |own| own.worth(draft.target));
    match (secret.form, &secret.from) {
        (SecretForm::Broker, _) => {
            Status::Extern("the broker decides what is done with it".to_owned())
        }
        (_, None) => Status::Extern("where it is kept is not said".to_owned()),
        (SecretForm::Env, _) => Status::Wider(
            "children inherit a variable, and /proc/PID/environ shows it: weaker than a file"
                .to_owned(),
        ),
        (SecretForm::Template, _) if secret.files.is_empty() => {
            Status::None("no file to put it into is named: `in` lists the templates".to_owned())
        }
        (SecretForm::File | SecretForm::Template, Some(from)) => worth(loader(from, draft)),
    }
}

#[cfg(test)]
mod tests {
    use super::replace_word;

    #[test]
    fn a_path_is_replaced_where_it_is_a_whole_word() {
        let change = |text| replace_word(text, "/etc/x", "/run/x");
        assert_eq!(change("/bin/p -c /etc/x"), "/bin/p -c /run/x");
        assert_eq!(change("/bin/p --c=/etc/x -v"), "/bin/p --c=/run/x -v");
        assert_eq!(change("/bin/p \"/etc/x\""), "/bin/p \"/run/x\"");
        assert_eq!(
            change("/bin/p /etc/x.d /a/etc/x"),
            "/bin/p /etc/x.d /a/etc/x"
        );
    }
}
