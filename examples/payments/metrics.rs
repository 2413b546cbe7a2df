//! The metrics, and the endpoint where Prometheus finds them: an application of its own, which starts first and stops last.
//!
//! Those of payments are counted here. Those of processes, calls and crashes come from `otp_core::metrics`.

use std::net::SocketAddr;

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use metrics::{counter, describe_counter, describe_gauge, gauge};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use otp_core::Restart;
use otp_core::application::{Application, ApplicationContext, Applications};
use otp_core::prelude::*;
use otp_core::supervisor::{Branch, Tree};
use otp_observer::{Observer, Settings};
use serde::Deserialize;
use tokio::net::TcpListener;

use crate::application::Payments;
use crate::payment::Outcome;

const ACCEPTED: &str = "payments_accepted_total";
const REJECTED: &str = "payments_rejected_total";
const ENDED: &str = "payments_ended_total";
const QUEUE: &str = "payments_queue_length";
const IN_FLIGHT: &str = "payments_in_flight";
const RESTARTS: &str = "payments_restarts_total";

pub fn accepted() {
    counter!(ACCEPTED).increment(1);
}

pub fn rejected() {
    counter!(REJECTED).increment(1);
}

pub fn ended(outcome: Outcome) {
    counter!(ENDED, "outcome" => outcome.name()).increment(1);
}

pub fn waiting(queue: usize, in_flight: usize) {
    gauge!(QUEUE).set(queue as f64);
    gauge!(IN_FLIGHT).set(in_flight as f64);
}

fn describe() {
    describe_counter!(ACCEPTED, "Payments that were taken into the queue.");
    describe_counter!(REJECTED, "Payments for which there was no room.");
    describe_counter!(
        ENDED,
        "Accepted payments that have come to an end, by outcome."
    );
    describe_gauge!(QUEUE, "Accepted payments that nobody works on yet.");
    describe_gauge!(IN_FLIGHT, "Payments that are worked on.");
    describe_counter!(
        RESTARTS,
        "How often a supervisor has started a child again."
    );
}

/// Serves the metrics, and lets others look in if asked to.
#[otp_core::application(defaults = "address = '127.0.0.1:0'", shutdown_timeout = 1s)]
#[derive(Debug)]
pub struct Metrics {
    pub observe: Option<otp_observer::Address>,
}

/// What it is configured with.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MetricsEnv {
    address: SocketAddr,
}

supervisor! {
    /// Where the metrics are served, and from where others look in.
    pub struct MetricsTree(address: SocketAddr, page: Page, observe: Option<Settings>);

    strategy: one_for_one,

    children: {
        node: otp_core::metrics::Metrics(Duration::from_secs(1)),
        endpoint: Endpoint(address, page),
        observer: Observer(observe),
    }
}

impl Application for Metrics {
    type Env = MetricsEnv;
    type Root = MetricsTreeRef;

    async fn start(
        &mut self,
        env: MetricsEnv,
        cx: &mut ApplicationContext,
    ) -> Result<MetricsTreeRef, ExitReason> {
        let recorder = PrometheusBuilder::new().install_recorder();
        let page = Page {
            prometheus: recorder.map_err(ExitReason::error)?,
            applications: cx.applications().clone(),
        };
        describe();
        let observe = self.observe.take().map(Settings::at);
        Ok(MetricsTree::start_link(env.address, page, observe).await?)
    }

    async fn stop(&mut self) {
        tracing::info!("metrics stopped");
    }
}

/// Listens. The server of axum is a process that is linked with it.
#[gen_server]
#[derive(Debug)]
pub struct Endpoint;

#[gen_server]
impl Endpoint {
    #[init]
    async fn init(address: SocketAddr, page: Page) -> Result<Self, ExitReason> {
        let listener = TcpListener::bind(address)
            .await
            .map_err(ExitReason::error)?;
        let address = listener.local_addr().map_err(ExitReason::error)?;
        tracing::info!("metrics at http://{address}/metrics");
        let router = Router::new()
            .route("/metrics", get(Page::render))
            .with_state(page);
        process::spawn_link(async move {
            let _ = axum::serve(listener, router).await; // It returns never.
        });
        Ok(Endpoint)
    }
}

/// What is shown.
#[derive(Debug, Clone)]
pub struct Page {
    prometheus: PrometheusHandle,
    applications: Applications,
}

impl Page {
    async fn render(State(page): State<Self>) -> String {
        if let Some(payments) = page.applications.root::<Payments>().await
            && let Ok(tree) = payments.tree().await
        {
            count_restarts(&tree, "payments");
        }
        page.prometheus.run_upkeep();
        page.prometheus.render()
    }
}

/// Takes over what the supervisors say; each child is named by its path.
fn count_restarts(tree: &Tree, path: &str) {
    let restartable = |branch: &&Branch| branch.info.restart != Restart::Temporary;
    for branch in tree.children.iter().filter(restartable) {
        let path = format!("{path}/{}", branch.info.id);
        counter!(RESTARTS, "child" => path.clone()).absolute(branch.info.restarts);
        if let Some(tree) = &branch.tree {
            count_restarts(tree, &path);
        }
    }
}
