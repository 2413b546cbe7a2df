//! GS-054, GS-055: finding servers, and looking into them while they run.

use otp_core::prelude::*;
use otp_core::sys::{self, AnyServer, ReplaceError};
use otp_core::time::{Instant, sleep};
use tests::processes::{boom, end};

const SECOND: Duration = Duration::from_secs(1);

#[gen_server]
struct Counter {
    value: i64,
}

#[gen_server]
impl Counter {
    #[init]
    fn init(value: i64) -> Self {
        Counter { value }
    }

    #[call]
    fn add(&mut self, by: i64) -> i64 {
        self.value += by;
        self.value
    }

    #[cast]
    async fn work(&mut self) {
        sleep(SECOND).await;
    }

    #[call]
    async fn look_into_yourself(&mut self, cx: &mut Context<Self>) -> Result<i64, CallFailure> {
        sys::get_state(&cx.this(), |counter| counter.value).await
    }

    #[call]
    fn trap_exit(&self, cx: &mut Context<Self>) {
        cx.trap_exit(true);
    }

    #[handle_timeout]
    fn timeout(&mut self) {
        self.value = -1;
    }

    #[format_status]
    fn format_status(&self) -> String {
        self.value.to_string()
    }
}

async fn value(counter: &CounterRef) -> Result<i64, CallFailure> {
    sys::get_state(counter, |counter| counter.value).await
}

#[otp_core::test]
async fn gs_054_whereis() {
    let node = Node::current().unwrap();
    let counter = Counter::start(1).name("hits").await.unwrap();
    let (pid, named) = (counter.pid().unwrap(), CounterRef::named("hits"));
    assert_eq!(process::whereis("hits"), Some(pid));
    assert_eq!((named.pid(), node.whereis("hits")), (Some(pid), Some(pid)));
    assert_eq!(CounterRef::named("misses").pid(), None);
    assert_eq!(named.pin().unwrap(), counter.pin().unwrap());
    assert_ne!(named, counter, "two addresses");

    let elsewhere = Node::new();
    let there = ServerRef::<Counter>::named_on(&elsewhere, "hits");
    assert_eq!((there.pid(), elsewhere.whereis("hits")), (None, None));
    assert_eq!(
        format!("{there}"),
        "\"hits\"",
        "an address elsewhere stays as it is"
    );
    let other = elsewhere.run(Counter::start(2).name("hits")).await.unwrap();
    assert_eq!(
        (there.pid(), process::whereis("hits")),
        (other.pid(), Some(pid))
    );

    counter.stop().await.unwrap();
    assert_eq!(
        (named.pid(), counter.is_alive(), named.pin()),
        (None, false, None)
    );
    assert_eq!(counter.pid(), Some(pid), "a pid stays a pid");
    let again = Counter::start(1).name("hits").await.unwrap();
    otp_core::testing::end_with_test(&again);
    assert_eq!(named.pid(), again.pid());
    elsewhere.kill_all().await;
}

#[otp_core::test]
async fn gs_055_the_state_is_read_and_replaced() {
    let counter = Counter::start_link(1).await.unwrap();
    assert_eq!(value(&counter).await, Ok(1));
    assert_eq!(
        sys::replace_state(&counter, |old| Counter {
            value: old.value + 1
        })
        .await,
        Ok(())
    );
    assert_eq!(counter.add(1).await, Ok(3));
}

#[otp_core::test]
async fn gs_055_also_while_it_is_suspended() {
    let counter = Counter::start_link(1).await.unwrap();
    sys::suspend(&counter).await.unwrap();
    let waiting = counter.add(10).send_request();
    assert_eq!(value(&counter).await, Ok(1));
    assert_eq!(
        sys::replace_state(&counter, |_| Counter { value: 5 }).await,
        Ok(())
    );
    let status = sys::get_status(&counter).await.unwrap();
    assert_eq!(
        (status.suspended, status.message_queue_len, &*status.state),
        (true, 1, "5")
    );
    sys::resume(&counter).await.unwrap();
    assert_eq!(waiting.receive_response(SECOND).await, Ok(15));
}

