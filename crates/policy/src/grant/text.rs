//! The one-line text form of a grant, and reading it back.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use super::{
    Amount, DeviceAccess, DirectoryKind, Endpoint, FileAccess, Grant, Host, Namespace,
    NetlinkProtocol, Ports, Privilege, Protocol, Resource, User,
};
use crate::path::PathError;

/// Why a text is not a grant. Each message names the offending word and the way out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GrantError {
    /// The path is not usable.
    #[error(transparent)]
    Path(#[from] PathError),
    /// The word before the object is not a kind of grant.
    #[error("`{0}` is not a kind of grant")]
    Kind(String),
    /// No bundle has this name.
    #[error("`{0}` is not a bundle")]
    Bundle(String),
    /// No capability has this name.
    #[error("`{0}` is not a capability of capabilities(7)")]
    Capability(String),
    /// Not a protocol.
    #[error("`{0}` is not a protocol")]
    Protocol(String),
    /// Not a port or a range of ports.
    #[error("`{0}` is not a port: a number from 0 to 65535, a range `1000-2000`, or `any`")]
    Port(String),
    /// Not a host.
    #[error("`{0}` is not a host: `any`, an address, a network `10.0.0.0/8` or a host name")]
    Host(String),
    /// Not protocol and port.
    #[error("`{0}` is not an endpoint: `tcp:8080` or `tcp:10.0.0.0/8:443`")]
    Endpoint(String),
    /// Not a word this key takes.
    #[error("`{0}` is not one of the words allowed here")]
    Word(String),
    /// Not an amount.
    #[error("`{0}` is not an amount: a number, with K, M, G or T for bytes, or `unlimited`")]
    Amount(String),
    /// Not a plain name.
    #[error(
        "`{0}` is not a name: letters, digits, `.`, `_`, `-` and `@`, not starting with `-` or `.`"
    )]
    Name(String),
}

impl Grant {
    /// The kind, the first word of the text form.
    pub fn kind(&self) -> String {
        match self {
            Self::User(_) => "service.user".into(),
            Self::DropsTo(_) => "service.drops_to".into(),
            Self::Group(_) => "service.group".into(),
            Self::File(access, _) => format!("files.{}", access.word()),
            Self::Use(_) => "files.use".into(),
            Self::Device(..) => "files.device".into(),
            Self::Directory(kind, _) => format!("dirs.{}", kind.word()),
            Self::Private(_) => "dirs.private".into(),
            Self::Bind(_) => "net.bind".into(),
            Self::Connect(_) => "net.connect".into(),
            Self::Dns => "net.dns".into(),
            Self::Netlink(_) => "net.netlink".into(),
            Self::Family(_) => "net.family".into(),
            Self::Peer(_) => "peer.unix".into(),
            Self::Listen(_) => "listen.unix".into(),
            Self::Capability(_) => "process.capability".into(),
            Self::Syscall(_) => "process.syscall".into(),
            Self::Namespace(_) => "process.namespace".into(),
            Self::Privilege(privilege) => privilege.word().into(),
            Self::Resource(resource, _) => format!("resources.{}", resource.word()),
            Self::Secret(_) => "secret".into(),
        }
    }
}

impl fmt::Display for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.kind())?;
        match self {
            Self::User(user) => write!(f, " {user}"),
            Self::DropsTo(name)
            | Self::Group(name)
            | Self::Directory(_, name)
            | Self::Family(name)
            | Self::Secret(name) => write!(f, " {name}"),
            Self::File(_, path) | Self::Private(path) => write!(f, " {path}"),
            Self::Use(bundle) => write!(f, " {bundle}"),
            Self::Device(access, path) => write!(f, " {path} {}", access.word()),
            Self::Bind(endpoint) | Self::Connect(endpoint) => write!(f, " {endpoint}"),
            Self::Dns | Self::Privilege(_) => Ok(()),
            Self::Netlink(protocol) => write!(f, " {}", protocol.word()),
            Self::Peer(address) | Self::Listen(address) => write!(f, " {address}"),
            Self::Capability(capability) => write!(f, " {capability}"),
            Self::Syscall(name) => write!(f, " {name}"),
            Self::Namespace(namespace) => write!(f, " {}", namespace.word()),
            Self::Resource(resource, Amount::Limit(number)) if !resource.is_bytes() => {
                write!(f, " {number}")
            }
            Self::Resource(_, amount) => write!(f, " {amount}"),
        }
    }
}

