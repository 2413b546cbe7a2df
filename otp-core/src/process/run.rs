//! The task of a process: polls its code in its scope, acts on exit signals between polls, and ends it in order.
//!
//! An exit signal that is not trapped acts when the code is pending: the code is dropped there. The order of an end is
//! told in [`super::signal`]; it is the same when the runtime drops the task.

use std::any::Any;
use std::cell::RefCell;
use std::future::Future;
use std::panic::{AssertUnwindSafe, PanicHookInfo};
use std::pin::Pin;
use std::sync::{Arc, Once};
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::cell::Process;
use super::scope::{self, Orphan};
use super::signal;
use crate::exit::{ExitReason, Panic};
use crate::sync::{catch_unwind, resume_unwind, thread_local};

/// Thrown by [`exit_with`](super::exit_with): ends the process from any depth.
pub(crate) struct Thrown(pub(crate) ExitReason);

/// What a caught unwinding tells.
pub(crate) struct Crash {
    pub(crate) reason: ExitReason,
    /// The panic itself, for bodies whose panics go on: `main` and tests.
    pub(crate) payload: Option<Box<dyn Any + Send>>,
    /// Replies that it dropped. To be dropped once the reason of the end is fixed.
    pub(crate) orphans: Vec<Orphan>,
}

impl Crash {
    /// The reason; the replies go to `orphans`.
    pub(crate) fn take(self, orphans: &mut Vec<Orphan>) -> ExitReason {
        orphans.extend(self.orphans);
        self.reason
    }

    /// Goes on with it.
    pub(crate) fn resume(self) -> ! {
        if let ExitReason::Panic(panic) = &self.reason {
            LOCATION.with(|location| location.replace(panic.location().map(str::to_owned)));
        }
        for orphan in self.orphans {
            drop(scope::adopt(orphan));
        }
        let thrown = || Box::new(Thrown(self.reason)) as Box<dyn Any + Send>;
        resume_unwind(self.payload.unwrap_or_else(thrown))
    }

    fn new(payload: Box<dyn Any + Send>) -> Self {
        let orphans = scope::take_orphans();
        match payload.downcast::<Thrown>() {
            Ok(thrown) => Crash {
                reason: thrown.0,
                payload: None,
                orphans,
            },
            Err(payload) => {
                let panic = Panic::new(&*payload, LOCATION.with(RefCell::take));
                Crash {
                    reason: ExitReason::Panic(Arc::new(panic)),
                    payload: Some(payload),
                    orphans,
                }
            }
        }
    }
}

thread_local! {
    static LOCATION: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Notes where a process panics, and leaves the rest to the hook that was there before.
pub(crate) fn install_hook() {
    static HOOK: Once = Once::new();
    if cfg!(shuttle) {
        // Shuttle has a hook of its own, which a panic outside an exploration must reach.
        return;
    }
    HOOK.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info: &PanicHookInfo<'_>| {
            if scope::with_process(|_| ()).is_some() {
                LOCATION
                    .with(|location| location.replace(info.location().map(ToString::to_string)));
            }
            before(info);
        }));
    });
}

pin_project! {
    /// Catches a panic, once for each poll. What the future borrows is whole afterwards: it is dropped before its owner
    /// looks at it again.
    pub(crate) struct Catch<F> {
        #[pin]
        future: F,
    }
}

pub(crate) fn catch<F: Future>(future: F) -> Catch<F> {
    Catch { future }
}

impl<F: Future> Future for Catch<F> {
    type Output = Result<F::Output, Crash>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let future = self.project().future;
        match catch_unwind(AssertUnwindSafe(|| future.poll(cx))) {
            Ok(poll) => poll.map(Ok),
            Err(payload) => Poll::Ready(Err(Crash::new(payload))),
        }
    }
}

/// What a function gives, or how it crashed.
pub(crate) fn attempt<T>(run: impl FnOnce() -> T) -> Result<T, Crash> {
    catch_unwind(AssertUnwindSafe(run)).map_err(Crash::new)
}

/// Drops what a process leaves. A panic in it does not keep the others from being told of the end.
pub(crate) fn contain(leave: impl FnOnce()) {
    if let Err(payload) = catch_unwind(AssertUnwindSafe(leave)) {
        drop(Crash::new(payload));
    }
}

pin_project! {
    /// A process that runs.
    pub(crate) struct Running<F> {
        #[pin]
        body: Option<F>,
        // The process, but for the time of a poll, when it is the current one. None once it has ended.
        process: Option<Arc<dyn Process>>,
    }

    impl<F> PinnedDrop for Running<F> {
        fn drop(this: Pin<&mut Self>) {
            // The runtime drops the task.
            this.end(ExitReason::Killed);
        }
    }
}

/// Makes a process that has begun out of its code. `F` has caught its own panics.
pub(crate) fn running<F>(process: Arc<dyn Process>, body: F) -> Running<F> {
    Running {
        body: Some(body),
        process: Some(process),
    }
}

impl<F> Running<F> {
    fn end(self: Pin<&mut Self>, reason: ExitReason) {
        let mut this = self.project();
        let Some(process) = this.process else {
            return;
        };
        let reason = signal::release(&**process, &reason);
        {
            let _acting = scope::act_as(this.process);
            contain(|| this.body.set(None));
        }
        if let Some(process) = this.process.take() {
            signal::farewell(&*process, &reason);
        }
    }
}

impl<F: Future<Output = ExitReason>> Future for Running<F> {
    type Output = ExitReason;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<ExitReason> {
        let this = self.as_mut().project();
        let (Some(body), Some(process)) = (this.body.as_pin_mut(), &*this.process) else {
            return Poll::Ready(ExitReason::Normal);
        };
        if !process.core().is_signalled() {
            let acting = scope::act_as(this.process);
            let poll = body.poll(cx);
            drop(acting);
            if let Poll::Ready(reason) = poll {
                self.end(reason.clone());
                return Poll::Ready(reason);
            }
        }
        let Some(process) = this.process else {
            return Poll::Pending;
        };
        if !process.is_registered() {
            process.register(cx.waker());
        }
        if !process.core().is_signalled() {
            return Poll::Pending;
        }
        let pending = process
            .core()
            .vital()
            .pending()
            .cloned()
            .unwrap_or(ExitReason::Killed);
        self.end(pending.clone());
        Poll::Ready(pending)
    }
}
