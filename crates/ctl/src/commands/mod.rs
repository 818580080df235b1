//! One file per subcommand; what one does to an alarm shares `act`.

pub mod act;
pub mod alarms;
pub mod call;
pub mod calls;
pub mod check_config;
pub mod decode;
pub mod doctor;
pub mod encode;
pub mod incident;
pub mod journal;
pub mod listen;
pub mod man;
pub mod overdue;
pub mod rules;
pub mod show;
pub mod simulate;
pub mod sniff;
pub mod test;
pub mod token;
pub mod tones;
pub mod unit;
pub mod watch;
