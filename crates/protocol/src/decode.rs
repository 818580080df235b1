//! The front door for tools: every frame in some bytes, in any of the protocols.

/// How a decoder treats deviations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// Every deviation from the layout is an error.
    Strict,
    /// Deviations that leave no doubt are warnings. This is what lines use.
    #[default]
    Tolerant,
}
