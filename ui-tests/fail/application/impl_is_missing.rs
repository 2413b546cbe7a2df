//! There is no start.

use otp_core::application::Application;

#[otp_core::application]
struct Chat;


fn main() -> std::process::ExitCode {
    Chat.run() //~
}
