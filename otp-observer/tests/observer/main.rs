//! Looks into a program that runs, which is the test itself.
#![cfg(unix)]
#![allow(unreachable_pub, reason = "nobody is outside of a test")]

mod attach;
mod clients;
mod common;
mod looks;
#[cfg(feature = "terminal")]
mod screens;
