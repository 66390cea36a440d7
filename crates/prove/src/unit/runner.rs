//! The outer side: starts the unit, gives orders, hears answers, and starts it again when an attempt took it
//! down.

use std::fs;
use std::io;
use std::os::fd::AsFd as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::thread;
use std::time::{Duration, Instant};

use ringfence_host::systemd::{ActiveState, Systemctl, UnitState};
use ringfence_unit::name::UnitName;

use super::channel::{Buffer, Heard, give, readable};
use super::interrupt::Interrupts;
use super::orders::{Identity, Order};
use crate::attempt::{Attempt, Group};
use crate::context::Context;
use crate::outcome::{How, Message, Outcome};
use crate::runner::{RunError, Runner};

/// The deadline of an attempt. Starting the unit is not part of it.
const PATIENCE: Duration = Duration::from_secs(8);
/// The same for what takes hundreds of megabytes, which a slow or busy host gives slowly.
const PATIENCE_EXHAUSTING: Duration = Duration::from_secs(30);
/// How long the manager may take for what it does before and after a process.
const MANAGER: Duration = Duration::from_secs(20);

/// Makes attempts in a unit.
pub(super) struct InUnit<'a> {
    systemctl: &'a Systemctl,
    name: UnitName,
    listener: UnixListener,
    interrupts: &'a std::cell::RefCell<Interrupts>,
    become_: Option<Identity>,
    session: Option<Session>,
    /// In this unit no process can be made, so every attempt is made in one that the manager made.
    directly: bool,
    /// How many attempts in a row took the unit down before they were heard of, and not when made directly.
    vanished: usize,
}

/// A started unit.
struct Session {
    stream: UnixStream,
    buffer: Buffer,
    /// How many attempts were made in it.
    attempts: usize,
}

/// What came of giving an order.
enum Answer {
    Known(Result<Outcome, RunError>),
    /// The unit does not let a process make another one.
    CannotFork,
    /// The unit is gone, and has not said why.
    Gone,
}

impl<'a> InUnit<'a> {
    pub(super) fn new(
        systemctl: &'a Systemctl,
        name: UnitName,
        listener: UnixListener,
        interrupts: &'a std::cell::RefCell<Interrupts>,
    ) -> Self {
        Self {
            systemctl,
            name,
            listener,
            interrupts,
            become_: None,
            session: None,
            directly: false,
            vanished: 0,
        }
    }

    /// Makes attempts as this user, whom the unit's own becomes.
    pub(super) fn becoming(self, identity: Identity) -> Self {
        Self {
            become_: Some(identity),
            ..self
        }
    }

    /// Starts the unit, and says whom it runs as.
    pub(super) fn open(&mut self, context: &Context) -> Result<Identity, String> {
        self.start(context)?;
        let state = self.state()?;
        let pid = state.main_pid.ok_or("it has no main process")?;
        let text =
            fs::read_to_string(format!("/proc/{pid}/status")).map_err(|error| error.to_string())?;
        Identity::of_status(&text).ok_or_else(|| "who it runs as cannot be seen".to_owned())
    }

    fn state(&self) -> Result<UnitState, String> {
        self.systemctl
            .state(&self.name)
            .map_err(|error| error.to_string())
    }

    /// Starts the unit anew and tells it what there is to know.
    fn start(&mut self, context: &Context) -> Result<(), String> {
        self.session = None;
        // What connected before and failed then.
        while self.listener.accept().is_ok() {}
        let restarted = self.systemctl.restart(&self.name);
        let deadline = Instant::now() + MANAGER;
        let stream = match (&restarted, self.accept(deadline)) {
            (Ok(()), Ok(Some(stream))) => stream,
            (Ok(()), Ok(None)) => return Err(self.ended()),
            (Ok(()), Err(error)) => return Err(error.to_string()),
            (Err(error), _) => {
                let manager = error.to_string();
                return Err(format!("{manager} ({})", self.ended()));
            }
        };
        let mut session = Session {
            stream,
            buffer: Buffer::default(),
            attempts: 0,
        };
        match session.buffer.message(session.stream.as_fd(), deadline) {
            Heard::Said(Message::Ready) => {}
            Heard::Late => return Err("it started and did not say so".into()),
            _ => return Err(self.ended()),
        }
        let order = Order::Know {
            context: Box::new(context.sent(self.become_.is_none())),
            become_: self.become_.clone(),
        };
        give(&session.stream, &order).map_err(|error| error.to_string())?;
        self.session = Some(session);
        Ok(())
    }

    /// The manager has connected by the time it says that the unit is started, or soon after.
    fn accept(&self, deadline: Instant) -> io::Result<Option<UnixStream>> {
        if !readable(self.listener.as_fd(), deadline)? {
            return Ok(None);
        }
        let (stream, _) = self.listener.accept()?;
        stream.set_nonblocking(false)?;
        stream.set_write_timeout(Some(MANAGER))?;
        Ok(Some(stream))
    }

    /// How the unit ended, in the manager's words.
    fn ended(&self) -> String {
        match self.settled() {
            Ok(state) => described(&state),
            Err(why) => why,
        }
    }

