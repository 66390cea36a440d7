//! A clock whose only effect is that a blocking call returns `EINTR` now and then.
//!
//! `wait4(2)` has no timeout. A supervisor that also looks at the time lets itself be interrupted, which
//! takes a signal with a handler. The handler here does nothing; that is why installing it is safe.

#![expect(unsafe_code, reason = "sigaction and setitimer are in no safe crate")]

use std::io;
use std::mem;
use std::time::Duration;

use crate::errno::unit;

/// A repeated `SIGALRM` to the calling process, until dropped. `fork` does not pass it on.
///
/// A tick that comes while nothing blocks has no effect, so a wait can be up to one period too long. The
/// signal takes effect only where it is not blocked.
#[derive(Debug)]
pub struct Alarm {
    action: libc::sigaction,
    timer: libc::itimerval,
}

extern "C" fn nothing(_signal: libc::c_int) {}

fn set_action(action: &libc::sigaction) -> io::Result<libc::sigaction> {
    // SAFETY: an all-zero `sigaction` is valid.
    let mut old = unsafe { mem::zeroed::<libc::sigaction>() };
    // SAFETY: both structures outlive the call; the handler is `nothing`, or what was in effect before.
    let value = unsafe { libc::sigaction(libc::SIGALRM, action, &raw mut old) };
    unit(value.into()).map(|()| old)
}

fn set_timer(timer: &libc::itimerval) -> io::Result<libc::itimerval> {
    // SAFETY: an all-zero `itimerval` is valid: a timer that is off.
    let mut old = unsafe { mem::zeroed::<libc::itimerval>() };
    // SAFETY: both structures outlive the call.
    let value = unsafe { libc::setitimer(libc::ITIMER_REAL, timer, &raw mut old) };
    unit(value.into()).map(|()| old)
}

impl Alarm {
    /// Starts it. The process must not use `SIGALRM` or `ITIMER_REAL` otherwise.
    pub fn every(period: Duration) -> io::Result<Self> {
        // SAFETY: an all-zero `sigaction` is valid: no flags, so calls are not restarted, and no mask.
        let mut action = unsafe { mem::zeroed::<libc::sigaction>() };
        action.sa_sigaction = nothing as extern "C" fn(libc::c_int) as libc::sighandler_t;
        let action = set_action(&action)?;
        let period = libc::timeval {
            tv_sec: libc::time_t::try_from(period.as_secs()).unwrap_or(libc::time_t::MAX),
            tv_usec: libc::suseconds_t::from(period.subsec_micros().cast_signed()).max(1),
        };
        let timer = set_timer(&libc::itimerval {
            it_interval: period,
            it_value: period,
        })?;
        Ok(Self { action, timer })
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        // What was in effect before cannot be refused now.
        let _ = set_timer(&self.timer);
        // A tick that is still pending, because the signal is blocked, would have its usual effect later, which
        // is to kill. A signal that is ignored loses what is pending.
        // SAFETY: an all-zero `sigaction` is valid.
        let mut ignored = unsafe { mem::zeroed::<libc::sigaction>() };
        ignored.sa_sigaction = libc::SIG_IGN;
        let _ = set_action(&ignored);
        let _ = set_action(&self.action);
    }
}
