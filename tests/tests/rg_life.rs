//! A registry as a process, with listeners and metadata: RG-027 to RG-040 of the catalogue, without locks.

#![expect(clippy::unwrap_used, reason = "the helpers of tests")]

use otp_core::prelude::*;
use otp_core::process::{Event, Exit, info};
use otp_core::{ChildSpec, RegistryError, RegistryEvent, Strategy, Supervisor, sys, testing};
use tests::processes::{boom, end};
use tests::{Member, Order};
use tokio::sync::oneshot;

type Members = Registry<u32, Address<Order>>;
type MembersRef = RegistryRef<u32, Address<Order>>;

async fn members() -> MembersRef {
    Members::unique().start_link().await.unwrap()
}

async fn register(member: &Member, members: &MembersRef, key: u32) -> Result<(), RegistryError> {
    let members = members.clone();
    member.does(move |me| members.register(me, key, ())).await
}

/// What a listener is told, and what else it takes.
#[derive(Debug, PartialEq)]
enum News {
    Event(RegistryEvent<u32, &'static str>),
    Done,
}

impl From<RegistryEvent<u32, &'static str>> for News {
    fn from(event: RegistryEvent<u32, &'static str>) -> Self {
        News::Event(event)
    }
}

#[otp_core::test]
async fn rg_027_listeners_are_told_of_what_processes_do_and_not_of_their_end() {
    let (send, told) = oneshot::channel();
    let listener = process::spawn(async move |mut mailbox: Mailbox<News>| {
        let mut told = Vec::new();
        loop {
            match mailbox.receive().await {
                News::Done => break,
                news @ News::Event(_) => told.push(news),
            }
        }
        drop(send.send(told));
    });
    let gone = process::spawn(async |_: Mailbox<News>| {});
    let registry = Registry::<u32, Address<Order>, &'static str>::unique()
        .listener(gone)
        .listener(listener.clone());
    let registry = registry.start_link().await.unwrap();
    let (member, mortal) = (Member::spawn(), Member::spawn());
    let again = registry.clone();
    let done = member.does(move |me| {
        again.register(me, 1, "one").unwrap();
        assert!(again.register(me, 1, "again").is_err());
        again.update_value(me, &1, |_| "other").unwrap();
        again.unregister(me, &2);
        again.unregister(me, &1);
    });
    done.await;
    let again = registry.clone();
    let registered = mortal.does(move |me| again.register(me, 2, "two"));
    registered.await.unwrap();
    mortal.dies().await;
    listener.send(News::Done);

    let (registry, one) = (registry.pid().unwrap(), member.pid());
    let (key, value) = (2, "two");
    assert_eq!(
        told.await.unwrap(),
        [
            News::Event(RegistryEvent::Registered {
                registry,
                key: 1,
                pid: one,
                value: "one",
            }),
            News::Event(RegistryEvent::Unregistered {
                registry,
                key: 1,
                pid: one,
            }),
            News::Event(RegistryEvent::Registered {
                registry,
                key,
                pid: mortal.pid(),
                value,
            }),
        ]
    );
}

