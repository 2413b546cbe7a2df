//! A test runs under no schedule.

#[otp_core::test(shuffled = 0)] //~
async fn it_never_runs() {
    assert_eq!(1, 2);
}

fn main() {}
