//! Monitors: one DOWN each, or none once they are ended.

use otp_core::prelude::*;
use otp_core::process::info;
use tests::processes::{Peer, boom, end, now};

use super::explore;

#[test]
fn a_monitor_of_the_dying_fires_once() {
    explore(async || {
        let peer = process::spawn(async { boom() });
        let monitors = [process::monitor(peer), process::monitor(peer)];
        for monitor in monitors {
            let down = process::receive_down(monitor).await;
            assert_eq!((down.monitor, down.pid), (monitor, peer));
            assert!([boom(), ExitReason::NoProc].contains(&down.reason));
        }
        end(process::monitor(peer)).await;
        assert!(monitors.map(|monitor| now(process::receive_down(monitor))) == [None, None]);
        assert_eq!(info(process::self_pid()).unwrap().monitors, []);
    });
}

#[test]
fn no_down_comes_after_a_demonitor() {
    explore(async || {
        let (peer, monitor) = process::spawn_monitor(async { boom() });
        let ended = process::monitor(peer);
        process::demonitor(monitor).unwrap();
        assert_eq!(process::demonitor(monitor), Ok(false));
        assert!([boom(), ExitReason::NoProc].contains(&end(ended).await));
        assert_eq!(info(process::self_pid()).unwrap().message_queue_len, 0);
        assert_eq!(info(process::self_pid()).unwrap().monitors, []);
        assert_eq!(now(process::receive_down(monitor)), None);
    });
}

#[test]
fn in_a_mailbox_no_down_comes_after_a_demonitor() {
    explore(async || {
        let (watcher, dying) = (Peer::outside_of_tests(), Peer::outside_of_tests());
        let watched = dying.pid();
        let monitor = watcher.does(move || process::monitor(watched)).await;
        let ended = process::monitor(&dying);
        dying.tell(|| process::exit_with(boom()));
        let was_active = watcher
            .does(move || process::demonitor(monitor).unwrap())
            .await;
        assert_eq!(end(ended).await, boom());
        let downs = watcher.downs().await;
        assert!(downs.len() <= usize::from(!was_active), "{downs:?}");
        assert_eq!(info(&watcher).unwrap().monitors, []);
    });
}

#[test]
fn a_watcher_that_dies_is_forgotten_by_those_it_watched() {
    explore(async || {
        let watched = Peer::outside_of_tests();
        let pid = watched.pid();
        let (watcher, ended) = process::spawn_monitor(async move {
            process::monitor(pid);
            process::monitor(pid);
            std::future::pending::<()>().await;
        });
        process::exit(watcher, boom());
        assert_eq!(end(ended).await, boom());
        assert_eq!(info(&watched).unwrap().monitored_by, []);
    });
}

#[test]
fn two_that_watch_each_other_and_die_at_once_are_both_told_of() {
    explore(async || {
        let (a, b) = (Peer::outside_of_tests(), Peer::outside_of_tests());
        let (pid_a, pid_b) = (a.pid(), b.pid());
        a.tell(move || _ = process::monitor(pid_b));
        b.tell(move || _ = process::monitor(pid_a));
        let monitors = [process::monitor(&a), process::monitor(&b)];
        process::exit(&a, boom());
        process::exit(&b, boom());
        for monitor in monitors {
            assert_eq!(end(monitor).await, boom());
        }
    });
}

#[test]
fn a_monitor_by_name_fires_once_with_the_name() {
    explore(async || {
        let (peer, ended) = process::spawn_monitor(async {
            process::register("desk", process::self_pid()).unwrap();
            boom()
        });
        let monitor = process::monitor(Name::from("desk"));
        let down = process::receive_down(monitor).await;
        assert_eq!(down.name, Some(Name::from("desk")));
        match down.reason {
            ExitReason::NoProc => {}
            reason => assert_eq!((down.pid, reason), (peer, boom())),
        }
        assert_eq!(end(ended).await, boom());
        assert_eq!(now(process::receive_down(monitor)), None);
    });
}
