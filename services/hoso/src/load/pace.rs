//! The two ways of loading: open, at a rate that waits for nobody, and closed, with callers that wait for their answers.

use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout};
use tonic::Status;

use super::progress::Progress;
use super::tally::Tally;

/// Calls under way at most in an open loop. Those beyond wait, and their wait counts as theirs.
const UNDER_WAY_MAX: usize = 8_192;
/// How long the last answers are waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// One call, by its number.
pub type Answer = Pin<Box<dyn Future<Output = Result<(), Status>> + Send>>;
/// Makes the calls; each number once.
pub type Calls = Arc<dyn Fn(u64) -> Answer + Send + Sync>;

/// How to load.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Pace {
    /// So many a second.
    Open(u32),
    /// So many callers.
    Closed(u32),
}

/// For how long.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    /// Unmeasured, first.
    pub warm_up: Duration,
    /// Measured.
    pub duration: Duration,
}

/// Where results gather.
#[derive(Clone)]
struct Gathered {
    tally: Arc<Mutex<Tally>>,
    from: Instant,
    until: Instant,
}

impl Gathered {
    /// A call that was due at this moment, and began then or later, has its answer.
    fn take(&self, due: Instant, answer: Result<(), Status>) {
        // Of the warm-up nothing is told; what began in time counts, however late its answer.
        if due < self.from || due >= self.until {
            return;
        }
        let mut tally = self.tally.lock().unwrap_or_else(PoisonError::into_inner);
        match answer {
            Ok(()) => tally.granted(due.elapsed()),
            Err(status) => tally.refused(&status),
        }
    }
}

/// Loads as told and gives what was seen of the calls that were due in the measured time.
pub async fn load(calls: Calls, pace: Pace, span: Span, progress: &mut Progress) -> Tally {
    let began = Instant::now();
    let from = began + span.warm_up;
    let gathered = Gathered {
        tally: Arc::default(),
        from,
        until: from + span.duration,
    };
    let mut under_way = JoinSet::new();
    let driving = async {
        match pace {
            Pace::Open(rate) => open(&calls, rate, began, &gathered, &mut under_way).await,
            Pace::Closed(callers) => closed(&calls, callers, &gathered, &mut under_way),
        }
        timeout(
            gathered.until.duration_since(Instant::now()) + PATIENCE,
            async { while under_way.join_next().await.is_some() {} },
        )
        .await
        .is_ok()
    };
    let told = async {
        loop {
            tokio::time::sleep(Duration::from_millis(100)).await;
            let tally = gathered
                .tally
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            progress.at(began.elapsed(), tally.count());
        }
    };
    tokio::select! {
        _ = driving => {}
        () = told => {}
    }
    // What has no answer by now is not told as granted; its caller is dropped with the rest.
    under_way.shutdown().await;
    gathered
        .tally
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .clone()
}

/// Calls at their times. Nobody waits for an answer before the next one is due, so a slow server cannot hide behind
/// callers that it keeps waiting.
async fn open(
    calls: &Calls,
    rate: u32,
    begin: Instant,
    gathered: &Gathered,
    under_way: &mut JoinSet<()>,
) {
    let room = Arc::new(Semaphore::new(UNDER_WAY_MAX));
    let mut number = 0_u64;
    loop {
        let due = begin
            + Duration::from_nanos(number.saturating_mul(1_000_000_000) / u64::from(rate.max(1)));
        if due >= gathered.until {
            return;
        }
        if due > Instant::now() {
            sleep_until(due).await;
        }
        let Ok(permit) = Arc::clone(&room).acquire_owned().await else {
            return;
        };
        while under_way.try_join_next().is_some() {}
        let (answer, gathered) = (calls(number), gathered.clone());
        under_way.spawn(async move {
            let answer = answer.await;
            gathered.take(due, answer);
            drop(permit);
        });
        number += 1;
    }
}

/// Callers, each with its next call when it has its answer.
fn closed(calls: &Calls, callers: u32, gathered: &Gathered, under_way: &mut JoinSet<()>) {
    let next = Arc::new(AtomicU64::new(0));
    for _ in 0..callers {
        let (calls, next, gathered) = (Arc::clone(calls), Arc::clone(&next), gathered.clone());
        under_way.spawn(async move {
            loop {
                let answer = calls(next.fetch_add(1, Ordering::Relaxed));
                let begun = Instant::now();
                if begun >= gathered.until {
                    return;
                }
                let answer = answer.await;
                let refused = answer.is_err();
                gathered.take(begun, answer);
                if refused {
                    // A caller that is refused does not storm.
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use std::sync::OnceLock;

    use super::*;

    fn quiet() -> Progress {
        Progress::none()
    }

    #[tokio::test]
    async fn an_open_loop_counts_the_wait_that_a_stalled_server_causes() {
        // The server stands still from its first call on; every call due meanwhile has waited, though nobody saw it wait.
        let until = Arc::new(OnceLock::new());
        let calls: Calls = Arc::new(move |_| {
            let until = *until.get_or_init(|| Instant::now() + Duration::from_millis(400));
            Box::pin(async move {
                sleep_until(until).await;
                Ok(())
            })
        });
        let span = Span {
            warm_up: Duration::ZERO,
            duration: Duration::from_millis(300),
        };
        let tally = load(calls, Pace::Open(1_000), span, &mut quiet()).await;
        assert_eq!(tally.count(), 300);
        assert!(tally.latency().p50 > 150_000, "{:?}", tally.latency());
    }

    #[tokio::test]
    async fn refusals_are_counted_by_reason_and_not_as_calls() {
        let calls: Calls = Arc::new(|number| {
            Box::pin(async move {
                if number % 2 == 0 {
                    Ok(())
                } else {
                    Err(Status::unavailable("away"))
                }
            })
        });
        let span = Span {
            warm_up: Duration::ZERO,
            duration: Duration::from_millis(100),
        };
        let tally = load(calls, Pace::Closed(4), span, &mut quiet()).await;
        let seen = tally.seen(span.duration);
        assert!(seen.calls > 0);
        assert!(seen.errors["Unavailable"] > 0);
    }
}
