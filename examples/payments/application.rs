//! The application: its configuration, its tree, and how it stops.

use std::path::PathBuf;

use otp_core::PartitionSupervisor;
use otp_core::application::{
    Application, ApplicationContext, ApplicationResource, ApplicationSpec, Applications,
};
use otp_core::prelude::*;
use otp_observer::Address;
use serde::Deserialize;

use crate::books::BooksTree;
use crate::fault::{FallibleRef, Injection, Target};
use crate::fraud::{FraudEnv, RiskTree};
use crate::gateway::{Gateway, GatewayEnv};
use crate::intake::{Intake, IntakeEnv};
use crate::load::{Load, LoadEnv};
use crate::metrics::Metrics;
use crate::payment::Services;
use crate::totals::Totals;

/// What the application is configured with.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaymentsEnv {
    load: LoadEnv,
    intake: IntakeEnv,
    fraud: FraudEnv,
    gateway: GatewayEnv,
    stop: StopEnv,
}

/// How the application stops.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StopEnv {
    drain_ms: u64,
}

supervisor! {
    /// Whoever needs a service comes after it, and is stopped before it.
    pub struct PaymentsTree(env: PaymentsEnv, totals: Totals, applications: Applications);

    strategy: rest_for_one,
    max_restarts: 3 in 5s,

    children: {
        books: BooksTree(),
        risk: RiskTree(env.fraud),
        gateways: PartitionSupervisor::<Gateway>::with_arguments(env.gateway.connections, {
            let latency = Duration::from_millis(env.gateway.latency_ms);
            move |connection| (connection, latency)
        }),
        receipts: TaskSupervisor::new(),
        work: TaskSupervisor::new(),
        intake: Intake(
            env.intake,
            Services { fraud: risk.fraud(), gateways, ledger: books.ledger(), receipts },
            work,
            totals,
        ),
        load: Load(env.load, intake, totals, applications),
    }
}

/// Takes payments.
#[derive(Debug)]
pub struct Payments {
    config: Option<PathBuf>,
    observe: Option<Address>,
    injections: Vec<Injection>,
    /// How long a stop may take in all.
    bound: Duration,
    totals: Totals,
    /// Once it runs: its tree, and how long accepted payments are waited for.
    running: Option<(PaymentsTreeRef, Duration)>,
}

impl Payments {
    pub fn new(
        config: Option<PathBuf>,
        observe: Option<Address>,
        injections: Vec<Injection>,
        bound: Duration,
        totals: Totals,
    ) -> Self {
        Payments {
            config,
            observe,
            injections,
            bound,
            totals,
            running: None,
        }
    }
}

/// By hand, as the file and the bound are known at run time only. [`Metrics`] has it from the attribute.
impl ApplicationResource for Payments {
    const NAME: &'static str = "payments";

    fn spec(&self) -> ApplicationSpec {
        let spec = ApplicationSpec::new()
            .application(Metrics {
                observe: self.observe.clone(),
            })
            .shutdown_timeout(self.bound)
            .defaults(include_str!("payments.toml"));
        match &self.config {
            Some(file) => spec.env_file(file),
            None => spec,
        }
    }
}

impl Application for Payments {
    type Env = PaymentsEnv;
    type Root = PaymentsTreeRef;

    async fn start(
        &mut self,
        env: PaymentsEnv,
        cx: &mut ApplicationContext,
    ) -> Result<PaymentsTreeRef, ExitReason> {
        // The servers need time to stop as well.
        let drain = Duration::from_millis(env.stop.drain_ms).min(self.bound / 2);
        let tree =
            PaymentsTree::start_link(env, self.totals.clone(), cx.applications().clone()).await?;
        for injection in self.injections.drain(..) {
            // Linked with the application, and not in the tree, which would begin them anew.
            process::spawn_link(injection.carry_out(target(&tree, injection.target)));
        }
        self.running = Some((tree.clone(), drain));
        tracing::info!("payments started");
        Ok(tree)
    }

    /// Takes no new payments, and lets those that were accepted come to their end.
    async fn prep_stop(&mut self) {
        let Some((tree, drain)) = self.running.take() else {
            return;
        };
        tracing::info!("payments stopping");
        let _ = tree.terminate_child("load").await;
        match tree.intake().drain().timeout(drain).await {
            Ok(()) => tracing::info!("intake drained"),
            Err(failure) => tracing::warn!("intake not drained: {failure}"),
        }
    }

    async fn stop(&mut self) {
        tracing::info!("payments stopped");
    }
}

fn target(tree: &PaymentsTreeRef, target: Target) -> FallibleRef {
    match target {
        Target::Fraud => tree.risk().fraud().into(),
        Target::Gateway => tree.gateways().get(&0).into(),
        Target::Intake => tree.intake().into(),
        Target::Ledger => tree.books().ledger().into(),
    }
}