#[otp_core::test]
async fn gs_055_a_replacement_that_panics_leaves_the_state() {
    let counter = Counter::start_link(1).await.unwrap();
    for suspend in [false, true] {
        if suspend {
            sys::suspend(&counter).await.unwrap();
        }
        assert_eq!(
            sys::replace_state(&counter, |_| panic!("no")).await,
            Err(ReplaceError::CallbackFailed)
        );
        assert_eq!(value(&counter).await, Ok(1));
    }
}

#[otp_core::test]
async fn gs_055_a_request_takes_its_turn_and_waits_5_seconds() {
    let (counter, began) = (Counter::start_link(1).await.unwrap(), Instant::now());
    counter.work();
    assert_eq!((value(&counter).await, began.elapsed()), (Ok(1), SECOND));
    (0..6).for_each(|_| drop(counter.work()));
    assert_eq!(
        value(&counter).await,
        Err(CallFailure::Timeout { cycle: vec![] })
    );
    assert_eq!(began.elapsed(), 6 * SECOND);
}

#[otp_core::test]
async fn gs_055_a_request_to_nobody_and_one_to_oneself() {
    let counter = Counter::start(1).await.unwrap();
    assert_eq!(
        counter.look_into_yourself().await,
        Err(CallError::Handler(CallFailure::CallingSelf))
    );
    counter.stop().await.unwrap();
    assert_eq!(value(&counter).await, Err(CallFailure::NoProc));
    assert_eq!(
        sys::replace_state(&counter, |_| Counter { value: 0 }).await,
        Err(ReplaceError::Failed(CallFailure::NoProc))
    );
    assert_eq!(
        sys::suspend(&ServerRef::<Counter>::named("nobody")).await,
        Err(CallFailure::NoProc)
    );
}

#[otp_core::test]
async fn a_suspended_server_handles_nothing_and_then_everything_in_order() {
    let counter = Counter::start_link(0).await.unwrap();
    let before = counter.add(1).send_request();
    sys::suspend(&counter).await.unwrap();
    sys::suspend(&counter).await.unwrap();
    let (first, second) = (
        counter.add(10).send_request(),
        counter.add(100).send_request(),
    );
    assert_eq!(
        counter.add(1_000).timeout(SECOND).await,
        Err(CallFailure::Timeout { cycle: vec![] })
    );
    sys::resume(&counter).await.unwrap();
    sys::resume(&counter).await.unwrap();
    assert_eq!(before.receive_response(SECOND).await, Ok(1));
    assert_eq!(first.receive_response(SECOND).await, Ok(11));
    assert_eq!(second.receive_response(SECOND).await, Ok(111));
    assert_eq!(
        value(&counter).await,
        Ok(1_111),
        "the caller's patience changes nothing"
    );
}

#[otp_core::test(crashes = allowed)]
async fn a_suspended_server_can_be_stopped_and_its_parent_can_end_it() {
    let (counter, monitor) = Counter::start_monitor(0).await.unwrap();
    sys::suspend(&counter).await.unwrap();
    let waiting = counter.add(1).send_request();
    assert_eq!(counter.stop().await, Ok(()));
    assert_eq!(end(monitor).await, ExitReason::Normal);
    assert_eq!(
        waiting.receive_response(SECOND).await,
        Err(CallFailure::Exit(ExitReason::Normal))
    );

    process::trap_exit(true);
    let counter = Counter::start_link(0).await.unwrap();
    counter.trap_exit().await.unwrap();
    sys::suspend(&counter).await.unwrap();
    process::exit(&*counter, boom());
    assert_eq!(counter.ended().await, boom());
}

#[otp_core::test]
async fn statistics_count_messages_while_they_are_on() {
    let counter = Counter::start_link(0).await.unwrap();
    assert_eq!(sys::statistics(&counter, None).await, Ok(None));
    counter.add(1).await.unwrap();
    sleep(SECOND).await;
    let began = Instant::now();
    assert_eq!(sys::statistics(&counter, Some(true)).await, Ok(None));
    for _ in 0..3 {
        counter.add(1).await.unwrap();
        sleep(SECOND).await;
    }
    for enable in [None, Some(false)] {
        let statistics = sys::statistics(&counter, enable).await.unwrap().unwrap();
        assert_eq!((statistics.since, statistics.messages_in), (began, 3));
    }
    assert_eq!(sys::statistics(&counter, None).await, Ok(None));
}

