//! The registry as a spreadsheet's table: CSV as people's programs really write it.
//!
//! Read: UTF-8 with or without a byte order mark, comma, semicolon or tab, CRLF or LF, empty rows, columns in any
//! order, `Address line` for `address_line`. Written: UTF-8 with a byte order mark, commas, CRLF.
//!
//! A cell that a spreadsheet would run as a formula or change as a number or date is written with a leading
//! apostrophe, and one leading apostrophe is taken off when a cell is read: what was exported is imported as it
//! was, leading zeros and all.

mod read;
mod write;

pub use read::read;
pub use write::write;

/// The column of a unit's id.
const ID: &str = "id";
