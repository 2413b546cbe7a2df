supervisor! {
    pub struct Counters(start: i64);

    strategy: one_for_one,

    children: {
        hits: Counter(start),
        sum: Sum(hits) { restart: transient },
    }
}
