//! Keywords as names.

use otp_core::prelude::*;

#[gen_server]
pub struct r#Loop {
    r#type: u64,
}

#[gen_server]
impl r#Loop {
    #[init]
    fn r#new(r#type: u64) -> Self {
        r#Loop { r#type }
    }

    #[call]
    pub fn r#type(&self) -> u64 {
        self.r#type
    }

    #[call]
    pub fn r#match(&mut self, r#fn: u64, r#await: Option<u64>) -> Result<u64, u64> {
        r#await.map(|r#await| r#fn + r#await).ok_or(r#fn)
    }

    #[cast]
    pub async fn r#move(&mut self, r#struct: u64) {
        self.r#type = r#struct;
    }

    #[handle_info]
    fn r#async(&mut self, r#impl: u64) {
        self.r#type += r#impl;
    }
}

#[otp_core::main]
pub async fn main() {
    let server: LoopRef = r#Loop::start_link(1).await.unwrap();
    server.r#move(4);
    server.cast(LoopMessage::Async { r#impl: 1 });
    assert_eq!(server.r#type().await, Ok(5));
    assert_eq!(server.r#match(1, Some(2)).await, Ok(3));
    assert_eq!(server.r#match(1, None).await, Err(CallError::Handler(1)));
}
