#[otp_core::test]
async fn counts() {
    let counter = Counter::start_link(0).await.unwrap();
    let answer = counter.add(2).await;
    assert_eq!(answer, Ok(2));
}
