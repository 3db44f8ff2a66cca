//! Finds dossiers by an identity number, wherever one is kept; no answer without its record.

use application::identities::Numbers;
use application::log::Position;
use application::post::By;
use application::{HandleError, Wish};
use domain::event::{IdentityLookedUp, LookUpPurpose};
use domain::ids::{ActorId, AgencyId, OrganisationId};
use tonic::{Request, Response, Status};
use uuid::Uuid;

use crate::authority::entry::CountCaller;
use crate::authority::{Caller, caller, judge};
use crate::convert::filing;
use crate::edge::Edge;
use crate::hoso::dossier::v1::Dossier;
use crate::hoso::identity::v1 as wire;
use crate::hoso::identity::v1::identity_service_server::{IdentityService, IdentityServiceServer};
use crate::hoso::identity::v1::{FindDossiersByIdentityRequest, FindDossiersByIdentityResponse};
use crate::status::{AccessError, EdgeError};
use crate::token::{self, Point};
use crate::{Faults, page, place, text};

/// The longest number of a document.
const REFERENCE_MAX: usize = 64;

/// Answers for one log and the vault beside it.
#[derive(Clone)]
pub struct IdentityCalls<N> {
    edge: Edge,
    numbers: N,
    count: CountCaller,
}

impl<N> std::fmt::Debug for IdentityCalls<N> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("IdentityCalls")
            .field("edge", &self.edge)
            .finish_non_exhaustive()
    }
}

/// What is asked. The number is in no field that is shown.
struct Asked {
    number: String,
    purpose: LookUpPurpose,
    reference: Option<Box<str>>,
    agency: AgencyId,
    actor: ActorId,
    size: usize,
    before: Option<Position>,
    /// What a page token is bound to.
    question: String,
    points: Vec<Point>,
}

/// What was found: a page of it.
struct Page {
    dossiers: Vec<Dossier>,
    next: String,
    incomplete: bool,
}

impl<N: Numbers> IdentityCalls<N> {
    /// The service over these numbers; `count` says how often an account may look up.
    pub fn server(edge: Edge, numbers: N, count: CountCaller) -> IdentityServiceServer<Self> {
        IdentityServiceServer::new(Self {
            edge,
            numbers,
            count,
        })
    }

    fn read(&self, given: &FindDossiersByIdentityRequest) -> Result<Asked, EdgeError> {
        let mut faults = Faults::default();
        let number = faults.take(
            "identity_number",
            filing::looked_up_number(&given.identity_number),
        );
        let purpose = faults.take("purpose", purpose(given.purpose));
        let reference = reference(&given.reference, number.as_deref(), &mut faults);
        let agency = faults.take("agency", text::identifier(&given.agency, 64));
        let agency = agency.map(AgencyId::new).and_then(|agency| {
            let known = self.edge.desk.catalogue().agency(&agency).is_some();
            let known = known
                .then_some(agency)
                .ok_or("must be an agency of the catalogue");
            faults.take("agency", known)
        });
        let actor = filing::actor(&given.actor, &mut faults);
        let size = page::size(given.page_size, &mut faults);
        // A page token tells nobody the number, not even in part.
        let question = format!(
            "identity/{:?}/{}/{}/{}",
            self.edge.desk.vault().fingerprint(
                "identity page",
                number.as_deref().unwrap_or_default().as_bytes()
            ),
            given.purpose,
            given.reference,
            given.agency,
        );
        let before = place::read::<u64>(&given.page_token, &question, &mut faults);
        let points = faults.take("min_position", token::read(&given.min_position));
        let ((((number, purpose), (reference, agency)), actor), points) = faults.finish(
            number
                .zip(purpose)
                .zip(reference.zip(agency))
                .zip(actor)
                .zip(points),
        )?;
        Ok(Asked {
            number,
            purpose,
            reference,
            agency,
            actor,
            size,
            before,
            question,
            points,
        })
    }

    async fn find(
        &self,
        given: FindDossiersByIdentityRequest,
    ) -> Result<FindDossiersByIdentityResponse, EdgeError> {
        let caller = caller::current();
        let asked = self.read(&given)?;
        (self.count)(&caller.subject).map_err(AccessError::TooOften)?;
        self.edge.wait_for(&asked.points).await?;
        let head = self.edge.desk.log().head();
        if !self.numbers.reach(head.position, self.edge.patience).await {
            return Err(EdgeError::NotYetLookedThrough);
        }
        let by = self.by(&asked);
        let looked_up = IdentityLookedUp {
            purpose: asked.purpose,
            reference: asked.reference.clone(),
            account: account(&caller, &asked.actor),
            dossiers: Vec::new(),
            more: false,
        };
        let (edge, numbers) = (self.edge.clone(), self.numbers.clone());
        // The vault and the log are read: on a thread of its own, so that nobody waits for it.
        let found =
            tokio::task::spawn_blocking(move || found(&edge, &numbers, &caller, &asked)).await;
        let (page, shown) = found??;
        let looked_up = IdentityLookedUp {
            dossiers: shown,
            more: !page.next.is_empty(),
            ..looked_up
        };
        let record = self.edge.desk.record_look_up(looked_up, &by).await?;
        self.edge
            .ack
            .wait(record.place.position, self.edge.patience)
            .await?;
        Ok(FindDossiersByIdentityResponse {
            dossiers: page.dossiers,
            next_page_token: page.next,
            position: token::write(&[Point {
                log: record.place.log,
                epoch: record.place.epoch,
                position: record.place.position,
            }]),
            incomplete: page.incomplete,
        })
    }

