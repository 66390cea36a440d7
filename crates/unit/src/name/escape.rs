//! The escaping of unit names (systemd-escape(1)): `-` stands for `/`, and `\xHH` for any other byte.

/// The text that a prefix or an instance stands for; none where it holds a bad escape, or what it stands
/// for is not UTF-8.
pub fn unescape(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'-' => bytes.push(b'/'),
            b'\\' => {
                if rest.next() != Some(b'x') {
                    return None;
                }
                let byte = hex(rest.next()?)? << 4 | hex(rest.next()?)?;
                if byte == 0 {
                    return None;
                }
                bytes.push(byte);
            }
            other => bytes.push(other),
        }
    }
    String::from_utf8(bytes).ok()
}

/// The absolute path that a prefix or an instance stands for; none where it is not the escaped form of a
/// normal path.
pub fn unescape_path(text: &str) -> Option<String> {
    if text.is_empty() {
        return None;
    }
    if text == "-" {
        return Some("/".to_owned());
    }
    let path = unescape(text)?;
    let normal = path
        .split('/')
        .all(|component| !matches!(component, "" | "." | ".."));
    normal.then(|| format!("/{path}"))
}

/// The value of a hexadecimal digit.
fn hex(byte: u8) -> Option<u8> {
    let digit = char::from(byte).to_digit(16)?;
    u8::try_from(digit).ok()
}
