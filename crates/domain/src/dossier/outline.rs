//! A dossier in outline: what lists, deadlines and sweeps go by, which can be followed from event to event without the rest.
//!
//! Where many dossiers are kept in sight at once, only this much of each is. What an event makes of it is not said a second
//! time: the outline is filled up to a dossier with blanks, [`evolve`] applies the event, and the outline of that is taken.
//! That this gives the outline of the whole dossier, whatever happens, is what the test holds.

use jiff::{Timestamp, civil::Date};
use uuid::Uuid;

use super::case::{FeeNotice, SupplementRequest, Waiting};
use super::{
    Accepted, AwaitingIntakeSupplement, AwaitingPayment, AwaitingSupplement, Case, Dossier, Ended,
    Exit, Filing, InProcessing, Phase, Resolved, Submitted, Subtask, Suspended, evolve,
};
use crate::clock::Due;
use crate::event::{
    AcceptanceBasis, ApplicantKind, Channel, DossierAccepted, DossierSubmitted, Occurrence,
    Outcome, PlaceKind, Reason,
};
use crate::ids::{
    ActorId, AgencyId, DossierCode, FieldCode, LawId, OrganisationId, PointId, ProcedureCode,
    VaultRef, VersionHash,
};

/// A dossier in outline.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Outline {
    /// Where in its life it is.
    pub phase: Phase,
    /// What acceptance made of it; none when it was never accepted.
    pub case: Option<CaseOutline>,
}

/// An accepted dossier in outline.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CaseOutline {
    /// The agency that has it now.
    pub agency: AgencyId,
    /// The unit that has it now.
    pub unit: Option<Box<str>>,
    /// The officer's account that holds it.
    pub holder: Option<ActorId>,
    /// The due date now.
    pub due: Option<Due>,
    /// The calendar the due date was last counted on.
    pub calendar: VersionHash,
    /// The competent agency has it, so that the clock has started.
    pub clock_started: bool,
    /// The last day for the supplement it waits for, if the law version sets one.
    pub lapses_on: Option<Date>,
    /// What other agencies were asked and have not answered, while it is pending.
    pub subtasks: Vec<Subtask>,
}

impl Default for Outline {
    /// Nothing has happened.
    fn default() -> Self {
        Self {
            phase: Phase::Unknown,
            case: None,
        }
    }
}

impl Outline {
    /// Of this dossier.
    pub fn of(dossier: &Dossier) -> Self {
        Self {
            phase: dossier.phase(),
            case: dossier.case().map(|case| CaseOutline::of(dossier, case)),
        }
    }

    /// Whether nobody has to do anything about it any more; so it is with one of which nothing is known.
    pub fn is_over(&self) -> bool {
        match self.phase {
            Phase::Unknown
            | Phase::Refused
            | Phase::Terminated
            | Phase::Returned
            | Phase::Withdrawn
            | Phase::Voided => true,
            Phase::Submitted
            | Phase::AwaitingIntakeSupplement
            | Phase::Accepted
            | Phase::InProcessing
            | Phase::AwaitingSupplement
            | Phase::AwaitingPayment
            | Phase::Suspended
            | Phase::Resolved => false,
        }
    }

    /// The outline after this event, of a dossier that is not over; one that is over is not followed any further, and so
    /// unknown.
    #[must_use]
    pub fn after(self, occurrence: &Occurrence) -> Self {
        Self::of(&evolve(self.filled_up(), occurrence))
    }

    /// A dossier with this outline, and blanks for all the rest.
    fn filled_up(self) -> Dossier {
        let filing = blank_filing();
        let Some(outline) = self.case else {
            return match self.phase {
                Phase::Submitted => Dossier::Submitted(Submitted { filing }),
                Phase::AwaitingIntakeSupplement => {
                    Dossier::AwaitingIntakeSupplement(AwaitingIntakeSupplement {
                        filing,
                        asked_at: Timestamp::UNIX_EPOCH,
                        reason: blank_reason(),
                        missing: Vec::new(),
                    })
                }
                Phase::Unknown
                | Phase::Refused
                | Phase::Accepted
                | Phase::InProcessing
                | Phase::AwaitingSupplement
                | Phase::AwaitingPayment
                | Phase::Suspended
                | Phase::Terminated
                | Phase::Resolved
                | Phase::Returned
                | Phase::Withdrawn
                | Phase::Voided => Dossier::Unknown,
            };
        };
        let lapses_on = outline.lapses_on;
        let case = outline.filled_up();
        match self.phase {
            Phase::Accepted => Dossier::Accepted(Accepted { filing, case }),
            Phase::InProcessing => Dossier::InProcessing(InProcessing { filing, case }),
            Phase::AwaitingSupplement => Dossier::AwaitingSupplement(AwaitingSupplement {
                filing,
                case,
                request: SupplementRequest {
                    ordinal: 0,
                    asked_at: Timestamp::UNIX_EPOCH,
                    reason: blank_reason(),
                    missing: Vec::new(),
                    lapses_on,
                },
            }),
            Phase::AwaitingPayment => Dossier::AwaitingPayment(AwaitingPayment {
                filing,
                case,
                notice: FeeNotice {
                    notice: "".into(),
                    amount_vnd: 0,
                    suspends_clock: false,
                    notified_at: Timestamp::UNIX_EPOCH,
                },
            }),
            Phase::Suspended => Dossier::Suspended(Suspended {
                filing,
                case,
                since: Timestamp::UNIX_EPOCH,
                reason: blank_reason(),
            }),
            Phase::Resolved => Dossier::Resolved(Resolved {
                filing,
                case,
                ended: Ended {
                    at: Timestamp::UNIX_EPOCH,
                    exit: Exit::Granted,
                },
                outcome: Outcome::Refused {
                    reason: blank_reason(),
                },
            }),
            Phase::Unknown
            | Phase::Submitted
            | Phase::AwaitingIntakeSupplement
            | Phase::Refused
            | Phase::Terminated
            | Phase::Returned
            | Phase::Withdrawn
            | Phase::Voided => Dossier::Unknown,
        }
    }
}

