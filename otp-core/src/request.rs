//! Requests that were sent and are waited for later: `gen_server:send_request`, and collections of them.

use std::collections::{BTreeMap, VecDeque, btree_map};
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::{Arc, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use tokio::time::Instant;

use crate::call::{CallFailure, dropped};
use crate::process;
use crate::process::cell::Process;
use crate::reply::Answer;
use crate::sync::{Mutex, MutexGuard};
use crate::telemetry::Observed;

/// A request whose answer has not been taken: a request id of `gen_server:send_request/2`.
///
/// Made by [`Call::send_request`](crate::Call::send_request). Awaited, it waits as long as it takes. Dropped, the request
/// is handled and its answer vanishes.
///
/// # Errors
///
/// Why there is no answer, see [`CallFailure`]. In OTP a failed call ends the caller, but the error of a request is a value
/// there as well.
///
/// # Cancel safety
///
/// Awaited by `&mut`, it has lost nothing when that is dropped: the answer can be waited for again.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # use doc_servers::Counter;
/// # otp_core::doc_test(async {
/// let counter = Counter::start(40).await.unwrap();
/// let request: Request<i64> = counter.add(2).send_request();
/// assert_eq!(request.await, Ok(42));
/// # });
/// ```
#[must_use = "dropped, the answer vanishes"]
pub struct Request<T> {
    answer: Answer<T>,
    server: Result<Arc<dyn Process>, CallFailure>,
    observed: Observed,
}

impl<T> Request<T> {
    pub(crate) fn new(
        answer: Answer<T>,
        server: Result<Arc<dyn Process>, CallFailure>,
        observed: Observed,
    ) -> Self {
        Request {
            answer,
            server,
            observed,
        }
    }

    /// Waits for the answer, no longer than `timeout`; None if it has not come, and the request can be waited for
    /// again. Mirrors `gen_server:wait_response/2`.
    ///
    /// # Errors
    ///
    /// Why there is no answer.
    ///
    /// # Cancel safety
    ///
    /// Dropped, it has lost nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::Counter;
    /// # otp_core::doc_test(async {
    /// let counter = Counter::start(40).await.unwrap();
    /// let mut request = counter.add(2).send_request();
    /// // The server has had no turn yet.
    /// assert_eq!(request.wait_response(Duration::ZERO).await, None);
    /// assert_eq!(request.wait_response(Duration::from_secs(5)).await, Some(Ok(42)));
    /// # });
    /// ```
    pub async fn wait_response(&mut self, timeout: Duration) -> Option<Result<T, CallFailure>> {
        process::within(timeout, poll_fn(|cx| self.poll_answer(cx.waker()))).await
    }

    /// Waits for the answer, no longer than `timeout`, and gives up then: a late answer vanishes. Mirrors
    /// `gen_server:receive_response/2`.
    ///
    /// # Errors
    ///
    /// Why there is no answer.
    ///
    /// # Cancel safety
    ///
    /// Dropped, the answer vanishes.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::Counter;
    /// # otp_core::doc_test(async {
    /// let counter = Counter::start(40).await.unwrap();
    /// let request = counter.add(1).send_request();
    /// let late = request.receive_response(Duration::ZERO).await;
    /// assert_eq!(late, Err(CallFailure::Timeout { cycle: Vec::new() }));
    /// let request = counter.add(1).send_request();
    /// assert_eq!(request.receive_response(Duration::from_secs(5)).await, Ok(42));
    /// # });
    /// ```
    pub async fn receive_response(mut self, timeout: Duration) -> Result<T, CallFailure> {
        if let Some(answer) = self.wait_response(timeout).await {
            return answer;
        }
        let failure = CallFailure::Timeout { cycle: Vec::new() };
        self.observed.end(Some(&failure));
        Err(failure)
    }

    fn poll_answer(&mut self, waker: &Waker) -> Poll<Result<T, CallFailure>> {
        match &self.server {
            Err(failure) => Poll::Ready(Err(failure.clone())),
            Ok(server) => self.answer.poll(waker).map(|answer| {
                let answer = answer.ok_or_else(|| dropped(server.core()));
                self.observed.end(answer.as_ref().err());
                answer
            }),
        }
    }
}

impl<T> Future for Request<T> {
    type Output = Result<T, CallFailure>;

    /// Waits as long as it takes.
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.poll_answer(cx.waker())
    }
}

