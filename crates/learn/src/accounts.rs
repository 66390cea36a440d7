//! Names of users and groups, from `/etc/passwd` and `/etc/group`.
//!
//! The files are read and nothing else: names that only a directory service knows stay numbers, because
//! asking it would mean loading its plug-ins into the tracer.

use std::collections::HashMap;

/// The host's accounts, read once.
#[derive(Debug, Default)]
pub struct Accounts {
    users: HashMap<u32, String>,
    groups: HashMap<u32, String>,
}

impl Accounts {
    /// Reads both files; a missing one is empty.
    pub fn of_host() -> Self {
        let read = |path| std::fs::read(path).unwrap_or_default();
        Self {
            users: parse(&read("/etc/passwd")),
            groups: parse(&read("/etc/group")),
        }
    }

    /// The name of a user.
    pub fn user(&self, uid: u32) -> Option<String> {
        self.users.get(&uid).cloned()
    }

    /// The name of a group.
    pub fn group(&self, gid: u32) -> Option<String> {
        self.groups.get(&gid).cloned()
    }
}

/// Both files have the name first and the number third. The first line of a number wins, as in the C
/// library.
fn parse(text: &[u8]) -> HashMap<u32, String> {
    let mut names = HashMap::new();
    for line in text.split(|byte| *byte == b'\n') {
        let Ok(line) = std::str::from_utf8(line) else {
            continue;
        };
        let mut fields = line.split(':');
        let (Some(name), Some(number)) = (fields.next(), fields.nth(1)) else {
            continue;
        };
        if let Ok(number) = number.parse() {
            names.entry(number).or_insert_with(|| name.to_owned());
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn the_first_name_of_a_number_wins_and_odd_lines_are_skipped() {
        let names = parse(b"root:x:0:0::/:\ntoor:x:0:0\n#\n\xff:x:7:\n+\nwww-data:x:33:33\n");
        assert_eq!(names.get(&0).map(String::as_str), Some("root"));
        assert_eq!(names.get(&33).map(String::as_str), Some("www-data"));
        assert_eq!(names.len(), 2);
    }
}
