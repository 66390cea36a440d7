//! SystemCallFilter=.

use super::number::unsigned;
use crate::score::profile::Profile;
use crate::score::reader::{Reader, words};
use crate::score::table::Calls;
use crate::word::Style;

/// The filter, once a line has started one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct SystemCallFilter(Option<List>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct List {
    /// Whether the calls listed are all that is allowed; else they are all that is denied.
    allow: bool,
    listed: Calls,
    /// Those listed that fail with an error all the same.
    failing: Calls,
}

impl SystemCallFilter {
    /// One line. The first decides whether the list allows or denies; later ones of the other kind take
    /// calls out of it.
    pub fn assign(&mut self, value: &str, reader: &mut Reader<'_>) {
        if value.is_empty() {
            self.0 = None;
            return;
        }
        let inverted = value.strip_prefix('~');
        let profile = *reader.profile;
        let list = self
            .0
            .get_or_insert_with(|| List::start(inverted.is_none(), &profile));
        for word in words(inverted.unwrap_or(value), Style::PLAIN) {
            let Ok(word) = word else {
                return reader.ignored(value);
            };
            if !list.take(&word, inverted.is_some(), &profile) {
                reader.ignored(&word);
            }
        }
    }

    /// How bad the score takes it to be for the calls of a group, of 10.
    ///
    /// An allow list is bad for the group as soon as it has one of its calls, and a deny list unless it has
    /// all of them. Calls that only other architectures have do not count.
    pub fn badness(self, group: &str, profile: &Profile) -> u32 {
        let Some(list) = self.0 else {
            return 10;
        };
        let members = Calls::native(group, profile);
        if list.allow {
            let allowed = list.listed.without(&list.failing);
            if members.and(&allowed).is_empty() {
                0
            } else {
                9
            }
        } else if members.without(&list.listed).is_empty() && !list.listed.is_empty() {
            0
        } else {
            10
        }
    }
}

impl List {
    /// An allow list starts with what every program needs.
    fn start(allow: bool, profile: &Profile) -> Self {
        let needed = Calls::named("@default", profile).filter(|_| allow);
        Self {
            allow,
            listed: needed.unwrap_or_default(),
            failing: Calls::default(),
        }
    }

    /// One word: a call or a group, after `~` also with an error that it fails with. False if it means nothing.
    fn take(&mut self, word: &str, inverted: bool, profile: &Profile) -> bool {
        let (name, error) = match word.split_once(':') {
            Some((name, error)) => (name, Some(error)),
            None => (word, None),
        };
        if error.is_some_and(|error| !inverted || !is_error(error)) {
            return false;
        }
        let Some(calls) = Calls::named(name, profile) else {
            return false;
        };
        let fails = error.is_some();
        if inverted != self.allow || fails {
            self.listed = self.listed.or(&calls);
            self.failing = if fails {
                self.failing.or(&calls)
            } else {
                self.failing.without(&calls)
            };
        } else {
            self.listed = self.listed.without(&calls);
        }
        true
    }
}

/// Whether it is an error number, or the name of one, or `kill`.
fn is_error(word: &str) -> bool {
    word == "kill"
        || unsigned(word, 0).is_some_and(|number| number <= 4095)
        || ERRORS.contains(&word)
}

/// The names of errno(3) on Linux.
#[rustfmt::skip]
const ERRORS: [&str; 134] = [
    "E2BIG", "EACCES", "EADDRINUSE", "EADDRNOTAVAIL", "EADV", "EAFNOSUPPORT", "EAGAIN", "EALREADY", "EBADE",
    "EBADF", "EBADFD", "EBADMSG", "EBADR", "EBADRQC", "EBADSLT", "EBFONT", "EBUSY", "ECANCELED", "ECHILD",
    "ECHRNG", "ECOMM", "ECONNABORTED", "ECONNREFUSED", "ECONNRESET", "EDEADLK", "EDEADLOCK", "EDESTADDRREQ",
    "EDOM", "EDOTDOT", "EDQUOT", "EEXIST", "EFAULT", "EFBIG", "EHOSTDOWN", "EHOSTUNREACH", "EHWPOISON",
    "EIDRM", "EILSEQ", "EINPROGRESS", "EINTR", "EINVAL", "EIO", "EISCONN", "EISDIR", "EISNAM",
    "EKEYEXPIRED", "EKEYREJECTED", "EKEYREVOKED", "EL2HLT", "EL2NSYNC", "EL3HLT", "EL3RST", "ELIBACC",
    "ELIBBAD", "ELIBEXEC", "ELIBMAX", "ELIBSCN", "ELNRNG", "ELOOP", "EMEDIUMTYPE", "EMFILE", "EMLINK",
    "EMSGSIZE", "EMULTIHOP", "ENAMETOOLONG", "ENAVAIL", "ENETDOWN", "ENETRESET", "ENETUNREACH", "ENFILE",
    "ENOANO", "ENOBUFS", "ENOCSI", "ENODATA", "ENODEV", "ENOENT", "ENOEXEC", "ENOKEY", "ENOLCK", "ENOLINK",
    "ENOMEDIUM", "ENOMEM", "ENOMSG", "ENONET", "ENOPKG", "ENOPROTOOPT", "ENOSPC", "ENOSR", "ENOSTR", "ENOSYS",
    "ENOTBLK", "ENOTCONN", "ENOTDIR", "ENOTEMPTY", "ENOTNAM", "ENOTRECOVERABLE", "ENOTSOCK", "ENOTSUP",
    "ENOTTY", "ENOTUNIQ", "ENXIO", "EOPNOTSUPP", "EOVERFLOW", "EOWNERDEAD", "EPERM", "EPFNOSUPPORT", "EPIPE",
    "EPROTO", "EPROTONOSUPPORT", "EPROTOTYPE", "ERANGE", "EREMCHG", "EREMOTE", "EREMOTEIO", "ERESTART",
    "ERFKILL", "EROFS", "ESHUTDOWN", "ESOCKTNOSUPPORT", "ESPIPE", "ESRCH", "ESRMNT", "ESTALE", "ESTRPIPE",
    "ETIME", "ETIMEDOUT", "ETOOMANYREFS", "ETXTBSY", "EUCLEAN", "EUNATCH", "EUSERS", "EWOULDBLOCK", "EXDEV",
    "EXFULL",
];