impl CaseOutline {
    fn of(dossier: &Dossier, case: &Case) -> Self {
        let ended = dossier.ended().is_some();
        let open = case.subtasks.iter();
        let open = open.filter(|it| !ended && it.closed.is_none());
        Self {
            agency: case.agency_now.clone(),
            unit: case.unit.clone(),
            holder: case.holder.clone(),
            due: case.due,
            calendar: case.calendar.clone(),
            clock_started: case.clock_from.is_some(),
            lapses_on: match dossier.waiting() {
                Some(Waiting::Supplement(request)) => request.lapses_on,
                Some(Waiting::Payment(_) | Waiting::Resumption { .. }) | None => None,
            },
            subtasks: open.cloned().collect(),
        }
    }

    fn filled_up(self) -> Case {
        let accepted = DossierAccepted {
            code: DossierCode::new(""),
            procedure: ProcedureCode::new(""),
            field: FieldCode::new(""),
            agency: AgencyId::new(""),
            channel: Channel::Direct,
            assisted: false,
            point: PointId::new(""),
            operator: OrganisationId::new(""),
            basis: AcceptanceBasis::ServerClock,
            limit: None,
            due: self.due,
            law: LawId::new(""),
            calendar: self.calendar,
            catalogue: VersionHash::new(""),
            receipt_issued: false,
            boundary_independent: !self.clock_started,
        };
        Case {
            agency_now: self.agency,
            unit: self.unit,
            holder: self.holder,
            subtasks: self.subtasks,
            ..Case::new(accepted, Timestamp::UNIX_EPOCH)
        }
    }
}

fn blank_filing() -> Filing {
    let submitted = DossierSubmitted {
        procedure: ProcedureCode::new(""),
        agency: AgencyId::new(""),
        channel: Channel::Direct,
        assisted: false,
        place: PlaceKind::Counter,
        point: None,
        operator: OrganisationId::new(""),
        applicant: ApplicantKind::Citizen,
        subject: VaultRef {
            entry: Uuid::nil(),
            digest: "".into(),
        },
        components: Vec::new(),
        source: None,
        catalogue: VersionHash::new(""),
        answer_due: None,
        boundary_independent: false,
        synthetic: false,
    };
    Filing::new(submitted, Timestamp::UNIX_EPOCH)
}

fn blank_reason() -> Reason {
    Reason {
        code: "".into(),
        text: None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::testing::*;
    use super::*;

    /// Follows a dossier and its outline through these events; one that is over is left there by both.
    fn followed(history: &[Occurrence]) {
        let (mut dossier, mut outline) = (Dossier::Unknown, Outline::default());
        for occurrence in history {
            dossier = evolve(dossier, occurrence);
            outline = outline.after(occurrence);
            assert_eq!(outline, Outline::of(&dossier), "after {occurrence:?}");
            if outline.is_over() {
                dossier = Dossier::Unknown;
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]

        #[test]
        fn what_is_kept_in_outline_stands_where_the_whole_dossier_stands(
            beginning in any_beginning(),
            attempts in any_attempts(40),
        ) {
            followed(&lived(beginning, &attempts, |_| {}).history);
        }

        #[test]
        fn events_that_make_no_sense_leave_an_outline_as_they_leave_a_dossier(
            beginning in any_beginning(),
            attempts in any_attempts(40),
            order in prop::collection::vec(any::<prop::sample::Index>(), 1..80),
        ) {
            let history = lived(beginning, &attempts, |_| {}).history;
            prop_assume!(history.len() > 2);
            let (begun, rest) = history.split_at(2);
            let any_order = order.iter().map(|which| which.get(rest));
            let history: Vec<_> = begun.iter().chain(any_order).cloned().collect();
            followed(&history);
        }
    }
}
