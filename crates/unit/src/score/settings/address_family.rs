//! RestrictAddressFamilies=.

use crate::score::reader::{Reader, words};
use crate::word::Style;

/// A row of the score about address families.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Family {
    /// AF_INET and AF_INET6, together.
    Inet,
    Unix,
    Netlink,
    Packet,
    /// Any other: one of them speaks for all.
    Other,
}

/// The names of socket(2) by number. Several numbers have two names.
const NAMES: [(&str, u8); 48] = [
    ("AF_LOCAL", 1),
    ("AF_UNIX", 1),
    ("AF_FILE", 1),
    ("AF_INET", 2),
    ("AF_AX25", 3),
    ("AF_IPX", 4),
    ("AF_APPLETALK", 5),
    ("AF_NETROM", 6),
    ("AF_BRIDGE", 7),
    ("AF_ATMPVC", 8),
    ("AF_X25", 9),
    ("AF_INET6", 10),
    ("AF_ROSE", 11),
    ("AF_DECnet", 12),
    ("AF_NETBEUI", 13),
    ("AF_SECURITY", 14),
    ("AF_KEY", 15),
    ("AF_NETLINK", 16),
    ("AF_ROUTE", 16),
    ("AF_PACKET", 17),
    ("AF_ASH", 18),
    ("AF_ECONET", 19),
    ("AF_ATMSVC", 20),
    ("AF_RDS", 21),
    ("AF_SNA", 22),
    ("AF_IRDA", 23),
    ("AF_PPPOX", 24),
    ("AF_WANPIPE", 25),
    ("AF_LLC", 26),
    ("AF_IB", 27),
    ("AF_MPLS", 28),
    ("AF_CAN", 29),
    ("AF_TIPC", 30),
    ("AF_BLUETOOTH", 31),
    ("AF_IUCV", 32),
    ("AF_RXRPC", 33),
    ("AF_ISDN", 34),
    ("AF_PHONET", 35),
    ("AF_IEEE802154", 36),
    ("AF_CAIF", 37),
    ("AF_ALG", 38),
    ("AF_NFC", 39),
    ("AF_VSOCK", 40),
    ("AF_KCM", 41),
    ("AF_QIPCRTR", 42),
    ("AF_SMC", 43),
    ("AF_XDP", 44),
    ("AF_MCTP", 45),
];

/// The families in a list, and what the list means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct AddressFamilies {
    /// Whether there is a list. `none` makes none, but it does decide the mode.
    started: bool,
    /// Whether those listed are all that is allowed; else they are all that is denied.
    allow: bool,
    listed: u64,
}

impl AddressFamilies {
    /// Whether the score takes the family to be allowed. Each row starts as the mode says, and a listed
    /// family turns its row over, so that one family listed as denied is enough for the row `Other`.
    pub fn allow(self, family: Family) -> bool {
        self.allow == (self.listed & mask(family) != 0)
    }

    /// One line. The first decides whether the list allows or denies; later ones of the other kind take
    /// families out of it.
    pub fn assign(&mut self, value: &str, reader: &mut Reader<'_>) {
        match value {
            "" => *self = Self::default(),
            "none" => {
                *self = Self {
                    allow: true,
                    ..Self::default()
                }
            }
            list => self.merge(list, reader),
        }
    }

    fn merge(&mut self, value: &str, reader: &mut Reader<'_>) {
        let inverted = value.strip_prefix('~');
        if !self.started {
            self.started = true;
            self.allow = inverted.is_none();
        }
        for word in words(inverted.unwrap_or(value), Style::QUOTED) {
            let Ok(word) = word else {
                return reader.ignored(value);
            };
            let Some(bit) = bit(&word) else {
                reader.ignored(&word);
                // 262 gives up on the rest of the line.
                if reader.profile.since(260) {
                    return;
                }
                continue;
            };
            if inverted.is_none() == self.allow {
                self.listed |= bit;
            } else {
                self.listed &= !bit;
            }
        }
    }
}

fn bit(word: &str) -> Option<u64> {
    let found = NAMES
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(word));
    found.map(|(_, number)| 1 << number)
}

fn mask(family: Family) -> u64 {
    const UNIX: u64 = 1 << 1;
    const INET: u64 = 1 << 2 | 1 << 10;
    const NETLINK: u64 = 1 << 16;
    const PACKET: u64 = 1 << 17;
    match family {
        Family::Inet => INET,
        Family::Unix => UNIX,
        Family::Netlink => NETLINK,
        Family::Packet => PACKET,
        Family::Other => !(UNIX | INET | NETLINK | PACKET),
    }
}
