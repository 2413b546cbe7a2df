//! AG-001 to AG-012: agents.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use otp_core::process::info;
use otp_core::testing::{ChildExt, start_supervised};
use otp_core::time::Instant;
use otp_core::{Agent, ExitReason, Strategy, Supervisor, prelude::*, supervisor, sys};
use tests::processes::{Peer, boom, crashes, end, now};

const SECOND: Duration = Duration::from_secs(1);

async fn counter() -> AgentRef<u32> {
    Agent::start(|| 0).await.expect("it starts")
}

/// An agent that ends with the test.
async fn apart(value: u32) -> AgentRef<u32> {
    let agent = Agent::start(move || value).await.expect("it starts");
    otp_core::testing::end_with_test(&agent);
    agent
}

#[otp_core::test]
async fn ag_001_the_first_state_is_made_in_the_agent_which_is_linked_or_not() {
    let me = process::self_pid();
    let linked = Agent::start_link(process::self_pid).await.unwrap();
    let pid = linked.pid().unwrap();
    assert_eq!(linked.get(|pid| *pid).await, Ok(pid));
    assert!(info(me).unwrap().links.contains(&pid));
    let alone = Agent::start(process::self_pid).await.unwrap();
    let pid = alone.pid().unwrap();
    assert_eq!(alone.get(|pid| *pid).await, Ok(pid));
    assert_eq!(info(pid).unwrap().links, []);
    alone.stop().await.unwrap();
}

#[otp_core::test]
async fn ag_002_get_leaves_the_state_update_changes_it_and_get_and_update_does_both() {
    let agent = Agent::start_link(|| HashMap::from([("a", 1)]))
        .await
        .unwrap();
    assert_eq!(agent.get(|m| m.get("a").copied()).await, Ok(Some(1)));
    assert_eq!(agent.update(|m| _ = m.insert("b", 2)).await, Ok(()));
    assert_eq!(
        agent.get(|m| m.len()).await,
        Ok(2),
        "the change was there with the answer"
    );
    assert_eq!(agent.get_and_update(|m| m.remove("a")).await, Ok(Some(1)));
    assert_eq!(
        agent.get(|m| m.clone()).await,
        Ok(HashMap::from([("b", 2)]))
    );
    agent.cast(|m| m.clear());
    assert_eq!(agent.get(HashMap::is_empty).await, Ok(true));
}

#[otp_core::test]
async fn ag_003_functions_run_in_the_agent_one_at_a_time_as_they_arrive() {
    let agent = Agent::start_link(Vec::new).await.unwrap();
    let pid = agent.pid().unwrap();
    for n in 0..10 {
        agent.cast(move |seen: &mut Vec<(u32, Pid)>| seen.push((n, process::self_pid())));
    }
    let last = agent.get_and_update(|seen| {
        seen.push((10, process::self_pid()));
        seen.len()
    });
    assert_eq!(last.await, Ok(11));
    let seen = agent.get(|seen| seen.clone()).await.unwrap();
    assert_eq!(seen, (0..11).map(|n| (n, pid)).collect::<Vec<_>>());
}

#[otp_core::test]
async fn ag_004_a_cast_is_done_at_once_also_towards_an_agent_that_is_gone() {
    let agent = counter().await;
    assert_eq!(now(agent.cast(|n| *n += 1)), Some(CastOutcome::Queued));
    assert_eq!(agent.get(|n| *n).await, Ok(1));
    agent.stop().await.unwrap();
    assert_eq!(now(agent.cast(|n| *n += 1)), Some(CastOutcome::NoProc));
    assert_eq!(agent.get(|n| *n).await, Err(CallFailure::NoProc));
}