#[otp_core::test]
async fn a_status_tells_who_and_what() {
    let counter = Counter::start_link(7).name("hits").await.unwrap();
    let status = sys::get_status(&counter).await.unwrap();
    assert_eq!(
        (Some(status.pid), status.parent),
        (counter.pid(), Some(process::self_pid()))
    );
    assert_eq!(
        (status.name, status.server),
        (Some(Name::from("hits")), std::any::type_name::<Counter>())
    );
    assert_eq!(
        (status.suspended, status.message_queue_len, &*status.state),
        (false, 0, "7")
    );
}

#[otp_core::test]
async fn a_server_whose_statistics_are_on_shows_what_it_does() {
    let activity = |counter: &CounterRef| process::info(&**counter).unwrap().activity;
    let counter = Counter::start_link(0).await.unwrap();
    assert_eq!(activity(&counter), None);
    sys::statistics(&counter, Some(true)).await.unwrap();
    for _ in 0..3 {
        counter.work();
    }
    sleep(SECOND / 2).await;
    let busy = activity(&counter).unwrap();
    assert_eq!(busy.statistics.messages_in, 1);
    assert_eq!(
        (busy.message, busy.taken),
        (Some("CounterMessage::Work"), 2)
    );
    assert_eq!(busy.state_size, size_of::<Counter>());
    sleep(5 * SECOND).await;
    let idle = activity(&counter).unwrap();
    assert_eq!(idle.statistics.messages_in, 3);
    assert_eq!((idle.message, idle.taken), (None, 0));

    sys::suspend(&counter).await.unwrap();
    let waiting = counter.add(1).send_request();
    sys::get_status(&counter).await.unwrap();
    let info = process::info(&*counter).unwrap();
    assert_eq!((info.suspended, info.message_queue_len), (true, 0));
    assert_eq!(info.activity.unwrap().taken, 1);
    sys::resume(&counter).await.unwrap();
    assert_eq!(waiting.await, Ok(1));
    assert!(!process::info(&*counter).unwrap().suspended);
    sys::statistics(&counter, Some(false)).await.unwrap();
    assert_eq!(activity(&counter), None);
}

#[otp_core::test]
async fn a_server_of_any_type_is_asked_by_its_pid() {
    let node = Node::current().unwrap();
    let counter = Counter::start_link(7).await.unwrap();
    let pid = counter.pid().unwrap();
    let server = AnyServer::of(&node, pid).unwrap();
    assert_eq!(server.get_status().await.unwrap().state, "7");
    server.suspend().await.unwrap();
    let waiting = counter.add(1).send_request();
    server.resume().await.unwrap();
    assert_eq!(waiting.await, Ok(8));
    server.switch_statistics(true);
    counter.add(1).await.unwrap();
    let statistics = sys::statistics(&counter, None).await.unwrap();
    assert_eq!(statistics.unwrap().messages_in, 1);

    let worker = process::spawn(std::future::pending::<()>());
    let task = Task::spawn(std::future::pending::<()>());
    for other in [worker, task.pid().unwrap(), process::self_pid()] {
        assert!(AnyServer::of(&node, other).is_none());
    }
    process::exit(worker, ExitReason::Kill);
    drop(task);
    counter.stop().await.unwrap();
    assert!(AnyServer::of(&node, pid).is_none());
    assert_eq!(server.get_status().await, Err(CallFailure::NoProc));
}

#[otp_core::test]
async fn who_waits_for_whom_is_seen_from_outside() {
    let counter = Counter::start_link(0).await.unwrap();
    let me = process::self_pid();
    assert_eq!(process::info(&*counter).unwrap().parent, Some(me));
    counter.work();
    let server = counter.clone();
    let caller = Task::spawn(async move { server.add(1).await });
    sleep(SECOND / 2).await;
    let info = process::info(caller.pid().unwrap()).unwrap();
    assert_eq!((info.parent, info.waiting_for), (Some(me), counter.pid()));
    assert!(info.memory > 0);
    assert_eq!(caller.await.unwrap(), Ok(1));
    assert_eq!(process::info(me).unwrap().waiting_for, None);
}