impl FromStr for Grant {
    type Err = GrantError;

    fn from_str(text: &str) -> Result<Self, GrantError> {
        let (kind, object) = text.split_once(' ').unwrap_or((text, ""));
        if let Some(privilege) = word(Privilege::ALL, Privilege::word, kind)
            && object.is_empty()
        {
            return Ok(Self::Privilege(privilege));
        }
        if let Some(access) = kind
            .strip_prefix("files.")
            .and_then(|w| word(&FileAccess::ALL, FileAccess::word, w))
        {
            return Ok(Self::File(access, object.parse()?));
        }
        if let Some(directory) = kind
            .strip_prefix("dirs.")
            .and_then(|w| word(&DirectoryKind::ALL, DirectoryKind::word, w))
        {
            return Ok(Self::Directory(directory, directory_name(object)?));
        }
        if let Some(resource) = kind
            .strip_prefix("resources.")
            .and_then(|w| word(&Resource::ALL, Resource::word, w))
        {
            let amount = object
                .parse()
                .map_err(|()| GrantError::Amount(object.to_owned()))?;
            return Ok(Self::Resource(resource, amount));
        }
        match kind {
            "service.user" => object.parse().map(Self::User),
            "service.drops_to" => plain_name(object).map(Self::DropsTo),
            "service.group" => plain_name(object).map(Self::Group),
            "files.use" => object
                .parse()
                .map(Self::Use)
                .map_err(|()| GrantError::Bundle(object.to_owned())),
            "files.device" => device(object),
            "dirs.private" => Ok(Self::Private(object.parse()?)),
            "net.bind" => object.parse().map(Self::Bind),
            "net.connect" => object.parse().map(Self::Connect),
            "net.dns" if object.is_empty() => Ok(Self::Dns),
            "net.netlink" => word(&NetlinkProtocol::ALL, NetlinkProtocol::word, object)
                .map(Self::Netlink)
                .ok_or_else(|| GrantError::Word(object.to_owned())),
            "net.family" => plain_name(object).map(Self::Family),
            "peer.unix" => Ok(Self::Peer(object.parse()?)),
            "listen.unix" => Ok(Self::Listen(object.parse()?)),
            "process.capability" => object
                .parse()
                .map(Self::Capability)
                .map_err(|()| GrantError::Capability(object.to_owned())),
            "process.syscall" => object
                .parse()
                .map(Self::Syscall)
                .map_err(|()| GrantError::Name(object.to_owned())),
            "process.namespace" => word(Namespace::ALL, Namespace::word, object)
                .map(Self::Namespace)
                .ok_or_else(|| GrantError::Word(object.to_owned())),
            "secret" => plain_name(object).map(Self::Secret),
            _ => Err(GrantError::Kind(kind.to_owned())),
        }
    }
}

impl serde::Serialize for Grant {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Grant {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

fn word<T: Copy>(all: &[T], name: impl Fn(T) -> &'static str, text: &str) -> Option<T> {
    all.iter().copied().find(|item| name(*item) == text)
}

fn device(text: &str) -> Result<Grant, GrantError> {
    let (path, mode) = text.rsplit_once(' ').unwrap_or((text, "rw"));
    let all = [
        DeviceAccess::Read,
        DeviceAccess::Write,
        DeviceAccess::ReadWrite,
    ];
    let access =
        word(&all, DeviceAccess::word, mode).ok_or_else(|| GrantError::Word(mode.to_owned()))?;
    Ok(Grant::Device(access, path.parse()?))
}

/// A name that is safe as a user, a group, a secret or a file name.
pub(crate) fn plain_name(text: &str) -> Result<String, GrantError> {
    let fits = |b: u8| b.is_ascii_alphanumeric() || b"._-@".contains(&b);
    if text.is_empty()
        || text.starts_with(['-', '.'])
        || !text.bytes().all(fits)
        || text.len() > 255
    {
        return Err(GrantError::Name(text.to_owned()));
    }
    Ok(text.to_owned())
}

/// A relative path of plain names, as `StateDirectory=` takes it.
fn directory_name(text: &str) -> Result<String, GrantError> {
    text.split('/')
        .try_for_each(|part| plain_name(part).map(drop))?;
    Ok(text.to_owned())
}

impl fmt::Display for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Dynamic => "dynamic",
            Self::Named(name) => name,
            Self::Root => "root",
        })
    }
}

