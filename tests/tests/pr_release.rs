//! The order of an end, whatever ends a process: what it held is released, its state dropped, and only then the others
//! are told. Also when the runtime drops its task.

#![expect(clippy::unwrap_used, reason = "the helpers of tests")]

use std::sync::{Arc, Mutex};

use otp_core::prelude::*;
use otp_core::process::info;
use otp_core::time::{send_after, send_interval, sleep};
use tests::processes::{Peer, boom, end};
use tokio::runtime::{Builder, Runtime};
use tokio::task::yield_now;

/// What others see of a process when its state is dropped.
#[derive(Debug, PartialEq)]
struct Sight {
    alive: bool,
    named: bool,
    timers: usize,
    /// What the watcher has been told.
    told: usize,
}

/// Looks around when it is dropped.
struct Witness {
    node: Node,
    watcher: Pid,
    pid: Pid,
    sight: Arc<Mutex<Option<Sight>>>,
}

impl Drop for Witness {
    fn drop(&mut self) {
        let sight = Sight {
            alive: self.node.is_alive(self.pid),
            named: self.node.whereis("house").is_some(),
            timers: self.node.timer_count(),
            told: told_to(&self.node, self.watcher),
        };
        *self.sight.lock().unwrap() = Some(sight);
    }
}

fn told_to(node: &Node, watcher: Pid) -> usize {
    let inside = node.run(async move { info(watcher).unwrap().message_queue_len });
    tests::processes::now(inside).unwrap()
}

/// A server that has a name, a timer, an interval, and a link and a monitor of the watcher's.
#[gen_server]
struct House {
    _witness: Option<Witness>,
}

#[gen_server]
impl House {
    #[init]
    fn init(watcher: Pid, sight: Arc<Mutex<Option<Sight>>>, cx: &mut Context<Self>) -> Self {
        let witness = Witness {
            node: cx.node().clone(),
            watcher,
            pid: cx.pid(),
            sight,
        };
        cx.send_after(Duration::from_secs(60), HouseMessage::Nothing);
        cx.send_interval(Duration::from_secs(60), || HouseMessage::Nothing);
        House {
            _witness: Some(witness),
        }
    }

    #[handle_info]
    fn nothing(&mut self) {}

    #[cast]
    fn end(&mut self, reason: ExitReason, cx: &mut Context<Self>) {
        cx.stop(reason);
    }

    #[cast]
    fn throw(&mut self, reason: ExitReason) {
        process::exit_with(reason);
    }

    #[cast]
    fn crash(&mut self) {
        panic!("the roof is down");
    }

    #[cast]
    async fn hang(&mut self) {
        std::future::pending::<()>().await;
    }
}

/// Has a house, linked with and monitored by a watcher that traps exits, ended in some way, and looks at its end.
async fn look_at_an_end(how: impl FnOnce(&HouseRef)) -> ExitReason {
    let node = Node::current().unwrap();
    let watcher = Peer::trapping().await;
    let sight = Arc::new(Mutex::new(None));
    let house = House::start(watcher.pid(), Arc::clone(&sight))
        .name("house")
        .await
        .unwrap();
    let pid = house.pid().unwrap();
    let monitor = watcher
        .does(move || {
            process::link(pid);
            process::monitor(pid)
        })
        .await;
    assert_eq!((node.timer_count(), node.whereis("house")), (2, Some(pid)));
    let ended = process::monitor(&house);

    how(&house);

    let reason = end(ended).await;
    assert_eq!(
        *sight.lock().unwrap(),
        Some(Sight {
            alive: false,
            named: false,
            timers: 0,
            told: 0
        })
    );
    assert_eq!(
        (node.whereis("house"), node.timer_count(), info(&house)),
        (None, 0, None)
    );
    assert_eq!(watcher.exits().await, [(pid, reason.clone())]);
    let downs = watcher.downs().await;
    assert_eq!(
        (downs.len(), downs[0].monitor, &downs[0].reason),
        (1, monitor, &reason)
    );
    assert_eq!(info(&watcher).unwrap().links, []);
    watcher.tell(|| process::exit_with(ExitReason::Normal));
    reason
}

