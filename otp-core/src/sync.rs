//! What is shared between tasks goes through here: std's own, or shuttle's under `--cfg shuttle`, where a test explores
//! the schedules of its tasks, with a choice at every lock and every atomic.
//!
//! `Arc` is std's in both cases, and so is what belongs to the whole program.

#[cfg(not(shuttle))]
pub(crate) use std::{
    hint::spin_loop,
    panic::{catch_unwind, resume_unwind},
    sync::{Mutex, MutexGuard, RwLock, atomic},
    thread::panicking,
    thread_local,
};

#[cfg(shuttle)]
pub(crate) use shuttle::{
    hint::spin_loop,
    sync::{Mutex, MutexGuard, RwLock, atomic},
    thread_local,
};

#[cfg(shuttle)]
pub(crate) use explored::{catch_unwind, panicking, resume_unwind};

/// std's, in the words of loom's, which looks at each access.
pub(crate) struct UnsafeCell<T>(std::cell::UnsafeCell<T>);

impl<T> UnsafeCell<T> {
    pub(crate) const fn new(value: T) -> Self {
        UnsafeCell(std::cell::UnsafeCell::new(value))
    }

    #[inline]
    pub(crate) fn with_mut<R>(&self, access: impl FnOnce(*mut T) -> R) -> R {
        access(self.0.get())
    }
}

/// Unwinding, told apart by task. Shuttle's tasks share one thread, of which std counts the panics.
#[cfg(shuttle)]
mod explored {
    use std::any::Any;
    use std::cell::Cell;
    use std::panic::UnwindSafe;

    super::thread_local! {
        static UNWINDS: Cell<bool> = const { Cell::new(false) };
    }

    /// Whether the task unwinds. Not noticed of a panic: processes in these tests crash by `exit_with`.
    pub(crate) fn panicking() -> bool {
        UNWINDS.try_with(Cell::get).unwrap_or(false)
    }

    pub(crate) fn resume_unwind(payload: Box<dyn Any + Send>) -> ! {
        UNWINDS.with(|unwinds| unwinds.set(true));
        std::panic::resume_unwind(payload)
    }

    pub(crate) fn catch_unwind<T>(run: impl FnOnce() -> T + UnwindSafe) -> std::thread::Result<T> {
        let result = std::panic::catch_unwind(run);
        if result.is_err() {
            UNWINDS.with(|unwinds| unwinds.set(false));
        }
        result
    }
}
