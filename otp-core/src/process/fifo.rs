//! A queue whose first entry needs no memory of its own: most mailboxes hold one message at a time.

use std::collections::VecDeque;

/// First in, first out. Pure.
#[derive(Debug)]
pub(crate) struct Fifo<T> {
    /// Before all of `rest`.
    first: Option<T>,
    rest: VecDeque<T>,
}

impl<T> Fifo<T> {
    pub(crate) const fn new() -> Self {
        Fifo {
            first: None,
            rest: VecDeque::new(),
        }
    }

    pub(crate) fn len(&self) -> usize {
        usize::from(self.first.is_some()) + self.rest.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.first.is_none() && self.rest.is_empty()
    }

    /// What it has reserved outside of itself, in bytes.
    pub(crate) fn memory(&self) -> usize {
        self.rest.capacity() * size_of::<T>()
    }

    /// How many entries are such.
    pub(crate) fn count(&self, is_such: impl Fn(&T) -> bool) -> usize {
        let mut count = usize::from(self.first.as_ref().is_some_and(&is_such));
        for entry in &self.rest {
            count += usize::from(is_such(entry));
        }
        count
    }

    /// Always inlined: the entry would otherwise be copied once more.
    #[inline(always)]
    pub(crate) fn push_back(&mut self, entry: T) {
        if self.is_empty() {
            self.first = Some(entry);
        } else {
            self.rest.push_back(entry);
        }
    }

    #[inline]
    pub(crate) fn pop_front(&mut self) -> Option<T> {
        self.first.take().or_else(|| self.rest.pop_front())
    }

    /// Takes the first entry, and the others into `rest`, which is empty and whose memory is used for what comes.
    #[inline]
    pub(crate) fn pop_all(&mut self, rest: &mut VecDeque<T>) -> Option<T> {
        if !self.rest.is_empty() {
            std::mem::swap(&mut self.rest, rest);
        }
        self.first.take().or_else(|| rest.pop_front())
    }

    /// Takes the first entry that is wanted out from among the others.
    ///
    /// Loops here and below are spelt out, as a queue is compiled anew for each server, and a `VecDeque`'s own ways to move
    /// what is in it come to much code.
    pub(crate) fn take_first(&mut self, mut is_wanted: impl FnMut(&T) -> bool) -> Option<T> {
        if let Some(first) = &self.first
            && is_wanted(first)
        {
            return self.first.take();
        }
        let mut position = 0;
        while !is_wanted(self.rest.get(position)?) {
            position += 1;
        }
        // To the front, past those that stay in their order.
        while position > 0 {
            self.rest.swap(position, position - 1);
            position -= 1;
        }
        self.rest.pop_front()
    }

    /// Takes everything.
    pub(crate) fn take(&mut self) -> VecDeque<T> {
        let mut all = std::mem::take(&mut self.rest);
        if let Some(first) = self.first.take() {
            all.push_front(first);
        }
        all
    }

    /// Puts entries before those that are there.
    pub(crate) fn put_before(&mut self, mut entries: VecDeque<T>) {
        while let Some(entry) = self.pop_front() {
            entries.push_back(entry);
        }
        self.rest = entries;
    }

    /// Nothing is in it, nor in `spare`: keeps the memory of one of the two, and none that is for more than `most`.
    #[inline]
    pub(crate) fn keep_one(&mut self, spare: &mut VecDeque<T>, most: usize) {
        if self.rest.capacity() == 0 {
            std::mem::swap(&mut self.rest, spare);
        }
        if self.rest.capacity() > most {
            self.rest = VecDeque::new();
        }
        if spare.capacity() > most {
            *spare = VecDeque::new();
        }
    }