#[otp_core::test]
async fn ag_005_it_waits_five_seconds_and_the_agent_does_what_it_was_asked_to_all_the_same() {
    let agent = apart(0).await;
    sys::suspend(&agent).await.unwrap();
    let late = Err(CallFailure::Timeout { cycle: vec![] });
    let began = Instant::now();
    assert_eq!(agent.update(|n| *n += 1).await, late);
    assert_eq!(began.elapsed(), 5 * SECOND);
    assert_eq!(agent.update(|n| *n += 1).timeout(SECOND).await, late);
    assert_eq!(began.elapsed(), 6 * SECOND);
    sys::resume(&agent).await.unwrap();
    assert_eq!(agent.get(|n| *n).await, Ok(2));
    let me = info(process::self_pid()).unwrap();
    assert_eq!(me.message_queue_len, 0, "the late answers have vanished");
}

#[otp_core::test]
async fn ag_006_a_function_that_panics_ends_the_agent_and_its_caller_is_told_why() {
    let agent = apart(0).await;
    let ended = agent.monitor();
    let failed = agent.get(|n| 1 / *n).await;
    let Err(CallFailure::Exit(ExitReason::Panic(panic))) = failed else {
        panic!("it has panicked: {failed:?}")
    };
    assert_eq!(panic.message(), "attempt to divide by zero");
    assert_eq!(end(ended).await, ExitReason::Panic(panic));
    for kind in 0..3 {
        let agent = apart(0).await;
        let ended = agent.monitor();
        let failed = match kind {
            0 => agent.update(|_| process::exit_with(boom())).await,
            1 => agent.get_and_update(|_| process::exit_with(boom())).await,
            _ => {
                agent.cast(|_| process::exit_with(boom()));
                agent.get(|_| ()).await
            }
        };
        assert_eq!(failed, Err(CallFailure::Exit(boom())));
        assert_eq!(end(ended).await, boom());
    }
    assert_eq!(crashes().len(), 4);
}

/// In Elixir the function of `get_and_update` returns a pair, and anything else stops the agent with `bad_return_value`. Here
/// it changes the state in place, and what it returns is the answer, of whatever type.
#[otp_core::test]
async fn ag_007_whatever_get_and_update_returns_is_its_answer() {
    let agent = Agent::start_link(|| 1).await.unwrap();
    let number: u32 = agent.get_and_update(|n| *n + 1).await.unwrap();
    let text: String = agent.get_and_update(|n| format!("{n}")).await.unwrap();
    let pair: (u32, u32) = agent.get_and_update(|n| (*n, 7)).await.unwrap();
    assert_eq!((number, text.as_str(), pair), (2, "1", (1, 7)));
    assert_eq!(
        agent.get(|n| *n).await,
        Ok(1),
        "it has not taken a part of the pair for the state"
    );
}

#[otp_core::test]
async fn ag_008_an_init_that_fails_is_an_error_of_the_start() {
    let failed = Agent::<u32>::start(|| process::exit_with(boom())).await;
    assert_eq!(failed.unwrap_err(), StartError::Init(boom()));
    let panicked = Agent::<u32>::start_link(|| panic!("no state"))
        .name("agent")
        .await;
    let Err(StartError::Init(ExitReason::Panic(panic))) = panicked else {
        panic!("it has panicked")
    };
    assert_eq!(panic.message(), "no state");
    assert_eq!(process::whereis("agent"), None);
    assert_eq!(crashes().len(), 2);
}

#[otp_core::test]
async fn ag_009_a_stop_is_done_when_the_agent_is_gone_and_its_name_free() {
    let agent = Agent::start(|| 0).name("agent").await.unwrap();
    let ended = agent.monitor();
    assert_eq!(agent.stop().await, Ok(()));
    assert_eq!((agent.is_alive(), process::whereis("agent")), (false, None));
    assert_eq!(end(ended).await, ExitReason::Normal);
    let again = Agent::start(|| 0).name("agent").await.unwrap();
    let ended = again.monitor();
    assert_eq!(again.stop().reason(ExitReason::Shutdown).await, Ok(()));
    assert_eq!(end(ended).await, ExitReason::Shutdown);
    assert_eq!(again.stop().await, Err(StopError::NoProc));
}

