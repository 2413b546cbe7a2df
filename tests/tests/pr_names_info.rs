//! Names, and what can be learned of a process: PR-034 to PR-037 of the catalogue.

use otp_core::prelude::*;
use otp_core::process::{RegisterError, info};
use tests::processes::{Peer, boom, end};

#[gen_server]
struct Bell {
    rung: u32,
}

#[gen_server]
impl Bell {
    #[init]
    fn init() -> Self {
        Bell { rung: 0 }
    }

    #[cast]
    fn ring(&mut self) {
        self.rung += 1;
    }

    #[call]
    fn rung(&self) -> u32 {
        self.rung
    }
}

async fn dead() -> Pid {
    let (gone, ended) = process::spawn_monitor(async {});
    end(ended).await;
    gone
}

#[otp_core::test]
async fn pr_034_a_process_has_one_name_and_a_name_one_process() {
    let node = Node::current().unwrap();
    let (holder, other) = (Peer::spawn(), Peer::spawn());
    assert_eq!(process::register("desk", &holder), Ok(()));
    assert_eq!(node.whereis("desk"), Some(holder.pid()));

    assert_eq!(
        process::register("desk", &other),
        Err(RegisterError::Taken(holder.pid()))
    );
    assert_eq!(
        process::register("chair", &holder),
        Err(RegisterError::HasName)
    );
    assert_eq!(
        process::register("desk", &holder),
        Err(RegisterError::HasName)
    );
    assert_eq!(
        process::register("chair", dead().await),
        Err(RegisterError::NoProc)
    );
    assert_eq!(process::register("", &other), Err(RegisterError::Malformed));

    assert_eq!(node.registered(), [Name::from("desk")]);
    assert_eq!(info(&holder).unwrap().name, Some(Name::from("desk")));
    assert_eq!(info(&other).unwrap().name, None);
}

#[otp_core::test]
async fn pr_035_a_name_is_free_when_its_holder_dies_or_is_unregistered() {
    let node = Node::current().unwrap();
    let (first, second, third) = (Peer::spawn(), Peer::spawn(), Peer::spawn());
    process::register("desk", &first).unwrap();
    let monitor = process::monitor(&first);
    process::exit(&first, ExitReason::Kill);
    assert_eq!(end(monitor).await, ExitReason::Killed);
    assert_eq!(node.whereis("desk"), None);

    process::register("desk", &second).unwrap();
    assert_eq!(node.unregister("desk"), Ok(()));
    assert_eq!(info(&second).unwrap().name, None);
    process::register("desk", &third).unwrap();
    process::register("chair", &second).unwrap();
    assert_eq!(process::whereis("desk"), Some(third.pid()));
}

#[otp_core::test]
async fn pr_035_unregistering_an_unknown_name_is_an_error() {
    assert_eq!(
        Node::current().unwrap().unregister("nobody"),
        Err(RegisterError::NoProc)
    );
}

#[otp_core::test]
async fn pr_035_a_message_to_an_unknown_name_is_told_and_one_to_the_dead_is_dropped() {
    let by_name = BellRef::named("bell");
    assert_eq!(by_name.ring().outcome(), Some(CastOutcome::NoProc));
    assert_eq!(by_name.rung().await, Err(CallFailure::NoProc));

    let bell = Bell::start().name("bell").await.unwrap();
    assert_eq!(by_name.ring().outcome(), Some(CastOutcome::Queued));
    assert_eq!(by_name.rung().await, Ok(1));

    bell.stop().await.unwrap();
    bell.ring(); // no panic, no error that has to be looked at
    assert_eq!(bell.ring().outcome(), Some(CastOutcome::NoProc));
    let (gone, ended) = process::spawn_monitor(async |_: Mailbox<u32>| {});
    end(ended).await;
    gone.send(1);
    assert_eq!(gone.send(1).outcome(), Some(CastOutcome::NoProc));
}

#[otp_core::test]
async fn pr_036_nothing_is_known_of_the_dead() {
    assert_eq!(info(dead().await), None);
    assert_eq!(info(Name::from("nobody")), None);
}

#[otp_core::test]
async fn pr_036_what_is_known_of_the_living() {
    let (me, node) = (process::self_pid(), Node::current().unwrap());
    let peer = Peer::trapping().await;
    process::link(&peer);
    process::monitor(&peer);
    peer.does(move || process::monitor(me)).await;

    let known = info(&peer).unwrap();
    assert_eq!(
        (known.pid, known.name, known.label),
        (peer.pid(), None, None)
    );
    assert_eq!(
        (known.links, known.monitors, known.monitored_by),
        (vec![me], vec![me], vec![me])
    );
    assert_eq!(
        (
            known.trap_exit,
            known.message_queue_len,
            known.lost_messages
        ),
        (true, 0, 0)
    );

    peer.tell(|| ());
    peer.tell(|| ());
    assert_eq!(info(&peer).unwrap().message_queue_len, 2);
    assert_eq!(node.processes(), [me, peer.pid()]);
    process::unlink(&peer);
}

#[derive(Clone, Debug, PartialEq)]
struct RequestId(u64);

#[otp_core::test]
async fn pr_037_the_dictionary_belongs_to_its_process() {
    let peer = Peer::spawn();
    assert_eq!(peer.does(process::get::<RequestId>).await, None);
    assert_eq!(peer.does(|| process::put(RequestId(1))).await, None);
    assert_eq!(
        peer.does(|| process::put(RequestId(2))).await,
        Some(RequestId(1))
    );
    assert_eq!(peer.does(|| process::put("of another type")).await, None);
    assert_eq!(
        peer.does(process::get::<RequestId>).await,
        Some(RequestId(2))
    );
    assert_eq!(process::get::<RequestId>(), None); // not ours

    assert_eq!(
        peer.does(process::erase::<RequestId>).await,
        Some(RequestId(2))
    );
    assert_eq!(peer.does(process::erase::<RequestId>).await, None);
    assert_eq!(
        peer.does(|| process::get::<RequestId>().unwrap_or(RequestId(7)))
            .await,
        RequestId(7)
    );
    assert_eq!(
        peer.does(process::get::<&str>).await,
        Some("of another type")
    );
}

#[otp_core::test(crashes = allowed)]
async fn pr_037_the_dictionary_is_dropped_with_its_process() {
    let (value, gone) = tokio::sync::oneshot::channel::<()>();
    let (_, ended) = process::spawn_monitor(async {
        process::put(value);
        boom()
    });
    assert_eq!(end(ended).await, boom());
    assert!(gone.await.is_err());
}

#[otp_core::test]
async fn pr_037_a_label_is_seen_by_others() {
    let peer = Peer::spawn();
    peer.does(|| process::set_label("room 7")).await;
    assert_eq!(info(&peer).unwrap().label.as_deref(), Some("room 7"));
    peer.does(|| process::set_label("room 8")).await;
    assert_eq!(info(&peer).unwrap().label.as_deref(), Some("room 8"));
}
