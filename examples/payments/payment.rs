//! A payment, and its way through the services.

use otp_core::prelude::*;
use otp_core::supervisor::PartitionSupervisorRef;
use otp_core::time;

use crate::books::LedgerRef;
use crate::fraud::{FraudRef, Verdict};
use crate::gateway::Gateway;

/// Somebody pays something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Payment {
    pub id: u64,
    pub card: u64,
    pub cents: u64,
}

/// What becomes of a payment that was accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It is in the books.
    Settled,
    /// The fraud check did not like it.
    Declined,
    /// A service did not answer.
    Failed,
    /// Its task has crashed.
    Crashed,
}

impl Outcome {
    pub const ALL: [Outcome; 4] = [
        Outcome::Settled,
        Outcome::Declined,
        Outcome::Failed,
        Outcome::Crashed,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Outcome::Settled => "settled",
            Outcome::Declined => "declined",
            Outcome::Failed => "failed",
            Outcome::Crashed => "crashed",
        }
    }
}

/// Whom a payment needs. The handles follow the servers through their restarts.
#[derive(Debug, Clone)]
pub struct Services {
    pub fraud: FraudRef,
    pub gateways: PartitionSupervisorRef<Gateway>,
    pub ledger: LedgerRef,
    /// Receipts are sent by tasks of their own, for which no payment waits.
    pub receipts: TaskSupervisorRef,
}

/// How long a service may take.
const PATIENCE: Duration = Duration::from_secs(1);
/// How often the books are tried, since a payment that was charged has to be in them.
const ATTEMPTS: u32 = 4;
const FIRST_PAUSE: Duration = Duration::from_millis(25);
/// How long it takes to send a receipt.
const RECEIPT: Duration = Duration::from_millis(50);

impl Services {
    /// Brings a payment to its end.
    pub async fn pay(&self, payment: Payment) -> Outcome {
        match self.try_to_pay(payment).await {
            Ok(outcome) => outcome,
            Err(failure) => {
                tracing::debug!(payment.id, %failure, "payment failed");
                Outcome::Failed
            }
        }
    }

    async fn try_to_pay(&self, payment: Payment) -> anyhow::Result<Outcome> {
        if self.fraud.check(payment).timeout(PATIENCE).await? == Verdict::Suspicious {
            return Ok(Outcome::Declined);
        }
        let gateway = self.gateways.get(&payment.card);
        gateway.charge(payment).timeout(PATIENCE).await?;
        self.post(payment).await?;
        let receipt = self.receipts.start_child(time::sleep(RECEIPT));
        let _ = receipt.await; // One that cannot be sent is no harm.
        Ok(Outcome::Settled)
    }

    /// Puts a payment into the books. To post it twice is to post it once, so that it can be tried again.
    async fn post(&self, payment: Payment) -> anyhow::Result<()> {
        let mut pause = FIRST_PAUSE;
        for _ in 1..ATTEMPTS {
            if self.ledger.post(payment).timeout(PATIENCE).await.is_ok() {
                return Ok(());
            }
            time::sleep(pause).await;
            pause *= 2;
        }
        self.ledger.post(payment).timeout(PATIENCE).await?;
        Ok(())
    }
}
