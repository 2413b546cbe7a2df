//! Who is registered under one key, in the order of registration. Pure.

use std::collections::BTreeMap;

/// The holders of one key, each with its number; numbers only grow. Most keys have one holder, which costs no allocation.
#[derive(Debug)]
pub(super) enum Holders<T> {
    One(u64, T),
    /// None, for a moment, or several.
    Many(BTreeMap<u64, T>),
}

impl<T> Holders<T> {
    pub(super) fn add(&mut self, number: u64, holder: T) {
        let mut many = match std::mem::replace(self, Holders::Many(BTreeMap::new())) {
            Holders::One(first, one) => BTreeMap::from([(first, one)]),
            Holders::Many(many) => many,
        };
        many.insert(number, holder);
        *self = Holders::Many(many);
    }

    pub(super) fn remove(&mut self, number: u64) -> Option<T> {
        match self {
            Holders::One(first, _) if *first != number => None,
            Holders::One(..) => match std::mem::replace(self, Holders::Many(BTreeMap::new())) {
                Holders::One(_, one) => Some(one),
                Holders::Many(_) => None,
            },
            Holders::Many(many) => many.remove(&number),
        }
    }

    /// Puts another holder in the place of one that is there, and gives that back.
    pub(super) fn replace(&mut self, number: u64, holder: T) -> Option<T> {
        let place = match self {
            Holders::One(first, one) if *first == number => one,
            Holders::One(..) => return None,
            Holders::Many(many) => many.get_mut(&number)?,
        };
        Some(std::mem::replace(place, holder))
    }

    pub(super) fn is_empty(&self) -> bool {
        matches!(self, Holders::Many(many) if many.is_empty())
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        let (one, many) = match self {
            Holders::One(_, one) => (Some(one), None),
            Holders::Many(many) => (None, Some(many.values())),
        };
        one.into_iter().chain(many.into_iter().flatten())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(holders: &Holders<char>) -> String {
        holders.iter().collect()
    }

    #[test]
    fn holders_stay_in_the_order_of_registration() {
        let mut holders = Holders::One(1, 'a');
        assert_eq!((all(&holders).as_str(), holders.is_empty()), ("a", false));
        holders.add(2, 'b');
        holders.add(7, 'c');
        assert_eq!(all(&holders), "abc");
        assert_eq!(holders.replace(2, 'x'), Some('b'));
        assert_eq!(holders.remove(1), Some('a'));
        assert_eq!(holders.remove(1), None);
        assert_eq!(all(&holders), "xc");
        assert_eq!(
            (holders.remove(7), holders.remove(2)),
            (Some('c'), Some('x'))
        );
        assert!(holders.is_empty());
    }

    #[test]
    fn the_only_holder_is_replaced_and_removed_by_its_own_number_only() {
        let mut holders = Holders::One(1, 'a');
        assert_eq!((holders.replace(2, 'x'), holders.remove(2)), (None, None));
        assert_eq!(holders.replace(1, 'b'), Some('a'));
        assert_eq!(holders.remove(1), Some('b'));
        assert!(holders.is_empty());
        holders.add(2, 'c');
        assert_eq!(all(&holders), "c");
    }
}
