//! What the strings of a manifest may say, and what is said about one that may not.

use super::nearest::{nearest, quoted_list};
use super::problem::Problem;
use super::table;
use super::{Kind, Seconds, SecretForm};
use crate::grant::{
    Bundle, Capability, Grant, GrantError, Namespace, NetlinkProtocol, Privilege, Protocol,
};
use crate::path::AbsPath;

/// The meaning of a string.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Text {
    /// The name of a service, a user, a manifest.
    Name,
    /// An absolute path without `*`.
    Path,
    /// Anything a program can be given.
    Argument,
    /// The name of an environment variable.
    Variable,
    /// A word of `type`.
    Kind,
    /// A word of `as`.
    SecretForm,
    /// A span of time.
    Duration,
    /// Permission bits in octal.
    Mode,
    /// An `http://` or `https://` URL.
    Url,
    /// One line for a person.
    Sentence,
    /// The object of a grant of this kind.
    Grant(&'static str),
    /// A whole grant.
    AnyGrant,
    /// A kind of grant.
    GrantKind,
}

/// The word in `syscalls` that stands for what the lock holds.
pub(crate) const LEARNED: &str = "@learned";
/// The word in a ceiling's `syscalls` that stands for every call.
pub(crate) const ANY: &str = "@any";

/// The grant of this kind with this object, from both as text.
pub(crate) fn grant(kind: &str, object: &str) -> Result<Grant, GrantError> {
    match kind.strip_suffix('.') {
        Some(_) => format!("{kind}{object}").parse(),
        None => format!("{kind} {object}").parse(),
    }
}

impl Text {
    /// Whether `text` may stand here; if not, why.
    pub fn check(self, text: &str) -> Result<(), Problem> {
        match self {
            Self::Name => grant("service.group", text)
                .map(drop)
                .map_err(|error| self.explain(error)),
            Self::Path => text
                .parse::<AbsPath>()
                .map(drop)
                .map_err(|error| self.explain(error.into())),
            Self::Argument => refuse_if(text.contains('\0'), || {
                Problem::new("a program cannot be given a NUL byte")
            }),
            Self::Variable => refuse_if(!is_variable(text), || {
                Problem::new(format!("`{text}` is not the name of a variable"))
                    .help("letters, digits and `_`, not a digit first; its value is inherited")
            }),
            Self::Kind | Self::SecretForm | Self::GrantKind => {
                refuse_if(!self.words().iter().any(|word| word == text), || {
                    self.not_a_word(text)
                })
            }
            Self::Duration => refuse_if(text.parse::<Seconds>().is_err(), || {
                Problem::new(format!("`{text}` is not a span of time"))
                    .help("a number and a unit: `90s`, `5min`, `2h`, `1d`")
            }),
            Self::Mode => refuse_if(mode(text).is_none(), || {
                Problem::new(format!("`{text}` is not a mode"))
                    .help("three octal digits, from \"0000\" to \"0777\"")
            }),
            Self::Url => refuse_if(!is_url(text), || {
                Problem::new(format!("`{text}` is not a URL"))
                    .help("write it whole: `http://127.0.0.1:8080/health`")
            }),
            Self::Sentence => refuse_if(
                text.trim().is_empty() || text.contains(char::is_control),
                || {
                    Problem::new("a reason is one line of text")
                        .help("say what breaks without the grant")
                },
            ),
            Self::Grant(kind) => grant(kind, text)
                .map(drop)
                .map_err(|error| self.explain(error)),
            Self::AnyGrant => text
                .parse::<Grant>()
                .map(drop)
                .map_err(|error| match error {
                    GrantError::Kind(kind) => Self::GrantKind.not_a_word(&kind).within(&kind),
                    other => Self::Grant("").explain(other),
                }),
        }
    }

