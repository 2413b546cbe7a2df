//! The work itself.
//!
//! Loops are bounded in number and in time, so that a slow contender is measured as well, with fewer operations.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::figures::resident_bytes;
use crate::{
    Contender, Countdown, Fails, Figures, Generation, Named, OneForAll, Panics, Publishes,
    Supervises, Timers, Token, Trees,
};

/// No loop begins another batch after this.
const LONGEST: Duration = Duration::from_millis(500);

/// Not counted, before what is.
const WARM_UP: u64 = 2_000;

const CALLS: u64 = 500_000;
/// Calls timed together: a clock costs as much as a part of a call.
const TIMED: u64 = 10;

pub(crate) async fn call<C: Contender>() -> Figures {
    let server = C::start().await;
    for _ in 0..WARM_UP {
        C::call(&server, 1).await;
    }
    let mut times = Vec::with_capacity((CALLS / TIMED) as usize);
    let began = Instant::now();
    let mut last = began;
    while times.len() < times.capacity() && last - began < LONGEST {
        for _ in 0..TIMED {
            C::call(&server, 1).await;
        }
        let now = Instant::now();
        times.push((now - last).as_nanos() as f64 / TIMED as f64);
        last = now;
    }
    let calls = times.len() * TIMED as usize;
    assert_eq!(C::call(&server, 0).await, WARM_UP + calls as u64);
    Figures::default()
        .each("ns", last - began, calls)
        .percentiles(times)
}

const CALLERS: u64 = 64;
const CALLS_OF_EACH: u64 = 8_000;

pub(crate) async fn callers<C: Contender>() -> Figures {
    let server = C::start().await;
    for _ in 0..WARM_UP {
        C::call(&server, 1).await;
    }
    let began = Instant::now();
    let clients: Vec<_> = (0..CALLERS)
        .map(|_| {
            let server = server.clone();
            C::spawn(async move {
                for call in 1..=CALLS_OF_EACH {
                    C::call(&server, 1).await;
                    if call % 100 == 0 && began.elapsed() > LONGEST {
                        break;
                    }
                }
            })
        })
        .collect();
    for client in clients {
        client.await;
    }
    let elapsed = began.elapsed();
    let calls = C::call(&server, 0).await - WARM_UP;
    Figures::default().each("ns", elapsed, calls as usize)
}

const CASTS: u64 = 1_000_000;

pub(crate) async fn cast<C: Contender>() -> Figures {
    let server = C::start().await;
    for _ in 0..WARM_UP {
        C::cast(&server, 1).await;
    }
    assert_eq!(
        C::call(&server, 0).await,
        WARM_UP,
        "no call overtakes a cast"
    );
    let began = Instant::now();
    let sent = send::<C>(&server, CASTS, began).await;
    let sum = C::call(&server, 0).await;
    let elapsed = began.elapsed();
    assert_eq!(sum, WARM_UP + sent, "no call overtakes a cast");
    Figures::default().each("ns", elapsed, sent as usize)
}

/// Casts so often, or as long as there is time.
async fn send<C: Contender>(server: &C::Server, casts: u64, began: Instant) -> u64 {
    for cast in 1..=casts {
        C::cast(server, 1).await;
        if cast % 1_000 == 0 && began.elapsed() > LONGEST {
            return cast;
        }
    }
    casts
}

const SENDERS: u64 = 8;

pub(crate) async fn senders<C: Contender>() -> Figures {
    let server = C::start().await;
    let began = Instant::now();
    let clients: Vec<_> = (0..SENDERS)
        .map(|_| {
            let server = server.clone();
            C::spawn(async move {
                let sent = send::<C>(&server, CASTS / SENDERS, began).await;
                assert!(C::call(&server, 0).await >= sent);
            })
        })
        .collect();
    for client in clients {
        client.await;
    }
    let elapsed = began.elapsed();
    let sent = C::call(&server, 0).await;
    Figures::default().each("ns", elapsed, sent as usize)
}

const SERVERS: usize = 100_000;

pub(crate) async fn start<C: Contender>() -> Figures {
    let mut servers = Vec::with_capacity(SERVERS);
    let resident = resident_bytes();
    let began = Instant::now();
    for _ in 0..SERVERS {
        servers.push(C::start().await);
    }
    let started = began.elapsed();
    for server in &servers {
        assert_eq!(C::call(server, 1).await, 1);
    }
    let handles = SERVERS * size_of::<C::Server>();
    let bytes = resident_bytes().saturating_sub(resident + handles);
    let began = Instant::now();
    for server in servers {
        C::stop(server).await;
    }
    Figures::default()
        .each("ns", started, SERVERS)
        .each("stop_ns", began.elapsed(), SERVERS)
        .with("bytes", bytes as f64 / SERVERS as f64)
}

