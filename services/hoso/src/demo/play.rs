//! Plays the lives through the services, moment after moment on the virtual clock, several calls in flight at each.
//!
//! * [`calls`]: an act as a call; [`wishes`]: what it says
//!
//! The clock is set only while nothing is in flight and processing has taken in all that intake wrote: so each record
//! is recorded at the moment at which it happened.

mod calls;
mod wishes;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use api::hoso::dossier::v1::Receipt;
use api::hoso::intake::v1::intake_service_client::IntakeServiceClient;
use api::hoso::processing::v1::processing_service_client::ProcessingServiceClient;
use api::hoso::processing::v1::{DossierName, GetDossierRequest, dossier_name};
use chassis::Clock;
use domain::Catalogue;
use thiserror::Error;
use tokio::task::JoinSet;
use tonic::{Code, Status};

use self::calls::{Answer, Call, Clients};
use super::plan::Plan;
use super::plan::diary::Moment;
use super::plan::life::{Life, Step};
use super::progress::Progress;
use crate::client::Channel;

/// Calls in flight at one moment, at most.
const IN_FLIGHT: usize = 16;
/// A service that is busy, or waits for the other, is asked again so often …
const TRIES: u32 = 40;
/// … after so long: in all longer than a service's own patience.
const PAUSE: Duration = Duration::from_millis(100);
/// As many tokens as one field may hold.
const TOKENS: usize = 60;

/// What is known of a dossier once it was played.
#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    /// hoso's id.
    pub(super) dossier_id: String,
    /// Its code, once accepted.
    pub(super) code: String,
    /// What the applicant got at acceptance.
    pub(super) receipt: Option<Receipt>,
    /// Its last write at intake.
    position: String,
}

/// How it went.
#[derive(Debug)]
pub(super) struct Played {
    /// By a life's number.
    pub(super) known: BTreeMap<u32, Known>,
    /// Calls made, the waiting for processing included.
    pub(super) calls: u64,
    /// How long it took.
    pub(super) took: Duration,
}

/// A call was answered otherwise than the play needs.
#[derive(Debug, Error)]
pub(crate) enum PlayError {
    /// A service said no.
    #[error("dossier {number}, {act} at {at}: {said}")]
    Call {
        /// The life's number.
        number: u32,
        /// What was wanted.
        act: String,
        /// When.
        at: String,
        /// What the service said.
        said: String,
    },
    /// The folder holds another play.
    #[error("this folder was played by another version of hoso; choose a fresh one with --data")]
    OtherPlay,
    /// A task of the play died.
    #[error("a call of the play was lost: {0}")]
    Lost(#[from] tokio::task::JoinError),
}

/// Who plays.
#[derive(Debug)]
pub(super) struct Player {
    plan: Arc<Plan>,
    catalogue: Arc<Catalogue>,
    clock: Clock,
    clients: Clients,
}

impl Player {
    /// A player on connections to intake and processing.
    pub(super) fn new(
        plan: Arc<Plan>,
        catalogue: Arc<Catalogue>,
        clock: Clock,
        intake: Channel,
        processing: Channel,
    ) -> Self {
        let clients = Clients {
            intake: IntakeServiceClient::new(intake),
            processing: ProcessingServiceClient::new(processing),
        };
        Self {
            plan,
            catalogue,
            clock,
            clients,
        }
    }

    /// Plays everything; what was played before is answered again and changes nothing.
    ///
    /// # Errors
    /// At the first call that is not granted.
    pub(super) async fn play(&self, progress: &mut Progress) -> Result<Played, PlayError> {
        let began = Instant::now();
        let mut known: BTreeMap<u32, Known> = BTreeMap::new();
        let mut calls = 0;
        for (moment, turns) in schedule(&self.plan) {
            self.clock.set(moment.instant());
            let mut written = Vec::new();
            let mut waiting = turns.into_iter();
            let mut flying = JoinSet::new();
            loop {
                while flying.len() < IN_FLIGHT
                    && let Some((number, steps)) = waiting.next()
                {
                    let before = known.remove(&number).unwrap_or_default();
                    flying.spawn(self.turn(number, steps, before));
                }
                let Some(turn) = flying.join_next().await else {
                    break;
                };
                let Turn {
                    number,
                    after,
                    made,
                    tokens,
                } = turn??;
                known.insert(number, after);
                written.extend(tokens);
                calls += made;
                progress.advance(made, moment.day);
            }
            calls += self.settle(&written, &known).await?;
        }
        Ok(Played {
            known,
            calls,
            took: began.elapsed(),
        })
    }

