//! Path patterns: an absolute path in which a component may hold one `*`.
//!
//! `*` stands for any bytes within one component, never for `/`. A pattern speaks for what it matches
//! *and for everything beneath it*, as Landlock and a bind mount do; there is no `**`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::path::{AbsPath, PathError, escape, unescape};

/// One component of a pattern.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Component {
    Literal(Box<[u8]>),
    Starred {
        prefix: Box<[u8]>,
        suffix: Box<[u8]>,
    },
}

impl Component {
    fn parse(text: &str, whole: &str) -> Result<Self, PathError> {
        let component = match text.split_once('*') {
            None => Self::Literal(unescape(text)?.into()),
            Some((_, suffix)) if suffix.contains('*') => {
                return Err(PathError::Star(whole.to_owned()));
            }
            Some((prefix, suffix)) => Self::Starred {
                prefix: unescape(prefix)?.into(),
                suffix: unescape(suffix)?.into(),
            },
        };
        // What an escape hides must not be more than a name either.
        let holds = |byte: u8| match &component {
            Self::Literal(name) => name.contains(&byte),
            Self::Starred { prefix, suffix } => prefix.contains(&byte) || suffix.contains(&byte),
        };
        let dots = matches!(&component, Self::Literal(name) if matches!(&**name, b"." | b".."));
        if holds(0) {
            Err(PathError::Nul(whole.to_owned()))
        } else if holds(b'/') || dots {
            Err(PathError::Climbs(whole.to_owned()))
        } else {
            Ok(component)
        }
    }

    fn matches(&self, name: &[u8]) -> bool {
        match self {
            Self::Literal(own) => **own == *name,
            Self::Starred { prefix, suffix } => {
                name.len() >= prefix.len() + suffix.len()
                    && name.starts_with(prefix)
                    && name.ends_with(suffix)
            }
        }
    }

    fn covers(&self, other: &Self) -> bool {
        match (self, other) {
            (_, Self::Literal(name)) => self.matches(name),
            (Self::Literal(_), Self::Starred { .. }) => false,
            (
                Self::Starred { prefix, suffix },
                Self::Starred {
                    prefix: narrower_prefix,
                    suffix: narrower_suffix,
                },
            ) => narrower_prefix.starts_with(prefix) && narrower_suffix.ends_with(suffix),
        }
    }

    /// The components that match exactly what both match.
    fn meet(&self, other: &Self) -> Vec<Self> {
        if self.covers(other) {
            return vec![other.clone()];
        }
        if other.covers(self) {
            return vec![self.clone()];
        }
        let (
            Self::Starred {
                prefix: p1,
                suffix: s1,
            },
            Self::Starred {
                prefix: p2,
                suffix: s2,
            },
        ) = (self, other)
        else {
            return Vec::new();
        };
        let prefix = if p1.len() >= p2.len() { p1 } else { p2 };
        let suffix = if s1.len() >= s2.len() { s1 } else { s2 };
        let mut both = Vec::new();
        let widest = Self::Starred {
            prefix: prefix.clone(),
            suffix: suffix.clone(),
        };
        if !self.covers(&widest) || !other.covers(&widest) {
            return Vec::new();
        }
        // Names in which the longer prefix and the longer suffix overlap are too short for the
        // pattern above, yet both sides match them. There are finitely many.
        for overlap in 1..=prefix.len().min(suffix.len()) {
            let (head, tail) = prefix.split_at(prefix.len() - overlap);
            if suffix.starts_with(tail) {
                let name: Box<[u8]> = [head, suffix].concat().into();
                if self.matches(&name) && other.matches(&name) {
                    both.push(Self::Literal(name));
                }
            }
        }
        both.push(widest);
        both
    }
}

/// A set of subtrees: every path that matches, and everything beneath.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PathPattern(Vec<Component>);

impl PathPattern {
    /// Whether everything `other` speaks for, this speaks for too.
    pub fn covers(&self, other: &Self) -> bool {
        self.0.len() <= other.0.len() && self.0.iter().zip(&other.0).all(|(a, b)| a.covers(b))
    }

    /// Whether `path` matches or lies beneath a match.
    pub fn covers_path(&self, path: &AbsPath) -> bool {
        let mut names = path.components();
        self.0
            .iter()
            .all(|own| names.next().is_some_and(|name| own.matches(name)))
    }

    /// The patterns that together speak for exactly what both speak for.
    pub fn meet(&self, other: &Self) -> Vec<Self> {
        let (long, short) = if self.0.len() >= other.0.len() {
            (self, other)
        } else {
            (other, self)
        };
        let mut found = vec![Vec::new()];
        for (index, component) in long.0.iter().enumerate() {
            let choices = match short.0.get(index) {
                Some(partner) => component.meet(partner),
                None => vec![component.clone()],
            };
            found = found
                .iter()
                .flat_map(|head: &Vec<Component>| {
                    choices
                        .iter()
                        .map(move |tail| [head.as_slice(), std::slice::from_ref(tail)].concat())
                })
                .collect();
        }
        found.into_iter().map(Self).collect()
    }