impl<T> fmt::Debug for Request<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field(
                "server",
                &self.server.as_ref().map(|server| server.core().pid()),
            )
            .finish()
    }
}

/// Requests that are waited for together, each with a label: a `gen_server:reqids_new()` collection.
///
/// Answers come in the order in which they were given. A request can be in one collection once: the compiler sees to
/// it, as adding it moves it.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # #[gen_server] pub struct Echo {}
/// # #[gen_server] impl Echo {
/// #     #[init] fn init() -> Self { Echo {} }
/// #     #[call] pub fn echo(&self, text: String) -> String { text }
/// # }
/// # otp_core::doc_test(async {
/// let echo = Echo::start().await.unwrap();
/// let mut requests = RequestCollection::new();
/// requests.add("first", echo.echo("a".into()).send_request());
/// requests.add("second", echo.echo("b".into()).send_request());
/// let (label, answer) = requests.receive_response(Duration::from_secs(1)).await.unwrap();
/// assert_eq!((label, answer), ("first", Ok("a".to_owned())));
/// assert_eq!(requests.len(), 1);
/// # });
/// ```
pub struct RequestCollection<L, T> {
    /// By number, and so in the order in which they were added.
    entries: BTreeMap<u64, Entry<L, T>>,
    answered: Arc<Mutex<Answered>>,
    next: u64,
}

struct Entry<L, T> {
    label: L,
    request: Request<T>,
    signal: Waker,
}

/// Which requests were answered, in order, and who waits for one.
#[derive(Default)]
struct Answered {
    ids: VecDeque<u64>,
    waker: Option<Waker>,
}

struct AnswerSignal {
    id: u64,
    answered: Arc<Mutex<Answered>>,
}

