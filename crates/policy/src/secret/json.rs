//! The values of a JSON document.

use super::assignment::Assignment;
use super::placeholder::Encoding;
use super::syntax::SyntaxError;

/// Deeper documents are refused rather than trusted with the stack.
const DEEPEST: usize = 100;

/// Every string and every whole number. What is in an array belongs to the array's key.
pub(super) fn assignments(text: &str) -> Result<Vec<Assignment>, SyntaxError> {
    let mut reader = Reader {
        text,
        at: 0,
        found: Vec::new(),
    };
    reader.value(&mut Vec::new(), 0)?;
    reader.blanks();
    if reader.at < text.len() {
        return Err(reader.wrong("something behind the end"));
    }
    Ok(reader.found)
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    found: Vec<Assignment>,
}

impl<'t> Reader<'t> {
    fn value(&mut self, path: &mut Vec<String>, depth: usize) -> Result<(), SyntaxError> {
        if depth > DEEPEST {
            return Err(self.wrong("nested too deeply"));
        }
        self.blanks();
        match self.next() {
            Some(b'{') => self.object(path, depth),
            Some(b'[') => self.array(path, depth),
            Some(b'"') => {
                let start = self.at + 1;
                let meaning = self.string()?;
                let mut assignment = Assignment::plain(path.clone(), start..self.at - 1);
                assignment.meaning = Some(meaning);
                assignment.encoding = Encoding::Escaped;
                assignment.is_quoted = true;
                self.found.push(assignment);
                Ok(())
            }
            _ => self.literal(path),
        }
    }

    fn object(&mut self, path: &mut Vec<String>, depth: usize) -> Result<(), SyntaxError> {
        self.at += 1;
        self.blanks();
        if self.take(b'}') {
            return Ok(());
        }
        loop {
            self.blanks();
            if self.next() != Some(b'"') {
                return Err(self.wrong("no key in quotes"));
            }
            path.push(self.string()?);
            self.blanks();
            if !self.take(b':') {
                return Err(self.wrong("no `:` behind a key"));
            }
            self.value(path, depth + 1)?;
            path.pop();
            self.blanks();
            if self.take(b'}') {
                return Ok(());
            }
            if !self.take(b',') {
                return Err(self.wrong("neither `,` nor `}`"));
            }
        }
    }

    fn array(&mut self, path: &mut Vec<String>, depth: usize) -> Result<(), SyntaxError> {
        self.at += 1;
        self.blanks();
        if self.take(b']') {
            return Ok(());
        }
        loop {
            self.value(path, depth + 1)?;
            self.blanks();
            if self.take(b']') {
                return Ok(());
            }
            if !self.take(b',') {
                return Err(self.wrong("neither `,` nor `]`"));
            }
        }
    }

    /// The meaning of the string that starts here; afterwards the place is behind it.
    fn string(&mut self) -> Result<String, SyntaxError> {
        let start = self.at;
        let mut escaped = false;
        let rest = self.rest().get(1..).unwrap_or("");
        let end = rest.bytes().position(|byte| {
            let ends = byte == b'"' && !escaped;
            escaped = byte == b'\\' && !escaped;
            ends
        });
        let Some(end) = end else {
            return Err(self.wrong("a string without an end"));
        };
        self.at = start + end + 2;
        let token = self.text.get(start..self.at).unwrap_or("");
        serde_json::from_str(token)
            .map_err(|_| SyntaxError::at(self.text, start, "not a string of JSON"))
    }

    /// A number, `true`, `false` or `null`.
    fn literal(&mut self, path: &[String]) -> Result<(), SyntaxError> {
        let rest = self.rest();
        let length = rest
            .bytes()
            .position(|byte| !(byte.is_ascii_alphanumeric() || b"+-.".contains(&byte)))
            .unwrap_or(rest.len());
        let word = rest.get(..length).unwrap_or("");
        if length == 0 || serde_json::from_str::<serde_json::Value>(word).is_err() {
            return Err(self.wrong("no value"));
        }
        let span = self.at..self.at + length;
        if word.bytes().all(|byte| byte.is_ascii_digit()) {
            self.found
                .push(Assignment::plain(path.to_vec(), span.clone()));
        }
        self.at = span.end;
        Ok(())
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or("")
    }

    fn next(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> bool {
        let is_there = self.next() == Some(byte);
        self.at += usize::from(is_there);
        is_there
    }

    fn blanks(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start_matches([' ', '\t', '\r', '\n']).len();
    }

    fn wrong(&self, message: &str) -> SyntaxError {
        SyntaxError::at(self.text, self.at, message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_with_their_keys() {
        let text = r#"{"a": {"b": "x\"y", "c": [1, "z", true, null, -1.5e3]}, "d" : "" }"#;
        let found = assignments(text).unwrap();
        let shown: Vec<_> = found
            .iter()
            .map(|found| format!("{}={}", found.path.join("."), found.raw(text)))
            .collect();
        assert_eq!(shown, [r#"a.b=x\"y"#, "a.c=1", "a.c=z", "d="]);
        assert_eq!(found[0].meaning.as_deref(), Some("x\"y"));
    }

    #[test]
    fn what_is_not_json_is_refused_with_its_place() {
        for text in [
            "",
            "{",
            "{a: 1}",
            "{\"a\" 1}",
            "[1 2]",
            "\"x",
            "{} x",
            "nul",
            "[1,]",
            "{\"a\":1,}",
        ] {
            assert!(assignments(text).is_err(), "{text}");
        }
        assert!(assignments(&"[".repeat(100_000)).is_err());
        let error = assignments("{\n  \"a\": x\n}")
            .map(|found| found.len())
            .unwrap_err();
        assert_eq!((error.line, error.column), (2, 8));
    }
}
