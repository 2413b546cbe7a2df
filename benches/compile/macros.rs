//! An account, with the macros.

use std::collections::BTreeMap;

use otp_core::prelude::*;

use crate::{NotCovered, stored};

const NUMBER: i64 = 0;

/// An account, and notes about it.
#[gen_server]
pub struct Account {
    name: String,
    balance: i64,
    notes: BTreeMap<u64, String>,
}

#[gen_server]
impl Account {
    #[init]
    fn init(name: String, balance: i64) -> Self {
        Account {
            name,
            balance: balance + NUMBER,
            notes: BTreeMap::new(),
        }
    }

    /// Puts an amount in, and answers what is there then.
    #[call]
    pub fn deposit(&mut self, amount: i64) -> i64 {
        self.balance += amount;
        self.balance
    }

    /// Takes an amount out, and answers what is left.
    #[call]
    pub fn withdraw(&mut self, amount: i64, overdraft: i64) -> Result<i64, NotCovered> {
        if self.balance + overdraft < amount {
            return Err(NotCovered);
        }
        self.balance -= amount;
        Ok(self.balance)
    }

    /// How the account is to be called.
    #[call]
    pub fn title(&self, prefix: String) -> String {
        format!("{prefix} {} {NUMBER}", self.name)
    }

    /// The note of a number.
    #[call]
    pub fn note(&self, key: u64) -> Option<String> {
        self.notes.get(&key).cloned()
    }

    /// Stores the notes of a range, and answers how long they are.
    #[call]
    pub async fn store(&mut self, from: u64, to: u64) -> usize {
        let mut length = 0;
        for note in self.notes.range(from..to) {
            length += stored(note.1).await;
        }
        length
    }

    /// The numbers of the notes from one on.
    #[call]
    pub fn keys(&self, from: u64) -> Vec<u64> {
        self.notes.range(from..).map(|(key, _)| *key).collect()
    }

    /// Adds a note.
    #[cast]
    pub fn annotate(&mut self, key: u64, note: String) {
        self.notes.insert(key, note);
    }

    /// Removes a note.
    #[cast]
    pub fn forget(&mut self, key: u64) {
        self.notes.remove(&key);
    }

    /// Gives the account another name, once that is stored.
    #[cast]
    pub async fn rename(&mut self, name: String) {
        stored(&name).await;
        self.name = name;
    }

    /// Adds interest.
    #[cast]
    pub fn accrue(&mut self, percent: i64, times: u32) {
        for _ in 0..times {
            self.balance += self.balance * percent / 100;
        }
    }
}

/// Uses each handler once.
pub async fn used() -> Result<i64, Box<dyn std::error::Error>> {
    let account = Account::start("savings".to_owned(), 10).await?;
    account.annotate(1, "opened".to_owned());
    account.forget(2);
    account.rename("current".to_owned());
    account.accrue(5, 2);
    let mut sum = account.deposit(5).await?;
    sum += account.withdraw(3, 1).await?;
    sum += account.title("the".to_owned()).await?.len() as i64;
    sum += account.note(1).await?.map_or(0, |note| note.len() as i64);
    sum += account.store(0, 9).await? as i64;
    sum += account.keys(0).await?.len() as i64;
    account.stop().await?;
    Ok(sum)
}
