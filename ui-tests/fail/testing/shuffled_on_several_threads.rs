//! A test is to be shuffled on several threads, which nobody can repeat.

#[otp_core::test(flavor = "multi_thread", shuffled = 20)] //~
async fn it_is_everywhere() {
    assert_eq!(otp_core::testing::seed(), None);
}

fn main() {}
