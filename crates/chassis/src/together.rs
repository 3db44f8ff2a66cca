//! Calls that another thread wakes are woken together: a round of a writer costs the serving thread one wake, not one a call.
//!
//! A writer's thread answers the calls of its round one after the other. Each wake from another thread is a system call, and
//! the serving thread, which takes such wakes singly, would send each answer by itself. So a call woken from elsewhere only
//! joins the queue here; the first in it wakes the [`courier`](Together::carry), which wakes the rest where they are served,
//! and their answers leave side by side.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, ThreadId};

use tokio::sync::Notify;
use tower::{Layer, Service};

/// The calls of one server; clones share them.
#[derive(Clone, Default, Debug)]
pub(crate) struct Together(Arc<Round>);

/// Those that were woken and do not know it yet.
#[derive(Default, Debug)]
struct Round {
    woken: Mutex<Vec<Waker>>,
    courier: Notify,
}

impl Round {
    fn join(&self, call: Waker) {
        let mut woken = self.woken.lock().unwrap_or_else(PoisonError::into_inner);
        woken.push(call);
        let first = woken.len() == 1;
        drop(woken);
        if first {
            self.courier.notify_one();
        }
    }

    /// Takes them all, and leaves an empty list of the same room.
    fn take(&self, taken: &mut Vec<Waker>) {
        let mut woken = self.woken.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::swap(&mut *woken, taken);
    }
}

impl Together {
    /// Wakes the calls on the thread that serves them. Never ends; without it no call that waits for another thread does.
    pub(crate) async fn carry(self) {
        let mut taken = Vec::new();
        loop {
            self.0.courier.notified().await;
            self.0.take(&mut taken);
            taken.drain(..).for_each(Waker::wake);
        }
    }
}

impl<S> Layer<S> for Together {
    type Service = Gathered<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Gathered {
            inner,
            round: Arc::clone(&self.0),
        }
    }
}

/// A service whose calls are woken together.
#[derive(Clone, Debug)]
pub(crate) struct Gathered<S> {
    inner: S,
    round: Arc<Round>,
}

impl<S, R> Service<R> for Gathered<S>
where
    S: Service<R>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Call<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: R) -> Self::Future {
        Call {
            answer: Box::pin(self.inner.call(request)),
            round: Arc::clone(&self.round),
            bell: None,
        }
    }
}

/// A call under way.
#[derive(Debug)]
pub(crate) struct Call<F> {
    answer: Pin<Box<F>>,
    round: Arc<Round>,
    bell: Option<(Arc<Bell>, Waker)>,
}

/// What wakes a call.
#[derive(Debug)]
struct Bell {
    round: Arc<Round>,
    served_on: ThreadId,
    call: Waker,
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if thread::current().id() == self.served_on {
            self.call.wake_by_ref();
        } else {
            self.round.join(self.call.clone());
        }
    }
}

impl<F: Future> Future for Call<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let call = &mut *self;
        let kept = call
            .bell
            .take()
            .filter(|(bell, _)| bell.call.will_wake(cx.waker()));
        let (_, waker) = call.bell.insert(kept.unwrap_or_else(|| {
            let bell = Arc::new(Bell {
                round: Arc::clone(&call.round),
                served_on: thread::current().id(),
                call: cx.waker().clone(),
            });
            let waker = Waker::from(Arc::clone(&bell));
            (bell, waker)
        }));
        call.answer.as_mut().poll(&mut Context::from_waker(waker))
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::sync::mpsc;
    use std::time::Duration;

    use tokio::sync::oneshot;
    use tokio::task::JoinSet;
    use tower::service_fn;

    use super::*;

    /// A call that ends with what another thread sends.
    async fn waiting(answer: oneshot::Receiver<u32>) -> Result<u32, Infallible> {
        Ok(answer.await.unwrap())
    }

    #[tokio::test]
    async fn a_round_that_a_writer_answers_while_the_server_is_busy_wakes_it_once() {
        let together = Together::default();
        let courier = tokio::spawn(together.clone().carry());
        let mut service = together.layer(service_fn(waiting));
        let mut calls = JoinSet::new();
        let mut answers = Vec::new();
        for _ in 0..64 {
            let (answer, answered) = oneshot::channel();
            answers.push(answer);
            calls.spawn(service.call(answered));
        }
        // Until each call waits: it holds the round itself and by its bell, beside the three above.
        while Arc::strong_count(&together.0) < 3 + 2 * 64 {
            tokio::task::yield_now().await;
        }
        let (done, all_sent) = mpsc::channel();
        thread::spawn(move || {
            for (answer, number) in answers.into_iter().zip(0..) {
                answer.send(number).unwrap();
            }
            done.send(()).unwrap();
        });
        // The thread that serves is busy meanwhile.
        all_sent.recv_timeout(Duration::from_secs(30)).unwrap();
        assert_eq!(together.0.woken.lock().unwrap().len(), 64);
        let mut told: Vec<u32> = calls
            .join_all()
            .await
            .into_iter()
            .map(|Ok(told)| told)
            .collect();
        told.sort_unstable();
        assert_eq!(told, (0..64).collect::<Vec<_>>());
        assert!(together.0.woken.lock().unwrap().is_empty());
        courier.abort();
    }

    #[tokio::test]
    async fn no_call_waits_for_ever_however_the_wakes_of_several_threads_fall() {
        let together = Together::default();
        let courier = tokio::spawn(together.clone().carry());
        let (ask, asked) = mpsc::channel::<oneshot::Sender<u32>>();
        let asked = Arc::new(Mutex::new(asked));
        for number in 0..4 {
            let asked = Arc::clone(&asked);
            thread::spawn(move || {
                loop {
                    let next = asked.lock().unwrap().recv();
                    let Ok(answer) = next else { return };
                    let _ = answer.send(number);
                }
            });
        }
        let mut calls = JoinSet::new();
        for _ in 0..64 {
            let mut service = together.layer(service_fn(waiting));
            let ask = ask.clone();
            calls.spawn(async move {
                for _ in 0..200 {
                    let (answer, answered) = oneshot::channel();
                    ask.send(answer).unwrap();
                    let Ok(_) = service.call(answered).await;
                }
            });
        }
        let all = tokio::time::timeout(Duration::from_secs(60), calls.join_all()).await;
        all.expect("a call was not woken");
        courier.abort();
    }
}
