//! An account, with ractor: its enum of messages, and its trait.

use std::collections::BTreeMap;

use ractor::{Actor, ActorProcessingErr, ActorRef, RpcReplyPort, call, cast};

use crate::{NotCovered, stored};

const NUMBER: i64 = 0;

/// An account.
pub struct Account;

/// What is in it, and notes about it.
pub struct State {
    name: String,
    balance: i64,
    notes: BTreeMap<u64, String>,
}

/// What an account understands.
pub enum AccountMessage {
    Deposit(i64, RpcReplyPort<i64>),
    Withdraw(i64, i64, RpcReplyPort<Result<i64, NotCovered>>),
    Title(String, RpcReplyPort<String>),
    Note(u64, RpcReplyPort<Option<String>>),
    Store(u64, u64, RpcReplyPort<usize>),
    Keys(u64, RpcReplyPort<Vec<u64>>),
    Annotate(u64, String),
    Forget(u64),
    Rename(String),
    Accrue(i64, u32),
}

impl Actor for Account {
    type Msg = AccountMessage;
    type State = State;
    type Arguments = (String, i64);

    async fn pre_start(
        &self,
        _: ActorRef<AccountMessage>,
        (name, balance): (String, i64),
    ) -> Result<State, ActorProcessingErr> {
        Ok(State {
            name,
            balance: balance + NUMBER,
            notes: BTreeMap::new(),
        })
    }

    async fn handle(
        &self,
        _: ActorRef<AccountMessage>,
        message: AccountMessage,
        state: &mut State,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            AccountMessage::Deposit(amount, reply) => {
                state.balance += amount;
                reply.send(state.balance)?;
            }
            AccountMessage::Withdraw(amount, overdraft, reply) => {
                let answer = if state.balance + overdraft < amount {
                    Err(NotCovered)
                } else {
                    state.balance -= amount;
                    Ok(state.balance)
                };
                reply.send(answer)?;
            }
            AccountMessage::Title(prefix, reply) => {
                reply.send(format!("{prefix} {} {NUMBER}", state.name))?;
            }
            AccountMessage::Note(key, reply) => {
                reply.send(state.notes.get(&key).cloned())?;
            }
            AccountMessage::Store(from, to, reply) => {
                let mut length = 0;
                for note in state.notes.range(from..to) {
                    length += stored(note.1).await;
                }
                reply.send(length)?;
            }
            AccountMessage::Keys(from, reply) => {
                let keys = state.notes.range(from..).map(|(key, _)| *key).collect();
                reply.send(keys)?;
            }
            AccountMessage::Annotate(key, note) => {
                state.notes.insert(key, note);
            }
            AccountMessage::Forget(key) => {
                state.notes.remove(&key);
            }
            AccountMessage::Rename(name) => {
                stored(&name).await;
                state.name = name;
            }
            AccountMessage::Accrue(percent, times) => {
                for _ in 0..times {
                    state.balance += state.balance * percent / 100;
                }
            }
        }
        Ok(())
    }
}

/// Uses each handler once.
pub async fn used() -> Result<i64, Box<dyn std::error::Error>> {
    let (account, _) = Actor::spawn(None, Account, ("savings".to_owned(), 10)).await?;
    cast!(account, AccountMessage::Annotate(1, "opened".to_owned()))?;
    cast!(account, AccountMessage::Forget(2))?;
    cast!(account, AccountMessage::Rename("current".to_owned()))?;
    cast!(account, AccountMessage::Accrue(5, 2))?;
    let mut sum = call!(account, AccountMessage::Deposit, 5)?;
    sum += call!(account, AccountMessage::Withdraw, 3, 1)??;
    sum += call!(account, AccountMessage::Title, "the".to_owned())?.len() as i64;
    let note = call!(account, AccountMessage::Note, 1)?;
    sum += note.map_or(0, |note| note.len() as i64);
    sum += call!(account, AccountMessage::Store, 0, 9)? as i64;
    sum += call!(account, AccountMessage::Keys, 0)?.len() as i64;
    account.stop_and_wait(None, None).await?;
    Ok(sum)
}
