//! SCAIP (SS 91100, CLC/TS 50134-9): a unit's XML in a SIP MESSAGE, and the answer in a MESSAGE of its own.
//!
//! ```text
//! <mrq><ref>1193300001</ref><mty>ME</mty><cid>90000001</cid><dty>0003</dty><stc>0010</stc><crd>gsm:</crd></mrq>
//!      reference            ME event       controller     device type    status code    how voice will come
//!                           RE reset, IN information, PI heartbeat
//! <mrs><ref>1193300001</ref><snu>0</snu><mre>1</mre><cre>62</cre><tnu>gsm:+441632960001</tnu></mrs>
//!      the same             0: taken     voice        call this number
//! ```
//! Documents only: [`read`] gives a [`Request`], an answer, or what is [`Bad`] with what could be recovered of it. What
//! a request says is its [`Class`], its report and the [`Voice`] it wants. What is answered is a [`Response`]. How they
//! travel, [`crate::sip`] knows; who may be answered, and when, [`crate::digital`].
//!
//! Source: `protocols/scaip/README.md`.

mod bad;
mod class;
mod document;
mod encode;
mod error;
mod meaning;
mod number;
mod read;
mod request;
mod response;
mod root;
mod voice;

use std::time::Duration;

pub use bad::Bad;
pub use class::Class;
pub use encode::Damage;
pub use error::DocumentError;
pub(crate) use meaning::repeat_key;
pub use number::Snu;
pub use read::{Dialects, Read, read};
pub use request::{MessageType, Position, Request};
pub use response::{CallHandling, Media, Response, VoiceReply};
pub(crate) use root::is_nowip;
pub use root::is_scaip;
pub use voice::{CallerId, Scheme, Voice};

/// Bytes of a document; a longer one is refused as too long (C).
pub const DOCUMENT_BYTES_MAX: usize = 8_192;

/// How long after a message another with the same key is the same message (C).
pub const REPEAT_WINDOW: Duration = Duration::from_secs(600);
