//! A public server may take, answer and hold what is private.

#![deny(private_interfaces, private_bounds, unnameable_types)]

pub mod cache {
    use otp_core::prelude::*;

    struct Limit(usize);
    struct Key(u64);
    #[derive(Debug, PartialEq)]
    struct Value(String);
    #[derive(Debug, PartialEq)]
    struct Missing;
    trait Weight {
        fn weight(&self) -> usize;
    }

    impl Weight for Value {
        fn weight(&self) -> usize {
            self.0.len()
        }
    }

    #[gen_server]
    pub struct Cache {
        limit: Limit,
        value: Option<Value>,
    }

    #[gen_server]
    impl Cache {
        #[init]
        fn init(limit: Limit) -> Self {
            Cache { limit, value: None }
        }

        #[call]
        fn put(&mut self, key: Key, value: Value) -> Option<Value> {
            let fits = value.weight() <= self.limit.0 && key.0 > 0;
            if fits {
                self.value.replace(value)
            } else {
                Some(value)
            }
        }

        #[call]
        fn get(&mut self) -> Result<Value, Missing> {
            self.value.take().ok_or(Missing)
        }

        #[handle_info]
        fn evict(&mut self, _key: Key) {
            self.value = None;
        }
    }

    pub async fn run() {
        let cache = Cache::start_link(Limit(4)).await.unwrap();
        assert_eq!(cache.put(Key(1), Value("text".to_owned())).await, Ok(None));
        assert_eq!(cache.get().await, Ok(Value("text".to_owned())));
        assert_eq!(cache.get().await, Err(CallError::Handler(Missing)));
        cache.cast(CacheMessage::Evict { _key: Key(1) });
    }
}

#[otp_core::main]
pub async fn main() {
    cache::run().await;
}
