//! Servers in the body of a function, beside what has their names elsewhere.

pub struct Counter;
pub struct CounterRef;

#[otp_core::main]
pub async fn main() {
    use otp_core::prelude::*;

    #[gen_server]
    struct Counter(i64);

    struct Step(i64);

    #[gen_server]
    impl Counter {
        #[init]
        fn init() -> Self {
            Counter(0)
        }

        #[call]
        fn add(&mut self, by: Step) -> i64 {
            self.0 += by.0;
            self.0
        }
    }

    let counter: CounterRef = Counter::start_link().await.unwrap();
    assert_eq!(counter.add(Step(2)).await, Ok(2));
    assert_eq!(inner().await, "inner");
    drop((self::outer::name(), std::any::type_name::<CounterMessage>()));
}

async fn inner() -> &'static str {
    let closure = async || {
        use otp_core::prelude::*;

        #[gen_server]
        struct Named;

        #[gen_server]
        impl Named {
            #[init]
            fn init() -> Self {
                Named
            }

            #[call]
            fn name(&self) -> &'static str {
                "inner"
            }
        }
        Named::start_link().await.unwrap().name().await.unwrap()
    };
    closure().await
}

mod outer {
    pub(super) fn name() -> (super::Counter, super::CounterRef) {
        (super::Counter, super::CounterRef)
    }
}
