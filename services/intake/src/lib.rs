//! Intake (*tiếp nhận*): dossiers from submission to acceptance, at the counter, online and by post.
//!
//! * [`settings`]: what it has to be told; `status`: what it tells about itself
//! * [`grpc`]: the calls, each: read the wire, make the wish, answer; [`reading`]: what changes say, from the wire
//! * `carried`: dossiers taken over from another system
//! * `filings`: what is brought later, taken in at once; `undecided`: those of it that stand in line; `erasing`: an erasure before acceptance; [`terminals`]: what the public post brings
//! * `identities`: what identity numbers are looked up in
//! * [`worklist`]: what waits for intake, the nearest answer limit first
//! * [`receipt`]: the data of form 01

mod carried;
mod erasing;
mod fields;
mod filings;
pub mod grpc;
mod identities;
mod listing;
pub mod reading;
pub mod receipt;
pub mod settings;
mod status;
pub mod terminals;
mod undecided;
pub mod waiting;
pub mod worklist;

use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use api::authority::{Entry, Guard, Judge};
use api::edge::Edge;
use api::hoso::identity::v1::identity_service_server;
use api::hoso::intake::v1::intake_service_server::{IntakeServiceServer, SERVICE_NAME};
use api::hoso::intake::v1::terminal_service_server::{self, TerminalServiceServer};
use api::hoso::log::v1::log_service_server;
use api::hoso::vault::v1::vault_service_server;
use api::identity_service::IdentityCalls;
use api::log_service::LogCalls;
use api::vault_service::VaultCalls;
use application::calendar::Calendars;
use application::codes::{Codes, Counters};
use application::post::custody::Custody;
use application::projection::Projection;
use application::{Desk, Writer, calendar, erasures, errands, riding};
use chassis::http::HttpPlan;
use chassis::serve::{Plan, ServeError, Sockets};
use eventlog::EventLog;
use jiff::Timestamp;
use messaging::{Answering, Healer, Relayed, Witness};
use thiserror::Error;
use tokio::sync::watch;
use vault::LineKeys;

use crate::grpc::Calls;
use crate::identities::OfFiled;
pub use crate::settings::Settings;
use crate::terminals::TerminalCalls;
use crate::undecided::Undecided;
use crate::worklist::Worklist;

/// What intake folds out of its log: what waits, the codes given out, who has which papers.
pub(crate) type Folded = (Worklist, (Counters, Custody));

/// How long records are gathered before they are folded; for whoever asks they are folded at once.
const GATHER: Duration = Duration::from_millis(20);
/// How long the codes of a healed log may take to be counted before that is tried again.
const CODES_PATIENCE: Duration = Duration::from_secs(60);

/// An intake node whose log and vault are open.
#[derive(Debug)]
pub struct Intake {
    calls: Calls,
    node: u8,
    codes: Arc<Codes>,
    drain: Duration,
    entry: Entry,
    data: PathBuf,
    calendars: Calendars,
    line_key: Option<LineKeys>,
    relayed: Option<watch::Receiver<Relayed>>,
}

