//! All options, on a function of another name.

/// The server.
#[otp_core::main(flavor = "multi_thread", worker_threads = 4, crate = crate::otp)]
#[allow(unused)]
pub(crate) async fn serve() -> ExitCode {
    listen().await
}
