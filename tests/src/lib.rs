//! The harness of the end-to-end tests: everything around the receiver that a test needs to be real.
//!
//! ```text
//! surgard::Unit --pty or TCP--> telecare-receiver --proxy--> postgres
//!                                     |   |  \--disk shim--> journal
//!                          strace <---+   +---> console (HTTP)
//! ```
//! It speaks Sur-Gard and HTTP on its own and uses none of the product's crates: a shared mistake would
//! prove itself right. Everything it starts or writes is gone when its owner is, however the owner ends.

pub mod postgres;
pub mod scratch;
pub mod wait;
