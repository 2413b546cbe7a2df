//! The way to the banks.

use otp_core::prelude::*;
use otp_core::time;
use serde::Deserialize;

use crate::fault::{Fallible, FallibleMessage, Fault};
use crate::payment::Payment;

/// What the gateways are configured with.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GatewayEnv {
    pub connections: usize,
    pub latency_ms: u64,
}

/// A connection, which has one payment under way at a time.
#[gen_server(shutdown = 1s)]
#[derive(Debug)]
pub struct Gateway {
    connection: usize,
    latency: Duration,
}

#[gen_server(protocols(Fallible))]
impl Gateway {
    #[init]
    fn init(connection: usize, latency: Duration, cx: &mut Context<Self>) -> Self {
        cx.trap_exit(true);
        Gateway {
            connection,
            latency,
        }
    }

    /// Charges a card.
    #[call]
    pub async fn charge(&mut self, payment: Payment) {
        tracing::trace!(payment.id, payment.card, "charge");
        time::sleep(self.latency).await;
    }

    #[terminate]
    fn terminate(&mut self, reason: &ExitReason) {
        if reason.is_clean() {
            tracing::info!("gateway {} stopped", self.connection);
        }
    }
}

impl Fallible for Gateway {
    async fn fail(&mut self, fault: Fault) {
        fault.strike().await;
    }
}