#[otp_core::test]
async fn ag_010_an_agent_has_a_name_as_a_server_has() {
    let agent = Agent::start_link(|| 7).name("seven").await.unwrap();
    let named = AgentRef::<i32>::named("seven");
    assert_eq!((named.pid(), named.get(|n| *n).await), (agent.pid(), Ok(7)));
    let taken = Agent::start_link(|| 8).name("seven").await.unwrap_err();
    assert_eq!(Some(taken), agent.pid().map(StartError::AlreadyStarted));
    let nobody = Agent::start_link(|| 8).name("").await.unwrap_err();
    assert_eq!(nobody, StartError::MalformedName);
    let another = AgentRef::<String>::named("seven");
    assert_eq!(
        another.get(String::len).await,
        Err(CallFailure::WrongServer)
    );

    let agents = Registry::<u32, Agent<i32>>::unique()
        .start_link()
        .await
        .unwrap();
    let eight = Agent::start_link(|| 8).via(&agents, 8).await.unwrap();
    assert_eq!(agents.lookup(&8), Some(eight));
    assert_eq!(AgentRef::via(&agents, 8).get(|n: &i32| *n).await, Ok(8));
}

#[otp_core::test]
async fn ag_011_a_restart_makes_the_first_state_again() {
    let starts = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&starts);
    let spec = Agent::child_spec(move || count.fetch_add(1, Ordering::Relaxed));
    assert_eq!(
        (spec.id.as_str(), spec.restart),
        ("Agent", otp_core::Restart::Permanent)
    );
    let agent = spec.handle();
    let supervisor = Supervisor::builder(Strategy::OneForOne)
        .child(spec)
        .start_link()
        .await
        .unwrap();
    agent.update(|n| *n += 40).await.unwrap();
    assert_eq!(agent.get(|n| *n).await, Ok(40));
    agent.crash().await;
    agent.restarted().await;
    assert_eq!(agent.get(|n| *n).await, Ok(1));
    supervisor.stop().await.unwrap();
    assert_eq!(starts.load(Ordering::Relaxed), 2);
}

type Counts = HashMap<&'static str, u32>;

supervisor! {
    /// An agent in a tree.
    struct Counted(first: u32);

    strategy: one_for_one,

    children: {
        counts: Agent::<Counts>(move || HashMap::from([("first", first)])),
    }
}

#[otp_core::test]
async fn ag_011_an_agent_is_a_child_of_a_tree() {
    let tree = Counted::start_link(7).await.unwrap();
    let counts = tree.counts();
    counts
        .update(|counts| _ = counts.insert("second", 8))
        .await
        .unwrap();
    assert_eq!(counts.get(|counts| counts.len()).await, Ok(2));
    counts.crash().await;
    counts.restarted().await;
    assert_eq!(
        counts.get(|counts| counts.clone()).await,
        Ok(HashMap::from([("first", 7)]))
    );
}

#[otp_core::test]
async fn ag_011_a_test_supervises_an_agent() {
    let agent = start_supervised::<Agent<u32>>(|| 42).await;
    assert_eq!(agent.get(|n| *n).await, Ok(42));
}

#[otp_core::test]
async fn ag_012_an_agent_outlives_its_callers_and_ends_with_who_is_linked() {
    let agent = apart(0).await;
    let caller = Peer::spawn();
    let ended = process::monitor(&caller);
    let asked = agent.clone();
    caller.tell(move || {
        asked.cast(|n| *n += 1);
        process::exit_with(boom());
    });
    assert_eq!(end(ended).await, boom());
    assert_eq!(agent.get(|n| *n).await, Ok(1));

    let (tell, told) = tokio::sync::oneshot::channel();
    let (starter, ended) = process::spawn_monitor(async {
        let linked = Agent::start_link(|| 0).await.unwrap();
        tell.send(linked).unwrap();
        std::future::pending::<()>().await;
    });
    let linked = told.await.unwrap();
    let linked = linked.monitor();
    process::exit(starter, boom());
    assert_eq!(end(ended).await, boom());
    assert_eq!(end(linked).await, boom());
    assert_eq!(crashes(), [boom()]);
}