    /// What one dossier does at one moment, in order.
    fn turn(
        &self,
        number: u32,
        steps: Vec<usize>,
        known: Known,
    ) -> impl Future<Output = Result<Turn, PlayError>> + Send + 'static {
        let (plan, catalogue, mut clients) = (
            Arc::clone(&self.plan),
            Arc::clone(&self.catalogue),
            self.clients.clone(),
        );
        async move {
            let mut turn = Turn {
                number,
                after: known,
                made: 0,
                tokens: Vec::new(),
            };
            let life = plan.life(number);
            let procedure = life.and_then(|life| catalogue.procedure(&life.procedure));
            let Some((life, procedure)) = life.zip(procedure) else {
                return Ok(turn);
            };
            for n in steps {
                let Some(step) = life.steps.get(n) else {
                    continue;
                };
                let Known {
                    dossier_id,
                    position,
                    ..
                } = &turn.after;
                let call = Call {
                    life,
                    procedure,
                    n,
                    act: step.act,
                    dossier_id,
                    min_position: position,
                };
                let answer = insist(&mut clients, call)
                    .await
                    .map_err(|status| refused(life, step, &status))?;
                turn.take(answer);
            }
            Ok(turn)
        }
    }

    /// Waits until processing has all that was written at intake at this moment.
    async fn settle(
        &self,
        tokens: &[String],
        known: &BTreeMap<u32, Known>,
    ) -> Result<u64, PlayError> {
        let Some(any) = known.values().next() else {
            return Ok(0);
        };
        let mut calls = 0;
        for tokens in tokens.chunks(TOKENS) {
            let name = dossier_name::Name::DossierId(any.dossier_id.clone());
            let request = GetDossierRequest {
                dossier: Some(DossierName { name: Some(name) }),
                min_position: tokens.join(" "),
            };
            let mut tries = 0;
            while let Err(status) = self
                .clients
                .processing
                .clone()
                .get_dossier(request.clone())
                .await
            {
                tries += 1;
                if status.code() != Code::Unavailable || tries > TRIES {
                    return Err(PlayError::Call {
                        number: 0,
                        act: "waiting for processing".to_owned(),
                        at: self.clock.now().to_string(),
                        said: crate::client::explain(&status).to_string(),
                    });
                }
                tokio::time::sleep(PAUSE).await;
            }
            calls += 1;
        }
        Ok(calls)
    }
}

/// One dossier's turn at a moment.
#[derive(Debug)]
struct Turn {
    number: u32,
    after: Known,
    made: u64,
    tokens: Vec<String>,
}

impl Turn {
    fn take(&mut self, answer: Answer) {
        self.made += 1;
        if let Some(dossier) = answer.dossier {
            self.after.dossier_id = dossier.dossier_id;
            self.after.code = dossier.code;
        }
        if let Some(receipt) = answer.receipt {
            self.after.receipt = Some(receipt);
        }
        if let Some(position) = answer.intake_position {
            self.tokens.push(position.clone());
            self.after.position = position;
        }
    }
}

/// What happens when: at each moment the dossiers that have a turn, with the places of their steps.
fn schedule(plan: &Plan) -> BTreeMap<Moment, BTreeMap<u32, Vec<usize>>> {
    let mut schedule: BTreeMap<Moment, BTreeMap<u32, Vec<usize>>> = BTreeMap::new();
    for life in &plan.lives {
        for (n, step) in life.steps.iter().enumerate() {
            schedule
                .entry(step.at)
                .or_default()
                .entry(life.number)
                .or_default()
                .push(n);
        }
    }
    schedule
}

/// Asks again while the service says that it cannot just now; the request id makes that safe.
async fn insist(clients: &mut Clients, call: Call<'_>) -> Result<Answer, Status> {
    let mut tries = 0;
    loop {
        match calls::carry_out(clients, call).await {
            Err(status) if status.code() == Code::Unavailable && tries < TRIES => {
                tries += 1;
                tokio::time::sleep(PAUSE).await;
            }
            answer => return answer,
        }
    }
}

fn refused(life: &Life, step: &Step, status: &Status) -> PlayError {
    if status.code() == Code::AlreadyExists {
        return PlayError::OtherPlay;
    }
    PlayError::Call {
        number: life.number,
        act: format!("{:?}", step.act),
        at: step.at.civil().to_string(),
        said: crate::client::explain(status).to_string(),
    }
}
