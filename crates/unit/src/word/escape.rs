//! The escapes of C, read and written.

use std::fmt::Write as _;

/// What an escape stands for: one byte, or a character in UTF-8.
pub(super) struct Escaped {
    bytes: [u8; 4],
    length: usize,
}

impl Escaped {
    fn byte(byte: u8) -> Self {
        Self {
            bytes: [byte, 0, 0, 0],
            length: 1,
        }
    }

    fn character(c: char) -> Self {
        let mut bytes = [0; 4];
        let length = c.encode_utf8(&mut bytes).len();
        Self { bytes, length }
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }
}

/// Reads what follows a backslash: what it stands for, and how many bytes it takes. None of the escapes may
/// stand for a NUL.
pub(super) fn read(text: &str) -> Option<(Escaped, usize)> {
    let first = text.chars().next()?;
    let simple = match first {
        'a' => 0x07,
        'b' => 0x08,
        'f' => 0x0c,
        'n' => b'\n',
        'r' => b'\r',
        't' => b'\t',
        'v' => 0x0b,
        '\\' | '"' | '\'' => u8::try_from(first).ok()?,
        's' => b' ',
        'x' => return byte(text, 1, 2, 16),
        '0'..='7' => return byte(text, 0, 3, 8),
        'u' => return character(text, 4),
        'U' => return character(text, 8),
        _ => return None,
    };
    Some((Escaped::byte(simple), 1))
}

fn number(text: &str, skip: usize, digits: usize, radix: u32) -> Option<u32> {
    let digits = text.get(skip..skip + digits)?;
    let all = digits.chars().all(|c| c.is_digit(radix));
    all.then(|| u32::from_str_radix(digits, radix).ok())?
        .filter(|number| *number != 0)
}

fn byte(text: &str, skip: usize, digits: usize, radix: u32) -> Option<(Escaped, usize)> {
    let number = number(text, skip, digits, radix)?;
    let byte = u8::try_from(number).ok()?;
    Some((Escaped::byte(byte), skip + digits))
}

fn character(text: &str, digits: usize) -> Option<(Escaped, usize)> {
    let c = char::from_u32(number(text, 1, digits, 16)?)?;
    Some((Escaped::character(c), digits + 1))
}

/// A word that reads as these bytes in [`Style::COMMAND`](super::Style::COMMAND), as plain as it can be.
pub fn quote(bytes: &[u8]) -> String {
    let safe =
        |byte: &u8| byte.is_ascii_alphanumeric() || b"/._-+@%:=,~^{}()[]$&*?!<>|#".contains(byte);
    let text = str::from_utf8(bytes).ok();
    if let Some(text) =
        text.filter(|text| !text.is_empty() && text.bytes().all(|b| safe(&b) || b > 0x7f))
    {
        return text.to_owned();
    }
    let mut quoted = String::from("\"");
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '"' | '\\' => quoted.extend(['\\', c]),
                c if c < ' ' || c == '\x7f' => {
                    let _ = write!(quoted, "\\x{:02x}", u32::from(c));
                }
                c => quoted.push(c),
            }
        }
        for byte in chunk.invalid() {
            let _ = write!(quoted, "\\x{byte:02x}");
        }
    }
    quoted.push('"');
    quoted
}
