//! An option of a test is misspelt.

#[otp_core::test(leak = allowed)] //~
async fn it_leaks() {
    otp_core::process::spawn(std::future::pending::<()>());
}

fn main() {}
