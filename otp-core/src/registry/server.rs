//! The process of a registry. It does nothing but live: its table is there as long as it is.

use std::any::TypeId;
use std::convert::Infallible;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use super::builder::RegistrySetup;
use super::registrable::{Key, Registrable, Value};
use super::table::Table;
use super::{Keys, RegistryError};
use crate::exit::ExitReason;
use crate::gen_server::{Context, GenServer, InitError, StartError};
use crate::process::cell::Cell;

/// The server of a registry. [`RegistryRef`](super::RegistryRef) is its handle.
///
/// It handles nothing. It stands in the types of those that ask the process itself.
///
/// # Examples
///
/// ```
/// # use otp_core::prelude::*;
/// # use doc_servers::Room;
/// use otp_core::registry::{RegistryServer, Unique};
/// use otp_core::sys;
///
/// # otp_core::doc_test(async {
/// let rooms = Registry::<u32, Room>::unique().start_link().await.unwrap();
/// let server: &ServerRef<RegistryServer<u32, Room, (), Unique>> = &rooms;
/// assert_eq!(sys::get_status(server).await.unwrap().state, "Registry { 0 entries }");
/// # });
/// ```
pub struct RegistryServer<K: Key, S: Registrable, V: Value, N: Keys> {
    table: Arc<Table<K, S, V>>,
    cell: Arc<Cell<RegistryMessage<K, S, V, N>>>,
}

type Same<T> = PhantomData<fn() -> T>;

/// A registry gets no messages. Each kind of registry has a type of them, by which a name's holder is known.
#[doc(hidden)]
pub struct RegistryMessage<K, S, V, N>(Infallible, Same<(K, S, V, N)>);

impl<K, S, V, N> fmt::Debug for RegistryMessage<K, S, V, N> {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {}
    }
}

impl<K: Key, S: Registrable, V: Value, N: Keys> GenServer for RegistryServer<K, S, V, N> {
    type Args = RegistrySetup<K, V>;
    type Message = RegistryMessage<K, S, V, N>;

    async fn init(setup: RegistrySetup<K, V>, cx: &mut Context<Self>) -> Result<Self, InitError> {
        let table = Table::new(cx.pid(), N::UNIQUE, setup.listeners, setup.meta);
        let server = RegistryServer {
            table: Arc::new(table),
            cell: Arc::clone(cx.cell()),
        };
        let known = Box::new(Arc::clone(&server.table));
        let mut vital = cx.cell().core().vital();
        vital
            .dictionary()
            .insert(TypeId::of::<Arc<Table<K, S, V>>>(), known);
        drop(vital);
        Ok(server)
    }

    async fn handle_message(&mut self, message: Self::Message, _: &mut Context<Self>) {
        match message.0 {}
    }

    fn format_status(&self) -> String {
        format!("Registry {{ {} entries }}", self.table.count())
    }
}

/// The table of a registry; None once it has ended.
pub(super) fn table_of<K: Key, S: Registrable, V: Value, N: Keys>(
    registry: &Cell<RegistryMessage<K, S, V, N>>,
) -> Option<Arc<Table<K, S, V>>> {
    let mut vital = registry.core().vital();
    if !vital.is_alive() {
        return None;
    }
    let known = vital
        .dictionary()
        .get(&TypeId::of::<Arc<Table<K, S, V>>>())?;
    known.downcast_ref::<Arc<Table<K, S, V>>>().cloned()
}

/// However the process ends, its state is dropped after its reason is known and before anybody is told.
impl<K: Key, S: Registrable, V: Value, N: Keys> Drop for RegistryServer<K, S, V, N> {
    fn drop(&mut self) {
        let reason = self.cell.core().ended();
        self.table.close(&reason.unwrap_or(ExitReason::Killed));
    }
}

impl<K: Key, S: Registrable, V: Value, N: Keys> fmt::Debug for RegistryServer<K, S, V, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.format_status())
    }
}

impl From<RegistryError> for StartError {
    fn from(error: RegistryError) -> Self {
        match error {
            RegistryError::AlreadyRegistered(holder) => StartError::AlreadyStarted(holder),
            RegistryError::NotRegistered | RegistryError::NoProc => StartError::NoRegistry,
        }
    }
}