    /// The unit's state once it has ended.
    fn settled(&self) -> Result<UnitState, String> {
        let deadline = Instant::now() + MANAGER;
        loop {
            let state = self.state()?;
            let ended = matches!(state.active, ActiveState::Failed | ActiveState::Inactive);
            if ended || Instant::now() > deadline {
                return Ok(state);
            }
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Has an attempt made and hears what comes of it.
    fn ask(&mut self, attempt: &Attempt, directly: bool) -> Answer {
        let Some(session) = &mut self.session else {
            return Answer::Gone;
        };
        session.attempts += 1;
        let order = Order::Attempt {
            id: attempt.id.to_owned(),
            directly,
        };
        if give(&session.stream, &order).is_err() {
            return Answer::Gone;
        }
        let patience = match attempt.group {
            Group::Exhausts => PATIENCE_EXHAUSTING,
            Group::Exploited | Group::ReadsEverything => PATIENCE,
        };
        let deadline = Instant::now() + patience;
        let mut outcome = None;
        loop {
            let heard = session.buffer.message(session.stream.as_fd(), deadline);
            let known = match heard {
                Heard::Said(Message::Outcome(said)) => {
                    outcome.get_or_insert(said);
                    continue;
                }
                Heard::Said(Message::Ended(how)) => match (outcome, how) {
                    (Some(outcome), _) => Ok(outcome),
                    (None, how @ (How::Signal(_) | How::Errno(_))) => Ok(Outcome::Stopped(how)),
                    (None, how @ How::Other(_)) => Err(RunError::Prepare(how.to_string())),
                },
                Heard::Said(Message::CannotFork(_)) => return Answer::CannotFork,
                Heard::Said(Message::Failure(why)) => Err(RunError::Prepare(why)),
                Heard::Gone => {
                    self.session = None;
                    match outcome {
                        Some(outcome) => Ok(outcome),
                        None => return Answer::Gone,
                    }
                }
                Heard::Late => {
                    self.session = None;
                    let _ = self.systemctl.stop(&self.name);
                    outcome.ok_or(RunError::Late(patience))
                }
                Heard::Said(Message::Ready) | Heard::Garbled => {
                    self.session = None;
                    Err(RunError::Garbled)
                }
            };
            return Answer::Known(known);
        }
    }

    /// Has an attempt made in the process that the manager starts, whose end is then the manager's to tell.
    fn ask_directly(&mut self, attempt: &Attempt, context: &Context) -> Result<Outcome, RunError> {
        if self
            .session
            .as_ref()
            .is_none_or(|session| session.attempts > 0)
        {
            self.start(context).map_err(RunError::Prepare)?;
        }
        match self.ask(attempt, true) {
            Answer::Known(known) => known,
            Answer::CannotFork => Err(RunError::Garbled),
            Answer::Gone => {
                let state = self.settled().map_err(RunError::Prepare)?;
                match end(&state) {
                    Some(how) => Ok(Outcome::Stopped(how)),
                    None => Err(RunError::Prepare(described(&state))),
                }
            }
        }
    }
}

impl Runner for InUnit<'_> {
    fn run(&mut self, attempt: &Attempt, context: &Context) -> Result<Outcome, RunError> {
        if self.interrupts.borrow_mut().seen() {
            return Err(RunError::Interrupted);
        }
        if self.directly {
            return self.ask_directly(attempt, context);
        }
        // What is used up by one of these shall not be missing for the next.
        let fresh = attempt.group == Group::Exhausts;
        let usable = |session: &Session| !fresh || session.attempts == 0;
        if !self.session.as_ref().is_some_and(usable) {
            self.start(context).map_err(RunError::Prepare)?;
        }
        match self.ask(attempt, false) {
            Answer::Known(known) => {
                self.vanished = 0;
                known
            }
            Answer::CannotFork => {
                self.directly = true;
                self.ask_directly(attempt, context)
            }
            // Either the attempt took the unit down, or what was done to make it did: where a filter kills
            // for a fork, it does so every time. Made directly, only the attempt itself is left.
            Answer::Gone => {
                self.vanished += 1;
                self.directly = self.vanished >= 3;
                self.ask_directly(attempt, context)
            }
        }
    }
}

/// What ended a unit that something ended.
fn end(state: &UnitState) -> Option<How> {
    let status = state
        .exit_status
        .and_then(|status| i32::try_from(status).ok());
    match state.result.as_str() {
        "signal" | "core-dump" => status.map(How::Signal),
        "oom-kill" => Some(How::Other(
            "the unit had no memory left and was killed".into(),
        )),
        _ => None,
    }
}

/// In words, with systemd's name for what it could not set up; systemd.exec(5), process exit codes.
fn described(state: &UnitState) -> String {
    const STEPS: [(u64, &str); 16] = [
        (200, "CHDIR"),
        (203, "EXEC"),
        (205, "LIMITS"),
        (208, "STDIN"),
        (209, "STDOUT"),
        (216, "GROUP"),
        (217, "USER"),
        (218, "CAPABILITIES"),
        (219, "CGROUP"),
        (225, "NETWORK"),
        (226, "NAMESPACE"),
        (228, "SECCOMP"),
        (231, "APPARMOR"),
        (233, "RUNTIME_DIRECTORY"),
        (238, "STATE_DIRECTORY"),
        (243, "CREDENTIALS"),
    ];
    let status = state.exit_status.unwrap_or(0);
    let step = STEPS.iter().find(|(number, _)| *number == status);
    match (state.result.as_str(), step) {
        ("exit-code", Some((number, name))) => format!("it ended with {number}/{name}"),
        ("exit-code", None) => format!("it ended with code {status}"),
        ("signal" | "core-dump", _) => format!(
            "it was ended by {}",
            How::Signal(
                state
                    .exit_status
                    .and_then(|s| i32::try_from(s).ok())
                    .unwrap_or(0)
            )
        ),
        ("", _) => state.load_error.clone(),
        (result, _) => format!("it ended with `{result}`"),
    }
}
