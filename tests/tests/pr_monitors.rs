//! Monitors: PR-020 to PR-030 of the catalogue.

use std::collections::HashMap;

use otp_core::prelude::*;
use otp_core::process::{AliasMode, ForeignMonitor, info};
use tests::processes::{Peer, boom, end, now, story};

/// Keeps what it is told, and what it hears of those who told it.
#[gen_server]
struct Ear {
    heard: Vec<String>,
}

#[gen_server]
impl Ear {
    #[init]
    fn init() -> Self {
        Ear { heard: Vec::new() }
    }

    #[call]
    fn watch(&mut self, pid: Pid, cx: &mut Context<Self>) {
        cx.monitor(pid);
    }

    #[call]
    fn heard(&self) -> Vec<String> {
        self.heard.clone()
    }

    #[cast]
    fn say(&mut self, word: &'static str) {
        self.heard.push(word.to_owned());
    }

    #[handle_down]
    fn down(&mut self, down: Down) {
        self.heard.push(format!("DOWN {}", down.reason));
    }
}

#[otp_core::test(crashes = allowed)]
async fn pr_020_each_monitor_is_told_once_with_its_own_reference() {
    let (target, watcher) = (Peer::spawn(), Peer::spawn());
    let pid = target.pid();
    let monitors = watcher
        .does(move || [(); 3].map(|()| process::monitor(pid)))
        .await;
    let ended = process::monitor(&target);

    target.tell(|| process::exit_with(boom()));

    assert_eq!(end(ended).await, boom());
    let downs = watcher.downs().await;
    assert_eq!(
        downs.iter().map(|down| down.monitor).collect::<Vec<_>>(),
        monitors
    );
    for down in downs {
        assert_eq!((down.pid, down.name, down.reason), (pid, None, boom()));
    }
}

#[otp_core::test]
async fn pr_020_a_monitor_of_oneself_is_none() {
    let me = Peer::spawn();
    let pid = me.pid();
    let monitor = me.does(move || process::monitor(pid)).await;
    assert_eq!(info(&me).unwrap().monitored_by, []);
    assert_eq!(
        me.does(move || process::demonitor(monitor)).await,
        Ok(false)
    );
    assert_eq!(me.downs().await, []);
}

#[otp_core::test]
async fn pr_021_a_monitor_of_the_dead_fires_at_once() {
    let (gone, ended) = process::spawn_monitor(async {});
    end(ended).await;
    let monitor = process::monitor(gone);
    let down = now(process::receive_down(monitor)).unwrap();
    assert_eq!(
        (down.pid, down.name, down.reason),
        (gone, None, ExitReason::NoProc)
    );
}

#[otp_core::test]
async fn pr_021_a_monitor_of_an_unknown_name_fires_at_once() {
    let nobody = Name::from("nobody");
    let monitor = process::monitor(&nobody);
    let down = now(process::receive_down(monitor)).unwrap();
    assert_eq!(
        (down.pid.node(), down.name),
        (process::self_pid().node(), Some(nobody))
    );
    assert_eq!(down.reason, ExitReason::NoProc);
}

#[otp_core::test(crashes = allowed)]
async fn pr_022_a_monitor_by_name_is_of_who_holds_the_name_now() {
    let node = Node::current().unwrap();
    let name = Name::from("leader");
    let (first, second) = (Peer::spawn(), Peer::spawn());
    process::register(name.clone(), &first).unwrap();
    let monitor = process::monitor(&name);

    node.unregister("leader").unwrap();
    process::register(name.clone(), &second).unwrap();
    second.tell(|| process::exit_with(ExitReason::error("another")));
    end(process::monitor(&second)).await;
    assert_eq!(now(process::receive_down(monitor)), None);

    first.tell(|| process::exit_with(boom()));
    let down = process::receive_down(monitor).await;
    assert_eq!(
        (down.pid, down.name, down.reason),
        (first.pid(), Some(name), boom())
    );
    assert_eq!(down.pid.node(), node.id());
}

#[otp_core::test(crashes = allowed, shuffled = 50)]
async fn pr_023_demonitor_leaves_no_down_behind_and_tells_whether_it_was_active() {
    let (target, watcher) = (Peer::spawn(), Peer::spawn());
    let pid = target.pid();
    let monitor = watcher.does(move || process::monitor(pid)).await;
    let twice = watcher
        .does(move || [process::demonitor(monitor), process::demonitor(monitor)])
        .await;
    assert_eq!(twice, [Ok(true), Ok(false)]);
    assert_eq!(info(&target).unwrap().monitored_by, []);

    let ended = process::monitor(&target);
    target.tell(|| process::exit_with(boom()));
    assert_eq!(end(ended).await, boom());
    assert_eq!(watcher.downs().await, []);
}

#[otp_core::test(crashes = allowed)]
async fn pr_023_demonitor_takes_a_queued_down_away() {
    story(async |mut mailbox: Mailbox<()>| {
        let (target, monitor) = process::spawn_monitor(async { boom() });
        let ended = process::monitor(target);
        assert_eq!(end(ended).await, boom());
        assert_eq!(info(process::self_pid()).unwrap().message_queue_len, 1);

        assert_eq!(process::demonitor(monitor), Ok(false));
        assert!(now(mailbox.next_event()).is_none());
        assert!(now(process::receive_down(monitor)).is_none());
        assert_eq!(process::demonitor(monitor), Ok(false));
    })
    .await;
}

