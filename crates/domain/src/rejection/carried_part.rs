//! Which part of a carried-over dossier is to blame.

/// A list of what happened in another system, or what is awaited now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CarriedPart {
    /// Supplements that were asked for.
    Supplements,
    /// Suspensions.
    Suspensions,
    /// Fees.
    Fees,
    /// What it waits for now.
    Wait,
}

impl CarriedPart {
    /// The field of the request.
    pub fn field(self) -> &'static str {
        match self {
            Self::Supplements => "supplements",
            Self::Suspensions => "suspensions",
            Self::Fees => "fees",
            Self::Wait => "since",
        }
    }
}