/// Intake could not start.
#[derive(Debug, Error)]
pub enum StartError {
    /// The log did not open.
    #[error("intake's log does not open: {0}")]
    Log(#[from] eventlog::OpenError),
    /// The log did not read.
    #[error("intake's log cannot be read: {0}")]
    Read(#[from] eventlog::ReadError),
    /// The vault did not open.
    #[error("intake's vault does not open: {0}")]
    Vault(#[from] vault::OpenError),
    /// What the log says was erased could not be erased from a vault that was restored.
    #[error("intake's vault was restored, and what was erased since cannot be erased again: {0}")]
    Erasures(#[from] erasures::ApplyError),
    /// The calendar that was published cannot be read.
    #[error("the calendar that was published cannot be read: {0}")]
    Calendar(std::io::Error),
}

impl Intake {
    /// Opens the log and the vault, and derives the counters and the worklist from them.
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
        let folded = Projection::open_kept(
            log.clone(),
            (
                Worklist::default(),
                (Counters::of(settings.node), Custody::default()),
            ),
            settings.data.join("worklist.fold"),
        )?
        .gathering(GATHER);
        let undecided = Undecided::after_start(&log)?;
        let codes = Arc::new(folded.read(|(_, (counters, _)), _| Codes::after(counters)));
        let own = Arc::clone(&settings.catalogue);
        let catalogue =
            calendar::kept(&settings.data, settings.catalogue).map_err(StartError::Calendar)?;
        let desk = Desk::new(
            log,
            vault,
            catalogue,
            Arc::<Codes>::clone(&codes),
            Writer::Intake,
        );
        let calendars = Calendars {
            desk: desk.clone(),
            own,
            folder: settings.data.clone(),
        };
        Ok(Self {
            calendars,
            calls: Calls {
                one_of_several: settings.one_of_several,
                rehearses: clock.is_manual(),
                edge: Edge {
                    desk,
                    now: Arc::new(move || clock.now()),
                    patience: settings.patience,
                    ack: settings.ack,
                },
                worklist: folded,
                undecided,
            },
            node: settings.node,
            codes,
            drain: settings.drain,
            entry: settings.entry,
            data: settings.data,
            line_key: settings.line_key,
            relayed: None,
        })
    }

    /// The node's log, for whoever follows it.
    pub fn log(&self) -> &EventLog {
        self.calls.edge.desk.log()
    }

    /// The node's digit in the dossier codes that it gives out.
    pub fn digit(&self) -> u8 {
        self.node
    }

    /// The node's clock.
    pub fn now(&self) -> Timestamp {
        (self.calls.edge.now)()
    }

    /// Answers processing: for this node's vault and about filings, if it was given a key for that, and when it tells a calendar.
    pub fn answering(&self) -> Answering {
        let keys = self.line_key.clone();
        let now = Arc::clone(&self.calls.edge.now);
        let calendars = self.calendars.clone();
        let of = self.log().head().log;
        Arc::new(move |question| {
            let (calendars, keys, now) = (calendars.clone(), keys.clone(), now());
            Box::pin(async move {
                let answer = match keys {
                    Some(keys) => errands::answer(&calendars, &keys, of, now, &question).await,
                    None => errands::answer_openly(&calendars, &question),
                };
                answer.map_err(|fault| fault.to_string())
            })
        })
    }

    /// The same, knowing how far its log is published.
    #[must_use]
    pub fn published(self, relayed: watch::Receiver<Relayed>) -> Self {
        Self {
            relayed: Some(relayed),
            ..self
        }
    }

    /// Serves until `stop` resolves, then drains. The healer is this log's.
    ///
    /// # Errors
    /// When the socket cannot be used.
    pub async fn serve<W: Witness>(
        self,
        healer: Healer<W>,
        sockets: Sockets,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> Result<(), ServeError> {
        let log = self.log().clone();
        let mut tasks = tokio::task::JoinSet::new();
        let (tell_unable, unable) = watch::channel(None);
        let vault = self.calls.edge.desk.vault().clone();
        tasks.spawn(vault.clone().keep_exchanging());
        tasks.spawn(application::health::keep_looking(
            log.clone(),
            Some(vault),
            tell_unable,
        ));
        let (codes, folded) = (self.codes, self.calls.worklist.clone());
        let (healed, data) = (log.clone(), self.data);
        let vault = self.calls.edge.desk.vault().clone();
        tasks.spawn(healer.run(move |head| {
            let (codes, folded) = (Arc::clone(&codes), folded.clone());
            let erased = erasures::erased(healed.clone(), vault.clone(), data.clone());
            async move {
                // No code is given out before those that were taken back are counted.
                let there = folded.reach(head, CODES_PATIENCE).await;
                folded.read(|(_, (counters, _)), _| codes.raise(counters));
                there && erased.await
            }
        }));
        tasks.spawn(application::orphans::keep_sweeping(
            log.clone(),
            self.calls.edge.desk.vault().clone(),
        ));
        let now = Arc::clone(&self.calls.edge.now);
        tasks.spawn(erasures::keep_erasing(
            self.calls.edge.desk.clone(),
            self.calls.worklist.clone(),
            |(worklist, _)| worklist.erasures.open(),
            move || now(),
        ));
        let now = Arc::clone(&self.calls.edge.now);
        let undecided = self.calls.undecided.clone();
        let desk = self.calls.edge.desk.clone();
        tasks.spawn(undecided.keep_deciding(desk, move || now()));
        let worklist = self.calls.worklist.clone();
        tasks.spawn(async move {
            if let Err(error) = worklist.run().await {
                tracing::error!(%error, "the worklist is not kept up any more");
            }
        });
        let source = status::source(&self.calls, unable.clone(), self.relayed);
        let tell = status::tell(source.clone(), self.calls.clone());
        let vault = VaultCalls::server(self.calls.edge.clone());
        let (tell_stop, stopping) = watch::channel(false);
        let stop = async move {
            stop.await;
            // The terminals' streams end by themselves; other calls are waited for.
            tell_stop.send_replace(true);
        };
        let terminals = TerminalCalls {
            edge: self.calls.edge.clone(),
            node: self.node,
            folded: self.calls.worklist.clone(),
            undecided: self.calls.undecided.clone(),
            stopping,
        };
        let judge = Judge {
            edge: Some(self.calls.edge.clone()),
            small_cells_min: 0,
        };
        let numbers = OfFiled {
            worklist: self.calls.worklist.clone(),
            vault: self.calls.edge.desk.vault().clone(),
        };
        let count = Arc::clone(&self.entry.look_up);
        let identities = IdentityCalls::server(self.calls.edge.clone(), numbers, count);
        let guard = Guard::new(self.entry, judge);
        let routes = tonic::service::Routes::new(
            IntakeServiceServer::new(self.calls)
                .max_decoding_message_size(chassis::serve::REQUEST_BYTES_MAX),
        )
        .add_service(
            TerminalServiceServer::new(terminals)
                .max_decoding_message_size(chassis::serve::REQUEST_BYTES_MAX),
        )
        .add_service(LogCalls::server(source))
        .add_service(vault)
        .add_service(identities.max_decoding_message_size(chassis::serve::REQUEST_BYTES_MAX));
        let plan = Plan {
            role: "intake",
            listener: sockets.grpc,
            tls: sockets.tls,
            routes: guard.around(routes),
            http: sockets.http.map(|listener| HttpPlan {
                listener,
                doorkeeper: Arc::new(move |asked| guard.door(asked)),
                routes: axum::Router::new(),
            }),
            unable,
            tell,
            names: vec![
                SERVICE_NAME,
                terminal_service_server::SERVICE_NAME,
                log_service_server::SERVICE_NAME,
                vault_service_server::SERVICE_NAME,
                identity_service_server::SERVICE_NAME,
            ],
            descriptors: api::DESCRIPTORS,
            explain: api::status::explained,
            drain: self.drain,
        };
        // On the heap: whoever runs the role holds a pointer only.
        let served = Box::pin(chassis::serve::serve(plan, stop)).await;
        tasks.shutdown().await;
        log.close();
        served
    }
}
