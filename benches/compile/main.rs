//! Uses every server once, and prints the sum of their answers.

#![allow(dead_code)] // What an interface offers is not all used.

/// An account does not hold as much.
#[derive(Debug)]
pub struct NotCovered;

impl std::fmt::Display for NotCovered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("not covered")
    }
}

impl std::error::Error for NotCovered {}

/// Stores a text; the length is told.
async fn stored(text: &str) -> usize {
    tokio::task::yield_now().await;
    text.len()
}

