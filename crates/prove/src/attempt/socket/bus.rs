//! Just enough D-Bus to ask systemd for something that does not exist.
//!
//! The manager answers that there is no such unit only to those whom it would have obeyed; others hear that
//! access is denied, or nothing. See the D-Bus specification, and org.freedesktop.systemd1(5).

use std::io::{self, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use crate::outcome::How;

/// The daemon asks the manager, who may be busy.
const PATIENCE: Duration = Duration::from_secs(3);
/// No answer here is longer.
const ANSWER_MAX: usize = 1 << 20;
/// No unit is called so.
const UNIT: &str = "ringfence-prove-no-such-unit.service";

const METHOD_CALL: u8 = 1;
const RETURN: u8 = 2;
const ERROR: u8 = 3;

/// Asks the manager to start a unit that does not exist; `Ok` when only that was wrong with it.
pub(super) fn order(socket: &Path) -> Result<(), How> {
    let mut bus = Bus::connect(socket)?;
    bus.call(
        1,
        "org.freedesktop.DBus",
        "/org/freedesktop/DBus",
        "Hello",
        &[],
    )?;
    let answer = bus.call(
        2,
        "org.freedesktop.systemd1",
        "/org/freedesktop/systemd1",
        "StartUnit",
        &[UNIT, "fail"],
    )?;
    match answer {
        // It would mean that the unit was started, so it is no lie.
        Answer::Returned => Ok(()),
        Answer::Failed(name) if name.ends_with(".NoSuchUnit") => Ok(()),
        Answer::Failed(name) => Err(How::Other(name)),
    }
}

enum Answer {
    Returned,
    /// With an error of this name.
    Failed(String),
}

struct Bus(UnixStream);

impl Bus {
    fn connect(socket: &Path) -> Result<Self, How> {
        let mut stream = UnixStream::connect(socket)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        // The daemon knows who is there from the socket, and only has to be told to look.
        let uid = rustix::process::geteuid().as_raw().to_string();
        // In hexadecimal, where a digit is itself after a 3.
        let hex: String = uid.chars().flat_map(|digit| ['3', digit]).collect();
        stream.write_all(format!("\0AUTH EXTERNAL {hex}\r\n").as_bytes())?;
        let mut line = [0; 256];
        let length = stream.read(&mut line)?;
        if !line.get(..length).unwrap_or_default().starts_with(b"OK ") {
            return Err(How::Other("the bus does not let it in".into()));
        }
        stream.write_all(b"BEGIN\r\n")?;
        Ok(Self(stream))
    }

    /// Calls a method that takes strings and waits for its answer.
    fn call(
        &mut self,
        serial: u32,
        to: &str,
        path: &str,
        method: &str,
        arguments: &[&str],
    ) -> Result<Answer, How> {
        // The interface is the manager's, or the daemon's own, whose name is the destination's.
        let interface = match method {
            "Hello" => to.to_owned(),
            _ => format!("{to}.Manager"),
        };
        self.0
            .write_all(&message(serial, to, path, &interface, method, arguments))?;
        loop {
            let (kind, answers, error) = self.receive()?;
            match kind {
                RETURN if answers == Some(serial) => return Ok(Answer::Returned),
                ERROR if answers == Some(serial) => {
                    return Ok(Answer::Failed(error.unwrap_or_default()));
                }
                // Signals, such as that a name was acquired.
                _ => {}
            }
        }
    }

    /// The next message: its kind, what it answers, and the name of its error.
    fn receive(&mut self) -> io::Result<(u8, Option<u32>, Option<String>)> {
        let mut fixed = [0; 16];
        self.0.read_exact(&mut fixed)?;
        let number = |at: usize| {
            let bytes = fixed.get(at..at + 4).and_then(|b| b.try_into().ok());
            bytes.map_or(0, u32::from_le_bytes) as usize
        };
        let (body, fields) = (number(4), number(12));
        let [order, kind, ..] = fixed;
        if order != b'l' || body > ANSWER_MAX || fields > ANSWER_MAX {
            return Err(io::Error::other("the bus speaks in another byte order"));
        }
        let mut rest = vec![0; fields.next_multiple_of(8) + body];
        self.0.read_exact(&mut rest)?;
        let mut fields = Fields(rest.get(..fields).unwrap_or_default());
        Ok((kind, fields.number(5), fields.text(4)))
    }
}

/// The fields of a header.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    /// Where the value of a field starts: after its number and its type, aligned to 4.
    fn value(&self, wanted: u8, kind: u8) -> Option<&[u8]> {
        let start = self
            .0
            .windows(4)
            .enumerate()
            .find(|(at, field)| at % 8 == 0 && *field == [wanted, 1, kind, 0])?
            .0;
        self.0.get(start + 4..)
    }

    fn number(&mut self, field: u8) -> Option<u32> {
        let bytes = self.value(field, b'u')?.first_chunk::<4>()?;
        Some(u32::from_le_bytes(*bytes))
    }

    fn text(&mut self, field: u8) -> Option<String> {
        let (length, text) = self.value(field, b's')?.split_first_chunk::<4>()?;
        let text = text.get(..u32::from_le_bytes(*length) as usize)?;
        Some(String::from_utf8_lossy(text).into_owned())
    }
}

