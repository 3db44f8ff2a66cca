//! What another system recorded of a dossier that it accepted, from the wire.

use application::personal::Applicant;
use domain::command::{CarriedExtension, CarriedWait, CarryOver, RecordedDue};
use domain::ids::{
    DossierCode, DossierId, LawId, OrganisationId, PointId, SourceReference, VaultRef,
};
use jiff::Timestamp;
use jiff::civil::Date;

use super::filing::{self, Filed};
use super::{carried_since, values};
use crate::faults::Faults;
use crate::hoso::intake::v1 as intake;
use crate::text;

/// A dossier to be taken over, as it came: the applicant still has to go to the vault.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Carried {
    filed: Filed,
    source: SourceReference,
    code: DossierCode,
    filed_at: Option<Timestamp>,
    accepted_at: Timestamp,
    due: Option<RecordedDue>,
    original_due: Option<RecordedDue>,
    extensions: Vec<CarriedExtension>,
    waits: Vec<CarriedWait>,
    law: Option<LawId>,
    point: PointId,
}

impl Carried {
    /// The applicant's personal data.
    pub fn applicant(&self) -> &Applicant {
        &self.filed.applicant
    }

    /// It says that its data are synthetic.
    pub fn is_synthetic(&self) -> bool {
        self.filed.is_synthetic()
    }

    /// Who ran the place where it was filed: the organisation acted for.
    pub fn operator(&self) -> &OrganisationId {
        &self.filed.operator
    }

    /// The dossier: the same whoever takes it over, on whichever node.
    pub fn id(&self) -> DossierId {
        DossierId::carried_over(&self.source)
    }

    /// The command, once the vault has the applicant.
    pub fn command(self, subject: VaultRef) -> CarryOver {
        CarryOver {
            submit: self.filed.command(subject),
            system: self.source.system,
            filed_at: self.filed_at,
            code: self.code,
            accepted_at: self.accepted_at,
            due: self.due,
            original_due: self.original_due,
            extensions: self.extensions,
            waits: self.waits,
            law: self.law,
            point: self.point,
        }
    }
}

/// A dossier to be taken over from the wire, within the fields `submission` and `carried_over`.
pub fn carried(asked: &intake::ImportDossierRequest, faults: &mut Faults) -> Option<Carried> {
    let filed = filing::submission(asked.submission.as_ref(), faults);
    if let Some(submission) = &asked.submission {
        if submission.source.is_none() {
            faults.note(
                "submission.source",
                "must name the other system and its number of the dossier",
            );
        }
        if submission.boundary_independent {
            faults.note(
                "submission.boundary_independent",
                "does not go with a dossier whose clock another system has started",
            );
        }
    }
    let Some(given) = &asked.carried_over else {
        faults.note("carried_over", "must say what the other system recorded");
        return None;
    };
    faults.within("carried_over", |faults| {
        let code = faults.take("code", text::identifier(&given.code, 64));
        let filed_at = match given.filed_at {
            Some(at) => faults.take("filed_at", values::instant(at)).map(Some),
            None => Some(None),
        };
        let accepted_at = faults.take(
            "accepted_at",
            given
                .accepted_at
                .ok_or_else(|| "must say when it was accepted there".to_owned())
                .and_then(values::instant),
        );
        let due = due(given.due.as_ref(), faults);
        let original_due = day("original_due_on", &given.original_due_on, faults);
        let extensions = carried_since::extensions(&given.extensions, faults);
        let waits = carried_since::waits(given, faults);
        let law = if given.law.is_empty() {
            Some(None)
        } else {
            faults
                .take("law", text::identifier(&given.law, 64))
                .map(Some)
        };
        let point = faults.take("point", text::identifier(&given.point, 64));
        let filed = filed?;
        Some(Carried {
            source: filed.source.clone()?,
            filed,
            code: DossierCode::new(code?),
            filed_at: filed_at?,
            accepted_at: accepted_at?,
            due: due?,
            original_due: original_due?.map(RecordedDue::On),
            extensions: extensions?,
            waits: waits?,
            law: law?.map(LawId::new),
            point: PointId::new(point?),
        })
    })
}

/// A day that may be left out.
pub(super) fn day(field: &str, given: &str, faults: &mut Faults) -> Option<Option<Date>> {
    if given.is_empty() {
        return Some(None);
    }
    faults.take(field, values::date(given)).map(Some)
}

pub(super) fn moment(
    field: &str,
    given: Option<prost_types::Timestamp>,
    faults: &mut Faults,
) -> Option<Timestamp> {
    let moment = given
        .ok_or_else(|| "must be said".to_owned())
        .and_then(values::instant);
    faults.take(field, moment)
}

fn due(
    given: Option<&intake::carried_over::Due>,
    faults: &mut Faults,
) -> Option<Option<RecordedDue>> {
    use intake::carried_over::Due as Wire;
    match given {
        None => Some(None),
        Some(Wire::DueOn(day)) => faults
            .take("due_on", values::date(day))
            .map(|day| Some(RecordedDue::On(day))),
        Some(Wire::DueAt(at)) => faults
            .take("due_at", values::instant(*at))
            .map(|at| Some(RecordedDue::At(at))),
    }
}
