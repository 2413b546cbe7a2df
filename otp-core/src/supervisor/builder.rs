//! Trees that are known at run time only. `supervisor!` writes this for those that are known before.

use std::collections::HashSet;
use std::future::Future;
use std::time::Duration;

use super::error::SpecError;
use super::flags::{AutoShutdown, BackOff, Flags, Strategy};
use super::handle::SupervisorRef;
use super::run::{Checked, Setup, Supervisor};
use super::start::SupervisorStart;
use crate::child_spec::{ChildHandle, ChildSpec, ErasedSpec};
use crate::gen_server::InitError;
use crate::options::Restart;

/// A supervisor's flags and children, before it starts; made by [`Supervisor::builder`].
///
/// Unless set: three restarts in five seconds, as in Elixir; no automatic shutdown; no back-off, as in OTP.
///
/// Mirrors `Supervisor.start_link/2` and the flags of `supervisor:init/1`.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # use otp_core::{Strategy, Supervisor};
/// # use doc_servers::Counter;
/// # otp_core::doc_test(async {
/// let hits = Counter::child_spec(0).id("hits");
/// let misses = Counter::child_spec(0).id("misses");
/// // Handles follow their children, and are there before them.
/// let (hits_ref, _misses_ref) = (hits.handle(), misses.handle());
///
/// let supervisor = Supervisor::builder(Strategy::OneForAll)
///     .max_restarts(10, Duration::from_secs(60))
///     .child(hits)
///     .child(misses)
///     .start_link()
///     .await
///     .unwrap();
/// assert_eq!(hits_ref.add(1).await, Ok(1));
/// assert_eq!(supervisor.count_children().await.unwrap().active, 2);
/// # });
/// ```
#[derive(Debug)]
#[must_use = "a supervisor does nothing before it is started"]
pub struct SupervisorBuilder {
    flags: Flags,
    children: Vec<ErasedSpec>,
}

impl Supervisor {
    /// A supervisor without children. There is no default strategy, as in Elixir.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use otp_core::{Strategy, Supervisor};
    /// # otp_core::doc_test(async {
    /// let supervisor = Supervisor::builder(Strategy::OneForOne).start_link().await.unwrap();
    /// assert_eq!(supervisor.count_children().await.unwrap().specs, 0);
    /// # });
    /// ```
    pub fn builder(strategy: Strategy) -> SupervisorBuilder {
        SupervisorBuilder {
            flags: Flags {
                strategy,
                ..Flags::DEFAULT
            },
            children: Vec::new(),
        }
    }

    /// Starts a supervisor whose tree is made by `init`, as the new process, each time that it starts: Elixir's
    /// module-based supervisor. It may be async, may fail, and may ask not to be started with [`InitError::Ignore`].
    ///
    /// # Errors
    ///
    /// See [`SupervisorStart`].
    ///
    /// # Cancel safety
    ///
    /// As of [`SupervisorStart`]: dropped before it is done, the supervisor is killed, and its children with it.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use otp_core::{Strategy, Supervisor};
    /// # otp_core::doc_test(async {
    /// let started = Supervisor::start_link_with(async || {
    ///     let is_needed = false;
    ///     if is_needed { Ok(Supervisor::builder(Strategy::OneForOne)) } else { Err(InitError::Ignore) }
    /// });
    /// assert_eq!(started.await.unwrap_err(), StartError::Ignore);
    /// # });
    /// ```
    pub fn start_link_with<F, T>(init: F) -> SupervisorStart<SupervisorRef>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Future<Output = Result<SupervisorBuilder, InitError>> + Send + 'static,
    {
        SupervisorStart::new(true, |_| {
            let tree = move || async move {
                let builder = init().await?;
                builder.checked().map_err(InitError::from)
            };
            Ok(Setup::Init(Box::new(move || Box::pin(tree()))))
        })
    }
}

impl SupervisorBuilder {
    /// Gives up, with shutdown, at more than `max_restarts` restarts within `period`; all children count together.
    ///
    /// Unless set, 3 within 5 s, as in Elixir; Erlang's default is 1 within 5 s. Zero lets none be restarted.
    pub fn max_restarts(mut self, max_restarts: u32, period: Duration) -> Self {
        self.flags.max_restarts = max_restarts;
        self.flags.period = period;
        self
    }

    /// Shuts down when significant children end.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::Counter;
    /// # use otp_core::{AutoShutdown, Restart, SpecError, Strategy, Supervisor};
    /// let significant = || Counter::child_spec(0).id("hits").restart(Restart::Transient).significant(true);
    /// let builder = Supervisor::builder(Strategy::OneForOne);
    /// assert_eq!(builder.child(significant()).check(), Err(SpecError::SignificantWithoutAutoShutdown("hits".to_owned())));
    /// let builder = Supervisor::builder(Strategy::OneForOne).auto_shutdown(AutoShutdown::AnySignificant);
    /// assert_eq!(builder.child(significant()).check(), Ok(()));
    /// ```
    pub fn auto_shutdown(mut self, auto_shutdown: AutoShutdown) -> Self {
        self.flags.auto_shutdown = auto_shutdown;
        self
    }

