//! `Self` in arguments and answers is the server, where they are copied to as well.

use otp_core::prelude::*;

pub trait Unit {
    type Value: Send + 'static;
}

pub struct Stack<T> {
    items: Vec<T>,
}

impl<T> Unit for Stack<T> {
    type Value = u16;
}

#[gen_server]
pub struct Counter {
    value: i64,
}

impl Counter {
    const SIZE: usize = 2;
}

impl Unit for Counter {
    type Value = u8;
}

#[gen_server]
impl Counter {
    #[init]
    fn init(before: Option<Box<Self>>) -> Result<Self, InitError> {
        Ok(*before.ok_or(InitError::Ignore)?)
    }

    #[call]
    pub fn exchange(&mut self, other: Self) -> Self {
        std::mem::replace(self, other)
    }

    #[call]
    pub fn sum(
        &self,
        values: [i64; Self::SIZE],
        extra: <Self as Unit>::Value,
    ) -> Vec<(i64, Option<Self>)> {
        vec![(
            self.value + values.iter().sum::<i64>() + i64::from(extra),
            None,
        )]
    }

    #[call]
    pub fn unit(
        self: &mut Self,
        value: <Stack<Self> as Unit>::Value,
        reply_to: ReplyTo<(u16, Option<Self>)>,
    ) {
        let stack = Stack::<Self> { items: Vec::new() };
        reply_to.send((value + stack.items.len() as u16, None));
    }
}

#[otp_core::main]
pub async fn main() {
    assert!(Counter::start_link(None).await.is_err());
    let counter = Counter::start_link(Some(Box::new(Counter { value: 1 })))
        .await
        .unwrap();
    assert_eq!(
        counter.exchange(Counter { value: 2 }).await.unwrap().value,
        1
    );
    let sum = counter.sum([1, 2], 3).await.unwrap();
    assert_eq!(sum[0].0, 8);
    assert_eq!(counter.unit(4).await.unwrap().0, 4);
}
