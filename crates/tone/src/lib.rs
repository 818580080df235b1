//! The tones of telecare calls: made at exact times, damaged as networks do, and heard.
//!
//! Samples go in as they arrive, with what was lost told as lost; sounds come out as
//! [`telecare_protocol::tones::Heard`], which sessions take, and frames with their margins.
//!
//! Two paths hear the same audio. The digit path ([`digits`]) decides sound by sound, as a switch does. The frame path
//! ([`frames`]) knows the layouts: it scores every symbol of every slot, and asks which message with right check digits
//! the whole sound is, and by how much it leads over the next one.
//!
//! Pure: no clock, socket, runtime or file; randomness is seeded and in [`damage`] alone. Time is counted in samples of
//! [`RATE`] from the start of the call. No input makes it panic. Every buffer has a bound.
#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used, clippy::panic))]
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test may fail by panic"))]

pub mod damage;
pub mod digits;
pub mod ear;
pub mod feed;
pub mod frames;
pub mod hops;
pub mod law;
pub mod level;
pub mod plan;
pub mod rate;
pub mod rtp;
pub mod wav;

/// Samples per second, everywhere but at the edges ([`rate`]).
pub const RATE: u32 = 8000;

/// Samples in a packet of 20 ms, the usual one.
pub const PACKET: usize = 160;
