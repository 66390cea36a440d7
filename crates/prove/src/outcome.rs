//! What one attempt came to, and the form in which it leaves the process that made it.
//!
//! The form is a frame: four bytes of length, then a letter and fields that NUL separates. It is read by
//! the process that started the attempt, from a pipe that a hostile process could also write to, so
//! reading never trusts a length or a number.

use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use rustix::io::Errno;

/// What an attempt came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It got where it should not.
    Reached(Reach),
    /// Something stopped it.
    Stopped(How),
    /// It could not even be tried, so nothing is known.
    CannotTry(String),
}

/// What was reached.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reach {
    /// A fragment that says what, such as `opened /etc/shadow`.
    pub detail: String,
    /// The files and sockets of the host that were opened, or the names of secrets, for the question which
    /// grant allows it.
    pub paths: Vec<PathBuf>,
}

/// How an attempt was stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum How {
    /// A call failed with this errno.
    Errno(i32),
    /// The process was ended by this signal.
    Signal(i32),
    /// In another way.
    Other(String),
}

impl std::fmt::Display for How {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Errno(number) => f.write_str(&crate::errno::name(*number)),
            Self::Signal(number) => f.write_str(&signal_name(*number)),
            Self::Other(text) => f.write_str(text),
        }
    }
}

fn signal_name(number: i32) -> String {
    match number {
        4 => "SIGILL".into(),
        6 => "SIGABRT".into(),
        7 => "SIGBUS".into(),
        9 => "SIGKILL".into(),
        11 => "SIGSEGV".into(),
        15 => "SIGTERM".into(),
        24 => "SIGXCPU".into(),
        25 => "SIGXFSZ".into(),
        31 => "SIGSYS".into(),
        _ => format!("signal {number}"),
    }
}

impl From<io::Error> for How {
    fn from(error: io::Error) -> Self {
        error
            .raw_os_error()
            .map_or_else(|| Self::Other(error.to_string()), Self::Errno)
    }
}

impl Outcome {
    pub(crate) fn reached(detail: impl Into<String>) -> Self {
        Self::Reached(Reach {
            detail: detail.into(),
            paths: Vec::new(),
        })
    }

    pub(crate) fn stopped(error: impl Into<io::Error>) -> Self {
        Self::Stopped(error.into().into())
    }

    pub(crate) fn cannot(why: impl Into<String>) -> Self {
        Self::CannotTry(why.into())
    }

    /// Success, or one of the complaints that the kernel makes only after it looked at the rights, is
    /// reached; anything else stopped it.
    pub(crate) fn judge<T, E: Into<io::Error>>(
        result: Result<T, E>,
        let_in: &[Errno],
        detail: &str,
    ) -> Self {
        let error = match result {
            Ok(_) => return Self::reached(detail),
            Err(error) => error.into(),
        };
        let known = |errno: &&Errno| error.raw_os_error() == Some(errno.raw_os_error());
        match let_in.iter().find(known) {
            Some(errno) => {
                let name = crate::errno::name(errno.raw_os_error());
                Self::reached(format!(
                    "{detail}; only its empty arguments failed ({name})"
                ))
            }
            None => Self::stopped(error),
        }
    }

    /// The frame.
    pub(crate) fn encode(&self) -> Vec<u8> {
        match self {
            Self::Reached(reach) => {
                let mut fields = vec![reach.detail.as_bytes()];
                fields.extend(reach.paths.iter().map(|path| path.as_os_str().as_bytes()));
                frame(b'R', &fields)
            }
            Self::Stopped(How::Errno(number)) => frame(b'E', &[number.to_string().as_bytes()]),
            Self::Stopped(How::Signal(number)) => frame(b'G', &[number.to_string().as_bytes()]),
            Self::Stopped(How::Other(text)) => frame(b'O', &[text.as_bytes()]),
            Self::CannotTry(why) => frame(b'C', &[why.as_bytes()]),
        }
    }

    fn decode(letter: u8, fields: &[&[u8]]) -> Option<Self> {
        let (first, rest) = fields.split_first()?;
        let text = || String::from_utf8_lossy(first).into_owned();
        Some(match letter {
            b'R' => Self::Reached(Reach {
                detail: text(),
                paths: rest
                    .iter()
                    .map(|path| PathBuf::from(OsStr::from_bytes(path)))
                    .collect(),
            }),
            b'E' => Self::Stopped(How::Errno(text().parse().ok()?)),
            b'G' => Self::Stopped(How::Signal(text().parse().ok()?)),
            b'O' => Self::Stopped(How::Other(text())),
            b'C' => Self::CannotTry(text()),
            _ => return None,
        })
    }
}

/// What comes through the pipe: an outcome, why there could be none, or how far things are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Message {
    Outcome(Outcome),
    /// The confinement could not be built.
    Failure(String),
    /// The inner side has started and takes orders.
    Ready,
    /// The process that made the attempt has ended, in this way.
    Ended(How),
    /// There can be no process to make the attempt in.
    CannotFork(String),
}

/// Longer frames are cut short, so that a pipe, which holds 64 KiB, takes one without anyone reading.
const FRAME_MAX: usize = 32 << 10;

