//! Processing (*giải quyết*): accepted dossiers, until the result is handed over.
//!
//! * [`settings`]: what it has to be told; `status`: what it tells about itself
//! * [`grpc`]: the calls; [`reading`]: what each change says, from the wire; [`asking`]: what is only asked
//! * `listing`: lists of dossiers, and `shown`: their rows of late; `filings`: what became of what was brought to intake nodes
//! * [`watching`]: the watch streams; [`changes`]: what happened to dossiers; [`reminders`]: which of them are due
//! * [`register`]: where every accepted dossier stands in the lists; [`inbox`]: those that are not over, in outline ([`open`]);
//!   [`subtasks`]: what other agencies were asked; [`watched`]: what may happen by itself
//! * `identities`: what identity numbers are looked up in; [`audit`]: who looked them up
//! * [`vaults`]: the vaults of intake nodes; [`gathering`]: what dossiers name there; [`speaking`]: fetches it, and tells
//!   erasures; `erasing`: an erasure that is asked for; `giving_up`: a vault that is gone for good; `homes`: what their dossiers' homes are shown and decide
//! * [`board`]: that and the other lists in memory; [`deadlines`]: makes happen what is watched; `calendar`: the calendar published while running
//!
//! It takes in every intake node's records before it decides, so its log holds every dossier's whole history.

pub mod asking;
pub mod audit;
pub mod board;
mod calendar;
pub mod changes;
pub mod deadlines;
mod erasing;
mod filings;
pub mod gathering;
mod giving_up;
pub mod grpc;
mod homes;
mod identities;
pub mod inbox;
pub mod line;
mod listing;
pub mod open;
pub mod reading;
pub mod register;
pub mod reminders;
pub mod settings;
mod shown;
pub mod speaking;
mod status;
pub mod subtasks;
#[cfg(test)]
mod testing;
mod tracking;
pub mod vaults;
pub mod watched;
pub mod watching;

use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use api::authority::{Entry, Guard, Judge};
use api::edge::Edge;
use api::hoso::identity::v1::identity_service_server;
use api::hoso::log::v1::{log_service_server, parked_service_server};
use api::hoso::processing::v1::processing_service_server::{ProcessingServiceServer, SERVICE_NAME};
use api::hoso::processing::v1::{audit_service_server, watch_service_server};
use api::hoso::vault::v1::vault_service_server;
use api::identity_service::IdentityCalls;
use api::log_service::LogCalls;
use api::vault_service::VaultCalls;
use api::watching::Watchers;
use application::ack::Ack;
use application::calendar as published;
use application::codes::Codes;
use application::identities::{Marked, Marks};
use application::projection::Projection;
use application::{Desk, Writer, erasures, riding};
use chassis::http::HttpPlan;
use chassis::serve::{Plan, ServeError, Sockets};
use eventlog::EventLog;
use messaging::{Errands, Feed, Feeds, Followed, Follower, Healer, Mode, Relayed, Witness};
use thiserror::Error;
use tokio::sync::watch;
use tokio::task::JoinSet;
use vault::LineKeys;

use crate::audit::AuditCalls;
use crate::board::Board;
use crate::calendar::Told;
use crate::grpc::Calls;
use crate::homes::{Homes, Shower};
use crate::identities::OfAccepted;
use crate::line::Line;
pub use crate::settings::Settings;
use crate::speaking::Speaker;
use crate::vaults::Vaults;
use crate::watching::Watches;

/// Processing, with its log and vault open.
#[derive(Debug)]
pub struct Processing {
    calls: Calls,
    drain: Duration,
    entry: Entry,
    data: PathBuf,
    line_key: Option<LineKeys>,
    relayed: Option<watch::Receiver<Relayed>>,
}

