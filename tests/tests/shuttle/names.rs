//! Names against death: the dead hold none, and of several who want one a single one gets it.

use otp_core::prelude::*;
use otp_core::process::RegisterError;
use tests::processes::{Peer, boom, end};

use super::explore;

#[gen_server]
struct Desk {}

#[gen_server]
impl Desk {
    #[init]
    fn init() -> Self {
        Desk {}
    }

    #[cast]
    fn leave(&self) {
        process::exit_with(boom());
    }
}

#[test]
fn of_two_who_want_one_name_one_gets_it() {
    explore(async || {
        let (a, b) = (Peer::outside_of_tests(), Peer::outside_of_tests());
        let [from_a, from_b] =
            [&a, &b].map(|peer| peer.does(|| process::register("desk", process::self_pid())));
        let results = [from_a.await, from_b.await];
        let holder = process::whereis("desk").unwrap();
        let (winner, taken) = if holder == a.pid() { (0, 1) } else { (1, 0) };
        assert_eq!(results[winner], Ok(()));
        assert_eq!(results[taken], Err(RegisterError::Taken(holder)));
    });
}

#[test]
fn of_two_who_start_under_one_name_one_starts() {
    explore(async || {
        let node = Node::current().unwrap();
        let before = node.processes().len();
        let starts = [(); 2].map(|()| Task::spawn(async { Desk::start().name("desk").await }));
        let mut started = Vec::new();
        let mut refused = Vec::new();
        for start in starts {
            match start.await.unwrap() {
                Ok(desk) => started.push(desk.pid().unwrap()),
                Err(error) => refused.push(error),
            }
        }
        let holder = node.whereis("desk").unwrap();
        assert_eq!(started, [holder]);
        assert_eq!(refused, [StartError::AlreadyStarted(holder)]);
        assert!(node.processes().len() <= before + 3);
    });
}

#[test]
fn a_name_is_free_when_its_holder_is_told_of() {
    explore(async || {
        let (desk, ended) = Desk::start_monitor().name("desk").await.unwrap();
        desk.leave();
        assert_eq!(end(ended).await, boom());
        assert_eq!(process::whereis("desk"), None);
        let next = Desk::start().name("desk").await.unwrap();
        assert_eq!(process::whereis("desk"), next.pid());
    });
}

#[test]
fn who_is_dead_for_one_is_no_holder_for_him() {
    explore(async || {
        let desk = Desk::start().name("desk").await.unwrap();
        desk.leave();
        while desk.is_alive() {
            shuttle::future::yield_now().await;
        }
        assert_eq!(process::whereis("desk"), None);
        Desk::start().name("desk").await.unwrap();
    });
}

#[test]
fn a_name_that_is_given_to_the_dying_is_free_after_its_death() {
    explore(async || {
        let node = Node::current().unwrap();
        let (dying, ended) = process::spawn_monitor(async { boom() });
        let registered = node.register("desk", dying);
        assert!([Ok(()), Err(RegisterError::NoProc)].contains(&registered));
        end(ended).await;
        assert_eq!(node.registered(), []);
        assert_eq!(node.register("desk", process::self_pid()), Ok(()));
    });
}

#[test]
fn a_name_that_was_passed_on_outlives_the_one_who_had_it() {
    explore(async || {
        let node = Node::current().unwrap();
        let desk = Desk::start().name("desk").await.unwrap();
        let ended = desk.monitor();
        desk.leave();
        let heir = Peer::outside_of_tests();
        let taken = node.unregister("desk");
        assert!([Ok(()), Err(RegisterError::NoProc)].contains(&taken));
        assert_eq!(node.register("desk", heir.pid()), Ok(()));
        end(ended).await;
        assert_eq!(node.whereis("desk"), Some(heir.pid()));
    });
}

#[test]
fn a_name_that_two_take_away_is_taken_away_once() {
    explore(async || {
        let node = Node::current().unwrap();
        let desk = Desk::start().name("desk").await.unwrap();
        let other = node.clone();
        let there = Task::spawn(async move { other.unregister("desk") });
        let here = node.unregister("desk");
        let mut results = [here, there.await.unwrap()];
        results.sort_by_key(Result::is_err);
        assert_eq!(results, [Ok(()), Err(RegisterError::NoProc)]);
        assert!(desk.is_alive());
        assert_eq!(node.registered(), []);
    });
}
