//! Specifiers: `%i`, `%n` and the others of systemd.unit(5), resolved from facts that are handed in.

use std::path::Path;

use crate::name::{UnitName, unescape, unescape_path};

/// The longest path that a setting may resolve to, in bytes.
pub const LONGEST_PATH: usize = 4095;

/// The facts of a host that specifiers stand for. The default is a neutral one: the service manager of a
/// system, on a machine that is nowhere.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    missing_docs,
    reason = "each field starts with its specifier's letter or names its fact"
)]
pub struct Host {
    pub architecture: String,
    pub boot_id: String,
    pub machine_id: String,
    pub host_name: String,
    pub short_host_name: String,
    pub pretty_host_name: String,
    pub kernel_release: String,
    pub os_id: String,
    pub os_version: String,
    pub os_build: String,
    pub os_variant: String,
    pub image_id: String,
    pub image_version: String,
    pub user: String,
    pub uid: u32,
    pub group: String,
    pub gid: u32,
    pub home: String,
    pub shell: String,
    pub temporary: String,
    pub persistent_temporary: String,
    pub configuration: String,
    pub state: String,
    pub cache: String,
    pub logs: String,
    pub runtime: String,
    /// `%D`, which systemd has from 256; where it is none, `%D` is unknown.
    pub shared_data: Option<String>,
}

impl Default for Host {
    fn default() -> Self {
        let text = str::to_owned;
        Self {
            architecture: text("x86-64"),
            boot_id: text("00000000000000000000000000000000"),
            machine_id: text("00000000000000000000000000000000"),
            host_name: text("localhost"),
            short_host_name: text("localhost"),
            pretty_host_name: text("localhost"),
            kernel_release: text("0"),
            os_id: text("linux"),
            os_version: String::new(),
            os_build: String::new(),
            os_variant: String::new(),
            image_id: String::new(),
            image_version: String::new(),
            user: text("root"),
            uid: 0,
            group: text("root"),
            gid: 0,
            home: text("/root"),
            shell: text("/bin/sh"),
            temporary: text("/tmp"),
            persistent_temporary: text("/var/tmp"),
            configuration: text("/etc"),
            state: text("/var/lib"),
            cache: text("/var/cache"),
            logs: text("/var/log"),
            runtime: text("/run"),
            shared_data: None,
        }
    }
}

/// Why a text with specifiers stands for nothing. Settings treat that in different ways; for `User=` and
/// the commands the unit does not load.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SpecifierError {
    /// No specifier has this letter.
    #[error("`%{letter}` is no specifier; a percent sign itself is `%%`")]
    Unknown {
        /// The letter.
        letter: char,
    },
    /// A part of the unit's name that has to be unescaped is not escaped right.
    #[error("the unit's name {name} does not have what `%{letter}` stands for")]
    Name {
        /// The unit.
        name: UnitName,
        /// The letter.
        letter: char,
    },
    /// What it stands for is longer than the setting takes.
    #[error("what it stands for is longer than {limit} bytes")]
    Long {
        /// How long it may be.
        limit: usize,
    },
}

/// What specifiers in one unit's settings stand for.
#[derive(Debug, Clone, Copy)]
pub struct Specifiers<'a> {
    /// The unit.
    pub unit: &'a UnitName,
    /// Its main file, for `%y` and `%Y`.
    pub file: &'a Path,
    /// The host.
    pub host: &'a Host,
}

