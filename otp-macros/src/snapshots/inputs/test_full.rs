//! All options, and attributes that stay.

/// Whatever the order.
#[otp_core::test(flavor = "current_thread", leaks = allowed, crashes = allowed, shuffled = 200, crate = crate::otp)]
#[should_panic(expected = "gone")]
#[ignore]
async fn counts() -> Result<(), CallFailure> {
    counter().add(2).await?;
    Ok(())
}
