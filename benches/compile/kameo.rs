//! An account, with kameo's macros.

use std::collections::BTreeMap;

use kameo::prelude::*;

use crate::{NotCovered, stored};

const NUMBER: i64 = 0;

/// An account, and notes about it.
#[derive(Actor)]
pub struct Account {
    name: String,
    balance: i64,
    notes: BTreeMap<u64, String>,
}

impl Account {
    fn new(name: String, balance: i64) -> Self {
        Account {
            name,
            balance: balance + NUMBER,
            notes: BTreeMap::new(),
        }
    }
}

#[messages]
impl Account {
    /// Puts an amount in, and answers what is there then.
    #[message]
    pub fn deposit(&mut self, amount: i64) -> i64 {
        self.balance += amount;
        self.balance
    }

    /// Takes an amount out, and answers what is left.
    #[message]
    pub fn withdraw(&mut self, amount: i64, overdraft: i64) -> Result<i64, NotCovered> {
        if self.balance + overdraft < amount {
            return Err(NotCovered);
        }
        self.balance -= amount;
        Ok(self.balance)
    }

    /// How the account is to be called.
    #[message]
    pub fn title(&self, prefix: String) -> String {
        format!("{prefix} {} {NUMBER}", self.name)
    }

    /// The note of a number.
    #[message]
    pub fn note(&self, key: u64) -> Option<String> {
        self.notes.get(&key).cloned()
    }

    /// Stores the notes of a range, and answers how long they are.
    #[message]
    pub async fn store(&mut self, from: u64, to: u64) -> usize {
        let mut length = 0;
        for note in self.notes.range(from..to) {
            length += stored(note.1).await;
        }
        length
    }

    /// The numbers of the notes from one on.
    #[message]
    pub fn keys(&self, from: u64) -> Vec<u64> {
        self.notes.range(from..).map(|(key, _)| *key).collect()
    }

    /// Adds a note.
    #[message]
    pub fn annotate(&mut self, key: u64, note: String) {
        self.notes.insert(key, note);
    }

    /// Removes a note.
    #[message]
    pub fn forget(&mut self, key: u64) {
        self.notes.remove(&key);
    }

    /// Gives the account another name, once that is stored.
    #[message]
    pub async fn rename(&mut self, name: String) {
        stored(&name).await;
        self.name = name;
    }

    /// Adds interest.
    #[message]
    pub fn accrue(&mut self, percent: i64, times: u32) {
        for _ in 0..times {
            self.balance += self.balance * percent / 100;
        }
    }
}

/// Uses each handler once.
pub async fn used() -> Result<i64, Box<dyn std::error::Error>> {
    let account = Account::spawn(Account::new("savings".to_owned(), 10));
    account
        .tell(Annotate {
            key: 1,
            note: "opened".to_owned(),
        })
        .await?;
    account.tell(Forget { key: 2 }).await?;
    account
        .tell(Rename {
            name: "current".to_owned(),
        })
        .await?;
    account
        .tell(Accrue {
            percent: 5,
            times: 2,
        })
        .await?;
    let mut sum = account.ask(Deposit { amount: 5 }).await?;
    sum += account
        .ask(Withdraw {
            amount: 3,
            overdraft: 1,
        })
        .await?;
    let title = Title {
        prefix: "the".to_owned(),
    };
    sum += account.ask(title).await?.len() as i64;
    let note = account.ask(Note { key: 1 }).await?;
    sum += note.map_or(0, |note| note.len() as i64);
    sum += account.ask(Store { from: 0, to: 9 }).await? as i64;
    sum += account.ask(Keys { from: 0 }).await?.len() as i64;
    account.stop_gracefully().await?;
    account.wait_for_shutdown().await;
    Ok(sum)
}