const MEMBERS: usize = 1_000;
const HOPS: u64 = 500_000;
/// Hops between two looks at the clock.
const LAP: u64 = 50_000;

pub(crate) async fn ring<C: Contender>() -> Figures {
    let members = connected::<C>(MEMBERS).await;
    let mut laps = Laps::default();
    while laps.another() {
        let countdown = Countdown::new(1);
        C::pass(&members[0], Token::new(LAP, countdown.clone())).await;
        countdown.over().await;
    }
    laps.figures()
}

const PAIRS: usize = 1_000;

pub(crate) async fn pairs<C: Contender>() -> Figures {
    let mut pairs = Vec::with_capacity(PAIRS);
    for _ in 0..PAIRS {
        pairs.push(connected::<C>(2).await);
    }
    let mut laps = Laps::default();
    while laps.another() {
        let countdown = Countdown::new(PAIRS);
        for pair in &pairs {
            let token = Token::new(LAP / PAIRS as u64, countdown.clone());
            C::pass(&pair[0], token).await;
        }
        countdown.over().await;
    }
    laps.figures()
}

/// Servers in a circle.
async fn connected<C: Contender>(count: usize) -> Vec<C::Server> {
    let mut members = Vec::with_capacity(count);
    for _ in 0..count {
        members.push(C::start().await);
    }
    for (place, member) in members.iter().enumerate() {
        C::connect(member, members[(place + 1) % count].clone()).await;
    }
    members
}

/// Laps of [`LAP`] hops, the first of which is not counted.
#[derive(Default)]
struct Laps {
    begun: u64,
    began: Option<Instant>,
}

impl Laps {
    fn another(&mut self) -> bool {
        if self.begun == 1 {
            self.began = Some(Instant::now());
        }
        let is_over = self.began.is_some_and(|began| began.elapsed() > LONGEST);
        let goes_on = self.begun <= HOPS / LAP && !(self.begun > 1 && is_over);
        self.begun += u64::from(goes_on);
        goes_on
    }

    fn figures(&self) -> Figures {
        let began = self.began.expect("there was a first lap");
        let hops = (self.begun - 1) * LAP;
        Figures::default().each("ns", began.elapsed(), hops as usize)
    }
}

const NAMES: usize = 10_000;
const LOOK_UPS: u64 = 200_000;

pub(crate) async fn names<C: Named>() -> Figures {
    let names = C::names().await;
    let all: Arc<[Arc<str>]> = (0..NAMES)
        .map(|number| format!("server {number}").into())
        .collect();
    for name in all.iter() {
        C::start_named(&names, name).await;
        C::call_named(&names, name, 0).await;
    }
    let made = Arc::new(AtomicU64::new(0));
    let began = Instant::now();
    let clients: Vec<_> = (0..2_usize)
        .map(|client| {
            let (names, all, count) = (names.clone(), all.clone(), made.clone());
            C::spawn(async move {
                // A step that is prime to their number: every name comes, in no order that a cache could guess.
                let mut place = client * NAMES / 2;
                let mut calls = 0;
                while calls < LOOK_UPS && (calls % 100 != 0 || began.elapsed() < LONGEST) {
                    place = (place + 7_919) % NAMES;
                    C::call_named(&names, &all[place], 1).await;
                    calls += 1;
                }
                count.fetch_add(calls, Ordering::Relaxed);
            })
        })
        .collect();
    for client in clients {
        client.await;
    }
    let calls = made.load(Ordering::Relaxed);
    Figures::default().each("ns", began.elapsed(), calls as usize)
}

const RESTARTS: usize = 5_000;

pub(crate) async fn panic<C: Panics>() -> Figures {
    // What a told panic prints is not what is measured. Others are of interest.
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if panic.payload().downcast_ref::<&str>() != Some(&"it was told to") {
            hook(panic);
        }
    }));
    let child = C::supervise(Generation::default()).await;
    let mut restarts = Restarts::begin(later_generation::<C>(&child, 0).await);
    while restarts.another(RESTARTS) {
        C::panic(&child).await;
        restarts.done(later_generation::<C>(&child, restarts.generation).await);
    }
    restarts.figures(1)
}

pub(crate) async fn fail<C: Fails>() -> Figures {
    let child = C::supervise(Generation::default()).await;
    let mut restarts = Restarts::begin(later_generation::<C>(&child, 0).await);
    while restarts.another(RESTARTS) {
        C::fail(&child).await;
        restarts.done(later_generation::<C>(&child, restarts.generation).await);
    }
    restarts.figures(1)
}