    /// Puts restarts off. With [`Strategy::OneForAll`] and [`Strategy::RestForOne`] the siblings run until then.
    ///
    /// OTP has no such thing.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use otp_core::{BackOff, Strategy, Supervisor};
    /// let back_off = BackOff::new(Duration::from_millis(100), Duration::from_secs(10));
    /// let builder = Supervisor::builder(Strategy::OneForOne).back_off(back_off);
    /// assert_eq!(builder.check(), Ok(()));
    /// ```
    pub fn back_off(mut self, back_off: BackOff) -> Self {
        self.flags.back_off = Some(back_off);
        self
    }

    /// Adds a child behind the others.
    pub fn child<H: ChildHandle>(mut self, child: ChildSpec<H>) -> Self {
        self.children.push(child.erase());
        self
    }

    /// Looks for what is wrong: `supervisor:check_childspecs/2`. Starting does it too.
    ///
    /// # Errors
    ///
    /// The first thing that is wrong.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::Counter;
    /// # use otp_core::{SpecError, Strategy, Supervisor};
    /// let builder = Supervisor::builder(Strategy::OneForOne)
    ///     .child(Counter::child_spec(0).id("hits"))
    ///     .child(Counter::child_spec(0).id("hits"));
    /// assert_eq!(builder.check(), Err(SpecError::DuplicateChild("hits".to_owned())));
    /// ```
    pub fn check(&self) -> Result<(), SpecError> {
        if self.flags.period.is_zero() {
            return Err(SpecError::ZeroPeriod);
        }
        let mut ids = HashSet::new();
        for child in &self.children {
            check_child(child, self.flags.auto_shutdown)?;
            if !ids.insert(&*child.id) {
                return Err(SpecError::DuplicateChild(child.id.to_string()));
            }
        }
        Ok(())
    }

    /// Starts it, linked with the current process: `Supervisor.start_link/2`.
    ///
    /// # Errors
    ///
    /// See [`SupervisorStart`].
    ///
    /// # Cancel safety
    ///
    /// As of [`SupervisorStart`]: dropped before it is done, the supervisor is killed, and its children with it.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use doc_servers::Counter;
    /// # use otp_core::{Strategy, Supervisor};
    /// # otp_core::doc_test(async {
    /// let hits = Counter::child_spec(40).id("hits");
    /// let hits_ref = hits.handle();
    /// let supervisor = Supervisor::builder(Strategy::OneForOne).child(hits).start_link().await.unwrap();
    /// assert_eq!(hits_ref.add(2).await, Ok(42));
    /// supervisor.stop().await.unwrap();
    /// assert!(!hits_ref.is_alive());
    /// # });
    /// ```
    pub fn start_link(self) -> SupervisorStart<SupervisorRef> {
        SupervisorStart::new(true, |_| self.setup())
    }

    /// Starts it, linked with nothing.
    ///
    /// # Errors
    ///
    /// See [`SupervisorStart`].
    ///
    /// # Cancel safety
    ///
    /// As of [`SupervisorStart`]: dropped before it is done, the supervisor is killed, and its children with it.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use otp_core::{Strategy, Supervisor};
    /// # otp_core::doc_test(async {
    /// let supervisor = Supervisor::builder(Strategy::OneForOne).start().await.unwrap();
    /// assert!(process::info(&supervisor).unwrap().links.is_empty());
    /// # });
    /// ```
    pub fn start(self) -> SupervisorStart<SupervisorRef> {
        SupervisorStart::new(false, |_| self.setup())
    }

    /// What the supervisor's process begins with.
    ///
    /// # Errors
    ///
    /// The first thing that is wrong.
    #[doc(hidden)]
    pub fn setup(self) -> Result<Setup, SpecError> {
        Ok(Setup::Tree(self.checked()?))
    }

    fn checked(self) -> Result<Checked, SpecError> {
        self.check()?;
        Ok(Checked {
            flags: self.flags,
            children: self.children,
        })
    }
}

/// Looks for what is wrong with one child.
pub(super) fn check_child(
    child: &ErasedSpec,
    auto_shutdown: AutoShutdown,
) -> Result<(), SpecError> {
    if child.id.is_empty() {
        return Err(SpecError::MissingId);
    }
    if child.significant && auto_shutdown == AutoShutdown::Never {
        return Err(SpecError::SignificantWithoutAutoShutdown(
            child.id.to_string(),
        ));
    }
    if child.significant && child.restart == Restart::Permanent {
        return Err(SpecError::SignificantPermanent(child.id.to_string()));
    }
    Ok(())
}
