#[gen_statem(restart = transient, shutdown = 500ms, mailbox = bounded(8), crate = ::my::otp)]
#[cfg(unix)]
enum Link<T: Clone> {
    Closed(Vec<ReplyTo<T>>),
    #[initial]
    Open {
        item: T,
        count: u64,
    },
    Broken,
}

#[gen_statem(ignore(give: Broken))]
impl<T: Clone + Send + 'static> Link<T> {
    #[init]
    async fn init(item: T, actions: &mut Actions<Self>) -> Result<Self, ExitReason> {
        actions.timeout("retry", second(), LinkMessage::Retry);
        Ok(Link::Open { item, count: 0 })
    }

    /// Gives what it has.
    #[on(Open { item, count })]
    #[call]
    pub fn take(&mut self) -> Result<T, Empty> {
        *count += 1;
        Ok(item.clone())
    }

    #[on(Closed(waiting))]
    #[call]
    fn take(&mut self, reply_to: ReplyTo<Result<T, Empty>>) {
        waiting.push(reply_to);
    }

    #[on(_)]
    #[call]
    fn take(&self) -> Result<T, Empty> {
        Err(Empty)
    }

    #[on(Open, Closed)]
    #[cast]
    async fn give(self, item: T) -> To![Open] {
        To::Open { item, count: 0 }
    }

    #[on(_)]
    #[call]
    fn close(&mut self) -> (Option<To![Closed]>, bool) {
        (Some(To::Closed(Vec::new())), true)
    }

    #[on(Closed)]
    #[enter]
    fn closed(&mut self, from: LinkState, actions: &mut Actions<Self>) {}

    #[on(Open)]
    #[event_timeout(10s)]
    fn idle(self) -> To![Broken] {
        To::Broken
    }

    #[on(_)]
    #[timeout]
    fn retry(&mut self, actions: &mut Actions<Self>) {}

    #[on(_)]
    #[internal]
    fn note(&self, what: &'static str) {}

    #[on(_)]
    #[handle_down]
    fn gone(&mut self, down: Down) {}

    #[on(_)]
    #[handle_exit]
    fn left(&mut self, exit: Exit) {}

    #[terminate]
    async fn terminate(&mut self, reason: &ExitReason) {}

    #[format_status]
    fn status(&self) -> String {
        "a link".to_owned()
    }

    fn helper() {}
}
