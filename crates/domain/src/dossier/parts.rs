//! The parts of a dossier by what its phase allows; each answer lists every phase, so a new one has to be placed.

use super::{
    Accepted, AwaitingIntakeSupplement, AwaitingPayment, AwaitingSupplement, Case, Dossier, Filing,
    InProcessing, Refused, Resolved, Returned, Submitted, Suspended, Terminated, Voided, Withdrawn,
};

type Parts = (Filing, Case);

/// Filing and case of a dossier that somebody may work on; the dossier itself in every other phase.
#[allow(
    clippy::result_large_err,
    reason = "the other way out is the dossier, unchanged"
)]
pub(super) fn at_work(dossier: Dossier) -> Result<Parts, Dossier> {
    match dossier {
        Dossier::Accepted(Accepted { filing, case })
        | Dossier::InProcessing(InProcessing { filing, case }) => Ok((filing, case)),
        Dossier::Unknown
        | Dossier::Submitted(_)
        | Dossier::AwaitingIntakeSupplement(_)
        | Dossier::Refused(_)
        | Dossier::AwaitingSupplement(_)
        | Dossier::AwaitingPayment(_)
        | Dossier::Suspended(_)
        | Dossier::Terminated(_)
        | Dossier::Resolved(_)
        | Dossier::Returned(_)
        | Dossier::Withdrawn(_)
        | Dossier::Voided(_) => Err(dossier),
    }
}

/// Filing and case of a dossier that is accepted and not ended; the dossier itself in every other phase.
#[allow(
    clippy::result_large_err,
    reason = "the other way out is the dossier, unchanged"
)]
pub(super) fn pending(dossier: Dossier) -> Result<Parts, Dossier> {
    match dossier {
        Dossier::Accepted(Accepted { filing, case })
        | Dossier::InProcessing(InProcessing { filing, case })
        | Dossier::AwaitingSupplement(AwaitingSupplement { filing, case, .. })
        | Dossier::AwaitingPayment(AwaitingPayment { filing, case, .. })
        | Dossier::Suspended(Suspended { filing, case, .. }) => Ok((filing, case)),
        Dossier::Unknown
        | Dossier::Submitted(_)
        | Dossier::AwaitingIntakeSupplement(_)
        | Dossier::Refused(_)
        | Dossier::Terminated(_)
        | Dossier::Resolved(_)
        | Dossier::Returned(_)
        | Dossier::Withdrawn(_)
        | Dossier::Voided(_) => Err(dossier),
    }
}

/// The case of a dossier that is accepted and not ended.
pub(super) fn pending_case(dossier: &mut Dossier) -> Option<&mut Case> {
    match dossier {
        Dossier::Accepted(Accepted { case, .. })
        | Dossier::InProcessing(InProcessing { case, .. })
        | Dossier::AwaitingSupplement(AwaitingSupplement { case, .. })
        | Dossier::AwaitingPayment(AwaitingPayment { case, .. })
        | Dossier::Suspended(Suspended { case, .. }) => Some(case),
        Dossier::Unknown
        | Dossier::Submitted(_)
        | Dossier::AwaitingIntakeSupplement(_)
        | Dossier::Refused(_)
        | Dossier::Terminated(_)
        | Dossier::Resolved(_)
        | Dossier::Returned(_)
        | Dossier::Withdrawn(_)
        | Dossier::Voided(_) => None,
    }
}

/// What was filed, in every phase that has a filing.
pub(super) fn filing(dossier: &mut Dossier) -> Option<&mut Filing> {
    match dossier {
        Dossier::Unknown => None,
        Dossier::Submitted(Submitted { filing })
        | Dossier::AwaitingIntakeSupplement(AwaitingIntakeSupplement { filing, .. })
        | Dossier::Refused(Refused { filing, .. })
        | Dossier::Accepted(Accepted { filing, .. })
        | Dossier::InProcessing(InProcessing { filing, .. })
        | Dossier::AwaitingSupplement(AwaitingSupplement { filing, .. })
        | Dossier::AwaitingPayment(AwaitingPayment { filing, .. })
        | Dossier::Suspended(Suspended { filing, .. })
        | Dossier::Terminated(Terminated { filing, .. })
        | Dossier::Resolved(Resolved { filing, .. })
        | Dossier::Returned(Returned { filing, .. })
        | Dossier::Withdrawn(Withdrawn { filing, .. })
        | Dossier::Voided(Voided { filing, .. }) => Some(filing),
    }
}

/// The case, in every phase after acceptance.
pub(super) fn case(dossier: &mut Dossier) -> Option<&mut Case> {
    match dossier {
        Dossier::Unknown
        | Dossier::Submitted(_)
        | Dossier::AwaitingIntakeSupplement(_)
        | Dossier::Refused(_) => None,
        Dossier::Accepted(Accepted { case, .. })
        | Dossier::InProcessing(InProcessing { case, .. })
        | Dossier::AwaitingSupplement(AwaitingSupplement { case, .. })
        | Dossier::AwaitingPayment(AwaitingPayment { case, .. })
        | Dossier::Suspended(Suspended { case, .. })
        | Dossier::Terminated(Terminated { case, .. })
        | Dossier::Resolved(Resolved { case, .. })
        | Dossier::Returned(Returned { case, .. })
        | Dossier::Voided(Voided { case, .. }) => Some(case),
        Dossier::Withdrawn(Withdrawn {
            after_acceptance, ..
        }) => after_acceptance.as_mut().map(|(case, _)| case),
    }
}
