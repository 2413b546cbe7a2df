//! What `supervisor!` calls where a child is no server and has no `start_link`: the compiler then says that it is none,
//! and nothing of a function that the user has not written.
//!
//! What a type has itself comes before what a trait gives to all types.

use super::handle::SupervisorRef;
use super::start::SupervisorStart;

fn nothing() -> SupervisorStart<SupervisorRef> {
    SupervisorStart::new(true, |_| unreachable!("what is no server does not compile"))
}

macro_rules! no_server {
    ($($(#[$doc:meta])* $name:ident($($argument:ident: $ty:ident),*);)*) => {$(
        $(#[$doc])*
        #[doc(hidden)]
        pub trait $name {
            fn start_link<$($ty),*>($($argument: $ty),*) -> SupervisorStart<SupervisorRef> {
                $(drop($argument);)*
                nothing()
            }
        }

        impl<Any> $name for Any {}
    )*};
}

no_server! {
    /// Of a start without arguments.
    NoServer0();
    /// Of a start with one.
    NoServer1(a: A);
    /// Of a start with two.
    NoServer2(a: A, b: B);
    /// Of a start with three.
    NoServer3(a: A, b: B, c: C);
    /// Of a start with four.
    NoServer4(a: A, b: B, c: C, d: D);
    /// Of a start with five.
    NoServer5(a: A, b: B, c: C, d: D, e: E);
    /// Of a start with six.
    NoServer6(a: A, b: B, c: C, d: D, e: E, f: F);
}

/// Of what is made before it starts.
#[doc(hidden)]
pub trait NoBuilder: Sized {
    fn start_link(self) -> SupervisorStart<SupervisorRef> {
        nothing()
    }
}

impl<Any> NoBuilder for Any {}
