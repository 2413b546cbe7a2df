//! The books: a journal that keeps what happened, and a ledger that knows what it means.
//!
//! What must survive a crash is in the journal, which does hardly anything and so hardly ever crashes. The ledger may.

use std::collections::HashSet;

use otp_core::prelude::*;

use crate::fault::{Fallible, FallibleMessage, Fault};
use crate::payment::Payment;

supervisor! {
    /// A ledger without its journal is wrong.
    pub struct BooksTree;

    strategy: rest_for_one,
    max_restarts: 3 in 5s,

    children: {
        journal: Journal(),
        ledger: Ledger(journal) { shutdown: 1s },
    }
}

/// Keeps the payments in the order in which they were posted.
#[gen_server]
#[derive(Debug)]
pub struct Journal {
    entries: Vec<Payment>,
}

#[gen_server]
impl Journal {
    #[init]
    fn init(cx: &mut Context<Self>) -> Self {
        cx.trap_exit(true); // For `terminate` to be called.
        Journal {
            entries: Vec::new(),
        }
    }

    #[call]
    pub fn append(&mut self, payment: Payment) {
        self.entries.push(payment);
    }

    #[call]
    pub fn entries(&self) -> Vec<Payment> {
        self.entries.clone()
    }

    #[terminate]
    fn terminate(&mut self) {
        tracing::info!("journal stopped with {} entries", self.entries.len());
    }
}

/// Knows what has been posted.
#[gen_server]
#[derive(Debug)]
pub struct Ledger {
    journal: JournalRef,
    posted: HashSet<u64>,
    cents: u64,
}

#[gen_server(protocols(Fallible))]
impl Ledger {
    /// Reads the journal, since the ledger before may have crashed.
    #[init]
    async fn init(journal: JournalRef, cx: &mut Context<Self>) -> Result<Self, ExitReason> {
        cx.trap_exit(true);
        let entries = journal.entries().await?;
        Ok(Ledger {
            journal,
            posted: entries.iter().map(|payment| payment.id).collect(),
            cents: entries.iter().map(|payment| payment.cents).sum(),
        })
    }

    /// Posts a payment, unless that has been done.
    #[call]
    pub async fn post(&mut self, payment: Payment) -> Result<(), CallFailure> {
        if !self.posted.contains(&payment.id) {
            self.journal.append(payment).await?;
            self.posted.insert(payment.id);
            self.cents += payment.cents;
        }
        Ok(())
    }

    #[terminate]
    fn terminate(&mut self) {
        let (payments, cents) = (self.posted.len(), self.cents);
        tracing::info!("ledger stopped with {payments} payments of {cents} cents");
    }
}

impl Fallible for Ledger {
    async fn fail(&mut self, fault: Fault) {
        fault.strike().await;
    }
}

#[cfg(test)]
mod tests {
    use otp_core::testing::{ChildExt, start_supervised};

    use super::*;

    #[otp_core::test]
    async fn the_ledger_knows_after_a_crash_what_it_knew_before() {
        let books = start_supervised::<BooksTree>(()).await;
        let payment = |id| Payment {
            id,
            card: 1,
            cents: 10,
        };
        books.ledger().post(payment(1)).await.unwrap();
        books.ledger().crash().await;
        books.ledger().restarted().await;
        for id in [1, 2, 2] {
            books.ledger().post(payment(id)).await.unwrap();
        }
        let entries = books.journal().entries().await;
        assert_eq!(entries, Ok(vec![payment(1), payment(2)]));
    }
}
