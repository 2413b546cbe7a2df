//! A supervisor that is killed in the middle of a tree.

use std::time::Duration;

use otp_core::prelude::*;
use otp_core::{ChildSpec, ChildState, Node, Strategy, Supervisor, process};

#[gen_server]
struct Named {}

#[gen_server]
impl Named {
    #[init]
    fn init() -> Self {
        Named {}
    }
}

#[otp_core::test]
async fn a_killed_supervisor_is_restarted_with_children_that_have_names() {
    let names = ["a", "b", "c"];
    let middle = ChildSpec::new("middle", move || {
        let builder = Supervisor::builder(Strategy::OneForOne);
        let named = names.map(|name| ChildSpec::new(name, move || Named::start_link().name(name)));
        let builder = named
            .into_iter()
            .fold(builder, |builder, child| builder.child(child));
        builder.start_link().name("middle")
    });
    let root = Supervisor::builder(Strategy::OneForOne)
        .max_restarts(1, Duration::from_secs(5))
        .child(middle)
        .start_link()
        .await
        .unwrap();
    // Whoever has begun has had its first turn now.
    root.which_children().await.unwrap();
    let node = Node::current().unwrap();
    let before = names.map(|name| node.whereis(name).unwrap());
    let killed = node.whereis("middle").unwrap();
    let monitor = process::monitor(killed);
    process::exit(killed, ExitReason::Kill);
    process::receive_down(monitor).await;
    // The answer comes when the restart is done.
    let children = root.which_children().await.unwrap();
    assert_eq!(children[0].restarts, 1);
    assert_eq!(
        children[0].state,
        ChildState::Running(node.whereis("middle").unwrap())
    );
    for (name, before) in std::iter::zip(names, before) {
        assert_ne!(node.whereis(name).unwrap(), before);
        assert!(!node.is_alive(before));
    }
    root.stop().await.unwrap();
}