#[otp_core::test(crashes = allowed)]
async fn pr_024_only_its_owner_ends_a_monitor() {
    let (target, owner) = (Peer::spawn(), Peer::spawn());
    let pid = target.pid();
    let monitor = owner.does(move || process::monitor(pid)).await;
    assert_eq!(process::demonitor(monitor), Err(ForeignMonitor));

    target.tell(|| process::exit_with(boom()));
    end(process::monitor(&target)).await;
    assert_eq!(owner.downs().await.len(), 1);
    assert_eq!(process::demonitor(monitor), Err(ForeignMonitor));
}

#[otp_core::test(crashes = allowed)]
async fn pr_026_what_a_process_sends_before_it_dies_comes_before_its_down() {
    let ear = Ear::start().name("ear").await.unwrap();
    otp_core::testing::end_with_test(&ear);
    let speaker = Peer::spawn();
    ear.watch(speaker.pid()).await.unwrap();
    let ended = process::monitor(&speaker);

    let by_pid = ear.clone();
    speaker.tell(move || {
        by_pid.say("by pid");
        EarRef::named("ear").say("by name");
        by_pid.say("by pid again");
        process::exit_with(boom());
    });

    assert_eq!(end(ended).await, boom());
    assert_eq!(
        ear.heard().await.unwrap(),
        ["by pid", "by name", "by pid again", "DOWN boom"]
    );
}

#[otp_core::test(crashes = allowed)]
async fn pr_026_messages_through_an_alias_come_before_down_and_exit() {
    story(async |mut mailbox: Mailbox<&'static str>| {
        process::trap_exit(true);
        let (address, alias) = (mailbox.address(), mailbox.alias(AliasMode::Explicit));
        let speaker = process::spawn_link(async move {
            address.send("by pid");
            alias.send("by alias");
            boom()
        });
        process::monitor(speaker);
        let mut heard = Vec::new();
        for _ in 0..4 {
            heard.push(match mailbox.next_event().await {
                Event::Message(message) => message,
                Event::Exit(exit) if exit.pid == speaker => "EXIT",
                Event::Down(down) if down.pid == speaker => "DOWN",
                other => panic!("{other:?}"),
            });
        }
        heard[2..].sort_unstable();
        assert_eq!(heard, ["by pid", "by alias", "DOWN", "EXIT"]);
    })
    .await;
}

#[otp_core::test]
async fn pr_027_a_watcher_that_dies_takes_its_monitors_along() {
    let (target, watcher) = (Peer::spawn(), Peer::spawn());
    let pid = target.pid();
    watcher
        .does(move || [process::monitor(pid), process::monitor(pid)])
        .await;
    assert_eq!(info(&target).unwrap().monitored_by, [watcher.pid(); 2]);
    assert_eq!(info(&watcher).unwrap().monitors, [pid; 2]);

    let ended = process::monitor(&watcher);
    process::exit(&watcher, ExitReason::Kill);
    assert_eq!(end(ended).await, ExitReason::Killed);
    assert_eq!(info(&target).unwrap().monitored_by, []);
}

#[derive(Debug)]
struct Rows(Vec<u64>);

impl std::fmt::Display for Rows {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} rows", self.0.len())
    }
}

impl std::error::Error for Rows {}

#[otp_core::test(crashes = allowed)]
async fn pr_028_a_large_reason_arrives_whole() {
    let rows: Vec<u64> = (0..100_000).collect();
    let reason = ExitReason::error(Rows(rows.clone()));
    story(async move {
        process::trap_exit(true);
        let (child, monitor) = process::spawn_monitor({
            let reason = reason.clone();
            async { reason }
        });
        process::link(child);
        for told in [process::receive_exit().await.reason, end(monitor).await] {
            assert_eq!(told.downcast_ref::<Rows>().unwrap().0, rows);
        }
    })
    .await;
}

#[otp_core::test(crashes = allowed)]
async fn pr_029_on_down_the_names_of_the_dead_are_free() {
    let node = Node::current().unwrap();
    let (holder, heir) = (Peer::spawn(), Peer::spawn());
    process::register("desk", &holder).unwrap();
    let pid = holder.pid();
    let monitor = process::monitor(&holder);

    holder.tell(|| process::exit_with(boom()));
    assert_eq!(end(monitor).await, boom());

    assert_eq!(node.whereis("desk"), None);
    assert_eq!(node.registered(), []);
    assert!(!node.is_alive(pid));
    process::register("desk", &heir).unwrap();
}

#[otp_core::test(crashes = allowed)]
async fn pr_030_downs_are_told_apart_by_their_monitors() {
    // Erlang's tag of one's own is a map from the reference, which is typed and hashes.
    let (_, job) = process::spawn_monitor(async {});
    let (_, lease) = process::spawn_monitor(async { boom() });
    let mut tags = HashMap::from([(job, "job"), (lease, "lease")]);

    let down = process::receive_down(lease).await;
    assert_eq!(
        (tags.remove(&down.monitor), down.reason),
        (Some("lease"), boom())
    );
    let down = process::receive_down(job).await;
    assert_eq!(
        (tags.remove(&down.monitor), down.reason),
        (Some("job"), ExitReason::Normal)
    );
}
