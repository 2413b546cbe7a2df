//! A task as a child of a supervisor.

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use super::begin::{Nothing, Origin, begin, link_with_current};
use super::handle::Task;
use crate::child_spec::{Begun, ChildHandle, ChildSpec, ChildStart};
use crate::gen_server::StartError;
use crate::options::{Restart, ServerOptions};
use crate::pid::Pid;
use crate::process::place::Place;
use crate::process::{self, Location, Target};

impl Task<()> {
    /// A task as a child of a supervisor: Elixir's `{Task, fun}`. `make` is called for each start.
    ///
    /// It is temporary, which is to say that it is never started again, and has 5 s to stop, unless the specification is
    /// changed.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// # use otp_core::{Restart, Strategy, Supervisor};
    /// # otp_core::doc_test(async {
    /// let me = process::self_pid();
    /// let warm_up = Task::child_spec(|| async { std::future::pending::<()>().await });
    /// assert_eq!(warm_up.restart, Restart::Temporary);
    /// let task = warm_up.handle();
    /// let supervisor = Supervisor::builder(Strategy::OneForOne).child(warm_up.id("warm_up")).start_link().await.unwrap();
    /// assert!(task.pid().is_some());
    /// supervisor.stop().await.unwrap();
    /// assert_eq!(task.pid(), None);
    /// # });
    /// ```
    pub fn child_spec<F>(mut make: impl FnMut() -> F + Send + 'static) -> ChildSpec<TaskRef>
    where
        F: Future + Send + 'static,
        F::Output: Send,
    {
        ChildSpec::new("Task", move || StartTask(make()))
    }
}

/// The handle of a task that is a child: it leads to the present process. Cheap to clone.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # otp_core::doc_test(async {
/// let mut spec = Task::child_spec(|| std::future::pending::<()>());
/// let task = spec.handle();
/// assert_eq!(task.pid(), None);
/// spec.start().await.unwrap();
/// assert!(task.pid().is_some());
/// # });
/// ```
#[derive(Clone)]
pub struct TaskRef {
    place: Arc<Place<Nothing>>,
}

impl TaskRef {
    /// The process; None if it does not run.
    ///
    /// # Examples
    ///
    /// ```
    /// # use otp_core::prelude::*;
    /// let spec = Task::child_spec(|| async {});
    /// assert_eq!(spec.handle().pid(), None);
    /// ```
    #[must_use]
    pub fn pid(&self) -> Option<Pid> {
        let present = self.place.present();
        let core = present.as_ref()?.core();
        (!core.is_gone()).then(|| core.pid())
    }
}

impl ChildHandle for TaskRef {
    const OPTIONS: ServerOptions = ServerOptions::DEFAULT.restart(Restart::Temporary);

    fn vacant() -> Self {
        TaskRef {
            place: Place::vacant(),
        }
    }

    fn pid(&self) -> Option<Pid> {
        self.pid()
    }
}

impl Target for &TaskRef {
    fn locate(&self) -> Location {
        super::locate(self.pid())
    }
}

impl fmt::Debug for TaskRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskRef").field("pid", &self.pid()).finish()
    }
}

/// A start of a task under a supervisor.
struct StartTask<F>(F);

impl<F> ChildStart for StartTask<F>
where
    F: Future + Send + 'static,
    F::Output: Send,
{
    type Handle = TaskRef;

    fn start_at(
        self,
        handle: &TaskRef,
    ) -> impl Future<Output = Result<Begun, StartError>> + Send + 'static {
        let place = Arc::clone(&handle.place);
        async move {
            let node = process::current().core().node().clone();
            let code = async move { drop(self.0.await) };
            let name = std::any::type_name::<F>();
            let process = begin(&node, Origin::here(), name, code, |task| {
                place.occupy(Arc::clone(task));
                link_with_current(&**task);
            });
            Ok(Begun(process))
        }
    }
}