#[otp_core::test]
async fn rg_028_metadata_is_given_at_the_start_put_read_and_deleted() {
    #[derive(Clone, Debug, PartialEq)]
    struct Greeting(&'static str);

    let members = Members::unique()
        .meta(Greeting("good day"))
        .meta(Greeting("hello"))
        .start_link()
        .await
        .unwrap();
    assert_eq!(members.meta(), Some(Greeting("hello")));
    assert_eq!(members.meta::<u32>(), None);
    assert_eq!(members.put_meta(7_u32), Ok(None));
    assert_eq!(members.put_meta(8_u32), Ok(Some(7)));
    assert_eq!(members.meta(), Some(8_u32));
    assert_eq!(members.delete_meta::<u32>(), Some(8));
    assert_eq!(members.delete_meta::<u32>(), None);
    assert_eq!((members.meta::<u32>(), members.count()), (None, 0));
    members.stop().await.unwrap();
    assert_eq!(members.meta::<Greeting>(), None);
    assert_eq!(
        members.put_meta(Greeting("late")),
        Err(RegistryError::NoProc)
    );
}

/// Of the wrong options of a start the compiler leaves one: the name.
#[otp_core::test]
async fn rg_030_a_registry_with_a_wrong_name_is_not_started() {
    let malformed = Members::unique().name("").start_link().await;
    assert_eq!(malformed, Err(StartError::MalformedName));
    let first = Members::unique().name("members").start_link().await;
    let first = first.unwrap();
    let taken = Members::unique().name("members").start().await;
    assert_eq!(taken, Err(StartError::AlreadyStarted(first.pid().unwrap())));
}

/// Ends a registry. Answers why it ended, why a registrant did if it did, and what one that traps exits was told.
async fn ended_by(
    how: impl AsyncFnOnce(&MembersRef),
) -> (ExitReason, Option<ExitReason>, ExitReason) {
    let members = Members::unique().start().await.unwrap();
    let mortal = Member::spawn();
    register(&mortal, &members, 1).await.unwrap();
    let mortal_ended = process::monitor(&mortal);
    let (begins, begun) = oneshot::channel();
    let (tells, told) = oneshot::channel();
    let again = members.clone();
    process::spawn(async move |mut mailbox: Mailbox<Order>| {
        process::trap_exit(true);
        again.register(&mailbox, 2, ()).unwrap();
        again.register(&mailbox, 3, ()).unwrap();
        begins.send(()).unwrap();
        let Event::Exit(exit) = mailbox.next_event().await else {
            unreachable!("nothing else is sent")
        };
        tells.send(exit).unwrap();
    });
    begun.await.unwrap();

    let (pid, monitor) = (members.pid().unwrap(), members.monitor());
    how(&members).await;
    let reason = end(monitor).await;
    assert_eq!((members.count(), members.lookup(&1)), (0, None));
    let Exit {
        pid: from,
        reason: told,
        ..
    } = told.await.unwrap();
    assert_eq!(from, pid);
    let of_mortal = if reason == ExitReason::Normal {
        // It still does what it is told.
        mortal.does(|_| None).await
    } else {
        Some(end(mortal_ended).await)
    };
    (reason, of_mortal, told)
}

#[otp_core::test]
async fn rg_033_the_end_of_a_registry_ends_who_is_registered_as_a_link_would() {
    use ExitReason::{Kill, Killed, Normal, Shutdown};
    let all = |reason: ExitReason| (reason.clone(), Some(reason.clone()), reason);
    let killed = ended_by(async |members| process::exit(members, Kill)).await;
    assert_eq!(killed, all(Killed));
    let crashed = ended_by(async |members| process::exit(members, boom())).await;
    assert_eq!(crashed, all(boom()));
    let stopped = ended_by(async |members| members.stop().reason(Shutdown).await.unwrap()).await;
    assert_eq!(stopped, all(Shutdown));
    // Over a link, unlike as a signal, this can be trapped.
    let stopped = ended_by(async |members| {
        testing::expect_crash(members);
        members.stop().reason(Kill).await.unwrap();
    })
    .await;
    assert_eq!(stopped, all(Kill));
    let stopped = ended_by(async |members| members.stop().await.unwrap()).await;
    assert_eq!(stopped, (Normal, None, Normal));
}

#[otp_core::test]
async fn rg_033_who_has_left_a_registry_does_not_end_with_it() {
    let members = Members::unique().start().await.unwrap();
    let member = Member::spawn();
    register(&member, &members, 1).await.unwrap();
    let again = members.clone();
    member.does(move |me| again.unregister(me, &1)).await;
    let monitor = members.monitor();
    process::exit(&members, ExitReason::Kill);
    assert_eq!(end(monitor).await, ExitReason::Killed);
    assert_eq!(member.does(|_| 7).await, 7);
}

#[otp_core::test]
async fn rg_034_registrations_are_those_of_one_node() {
    let (here, there) = (members().await, Node::new());
    let (elsewhere, member) = there
        .run(async {
            let members = Members::unique().name("members").start().await.unwrap();
            let member = Member::outside_of_tests();
            register(&member, &members, 1).await.unwrap();
            (members, member)
        })
        .await;
    assert_eq!(elsewhere.whereis(&1), Some(member.pid()));
    assert_eq!(here.whereis(&1), None);
    assert_eq!(MembersRef::named("members").whereis(&1), None);
    there.kill_all().await;
    assert_eq!(elsewhere.whereis(&1), None);
}

#[otp_core::test]
async fn rg_036_look_up_and_registration_ask_no_process() {
    let members = members().await;
    sys::suspend(&members).await.unwrap();
    let member = Member::spawn();
    assert_eq!(register(&member, &members, 1).await, Ok(()));
    assert_eq!(members.lookup(&1), Some(member.address()));
    assert_eq!(info(&members).unwrap().message_queue_len, 0);
    member.dies().await;
    assert_eq!(members.lookup(&1), None);
    sys::resume(&members).await.unwrap();
}

#[otp_core::test]
async fn rg_038_the_id_of_a_registry_among_its_siblings_is_its_name() {
    assert_eq!(Members::unique().name("members").child_spec().id, "members");
    let unnamed = Members::unique().child_spec();
    assert_eq!(unnamed.id, std::any::type_name::<Members>());
}

#[otp_core::test]
async fn rg_039_a_restarted_registry_is_empty_and_its_handles_follow_it() {
    let spec = Members::unique().name("members").meta(7_u32).child_spec();
    let members = spec.handle();
    assert_eq!((members.count(), members.lookup(&1)), (0, None));
    let supervisor = Supervisor::builder(Strategy::OneForOne).child(spec);
    let supervisor = supervisor.start_link().await.unwrap();
    let survivor = Member::trapping().await;
    register(&survivor, &members, 1).await.unwrap();
    members.put_meta(8_u32).unwrap();
    assert_eq!(members.whereis(&1), Some(survivor.pid()));

    let monitor = members.monitor();
    process::exit(&members, ExitReason::Kill);
    assert_eq!(end(monitor).await, ExitReason::Killed);
    assert_eq!(supervisor.count_children().await.unwrap().active, 1);
    assert_eq!((members.count(), members.lookup(&1)), (0, None));
    assert!(members.keys(survivor.pid()).is_empty());
    assert!(members.values(&1, survivor.pid()).is_empty());
    assert_eq!(members.meta(), Some(7_u32));

    assert_eq!(register(&survivor, &members, 1).await, Ok(()));
    let by_name = MembersRef::named("members");
    assert_eq!(by_name.whereis(&1), Some(survivor.pid()));
    survivor.dies().await;
    assert_eq!(members.count(), 0);
}

#[otp_core::test]
async fn rg_039_a_supervised_registry_is_there_for_its_later_siblings() {
    #[gen_server]
    struct Sibling;

    #[gen_server]
    impl Sibling {
        #[init]
        fn init(
            siblings: RegistryRef<u8, Sibling>,
            cx: &mut Context<Self>,
        ) -> Result<Self, RegistryError> {
            siblings.register(cx, 1, ())?;
            Ok(Sibling)
        }
    }

    let registry = Registry::<u8, Sibling>::unique().child_spec();
    let siblings = registry.handle();
    let again = siblings.clone();
    let sibling = ChildSpec::new("sibling", move || Sibling::start_link(again.clone()));
    let supervisor = Supervisor::builder(Strategy::OneForAll)
        .child(registry)
        .child(sibling);
    let supervisor = supervisor.start_link().await.unwrap();
    let first = siblings.whereis(&1).unwrap();
    let monitor = process::monitor(first);
    process::exit(&siblings, boom());
    end(monitor).await;
    assert_eq!(supervisor.count_children().await.unwrap().active, 2);
    assert_ne!(siblings.whereis(&1), Some(first));
    assert!(siblings.whereis(&1).is_some());
}