/// Asks the child until a later incarnation than `before` answers.
async fn later_generation<C: Supervises>(child: &C::Supervised, before: u64) -> u64 {
    let patience = Patience::begin();
    loop {
        match C::generation(child).await {
            Some(generation) if generation > before => return generation,
            _ => patience.wait().await,
        }
    }
}

/// Waits for what comes soon or never.
struct Patience(Instant);

impl Patience {
    fn begin() -> Self {
        Patience(Instant::now())
    }

    async fn wait(&self) {
        assert!(self.0.elapsed().as_secs() < 5, "it was not restarted");
        tokio::task::yield_now().await;
    }
}

/// Times restarts.
struct Restarts {
    first: Instant,
    began: Instant,
    generation: u64,
    times: Vec<f64>,
}

impl Restarts {
    fn begin(generation: u64) -> Self {
        Restarts {
            first: Instant::now(),
            began: Instant::now(),
            generation,
            times: Vec::new(),
        }
    }

    fn another(&mut self, most: usize) -> bool {
        self.began = Instant::now();
        self.times.len() < most && self.began - self.first < LONGEST
    }

    fn done(&mut self, generation: u64) {
        self.times.push(self.began.elapsed().as_nanos() as f64);
        self.generation = generation;
    }

    fn figures(self, children: usize) -> Figures {
        let each = self.times.iter().map(|time| time / children as f64);
        Figures::default().percentiles(each.collect())
    }
}

const GROUP: usize = 1_000;
const GROUP_RESTARTS: usize = 50;

pub(crate) async fn one_for_all<C: OneForAll>() -> Figures {
    let group = C::group(GROUP, Generation::default()).await;
    let mut restarts = Restarts::begin(later_last_generation::<C>(&group, 0).await);
    while restarts.another(GROUP_RESTARTS) {
        let expected = restarts.generation + GROUP as u64;
        C::fail_first(&group).await;
        restarts.done(later_last_generation::<C>(&group, restarts.generation).await);
        assert_eq!(
            restarts.generation, expected,
            "each begins once, the last one last"
        );
    }
    restarts.figures(GROUP)
}

async fn later_last_generation<C: OneForAll>(group: &C::Group, before: u64) -> u64 {
    let patience = Patience::begin();
    loop {
        match C::last_generation(group).await {
            Some(generation) if generation > before => return generation,
            _ => patience.wait().await,
        }
    }
}

const SUPERVISORS: usize = 100;

pub(crate) async fn tree<C: Trees>() -> Figures {
    let tree = C::tree(SUPERVISORS, SERVERS / SUPERVISORS).await;
    let began = Instant::now();
    C::shut_down(tree).await;
    Figures::default().each("ns", began.elapsed(), SERVERS)
}

const SUBSCRIBERS: usize = 10_000;
const MESSAGES: usize = 50;

pub(crate) async fn publish<C: Publishes>() -> Figures {
    let topic = C::topic(SUBSCRIBERS).await;
    send_to_all::<C>(&topic).await;
    let began = Instant::now();
    let mut messages = 0;
    while messages < MESSAGES && began.elapsed() < LONGEST {
        send_to_all::<C>(&topic).await;
        messages += 1;
    }
    Figures::default().each("ns", began.elapsed(), messages * SUBSCRIBERS)
}

async fn send_to_all<C: Publishes>(topic: &C::Topic) {
    let countdown = Countdown::new(SUBSCRIBERS);
    C::publish(topic, countdown.clone()).await;
    countdown.over().await;
}

const TIMERS: usize = 1_000_000;

pub(crate) async fn timers<C: Timers>() -> Figures {
    let server = C::start().await;
    let mut timers = Vec::with_capacity(TIMERS);
    let resident = resident_bytes();
    let began = Instant::now();
    for number in 0..TIMERS {
        // In no order, over an hour.
        let after =
            Duration::from_secs(3_600) + Duration::from_millis(number as u64 * 7_919 % 3_600_000);
        timers.push(C::arm(&server, after).await);
    }
    // Tasks that were made for it have to run once.
    C::call(&server, 0).await;
    let armed = began.elapsed();
    let handles = TIMERS * size_of::<C::Timer>();
    let bytes = resident_bytes().saturating_sub(resident + handles);
    let began = Instant::now();
    for timer in timers {
        C::cancel(timer).await;
    }
    assert_eq!(C::call(&server, 0).await, 0, "none has fired");
    let cancelled = began.elapsed();
    Figures::default()
        .each("ns", armed, TIMERS)
        .each("cancel_ns", cancelled, TIMERS)
        .with("bytes", bytes as f64 / TIMERS as f64)
}
