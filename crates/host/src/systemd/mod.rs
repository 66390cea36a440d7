//! The service manager, through systemctl(1) and journalctl(1).
//!
//! Both are run with arguments, never by a shell. As root they speak to the manager over its private
//! socket, so no bus has to run; and unlike a client library of the bus they need no thread in this
//! process, which must be able to copy itself.

mod error;
mod journal;
mod process;
mod properties;
mod provision;
mod state;
mod systemctl;
mod version;

pub use error::SystemctlError;
pub use journal::{Line, Since};
pub use properties::Properties;
pub use provision::{make_files, make_users};
pub use state::{ActiveState, LoadState, UnitState};
pub use systemctl::{Job, Systemctl};
pub use version::Version;