impl Specifiers<'_> {
    /// Puts in what the specifiers of a text stand for. A percent sign before something that is neither a
    /// letter nor a digit stays, and so does one at the end.
    pub fn resolve(&self, text: &str, limit: usize) -> Result<String, SpecifierError> {
        let mut resolved = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('%') {
            resolved.push_str(before);
            let mut characters = after.chars();
            match characters.next() {
                Some('%') | None => resolved.push('%'),
                Some(letter) if letter.is_ascii_alphanumeric() => {
                    resolved.push_str(&self.value(letter)?);
                }
                Some(other) => resolved.extend(['%', other]),
            }
            rest = characters.as_str();
            if resolved.len() > limit {
                return Err(SpecifierError::Long { limit });
            }
        }
        resolved.push_str(rest);
        if resolved.len() > limit {
            return Err(SpecifierError::Long { limit });
        }
        Ok(resolved)
    }

    /// What bytes stand for that may not be UTF-8: what is no text stays as it is.
    pub fn resolve_bytes(&self, bytes: &[u8], limit: usize) -> Result<Vec<u8>, SpecifierError> {
        let mut resolved = Vec::with_capacity(bytes.len());
        for chunk in bytes.utf8_chunks() {
            resolved.extend(self.resolve(chunk.valid(), limit)?.into_bytes());
            resolved.extend_from_slice(chunk.invalid());
        }
        if resolved.len() > limit {
            return Err(SpecifierError::Long { limit });
        }
        Ok(resolved)
    }

    /// What one specifier stands for.
    fn value(&self, letter: char) -> Result<String, SpecifierError> {
        let host = self.host;
        let own = match letter {
            'A' => &host.image_version,
            'B' => &host.os_build,
            'C' => &host.cache,
            'E' => &host.configuration,
            'H' => &host.host_name,
            'L' => &host.logs,
            'M' => &host.image_id,
            'S' => &host.state,
            'T' => &host.temporary,
            'V' => &host.persistent_temporary,
            'W' => &host.os_variant,
            'a' => &host.architecture,
            'b' => &host.boot_id,
            'g' => &host.group,
            'h' => &host.home,
            'l' => &host.short_host_name,
            'm' => &host.machine_id,
            'o' => &host.os_id,
            'q' => &host.pretty_host_name,
            's' => &host.shell,
            't' => &host.runtime,
            'u' => &host.user,
            'v' => &host.kernel_release,
            'w' => &host.os_version,
            'D' => host
                .shared_data
                .as_ref()
                .ok_or(SpecifierError::Unknown { letter })?,
            'G' => return Ok(host.gid.to_string()),
            'U' => return Ok(host.uid.to_string()),
            'd' => return Ok(format!("{}/credentials/{}", host.runtime, self.unit)),
            'Y' => {
                let directory = self.file.parent().unwrap_or(self.file);
                return Ok(directory.to_string_lossy().into_owned());
            }
            'y' => return Ok(self.file.to_string_lossy().into_owned()),
            'c' => return Ok(format!("/system.slice/{}", self.unit)),
            'r' => return Ok("/system.slice".to_owned()),
            'R' => return Ok(String::new()),
            _ => return self.of_name(letter),
        };
        Ok(own.clone())
    }

    /// What a specifier stands for that is a part of the unit's name.
    fn of_name(&self, letter: char) -> Result<String, SpecifierError> {
        let name = self.unit;
        let prefix = name.prefix();
        let instance = name.instance().unwrap_or_default();
        let last = prefix.rsplit('-').next().unwrap_or(prefix);
        let part = match letter {
            'n' => Some(name.as_str().to_owned()),
            'N' => Some(name.stem().to_owned()),
            'p' => Some(prefix.to_owned()),
            'P' => unescape(prefix),
            'i' => Some(instance.to_owned()),
            'I' => unescape(instance),
            'j' => Some(last.to_owned()),
            'J' => unescape(last),
            'f' => unescape_path(name.instance().unwrap_or(prefix)),
            _ => return Err(SpecifierError::Unknown { letter }),
        };
        part.ok_or_else(|| {
            let name = name.clone();
            SpecifierError::Name { name, letter }
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn resolve(name: &str, text: &str) -> Result<String, SpecifierError> {
        let specifiers = Specifiers {
            unit: &UnitName::parse(name).unwrap(),
            file: Path::new("/etc/systemd/system/x.service"),
            host: &Host::default(),
        };
        specifiers.resolve(text, LONGEST_PATH)
    }

    #[test]
    fn specifiers_of_the_name_are_its_parts() {
        let of = |text| resolve("foo-bar\\x2dbaz@srv-data.service", text).unwrap();
        assert_eq!(
            of("%n %N"),
            "foo-bar\\x2dbaz@srv-data.service foo-bar\\x2dbaz@srv-data"
        );
        assert_eq!(
            of("%p %P %j %J"),
            "foo-bar\\x2dbaz foo/bar-baz bar\\x2dbaz bar-baz"
        );
        assert_eq!(of("%i %I %f"), "srv-data srv/data /srv/data");
        assert_eq!(resolve("a-b.service", "%i%f").unwrap(), "/a/b");
    }

    #[test]
    fn specifiers_of_the_host_are_its_facts() {
        assert_eq!(
            resolve("a.service", "%S/%t/%d %u %U %Y %%").unwrap(),
            "/var/lib//run//run/credentials/a.service root 0 /etc/systemd/system %"
        );
    }

    #[test]
    fn an_unknown_letter_is_an_error_and_another_character_is_not() {
        assert_eq!(
            resolve("a.service", "%Z"),
            Err(SpecifierError::Unknown { letter: 'Z' })
        );
        assert_eq!(
            resolve("a.service", "%D"),
            Err(SpecifierError::Unknown { letter: 'D' })
        );
        assert_eq!(resolve("a.service", "%_ 50% %").unwrap(), "%_ 50% %");
        assert!(matches!(
            resolve("a\\y.service", "%P"),
            Err(SpecifierError::Name { .. })
        ));
        let limit = LONGEST_PATH;
        assert_eq!(
            resolve("a.service", &"x".repeat(5000)),
            Err(SpecifierError::Long { limit })
        );
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in any::<String>()) {
            let _ = resolve("a-b@c.service", &text);
        }
    }
}
