//! An account, by hand: what somebody writes who does without the macros, and wants a typed handle all the same.

use std::collections::BTreeMap;

use otp_core::gen_server::{Initialized, Start};
use otp_core::prelude::*;

use crate::{NotCovered, stored};

const NUMBER: i64 = 0;

/// An account, and notes about it.
pub struct Account {
    name: String,
    balance: i64,
    notes: BTreeMap<u64, String>,
}

/// What an account understands.
pub enum AccountMessage {
    Deposit {
        amount: i64,
        reply_to: ReplyTo<i64>,
    },
    Withdraw {
        amount: i64,
        overdraft: i64,
        reply_to: ReplyTo<Result<i64, NotCovered>>,
    },
    Title {
        prefix: String,
        reply_to: ReplyTo<String>,
    },
    Note {
        key: u64,
        reply_to: ReplyTo<Option<String>>,
    },
    Store {
        from: u64,
        to: u64,
        reply_to: ReplyTo<usize>,
    },
    Keys {
        from: u64,
        reply_to: ReplyTo<Vec<u64>>,
    },
    Annotate {
        key: u64,
        note: String,
    },
    Forget {
        key: u64,
    },
    Rename {
        name: String,
    },
    Accrue {
        percent: i64,
        times: u32,
    },
}

impl GenServer for Account {
    type Args = (String, i64);
    type Message = AccountMessage;

    async fn init(
        (name, balance): (String, i64),
        _: &mut Context<Self>,
    ) -> Result<Self, InitError> {
        Ok(Account {
            name,
            balance: balance + NUMBER,
            notes: BTreeMap::new(),
        })
    }

    async fn handle_message(&mut self, message: AccountMessage, cx: &mut Context<Self>) {
        match message {
            AccountMessage::Deposit { amount, reply_to } => {
                self.balance += amount;
                cx.reply(reply_to, self.balance);
            }
            AccountMessage::Withdraw {
                amount,
                overdraft,
                reply_to,
            } => {
                let answer = if self.balance + overdraft < amount {
                    Err(NotCovered)
                } else {
                    self.balance -= amount;
                    Ok(self.balance)
                };
                cx.reply(reply_to, answer);
            }
            AccountMessage::Title { prefix, reply_to } => {
                cx.reply(reply_to, format!("{prefix} {} {NUMBER}", self.name));
            }
            AccountMessage::Note { key, reply_to } => {
                cx.reply(reply_to, self.notes.get(&key).cloned());
            }
            AccountMessage::Store { from, to, reply_to } => {
                let mut length = 0;
                for note in self.notes.range(from..to) {
                    length += stored(note.1).await;
                }
                cx.reply(reply_to, length);
            }
            AccountMessage::Keys { from, reply_to } => {
                let keys = self.notes.range(from..).map(|(key, _)| *key).collect();
                cx.reply(reply_to, keys);
            }
            AccountMessage::Annotate { key, note } => {
                self.notes.insert(key, note);
            }
            AccountMessage::Forget { key } => {
                self.notes.remove(&key);
            }
            AccountMessage::Rename { name } => {
                stored(&name).await;
                self.name = name;
            }
            AccountMessage::Accrue { percent, times } => {
                for _ in 0..times {
                    self.balance += self.balance * percent / 100;
                }
            }
        }
    }
}

/// The handle of an account.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AccountRef(ServerRef<Account>);

impl From<ServerRef<Account>> for AccountRef {
    fn from(server: ServerRef<Account>) -> Self {
        AccountRef(server)
    }
}

impl AsRef<ServerRef<Account>> for AccountRef {
    fn as_ref(&self) -> &ServerRef<Account> {
        &self.0
    }
}

impl ServerHandle for AccountRef {
    type Server = Account;
}

impl Account {
    /// Starts an account that is linked to nothing.
    pub fn start(
        name: String,
        balance: i64,
    ) -> Start<AccountRef, impl Future<Output = Initialized<Account>> + Send> {
        gen_server::start((name, balance))
    }

    /// Starts an account that is linked to the process that starts it.
    pub fn start_link(
        name: String,
        balance: i64,
    ) -> Start<AccountRef, impl Future<Output = Initialized<Account>> + Send> {
        gen_server::start_link((name, balance))
    }
}

impl AccountRef {
    /// Puts an amount in, and answers what is there then.
    pub fn deposit(&self, amount: i64) -> Call<AccountMessage, i64> {
        self.0
            .call(|reply_to| AccountMessage::Deposit { amount, reply_to })
    }

    /// Takes an amount out, and answers what is left.
    pub fn withdraw(
        &self,
        amount: i64,
        overdraft: i64,
    ) -> TryCall<AccountMessage, Result<i64, NotCovered>> {
        self.0.try_call(|reply_to| AccountMessage::Withdraw {
            amount,
            overdraft,
            reply_to,
        })
    }

    /// How the account is to be called.
    pub fn title(&self, prefix: String) -> Call<AccountMessage, String> {
        self.0
            .call(|reply_to| AccountMessage::Title { prefix, reply_to })
    }

    /// The note of a number.
    pub fn note(&self, key: u64) -> Call<AccountMessage, Option<String>> {
        self.0
            .call(|reply_to| AccountMessage::Note { key, reply_to })
    }

    /// Stores the notes of a range, and answers how long they are.
    pub fn store(&self, from: u64, to: u64) -> Call<AccountMessage, usize> {
        self.0
            .call(|reply_to| AccountMessage::Store { from, to, reply_to })
    }

    /// The numbers of the notes from one on.
    pub fn keys(&self, from: u64) -> Call<AccountMessage, Vec<u64>> {
        self.0
            .call(|reply_to| AccountMessage::Keys { from, reply_to })
    }

    /// Adds a note.
    pub fn annotate(&self, key: u64, note: String) -> Sent<AccountMessage> {
        self.0.cast(AccountMessage::Annotate { key, note })
    }

    /// Removes a note.
    pub fn forget(&self, key: u64) -> Sent<AccountMessage> {
        self.0.cast(AccountMessage::Forget { key })
    }

    /// Gives the account another name, once that is stored.
    pub fn rename(&self, name: String) -> Sent<AccountMessage> {
        self.0.cast(AccountMessage::Rename { name })
    }

    /// Adds interest.
    pub fn accrue(&self, percent: i64, times: u32) -> Sent<AccountMessage> {
        self.0.cast(AccountMessage::Accrue { percent, times })
    }

    /// Stops the account, and waits until it is gone.
    pub async fn stop(&self) -> Result<(), StopError> {
        self.0.stop().await
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
