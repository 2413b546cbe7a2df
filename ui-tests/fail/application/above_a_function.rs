//! The attribute is above a function.


#[otp_core::application]
fn chat() {} //~


fn main() {
    chat();
}
