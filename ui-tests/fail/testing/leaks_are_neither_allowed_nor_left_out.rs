//! An option of a test has a value that it cannot have.

#[otp_core::test(leaks = yes)] //~
async fn it_leaks() {
    otp_core::process::spawn(std::future::pending::<()>());
}

fn main() {}
