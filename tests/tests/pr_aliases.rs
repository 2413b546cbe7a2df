//! Aliases: PR-031 to PR-033 of the catalogue.

use otp_core::prelude::*;
use otp_core::process::{AliasMode, info};
use tests::processes::{Peer, boom, end, story};

#[otp_core::test]
async fn pr_031_a_message_to_an_alias_that_is_out_of_use_is_dropped() {
    story(async |mut mailbox: Mailbox<u32>| {
        let alias = mailbox.alias(AliasMode::Explicit);
        assert_eq!(
            (alias.pid(), alias.is_active()),
            (process::self_pid(), true)
        );
        assert!(alias.send(1) && alias.send(2));

        assert!(alias.unalias());
        assert!(!alias.is_active());
        assert!(!alias.send(3));
        assert!(!alias.unalias(), "it is out of use already");

        assert_eq!(mailbox.receive().await, 1); // what was queued stays
        assert_eq!(mailbox.receive().await, 2);
        assert_eq!(mailbox.try_receive(), None);
    })
    .await;
}

#[otp_core::test]
async fn pr_031_a_clone_is_the_same_alias_and_another_alias_is_not() {
    story(async |mut mailbox: Mailbox<u32>| {
        let (alias, other) = (
            mailbox.alias(AliasMode::Explicit),
            mailbox.alias(AliasMode::Explicit),
        );
        let clone = alias.clone();
        assert!(alias.unalias());
        assert!(!clone.send(1));
        assert!(other.send(2));
        assert!(mailbox.address().send(3).outcome().is_some());
        assert_eq!((mailbox.receive().await, mailbox.receive().await), (2, 3));
        assert_eq!(mailbox.try_receive(), None);
    })
    .await;
}

#[otp_core::test]
async fn pr_031_an_alias_of_the_dead_takes_nothing() {
    let (answer, answered) = tokio::sync::oneshot::channel();
    let (_, monitor) = process::spawn_monitor(async |mailbox: Mailbox<u32>| {
        assert!(answer.send(mailbox.alias(AliasMode::Explicit)).is_ok());
    });
    assert_eq!(end(monitor).await, ExitReason::Normal);
    assert!(!answered.await.unwrap().send(1));
}

#[otp_core::test]
async fn pr_032_a_reply_alias_ends_with_the_first_message() {
    story(async |mut mailbox: Mailbox<u32>| {
        let alias = mailbox.alias(AliasMode::Reply);
        let clone = alias.clone();
        assert!(alias.send(1));
        assert!(!alias.is_active());
        assert!(!clone.send(2));
        assert!(!alias.unalias(), "it is out of use already");
        assert_eq!(mailbox.receive().await, 1);
        assert_eq!(mailbox.try_receive(), None);
    })
    .await;
}

#[otp_core::test(crashes = allowed)]
async fn pr_033_an_explicit_alias_outlives_its_monitor() {
    story(async |mut mailbox: Mailbox<u32>| {
        let target = Peer::spawn();
        let (monitor, alias) = mailbox.monitor_with_alias(&target, AliasMode::Explicit);
        target.tell(|| process::exit_with(boom()));
        assert_eq!(end(monitor).await, boom());
        assert!(alias.send(1));
        assert!(alias.unalias());
        assert!(!alias.send(2));
        assert_eq!(mailbox.receive().await, 1);
        assert_eq!(mailbox.try_receive(), None);
    })
    .await;
}

#[otp_core::test]
async fn pr_033_a_demonitor_alias_ends_with_demonitor() {
    story(async |mut mailbox: Mailbox<u32>| {
        let target = Peer::spawn();
        let (monitor, alias) = mailbox.monitor_with_alias(&target, AliasMode::Demonitor);
        assert!(alias.send(1) && alias.send(2)); // a message does not end it
        assert_eq!(info(&target).unwrap().monitored_by, [process::self_pid()]);
        assert_eq!(process::demonitor(monitor), Ok(true));
        assert!(!alias.send(3));
        assert_eq!((mailbox.receive().await, mailbox.receive().await), (1, 2));
        assert_eq!(mailbox.try_receive(), None);
    })
    .await;
}

#[otp_core::test(crashes = allowed)]
async fn pr_033_a_demonitor_alias_ends_with_its_down() {
    story(async |mut mailbox: Mailbox<u32>| {
        let target = Peer::spawn();
        let (monitor, alias) = mailbox.monitor_with_alias(&target, AliasMode::Demonitor);
        target.tell(|| process::exit_with(boom()));
        assert_eq!(end(monitor).await, boom());
        assert!(!alias.is_active());
        assert!(!alias.send(1));
        assert_eq!(mailbox.try_receive(), None);
    })
    .await;
}

#[otp_core::test(crashes = allowed)]
async fn pr_033_the_reply_through_a_reply_demonitor_alias_ends_the_monitor() {
    story(async |mut mailbox: Mailbox<u32>| {
        let target = Peer::spawn();
        let (monitor, alias) = mailbox.monitor_with_alias(&target, AliasMode::ReplyDemonitor);
        let reply = alias.clone();
        target.tell(move || {
            assert!(reply.send(42));
            process::exit_with(boom());
        });
        let ended = process::monitor(&target);
        assert_eq!(end(ended).await, boom());

        assert!(matches!(mailbox.next_event().await, Event::Message(42)));
        assert!(!alias.send(43));
        assert_eq!(process::demonitor(monitor), Ok(false));
        assert_eq!(info(process::self_pid()).unwrap().message_queue_len, 0); // no DOWN follows
    })
    .await;
}

#[otp_core::test(crashes = allowed)]
async fn pr_033_a_reply_demonitor_alias_ends_with_its_down_or_demonitor() {
    story(async |mut mailbox: Mailbox<u32>| {
        let (dies, lives) = (Peer::spawn(), Peer::spawn());
        let (dying, by_down) = mailbox.monitor_with_alias(&dies, AliasMode::ReplyDemonitor);
        let (living, by_demonitor) = mailbox.monitor_with_alias(&lives, AliasMode::ReplyDemonitor);
        dies.tell(|| process::exit_with(boom()));
        assert_eq!(end(dying).await, boom());
        assert_eq!(process::demonitor(living), Ok(true));
        assert!(!by_down.send(1) && !by_demonitor.send(2));
        assert_eq!(mailbox.try_receive(), None);
    })
    .await;
}
