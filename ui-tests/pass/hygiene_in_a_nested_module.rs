//! Servers in nested modules, as visible as they say.

mod servers {
    pub(super) mod counter {
        mod amount {
            pub(in super::super) struct Amount(pub(in super::super) i64);
        }

        use amount::Amount;
        use otp_core::gen_server;

        #[gen_server]
        pub(in super::super) struct Counter {
            value: i64,
        }

        // The attributes by their paths, without an import.
        #[otp_core::gen_server]
        impl Counter {
            #[otp_core::init]
            fn init() -> Self {
                Counter { value: 0 }
            }

            #[otp_core::call]
            pub(super) fn add(&mut self, by: Amount) -> i64 {
                self.value += by.0;
                self.value
            }

            #[::otp_core::call]
            pub(in super::super) fn get(&self) -> i64 {
                self.value
            }
        }

        pub(super) fn two() -> Amount {
            Amount(2)
        }
    }

    pub(super) async fn add_two(counter: &counter::CounterRef) -> i64 {
        counter.add(counter::two()).await.unwrap()
    }
}

// The impl of a server of another module.
mod elsewhere {
    pub struct Marker;

    #[otp_core::gen_server]
    pub struct Far(pub Option<Marker>);
}

#[otp_core::gen_server]
impl elsewhere::Far {
    #[otp_core::init]
    fn init() -> Self {
        elsewhere::Far(None)
    }

    #[otp_core::call]
    pub fn marked(&mut self) -> bool {
        self.0.replace(elsewhere::Marker).is_some()
    }
}

#[otp_core::main]
pub async fn main() {
    let counter = servers::counter::Counter::start_link().await.unwrap();
    assert_eq!(servers::add_two(&counter).await, 2);
    assert_eq!(counter.get().await, Ok(2));
    let far: elsewhere::FarRef = elsewhere::Far::start_link().await.unwrap();
    assert_eq!(far.marked().await, Ok(false));
    assert_eq!(far.marked().await, Ok(true));
}
