//! The harness of the end-to-end tests: everything around the receiver that a test needs to be real.
//!
//! ```text
//! surgard --pty or TCP--> telecare-receiver --proxy--> postgres
//!                               |   |  \--disk--> journal
//!                     trace <---+   +---> console (HTTP)
//! ```
//! It speaks Sur-Gard and HTTP on its own and uses none of the product's crates: a shared mistake would
//! prove itself right. Everything it starts or writes is gone when its owner is, however the owner ends.

pub mod ademco685;
pub mod console;
pub mod disk;
pub mod espa;
pub mod figures;
pub mod ledger;
pub mod link;
pub mod metrics;
pub mod osborne_hoffman;
pub mod panel;
pub mod port;
pub mod postgres;
pub mod prometheus;
pub mod proxy;
pub mod pty;
pub mod python;
pub mod receiver;
pub mod scratch;
pub mod sia_dc09;
pub mod sip;
pub mod sipp;
pub mod site;
pub mod surgard;
pub mod trace;
pub mod wait;
pub mod wire;