impl FromStr for User {
    type Err = GrantError;

    fn from_str(text: &str) -> Result<Self, GrantError> {
        match text {
            "dynamic" => Ok(Self::Dynamic),
            "root" | "0" => Ok(Self::Root),
            _ => plain_name(text).map(Self::Named),
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("any"),
            Self::Net {
                address: IpAddr::V4(v4),
                prefix: 32,
            } => v4.fmt(f),
            Self::Net {
                address: IpAddr::V4(v4),
                prefix,
            } => write!(f, "{v4}/{prefix}"),
            Self::Net {
                address: IpAddr::V6(v6),
                prefix: 128,
            } => write!(f, "[{v6}]"),
            Self::Net {
                address: IpAddr::V6(v6),
                prefix,
            } => write!(f, "[{v6}]/{prefix}"),
            Self::Name(name) => f.write_str(name),
        }
    }
}

impl FromStr for Host {
    type Err = GrantError;

    fn from_str(text: &str) -> Result<Self, GrantError> {
        let fail = || GrantError::Host(text.to_owned());
        if text == "any" {
            return Ok(Self::Any);
        }
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix.parse::<u8>().map_err(|_| fail())?)),
            None => (text, None),
        };
        let bare = address
            .strip_prefix('[')
            .and_then(|a| a.strip_suffix(']'))
            .unwrap_or(address);
        if let Ok(ip) = bare.parse::<IpAddr>() {
            let full = if ip.is_ipv4() { 32 } else { 128 };
            return Self::net(ip, prefix.unwrap_or(full)).ok_or_else(fail);
        }
        let label = |part: &str| {
            !part.is_empty()
                && part
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        };
        let name = !address.bytes().all(|b| b.is_ascii_digit() || b == b'.')
            && address.split('.').all(label);
        (prefix.is_none() && name)
            .then(|| Self::Name(text.to_ascii_lowercase()))
            .ok_or_else(fail)
    }
}

impl fmt::Display for Ports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self {
                first: 0,
                last: u16::MAX,
            } => f.write_str("any"),
            Self { first, last } if first == last => first.fmt(f),
            Self { first, last } => write!(f, "{first}-{last}"),
        }
    }
}

impl FromStr for Ports {
    type Err = GrantError;

    fn from_str(text: &str) -> Result<Self, GrantError> {
        let port = |part: &str| part.parse().map_err(|_| GrantError::Port(text.to_owned()));
        match text.split_once('-') {
            _ if text == "any" => Ok(Self::ANY),
            None => port(text).map(Self::single),
            Some((first, last)) => {
                let range = Self {
                    first: port(first)?,
                    last: port(last)?,
                };
                (range.first <= range.last)
                    .then_some(range)
                    .ok_or_else(|| GrantError::Port(text.to_owned()))
            }
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.host {
            Host::Any => write!(f, "{}:{}", self.protocol.word(), self.ports),
            host => write!(f, "{}:{host}:{}", self.protocol.word(), self.ports),
        }
    }
}

impl FromStr for Endpoint {
    type Err = GrantError;

    fn from_str(text: &str) -> Result<Self, GrantError> {
        let (name, rest) = text
            .split_once(':')
            .ok_or_else(|| GrantError::Endpoint(text.to_owned()))?;
        let protocol = word(&Protocol::ALL, Protocol::word, name)
            .ok_or_else(|| GrantError::Protocol(name.to_owned()))?;
        let (host, ports) = rest.rsplit_once(':').unwrap_or(("any", rest));
        Ok(Self {
            protocol,
            host: host.parse()?,
            ports: ports.parse()?,
        })
    }
}