fn frame(letter: u8, fields: &[&[u8]]) -> Vec<u8> {
    let mut body = vec![letter];
    for field in fields {
        if body.len() + field.len() >= FRAME_MAX {
            break;
        }
        body.push(0);
        body.extend(field.iter().filter(|byte| **byte != 0));
    }
    // FRAME_MAX is far below 2^32.
    let length = u32::try_from(body.len()).unwrap_or(0);
    [&length.to_le_bytes()[..], &body].concat()
}

impl Message {
    pub(crate) fn encode(&self) -> Vec<u8> {
        match self {
            Self::Outcome(outcome) => outcome.encode(),
            Self::Failure(why) => frame(b'F', &[why.as_bytes()]),
            Self::Ready => frame(b'S', &[b""]),
            Self::Ended(How::Signal(number)) => frame(b'K', &[number.to_string().as_bytes()]),
            Self::Ended(how) => frame(b'X', &[how.to_string().as_bytes()]),
            Self::CannotFork(why) => frame(b'N', &[why.as_bytes()]),
        }
    }

    /// Takes the first frame off the bytes, once it is whole; an error when it can never be one.
    pub(crate) fn take(bytes: &mut Vec<u8>) -> Result<Option<Self>, ()> {
        let message = Self::decode(bytes)?;
        if let (Some(_), Some((length, _))) = (&message, bytes.split_first_chunk::<4>()) {
            let length = u32::from_le_bytes(*length) as usize;
            bytes.drain(..4 + length);
        }
        Ok(message)
    }

    /// The first frame, once it is whole; an error when it can never be one.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Option<Self>, ()> {
        let Some((length, rest)) = bytes.split_first_chunk::<4>() else {
            return Ok(None);
        };
        let length = usize::try_from(u32::from_le_bytes(*length)).map_err(|_| ())?;
        if length > FRAME_MAX {
            return Err(());
        }
        let Some(body) = rest.get(..length) else {
            return Ok(None);
        };
        let (letter, fields) = body.split_first().ok_or(())?;
        let fields: Vec<&[u8]> = fields
            .strip_prefix(&[0])
            .unwrap_or(fields)
            .split(|byte| *byte == 0)
            .collect();
        let first = fields.first().copied().unwrap_or_default();
        let text = || String::from_utf8_lossy(first).into_owned();
        Ok(Some(match letter {
            b'F' => Self::Failure(text()),
            b'S' => Self::Ready,
            b'K' => Self::Ended(How::Signal(text().parse().map_err(|_| ())?)),
            b'X' => Self::Ended(How::Other(text())),
            b'N' => Self::CannotFork(text()),
            other => Self::Outcome(Outcome::decode(*other, &fields).ok_or(())?),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_outcome_survives_the_pipe() {
        let outcomes = [
            Outcome::Reached(Reach {
                detail: "opened /a and 1 more".into(),
                paths: vec!["/a".into(), "/b \u{e9}".into()],
            }),
            Outcome::reached("called it"),
            Outcome::Stopped(How::Errno(13)),
            Outcome::Stopped(How::Signal(31)),
            Outcome::Stopped(How::Other("the file system is mounted nosuid".into())),
            Outcome::cannot("there is none on this host"),
        ];
        for outcome in outcomes {
            let message = Message::Outcome(outcome);
            assert_eq!(Message::decode(&message.encode()), Ok(Some(message)));
        }
        for message in [
            Message::Failure("clone: EPERM".into()),
            Message::Ready,
            Message::Ended(How::Signal(9)),
            Message::Ended(How::Other("it ended with code 3".into())),
            Message::CannotFork("EAGAIN".into()),
        ] {
            assert_eq!(Message::decode(&message.encode()), Ok(Some(message)));
        }
    }

    #[test]
    fn a_frame_in_pieces_is_waited_for_and_a_false_one_is_refused() {
        let whole = Outcome::reached("x").encode();
        for cut in 0..whole.len() {
            assert_eq!(Message::decode(&whole[..cut]), Ok(None), "{cut}");
        }
        assert_eq!(Message::decode(&[0xff; 8]), Err(()));
        assert_eq!(Message::decode(&[1, 0, 0, 0, b'?']), Err(()));
        assert_eq!(Message::decode(&[0, 0, 0, 0]), Err(()));
        assert_eq!(Message::decode(b"\x03\0\0\0E\0x"), Err(()));
    }

    #[test]
    fn too_many_paths_are_left_out_and_not_cut_in_two() {
        let paths: Vec<PathBuf> = (0..2000)
            .map(|n| format!("/directory/{n:030}").into())
            .collect();
        let frame = Outcome::Reached(Reach {
            detail: "many".into(),
            paths: paths.clone(),
        })
        .encode();
        assert!(frame.len() <= FRAME_MAX + 4);
        let Ok(Some(Message::Outcome(Outcome::Reached(reach)))) = Message::decode(&frame) else {
            panic!("no outcome");
        };
        assert!(reach.paths.len() > 500);
        assert!(reach.paths.iter().all(|path| paths.contains(path)));
    }

    #[test]
    fn only_the_named_complaints_count_as_let_in() {
        let fails = |errno: Errno| Err::<(), Errno>(errno);
        let judge = |errno| Outcome::judge(fails(errno), &[Errno::FAULT], "called it");
        assert!(matches!(judge(Errno::FAULT), Outcome::Reached(_)));
        assert_eq!(judge(Errno::PERM), Outcome::Stopped(How::Errno(1)));
        assert_eq!(judge(Errno::INVAL), Outcome::Stopped(How::Errno(22)));
    }
}