/// Processing could not start.
#[derive(Debug, Error)]
pub enum StartError {
    /// The log did not open.
    #[error("processing's log does not open: {0}")]
    Log(#[from] eventlog::OpenError),
    /// The log did not read.
    #[error("processing's log cannot be read: {0}")]
    Read(#[from] eventlog::ReadError),
    /// The vault did not open.
    #[error("processing's vault does not open: {0}")]
    Vault(#[from] vault::OpenError),
    /// What the log says was erased could not be erased from a vault that was restored.
    #[error(
        "processing's vault was restored, and what was erased since cannot be erased again: {0}"
    )]
    Erasures(#[from] erasures::ApplyError),
    /// The calendar that was published here cannot be read.
    #[error("the calendar that was published here cannot be read: {0}")]
    Calendar(std::io::Error),
}

impl Processing {
    /// Opens the log and the vault, and derives the inbox from them.
    ///
    /// # Errors
    /// When either does not open or cannot be read; nothing is changed then.
    pub fn open(settings: Settings) -> Result<Self, StartError> {
        let time = settings.clock.clone();
        let clock = settings.clock;
        // A clock that is set by hand is right by definition.
        let believed = !clock.is_manual();
        let clock_rule = believed.then(|| application::clock::rule(settings.clock_confirmed));
        let (log, vault) = riding::open::<StartError>(
            &settings.data,
            settings.master_key,
            eventlog::Settings {
                segment_bytes_max: settings.segment_bytes_max,
                clock_rule,
                clock_by_hand: Some(!believed),
                free_bytes_min: settings.free_bytes_min,
                ..eventlog::Settings::new(move || time.now_us())
            },
        )?;
        erasures::apply_after_restore(&log, &vault, &settings.data)?;
        let own = settings.catalogue;
        let published = published::published(&log)?.pop();
        let catalogue = match published {
            Some((_, it)) => published::in_use(Arc::clone(&own), &it.replaces, &it.csv),
            // What an earlier program kept in a file only.
            None => {
                let kept = published::kept(&settings.data, Arc::clone(&own));
                kept.map_err(StartError::Calendar)?
            }
        };
        let desk = Desk::new(
            log.clone(),
            vault,
            catalogue,
            // Processing accepts nothing, so it issues no codes.
            Arc::new(Codes::none()),
            Writer::Processing,
        );
        let board = Projection::open_kept(log, Board::default(), settings.data.join("board.fold"))?;
        Ok(Self {
            calls: Calls {
                edge: Edge {
                    desk,
                    now: Arc::new(move || clock.now()),
                    patience: settings.patience,
                    ack: Ack::Local,
                },
                board,
                vaults: Vaults::default(),
                own,
                told: Told::default(),
                homes: Homes::default(),
                shown: Arc::default(),
            },
            drain: settings.drain,
            entry: settings.entry,
            data: settings.data,
            line_key: settings.line_key,
            relayed: None,
        })
    }

    /// The log, for whoever follows it.
    pub fn log(&self) -> &EventLog {
        self.calls.edge.desk.log()
    }

    /// The same, knowing how far its log is published.
    #[must_use]
    pub fn published(self, relayed: watch::Receiver<Relayed>) -> Self {
        Self {
            relayed: Some(relayed),
            ..self
        }
    }

    /// Erases what is to be erased, and speaks with intake nodes if there is a key for that.
    fn speak<E: Errands>(&self, errands: E, marks: Marks, tasks: &mut JoinSet<()>) {
        let Calls {
            edge,
            board,
            vaults,
            homes,
            ..
        } = &self.calls;
        let now = Arc::clone(&edge.now);
        tasks.spawn(speaking::keep_erasing(
            edge.desk.clone(),
            board.clone(),
            vaults.clone(),
            move || now(),
        ));
        let Some(keys) = self.line_key.clone() else {
            tracing::info!("there is no line key: personal data stays with the intake nodes");
            homes::without_key(homes);
            return;
        };
        let line = Line { keys, errands };
        tasks.spawn(gathering::keep_gathering(
            edge.desk.clone(),
            vaults.clone(),
            self.data.join("vault"),
        ));
        let shower = Shower {
            desk: edge.desk.clone(),
            board: board.clone(),
            homes: homes.clone(),
            now: Arc::clone(&edge.now),
            line: line.clone(),
        };
        tasks.spawn(shower.run());
        let speaker = Speaker {
            desk: edge.desk.clone(),
            board: board.clone(),
            vaults: vaults.clone(),
            marks,
            line,
        };
        tasks.spawn(speaker.run());
    }

    /// Follows intake's nodes and serves until `stop` resolves, then drains. The healer is this log's.
    ///
    /// # Errors
    /// When the socket cannot be used.
    pub async fn serve<F: Feed, E: Errands, W: Witness>(
        self,
        mut feeds: Feeds<F>,
        errands: E,
        healer: Healer<W>,
        sockets: Sockets,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> Result<(), ServeError> {
        let log = self.log().clone();
        let mut tasks = JoinSet::new();
        let (tell_unable, unable) = watch::channel(None);
        let vault = self.calls.edge.desk.vault().clone();
        tasks.spawn(vault.clone().keep_exchanging());
        tasks.spawn(application::health::keep_looking(
            log.clone(),
            Some(vault),
            tell_unable,
        ));
        let into = log.clone();
        let followed = Followed::default();
        let found = followed.clone();
        tasks.spawn(async move {
            let mut followers = JoinSet::new();
            while let Some(feed) = feeds.next().await {
                let follower = Follower::new(feed, into.clone(), Mode::Import);
                found.add(follower.progress());
                // A fork is logged where it is found; the service goes on with what it has, for the other origins.
                followers.spawn(follower.run(std::future::pending()));
            }
            while followers.join_next().await.is_some() {}
        });
        let marked = Marked::new(Marks::new(self.calls.edge.desk.clone()));
        tasks.spawn(marked.clone().keep_up());
        tasks.spawn(calendar::keep_telling(
            self.calls.edge.desk.clone(),
            self.calls.told.clone(),
            errands.clone(),
            self.line_key.clone(),
        ));
        self.speak(errands, marked.marks.clone(), &mut tasks);
        let numbers = OfAccepted {
            marked,
            log: log.clone(),
            vaults: self.calls.vaults.clone(),
            gathers: self.line_key.is_some(),
        };
        let (healed, vault, data) = (log.clone(), self.calls.edge.desk.vault().clone(), self.data);
        tasks.spawn(
            healer.run(move |_| erasures::erased(healed.clone(), vault.clone(), data.clone())),
        );
        tasks.spawn(deadlines::keep_watching(
            self.calls.edge.clone(),
            self.calls.board.clone(),
        ));
        tasks.spawn(application::orphans::keep_sweeping(
            log.clone(),
            self.calls.edge.desk.vault().clone(),
        ));
        let board = self.calls.board.clone();
        let (edge, homes) = (self.calls.edge.clone(), self.calls.homes.clone());
        tasks.spawn(application::follow_up::keep_deciding(
            edge.desk,
            board.clone(),
            Board::follow_ups,
            move || (edge.now)(),
            move |filing, stands| homes.hear(filing, stands),
        ));
        let parked = api::parked_service::ParkedCalls::server(board.clone(), edge.patience);
        tasks.spawn(async move {
            if let Err(error) = board.run().await {
                tracing::error!(%error, "the inbox is not kept up any more");
            }
        });
        let vaults = self.calls.vaults.clone();
        let source = status::source(&self.calls, unable.clone(), followed, self.relayed, vaults);
        let vault = VaultCalls::server(self.calls.edge.clone());
        let (tell_stop, stopping) = watch::channel(false);
        let stop = async move {
            stop.await;
            // Streams end first: the server would wait for them.
            tell_stop.send_replace(true);
        };
        let watches = Watches::server(self.calls.clone(), Watchers::new(stopping));
        let judge = Judge {
            edge: Some(self.calls.edge.clone()),
            small_cells_min: 0,
        };
        let count = Arc::clone(&self.entry.look_up);
        let identities = IdentityCalls::server(self.calls.edge.clone(), numbers, count);
        let audit = AuditCalls::server(self.calls.clone());
        let guard = Guard::new(self.entry, judge);
        let routes = tonic::service::Routes::new(
            ProcessingServiceServer::new(self.calls)
                .max_decoding_message_size(chassis::serve::REQUEST_BYTES_MAX),
        )
        .add_service(LogCalls::server(source.clone()))
        .add_service(vault)
        .add_service(watches)
        .add_service(identities.max_decoding_message_size(chassis::serve::REQUEST_BYTES_MAX))
        .add_service(audit)
        .add_service(parked);
        let plan = Plan {
            role: "processing",
            listener: sockets.grpc,
            tls: sockets.tls,
            routes: guard.around(routes),
            http: sockets.http.map(|listener| HttpPlan {
                listener,
                doorkeeper: Arc::new(move |asked| guard.door(asked)),
                routes: axum::Router::new(),
            }),
            unable,
            tell: status::tell(source),
            names: vec![
                SERVICE_NAME,
                log_service_server::SERVICE_NAME,
                vault_service_server::SERVICE_NAME,
                parked_service_server::SERVICE_NAME,
                watch_service_server::SERVICE_NAME,
                identity_service_server::SERVICE_NAME,
                audit_service_server::SERVICE_NAME,
            ],
            descriptors: api::DESCRIPTORS,
            explain: api::status::explained,
            drain: self.drain,
        };
        // On the heap: whoever awaits a role would carry all of its server with it.
        let served = Box::pin(chassis::serve::serve(plan, stop)).await;
        tasks.shutdown().await;
        log.close();
        served
    }
}
