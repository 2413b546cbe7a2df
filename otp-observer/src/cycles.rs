//! Who waits for whom in a circle. Pure.

use std::collections::HashMap;

/// The cycles among processes that each wait for at most one other, each from its first in order.
pub(crate) fn cycles(waiting: &HashMap<String, String>) -> Vec<Vec<String>> {
    let mut walked: HashMap<&str, usize> = HashMap::new();
    let mut cycles = Vec::new();
    let mut starts: Vec<&String> = waiting.keys().collect();
    starts.sort_unstable();
    for (walk, start) in starts.into_iter().enumerate() {
        let mut path: Vec<&str> = Vec::new();
        let mut at = start.as_str();
        loop {
            if let Some(before) = walked.get(at) {
                if *before == walk {
                    let from = path.iter().position(|pid| *pid == at);
                    cycles.push(from_first(&path[from.unwrap_or(0)..]));
                }
                break;
            }
            walked.insert(at, walk);
            path.push(at);
            match waiting.get(at) {
                Some(next) => at = next,
                None => break,
            }
        }
    }
    cycles
}

fn from_first(cycle: &[&str]) -> Vec<String> {
    let first = (0..cycle.len()).min_by_key(|at| cycle[*at]).unwrap_or(0);
    let (before, from) = cycle.split_at(first);
    let all = from.iter().chain(before);
    all.map(|pid| (*pid).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(waiting: &[(&str, &str)]) -> Vec<String> {
        let waiting = waiting.iter();
        let waiting = waiting.map(|(who, whom)| ((*who).to_owned(), (*whom).to_owned()));
        let cycles = cycles(&waiting.collect());
        cycles.into_iter().map(|cycle| cycle.join(" ")).collect()
    }

    #[test]
    fn a_chain_is_no_cycle() {
        assert!(of(&[]).is_empty());
        assert!(of(&[("a", "b"), ("b", "c"), ("d", "b")]).is_empty());
    }

    #[test]
    fn a_cycle_is_found_once_wherever_one_begins() {
        assert_eq!(of(&[("b", "c"), ("c", "a"), ("a", "b")]), ["a b c"]);
        assert_eq!(
            of(&[("a", "x"), ("x", "y"), ("y", "x"), ("b", "y")]),
            ["x y"]
        );
        assert_eq!(of(&[("a", "a")]), ["a"]);
    }

    #[test]
    fn cycles_that_do_not_touch_are_several() {
        let two = [("a", "b"), ("b", "a"), ("c", "d"), ("d", "c")];
        assert_eq!(of(&two), ["a b", "c d"]);
    }
}
