//! How exposed a service is: the verdict of `systemd-analyze security`, to the digit, without systemd.
//!
//! * [`table`] has the 81 rows, with the rule that makes each of them bad.
//! * `read` has the settings, with how the lines of each are read; `settings` has one file for each kind of
//!   value.
//! * `implied` adds what settings bring with them, and `rules` says what the service manager refuses to load.
//! * [`assess`] puts them together; `remedy` tries out what would be better.
//!
//! Only services of the system are scored: not units of other kinds, nor those of users' managers. Weights are
//! systemd's own; policy files that change them are not read. Which system calls exist natively is taken
//! from the libseccomp that distributions ship with a release.
//!
//! Releases of systemd differ: a [`Profile`] is one of them. A row that differs, or a setting that is read
//! differently, asks `profile.since(...)` where it does. The verdict says nothing of what the service's
//! program does, and a good one can be had for nonsense: see [`Ignored`].

mod assessment;
mod exposure;
mod finding;
mod implied;
mod profile;
mod read;
mod reader;
mod refusal;
mod remedy;
mod rules;
mod service;
mod settings;
pub mod table;
#[cfg(test)]
mod tests;

pub use assessment::{Assessment, Mark, Marks, assess};
pub use exposure::{Exposure, Level};
pub use finding::Ignored;
pub use profile::{Model, Profile, UnknownVersion};
pub use refusal::{Reason, Refusal, Rule};
pub use remedy::Improvement;
