//! How many files the process may open. The soft limit that a shell or systemd gives (1,024) is for programs that
//! use select(2); consoles alone may need more, and a line that cannot open its port for them is a line down.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Raises the soft limit to the hard one. Without that the API makes do with fewer connections.
pub fn allow_all() {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    match setrlimit(Resource::Nofile, raised) {
        Ok(()) => tracing::debug!(files = raised.current, "open files allowed"),
        Err(error) => tracing::warn!(%error, files = limit.current, "the limit of open files stays as it is"),
    }
}
