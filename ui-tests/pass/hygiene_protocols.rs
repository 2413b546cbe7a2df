//! Protocols where names, lints and the prelude are against them.

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

/// Protocols, for all to see.
pub mod stores {
    use ::otp_core::{Context, ReplyTo, gen_server, protocol};

    // Types, traits, functions and values of these names must not be taken for those of std or of otp-core.
    mod core {}
    mod std {}
    pub(crate) struct ProtocolRef;
    pub(crate) struct Call;
    /// A trait.
    #[allow(dead_code, reason = "it only stands in the way")]
    pub trait Clone {}
    /// A trait.
    #[allow(dead_code, reason = "it only stands in the way")]
    pub trait From {}
    /// A trait.
    #[allow(dead_code, reason = "it only stands in the way")]
    pub trait Serves {}
    const fn message_name(value: u8) -> u8 {
        value
    }

    /// Bytes by key.
    #[protocol]
    pub trait Store {
        /// The byte.
        #[::otp_core::call]
        fn get(&self, server: u8, cx: u8, answer: u8) -> ::std::option::Option<u8>;

        /// Without docs of its own is what follows.
        #[::otp_core::cast]
        fn put(&mut self, data0: u8, reply_to: u8);

        /// Fails.
        #[::otp_core::call]
        fn check(&mut self) -> ::std::result::Result<u8, u16>;

        /// Waits.
        #[::otp_core::call]
        async fn wait(&mut self, cx: &mut Context<Self>) -> ::otp_core::Pid;

        /// Has answers of its own.
        #[::otp_core::call]
        fn later(&mut self, reply_to: u8, answer: ReplyTo<u8>) {
            answer.send(reply_to);
        }

        /// Waits, unless a server says otherwise.
        #[::otp_core::cast]
        async fn flush(&mut self) {}

        /// In no build.
        #[cfg(any())]
        #[::otp_core::call]
        fn missing(&self) -> Missing;

        /// No message at all.
        fn helper(&self) -> u8 {
            7
        }
    }

    /// Values of any kind.
    #[protocol]
    pub trait Typed<T: ::std::clone::Clone, const N: usize>
    where
        T: ::std::fmt::Debug,
    {
        /// All of them.
        #[::otp_core::call]
        fn all(&mut self, value: T) -> [T; N];
    }

    /// Names nothing of its parameter.
    #[protocol]
    trait Unnamed<T> {
        #[::otp_core::cast]
        fn ping(&mut self);
    }

    /// A store in memory.
    #[derive(Debug)]
    #[gen_server]
    pub struct Memory {
        byte: u8,
    }

    #[gen_server(protocols(Store, Typed<u8, 2>, self::Unnamed<u16>))]
    impl Memory {
        #[::otp_core::init]
        fn init(byte: u8) -> Self {
            let _: (ProtocolRef, Call) = (ProtocolRef, Call);
            Memory {
                byte: message_name(byte),
            }
        }

        #[::otp_core::call]
        fn own(&self) -> u8 {
            self.helper()
        }
    }

    impl Store for Memory {
        fn get(&self, server: u8, cx: u8, answer: u8) -> ::std::option::Option<u8> {
            ::std::option::Option::Some(self.byte + server + cx + answer)
        }
        fn put(&mut self, data0: u8, reply_to: u8) {
            self.byte = data0 + reply_to;
        }
        fn check(&mut self) -> ::std::result::Result<u8, u16> {
            ::std::result::Result::Err(1)
        }
        async fn wait(&mut self, cx: &mut Context<Self>) -> ::otp_core::Pid {
            cx.pid()
        }
    }

    impl Typed<u8, 2> for Memory {
        fn all(&mut self, value: u8) -> [u8; 2] {
            [self.byte, value]
        }
    }

    impl Unnamed<u16> for Memory {
        fn ping(&mut self) {
            self.byte += 1;
        }
    }

    /// A store of anything.
    #[derive(Debug)]
    #[gen_server]
    pub struct Any<T> {
        value: T,
    }

    #[gen_server(protocols(Typed<T, 1>))]
    impl<T: ::std::clone::Clone + ::std::fmt::Debug> Any<T> {
        #[::otp_core::init]
        fn init(value: T) -> Self {
            Any { value }
        }
    }

    impl<T: ::std::clone::Clone + ::std::fmt::Debug + ::std::marker::Send + 'static> Typed<T, 1>
        for Any<T>
    {
        fn all(&mut self, value: T) -> [T; 1] {
            [::std::mem::replace(&mut self.value, value)]
        }
    }

    pub(super) async fn own(memory: &MemoryRef) -> u8 {
        memory.own().await.unwrap()
    }

    pub(super) async fn ping(memory: &MemoryRef) {
        let unnamed: UnnamedRef<u16> =
            ::std::convert::From::from(::std::clone::Clone::clone(memory));
        unnamed.ping().await;
    }
}

use ::otp_core::CallError;
use ::std::assert_eq;
use ::std::clone::Clone;
use ::std::convert::Into;
use ::std::option::Option::Some;
use ::std::result::Result::{Err, Ok};
use stores::{Any, Memory, MemoryRef, StoreMessage, StoreRef, TypedRef};

/// Runs.
#[::otp_core::main]
pub async fn main() {
    let memory: MemoryRef = Memory::start_link(1).await.unwrap();
    let store: StoreRef = Clone::clone(&memory).into();
    store.put(2, 3).await;
    assert_eq!(store.get(1, 1, 1).await, Ok(Some(8)));
    assert_eq!(store.check().await, Err(CallError::Handler(1)));
    assert_eq!(store.wait().await.ok(), memory.pid());
    assert_eq!(store.later(9).await, Ok(9));
    store.flush().await;
    assert_eq!(stores::own(&memory).await, 7);
    let typed: TypedRef<u8, 2> = Clone::clone(&memory).into();
    assert_eq!(typed.all(4).await, Ok([5, 4]));
    stores::ping(&memory).await;
    assert_eq!(typed.all(4).await, Ok([6, 4]));
    let any = Any::start_link('a').await.unwrap();
    let any: TypedRef<char, 1> = any.into();
    assert_eq!(any.all('b').await, Ok(['a']));
    assert_eq!(any.all('c').await, Ok(['b']));
    let message = StoreMessage::Put {
        data0: 0,
        reply_to: 0,
    };
    assert_eq!(::std::format!("{message:?}"), "StoreMessage::Put");
}
