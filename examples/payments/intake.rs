//! The intake: accepts payments as long as there is room, and has so many of them worked on at a time.

use std::collections::VecDeque;

use otp_core::prelude::*;
use serde::Deserialize;

use crate::fault::{Fallible, FallibleMessage, Fault};
use crate::payment::{Outcome, Payment, Services};
use crate::totals::Totals;

/// What the intake is configured with.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IntakeEnv {
    pub queue: usize,
    pub concurrency: usize,
}

/// Accepts payments. Each is worked on in a task of its own.
#[gen_server]
#[derive(Debug)]
pub struct Intake {
    env: IntakeEnv,
    services: Services,
    work: TaskSupervisorRef,
    totals: Totals,
    queue: VecDeque<Payment>,
    in_flight: usize,
    /// Who waits until all is done. From then on nothing is accepted.
    draining: Option<ReplyTo<()>>,
}

#[gen_server(protocols(Fallible))]
impl Intake {
    #[init]
    fn init(
        env: IntakeEnv,
        services: Services,
        work: TaskSupervisorRef,
        totals: Totals,
        cx: &mut Context<Self>,
    ) -> Self {
        cx.trap_exit(true);
        Intake {
            env,
            services,
            work,
            totals,
            queue: VecDeque::new(),
            in_flight: 0,
            draining: None,
        }
    }

    /// Accepts a payment, or rejects it if too many wait.
    #[cast]
    pub async fn submit(&mut self, payment: Payment, cx: &mut Context<Self>) {
        if self.draining.is_some() || self.queue.len() >= self.env.queue {
            self.totals.rejected();
            return;
        }
        self.totals.accepted();
        self.queue.push_back(payment);
        self.go_on(cx).await;
    }

    /// Accepts nothing more, and answers when all that was accepted is done.
    #[call]
    pub async fn drain(&mut self, reply_to: ReplyTo<()>, cx: &mut Context<Self>) {
        self.draining = Some(reply_to);
        self.go_on(cx).await;
    }

    /// The task of a payment has ended.
    #[handle_info]
    async fn done(&mut self, end: Result<(), ExitReason>, cx: &mut Context<Self>) {
        self.in_flight -= 1;
        if let Err(ExitReason::Panic(_)) = end {
            self.totals.ended(Outcome::Crashed);
        }
        self.go_on(cx).await;
    }

    /// Starts as many tasks as there may be.
    async fn go_on(&mut self, cx: &mut Context<Self>) {
        while self.in_flight < self.env.concurrency {
            let Some(payment) = self.queue.pop_front() else {
                break;
            };
            let (services, totals) = (self.services.clone(), self.totals.clone());
            let work = async move { totals.ended(services.pay(payment).await) };
            match self.work.spawn_nolink(work).await {
                Ok(task) => {
                    self.in_flight += 1;
                    let end = task.timeout_infinite();
                    cx.run(async { IntakeMessage::Done { end: end.await } });
                }
                Err(_) => self.totals.ended(Outcome::Failed),
            }
        }
        self.totals.waiting(self.queue.len(), self.in_flight);
        if self.queue.is_empty()
            && self.in_flight == 0
            && let Some(reply_to) = self.draining.take()
        {
            reply_to.send(());
        }
    }

    #[terminate]
    fn terminate(&mut self, reason: &ExitReason) {
        if reason.is_clean() {
            let left = self.queue.len() + self.in_flight;
            tracing::info!("intake stopped with {left} payments left");
        }
    }
}

impl Fallible for Intake {
    async fn fail(&mut self, fault: Fault) {
        fault.strike().await;
    }
}
