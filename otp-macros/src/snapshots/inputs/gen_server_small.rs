#[gen_server]
pub struct Counter {
    value: i64,
}

#[gen_server]
impl Counter {
    #[init]
    fn init(value: i64) -> Self {
        Counter { value }
    }

    /// Adds `by` and answers the new value.
    #[call]
    pub fn add(&mut self, by: i64) -> i64 {
        self.value += by;
        self.value
    }

    /// Starts to count anew.
    #[cast]
    pub fn reset(&mut self) {
        self.value = 0;
    }
}
