//! Which partition serves a key. Pure, and the same in every program, so that data may lie where a key has led before.

use std::hash::{Hash, Hasher};

/// The partition of a key among `partitions`, which are not zero.
pub(super) fn route(key: &(impl Hash + ?Sized), partitions: usize) -> usize {
    let mut router = Router::default();
    key.hash(&mut router);
    let number = match router.only {
        Some(Only::Integer(number)) => number,
        Some(Only::More) | None => u128::from(router.finish()),
    };
    usize::try_from(number % partitions as u128).expect("less than a usize")
}

/// What has been hashed.
#[derive(Clone, Copy)]
enum Only {
    /// One integer of this absolute value.
    Integer(u128),
    More,
}

/// Hashes by FNV-1a, and notices a key that is one integer and nothing else.
struct Router {
    only: Option<Only>,
    hash: u64,
}

impl Default for Router {
    fn default() -> Self {
        Router {
            only: None,
            hash: 0xcbf2_9ce4_8422_2325,
        }
    }
}

impl Router {
    fn integer(&mut self, absolute: u128, bytes: &[u8]) {
        let only = match self.only {
            None => Only::Integer(absolute),
            Some(_) => Only::More,
        };
        self.write(bytes);
        self.only = Some(only);
    }
}

/// Of unsigned and of signed integers, byte by byte in one order on every machine.
macro_rules! integers {
    ($($unsigned:ident $signed:ident $write:ident $write_signed:ident,)*) => {
        $(
            fn $write(&mut self, number: $unsigned) {
                self.integer(number as u128, &number.to_le_bytes());
            }

            fn $write_signed(&mut self, number: $signed) {
                self.integer(number.unsigned_abs() as u128, &number.to_le_bytes());
            }
        )*
    };
}

impl Hasher for Router {
    fn write(&mut self, bytes: &[u8]) {
        self.only = Some(Only::More);
        for byte in bytes {
            self.hash = (self.hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    fn finish(&self) -> u64 {
        // FNV's last bits are weak, and they are what a remainder looks at.
        let hash = (self.hash ^ (self.hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
        let hash = (hash ^ (hash >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
        hash ^ (hash >> 33)
    }

    integers! {
        u8 i8 write_u8 write_i8,
        u16 i16 write_u16 write_i16,
        u32 i32 write_u32 write_i32,
        u64 i64 write_u64 write_i64,
        u128 i128 write_u128 write_i128,
        usize isize write_usize write_isize,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_integer_goes_to_its_absolute_value_modulo_the_partitions() {
        let routed = [-1, 0, 1, 2, 3, 4, -4].map(|key: i64| route(&key, 3));
        assert_eq!(routed, [1, 0, 1, 2, 0, 1, 1]);
        assert_eq!(route(&i8::MIN, 100), 28);
        assert_eq!(route(&u128::MAX, 10), 5);
        assert_eq!((route(&7u8, 4), route(&7usize, 4)), (3, 3));
    }

    #[test]
    fn a_type_that_hashes_as_one_integer_goes_the_same_way() {
        #[derive(Hash)]
        struct UserId(u64);
        assert_eq!(route(&UserId(42), 5), route(&42u64, 5));
    }

    #[test]
    fn another_key_goes_by_a_hash_that_never_changes() {
        assert_eq!(
            ["ada", "grace", "joe", "robert"].map(|key| route(key, 1_000)),
            [129, 497, 588, 372]
        );
        assert_eq!(route("ada", 8), route(&String::from("ada"), 8));
    }

    #[test]
    fn several_integers_are_no_integer() {
        let spread: std::collections::BTreeSet<usize> =
            (0..100u32).map(|n| route(&(n, 8u32), 8)).collect();
        assert_eq!(spread.len(), 8);
    }
}
