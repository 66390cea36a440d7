//! The program of a service: what its stand-in is put over, and with which privileges it starts.

use std::path::Path;

use ringfence_unit::exec::SEARCHED;
use ringfence_unit::load::Unit;
use ringfence_unit::word::{Style, words};

/// A program as `ExecStart=` names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Program {
    /// `+`, `!` or `!!`, or nothing: what the command is exempt from.
    pub(super) exempt: String,
    /// Its path, absolute, unquoted, with specifiers in it.
    pub(super) path: String,
}

impl Program {
    /// The program of the first command. `Err` says what is wrong.
    pub(super) fn of(unit: &Unit) -> Result<Self, String> {
        let commands = unit.effective_list("Service", "ExecStart");
        let command = commands.first().ok_or("it has no ExecStart=")?;
        let first = words(&command.value, Style::COMMAND).next();
        let word = first
            .ok_or("its ExecStart= is empty")?
            .map_err(|error| format!("its ExecStart= cannot be read: {error}"))?;
        let word = word.text();
        // `@` and `-` and `:` concern arguments and the exit code, `|` a shell in between.
        let path = word.trim_start_matches(['@', '-', ':', '+', '!', '|']);
        let (flags, _) = word.split_at(word.len() - path.len());
        if path.is_empty() {
            return Err("its ExecStart= names no program".into());
        }
        let path = if path.starts_with('/') {
            path.to_owned()
        } else {
            found(path, unit).ok_or_else(|| format!("its program `{path}` is not found"))?
        };
        Ok(Self {
            exempt: flags.chars().filter(|flag| "+!".contains(*flag)).collect(),
            path,
        })
    }
}

fn found(name: &str, unit: &Unit) -> Option<String> {
    let own = unit.effective_list("Service", "ExecSearchPath");
    let own: Vec<&str> = own
        .iter()
        .flat_map(|setting| setting.value.split(':'))
        .collect();
    let searched = if own.is_empty() { &SEARCHED[..] } else { &own };
    searched
        .iter()
        .map(|directory| format!("{directory}/{name}"))
        .find(|path| Path::new(path).is_file())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ringfence_unit::name::UnitName;

    fn program(text: &str) -> Result<Program, String> {
        let name = UnitName::parse("x.service").unwrap();
        let text = format!("[Service]\n{text}\n");
        Program::of(&Unit::of_text(name, "/x.service".into(), text.as_bytes()).unwrap())
    }

    #[test]
    fn the_path_stands_after_the_prefixes_and_in_quotes() {
        for (line, exempt, path) in [
            ("ExecStart=/usr/bin/x -a", "", "/usr/bin/x"),
            ("ExecStart=-@/usr/bin/x y z", "", "/usr/bin/x"),
            ("ExecStart=!!-/usr/bin/x", "!!", "/usr/bin/x"),
            ("ExecStart=\"+/opt/a b/x\" c", "+", "/opt/a b/x"),
            ("ExecStart=/a\nExecStart=\nExecStart=/b", "", "/b"),
            ("ExecStart=/a\nExecStart=/b", "", "/a"),
            ("ExecStart=sh -c true", "", "/usr/bin/sh"),
        ] {
            let expected = Program {
                exempt: exempt.into(),
                path: path.into(),
            };
            assert_eq!(program(line), Ok(expected), "{line}");
        }
    }

    #[test]
    fn without_a_program_there_is_nothing_to_stand_in_for() {
        assert!(program("Type=oneshot").is_err());
        assert!(program("ExecStart=\"/x").is_err());
        assert!(program("ExecStart=no-such-program-anywhere").is_err());
    }
}
