//! The system under test: a runtime with a paused clock and a node of its own, and real supervisors in it.

use otp_core::Node;
use std::marker::PhantomData;

use otp_core::process::{self, Address};
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest};
use tokio::runtime::Runtime;
use tokio::sync::oneshot;

use super::check;
use super::driver::{Observed, Order, drive};
use super::event::{Event, Stop};
use super::model::Model;
use super::tree::millis;

/// One case of the machine `R`.
pub(crate) struct System<R> {
    machine: PhantomData<R>,
    runtime: Runtime,
    node: Node,
    driver: Address<Order>,
    alive: check::Alive,
}

impl<R> System<R> {
    fn step(&mut self, model: &Model, event: Event) {
        let (done, observed) = oneshot::channel();
        self.driver.send(Order {
            event,
            pauses: model.world.seen.pauses.clone(),
            until: model.world.now,
            done,
        });
        // The clock is paused: should the driver wait for what never comes, this long passes at once.
        let observed = async { tokio::time::timeout(millis(86_400_000), observed).await };
        let observed: Observed = self
            .runtime
            .block_on(observed)
            .expect("the event is never done")
            .expect("the driver lives");
        self.alive.check(&observed.lines);
        check::step(model, &observed);
        let living = model.living().len() - model.supervisors().len();
        assert_eq!(self.alive.count(), living, "states that were not dropped");
    }
}

impl<R> StateMachineTest for System<R>
where
    R: ReferenceStateMachine<State = Model, Transition = Event>,
{
    type SystemUnderTest = Self;
    type Reference = R;

    fn init_test(model: &Model) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .expect("a runtime");
        let node = Node::new();
        let tree = model.tree().clone();
        let driver = runtime.block_on(
            node.run(async { process::spawn(async move |mailbox| drive(mailbox, tree).await) }),
        );
        System {
            machine: PhantomData,
            runtime,
            node,
            driver,
            alive: check::Alive::default(),
        }
    }

    fn apply(mut system: Self, model: &Model, event: Event) -> Self {
        system.step(model, event);
        system
    }

    /// Ends the tree, so that whatever has happened before nothing is left.
    fn teardown(mut system: Self, model: Model) {
        let stop = Event::Stop(Stop::Shutdown);
        let model = R::apply(model, &stop);
        system.step(&model, stop);
        assert_eq!(model.living(), Vec::<String>::new());
        system.runtime.block_on(system.node.kill_all());
    }
}
