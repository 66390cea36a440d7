//! Absolute paths as the kernel sees them: bytes, normalized, with a lossless text form.
//!
//! A path may hold any byte but NUL, so it is not a `str`. In text (manifest, trace, messages) bytes that
//! are not printable UTF-8, the backslash and the pattern character `*` are written `\xHH`.
//! Nothing here resolves symbolic links: that needs a host.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::fmt;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Why a text is not an absolute path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PathError {
    /// The path does not start with `/`.
    #[error("`{0}` is not an absolute path")]
    Relative(String),
    /// A component is `..`, which only a host can resolve.
    #[error("`{0}` climbs with `..`")]
    Climbs(String),
    /// A NUL byte, which no path can hold.
    #[error("`{0}` holds a NUL byte")]
    Nul(String),
    /// A backslash that does not start `\xHH`.
    #[error("`{0}` has a backslash that is not the start of \\xHH")]
    Escape(String),
    /// A pattern where a plain path is needed, or more than one `*` in a component.
    #[error("`{0}` has a `*` where none is allowed")]
    Star(String),
}

/// An absolute, normalized path: no empty component, no `.` and no `..`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AbsPath(Box<[u8]>);

impl AbsPath {
    /// The root directory.
    pub fn root() -> Self {
        Self(Box::from(&b"/"[..]))
    }

    /// Takes raw bytes, as the kernel gives them. `//` and `/./` are normalized, `..` is refused.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, PathError> {
        let shown = || escape(bytes).into_owned();
        if bytes.first() != Some(&b'/') {
            return Err(PathError::Relative(shown()));
        }
        if bytes.contains(&0) {
            return Err(PathError::Nul(shown()));
        }
        let mut normal = Vec::with_capacity(bytes.len());
        for component in bytes.split(|b| *b == b'/') {
            match component {
                b"" | b"." => {}
                b".." => return Err(PathError::Climbs(shown())),
                _ => {
                    normal.push(b'/');
                    normal.extend_from_slice(component);
                }
            }
        }
        if normal.is_empty() {
            normal.push(b'/');
        }
        Ok(Self(normal.into_boxed_slice()))
    }

    /// The raw bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The path for use with the standard library.
    pub fn as_path(&self) -> &Path {
        Path::new(OsStr::from_bytes(&self.0))
    }

    /// The components, from the root down. Empty for `/`.
    pub fn components(&self) -> impl DoubleEndedIterator<Item = &[u8]> {
        self.0.split(|b| *b == b'/').filter(|c| !c.is_empty())
    }

    /// The last component, `None` for `/`.
    pub fn file_name(&self) -> Option<&[u8]> {
        self.components().next_back()
    }

    /// The directory that holds this path, `None` for `/`.
    pub fn parent(&self) -> Option<Self> {
        let cut = self.0.iter().rposition(|b| *b == b'/')?;
        match (cut, self.0.len()) {
            (0, 1) => None,
            (0, _) => Some(Self::root()),
            _ => self.0.get(..cut).map(|head| Self(Box::from(head))),
        }
    }

    /// This path and every directory above it, nearest first, ending with `/`.
    pub fn ancestors(&self) -> impl Iterator<Item = Self> {
        std::iter::successors(Some(self.clone()), Self::parent)
    }

    /// This path with one more component.
    #[must_use]
    pub fn join(&self, component: &[u8]) -> Self {
        let mut bytes = self.0.to_vec();
        if bytes.last() != Some(&b'/') {
            bytes.push(b'/');
        }
        bytes.extend_from_slice(component);
        Self(bytes.into_boxed_slice())
    }

    /// Whether this path is `top` or lies beneath it.
    pub fn is_within(&self, top: &Self) -> bool {
        self.0
            .strip_prefix(&*top.0)
            .is_some_and(|rest| rest.is_empty() || rest.first() == Some(&b'/') || top.0.len() == 1)
    }
}

impl fmt::Display for AbsPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&escape(&self.0))
    }
}

impl FromStr for AbsPath {
    type Err = PathError;

    fn from_str(text: &str) -> Result<Self, PathError> {
        if text.contains('*') {
            return Err(PathError::Star(text.to_owned()));
        }
        Self::from_bytes(&unescape(text)?)
    }
}

impl Serialize for AbsPath {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for AbsPath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// The lossless text form of raw bytes; see the module's documentation.
pub fn escape(bytes: &[u8]) -> Cow<'_, str> {
    let plain = |c: char| !c.is_control() && c != '\\' && c != '*';
    if let Ok(text) = std::str::from_utf8(bytes)
        && text.chars().all(plain)
    {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(bytes.len() + 8);
    let hex = |out: &mut String, raw: &[u8]| {
        for byte in raw {
            out.push_str("\\x");
            for digit in [byte >> 4, byte & 15] {
                out.push(char::from_digit(digit.into(), 16).unwrap_or('0'));
            }
        }
    };
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            if plain(c) {
                out.push(c);
            } else {
                hex(&mut out, c.encode_utf8(&mut [0; 4]).as_bytes());
            }
        }
        hex(&mut out, chunk.invalid());
    }
    Cow::Owned(out)
}

/// The bytes that [`escape`] wrote as `text`.
pub fn unescape(text: &str) -> Result<Vec<u8>, PathError> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        let (head, tail) = rest.split_at(at);
        out.extend_from_slice(head.as_bytes());
        let byte = tail
            .strip_prefix("\\x")
            .and_then(|t| t.get(..2))
            .and_then(|hex| u8::from_str_radix(hex, 16).ok())
            .ok_or_else(|| PathError::Escape(text.to_owned()))?;
        out.push(byte);
        rest = tail.get(4..).unwrap_or("");
    }
    out.extend_from_slice(rest.as_bytes());
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn path(text: &str) -> AbsPath {
        text.parse().unwrap()
    }

    #[test]
    fn normalizing_drops_empty_and_dot_components() {
        assert_eq!(path("//etc/./ssl//"), path("/etc/ssl"));
        assert_eq!(path("/."), AbsPath::root());
    }

    #[test]
    fn relative_climbing_and_starred_paths_are_refused() {
        assert!(matches!(
            "etc".parse::<AbsPath>(),
            Err(PathError::Relative(_))
        ));
        assert!(matches!(
            "/a/../b".parse::<AbsPath>(),
            Err(PathError::Climbs(_))
        ));
        assert!(matches!(
            "/a/*.db".parse::<AbsPath>(),
            Err(PathError::Star(_))
        ));
        assert!(matches!(
            "/a\\q".parse::<AbsPath>(),
            Err(PathError::Escape(_))
        ));
    }

    #[test]
    fn containment_respects_component_boundaries() {
        assert!(path("/etc/ssl").is_within(&path("/etc")));
        assert!(path("/etc").is_within(&AbsPath::root()));
        assert!(!path("/etcetera").is_within(&path("/etc")));
        assert_eq!(path("/a/b").parent(), Some(path("/a")));
        assert_eq!(path("/a").parent(), Some(AbsPath::root()));
        assert_eq!(AbsPath::root().parent(), None);
    }

    proptest! {
        #[test]
        fn any_bytes_survive_the_text_form(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            prop_assert_eq!(unescape(&escape(&bytes)).unwrap(), bytes);
        }
    }
}
