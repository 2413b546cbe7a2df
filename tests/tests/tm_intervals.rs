//! Timers of servers, intervals, exits at a later time: TM-004, TM-008 and TM-009 of the catalogue.

use otp_core::prelude::*;
use otp_core::time::{Instant, exit_after, kill_after, send_interval, sleep};
use tests::processes::{Peer, boom, end, story};

const fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

/// Ticks itself, and is told what a cancelled timer had left.
#[gen_server]
#[derive(Default)]
struct Clock {
    timer: Option<Timer>,
    ticks: u32,
    cancelled: Vec<Option<Duration>>,
}

#[gen_server]
impl Clock {
    #[init]
    fn init() -> Self {
        Clock::default()
    }

    #[call]
    fn once(&mut self, delay: Duration, cx: &mut Context<Self>) {
        self.timer = Some(cx.send_after(delay, ClockMessage::Tick));
    }

    #[call]
    fn every(&mut self, period: Duration, cx: &mut Context<Self>) {
        self.timer = Some(cx.send_interval(period, || ClockMessage::Tick));
    }

    #[call]
    fn cancel(&self, cx: &mut Context<Self>) -> usize {
        cx.cancel_timer(self.timer.as_ref().expect("it is armed"), |left| {
            ClockMessage::Cancelled { left }
        });
        self.cancelled.len()
    }

    #[handle_info]
    fn tick(&mut self) {
        self.ticks += 1;
    }

    #[handle_info]
    fn cancelled(&mut self, left: Option<Duration>) {
        self.cancelled.push(left);
    }

    #[call]
    fn seen(&self) -> (u32, Vec<Option<Duration>>) {
        (self.ticks, self.cancelled.clone())
    }
}

#[otp_core::test]
async fn tm_004_a_cancel_may_tell_by_a_message() {
    let clock = Clock::start_link().await.unwrap();
    clock.once(ms(100)).await.unwrap();
    sleep(ms(30)).await;
    assert_eq!(clock.cancel().await, Ok(0)); // told later, as a message
    assert_eq!(clock.seen().await.unwrap(), (0, vec![Some(ms(70))]));

    sleep(ms(500)).await;
    assert_eq!(clock.cancel().await, Ok(1)); // cancelled before
    clock.once(ms(10)).await.unwrap();
    sleep(ms(10)).await;
    assert_eq!(clock.cancel().await, Ok(2)); // fired before
    assert_eq!(
        clock.seen().await.unwrap(),
        (1, vec![Some(ms(70)), None, None])
    );
}

#[otp_core::test]
async fn tm_008_an_interval_ticks_at_its_period_until_it_is_cancelled() {
    story(async |mut mailbox: Mailbox<Duration>| {
        let began = Instant::now();
        let timer = send_interval(ms(20), &mailbox.address(), move || began.elapsed());
        for tick in 1..=5 {
            assert_eq!(mailbox.receive().await, ms(20) * tick);
        }
        assert_eq!(timer.read(), Some(ms(20)));
        sleep(ms(5)).await;
        assert_eq!(timer.cancel(), Some(ms(15)));

        assert_eq!((timer.read(), timer.cancel()), (None, None));
        sleep(ms(500)).await;
        assert_eq!(mailbox.try_receive(), None);
        assert_eq!(Node::current().unwrap().timer_count(), 0);
    })
    .await;
}

#[otp_core::test]
async fn tm_008_a_server_ticks_itself() {
    let clock = Clock::start_link().await.unwrap();
    clock.every(ms(20)).await.unwrap();
    sleep(ms(100)).await;
    clock.cancel().await.unwrap();
    sleep(ms(500)).await;
    assert_eq!(clock.seen().await.unwrap(), (5, vec![Some(ms(20))]));
}

#[otp_core::test]
async fn tm_008_an_interval_ends_with_its_receiver() {
    let node = Node::current().unwrap();
    let clock = Clock::start().await.unwrap();
    clock.every(ms(20)).await.unwrap();
    let ours = send_interval(ms(7), &clock, || ClockMessage::Tick);
    sleep(ms(50)).await;
    assert_eq!(node.timer_count(), 2);

    clock.stop().await.unwrap();
    assert_eq!((node.timer_count(), ours.read()), (0, None));
}

#[otp_core::test]
async fn tm_008_an_interval_to_a_name_ends_with_who_held_the_name() {
    let node = Node::current().unwrap();
    let clock = Clock::start_link().name("clock").await.unwrap();
    let timer = send_interval(ms(20), &ClockRef::named("clock"), || ClockMessage::Tick);
    sleep(ms(50)).await;
    assert_eq!(clock.seen().await.unwrap().0, 2);

    clock.stop().await.unwrap();
    assert_eq!((node.timer_count(), timer.read()), (0, None));
    let next = Clock::start_link().name("clock").await.unwrap();
    sleep(ms(50)).await;
    assert_eq!(next.seen().await.unwrap().0, 0);
}

#[otp_core::test]
async fn tm_008_an_interval_to_a_name_that_nobody_holds_never_ticks() {
    let timer = send_interval(ms(20), &ClockRef::named("clock"), || ClockMessage::Tick);
    let clock = Clock::start_link().name("clock").await.unwrap();
    sleep(ms(50)).await;
    assert_eq!(clock.seen().await.unwrap().0, 0);
    assert_eq!(
        (timer.read(), Node::current().unwrap().timer_count()),
        (None, 0)
    );
}

#[otp_core::test]
#[should_panic(expected = "the period of an interval is more than zero")]
async fn tm_008_an_interval_of_no_length_is_refused() {
    // A negative one cannot be written.
    let clock = Clock::start().await.unwrap();
    send_interval(Duration::ZERO, &clock, || ClockMessage::Tick);
}

#[otp_core::test]
async fn tm_009_an_exit_signal_at_a_later_time() {
    let began = Instant::now();
    let (plain, trapping) = (Peer::spawn(), Peer::trapping().await);
    let ended = process::monitor(&plain);
    exit_after(ms(50), &plain, boom());
    exit_after(ms(40), &trapping, boom());

    assert_eq!(end(ended).await, boom());
    assert_eq!(began.elapsed(), ms(50));
    assert_eq!(trapping.exits().await, [(process::self_pid(), boom())]);
}

#[otp_core::test]
async fn tm_009_a_kill_at_a_later_time_ends_with_killed() {
    let began = Instant::now();
    let victim = Peer::trapping().await;
    let ended = process::monitor(&victim);
    kill_after(ms(50), &victim);
    assert_eq!(end(ended).await, ExitReason::Killed);
    assert_eq!(began.elapsed(), ms(50));
}

#[otp_core::test]
async fn tm_009_an_exit_signal_at_a_later_time_can_be_cancelled() {
    let peer = Peer::spawn();
    let timer = exit_after(ms(50), &peer, boom());
    sleep(ms(20)).await;
    assert_eq!(timer.cancel(), Some(ms(30)));
    sleep(ms(500)).await;
    assert_eq!(peer.exits().await, []); // it lives, and answers
}

#[otp_core::test]
async fn tm_009_the_name_is_looked_up_at_the_deadline_and_an_unknown_one_is_ignored() {
    let name = Name::from("victim");
    exit_after(ms(10), &name, boom());
    kill_after(ms(20), &name);
    exit_after(ms(40), &name, boom());
    sleep(ms(30)).await;
    let victim = Peer::spawn();
    process::register(name, &victim).unwrap();
    let ended = process::monitor(&victim);
    assert_eq!(end(ended).await, boom());
    assert_eq!(Node::current().unwrap().timer_count(), 0);
}