    /// Gives its memory back if there is nothing in it. To shrink it around what is there would be much code for each type.
    pub(crate) fn shrink(&mut self) {
        if self.rest.is_empty() {
            self.rest = VecDeque::new();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(entries: &str) -> Fifo<char> {
        let mut fifo = Fifo::new();
        entries.chars().for_each(|entry| fifo.push_back(entry));
        fifo
    }

    fn all(fifo: &Fifo<char>) -> String {
        let all: String = fifo.first.iter().chain(&fifo.rest).collect();
        assert_eq!(fifo.len(), all.len());
        assert_eq!(fifo.is_empty(), all.is_empty());
        assert_eq!(
            fifo.count(|entry| *entry < 'x'),
            all.replace(['x', 'y', 'z'], "").len()
        );
        all
    }

    #[test]
    fn entries_leave_in_the_order_in_which_they_came() {
        let mut fifo = of("abc");
        assert_eq!((all(&fifo).as_str(), fifo.pop_front()), ("abc", Some('a')));
        fifo.push_back('d');
        assert_eq!(all(&fifo), "bcd");
        let left: String = std::iter::from_fn(|| fifo.pop_front()).collect();
        assert_eq!((left.as_str(), fifo.pop_front()), ("bcd", None));
        fifo.push_back('e');
        assert_eq!(all(&fifo), "e");
    }

    #[test]
    fn one_entry_needs_no_memory() {
        let mut fifo = of("a");
        assert_eq!(fifo.rest.capacity(), 0);
        assert_eq!(fifo.pop_all(&mut VecDeque::new()), Some('a'));
        assert!(fifo.is_empty());
    }

    #[test]
    fn all_are_popped_as_the_first_and_the_rest() {
        let mut rest = VecDeque::new();
        let mut fifo = of("abc");
        assert_eq!(fifo.pop_all(&mut rest), Some('a'));
        assert_eq!(
            (rest.make_contiguous(), all(&fifo).as_str()),
            (&mut ['b', 'c'][..], "")
        );

        let mut fifo = of("abc");
        fifo.pop_front();
        rest.clear();
        assert_eq!(fifo.pop_all(&mut rest), Some('b'), "there is no first");
        assert_eq!(rest, ['c']);
        assert_eq!(fifo.pop_all(&mut VecDeque::new()), None);
    }

    #[test]
    fn an_entry_is_taken_wherever_it_is() {
        let mut fifo = of("abcde");
        for (wanted, left) in [('d', "abce"), ('a', "bce"), ('b', "ce"), ('e', "c")] {
            let taken = fifo.take_first(|entry| *entry == wanted);
            assert_eq!((taken, all(&fifo).as_str()), (Some(wanted), left));
        }
        assert_eq!(fifo.take_first(|entry| *entry == 'z'), None);
        assert_eq!(fifo.take_first(|_| true), Some('c'));
        assert_eq!(fifo.take_first(|_| true), None);
        let mut fifo = of("abcd");
        assert_eq!(
            fifo.take_first(|entry| *entry > 'a'),
            Some('b'),
            "the first of several"
        );
    }

    #[test]
    fn what_is_put_back_comes_before_what_came_meanwhile() {
        let mut fifo = of("abc");
        let taken = fifo.take();
        assert_eq!(
            (&taken, fifo.is_empty()),
            (&VecDeque::from(['a', 'b', 'c']), true)
        );
        fifo.push_back('x');
        fifo.push_back('y');
        fifo.put_before(taken);
        assert_eq!(all(&fifo), "abcxy");
        fifo.push_back('z');
        assert_eq!(all(&fifo), "abcxyz");
    }

    #[test]
    fn the_memory_of_one_buffer_is_kept_if_it_is_small() {
        let (mut fifo, mut spare) = (Fifo::<char>::new(), VecDeque::with_capacity(4));
        fifo.keep_one(&mut spare, 4);
        assert_eq!((fifo.rest.capacity(), spare.capacity()), (4, 0));
        let mut large = VecDeque::with_capacity(8);
        fifo.keep_one(&mut large, 4);
        assert_eq!((fifo.rest.capacity(), large.capacity()), (4, 0));
        fifo.keep_one(&mut spare, 3);
        assert_eq!(fifo.rest.capacity(), 0);
        let mut fifo = of("abc");
        fifo.take();
        fifo.rest = VecDeque::with_capacity(4);
        fifo.shrink();
        assert_eq!(fifo.rest.capacity(), 0);
        let mut fifo = of("abc");
        fifo.shrink();
        assert_eq!(fifo.take(), ['a', 'b', 'c']);
    }
}
