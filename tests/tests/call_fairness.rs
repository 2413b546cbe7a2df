//! Who asks again and again lets others run.

use otp_core::prelude::*;
use tests::{Act, Journal, Puppet, PuppetRef};

#[otp_core::test]
async fn a_caller_that_tries_until_a_server_is_there_lets_it_begin() {
    process::spawn_link(async {
        let puppet = Puppet::start_link(Journal::new()).name("late").await;
        puppet.expect("nobody has the name").ended().await;
    });
    let late = PuppetRef::named("late");
    let mut refused = 0;
    // No other await: without a turn for others this would never end.
    while late.ask(Act::Nothing).await == Err(CallFailure::NoProc) {
        refused += 1;
    }
    assert!(refused > 0);
    late.stop().await.expect("it runs");
}

#[otp_core::test]
async fn a_caller_that_tries_a_dead_server_lets_others_run() {
    let puppet = Puppet::start(Journal::new()).await.expect("it starts");
    puppet.stop().await.expect("it runs");
    let other = process::spawn_link(async {});
    while Node::current().is_some_and(|node| node.is_alive(other)) {
        assert_eq!(puppet.ask(Act::Nothing).await, Err(CallFailure::NoProc));
    }
}
