//! IPAddressAllow=, IPAddressDeny= and the filters of one's own.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::path;
use crate::score::profile::Model;
use crate::score::reader::{Reader, words};
use crate::word::Style;

/// What the service may send to and receive from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct IpAccess {
    pub allow: Networks,
    pub deny: Networks,
    /// Programs that IPIngressFilterPath= and IPEgressFilterPath= name.
    pub ingress: Vec<String>,
    pub egress: Vec<String>,
}

impl IpAccess {
    /// How bad the score takes it to be, of 10. A filter of one's own is trusted blindly.
    pub fn badness(&self, model: Model) -> u32 {
        if !self.ingress.is_empty() || !self.egress.is_empty() {
            0
        } else if !self.deny.are_everything() {
            10
        } else if self.allow.0.is_empty() {
            0
        } else if self
            .allow
            .0
            .iter()
            .all(|network| network.is_loopback(model))
        {
            2
        } else {
            5
        }
    }
}

/// A list of networks.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Networks(Vec<Network>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Network {
    /// Without the bits that the length leaves open.
    address: IpAddr,
    length: u8,
}

impl Networks {
    /// One line. Words that are no network are ignored.
    pub fn assign(&mut self, value: &str, reader: &mut Reader<'_>) {
        if value.is_empty() {
            self.0.clear();
        }
        for word in words(value, Style::PLAIN) {
            let Ok(word) = word else {
                return reader.ignored(value);
            };
            match networks(&word) {
                Some(networks) => self.0.extend(networks.into_iter().flatten()),
                None => reader.ignored(&word),
            }
        }
    }

    /// Whether both protocols are covered, each by the network of all its addresses.
    fn are_everything(&self) -> bool {
        let mut all = self.0.iter().filter(|network| network.length == 0);
        all.clone().any(|network| network.address.is_ipv4())
            && all.any(|network| network.address.is_ipv6())
    }
}

/// The networks that a word stands for: one, or one of each protocol.
fn networks(word: &str) -> Option<[Option<Network>; 2]> {
    let v4 = |a, b, c, d, length| Network::new(Ipv4Addr::new(a, b, c, d).into(), length);
    let v6 = |first, last, length| {
        Network::new(Ipv6Addr::new(first, 0, 0, 0, 0, 0, 0, last).into(), length)
    };
    Some(match word {
        "any" => [v4(0, 0, 0, 0, 0), v6(0, 0, 0)],
        "link-local" => [v4(169, 254, 0, 0, 16), v6(0xfe80, 0, 64)],
        "multicast" => [v4(224, 0, 0, 0, 4), v6(0xff00, 0, 8)],
        name if is_localhost(name) => [v4(127, 0, 0, 0, 8), v6(0, 1, 128)],
        other => [Some(Network::read(other)?), None],
    })
}

/// Whether a name is one of this machine to itself; see RFC 6761.
fn is_localhost(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let name = name.strip_suffix('.').unwrap_or(&name);
    ["localhost", "localhost.localdomain"].iter().any(|own| {
        let before = name.strip_suffix(own);
        before.is_some_and(|before| before.is_empty() || before.ends_with('.'))
    })
}

impl Network {
    fn new(address: IpAddr, length: u8) -> Option<Self> {
        let address = match address {
            IpAddr::V4(address) => {
                let open = 32_u32.checked_sub(length.into())?;
                let mask = u32::MAX.checked_shl(open).unwrap_or(0);
                Ipv4Addr::from_bits(address.to_bits() & mask).into()
            }
            IpAddr::V6(address) => {
                let open = 128_u32.checked_sub(length.into())?;
                let mask = u128::MAX.checked_shl(open).unwrap_or(0);
                Ipv6Addr::from_bits(address.to_bits() & mask).into()
            }
        };
        Some(Self { address, length })
    }

    /// Reads `address` or `address/length`.
    fn read(word: &str) -> Option<Self> {
        let (address, length) = match word.split_once('/') {
            Some((address, length)) => (address, Some(length)),
            None => (word, None),
        };
        let address: IpAddr = address.parse().ok()?;
        let length = match length {
            Some(length) => u8::try_from(super::number::unsigned(length, 0)?).ok()?,
            None if address.is_ipv4() => 32,
            None => 128,
        };
        Self::new(address, length)
    }

    /// Whether the score takes it for this machine alone. The tool looks at the address when it reads a file,
    /// but wants exactly the two networks when it asks the manager, and takes 127.0.0.1 for a stranger.
    fn is_loopback(self, model: Model) -> bool {
        match model {
            Model::Offline => self.address.is_loopback(),
            Model::Manager => {
                let whole = [
                    Self::new(Ipv4Addr::new(127, 0, 0, 0).into(), 8),
                    Self::new(Ipv6Addr::LOCALHOST.into(), 128),
                ];
                whole.contains(&Some(self))
            }
        }
    }
}

/// One line of IPIngressFilterPath= or IPEgressFilterPath=.
pub(crate) fn filter(paths: &mut Vec<String>, value: &str, reader: &mut Reader<'_>) {
    if value.is_empty() {
        paths.clear();
        return;
    }
    match reader
        .expand(value)
        .ok()
        .and_then(|path| path::absolute(&path))
    {
        Some(path) => paths.push(path),
        None => reader.ignored(value),
    }
}
