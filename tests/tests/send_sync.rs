//! What may cross threads. A change here is a change for users.

use std::convert::Infallible;

use otp_core::ChildSpec;
use otp_core::prelude::*;
use otp_core::process::{Alias, InNode, ProcessInfo, Target};
use otp_core::time::{Sleep, Timer};

/// A server whose messages are `Send` and not `Sync`.
#[gen_server]
struct Cells {
    cell: std::cell::Cell<u8>,
}

#[gen_server]
impl Cells {
    #[init]
    fn init(cell: std::cell::Cell<u8>) -> Self {
        Cells { cell }
    }

    #[call]
    fn swap(&mut self, cell: std::cell::Cell<u8>) -> std::cell::Cell<u8> {
        std::mem::replace(&mut self.cell, cell)
    }

    #[cast]
    async fn keep(&mut self, cell: std::cell::Cell<u8>, cx: &mut Context<Self>) {
        tokio::task::yield_now().await;
        cx.trap_exit(false);
        self.cell = cell;
    }
}

fn send<T: Send>() {}
fn sync<T: Sync>() {}
fn unpin<T: Unpin>() {}
fn send_future<F: Future + Send>(_: &F) {}

#[test]
fn handles_and_values_cross_threads() {
    send::<CellsRef>();
    sync::<CellsRef>();
    send::<ServerRef<Cells>>();
    sync::<ServerRef<Cells>>();
    sync::<Address<std::cell::Cell<u8>>>();
    sync::<Alias<std::cell::Cell<u8>>>();
    send::<Node>();
    sync::<Node>();
    send::<ExitReason>();
    sync::<ExitReason>();
    sync::<CallFailure>();
    sync::<Timer>();
    sync::<ProcessInfo>();
    send::<ReplyTo<std::cell::Cell<u8>>>();
    sync::<ReplyTo<std::cell::Cell<u8>>>();
    send::<Mailbox<std::cell::Cell<u8>>>();
    send::<ChildSpec<otp_core::SupervisorRef>>();
    send::<RegistryRef<u8, Cells, String>>();
    sync::<RegistryRef<u8, Cells, String>>();
    send::<Registry<u8, Cells>>();
    send::<TaskSupervisorRef>();
    sync::<TaskSupervisorRef>();
    sync::<otp_core::TaskRef>();
    send::<AgentRef<std::cell::Cell<u8>>>();
    sync::<AgentRef<std::cell::Cell<u8>>>();
    send::<Context<Cells>>();
    sync::<Context<Cells>>();
    send::<RequestCollection<u8, std::cell::Cell<u8>>>();
}

#[test]
fn futures_cross_threads() {
    send::<Call<CellsMessage, std::cell::Cell<u8>>>();
    unpin::<Call<CellsMessage, std::cell::Cell<u8>>>();
    send::<TryCall<CellsMessage, Result<u8, u8>>>();
    unpin::<Sent<CellsMessage>>();
    send::<Sent<CellsMessage>>();
    send::<Task<u8>>();
    sync::<Task<std::cell::Cell<u8>>>();
    unpin::<Task<u8>>();
    send::<task::TaskShutdown<u8>>();
    send::<task::AwaitMany<u8>>();
    send::<task::YieldMany<u8>>();
    send::<task::StartingTask<u8>>();
    send_future(&task::async_stream([1_u8], async |n| n).collect::<Vec<_>>());
    send::<Sleep>();
    unpin::<Sleep>();
    send::<Request<u8>>();
    send::<InNode<std::future::Ready<Infallible>>>();
    send_future(&Cells::start(std::cell::Cell::new(1)));
    fn _targets(a: &CellsRef, b: &Address<u8>, c: Pid, d: Name) -> [bool; 4] {
        fn is<T: Target>(_: T) -> bool {
            true
        }
        [is(a), is(b), is(c), is(d)]
    }
}

#[otp_core::test]
async fn what_is_send_alone_can_be_sent() {
    let cells = Cells::start_link(std::cell::Cell::new(1))
        .await
        .expect("it starts");
    cells.keep(std::cell::Cell::new(2));
    assert_eq!(
        cells
            .swap(std::cell::Cell::new(3))
            .await
            .map(|cell| cell.get()),
        Ok(2)
    );
}

#[otp_core::test]
async fn a_process_may_have_no_end() {
    let (clock, monitor) = process::spawn_monitor(async {
        loop {
            otp_core::time::sleep(Duration::from_secs(1)).await;
        }
    });
    process::exit(clock, ExitReason::Shutdown);
    assert_eq!(
        process::receive_down(monitor).await.reason,
        ExitReason::Shutdown
    );
}
