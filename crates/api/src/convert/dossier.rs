//! Dossiers, applicants and explanations, outwards. No personal data but the applicant's own message.

use application::desk::Loaded;
use application::personal::Applicant;
use domain::Catalogue;
use domain::dossier::explain::explain_deadline;
use domain::dossier::{Dossier, Ended};
use domain::event::ApplicantKind;
use domain::ids::DossierId;

use super::{beyond, values};
use crate::hoso::{dossier::v1 as wire, processing::v1 as processing};

/// A dossier on the wire.
pub fn dossier(
    id: DossierId,
    dossier: &Dossier,
    revision: u32,
    catalogue: &Catalogue,
) -> wire::Dossier {
    let phase = dossier.phase();
    let filing = dossier.filing();
    let case = dossier.case();
    let ended = dossier.ended();
    let submitted = filing.map(|filing| &filing.submitted);
    let procedure = submitted.map(|submitted| &submitted.procedure);
    let mut outward = wire::Dossier {
        dossier_id: id.to_string(),
        code: case.map(|case| case.code.to_string()).unwrap_or_default(),
        phase: values::wire_phase(phase).into(),
        national_status: phase.national_status().map(u32::from).unwrap_or_default(),
        revision,
        procedure: procedure.map(ToString::to_string).unwrap_or_default(),
        procedure_name: procedure
            .and_then(|code| catalogue.procedure(code))
            .map(|procedure| procedure.name.to_string())
            .unwrap_or_default(),
        agency: case
            .map(|case| &case.agency)
            .or_else(|| submitted.map(|submitted| &submitted.agency))
            .map(ToString::to_string)
            .unwrap_or_default(),
        agency_now: case
            .map(|case| case.agency_now.to_string())
            .unwrap_or_default(),
        channel: submitted
            .map(|submitted| values::wire_channel(submitted.channel))
            .unwrap_or_default()
            .into(),
        assisted: submitted.is_some_and(|submitted| submitted.assisted),
        submitted_at: filing.map(|filing| values::timestamp(filing.submitted_at)),
        accepted_at: case.map(|case| values::timestamp(case.accepted_at)),
        original_due: case
            .and_then(|case| case.original_due)
            .map(values::wire_due),
        due: case.and_then(|case| case.due).map(values::wire_due),
        ended_at: ended.map(|ended| values::timestamp(ended.at)),
        exit: ended.map_or_else(String::new, |Ended { exit, .. }| exit.as_str().to_owned()),
        holder: case
            .and_then(|case| case.holder.as_ref())
            .map(ToString::to_string)
            .unwrap_or_default(),
        source: submitted
            .and_then(|submitted| submitted.source.as_ref())
            .map(values::wire_source),
        answer_due: filing
            .and_then(|filing| filing.answer_due)
            .map(values::timestamp),
        synthetic: submitted.is_some_and(|submitted| submitted.synthetic),
        flags: dossier
            .flags(catalogue)
            .into_iter()
            .map(|flag| flag.as_str().to_owned())
            .collect(),
        other_histories: super::duplicate::noted(dossier),
        ..wire::Dossier::default()
    };
    beyond::add(&mut outward, dossier);
    outward
}

/// The applicant on the wire: personal data, for those who may see it.
pub fn applicant(kind: ApplicantKind, person: Applicant) -> wire::Applicant {
    wire::Applicant {
        kind: values::wire_applicant_kind(kind).into(),
        name: person.name,
        identity_number: person.identity_number,
        phone: person.phone,
        email: person.email,
        address: person.address,
        submitter_name: person.submitter_name,
        request_content: person.request_content,
    }
}

/// Why a due date is what it is, on the wire; `None` for a dossier that was never accepted.
pub fn explanation(
    loaded: &Loaded,
    catalogue: &Catalogue,
) -> Option<processing::ExplainDeadlineResponse> {
    let explained = explain_deadline(&loaded.history, catalogue)?;
    Some(processing::ExplainDeadlineResponse {
        code: explained.code.to_string(),
        accepted_at: Some(values::timestamp(explained.accepted_at)),
        limit: explained.limit.map(values::wire_limit),
        original_due: explained.original_due.map(values::wire_due),
        due: explained.due.map(values::wire_due),
        law: explained.law.to_string(),
        law_name: explained.law_name.map(String::from).unwrap_or_default(),
        calendar: explained.calendar.to_string(),
        catalogue: explained.catalogue.to_string(),
        steps: explained
            .steps
            .into_iter()
            .map(|step| processing::DeadlineStep {
                at: Some(values::timestamp(step.at)),
                text_vi: step.what.vi,
                text_en: step.what.en,
                due: step.due_after.map(values::wire_due),
            })
            .collect(),
        days: explained
            .days
            .into_iter()
            .map(|day| processing::ExplainedDay {
                date: day.date.to_string(),
                kind: day.kind.as_str().to_owned(),
                reason: day.reason.into(),
                reason_en: day.reason_en.into(),
                count: day.count.unwrap_or_default(),
            })
            .collect(),
        rules: explained
            .rules
            .into_iter()
            .map(|rule| processing::AppliedRule {
                parameter: rule.parameter.to_owned(),
                value: rule.value,
                source: rule.source.into(),
                certainty: rule.certainty.as_str().to_owned(),
            })
            .collect(),
        position: String::new(),
    })
}
