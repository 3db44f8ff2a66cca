//! The one place where a call is let in or refused: before any handler sees it, by the table.

use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tonic::Status;
use tonic::body::Body;
use tonic::codegen::http::request::Parts;
use tonic::codegen::http::{HeaderMap, Request, Response, header};
use tonic::codegen::{Bytes, StdError};
use tonic::service::Routes;
use tonic::transport::server::TcpConnectInfo;
use tower::{Layer, Service};

use super::ahead;
use super::caller::{self, Caller};
use super::entry::Entry;
use super::judge::Judge;
use super::outlived::{Ending, Holds, Outlived};
use super::said::Said;
use super::table::{self, Row, Who};
use crate::problem;
use crate::status::{AccessError, EdgeError};

/// Guards one role.
#[derive(Clone, Debug)]
pub struct Guard {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    entry: Entry,
    judge: Judge,
}

impl Guard {
    /// A guard at this entry.
    pub fn new(entry: Entry, judge: Judge) -> Self {
        Self {
            inner: Arc::new(Inner { entry, judge }),
        }
    }

    /// The same routes, each behind the guard.
    pub fn around(&self, routes: Routes) -> Routes {
        Routes::from(routes.into_axum_router().layer(self.clone()))
    }

    /// What ends the side door's streams when the token that asked for them does.
    pub fn door_streams(&self) -> DoorStreams {
        DoorStreams(self.clone())
    }

    /// Whether the token in these headers still holds, to be asked again; none where none is asked for.
    fn holds(&self, headers: &HeaderMap) -> Option<Holds> {
        let verify = self.inner.entry.verify.clone()?;
        let token: Box<str> = bearer(headers)?.into();
        Some(Arc::new(move || verify(&token).map(drop)))
    }

    /// Whether a request to the side door may come in, and the problem to answer with if not.
    ///
    /// # Errors
    /// With that problem.
    pub fn door(&self, asked: &Parts) -> Result<(), Box<Response<Vec<u8>>>> {
        self.let_in(asked)
            .map_err(|refused| Box::new(problem::response(&Status::from(refused))))
    }

    fn let_in(&self, asked: &Parts) -> Result<(), EdgeError> {
        if self.inner.entry.verify.is_none() {
            return Ok(());
        }
        // Who may look at a page may look at its head.
        let method = if asked.method == "HEAD" {
            "GET"
        } else {
            asked.method.as_str()
        };
        let row = table::row(&format!("{method} {}", asked.uri.path()));
        if row.is_some_and(|row| row.who == Who::Anyone) {
            return Ok(());
        }
        let caller = self.caller(&asked.headers)?;
        let row = allowed(row, &caller)?;
        let Some(read) = row.about else {
            return Ok(());
        };
        let query = asked.uri.query().unwrap_or_default();
        // No query is too odd to be read.
        let about = read(query.as_bytes()).map_err(|_| AccessError::NotYours("query"))?;
        for matter in &about.matters {
            if self.inner.judge.by_token(&caller, matter) != Some(true) {
                return Err(AccessError::NotYours(matter.kind()).into());
            }
        }
        Ok(())
    }

    /// Who calls, and that not too often.
    fn caller(&self, headers: &HeaderMap) -> Result<Arc<Caller>, AccessError> {
        let Some(verify) = &self.inner.entry.verify else {
            return Ok(caller::current());
        };
        let token = bearer(headers).ok_or(AccessError::Unauthenticated("it needs a token"))?;
        let caller = verify(token).map_err(AccessError::Unauthenticated)?;
        (self.inner.entry.caller)(&caller.subject).map_err(AccessError::TooOften)?;
        Ok(caller)
    }

    /// Whoever does not say who they are is counted by where they come from.
    fn counted(&self, refused: AccessError, from: Option<IpAddr>) -> AccessError {
        match (refused, from) {
            (AccessError::Unauthenticated(_), Some(from)) => (self.inner.entry.address)(from)
                .err()
                .map_or(refused, AccessError::TooOften),
            (refused, _) => refused,
        }
    }

    /// Who makes this call, if they may, and the call as it goes on.
    async fn admit(&self, request: Request<Body>) -> Result<(Arc<Caller>, Request<Body>), Status> {
        let row = table::row(request.uri().path());
        if row.is_some_and(|row| row.who == Who::Anyone) {
            if let Some(from) = address(&request) {
                let counted = (self.inner.entry.address)(from).map_err(AccessError::TooOften);
                counted.map_err(EdgeError::from)?;
            }
            return Ok((Arc::new(Caller::nobody()), request));
        }
        let caller = self
            .caller(request.headers())
            .map_err(|refused| EdgeError::from(self.counted(refused, address(&request))))?;
        let row = allowed(row, &caller).map_err(EdgeError::from)?;
        let Some(read) = row.about else {
            return Ok((caller, request));
        };
        let (parts, body) = request.into_parts();
        let (first, body) = ahead::first_message(body).await?;
        // A call without a message is answered by whoever misses it.
        if let Some(first) = first {
            let about = read(&first)
                .map_err(|error| Status::internal(format!("failed to decode: {error}")))?;
            self.inner.judge.judge(&caller, &about).await?;
        }
        Ok((caller, Request::from_parts(parts, body)))
    }