    /// Who acts. Looking up again is another look-up, so its request is like no other.
    fn by(&self, asked: &Asked) -> By {
        let request_id = Uuid::new_v4();
        let subject = &caller::current().subject;
        let vault = self.edge.desk.vault();
        By {
            request: Wish::request(vault, subject, request_id, "FindDossiersByIdentity", b""),
            request_id,
            actor: asked.actor.clone(),
            organisation: OrganisationId::new(asked.agency.as_str()),
            now: (self.edge.now)(),
        }
    }
}

/// What is here of that number and may be shown to the caller.
fn found<N: Numbers>(
    edge: &Edge,
    numbers: &N,
    caller: &Caller,
    asked: &Asked,
) -> Result<(Page, Vec<domain::ids::DossierId>), HandleError> {
    let naming = numbers.naming(&asked.number);
    let mut found = edge.desk.naming(
        &asked.number,
        &naming.positions,
        asked.before,
        asked.size + 1,
        |dossier| judge::may_read(caller, dossier),
    )?;
    let next = place::cut(&mut found, asked.size, &asked.question, |(at, _)| *at);
    let ids: Vec<_> = found.into_iter().map(|(_, id)| id).collect();
    let page = Page {
        dossiers: edge.listed(&ids)?,
        next,
        incomplete: naming.incomplete,
    };
    Ok((page, ids))
}

/// The account that calls, when another acts.
fn account(caller: &Caller, actor: &ActorId) -> Option<ActorId> {
    let another = *caller.subject != *actor.as_str() && *caller.subject != *caller::LOCAL;
    another.then(|| ActorId::new(&*caller.subject))
}

fn reference(given: &str, number: Option<&str>, faults: &mut Faults) -> Option<Option<Box<str>>> {
    if given.is_empty() {
        return Some(None);
    }
    let digits: String = given.chars().filter(char::is_ascii_digit).collect();
    if number.is_some_and(|number| digits.contains(&number.replace('-', ""))) {
        faults.note("reference", "may not hold the identity number");
        return None;
    }
    let reference = faults.take("reference", text::identifier(given, REFERENCE_MAX));
    reference.map(|reference| Some(reference.into()))
}

fn purpose(given: i32) -> Result<LookUpPurpose, &'static str> {
    use wire::LookUpPurpose as Wire;
    match Wire::try_from(given) {
        Ok(Wire::OwnDossiers) => Ok(LookUpPurpose::OwnDossiers),
        Ok(Wire::DuplicateCheck) => Ok(LookUpPurpose::DuplicateCheck),
        Ok(Wire::DataSubjectRights) => Ok(LookUpPurpose::DataSubjectRights),
        Ok(Wire::Complaint) => Ok(LookUpPurpose::Complaint),
        Ok(Wire::Inspection) => Ok(LookUpPurpose::Inspection),
        Ok(Wire::Unspecified) | Err(_) => Err("must say for what the number is looked up"),
    }
}

/// A purpose, outwards.
pub fn wire_purpose(purpose: LookUpPurpose) -> wire::LookUpPurpose {
    match purpose {
        LookUpPurpose::OwnDossiers => wire::LookUpPurpose::OwnDossiers,
        LookUpPurpose::DuplicateCheck => wire::LookUpPurpose::DuplicateCheck,
        LookUpPurpose::DataSubjectRights => wire::LookUpPurpose::DataSubjectRights,
        LookUpPurpose::Complaint => wire::LookUpPurpose::Complaint,
        LookUpPurpose::Inspection => wire::LookUpPurpose::Inspection,
    }
}

#[tonic::async_trait]
impl<N: Numbers> IdentityService for IdentityCalls<N> {
    async fn find_dossiers_by_identity(
        &self,
        request: Request<FindDossiersByIdentityRequest>,
    ) -> Result<Response<FindDossiersByIdentityResponse>, Status> {
        Ok(Response::new(self.find(request.into_inner()).await?))
    }
}
