//! The load: payments that are made up, at a rate.

use otp_core::application::Applications;
use otp_core::prelude::*;
use otp_core::time::Instant;
use serde::Deserialize;

use crate::intake::IntakeRef;
use crate::payment::Payment;
use crate::totals::Totals;

/// What the load is configured with.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoadEnv {
    pub rate: f64,
    pub payments: u64,
    pub odd_cards: f64,
    pub seed: u64,
}

const TICK: Duration = Duration::from_millis(10);

/// Submits payments, and asks for the end of the program when there are no more.
#[gen_server(restart = transient)]
#[derive(Debug)]
pub struct Load {
    env: LoadEnv,
    intake: IntakeRef,
    totals: Totals,
    applications: Applications,
    random: fastrand::Rng,
    began: Instant,
    submitted: u64,
}

#[gen_server]
impl Load {
    #[init]
    fn init(
        env: LoadEnv,
        intake: IntakeRef,
        totals: Totals,
        applications: Applications,
        cx: &mut Context<Self>,
    ) -> Self {
        cx.trap_exit(true);
        cx.send_interval(TICK, || LoadMessage::Tick);
        Load {
            random: fastrand::Rng::with_seed(env.seed),
            env,
            intake,
            totals,
            applications,
            began: Instant::now(),
            submitted: 0,
        }
    }

    /// Submits what is due.
    #[handle_info]
    fn tick(&mut self, cx: &mut Context<Self>) {
        let due = (self.began.elapsed().as_secs_f64() * self.env.rate) as u64;
        while self.submitted < due {
            // Counted there, where it survives a restart.
            let id = self.totals.next_id();
            if self.env.payments > 0 && id > self.env.payments {
                let applications = self.applications.clone();
                Task::start(async move { applications.stop_all(0).await });
                cx.stop(ExitReason::Normal);
                return;
            }
            let payment = self.payment(id);
            self.intake.submit(payment);
            self.submitted += 1;
        }
    }

    fn payment(&mut self, id: u64) -> Payment {
        let bank = if self.random.f64() < self.env.odd_cards {
            9
        } else {
            self.random.u64(1..9)
        };
        Payment {
            id,
            card: bank * 1_000_000 + self.random.u64(0..1_000_000),
            cents: self.random.u64(1..100_000),
        }
    }

    #[terminate]
    fn terminate(&mut self) {
        tracing::info!("load stopped");
    }
}
