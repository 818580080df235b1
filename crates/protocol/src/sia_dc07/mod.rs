//! SIA DC-07: the computer interface of hardware receivers, one frame for each event, answered by one that names it.
//!
//! ```text
//! <LF> 338D 001F "SIA-DCS" 0001 R1 L1 [#1234|NMA003] <CR>      SIA text
//! <LF> ....  ... "ADM-CID" 0002 R1 L1 [#1234|1100 01 001] <CR>  Contact ID; Bosch [#1234|18110001001]
//! <LF> ....  ... "NULL"    0000 R1 L1 [] <CR>                  link test
//! <LF> ....  ... <TAB>     0000 01 01 [] <CR>                  link test of a Bosch in its computer interface mode
//! <LF> ....  ... "ACK"     0001 R1 L1 [] <CR>                  our answer: sequence and address as sent
//! ```
//!
//! The frame is [`crate::sia_frame`]'s, its content read as DC-09's ([`crate::sia_dc09`]); L is the receiver's line here.
//! The conversation is that of every automation output ([`crate::automation`]), but for answers: they name their
//! sequence, so none can be taken for another's, and none can be given to a frame that cannot be read. Source and
//! confidence: `protocols/sia-dc07/README.md`.

mod meaning;
mod read;
mod session;

pub use meaning::report;
pub use read::{Read, read};
pub use session::{Session, Settings, encode, sender_settings};
