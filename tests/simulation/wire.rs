//! A feed over the simulated network, and the driver that may end a follower's round at any of its steps.

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Duration;

use eventlog::{LogId, Position};
use messaging::incoming::{self, Asked, Incoming, Next};
use messaging::{Feed, FeedError, News};
use tokio::time::Instant;

use crate::net::Net;

/// As the port promises.
const LOOK_AGAIN: u64 = 1000;
/// The origin is asked this often where its log ends.
const ASK_EVERY: u64 = 1000;

pub(crate) type Shared<T> = Arc<Mutex<T>>;

pub(crate) fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The step a round has come to.
pub(crate) type Step = Shared<Option<&'static str>>;

/// A step at which whoever takes it may die.
pub(crate) async fn step(at: &Step, name: &'static str) {
    let mut told = false;
    poll_fn(|_| {
        if told {
            return Poll::Ready(());
        }
        told = true;
        *lock(at) = Some(name);
        Poll::Pending
    })
    .await;
}

/// Follows one log over the network.
pub(crate) struct Wire {
    net: Shared<Net>,
    log: LogId,
    mailbox: usize,
    step: Step,
    /// Records of one round, so that rounds end in the middle of what there is.
    max: usize,
    inner: Mutex<Inner>,
    /// When the network's time began.
    zero: Instant,
}

struct Inner {
    incoming: Incoming<usize>,
    asked: Asked,
    ask_at: u64,
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Wire({})", self.log)
    }
}

impl Wire {
    pub(crate) fn new(
        net: &Shared<Net>,
        log: LogId,
        mailbox: usize,
        max: usize,
        step: &Step,
    ) -> Self {
        let zero = Instant::now();
        let now = zero + Duration::from_millis(lock(net).now);
        lock(net).deliver_again(log, mailbox);
        Self {
            net: Arc::clone(net),
            log,
            mailbox,
            step: Arc::clone(step),
            max,
            inner: Mutex::new(Inner {
                incoming: Incoming::new(now),
                asked: Asked::new(now),
                ask_at: 0,
            }),
            zero,
        }
    }

    fn time(&self, millis: u64) -> Instant {
        self.zero + Duration::from_millis(millis)
    }

    /// What a feed does until it has something to say; waiting moves the network's time.
    fn look(&self, have: Position, max: usize) -> Result<News, FeedError> {
        let mut net = lock(&self.net);
        let mut inner = lock(&self.inner);
        let Inner {
            incoming,
            asked,
            ask_at,
        } = &mut *inner;
        let away = |reason| FeedError::Away {
            log: self.log,
            reason,
        };
        let until = net.now + LOOK_AGAIN;
        incoming.stands_at(have, self.time(net.now));
        loop {
            if net.now >= *ask_at {
                let began = self.time(net.now);
                net.now += 1;
                let head = net.head(self.log);
                asked.heard(head, began, self.time(net.now));
                *ask_at = net.now + ASK_EVERY;
            }
            let taken = incoming.take(max, || net.come(self.log, self.mailbox));
            for message in taken.duplicates {
                net.acknowledge(self.log, self.mailbox, message);
            }
            if !taken.records.is_empty() {
                return Ok(asked.news(have, taken.records));
            }
            match incoming.judge(asked, self.time(until), self.time(net.now)) {
                Next::Repair => {
                    let records = net.records(self.log, have, max).map_err(away)?;
                    if !incoming::answers(&records, self.log, have) {
                        return Err(away("it answers with other records".to_owned()));
                    }
                    return Ok(asked.news(have, records));
                }
                Next::Nothing(newest) => return Ok(asked.nothing(newest)),
                Next::Wait(wake) => {
                    let wake = (wake - self.zero).as_millis() as u64;
                    let comes = net.next(self.log, self.mailbox).unwrap_or(wake);
                    net.now = (net.now + 1).max(wake.min(comes).min(*ask_at));
                }
            }
        }
    }
}

impl Feed for Wire {
    fn log(&self) -> LogId {
        self.log
    }

    async fn after(&self, have: Position, max: usize) -> Result<News, FeedError> {
        step(&self.step, "before looking").await;
        let news = self.look(have, max.min(self.max))?;
        step(&self.step, "come, not on disk").await;
        Ok(news)
    }

    async fn distrust(&self) {
        lock(&self.inner).incoming.distrust();
    }

    async fn taken(&self, up_to: Position) {
        step(&self.step, "on disk, not acknowledged").await;
        let messages = lock(&self.inner).incoming.taken(up_to);
        for message in messages {
            lock(&self.net).acknowledge(self.log, self.mailbox, message);
        }
        step(&self.step, "acknowledged").await;
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Runs a future to its end on this thread; at each step it may be given up, which is a death there.
pub(crate) fn drive<T>(
    future: impl Future<Output = T>,
    step: &Step,
    mut goes_on: impl FnMut(&'static str) -> bool,
) -> Option<T> {
    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return Some(value);
        }
        let reached = lock(step).take();
        match reached {
            Some(name) if goes_on(name) => {}
            Some(_) => return None,
            None => thread::park(),
        }
    }
}

/// Runs a future that has no steps.
pub(crate) fn finish<T>(future: impl Future<Output = T>) -> T {
    let none = Step::default();
    drive(future, &none, |_| true).expect("it has no steps to die at")
}
