//! Secrets in the configuration files of other programs: finding them, taking them out and putting them back.
//!
//! What is found is replaced in the text by `{{NAME}}`, and the text around it stays as it is, byte for byte.
//! Rendering with the same values gives a file that means the same; the bytes differ only where a value was
//! written with escapes that it does not need. No `Debug` and no error of this module shows a value.
//!
//! A placeholder is replaced by the value as it is. If that would mean something else where it stands, rendering
//! fails and names the placeholder that says how to write it there: `{{NAME|escaped}}` with the escapes that
//! JSON, TOML and YAML share, `{{NAME|doubled}}` with each `'` twice, `{{NAME|percent}}` as in URLs,
//! `{{NAME|verbatim}}` as it is all the same.

mod assignment;
mod entropy;
mod extract;
mod find;
mod json;
mod key;
mod line;
mod name;
mod placeholder;
mod syntax;
mod template;
mod token;
mod toml;
mod value;
mod yaml;

pub use extract::{Extraction, Kept, Piece};
pub use find::{Finding, Left, Reason, Report, find};
pub use name::{Name, NameError};
pub use syntax::{Syntax, SyntaxError};
pub use template::{TemplateError, names, render};