    /// The words that may stand here, where they are few.
    pub fn words(self) -> Vec<String> {
        fn all<T>(
            items: impl IntoIterator<Item = T>,
            word: impl Fn(T) -> &'static str,
        ) -> Vec<String> {
            items
                .into_iter()
                .map(|item| word(item).to_owned())
                .collect()
        }
        match self {
            Self::Kind => all(Kind::ALL, Kind::word),
            Self::SecretForm => all(SecretForm::ALL, SecretForm::word),
            Self::GrantKind => table::kinds().collect(),
            Self::Grant("files.use") => all(Bundle::all(), Bundle::name),
            Self::Grant("process.capability") => all(Capability::all(), Capability::name),
            Self::Grant("process.namespace") => {
                all(Namespace::ALL.iter().copied(), Namespace::word)
            }
            Self::Grant("net.netlink") => all(NetlinkProtocol::ALL, NetlinkProtocol::word),
            Self::Grant("kernel.") => Privilege::ALL
                .iter()
                .filter_map(|privilege| privilege.word().strip_prefix("kernel."))
                .map(str::to_owned)
                .collect(),
            _ => Vec::new(),
        }
    }

    /// A regular expression that every right text matches, and many wrong ones do not; ECMA-262, as JSON
    /// Schema has it.
    pub fn pattern(self) -> Option<&'static str> {
        const NAME: &str = "^[A-Za-z0-9_@][A-Za-z0-9._@-]*$";
        // No component is `..` or holds two stars.
        const PATTERN: &str = r"^/(?!(.*/)?\.\.(/|$))(?!.*\*[^/]*\*)([^\\]|\\x[0-9A-Fa-f]{2})*$";
        let pattern = match self {
            Self::Name
            | Self::Grant(
                "service.drops_to" | "service.group" | "service.user" | "secret" | "net.family",
            ) => NAME,
            Self::Path => r"^/(?!(.*/)?\.\.(/|$))([^\\*]|\\x[0-9A-Fa-f]{2})*$",
            Self::Variable => "^[A-Za-z_][A-Za-z0-9_]*$",
            Self::Duration => "^[0-9]+(s|m|min|h|d)?$",
            Self::Mode => "^0?[0-7]{3}$",
            Self::Url => r"^https?://[^/\s]\S*$",
            Self::Sentence => r"\S",
            Self::Grant(
                "files.read" | "files.append" | "files.write" | "files.exec" | "dirs.private",
            ) => PATTERN,
            Self::Grant("files.device") => "^/",
            Self::Grant("dirs.state" | "dirs.cache" | "dirs.logs" | "dirs.runtime") => {
                "^[A-Za-z0-9_@][A-Za-z0-9._@-]*(/[A-Za-z0-9_@][A-Za-z0-9._@-]*)*$"
            }
            Self::Grant("net.bind" | "net.connect") => {
                "^(tcp|udp|sctp|raw):(.+:)?([0-9]{1,5}(-[0-9]{1,5})?|any)$"
            }
            Self::Grant("peer.unix" | "listen.unix") => "^[/@]",
            Self::Grant("process.syscall") => "^(@learned|[a-z0-9_]{1,64})$",
            Self::AnyGrant => r"^[a-z]+(\.[a-z_]+)?( .+)?$",
            _ => return None,
        };
        Some(pattern)
    }

    fn noun(self) -> &'static str {
        match self {
            Self::Kind => "a type of service",
            Self::SecretForm => "a form of secret",
            Self::GrantKind | Self::AnyGrant => "a kind of grant",
            Self::Grant("files.use") => "a bundle",
            Self::Grant("process.capability") => "a capability",
            Self::Grant("process.namespace") => "a kind of namespace",
            Self::Grant("net.netlink") => "a netlink protocol",
            Self::Grant("kernel.") => "a part of the kernel",
            _ => "one of the words allowed here",
        }
    }

    fn not_a_word(self, text: &str) -> Problem {
        let words = self.words();
        let problem = Problem::new(format!("`{text}` is not {}", self.noun()));
        match nearest(text, &words) {
            Some(word) => problem.help(format!("did you mean `{word}`?")),
            None if words.is_empty() => problem,
            None if words.len() > 12 => problem.help(format!(
                "for example {}",
                quoted_list(words.get(..3).unwrap_or_default())
            )),
            None => problem.help(format!("one of {}", quoted_list(&words))),
        }
    }

    fn explain(self, error: GrantError) -> Problem {
        use crate::path::PathError;
        let message = error.to_string();
        match error {
            GrantError::Bundle(text) | GrantError::Capability(text) | GrantError::Word(text)
                if !self.words().is_empty() =>
            {
                self.not_a_word(&text)
            }
            // `kernel.` and a word: the kind is ours, so the word is wrong.
            GrantError::Kind(text) if self == Self::Grant("kernel.") => {
                self.not_a_word(text.trim_start_matches("kernel."))
            }
            GrantError::Path(PathError::Relative(text)) => {
                let path = text.trim_start_matches("./");
                Problem::new(message).help(format!("write an absolute path: `/.../{path}`"))
            }
            GrantError::Path(PathError::Climbs(_)) => {
                Problem::new(message).help("write the path that it leads to")
            }
            GrantError::Path(PathError::Escape(_)) => {
                Problem::new(message).help("a backslash itself is written `\\x5c`")
            }
            GrantError::Path(PathError::Star(_)) => Problem::new(message)
                .help("one `*` for part of one name; a `*` in the name itself is written `\\x2a`"),
            GrantError::Protocol(text) => Problem::new(message)
                .help(protocol_help(&text))
                .within(&text),
            GrantError::Port(text) => Problem::new(format!("`{text}` is not a port"))
                .help("a number from 0 to 65535, a range `1000-2000`, or `any`")
                .within(&text),
            GrantError::Host(text) => Problem::new(format!("`{text}` is not a host"))
                .help("`any`, an address, a network `10.0.0.0/8`, or a host name")
                .within(&text),
            GrantError::Endpoint(text) => Problem::new(format!("`{text}` is not an endpoint"))
                .help("protocol, host and port: `tcp:8080`, `tcp:10.0.0.0/8:443`"),
            GrantError::Amount(text) => Problem::new(format!("`{text}` is not an amount"))
                .help("a number, with K, M, G or T for bytes, or `unlimited`")
                .within(&text),
            GrantError::Word(text) if self == Self::Grant("files.device") => {
                Problem::new(format!("`{text}` is not an access to a device"))
                    .help("`r`, `w` or `rw` behind the path")
                    .within(&text)
            }
            GrantError::Name(text)
                if self == Self::Grant("process.syscall") && text.starts_with('@') =>
            {
                Problem::new(format!("`{text}` is not a set of system calls"))
                    .help("the only set is `@learned`; every other call is written by its name")
            }
            GrantError::Name(text) if self == Self::Grant("process.syscall") => {
                Problem::new(format!("`{text}` is not the name of a system call"))
                    .help("lower-case letters, digits and `_`, as in syscalls(2)")
            }
            GrantError::Name(text) => Problem::new(format!("`{text}` is not a name"))
                .help("letters, digits, `.`, `_`, `-` and `@`, not starting with `-` or `.`"),
            GrantError::Path(PathError::Nul(_))
            | GrantError::Kind(_)
            | GrantError::Bundle(_)
            | GrantError::Capability(_)
            | GrantError::Word(_) => Problem::new(message),
        }
    }
}

fn protocol_help(text: &str) -> String {
    let words = Protocol::ALL.map(Protocol::word);
    match nearest(text, &words) {
        Some(word) => format!("did you mean `{word}`?"),
        None => format!("one of {}", quoted_list(&words)),
    }
}

/// Permission bits from octal digits.
pub(crate) fn mode(text: &str) -> Option<u16> {
    let octal = (3..=4).contains(&text.len()) && text.bytes().all(|b| (b'0'..=b'7').contains(&b));
    let bits = octal.then(|| u16::from_str_radix(text, 8).ok())??;
    (bits <= 0o777).then_some(bits)
}

fn is_variable(text: &str) -> bool {
    !text.starts_with(|c: char| c.is_ascii_digit())
        && !text.is_empty()
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

fn is_url(text: &str) -> bool {
    let rest = text
        .strip_prefix("http://")
        .or_else(|| text.strip_prefix("https://"));
    rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/'))
        && !text.contains(|c: char| c.is_whitespace() || c.is_control())
}

fn refuse_if(wrong: bool, problem: impl FnOnce() -> Problem) -> Result<(), Problem> {
    if wrong { Err(problem()) } else { Ok(()) }
}