/// A call: every field starts at a multiple of 8, and so does the body.
fn message(
    serial: u32,
    to: &str,
    path: &str,
    interface: &str,
    method: &str,
    arguments: &[&str],
) -> Vec<u8> {
    let mut body = Vec::new();
    for argument in arguments {
        pad(&mut body, 4);
        text(&mut body, argument);
    }
    let mut fields = Vec::new();
    for (field, kind, value) in [
        (1, b'o', path),
        (2, b's', interface),
        (3, b's', method),
        (6, b's', to),
    ] {
        pad(&mut fields, 8);
        fields.extend([field, 1, kind, 0]);
        text(&mut fields, value);
    }
    if !arguments.is_empty() {
        pad(&mut fields, 8);
        fields.extend([8, 1, b'g', 0]);
        fields.extend(u8::try_from(arguments.len()));
        fields.extend(arguments.iter().map(|_| b's'));
        fields.push(0);
    }
    let length = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap_or(0).to_le_bytes();
    let mut message = vec![b'l', METHOD_CALL, 0, 1];
    message.extend(length(&body));
    message.extend(serial.to_le_bytes());
    message.extend(length(&fields));
    message.extend(fields);
    pad(&mut message, 8);
    message.extend(body);
    message
}

fn text(to: &mut Vec<u8>, text: &str) {
    to.extend(u32::try_from(text.len()).unwrap_or(0).to_le_bytes());
    to.extend(text.as_bytes());
    to.push(0);
}

fn pad(bytes: &mut Vec<u8>, to: usize) {
    bytes.resize(bytes.len().next_multiple_of(to), 0);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_laid_out_as_the_specification_says() {
        let call = message(7, "a.b", "/a", "a.b", "M", &["x", "yy"]);
        // Little endian, a call, no flags, version 1; then body, serial and fields.
        assert_eq!(call[..4], [b'l', 1, 0, 1]);
        assert_eq!(call[4..8], 15_u32.to_le_bytes());
        assert_eq!(call[8..12], 7_u32.to_le_bytes());
        let fields = u32::from_le_bytes(call[12..16].try_into().unwrap()) as usize;
        assert_eq!(call[16..22], [1, 1, b'o', 0, 2, 0]);
        assert_eq!(call.len(), (16 + fields).next_multiple_of(8) + 15);
        assert!(call.ends_with(b"\x01\0\0\0x\0\0\0\x02\0\0\0yy\0"));
    }

    #[test]
    fn the_name_of_an_error_is_found_in_a_header() {
        let mut bytes = Vec::new();
        bytes.extend([5, 1, b'u', 0, 2, 0, 0, 0]);
        bytes.extend([4, 1, b's', 0]);
        text(&mut bytes, "org.x.NoSuchUnit");
        let mut fields = Fields(&bytes);
        assert_eq!(fields.number(5), Some(2));
        assert_eq!(fields.text(4).as_deref(), Some("org.x.NoSuchUnit"));
        assert_eq!(fields.text(6), None);
    }
}
