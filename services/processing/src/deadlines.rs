//! What happens to dossiers by itself: a supplement lapses, a provisional due date is counted again, a successor takes over.
//!
//! Each wish has a request id that follows from the dossier and from what is wished, so a crash at any moment, or a
//! second look before the first has come round, leaves one event. The rules decide; here is only when to ask them.

use std::sync::Arc;
use std::time::Duration;

use api::edge::Edge;
use application::projection::Projection;
use application::{HandleError, Wish};
use domain::Command;
use domain::catalogue::Catalogue;
use domain::command::{LapseSupplement, PassToSuccessor, RecomputeDueDate};
use domain::dossier::{Phase, Waiting};
use domain::ids::{ActorId, AgencyId, DossierId, OrganisationId};
use domain::local;
use jiff::civil::Date;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::board::Board;
use crate::inbox::Inbox;
use crate::register::PENDING;

/// How often to look.
const EVERY: Duration = Duration::from_secs(1);
/// How many wishes of a sort to make in one look, and how many of them at once: they share syncs.
const ROUND: usize = 1024;
const AT_ONCE: usize = 64;
/// Who acts when nobody does.
const ACTOR: &str = "hoso";

/// Looks, again and again, as long as it is run.
pub async fn keep_watching(edge: Edge, board: Projection<Board>) {
    loop {
        tokio::time::sleep(EVERY).await;
        // What was just written must be in the inbox before it is looked at, or it would be wished twice.
        let head = edge.desk.log().head().position;
        if !board.reach(head, EVERY).await {
            continue;
        }
        let counts = look(&edge, &board).await;
        let [lapsed, recomputed, succeeded] = counts;
        if counts != [0, 0, 0] {
            tracing::info!(
                lapsed,
                recomputed,
                succeeded,
                "dossiers moved by themselves"
            );
        }
    }
}

/// One look: how many supplements lapsed, due dates were counted again, dossiers passed to a successor.
async fn look(edge: &Edge, board: &Projection<Board>) -> [usize; 3] {
    let today = local::date((edge.now)());
    let catalogue = edge.desk.catalogue();
    let calendar = catalogue.calendar().version();
    let (lapsed, provisional, orphaned) = board.read(|board, _| {
        let Inbox {
            watched, register, ..
        } = &board.inbox;
        // Pending, or with a result that was not handed over.
        let to_pass_on = [&PENDING[..], &[Phase::Resolved]].concat();
        (
            watched.lapsed(today, ROUND),
            watched.provisional(calendar, ROUND),
            register.of_agencies(
                &to_pass_on,
                |agency| has_successor(&catalogue, agency, today),
                ROUND,
            ),
        )
    });
    [
        carry_out(edge, lapsed, lapse).await,
        carry_out(edge, provisional, recompute).await,
        carry_out(edge, orphaned, succeed).await,
    ]
}

fn has_successor(catalogue: &Catalogue, agency: &AgencyId, today: Date) -> bool {
    catalogue
        .agency_in_charge(agency, today)
        .is_some_and(|in_charge| in_charge.id != *agency)
}

/// What is wished of a dossier as it is, and the name that makes the wish the same one whenever it is made.
type Wished = fn(&application::desk::Loaded, &Catalogue) -> Option<(String, Command)>;

fn lapse(loaded: &application::desk::Loaded, _: &Catalogue) -> Option<(String, Command)> {
    match loaded.dossier.waiting()? {
        Waiting::Supplement(request) => Some((
            format!("lapse {}", request.ordinal),
            Command::LapseSupplement(LapseSupplement),
        )),
        Waiting::Payment(_) | Waiting::Resumption { .. } => None,
    }
}

/// The revision is part of the name: after an extension the same calendar may have to be counted on again.
fn recompute(
    loaded: &application::desk::Loaded,
    catalogue: &Catalogue,
) -> Option<(String, Command)> {
    let calendar = catalogue.calendar().version();
    let name = format!("recompute {calendar} {}", loaded.revision);
    Some((name, Command::RecomputeDueDate(RecomputeDueDate)))
}

fn succeed(loaded: &application::desk::Loaded, _: &Catalogue) -> Option<(String, Command)> {
    let agency = &loaded.dossier.case()?.agency_now;
    let name = format!("succeed {agency} {}", loaded.revision);
    Some((name, Command::PassToSuccessor(PassToSuccessor)))
}

/// Wishes the same of many dossiers; how many of them it happened to.
async fn carry_out(edge: &Edge, dossiers: Vec<DossierId>, wished: Wished) -> usize {
    let mut done = 0;
    for some in dossiers.chunks(AT_ONCE) {
        let mut wishes = JoinSet::new();
        for id in some {
            wishes.spawn(one(edge.clone(), *id, wished));
        }
        while let Some(happened) = wishes.join_next().await {
            done += usize::from(happened.unwrap_or(false));
        }
    }
    done
}

async fn one(edge: Edge, id: DossierId, wished: Wished) -> bool {
    match wish(&edge, id, wished).await {
        Ok(happened) => happened,
        // Somebody acted meanwhile, or a record of a newer program is in the way: the next look sees what is left.
        Err(error) => {
            tracing::debug!(dossier = %id, %error, "nothing happened by itself");
            false
        }
    }
}

async fn wish(edge: &Edge, id: DossierId, wished: Wished) -> Result<bool, HandleError> {
    let loaded = edge.desk.load(id)?;
    let catalogue: Arc<Catalogue> = edge.desk.catalogue();
    let Some((name, command)) = wished(&loaded, &catalogue) else {
        return Ok(false);
    };
    let Some(case) = loaded.dossier.case() else {
        return Ok(false);
    };
    let request_id: Uuid = DossierId::derive(&format!("{ACTOR} {name}"), id.0).0;
    let wish = Wish {
        request: Wish::request(
            edge.desk.vault(),
            ACTOR,
            request_id,
            "deadlines",
            name.as_bytes(),
        ),
        request_id,
        dossier: id,
        expected: None,
        actor: ActorId::new(ACTOR),
        organisation: OrganisationId::new(case.agency_now.as_str()),
        now: (edge.now)(),
        through: None,
        may_record_late: false,
    };
    let answer = edge
        .desk
        .carry_out(&wish, Vec::new(), move |_| vec![command.clone()])
        .await?;
    Ok(!answer.replayed)
}
