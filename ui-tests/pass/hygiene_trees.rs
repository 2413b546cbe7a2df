//! Trees where names, lints and the prelude are against them.

#![no_implicit_prelude]
#![deny(warnings, missing_docs, missing_debug_implementations)]
#![deny(
    elided_lifetimes_in_paths,
    let_underscore_drop,
    single_use_lifetimes,
    trivial_casts,
    unit_bindings,
    unused_lifetimes,
    unused_qualifications
)]

/// Trees, for all to see.
pub mod trees {
    use ::otp_core::{DynamicSupervisor, gen_server, supervisor};

    // Types, traits, functions and values of these names must not be taken for those of std or of otp-core.
    mod core {}
    mod std {}
    pub(crate) struct Arc;
    pub(crate) struct ChildSpec;
    pub(crate) struct ServerStart;
    pub(crate) struct Handles;
    pub(crate) struct TreeArguments;
    pub(crate) struct TreeStarter;
    /// A trait.
    #[allow(dead_code, reason = "it only stands in the way")]
    pub trait Clone {}
    /// A trait.
    #[allow(dead_code, reason = "it only stands in the way")]
    pub trait Supervised {}
    const fn start_tree(value: u8) -> u8 {
        value
    }
    const fn make_tree(value: u8) -> u8 {
        value
    }
    const fn builder(value: u8) -> u8 {
        value
    }
    const fn handle() -> u8 {
        4
    }

    /// Takes names that generated code might use itself.
    #[derive(Debug)]
    #[gen_server(restart = transient)]
    pub struct Server {
        value: u8,
    }

    #[gen_server]
    impl Server {
        #[::otp_core::init]
        fn init(value: u8) -> Self {
            Server { value }
        }

        /// Answers the value.
        #[::otp_core::call]
        pub fn value(&self) -> u8 {
            self.value
        }
    }

    /// What the tree and its server share, and nobody else.
    #[derive(::std::fmt::Debug, ::std::clone::Clone)]
    struct Secret(u8);

    #[derive(Debug)]
    #[gen_server]
    struct Private {
        known: ServerRef,
        secret: Secret,
    }

    #[gen_server]
    impl Private {
        #[::otp_core::init]
        fn init(
            known: ServerRef,
            secret: Secret,
            _others: (
                Arc,
                ChildSpec,
                ServerStart,
                Handles,
                TreeArguments,
                TreeStarter,
            ),
        ) -> Self {
            Private { known, secret }
        }

        #[::otp_core::call]
        fn knows(&self) -> bool {
            self.known.pid().is_some() && self.secret.0 == 1
        }
    }

    supervisor! {
        /// A tree.
        #[derive(Debug)]
        pub struct Tree(link: u8, arguments: u8);

        strategy: rest_for_one,
        max_restarts: 1 in 10ms,
        auto_shutdown: all_significant,
        back_off: 1ms to 1s,

        children: {
            /// A child.
            values: Server(start_tree(link) + make_tree(arguments) + builder(3) + handle()) { significant: true },
            inner: Server(Inner { values: 1, ..Inner::NEW }.values) { restart: temporary, shutdown: infinity },
            places: Private(values, Secret(link), (Arc, ChildSpec, ServerStart, Handles, TreeArguments, TreeStarter)),
            others: DynamicSupervisor::<Server>::new() { max_children: ::std::convert::From::from(link) },
        }
    }

    struct Inner {
        values: u8,
    }

    impl Inner {
        const NEW: Inner = Inner { values: 2 };
    }

    supervisor! {
        pub(crate) struct Nested;
        strategy: one_for_one,
        children: { tree: Tree(1, 2) }
    }

    supervisor! {
        struct Empty;
        strategy: one_for_one,
        children: {}
    }

    /// Asks the children.
    pub async fn run() {
        let tree = Nested::start_link().await.expect("it starts");
        let tree = tree.tree();
        ::std::assert_eq!(tree.values().value().await, ::std::result::Result::Ok(10));
        ::std::assert_eq!(tree.inner().value().await, ::std::result::Result::Ok(1));
        ::std::assert_eq!(tree.places().knows().await, ::std::result::Result::Ok(true));
        let other = tree.others().start_child(7).await.expect("it starts");
        ::std::assert_eq!(other.value().await, ::std::result::Result::Ok(7));
        Empty::start_link().await.expect("it starts");
    }
}

/// Runs the trees.
#[::otp_core::main]
pub async fn main() {
    trees::run().await;
}
