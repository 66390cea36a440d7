//! Lines of the journal, as journalctl(1) exports them.

use serde_json::Value;

/// From where the journal is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Since {
    /// What comes after this cursor.
    Cursor(String),
    /// What belongs to this run of the unit.
    Invocation(String),
}

/// A line of the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The message. Bytes that are no UTF-8 are shown as `?` in a diamond.
    pub message: String,
    /// Its syslog priority, 0 to 7; 6 when it has none.
    pub priority: u8,
    /// The process it is about or from.
    pub pid: Option<u32>,
    /// Its place, to go on from.
    pub cursor: String,
}

impl Line {
    /// Reads a line of `--output=json`; `None` when it is none.
    pub fn parse(json: &str) -> Option<Self> {
        let entry: Value = serde_json::from_str(json).ok()?;
        let text = |key: &str| entry.get(key).and_then(Value::as_str);
        Some(Self {
            message: message(entry.get("MESSAGE")),
            priority: text("PRIORITY").and_then(|p| p.parse().ok()).unwrap_or(6),
            pid: text("_PID").and_then(|pid| pid.parse().ok()),
            cursor: text("__CURSOR")?.to_owned(),
        })
    }
}

/// A field is a string, an array of bytes where it is not printable, an array of such where it is there
/// more than once, or null where it is too large to show.
fn message(field: Option<&Value>) -> String {
    match field {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(items)) => {
            let byte = |item: &Value| item.as_u64().and_then(|byte| u8::try_from(byte).ok());
            match items.iter().map(byte).collect::<Option<Vec<u8>>>() {
                Some(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
                None => message(items.first()),
            }
        }
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_bytes_and_repeated_messages_are_read() {
        for (message, expected) in [
            (r#""plain""#, "plain"),
            ("[104,105]", "hi"),
            (r#"["first","second"]"#, "first"),
            ("null", ""),
        ] {
            let line =
                format!(r#"{{"__CURSOR":"s=1","MESSAGE":{message},"PRIORITY":"3","_PID":"7"}}"#);
            let line = Line::parse(&line).unwrap();
            assert_eq!(line.message, expected);
            assert_eq!((line.priority, line.pid), (3, Some(7)));
        }
        assert_eq!(Line::parse("-- No entries --"), None);
    }
}
