//! The settings that the score looks at, one kind of value in each file.
//!
//! A value takes assignments one after another, as the service manager does: what a line means depends on the
//! lines before it. A word that it does not know it mostly ignores with a warning that nobody reads, so
//! [`Reader::ignored`] keeps them. Only an `Err` stops the file.

pub(crate) mod account;
pub(crate) mod address;
pub(crate) mod address_family;
pub(crate) mod architecture;
pub(crate) mod bus_name;
pub(crate) mod capability;
pub(crate) mod choice;
pub(crate) mod command;
pub(crate) mod credential;
pub(crate) mod delegate;
pub(crate) mod device;
pub(crate) mod exit_status;
pub(crate) mod flag;
pub(crate) mod host_name;
pub(crate) mod image;
pub(crate) mod namespace;
pub(crate) mod number;
pub(crate) mod path;
pub(crate) mod system_call;
pub(crate) mod umask;
pub(crate) mod working_directory;
