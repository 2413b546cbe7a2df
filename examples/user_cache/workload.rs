//! Requests made up from a seed: the same seed gives the same requests.

use crate::cache::User;
use crate::request::{Request, Server};

/// What the made-up requests look like.
#[derive(Debug, Clone)]
pub struct WorkloadOptions {
    pub requests: u64,
    pub keys: u64,
    pub skew: f64,
    pub seed: u64,
    /// How often the primary is made to crash in between, evenly spread.
    pub crashes: u64,
}

/// An iterator of made-up requests: 80 % get, 17 % put, 2 % delete, 1 % stats, and crashes in between.
#[derive(Debug)]
pub struct Workload {
    random: fastrand::Rng,
    users: Zipf,
    requests: u64,
    left: u64,
    crashes: u64,
    crashed: u64,
}

impl Workload {
    pub fn new(options: &WorkloadOptions) -> Self {
        Workload {
            random: fastrand::Rng::with_seed(options.seed),
            users: Zipf::new(options.keys, options.skew),
            requests: options.requests,
            left: options.requests,
            crashes: options.crashes,
            crashed: 0,
        }
    }

    /// How many requests are still to come, crashes not counted.
    pub fn left(&self) -> u64 {
        self.left
    }

    /// Whether the next crash is due: `crashes` of them divide the requests into equal parts.
    fn crashes_now(&self) -> bool {
        let due = u128::from(self.requests) * u128::from(self.crashed + 1);
        let done = u128::from(self.requests - self.left) * u128::from(self.crashes + 1);
        self.crashed < self.crashes && done >= due
    }
}

impl Iterator for Workload {
    type Item = Request;

    fn next(&mut self) -> Option<Request> {
        if self.crashes_now() {
            self.crashed += 1;
            return Some(Request::Crash(Server::Primary));
        }
        self.left = self.left.checked_sub(1)?;
        let id = self.users.draw(&mut self.random);
        Some(match self.random.u32(0..100) {
            0..80 => Request::Get(id),
            80..97 => Request::Put(User {
                id,
                name: format!("user-{id}"),
                email: format!("user-{id}@example.com"),
            }),
            97..99 => Request::Delete(id),
            _ => Request::Stats,
        })
    }
}

/// Numbers from 1 to `n`, of which `k` comes up in proportion to `1 / k^skew`: a few of them very
/// often, most of them hardly ever, as it is with real users.
#[derive(Debug)]
struct Zipf {
    /// `cumulative[k - 1]` is the weight of all numbers up to `k`.
    cumulative: Vec<f64>,
    total: f64,
}

impl Zipf {
    fn new(n: u64, skew: f64) -> Self {
        let mut total = 0.0;
        let cumulative = (1..=n)
            .map(|k| {
                total += (k as f64).powf(-skew);
                total
            })
            .collect();
        Zipf { cumulative, total }
    }

    fn draw(&self, random: &mut fastrand::Rng) -> u64 {
        let point = random.f64() * self.total;
        1 + self.cumulative.partition_point(|&weight| weight <= point) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(requests: u64, skew: f64, seed: u64) -> WorkloadOptions {
        WorkloadOptions {
            requests,
            keys: 100,
            skew,
            seed,
            crashes: 0,
        }
    }

    #[test]
    fn a_seed_gives_the_same_requests_each_time() {
        let requests = |seed| Workload::new(&options(1_000, 1.0, seed)).collect::<Vec<_>>();
        assert_eq!(requests(1), requests(1));
        assert_ne!(requests(1), requests(2));
        assert_eq!(requests(1).len(), 1_000);
    }

    #[test]
    fn a_few_users_are_asked_for_much_more_than_the_others() {
        let mut counts = [0_u32; 101];
        for id in Workload::new(&options(100_000, 1.0, 1)).filter_map(|r| r.user_id()) {
            counts[id as usize] += 1;
        }
        assert_eq!(counts[0], 0);
        assert!(counts[1..].iter().all(|&count| count > 0));
        // Of 99,000 requests, Zipf's law gives number 1 a share of 1 in 5.19.
        assert!((18_000..20_000).contains(&counts[1]), "{}", counts[1]);
        assert!((8_800..10_200).contains(&counts[2]), "{}", counts[2]);
    }

    #[test]
    fn without_skew_all_users_are_alike() {
        let mut counts = [0_u32; 101];
        for id in Workload::new(&options(100_000, 0.0, 1)).filter_map(|r| r.user_id()) {
            counts[id as usize] += 1;
        }
        assert!(counts[1..].iter().all(|count| (800..1_200).contains(count)));
    }

    #[test]
    fn crashes_are_evenly_spread_and_leave_the_rest_as_it_is() {
        let calm = options(1_000, 1.0, 1);
        let options = WorkloadOptions {
            crashes: 3,
            ..calm.clone()
        };
        let requests: Vec<Request> = Workload::new(&options).collect();
        let crash = Request::Crash(Server::Primary);
        let places: Vec<usize> = (0..requests.len())
            .filter(|&place| requests[place] == crash)
            .collect();
        assert_eq!(places, [250, 501, 752]);
        let rest: Vec<Request> = requests.into_iter().filter(|r| *r != crash).collect();
        assert_eq!(rest, Workload::new(&calm).collect::<Vec<_>>());
    }

    #[test]
    fn all_kinds_come_up() {
        let mut counts = [0_u32; 5];
        let options = WorkloadOptions {
            crashes: 2,
            ..options(10_000, 1.0, 1)
        };
        for request in Workload::new(&options) {
            counts[request.kind() as usize] += 1;
        }
        assert!(counts.iter().all(|&count| count > 0), "{counts:?}");
        assert!((7_800..8_200).contains(&counts[0]), "{counts:?}");
    }
}
