//! `decode --timed`: sounds with their times through a call on virtual time, everything it does printed with its time.
//!
//! What the unit does is typed as words, one after the other from the answer on:
//!
//! | word | meaning |
//! |---|---|
//! | `A01…#@80/80` | these digits, each so many milliseconds on, then as many off; without `/80` no pause after the last |
//! | `1850Hz@200/500` | a single tone |
//! | `+500` | a pause of so many milliseconds |
//! | `?` | the end of what the receiver plays next |
//! | `!` | the unit hangs up |

mod run;
mod script;

pub use run::run;
pub use script::Script;
