//! Erasing a subject, and the applicant's data as it is told: both as far as the vaults are.

use std::time::Duration;

use api::authority::{self, Scope};
use api::convert::dossier as outward;
use api::edge;
use api::hoso::dossier::v1 as wire;
use api::hoso::processing::v1::{EraseSubjectRequest, EraseSubjectResponse};
use api::{EdgeError, token};
use application::codec;
use application::desk::Loaded;
use application::personal::{self, Applicant};
use domain::event::Event;
use domain::ids::{DossierId, HomeId};
use eventlog::Record;
use tokio::time::Instant;

use crate::grpc::Calls;
use crate::speaking;

/// How long to wait before looking again whether the other vaults have erased.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// The applicant's data, or why it is not told.
pub(crate) struct Person {
    /// The data.
    pub(crate) applicant: Option<wire::Applicant>,
    /// It was erased, or is being erased.
    pub(crate) erased: bool,
    /// It is still with the node that took it in.
    pub(crate) not_yet_here: bool,
}

impl Calls {
    /// Asks for the erasure, destroys what is here, and waits a little for the other vaults.
    pub(crate) async fn erase(
        &self,
        request: tonic::Request<EraseSubjectRequest>,
    ) -> Result<EraseSubjectResponse, EdgeError> {
        let answer = self.changed(request).await?;
        let position = edge::token_of(&answer);
        let desk = &self.edge.desk;
        desk.erase_here(answer.id).await?;
        self.board
            .reach(desk.log().head().position, self.edge.patience)
            .await;
        self.vaults.wake();
        let until = Instant::now() + self.edge.patience;
        loop {
            let loaded = desk.load(answer.id)?;
            let erased = is_noted(&loaded);
            if erased || Instant::now() >= until {
                let waiting_for = if erased {
                    Vec::new()
                } else {
                    self.waiting_for(answer.id)?
                };
                let left_out = left_out(&desk.records(answer.id)?);
                return Ok(EraseSubjectResponse {
                    left_out: left_out.iter().map(ToString::to_string).collect(),
                    dossier: Some(self.edge.read(answer.id, &loaded)),
                    position: if erased {
                        token::write(&[desk.log().head().into()])
                    } else {
                        position
                    },
                    erased,
                    waiting_for,
                });
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    fn waiting_for(&self, dossier: DossierId) -> Result<Vec<String>, EdgeError> {
        let open = self.board.read(|board, _| board.erasures.open());
        let Some((_, place)) = open.into_iter().find(|(of, _)| *of == dossier) else {
            return Ok(Vec::new());
        };
        let desk = &self.edge.desk;
        let waits = speaking::waits_for(desk, &self.board, &self.vaults, dossier, place)?;
        Ok(waits.for_them.iter().map(ToString::to_string).collect())
    }

    /// Who the applicant is, as far as this vault and the caller's scopes go. A dossier is told whether or not its applicant can
    /// be.
    pub(crate) fn person(&self, dossier: DossierId, loaded: &Loaded) -> Person {
        let filing = loaded.dossier.filing();
        let vault = self.edge.desk.vault();
        let erased = filing.is_some_and(|it| it.erasure.is_some())
            || is_noted(loaded)
            || vault.is_erased(dossier.0);
        let may = authority::caller::current().may(Scope::ReadApplicant);
        let here = filing.is_some_and(|it| vault.has(it.submitted.subject.entry));
        let told = filing.filter(|_| !erased && may).and_then(|filing| {
            let subject = &filing.submitted.subject;
            match personal::recall::<Applicant>(vault, subject) {
                Ok(person) => Some(outward::applicant(filing.submitted.applicant, person?)),
                Err(error) => {
                    tracing::error!(%dossier, %error, "the applicant cannot be told");
                    None
                }
            }
        });
        Person {
            erased,
            not_yet_here: !erased && !here,
            applicant: told,
        }
    }
}

/// Whose vaults the history says were given up when nothing else was left.
fn left_out(records: &[Record]) -> Vec<HomeId> {
    let destroyed = |record: &Record| {
        if let Event::SubjectKeyDestroyed(it) = codec::decode(record).ok()?.event {
            Some(it.left_out)
        } else {
            None
        }
    };
    records.iter().rev().find_map(destroyed).unwrap_or_default()
}

/// Whether the history says that nothing is left.
fn is_noted(loaded: &Loaded) -> bool {
    let filing = loaded.dossier.filing();
    filing.is_some_and(|it| it.subject_erased_at.is_some())
}
