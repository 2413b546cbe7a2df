//! The workloads of the benchmarks, the same code for every contender.
//!
//! A contender is a program that implements [`Contender`], and of the other traits those that it has something for, and
//! hands them to a [`Suite`]. Called with a workload and a runtime, the program runs it once and prints one line of JSON
//! with its figures, or with why it has none. The driver, in the package `benches`, calls the programs in turns.

#![expect(clippy::disallowed_methods, reason = "real time is what is measured")]

mod contender;
mod figures;
mod suite;
mod token;
mod workload;
mod workloads;

pub use contender::{
    Contender, Fails, Generation, Named, OneForAll, Panics, Publishes, Supervises, Timers, Trees,
};
pub use figures::Figures;
pub use suite::Suite;
pub use token::{Countdown, Token};
pub use workload::{FIGURES, Figure, Runtime, Workload};
