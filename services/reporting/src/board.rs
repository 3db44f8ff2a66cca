//! The board on which everybody reads the figures of now: each agency's form for each official period, kept by NATS.

use std::time::Duration;

use domain::ids::AgencyId;
use domain::local;
use eventlog::Position;
use messaging::nats::latest::{Latest, Value};
use statistics::{AsOf, Filter, Grouping, PendingRule, Span};
use tokio::time::Instant;

use crate::question::Asked;
use crate::reports::Reports;

/// An agency's figures change on the board at most this often.
const PAUSE_MIN: Duration = Duration::from_secs(1);
/// Of its time, a replica spends at most one part in so many on the board.
const PART: u32 = 5;
/// Without news the board is looked at this often: it may have been wiped.
const LOOK_AGAIN: Duration = Duration::from_secs(5);
/// So many failures in a row are said.
const WORTH_SAYING: u32 = 3;

/// The board, as one replica keeps it up to date.
#[derive(Debug)]
pub(crate) struct Board {
    pub(crate) reports: Reports,
    pub(crate) latest: Latest,
    pub(crate) small_cells_min: u64,
}

/// What was done last.
struct Posted {
    /// Everything up to here is on the board …
    position: Position,
    /// … as of this quarter of an hour …
    quarter: i64,
    /// … on the stream that was made then …
    created: i128,
    /// … and kept so many values.
    values: u64,
}

impl Board {
    /// Keeps the board until the log closes. NATS being away is waited out.
    pub(crate) async fn keep(self) {
        let mut moved = self.reports.figures.watch();
        let mut posted = None;
        let mut failed = 0_u32;
        loop {
            let begun = Instant::now();
            moved.borrow_and_update();
            match self.post(&mut posted).await {
                Ok(()) => failed = 0,
                Err(reason) => {
                    failed = failed.saturating_add(1);
                    // What is over at once, such as the first moments of a connection, is not worth a line.
                    if failed == WORTH_SAYING {
                        tracing::warn!(
                            reason,
                            "the figures of now are not published; they will be"
                        );
                    }
                }
            }
            tokio::time::sleep(PAUSE_MIN.max(begun.elapsed() * (PART - 1))).await;
            tokio::select! {
                moved = moved.changed() => if moved.is_err() {
                    return;
                },
                () = tokio::time::sleep(LOOK_AGAIN) => {}
            }
        }
    }

    /// Posts what may have changed since; everything, when that cannot be told.
    async fn post(&self, posted: &mut Option<Posted>) -> Result<(), String> {
        let kept = self.latest.ready().await?;
        let quarter = self.reports.quarter();
        let as_of = self.reports.settled().map_err(|error| error.to_string())?;
        let since = posted.as_ref().filter(|before| {
            before.quarter == quarter
                && before.created == kept.created
                && before.values <= kept.values
        });
        let agencies = self.reports.figures.read(|figures, _| match since {
            Some(before) => figures.facts.agencies_touched_after(before.position),
            None => figures.facts.agencies().to_vec(),
        });
        for agency in &agencies {
            for span in Span::ALL {
                self.offer(agency, span, as_of).await?;
                // Whoever asks for a report meanwhile does not wait for all of them.
                tokio::task::yield_now().await;
            }
        }
        *posted = Some(Posted {
            position: as_of.position,
            quarter,
            created: kept.created,
            values: kept.values,
        });
        Ok(())
    }

    async fn offer(&self, agency: &AgencyId, span: Span, as_of: AsOf) -> Result<(), String> {
        let asked = Asked {
            period: span.around(local::date(as_of.at)),
            as_of: None,
            grouping: Grouping::Field,
            filter: Filter {
                agency: Some(agency.clone()),
                ..Filter::default()
            },
            pending_rule: PendingRule::Strict,
            organised_now: false,
        };
        let question = self.reports.question(&asked, as_of);
        let sheet = self
            .reports
            .sheet(&question, self.small_cells_min)
            .map_err(|error| error.to_string())?;
        let value = Value {
            agency: agency.to_string(),
            form: "ii06a",
            period: span.as_str(),
            known: self.reports.known(as_of),
            digest: sheet.digest,
            payload: sheet.json,
        };
        let outcome = self.latest.offer(&value).await?;
        tracing::debug!(%agency, period = span.as_str(), ?outcome, "offered current figures");
        Ok(())
    }
}