impl Wake for AnswerSignal {
    fn wake(self: Arc<Self>) {
        let waker = {
            let mut answered = lock(&self.answered);
            answered.ids.push_back(self.id);
            answered.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

fn lock(answered: &Mutex<Answered>) -> MutexGuard<'_, Answered> {
    answered.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<L, T> RequestCollection<L, T> {
    /// Makes an empty one.
    ///
    /// Mirrors `gen_server:reqids_new/0`.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// let requests = RequestCollection::<&str, u32>::new();
    /// assert!(requests.is_empty());
    /// ```
    #[must_use]
    pub fn new() -> Self {
        RequestCollection {
            entries: BTreeMap::new(),
            answered: Arc::default(),
            next: 0,
        }
    }

    /// Adds a request: `gen_server:reqids_add/3`.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::Counter;
    /// # otp_core::doc_test(async {
    /// let counter = Counter::start(40).await.unwrap();
    /// let mut requests = RequestCollection::new();
    /// requests.add("hits", counter.add(2).send_request());
    /// assert_eq!(requests.receive_response(Duration::from_secs(5)).await, Ok(("hits", Ok(42))));
    /// # });
    /// ```
    pub fn add(&mut self, label: L, mut request: Request<T>) {
        let id = self.next;
        self.next += 1;
        let signal = Waker::from(Arc::new(AnswerSignal {
            id,
            answered: Arc::clone(&self.answered),
        }));
        let is_answered = match &request.server {
            Ok(_) => request.answer.watch(&signal),
            Err(_) => true,
        };
        if is_answered {
            lock(&self.answered).ids.push_back(id);
        }
        let entry = Entry {
            label,
            request,
            signal,
        };
        self.entries.insert(id, entry);
    }

    /// How many are waited for.
    ///
    /// Mirrors `gen_server:reqids_size/1`.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::Counter;
    /// # otp_core::doc_test(async {
    /// let counter = Counter::start(0).await.unwrap();
    /// let mut requests = RequestCollection::new();
    /// requests.add(1, counter.add(1).send_request());
    /// requests.add(2, counter.add(1).send_request());
    /// assert_eq!(requests.len(), 2);
    /// # });
    /// ```
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is none.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::Counter;
    /// # otp_core::doc_test(async {
    /// let counter = Counter::start(0).await.unwrap();
    /// let mut requests = RequestCollection::new();
    /// requests.add("hits", counter.add(1).send_request());
    /// assert!(!requests.is_empty());
    /// requests.receive_response(Duration::from_secs(5)).await.unwrap();
    /// assert!(requests.is_empty());
    /// # });
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Waits for the next answer, no longer than `timeout`, and takes its request out.
    ///
    /// The answer of a request whose server died is its failure. Mirrors `gen_server:receive_response/3` with
    /// `Delete = true`, and `wait_response/3` in that a timeout loses nothing.
    ///
    /// # Errors
    ///
    /// The collection is empty, or nothing was answered in time; then the requests stay.
    ///
    /// # Cancel safety
    ///
    /// Dropped, it has lost nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::Counter;
    /// # otp_core::doc_test(async {
    /// let (hits, misses) = (Counter::start(0).await.unwrap(), Counter::start(0).await.unwrap());
    /// let mut requests = RequestCollection::new();
    /// requests.add("hits", hits.add(1).send_request());
    /// requests.add("misses", misses.add(2).send_request());
    /// let mut sum = 0;
    /// while let Ok((_label, answer)) = requests.receive_response(Duration::from_secs(5)).await {
    ///     sum += answer.unwrap();
    /// }
    /// assert_eq!(sum, 3);
    /// # });
    /// ```
    pub async fn receive_response(
        &mut self,
        timeout: Duration,
    ) -> Result<(L, Result<T, CallFailure>), NoResponse> {
        self.receive_response_until(crate::time::deadline_after(timeout))
            .await
    }

    /// Waits for the next answer until a time of tokio's clock, see [`receive_response`](Self::receive_response).
    ///
    /// # Errors
    ///
    /// The collection is empty, or nothing was answered in time; then the requests stay.
    ///
    /// # Cancel safety
    ///
    /// Dropped, it has lost nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::Counter;
    /// use otp_core::NoResponse;
    /// use otp_core::time::Instant;
    ///
    /// # otp_core::doc_test(async {
    /// let counter = Counter::start(0).await.unwrap();
    /// let mut requests = RequestCollection::new();
    /// requests.add("hits", counter.add(1).send_request());
    /// assert_eq!(requests.receive_response_until(Instant::now()).await, Err(NoResponse::Timeout));
    /// // Nothing is lost.
    /// let deadline = Instant::now() + Duration::from_secs(5);
    /// assert_eq!(requests.receive_response_until(deadline).await, Ok(("hits", Ok(1))));
    /// # });
    /// ```
    pub async fn receive_response_until(
        &mut self,
        deadline: Instant,
    ) -> Result<(L, Result<T, CallFailure>), NoResponse> {
        if self.is_empty() {
            return Err(NoResponse::NoRequest);
        }
        let left = deadline.saturating_duration_since(Instant::now());
        process::within(left, poll_fn(|cx| self.poll(cx)))
            .await
            .ok_or(NoResponse::Timeout)
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<(L, Result<T, CallFailure>)> {
        loop {
            let next = {
                let mut answered = lock(&self.answered);
                answered.waker = Some(cx.waker().clone());
                answered.ids.pop_front()
            };
            let Some(id) = next else { return Poll::Pending };
            let btree_map::Entry::Occupied(mut entry) = self.entries.entry(id) else {
                continue;
            };
            let Entry {
                request, signal, ..
            } = entry.get_mut();
            if let Poll::Ready(answer) = request.poll_answer(signal) {
                return Poll::Ready((entry.remove().label, answer));
            }
        }
    }
}

/// Why a collection has no response.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// use otp_core::NoResponse;
///
/// # otp_core::doc_test(async {
/// let mut requests = RequestCollection::<&str, u32>::new();
/// let answer = requests.receive_response(Duration::from_secs(5)).await;
/// assert_eq!(answer, Err(NoResponse::NoRequest));
/// # });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoResponse {
    /// The collection is empty.
    #[error("there is no request to wait for")]
    NoRequest,
    /// None of its requests was answered in time.
    #[error("no request was answered in time")]
    Timeout,
}

impl<L, T> Default for RequestCollection<L, T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<L: fmt::Debug, T> fmt::Debug for RequestCollection<L, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.entries.values().map(|entry| &entry.label))
            .finish()
    }
}
