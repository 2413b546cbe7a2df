#[otp_core::main]
async fn main() -> Result<(), StartError> {
    let counter = Counter::start_link(0).await?;
    counter.reset();
    Ok(())
}