    /// Whether calls are let through as they come: nobody is asked who they are, and nobody counts.
    fn stands_open(&self, path: &str) -> bool {
        self.inner.entry.verify.is_none()
            && table::row(path).is_none_or(|row| row.who != Who::Anyone)
    }
}

/// The row, if its scopes let the caller in; what has none lets nobody in.
fn allowed(row: Option<&'static Row>, caller: &Caller) -> Result<&'static Row, AccessError> {
    let wanted = match row.map(|row| row.who) {
        Some(Who::Scopes(wanted)) => wanted,
        Some(Who::Anyone) | None => &[],
    };
    row.filter(|_| wanted.iter().any(|scope| caller.may(*scope)))
        .ok_or(AccessError::Scope(wanted))
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let said = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = said.split_once(' ')?;
    scheme
        .eq_ignore_ascii_case("bearer")
        .then(|| token.trim())
        .filter(|token| !token.is_empty())
}

fn address(request: &Request<Body>) -> Option<IpAddr> {
    let info = request.extensions().get::<TcpConnectInfo>()?;
    info.remote_addr().map(|from| from.ip())
}

impl<S> Layer<S> for Guard {
    type Service = Guarded<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Guarded {
            guard: self.clone(),
            inner,
        }
    }
}

/// A service behind the guard.
#[derive(Clone, Debug)]
pub struct Guarded<S> {
    guard: Guard,
    inner: S,
}

/// What a service behind the guard answers.
type Answering<E> = Pin<Box<dyn Future<Output = Result<Response<Body>, E>> + Send>>;

/// The answer, for as long as its token holds.
fn lasting<R>(answer: Response<R>, holds: Option<Holds>, ending: Ending) -> Response<Body>
where
    R: http_body::Body<Data = Bytes, Error: Into<StdError>> + Send + 'static,
{
    let answer = answer.map(Body::new);
    match holds {
        Some(holds) => answer.map(|body| Body::new(Outlived::new(body, holds, ending))),
        None => answer,
    }
}

impl<S, B, R> Service<Request<B>> for Guarded<S>
where
    S: Service<Request<Body>, Response = Response<R>, Future: Send + 'static>,
    S: Clone + Send + 'static,
    S::Error: Send + 'static,
    B: http_body::Body<Data = Bytes, Error: Into<StdError>> + Send + 'static,
    R: http_body::Body<Data = Bytes, Error: Into<StdError>> + Send + 'static,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = Answering<S::Error>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let request = request.map(Body::new);
        if self.guard.stands_open(request.uri().path()) {
            let answer = self.inner.call(request);
            return Box::pin(async move { Ok(answer.await?.map(Body::new)) });
        }
        let holds = self.guard.holds(request.headers());
        // The one that is ready does the work; a clone waits for the next call.
        let next = self.inner.clone();
        let mut ready = std::mem::replace(&mut self.inner, next);
        let guard = self.guard.clone();
        Box::pin(async move {
            match guard.admit(request).await {
                Ok((caller, request)) => {
                    let request = match &holds {
                        Some(holds) => {
                            request.map(|body| Body::new(Said::new(body, Arc::clone(holds))))
                        }
                        None => request,
                    };
                    let answer = caller::acting(caller, ready.call(request)).await?;
                    Ok(lasting(answer, holds, Ending::Status))
                }
                Err(refused) => Ok(refused.into_http()),
            }
        })
    }
}

/// Ends the streams of the side door when the token that asked for them does; see [`Guard::door_streams`].
#[derive(Clone, Debug)]
pub struct DoorStreams(Guard);

impl<S> Layer<S> for DoorStreams {
    type Service = DoorStream<S>;

    fn layer(&self, inner: S) -> Self::Service {
        DoorStream {
            guard: self.0.clone(),
            inner,
        }
    }
}

/// A route of the side door, behind [`DoorStreams`].
#[derive(Clone, Debug)]
pub struct DoorStream<S> {
    guard: Guard,
    inner: S,
}

impl<S, B, R> Service<Request<B>> for DoorStream<S>
where
    S: Service<Request<B>, Response = Response<R>, Future: Send + 'static>,
    R: http_body::Body<Data = Bytes, Error: Into<StdError>> + Send + 'static,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = Answering<S::Error>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let holds = self.guard.holds(request.headers());
        let answer = self.inner.call(request);
        Box::pin(async move { Ok(lasting(answer.await?, holds, Ending::Silent)) })
    }
}
