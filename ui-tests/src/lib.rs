//! Programs that must not compile, and programs that must.
//!
//! `fail/*/*.rs`, a folder for each part of the library, holds one mistake each: its first line says which, and `//~`
//! marks the lines where the compiler has to point. `pass/*.rs` holds what must compile without a warning, and run.
//!
//! - `tests/messages.rs` compares the recorded messages, on the compiler that they were recorded with. To record them
//!   anew: `TRYBUILD=overwrite cargo test -p ui-tests --test messages`.
//! - `tests/refused` asks any compiler: is each program refused, with one error, at the marked token, without a word
//!   about what the macros generate?
//! - `tests/editor` asks rust-analyzer: what is completed, found, renamed and shown of a server and a tree, in code that
//!   is half-written?
//! - `tests/hygiene.rs` runs the programs of `pass`.
