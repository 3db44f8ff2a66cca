//! A report whenever it changes, as server-sent events: whole each time, so that whoever misses one misses nothing.
//!
//! An event `report` carries the report; its id says how much was known. Whoever comes back with that id (browsers do by
//! themselves) gets the report only if it says something else now. An event `restart` says that the id is none of this
//! log's, or ahead of what is here: what follows starts anew. A slow reader is waited for, with one report in hand at most.

use std::convert::Infallible;
use std::time::Duration;

use api::EdgeError;
use api::problem::Problem;
use application::HandleError;
use axum::extract::{RawQuery, State};
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use messaging::nats::latest::Known;
use serde_json::json;
use statistics::AsOf;
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;

use super::query::Wanted;
use super::{Http, refused};

/// A stream gives a report at most this often.
const PACE: Duration = Duration::from_secs(1);
/// A stream with nothing to say says so this often, so that both sides know that the other is there.
const IDLE: Duration = Duration::from_secs(15);
/// After how long a reader whose connection broke comes back.
const RETRY: Duration = Duration::from_secs(2);

/// Where a reader was, in the requests of browsers that come back.
const LAST_EVENT_ID: &str = "last-event-id";

pub(super) async fn stream(
    State(http): State<Http>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let since = headers
        .get(LAST_EVENT_ID)
        .map(|id| id.to_str().unwrap_or_default().to_owned());
    match open(http, &query.unwrap_or_default(), since).await {
        Ok(answer) => answer,
        Err(error) => refused(error),
    }
}

async fn open(http: Http, query: &str, since: Option<String>) -> Result<Response, EdgeError> {
    let wanted = http.read(query)?;
    if wanted.as_of().is_some() {
        let mut faults = api::Faults::default();
        faults.note("as_of", "what was known then does not change");
        return faults.finish(None);
    }
    let streams = std::sync::Arc::clone(&http.streams);
    let permit = streams.try_acquire_owned().map_err(|_| HandleError::Busy)?;
    http.reports.wait_for(&wanted.points).await?;
    let (to, events) = mpsc::channel(1);
    let follower = Changes {
        http,
        wanted,
        to,
        _permit: permit,
    };
    tokio::spawn(follower.tell(since));
    let alive = KeepAlive::new()
        .interval(IDLE)
        .text("không có thay đổi / no change");
    Ok(Sse::new(ReceiverStream::new(events))
        .keep_alive(alive)
        .into_response())
}

/// One reader's stream.
struct Changes {
    http: Http,
    wanted: Wanted,
    to: mpsc::Sender<Result<Event, Infallible>>,
    _permit: OwnedSemaphorePermit,
}

impl Changes {
    /// Tells what changes, until the reader goes or the service stops.
    async fn tell(self, since: Option<String>) {
        let mut stopping = self.http.stopping.clone();
        let reader = self.to.clone();
        tokio::select! {
            told = self.changes(since) => if let Err(error) = told {
                // It has begun: a problem can only be told as what it was broken off with.
                let problem = Problem::from(&Status::from(error));
                let data = serde_json::to_string(&problem).unwrap_or_default();
                let _ = reader.try_send(Ok(Event::default().event("problem").data(data)));
            },
            () = reader.closed() => {}
            // Without a sender the service is gone as well.
            _ = stopping.wait_for(|stop| *stop) => {}
        }
    }

    async fn changes(&self, since: Option<String>) -> Result<(), EdgeError> {
        let reports = &self.http.reports;
        let mut moved = reports.figures.watch();
        let mut said = match since {
            None => None,
            Some(id) => self.resume(&id).await?,
        };
        loop {
            // First a place to put it, then the report: it is the newest when the reader takes it.
            let Ok(place) = self.to.reserve().await else {
                return Ok(());
            };
            loop {
                moved.borrow_and_update();
                let as_of = reports.settled()?;
                let (digest, data) = self.sheet(as_of)?;
                if said.as_ref() != Some(&digest) {
                    said = Some(digest);
                    let id = reports.known(as_of).to_string();
                    let event = Event::default().event("report").id(id).retry(RETRY);
                    place.send(Ok(event.data(data)));
                    break;
                }
                self.something(&mut moved).await?;
            }
            tokio::time::sleep(PACE).await;
        }
    }

    /// Waits until there may be something new.
    async fn something(
        &self,
        moved: &mut tokio::sync::watch::Receiver<u64>,
    ) -> Result<(), EdgeError> {
        let time = self.http.reports.until_quarter() + Duration::from_millis(10);
        tokio::select! {
            moved = moved.changed() => {
                moved.map_err(|_| HandleError::Closed("stopping".to_owned()))?;
                // Others of the same burst come along.
                tokio::time::sleep(PACE / 10).await;
            }
            () = tokio::time::sleep(time) => {}
        }
        Ok(())
    }

    fn sheet(&self, as_of: AsOf) -> Result<(String, String), EdgeError> {
        let reports = &self.http.reports;
        let question = reports.question(&self.wanted.at(as_of.at), as_of);
        let sheet = reports.sheet(&question, self.http.small_cells_min)?;
        let data = String::from_utf8(sheet.json);
        let data = data.map_err(|error| EdgeError::Internal(error.to_string()))?;
        Ok((sheet.digest, data))
    }

    /// The digest of what a reader has who was last told this id; none when that cannot be known, which he is told.
    async fn resume(&self, id: &str) -> Result<Option<String>, EdgeError> {
        let reports = &self.http.reports;
        let head = reports.log.head();
        let Ok(known) = id.parse::<Known>() else {
            return self.restart("the id is none that was given here").await;
        };
        if known.log != head.log {
            return self.restart("the id is of another log").await;
        }
        if known.epoch == head.epoch {
            // He may have it from a replica that is ahead; he is not shown older figures without being told.
            reports
                .figures
                .reach(known.position, reports.patience)
                .await;
        }
        if known.position > reports.figures.position() {
            return self
                .restart("what the id names has not come here yet, or came to nothing")
                .await;
        }
        let Ok(at) = jiff::Timestamp::from_microsecond(known.as_of) else {
            return self.restart("the id is none that was given here").await;
        };
        let as_of = AsOf {
            position: known.position,
            at,
        };
        Ok(Some(self.sheet(as_of)?.0))
    }

    async fn restart(&self, why: &str) -> Result<Option<String>, EdgeError> {
        let data = json!({"reason": "UNKNOWN_POSITION", "detail": why}).to_string();
        let event = Event::default().event("restart").data(data);
        // Without a reader there is nobody to tell; the next place to put something says so.
        let _ = self.to.send(Ok(event)).await;
        Ok(None)
    }
}
