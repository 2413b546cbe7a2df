//! The answer of a call, which is `unsafe` code, under every order of its steps that two threads can take: loom looks at each
//! access to its cells, and at what is leaked.

#[path = "../../otp-core/src/oneshot.rs"]
mod oneshot;

/// What the module takes from its crate.
mod sync {
    pub(crate) use loom::cell::UnsafeCell;
    pub(crate) use loom::sync::atomic;
    pub(crate) use loom::thread::yield_now as spin_loop;
}

use std::future::poll_fn;
use std::sync::Arc as StdArc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Poll, Wake, Waker};

use loom::future::block_on;
use loom::sync::Arc;
use loom::thread;

/// Counts how often it is woken.
#[derive(Default)]
struct Woken(AtomicUsize);

impl Wake for Woken {
    fn wake(self: StdArc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl Woken {
    fn waker() -> (StdArc<Self>, Waker) {
        let woken = StdArc::new(Woken::default());
        (woken.clone(), Waker::from(woken))
    }

    fn times(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

#[test]
fn a_value_arrives_with_what_was_written_before() {
    loom::model(|| {
        let (sender, mut receiver) = oneshot::channel("header");
        let sending = thread::spawn(move || {
            assert_eq!(*sender.header(), "header");
            assert!(!sender.is_abandoned());
            sender.send(Arc::new(7));
        });
        let value = block_on(poll_fn(|cx| receiver.poll(cx.waker())));
        assert_eq!(value.as_deref(), Some(&7));
        assert_eq!(*receiver.header(), "header");
        sending.join().unwrap();
    });
}

#[test]
fn a_sender_that_is_dropped_wakes_the_receiver() {
    loom::model(|| {
        let (sender, mut receiver) = oneshot::channel::<(), Arc<u8>>(());
        let dropping = thread::spawn(move || drop(sender));
        let value = block_on(poll_fn(|cx| receiver.poll(cx.waker())));
        assert!(value.is_none());
        dropping.join().unwrap();
    });
}

#[test]
fn a_receiver_that_never_waited_leaves_the_value_to_the_sender() {
    loom::model(|| {
        let (sender, receiver) = oneshot::channel(());
        let value = Arc::new(7);
        let sent = value.clone();
        let sending = thread::spawn(move || sender.send(sent));
        drop(receiver);
        sending.join().unwrap();
        assert_eq!(Arc::strong_count(&value), 1, "it was dropped once");
    });
}

#[test]
fn a_receiver_that_waits_can_be_dropped_at_any_time() {
    loom::model(|| {
        let (sender, mut receiver) = oneshot::channel(());
        let (woken, waker) = Woken::waker();
        let value = Arc::new(7);
        let sent = value.clone();
        assert!(receiver.poll(&waker).is_pending());
        let sending = thread::spawn(move || sender.send(sent));
        drop(receiver);
        sending.join().unwrap();
        drop(waker);
        assert_eq!(Arc::strong_count(&value), 1, "it was dropped once");
        assert!(woken.times() <= 1);
        assert_eq!(StdArc::strong_count(&woken), 1, "its waker was dropped");
    });
}

#[test]
fn the_last_waker_is_the_one_that_is_woken() {
    loom::model(|| {
        let (sender, mut receiver) = oneshot::channel(());
        let ((_, first), (last_woken, last)) = (Woken::waker(), Woken::waker());
        assert!(receiver.poll(&first).is_pending());
        let sending = thread::spawn(move || sender.send(7));
        let polled = receiver.poll(&last);
        sending.join().unwrap();
        match polled {
            Poll::Ready(value) => assert_eq!(value, Some(7)),
            Poll::Pending => {
                assert_eq!(last_woken.times(), 1);
                assert_eq!(receiver.poll(&last), Poll::Ready(Some(7)));
            }
        }
    });
}

#[test]
fn to_watch_takes_nothing() {
    loom::model(|| {
        let (sender, mut receiver) = oneshot::channel(());
        let (woken, waker) = Woken::waker();
        let sending = thread::spawn(move || sender.send(7));
        let done = receiver.watch(&waker);
        sending.join().unwrap();
        assert!(done || woken.times() == 1);
        assert!(receiver.watch(&waker), "it is done now");
        assert_eq!(receiver.poll(&waker), Poll::Ready(Some(7)));
        assert_eq!(receiver.poll(&waker), Poll::Ready(None), "it was taken");
    });
}
