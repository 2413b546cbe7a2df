//! What the page about testing says of attributes, which a block of a page cannot carry.
use otp_core::prelude::*;
use otp_core::testing;

async fn two_are_heard() -> [&'static str; 2] {
    let mut inbox = testing::mailbox();
    for writer in ["a", "b"] {
        let reader = inbox.address();
        process::spawn_link(async move {
            reader.send(writer);
        });
    }
    [inbox.receive().await, inbox.receive().await]
}

#[otp_core::test(shuffled = 200)]
async fn both_writers_are_heard() {
    let mut heard = two_are_heard().await;
    heard.sort_unstable();
    assert_eq!(heard, ["a", "b"]);
}

#[otp_core::test]
async fn without_the_sort_it_would_pass_as_an_ordinary_test() {
    assert_eq!(two_are_heard().await, ["a", "b"]);
}

#[otp_core::test(shuffled = 200)]
#[should_panic(expected = "left: [\"b\", \"a\"]")]
async fn and_fail_under_some_of_the_schedules() {
    assert_eq!(two_are_heard().await, ["a", "b"]);
}