#[otp_core::test(crashes = allowed)]
async fn pr_029_what_a_process_held_is_released_and_only_then_the_others_are_told() {
    assert_eq!(
        look_at_an_end(|house| drop(house.end(ExitReason::Normal))).await,
        ExitReason::Normal
    );
    assert_eq!(
        look_at_an_end(|house| drop(house.end(boom()))).await,
        boom()
    );
    assert_eq!(
        look_at_an_end(|house| drop(house.throw(boom()))).await,
        boom()
    );
    assert_eq!(
        look_at_an_end(|house| process::exit(house, boom())).await,
        boom()
    );
    assert_eq!(
        look_at_an_end(|house| process::exit(house, ExitReason::Kill)).await,
        ExitReason::Killed
    );
    let reason = look_at_an_end(|house| drop(house.crash())).await;
    assert!(
        matches!(&reason, ExitReason::Panic(panic) if panic.message() == "the roof is down"),
        "{reason}"
    );
}

#[otp_core::test]
async fn pr_029_so_it_is_when_a_handler_is_dropped_where_it_awaits() {
    let reason = look_at_an_end(|house| {
        house.hang();
        process::exit(house, ExitReason::Kill);
    });
    assert_eq!(reason.await, ExitReason::Killed);
}

/// Panics when it is dropped.
struct Grenade;

impl Drop for Grenade {
    fn drop(&mut self) {
        panic!("dropped");
    }
}

#[otp_core::test]
async fn a_state_whose_drop_panics_does_not_keep_the_others_from_being_told() {
    let node = Node::current().unwrap();
    let (killed, ended) = process::spawn_monitor(async {
        let _grenade = Grenade;
        std::future::pending::<()>().await;
    });
    process::register("killed", killed).unwrap();
    yield_now().await; // it waits
    process::exit(killed, ExitReason::Kill);
    assert_eq!(end(ended).await, ExitReason::Killed);
    assert_eq!(node.registered(), []);

    // A message that nobody has received, and a value in the dictionary.
    let (killed, ended) = process::spawn_monitor(async |_mailbox: Mailbox<Grenade>| {
        process::put(Grenade);
        std::future::pending::<()>().await;
    });
    killed.send(Grenade);
    yield_now().await;
    process::exit(&killed, ExitReason::Kill);
    assert_eq!(end(ended).await, ExitReason::Killed);
    assert_eq!(node.processes(), [process::self_pid()]);
}

/// Starts a process when it is dropped.
struct LastWill;

impl Drop for LastWill {
    fn drop(&mut self) {
        process::spawn(std::future::pending::<()>());
    }
}

#[otp_core::test]
async fn killing_all_gets_those_too_that_the_dying_start() {
    let there = Node::new();
    there
        .run(async {
            process::spawn(async { drop((LastWill, std::future::pending::<()>().await)) })
        })
        .await;
    there
        .run(async {
            process::spawn(async {
                let _will = LastWill;
                std::future::pending::<()>().await;
            })
        })
        .await;
    yield_now().await;
    there.kill_all().await;
    assert_eq!(there.processes(), []);
}

fn runtime() -> Runtime {
    Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap()
}

/// Waits for ever, with a name and a timer.
async fn idle() {
    let node = Node::current().unwrap();
    node.register("idler", process::self_pid()).unwrap();
    sleep(Duration::from_secs(3600)).await;
}

