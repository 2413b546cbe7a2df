//! Timers: TM-001 to TM-003 and TM-005 to TM-007 of the catalogue. The clock is paused, so that times are exact.

use otp_core::prelude::*;
use otp_core::process::AliasMode;
use otp_core::time::{Instant, send_after, send_at, sleep};
use tests::processes::{Peer, boom, end, now, story};

const fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

/// Keeps the numbers that it gets, and when it got them.
#[gen_server]
struct Log {
    began: Instant,
    got: Vec<(u32, Duration)>,
}

#[gen_server]
impl Log {
    #[init]
    fn init() -> Self {
        Log {
            began: Instant::now(),
            got: Vec::new(),
        }
    }

    #[cast]
    fn number(&mut self, number: u32) {
        self.got.push((number, self.began.elapsed()));
    }

    #[call]
    fn got(&self) -> Vec<(u32, Duration)> {
        self.got.clone()
    }
}

fn number(number: u32) -> LogMessage {
    LogMessage::Number { number }
}

#[otp_core::test]
async fn tm_001_a_timer_delivers_once_and_not_before_its_delay() {
    story(async |mut mailbox: Mailbox<&str>| {
        let began = Instant::now();
        send_after(ms(50), &mailbox.address(), "tick");
        sleep(ms(49)).await;
        assert_eq!(mailbox.try_receive(), None);
        assert_eq!(mailbox.receive().await, "tick");
        assert_eq!(began.elapsed(), ms(50));
        sleep(ms(500)).await;
        assert_eq!(mailbox.try_receive(), None);
    })
    .await;
}

#[otp_core::test]
async fn tm_001_a_delay_of_zero_delivers_promptly() {
    story(async |mut mailbox: Mailbox<&str>| {
        let began = Instant::now();
        send_after(Duration::ZERO, &mailbox.address(), "now");
        assert_eq!(mailbox.receive().await, "now");
        assert_eq!(began.elapsed(), Duration::ZERO);
    })
    .await;
}

#[otp_core::test]
async fn tm_002_cancelling_tells_the_time_that_was_left_and_the_message_never_comes() {
    story(async |mut mailbox: Mailbox<&str>| {
        let timer = send_after(ms(100), &mailbox.address(), "tick");
        assert_eq!(timer.read(), Some(ms(100)));
        sleep(ms(40)).await;
        assert_eq!(timer.read(), Some(ms(60)));
        assert_eq!(timer.cancel(), Some(ms(60)));

        assert_eq!((timer.read(), timer.cancel()), (None, None));
        sleep(ms(500)).await;
        assert_eq!(mailbox.try_receive(), None);
        assert_eq!(Node::current().unwrap().timer_count(), 0);
    })
    .await;
}

#[otp_core::test]
async fn tm_003_cancelling_after_it_has_fired_leaves_the_message_in_the_mailbox() {
    story(async |mut mailbox: Mailbox<&str>| {
        let timer = send_after(ms(10), &mailbox.address(), "tick");
        sleep(ms(20)).await;
        assert_eq!((timer.cancel(), timer.read()), (None, None));
        assert_eq!(mailbox.try_receive(), Some("tick"));
    })
    .await;
}

#[otp_core::test]
async fn tm_002_anyone_who_has_the_timer_cancels_it() {
    let log = Log::start_link().await.unwrap();
    let timer = send_after(ms(100), &log, number(1));
    let canceller = Peer::spawn();
    let same = timer.clone();
    assert_eq!(canceller.does(move || same.cancel()).await, Some(ms(100)));
    assert_eq!(timer.cancel(), None);
}

#[otp_core::test]
async fn tm_002_dropping_a_timer_cancels_nothing() {
    let log = Log::start_link().await.unwrap();
    drop(send_after(ms(10), &log, number(1)));
    sleep(ms(10)).await;
    assert_eq!(log.got().await.unwrap(), [(1, ms(10))]);
}

#[otp_core::test]
async fn tm_005_a_deadline_may_be_absolute() {
    story(async |mut mailbox: Mailbox<&str>| {
        let began = Instant::now();
        sleep(ms(30)).await;
        let timer = send_at(began + ms(100), &mailbox.address(), "at 100");
        assert_eq!(timer.read(), Some(ms(70)));
        assert_eq!(mailbox.receive().await, "at 100");
        assert_eq!(began.elapsed(), ms(100));

        send_at(began, &mailbox.address(), "long ago");
        assert_eq!(mailbox.receive().await, "long ago");
        assert_eq!(began.elapsed(), ms(100));
    })
    .await;
}

