//! What the score counts: its rows, and the system calls that some of them are about.

mod row;
mod rows;
mod system_calls;

pub use row::Row;
pub use rows::ROWS;
pub(crate) use system_calls::Calls;
