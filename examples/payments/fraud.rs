//! The fraud check, which has a mistake in it.

use otp_core::prelude::*;
use serde::Deserialize;

use crate::fault::{Fallible, FallibleMessage, Fault};
use crate::payment::Payment;

/// What the check is configured with.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FraudEnv {
    pub limit_cents: u64,
}

supervisor! {
    /// The check crashes now and then. Its supervisor has patience, and spares the others the trouble.
    pub struct RiskTree(env: FraudEnv);

    strategy: one_for_one,
    max_restarts: 100 in 1s,

    children: {
        fraud: Fraud(env),
    }
}

/// What the check thinks of a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Fine,
    Suspicious,
}

/// How much is trusted to the cards of each bank, in hundredths of the limit. The bank is the first digit of a card.
const TRUST: [u64; 9] = [0, 100, 100, 90, 100, 100, 80, 100, 100];

/// Checks payments.
#[gen_server]
#[derive(Debug)]
pub struct Fraud {
    limit_cents: u64,
}

#[gen_server(protocols(Fallible))]
impl Fraud {
    #[init]
    fn init(env: FraudEnv, cx: &mut Context<Self>) -> Self {
        cx.trap_exit(true);
        Fraud {
            limit_cents: env.limit_cents,
        }
    }

    /// The mistake: there is a ninth bank.
    #[call]
    pub fn check(&self, payment: Payment) -> Verdict {
        let bank = payment.card / 10_u64.pow(payment.card.max(1).ilog10());
        if 100 * payment.cents > TRUST[bank as usize] * self.limit_cents {
            Verdict::Suspicious
        } else {
            Verdict::Fine
        }
    }

    #[terminate]
    fn terminate(&mut self, reason: &ExitReason) {
        if reason.is_clean() {
            tracing::info!("fraud check stopped");
        }
    }
}

impl Fallible for Fraud {
    async fn fail(&mut self, fault: Fault) {
        fault.strike().await;
    }
}