#[otp_core::test]
async fn tm_006_timers_fire_in_the_order_of_their_deadlines() {
    let log = Log::start_link().await.unwrap();
    for delay in [7, 3, 9, 1, 5, 2, 8, 4, 6] {
        send_after(ms(delay), &log, number(delay as u32));
    }
    sleep(ms(10)).await;
    let expected: Vec<_> = (1..10).map(|delay| (delay, ms(delay.into()))).collect();
    assert_eq!(log.got().await.unwrap(), expected);
}

#[otp_core::test]
async fn tm_006_of_many_with_the_same_deadline_none_is_lost() {
    let log = Log::start_link().await.unwrap();
    let began = Instant::now();
    for n in 0..1000 {
        send_at(began + ms(20), &log, number(n));
    }
    sleep(ms(20)).await;
    // In the order in which they were armed, which is more than Erlang says.
    let expected: Vec<_> = (0..1000).map(|n| (n, ms(20))).collect();
    assert_eq!(log.got().await.unwrap(), expected);
}

#[otp_core::test]
async fn tm_006_a_timer_is_in_the_mailbox_before_a_later_sleep_of_the_same_deadline_is_over() {
    story(async |mut mailbox: Mailbox<&str>| {
        send_after(ms(10), &mailbox.address(), "tick");
        sleep(ms(10)).await;
        assert_eq!(mailbox.try_receive(), Some("tick"));
    })
    .await;
}

#[otp_core::test(crashes = allowed)]
async fn tm_007_a_timer_to_a_process_is_gone_with_it() {
    let node = Node::current().unwrap();
    let (log, alias) = (Log::start().await.unwrap(), tokio::sync::oneshot::channel());
    let (_, ended) = process::spawn_monitor(async |mailbox: Mailbox<u32>| {
        send_after(ms(100), &mailbox.address(), 1);
        send_after(ms(100), &mailbox.alias(AliasMode::Explicit), 1);
        assert!(alias.0.send(()).is_ok());
        std::future::ready(boom()).await
    });
    let timer = send_after(ms(100), &log, number(1));
    assert_eq!(end(ended).await, boom());
    assert!(alias.1.await.is_ok());
    assert_eq!(node.timer_count(), 1); // the log's

    log.stop().await.unwrap();
    assert_eq!(node.timer_count(), 0);
    assert_eq!((timer.read(), timer.cancel()), (None, None));
}

#[otp_core::test]
async fn tm_007_a_timer_to_the_dead_is_dropped() {
    let log = Log::start().await.unwrap();
    log.stop().await.unwrap();
    let began = Instant::now();
    send_after(ms(10), &log, number(1));
    sleep(ms(10)).await;
    assert_eq!(began.elapsed(), ms(10));
    assert_eq!(Node::current().unwrap().timer_count(), 0);
}

#[otp_core::test]
async fn tm_007_a_timer_to_a_name_looks_the_name_up_when_it_fires() {
    let by_name = LogRef::named("log");
    send_after(ms(10), &by_name, number(1)); // nobody will hold the name
    send_after(ms(30), &by_name, number(2));
    send_after(ms(50), &by_name, number(3));

    sleep(ms(20)).await;
    let first = Log::start_link().name("log").await.unwrap();
    sleep(ms(20)).await;
    assert_eq!(first.got().await.unwrap(), [(2, ms(10))]);
    first.stop().await.unwrap();
    let second = Log::start_link().name("log").await.unwrap();
    sleep(ms(20)).await;
    assert_eq!(second.got().await.unwrap(), [(3, ms(10))]);
}

#[otp_core::test]
async fn tm_007_a_timer_outlives_who_armed_it() {
    let log = Log::start_link().await.unwrap();
    let to = log.clone();
    let (_, ended) = process::spawn_monitor(async move {
        send_after(ms(10), &to, number(1));
    });
    assert_eq!(end(ended).await, ExitReason::Normal);
    sleep(ms(10)).await;
    assert_eq!(log.got().await.unwrap(), [(1, ms(10))]);
}

#[otp_core::test]
async fn a_receive_that_times_out_leaves_no_timer() {
    story(async |mut mailbox: Mailbox<()>| {
        let began = Instant::now();
        assert!(mailbox.receive_timeout(ms(25)).await.is_err());
        assert_eq!(began.elapsed(), ms(25));
        mailbox.address().send(());
        assert!(mailbox.receive_timeout(Duration::MAX).await.is_ok());
        assert!(now(sleep(Duration::MAX)).is_none());
        assert_eq!(Node::current().unwrap().timer_count(), 0);
    })
    .await;
}
