//! GS-027, GS-048, GS-056: what is reported of an end, and how a state is shown.

use otp_core::prelude::*;
use otp_core::sys;
use tests::processes::boom;
use tests::{Act, Journal, Puppet, PuppetRef, Reports};

const SERVER: &str = "otp_core::gen_server";
const CRASH: &str = "otp_core::crash";

async fn puppet() -> PuppetRef {
    Puppet::start(Journal::new())
        .name("puppet")
        .await
        .expect("the name is free")
}

#[otp_core::test]
async fn gs_027_a_clean_end_is_not_reported() {
    let reports = Reports::new();
    for reason in [
        ExitReason::Normal,
        ExitReason::Shutdown,
        ExitReason::shutdown_with("drained"),
    ] {
        for act in [Act::Stop(reason.clone()), Act::Exit(reason.clone())] {
            let server = puppet().await;
            server.tell(act);
            assert_eq!(server.ended().await, reason);
        }
    }
    assert_eq!(
        (reports.take(SERVER).len(), reports.take(CRASH).len()),
        (0, 0)
    );
}

#[otp_core::test(crashes = allowed)]
async fn gs_027_any_other_end_is_reported_once_as_a_server_and_once_as_a_process() {
    let reports = Reports::new();
    for (act, text) in [
        (Act::Stop(boom()), "boom"),
        (Act::Exit(boom()), "boom"),
        (Act::Exit(ExitReason::Kill), "kill"),
        (Act::Panic("oops"), "panic: oops at tests/src/puppet.rs:"),
    ] {
        let server = puppet().await;
        let pid = server.pid().unwrap().to_string();
        assert!(matches!(
            server.ask(act).await,
            Ok("done") | Err(CallFailure::Exit(_))
        ));
        server.ended().await;

        let (of_server, of_process) = (reports.take(SERVER), reports.take(CRASH));
        assert_eq!((of_server.len(), of_process.len()), (1, 1), "{text}");
        let (of_server, of_process) = (&of_server[0], &of_process[0]);
        for report in [of_server, of_process] {
            assert_eq!(
                (report.get("pid"), report.get("name")),
                (&*pid, "\"puppet\"")
            );
            assert!(report.get("reason").starts_with(text), "{report:?}");
        }
        assert_eq!(of_server.get("message"), "server terminating");
        assert_eq!(of_server.get("server"), "tests::puppet::Puppet");
        assert_eq!(
            of_server.get("state"),
            "tests::puppet::Puppet",
            "no more than its type, unless it says so"
        );
        assert_eq!(of_server.get("last_message"), "PuppetMessage::Ask");
        assert_eq!(
            of_server.get("client"),
            process::self_pid().to_string(),
            "{text}"
        );
        assert_eq!(of_process.get("message"), "process crashed");
    }
}

#[otp_core::test(crashes = allowed)]
async fn gs_027_a_cast_has_no_client() {
    let (reports, server) = (Reports::new(), puppet().await);
    server.tell(Act::Exit(boom()));
    server.ended().await;
    let reports = reports.take(SERVER);
    assert_eq!(reports.len(), 1);
    assert_eq!(
        (reports[0].get("last_message"), reports[0].get("client")),
        ("PuppetMessage::Tell", "")
    );
}

#[otp_core::test(crashes = allowed)]
async fn gs_027_an_init_that_fails_is_reported_as_a_process() {
    #[gen_server]
    struct Stillborn {}

    #[gen_server]
    impl Stillborn {
        #[init]
        fn init(reason: ExitReason, exit: bool) -> Result<Self, ExitReason> {
            if exit {
                process::exit_with(reason)
            } else {
                Err(reason)
            }
        }
    }

    let reports = Reports::new();
    for exit in [false, true] {
        assert_eq!(
            Stillborn::start(boom(), exit).await,
            Err(StartError::Init(boom()))
        );
        assert_eq!(
            Stillborn::start(ExitReason::Shutdown, exit).await,
            Err(StartError::Init(ExitReason::Shutdown))
        );
        let reasons: Vec<_> = reports
            .take(CRASH)
            .iter()
            .map(|report| report.get("reason").to_owned())
            .collect();
        assert_eq!(
            (reasons, reports.take(SERVER).len()),
            (vec!["boom".to_owned()], 0)
        );
    }
}

#[otp_core::test(crashes = allowed)]
async fn gs_048_a_terminate_that_fails_gives_the_reason_and_is_reported() {
    let reports = Reports::new();
    for first in [
        Act::Stop(ExitReason::Normal),
        Act::Stop(ExitReason::error("before")),
        Act::Exit(ExitReason::error("before")),
    ] {
        let server = puppet().await;
        server.tell(Act::All(vec![
            Act::Last(Box::new(Act::Exit(boom()))),
            first,
        ]));
        assert_eq!(server.ended().await, boom());
        for target in [SERVER, CRASH] {
            let reasons: Vec<_> = reports
                .take(target)
                .iter()
                .map(|report| report.get("reason").to_owned())
                .collect();
            assert_eq!(reasons, ["boom"], "{target}");
        }
    }
}

#[otp_core::test(crashes = allowed)]
async fn gs_048_a_terminate_that_panics_too() {
    let (reports, server) = (Reports::new(), puppet().await);
    server.tell(Act::Last(Box::new(Act::Panic("last"))));
    let Err(StopError::Exit(ExitReason::Panic(panic))) = server.stop().await else {
        panic!("it panicked")
    };
    assert_eq!(panic.message(), "last");
    assert_eq!(
        (reports.take(SERVER).len(), reports.take(CRASH).len()),
        (1, 1)
    );
}

/// A server with a secret.
#[gen_server]
struct Vault {
    password: String,
    visits: u32,
}

#[gen_server]
impl Vault {
    #[init]
    fn init(password: String) -> Self {
        Vault {
            password,
            visits: 0,
        }
    }

    #[call]
    fn visit(&mut self) -> u32 {
        self.visits += 1;
        self.visits
    }

    #[cast]
    fn crash(&self) {
        process::exit_with(boom());
    }

    #[format_status]
    fn format_status(&self) -> String {
        assert!(!self.password.is_empty(), "no password");
        format!("Vault {{ password: ***, visits: {} }}", self.visits)
    }
}

#[otp_core::test(crashes = allowed)]
async fn gs_056_format_status_redacts_the_state() {
    let (reports, vault) = (
        Reports::new(),
        Vault::start("1234".to_owned()).await.unwrap(),
    );
    vault.visit().await.unwrap();
    assert_eq!(
        sys::get_status(&vault).await.unwrap().state,
        "Vault { password: ***, visits: 1 }"
    );
    vault.crash();
    vault.ended().await;
    let reports = reports.take(SERVER);
    assert_eq!(
        reports
            .iter()
            .map(|report| report.get("state"))
            .collect::<Vec<_>>(),
        ["Vault { password: ***, visits: 1 }"]
    );
}

#[otp_core::test(crashes = allowed)]
async fn gs_056_a_format_status_that_panics_harms_nobody() {
    let (reports, vault) = (Reports::new(), Vault::start(String::new()).await.unwrap());
    assert_eq!(
        sys::get_status(&vault).await.unwrap().state,
        "<format_status panicked>"
    );
    assert_eq!(vault.visit().await, Ok(1));
    vault.crash();
    assert_eq!(vault.ended().await, boom());
    let of_server = reports.take(SERVER);
    assert_eq!(
        of_server
            .iter()
            .map(|report| report.get("state"))
            .collect::<Vec<_>>(),
        ["<format_status panicked>"]
    );
    assert_eq!(reports.take(CRASH).len(), 1);
}