    /// The plain path, when no component has a `*`.
    pub fn as_literal(&self) -> Option<AbsPath> {
        self.0
            .iter()
            .try_fold(AbsPath::root(), |path, component| match component {
                Component::Literal(name) => Some(path.join(name)),
                Component::Starred { .. } => None,
            })
    }

    /// The deepest directory that holds every match: the part before the first `*`.
    pub fn literal_prefix(&self) -> AbsPath {
        self.0
            .iter()
            .map_while(|component| match component {
                Component::Literal(name) => Some(name),
                Component::Starred { .. } => None,
            })
            .fold(AbsPath::root(), |path, name| path.join(name))
    }

    /// A pattern for every child of `directory` that starts with `prefix` and ends with `suffix`.
    pub fn children(directory: &AbsPath, prefix: &[u8], suffix: &[u8]) -> Self {
        let mut pattern = Self::from(directory);
        pattern.0.push(Component::Starred {
            prefix: prefix.into(),
            suffix: suffix.into(),
        });
        pattern
    }
}

impl From<&AbsPath> for PathPattern {
    fn from(path: &AbsPath) -> Self {
        Self(
            path.components()
                .map(|name| Component::Literal(name.into()))
                .collect(),
        )
    }
}

impl fmt::Display for PathPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("/");
        }
        self.0.iter().try_for_each(|component| match component {
            Component::Literal(name) => write!(f, "/{}", escape(name)),
            Component::Starred { prefix, suffix } => {
                write!(f, "/{}*{}", escape(prefix), escape(suffix))
            }
        })
    }
}

impl FromStr for PathPattern {
    type Err = PathError;

    fn from_str(text: &str) -> Result<Self, PathError> {
        let rest = text
            .strip_prefix('/')
            .ok_or_else(|| PathError::Relative(text.to_owned()))?;
        rest.split('/')
            .filter(|part| !part.is_empty() && *part != ".")
            .map(|part| Component::parse(part, text))
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

impl Serialize for PathPattern {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for PathPattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pattern(text: &str) -> PathPattern {
        text.parse().unwrap()
    }

    #[test]
    fn a_pattern_speaks_for_what_lies_beneath_its_matches() {
        let temp = pattern("/var/lib/redis/temp-*.rdb");
        assert!(temp.covers_path(&"/var/lib/redis/temp-12.rdb".parse().unwrap()));
        assert!(temp.covers_path(&"/var/lib/redis/temp-12.rdb/x".parse().unwrap()));
        assert!(!temp.covers_path(&"/var/lib/redis/dump.rdb".parse().unwrap()));
        assert!(pattern("/var/lib").covers(&temp));
        assert!(!temp.covers(&pattern("/var/lib")));
    }

    #[test]
    fn two_stars_in_one_component_are_refused() {
        assert!(matches!(
            "/a/*x*".parse::<PathPattern>(),
            Err(PathError::Star(_))
        ));
    }

    #[test]
    fn an_escape_cannot_hide_a_climb_a_slash_or_a_nul() {
        for text in ["/a/\\x2e\\x2e/b", "/a\\x2fb", "/a*\\x2f", "/\\x2e"] {
            let parsed = text.parse::<PathPattern>();
            assert!(matches!(parsed, Err(PathError::Climbs(_))), "{text}");
        }
        let nul = "/a*\\x00".parse::<PathPattern>();
        assert!(matches!(nul, Err(PathError::Nul(_))));
    }

    #[test]
    fn overlapping_patterns_meet_in_their_common_names() {
        let met = pattern("/a*").meet(&pattern("/*a"));
        assert_eq!(met, vec![pattern("/a"), pattern("/a*a")]);
    }

    fn any_pattern() -> impl Strategy<Value = PathPattern> {
        proptest::collection::vec("[ab]{0,2}\\*?[ab]{1,2}|\\*", 0..3)
            .prop_map(|parts| pattern(&format!("/{}", parts.join("/"))))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn the_text_form_is_lossless(p in any_pattern()) {
            prop_assert_eq!(pattern(&p.to_string()), p);
        }

        #[test]
        fn a_meet_matches_exactly_what_both_match(
            a in any_pattern(), b in any_pattern(), name in "(/[ab]{1,5}){1,3}"
        ) {
            let path: AbsPath = name.parse().unwrap();
            let met = a.meet(&b).iter().any(|m| m.covers_path(&path));
            prop_assert_eq!(met, a.covers_path(&path) && b.covers_path(&path));
        }

        #[test]
        fn covering_agrees_with_matching(a in any_pattern(), b in any_pattern(), name in "(/[ab]{1,4}){1,3}") {
            let path: AbsPath = name.parse().unwrap();
            if a.covers(&b) && b.covers_path(&path) {
                prop_assert!(a.covers_path(&path));
            }
        }
    }
}
