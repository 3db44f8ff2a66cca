//! `hoso load`: what the services bear, measured beside what no service could.
//!
//! * [`args`]: what may be asked; [`mix`], [`dossiers`]: what is filed; [`office`]: by whom; [`pace`]: how fast
//! * [`tally`]: what was seen; [`progress`]: how far it is
//! * [`limits`], [`ratios`]: durable calls against a call that does nothing and one over a raw file, in one run
//! * [`lag`]: from the acknowledgement to the report
//! * [`fill`]: a folder of finished lives; [`serve`]: the services over it; [`child`]: a role as a process
//! * [`lists`]: how long a page of a list takes
//! * [`restart`], [`catch_up`]: how soon a role answers after kill -9, how fast a new node is there, and their memory
//! * [`place`], [`guard`]: where a load may be at all: its dossiers are synthetic and must not be counted among real ones

pub mod args;
mod catch_up;
mod child;
mod dossiers;
mod fill;
mod guard;
mod lag;
mod limits;
mod lists;
mod mix;
mod office;
mod pace;
mod place;
mod progress;
mod ratios;
mod restart;
mod serve;
mod tally;

use chassis::signals;
use serde::Serialize;

use self::args::{Act, Load, Run};
use self::dossiers::Dossiers;
use self::office::Office;
use self::pace::{Pace, Span};
use self::place::Folder;
use self::progress::Progress;
use self::tally::Seen;
use crate::args::Format;
use crate::stack::{FolderKind, Stack};
use crate::{Failure, out, shipped};

/// Callers of an open loop share so many connections.
const OPEN_LOOP_CALLERS: u32 = 64;

/// What a load saw.
#[derive(Debug, Serialize)]
struct Told {
    measured: &'static str,
    method: &'static str,
    mix: String,
    /// Calls a second that were due; none in a closed loop.
    rate_asked: Option<u32>,
    /// Callers; none in an open loop.
    callers: Option<u32>,
    seconds: f64,
    #[serde(flatten)]
    seen: Seen,
}

/// Measures what was asked, and tells it; or ends at a signal, with everything it has started.
///
/// # Errors
/// When a load may not be there, or something does not start.
pub async fn run(asked: Load) -> Result<(), Failure> {
    if let Some(Act::Serve(asked)) = asked.act {
        return serve::run(asked).await;
    }
    let signal = signals::stop();
    tokio::select! {
        measured = measure(asked) => measured,
        signal = signal => Err(format!("stopped by {}", signal?).into()),
    }
}

async fn measure(asked: Load) -> Result<(), Failure> {
    match asked.act {
        None => {
            let format = asked.run.told.format;
            tell(format, &load(asked.run).await?, table)
        }
        Some(Act::Ratios(asked)) => {
            tell(asked.told.format, &ratios::run(asked).await?, ratios::table)
        }
        Some(Act::Lag(asked)) => tell(asked.told.format, &lag::run(asked).await?, lag::table),
        Some(Act::Lists(asked)) => tell(asked.told.format, &lists::run(asked).await?, lists::table),
        Some(Act::Fill(asked)) => tell(asked.told.format, &fill::run(asked).await?, fill::table),
        Some(Act::Restart(asked)) => tell(
            asked.told.format,
            &restart::run(asked).await?,
            restart::table,
        ),
        Some(Act::CatchUp(asked)) => tell(
            asked.told.format,
            &catch_up::run(asked).await?,
            catch_up::table,
        ),
        Some(Act::Serve(asked)) => serve::run(asked).await,
    }
}

fn tell<T: Serialize>(
    format: Format,
    told: &T,
    table: impl Fn(&T) -> String,
) -> Result<(), Failure> {
    match format {
        Format::Json => out::print(&serde_json::to_string(told)?),
        Format::Table => out::print(&table(told)),
    }
    Ok(())
}

/// A load, on a server that may have one or on services of its own.
async fn load(asked: Run) -> Result<Told, Failure> {
    let own = asked.embedded || asked.nats.is_some();
    let folder = Folder::of(asked.data.clone());
    let stack = if own {
        let access = asked.access.clone();
        let feed = access.feed(asked.nats.clone(), FolderKind::Load)?;
        Some(place::all(folder.path(), feed)?)
    } else {
        guard::may_load(&asked).await?;
        None
    };
    let server = stack.as_ref().map_or_else(
        || asked.server.clone(),
        |stack| stack.intake.grpc.to_string(),
    );
    let loaded = at(&server, &asked).await;
    if let Some(stack) = stack {
        stop(stack).await?;
    }
    loaded
}

async fn at(server: &str, asked: &Run) -> Result<Told, Failure> {
    let (pace, callers) = match asked.rate {
        Some(rate) => (Pace::Open(rate), OPEN_LOOP_CALLERS),
        None => (Pace::Closed(asked.callers), asked.callers),
    };
    let dossiers = Dossiers::new(shipped::catalogue(None)?, asked.mix);
    let office = Office::open(server, callers, dossiers).await?;
    let span = Span {
        warm_up: asked.warm_up,
        duration: asked.duration,
    };
    let mut progress = Progress::over(asked.warm_up + asked.duration);
    let tally = pace::load(office.calls(asked.method), pace, span, &mut progress).await;
    progress.finish();
    Ok(Told {
        measured: "load",
        method: asked.method.as_str(),
        mix: asked.mix.to_string(),
        rate_asked: asked.rate,
        callers: asked.rate.is_none().then_some(asked.callers),
        seconds: asked.duration.as_secs_f64(),
        seen: tally.seen(asked.duration),
    })
}

/// On a thread of its own: the services end once our connections have, which this runtime must see to.
async fn stop(stack: Stack) -> Result<(), Failure> {
    Ok(tokio::task::spawn_blocking(move || stack.stop()).await??)
}

fn table(told: &Told) -> String {
    use std::fmt::Write as _;

    let latency = &told.seen.latency_us;
    let mut text = format!(
        "{} · {}: {} lời gọi · calls, {:.0}/s\n\
         p50 {} µs · p90 {} · p99 {} · p99,9 {} · dài nhất · max {}",
        told.method,
        told.mix,
        told.seen.calls,
        told.seen.rate,
        latency.p50,
        latency.p90,
        latency.p99,
        latency.p999,
        latency.max
    );
    for (reason, count) in &told.seen.errors {
        let _ = write!(text, "\nbị từ chối · refused: {count} × {reason}");
    }
    text
}
