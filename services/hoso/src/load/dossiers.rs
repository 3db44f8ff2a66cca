//! The dossiers of a load: whole, synthetic, each another.

use std::sync::Arc;

use api::hoso::dossier::v1::{Channel, Component, PlaceKind, SourceReference};
use api::hoso::intake::v1::{
    Acceptance, Submission, SubmitAndAcceptDossierRequest, SubmitDossierRequest,
};
use domain::Catalogue;
use domain::catalogue::Procedure;
use domain::event;
use domain::ids::AgencyId;
use uuid::Uuid;

use super::mix::Mix;
use crate::demo::people;

const AGENCY: &str = "000.00.06.H20";
const PORTAL: &str = "CONG-DVC-DT";
const CENTRE: &str = "TTPVHCC-DT";
const POST: &str = "VNPOST-DT";
const SYSTEM: &str = "hoso.load";
/// Applicants are drawn from so many, none of whom can exist.
const PEOPLE: u64 = 1_000_000;

/// Makes the requests.
#[derive(Clone, Debug)]
pub struct Dossiers {
    catalogue: Arc<Catalogue>,
    procedures: Arc<[usize]>,
    mix: Mix,
}

impl Dossiers {
    /// Over every procedure that the department decides and whose result takes time.
    pub fn new(catalogue: Arc<Catalogue>, mix: Mix) -> Self {
        let agency = AgencyId::new(AGENCY);
        let fits = |procedure: &Procedure| {
            procedure.agencies.contains(&agency)
                && !procedure.immediate
                && procedure.valid_to.is_none()
        };
        let fitting = catalogue.procedures().enumerate();
        let fitting = fitting.filter(|(_, procedure)| fits(procedure));
        Self {
            procedures: fitting.map(|(at, _)| at).collect(),
            catalogue,
            mix,
        }
    }

    /// How its dossiers come.
    pub fn mix(&self) -> Mix {
        self.mix
    }

    /// What the dossier with this number is about.
    pub fn procedure(&self, number: u64) -> Option<&Procedure> {
        let count = u64::try_from(self.procedures.len()).ok()?;
        let at = usize::try_from(number.checked_rem(count)?).ok()?;
        self.catalogue.procedures().nth(*self.procedures.get(at)?)
    }

    /// How the dossier with this number comes.
    pub fn channel(&self, number: u64) -> event::Channel {
        self.mix.channel(number)
    }

    fn submission(&self, number: u64, reference: Uuid) -> Submission {
        let (channel, place, point, operator) = match self.channel(number) {
            event::Channel::Online => (Channel::Online, PlaceKind::Online, PORTAL, AGENCY),
            event::Channel::Direct => (Channel::Direct, PlaceKind::Counter, CENTRE, POST),
            event::Channel::Postal => (Channel::Postal, PlaceKind::PostOffice, "", POST),
        };
        let procedure = self.procedure(number);
        let name = procedure.map(|it| &*it.name).unwrap_or_default();
        let person = u32::try_from(number % PEOPLE).unwrap_or_default();
        let papers = procedure.map(|it| it.components.iter());
        let papers = papers.into_iter().flatten().filter(|it| it.required);
        Submission {
            procedure: procedure.map(|it| it.code.to_string()).unwrap_or_default(),
            agency: AGENCY.to_owned(),
            channel: channel.into(),
            place: place.into(),
            point: point.to_owned(),
            operator: operator.to_owned(),
            applicant: Some(people::applicant(person, name)),
            components: papers
                .map(|paper| Component {
                    code: paper.code.to_string(),
                    originals: 1,
                    ..Component::default()
                })
                .collect(),
            source: Some(SourceReference {
                system: SYSTEM.to_owned(),
                reference: reference.to_string(),
            }),
            synthetic: true,
            ..Submission::default()
        }
    }

    /// Files the dossier with this number.
    pub fn submit(&self, number: u64) -> SubmitDossierRequest {
        let id = Uuid::new_v4();
        SubmitDossierRequest {
            request_id: id.to_string(),
            submission: Some(self.submission(number, id)),
            actor: "tai.thu".to_owned(),
            min_position: String::new(),
        }
    }

    /// Files and accepts the dossier with this number.
    pub fn submit_and_accept(&self, number: u64) -> SubmitAndAcceptDossierRequest {
        let id = Uuid::new_v4();
        let (point, operator) = match self.channel(number) {
            event::Channel::Online => (PORTAL, AGENCY),
            event::Channel::Direct => (CENTRE, POST),
            event::Channel::Postal => (CENTRE, AGENCY),
        };
        SubmitAndAcceptDossierRequest {
            request_id: id.to_string(),
            submission: Some(self.submission(number, id)),
            acceptance: Some(Acceptance {
                point: point.to_owned(),
                operator: operator.to_owned(),
                ..Acceptance::default()
            }),
            actor: "tai.thu".to_owned(),
            ..SubmitAndAcceptDossierRequest::default()
        }
    }
}
