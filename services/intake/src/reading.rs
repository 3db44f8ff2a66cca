//! What each change of a filed dossier says, from the wire: the command it means, and the words that go to the vault first.

use api::convert::change::{self, Marks, Wished};
use api::convert::{beyond, filing, values};
use api::hoso::intake::v1::{
    CorrectApplicantRequest, EraseSubjectRequest, RecordComponentsRequest, RefuseDossierRequest,
    RequestIntakeSupplementRequest, SupplementSubmissionRequest, WithdrawSubmissionRequest,
};
use api::{EdgeError, Faults};
use domain::command::{
    Command, EraseSubject, ReceiveIntakeSupplement, RefuseIntake, RequestIntakeSupplement, Withdraw,
};
use domain::ids::DossierId;

/// A request that changes a filed dossier.
pub trait Changing: prost::Message + Default {
    /// The method's name.
    const METHOD: &'static str;

    /// The positions it waits for, taken out: they are no part of what is wished.
    fn take_min_position(&mut self) -> String;

    /// The dossier and the marks.
    fn marks(&self, min_position: &str, faults: &mut Faults) -> Option<(DossierId, Marks)>;

    /// What it wishes; faults are noted, and nothing is given then.
    ///
    /// # Errors
    /// When words cannot be written for the vault, which no words can cause.
    fn read(&self, faults: &mut Faults) -> Result<Option<Wished>, EdgeError>;
}

macro_rules! changing {
    ($($request:ident = $method:literal, |$asked:ident, $faults:ident| $read:expr;)*) => {$(
        impl Changing for $request {
            const METHOD: &'static str = $method;
            fn take_min_position(&mut self) -> String {
                std::mem::take(&mut self.min_position)
            }
            fn marks(&self, min_position: &str, faults: &mut Faults) -> Option<(DossierId, Marks)> {
                let marks = change::marks(
                    &self.request_id,
                    self.expected_revision,
                    &self.actor,
                    min_position,
                    faults,
                );
                change::dossier_id(&self.dossier_id, faults).zip(marks)
            }
            fn read(&self, $faults: &mut Faults) -> Result<Option<Wished>, EdgeError> {
                let $asked = self;
                $read
            }
        }
    )*};
}

changing! {
    RefuseDossierRequest = "RefuseDossier", |asked, faults| {
        values::reason(asked.reason.as_ref(), faults).map(|why| Wished::because(why, |reason| {
            Command::RefuseIntake(RefuseIntake { reason })
        })).transpose()
    };
    RequestIntakeSupplementRequest = "RequestIntakeSupplement", |asked, faults| {
        let why = values::reason(asked.reason.as_ref(), faults);
        let components = values::component_codes(&asked.components, faults);
        why.map(|why| Wished::because(why, move |reason| {
            Command::RequestIntakeSupplement(RequestIntakeSupplement {
                reason,
                components: components.clone(),
            })
        })).transpose()
    };
    SupplementSubmissionRequest = "SupplementSubmission", |asked, faults| {
        let components = values::components(&asked.components, faults);
        Ok(Some(Wished::plain(Command::ReceiveIntakeSupplement(ReceiveIntakeSupplement { components }))))
    };
    CorrectApplicantRequest = "CorrectApplicant", |asked, faults| {
        let person = filing::applicant(asked.applicant.as_ref(), faults);
        let reason = change::reason_code(&asked.reason_code, faults);
        person
            .zip(reason)
            .map(|((_, person), reason)| Wished::replacing(&person, reason))
            .transpose()
    };
    EraseSubjectRequest = "EraseSubject", |asked, faults| {
        let ground = change::reason_code(&asked.reason_code, faults);
        Ok(ground.map(|ground| Wished::plain(Command::EraseSubject(EraseSubject { ground }))))
    };
    RecordComponentsRequest = "RecordComponents", |asked, faults| {
        let papers = beyond::components(&asked.components, faults);
        Ok(Some(Wished::plain(Command::RecordComponents(papers))))
    };
    WithdrawSubmissionRequest = "WithdrawSubmission", |asked, faults| {
        match values::reason_if_any(asked.reason.as_ref(), faults) {
            Some(why) => Wished::because(why, |reason| {
                Command::Withdraw(Withdraw { reason: Some(reason) })
            }).map(Some),
            None => Ok(Some(Wished::plain(Command::Withdraw(Withdraw { reason: None })))),
        }
    };
}
