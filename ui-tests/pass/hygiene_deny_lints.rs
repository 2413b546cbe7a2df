//! What is generated keeps every rule that a careful crate may set.

#![deny(warnings, missing_docs, missing_debug_implementations, unreachable_pub)]
#![deny(
    elided_lifetimes_in_paths,
    let_underscore_drop,
    non_ascii_idents,
    redundant_lifetimes
)]
#![deny(
    single_use_lifetimes,
    trivial_casts,
    trivial_numeric_casts,
    unit_bindings
)]
#![deny(
    unsafe_code,
    unused_extern_crates,
    unused_import_braces,
    unused_lifetimes
)]
#![deny(
    unused_macro_rules,
    unused_qualifications,
    explicit_outlives_requirements
)]
#![deny(
    clippy::all,
    clippy::pedantic,
    clippy::undocumented_unsafe_blocks,
    clippy::unwrap_used
)]

/// Servers, for all to see.
pub mod servers {
    use otp_core::prelude::*;

    /// A counter that anyone may add to.
    #[derive(Debug)]
    #[gen_server(restart = permanent, shutdown = brutal_kill, mailbox = unbounded)]
    pub struct Counter {
        value: i64,
    }

    #[gen_server]
    impl Counter {
        #[init]
        fn init(value: i64, _cx: &mut Context<Self>) -> Self {
            Counter { value }
        }

        /// Adds `by` and answers the new value.
        #[call]
        pub fn add(&mut self, by: i64) -> i64 {
            self.value += by;
            self.value
        }

        /// Answers with the length.
        ///
        /// # Errors
        ///
        /// If there is none.
        #[call]
        pub fn length(&self, text: String, _unused: u8) -> Result<usize, String> {
            if text.is_empty() {
                Err(text)
            } else {
                Ok(text.len())
            }
        }

        /// Begins anew.
        #[cast]
        pub fn reset(&mut self) {
            self.value = 0;
        }

        #[cast]
        pub(crate) fn inside(&mut self, value: Option<i64>) {
            self.value = value.unwrap_or(self.value);
        }

        // What clients see is documented by the macro where the handler is private.
        #[call]
        async fn slow(&mut self) -> i64 {
            std::future::ready(self.value).await
        }

        /// What the user allows is not told of again, at what comes of it.
        #[call]
        #[allow(
            clippy::too_many_arguments,
            clippy::type_complexity,
            reason = "a table"
        )]
        #[allow(
            clippy::fn_params_excessive_bools,
            non_snake_case,
            reason = "it is named so"
        )]
        pub fn fromTable(
            &self,
            row: bool,
            column: bool,
            title: bool,
            total: bool,
            width: u8,
            height: u8,
            cells: Vec<Option<Box<(u8, Result<Vec<u8>, Option<String>>)>>>,
        ) -> usize {
            cells.len() + usize::from(row && column && title && total) + usize::from(width + height)
        }

        /// Its names are those of traits.
        #[call]
        #[allow(clippy::should_implement_trait, reason = "it is no iterator")]
        pub fn next(&mut self) -> Option<i64> {
            self.value.checked_add(1)
        }

        /// It is never empty.
        #[call]
        #[allow(clippy::wrong_self_convention, reason = "it is no conversion")]
        pub fn into_parts(&self) -> (i64, i64) {
            (self.value, 0)
        }

        #[handle_info]
        fn tick(&mut self, by: i64) {
            self.value += by;
        }

        #[terminate]
        fn terminate(&mut self) {
            self.value = 0;
        }

        /// Asks itself, from outside.
        ///
        /// # Errors
        ///
        /// As a call.
        pub async fn ask(counter: &CounterRef) -> Result<i64, CallFailure> {
            counter.slow().await
        }
    }

    /// A server of a generic state.
    #[derive(Debug)]
    #[gen_server]
    pub struct Cell<T> {
        value: T,
    }

    #[gen_server]
    impl<T: Clone> Cell<T> {
        #[init]
        fn init(value: T) -> Self {
            Cell { value }
        }

        /// Answers the value.
        #[call]
        pub fn get(&self) -> T {
            self.value.clone()
        }
    }
}

/// Trees, for all to see.
pub mod trees {
    use super::servers::{Cell, Counter};
    use otp_core::DynamicSupervisor;
    use otp_core::prelude::*;

    supervisor! {
        /// A tree.
        #[derive(Debug)]
        pub struct Counters(first: i64, cell: String);

        strategy: one_for_one,
        max_restarts: 3 in 5s,

        children: {
            /// The first counter.
            first_counter: Counter(first),
            second: Counter(i64::from(!cell.is_empty())) { restart: transient },
            cell_of_text: Cell::<String>(cell.clone() + &cell).name("cell"),
            others: DynamicSupervisor::<Counter>::new() { max_children: 10 },
        }
    }

    supervisor! {
        pub(crate) struct Inside;
        strategy: rest_for_one,
        children: { counters: Counters(1, "text".to_owned()) { shutdown: 10s } }
    }
}

use servers::{Cell, Counter, CounterMessage, CounterRef};
use trees::Inside;

/// Runs the servers.
#[otp_core::main]
pub async fn main() {
    let counter: CounterRef = Counter::start_link(0).await.expect("it starts");
    counter.inside(Some(1));
    counter.cast(CounterMessage::Tick { by: 2 });
    assert_eq!(Counter::ask(&counter).await, Ok(3));
    let zero = counter.fromTable(false, true, true, true, 0, 0, Vec::new());
    assert_eq!(zero.await, Ok(0));
    assert_eq!(counter.next().await, Ok(Some(4)));
    assert_eq!(counter.into_parts().await, Ok((3, 0)));
    assert_eq!(counter.length("text".to_owned(), 0).await, Ok(4));
    counter.reset();
    assert_eq!(counter.add(2).await, Ok(2));
    let cell = Cell::start_link("text").await.expect("it starts");
    assert_eq!(cell.get().await, Ok("text"));
    let counters = Inside::start_link().await.expect("it starts").counters();
    assert_eq!(counters.first_counter().add(1).await, Ok(2));
    assert_eq!(counters.second().add(1).await, Ok(2));
    let text = counters.cell_of_text().get().await;
    assert_eq!(text.as_deref(), Ok("texttext"));
    assert!(counters.others().start_child(1).await.is_ok());
}
