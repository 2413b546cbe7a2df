//! Servers that are enums, tuples and nothing at all.

use otp_core::prelude::*;

#[gen_server]
pub enum Door {
    Open,
    Locked { code: u16 },
}

#[gen_server]
impl Door {
    #[init]
    fn init(code: Option<u16>) -> Result<Self, std::num::TryFromIntError> {
        u8::try_from(code.unwrap_or_default())?;
        Ok(code.map_or(Door::Open, |code| Door::Locked { code }))
    }

    #[call]
    pub fn unlock(&mut self, attempt: u16) -> bool {
        if matches!(self, Door::Locked { code } if *code == attempt) {
            *self = Door::Open;
        }
        matches!(self, Door::Open)
    }
}

#[gen_server]
struct Nothing;

// No calls, no casts, no messages at all.
#[gen_server]
impl Nothing {
    #[init]
    fn init() -> Self {
        Nothing
    }
}

#[gen_server]
struct Pair(u8, u8);

#[gen_server]
impl Pair {
    #[init]
    fn init(pair: (u8, u8)) -> Pair {
        Pair(pair.0, pair.1)
    }

    #[call]
    fn get(&self) -> (u8, u8) {
        (self.0, self.1)
    }

    #[call]
    fn unit(&self) -> () {}

    #[call]
    fn never(&self) -> Option<std::convert::Infallible> {
        None
    }
}

#[otp_core::main]
pub async fn main() {
    let door = Door::start_link(Some(7)).await.unwrap();
    assert_eq!(door.unlock(8).await, Ok(false));
    assert_eq!(door.unlock(7).await, Ok(true));
    assert!(Door::start(Some(700)).await.is_err());
    let nothing: NothingRef = Nothing::start_link().await.unwrap();
    assert!(nothing.is_alive());
    let pair = Pair::start_link((1, 2)).await.unwrap();
    assert_eq!(pair.get().await, Ok((1, 2)));
    assert_eq!(pair.unit().await, Ok(()));
    assert_eq!(pair.never().await, Ok(None));
}