#[test]
fn a_runtime_that_is_dropped_ends_its_processes_and_the_others_are_told() {
    let node = Node::new();
    let (ours, theirs) = (runtime(), runtime());
    let (watcher, partner) = ours.block_on(node.run(async {
        (
            Peer::outside_of_tests().that_traps().await,
            Peer::outside_of_tests(),
        )
    }));
    let ended = ours.block_on(node.run(async { partner.does(|| process::self_pid()).await }));
    assert_eq!(ended, partner.pid());

    let doomed = theirs.block_on(node.run(async {
        let (ready, is_ready) = tokio::sync::oneshot::channel();
        let doomed = process::spawn(async move |mailbox: Mailbox<()>| {
            send_after(Duration::from_secs(3600), &mailbox.address(), ());
            send_interval(Duration::from_secs(3600), &mailbox.address(), || ());
            ready.send(()).unwrap();
            idle().await;
        });
        is_ready.await.unwrap();
        doomed.pid()
    }));
    ours.block_on(async {
        watcher
            .does(move || {
                process::link(doomed);
                process::monitor(doomed)
            })
            .await;
        partner.does(move || process::link(doomed)).await;
    });
    while node.whereis("idler").is_none() {
        std::thread::yield_now();
    }

    drop(theirs);

    assert!(!node.is_alive(doomed));
    assert_eq!((node.registered(), node.timer_count()), (vec![], 0));
    ours.block_on(async {
        assert_eq!(watcher.exits().await, [(doomed, ExitReason::Killed)]);
        let downs = watcher.downs().await;
        assert_eq!(
            (downs.len(), downs[0].pid, &downs[0].reason),
            (1, doomed, &ExitReason::Killed)
        );
        node.kill_all().await;
    });
    assert_eq!(node.processes(), []);
}

#[test]
fn callers_in_another_runtime_learn_that_a_runtime_was_dropped() {
    let node = Node::new();
    let (ours, theirs) = (runtime(), runtime());
    let sight = Arc::new(Mutex::new(None));
    let seen = Arc::clone(&sight);
    let watcher = ours.block_on(node.run(async { Peer::outside_of_tests().that_traps().await }));
    let pid = watcher.pid();
    let house = theirs
        .block_on(node.run(async move { House::start(pid, seen).name("house").await }))
        .unwrap();
    let ended = ours.spawn({
        let house = house.clone();
        async move { house.ended().await }
    });
    house.hang();
    drop(theirs);

    assert_eq!(ours.block_on(ended).unwrap(), ExitReason::Killed);
    assert_eq!(
        *sight.lock().unwrap(),
        Some(Sight {
            alive: false,
            named: false,
            timers: 0,
            told: 0
        })
    );
    assert_eq!(house.end(boom()).outcome(), Some(CastOutcome::NoProc));
}

#[gen_server]
struct Echo {
    kept: Vec<ReplyTo<()>>,
}

#[gen_server]
impl Echo {
    #[init]
    fn init() -> Self {
        Echo { kept: Vec::new() }
    }

    #[call]
    fn echo(&self, word: String) -> String {
        word
    }

    #[call]
    fn keep(&mut self, reply_to: ReplyTo<()>) {
        self.kept.push(reply_to);
    }
}

/// Runs in a task of a runtime.
fn on<T: Send + 'static>(runtime: &Runtime, future: impl Future<Output = T> + Send + 'static) -> T {
    runtime.block_on(runtime.spawn(future)).unwrap()
}

#[test]
fn calls_go_on_when_the_first_runtime_of_a_node_is_dropped() {
    let node = Node::new();
    let (first, second) = (runtime(), runtime());
    let start = || async { Echo::start().await.unwrap() };
    let old = on(&first, start().in_node(&node));
    let asked = old.clone();
    let one = on(&first, async move { asked.echo("one".to_owned()).await });
    assert_eq!(one, Ok("one".to_owned()));
    drop(first);

    let echo = on(&second, start().in_node(&node));
    on(&second, async move {
        assert_eq!(old.echo("two".to_owned()).await, Err(CallFailure::NoProc));
        assert_eq!(echo.echo("three".to_owned()).await, Ok("three".to_owned()));
        // A timeout too.
        let timeout = Err(CallFailure::Timeout { cycle: Vec::new() });
        assert_eq!(echo.keep().timeout(Duration::from_millis(1)).await, timeout);
        assert_eq!(echo.stop().await, Ok(()));
    });
}
