//! SUP-059 to SUP-066: significant children, and supervisors that shut down by themselves.

use otp_core::prelude::*;
use otp_core::{
    AnyChild, AutoShutdown, ChildSpec, DynamicSupervisor, Restart, SpecError, StartChildError,
    Strategy, SupervisorRef,
};
use tests::child::{ChildRef, Nursery, apart, end_child, tree};
use tests::processes::boom;

fn significant(nursery: &Nursery, id: &str, restart: Restart) -> ChildSpec<ChildRef> {
    nursery.child(id).restart(restart).significant(true)
}

async fn started<const N: usize>(
    auto_shutdown: AutoShutdown,
    strategy: Strategy,
    specs: [ChildSpec<ChildRef>; N],
) -> (SupervisorRef, [ChildRef; N]) {
    let (builder, children) = tree(strategy, specs);
    let builder = builder.auto_shutdown(auto_shutdown);
    (apart(builder.start()).await, children)
}

/// Every end that is one for good.
fn last_ends() -> Vec<(Restart, ExitReason)> {
    let clean = || {
        [
            ExitReason::Normal,
            ExitReason::Shutdown,
            ExitReason::shutdown_with("drained"),
        ]
    };
    let transient = clean().map(|reason| (Restart::Transient, reason));
    let temporary = clean().into_iter().chain([boom(), ExitReason::Kill]);
    let temporary = temporary.map(|reason| (Restart::Temporary, reason));
    transient.into_iter().chain(temporary).collect()
}

#[otp_core::test]
async fn sup_059_a_significant_child_needs_auto_shutdown_and_is_not_permanent() {
    let nursery = Nursery::new();
    let id = "a".to_owned();
    for (auto_shutdown, restart, error) in [
        (
            AutoShutdown::Never,
            Restart::Transient,
            SpecError::SignificantWithoutAutoShutdown(id.clone()),
        ),
        (
            AutoShutdown::Never,
            Restart::Temporary,
            SpecError::SignificantWithoutAutoShutdown(id.clone()),
        ),
        (
            AutoShutdown::AnySignificant,
            Restart::Permanent,
            SpecError::SignificantPermanent(id.clone()),
        ),
        (
            AutoShutdown::AllSignificant,
            Restart::Permanent,
            SpecError::SignificantPermanent(id.clone()),
        ),
    ] {
        let (builder, _) = tree(Strategy::OneForOne, [significant(&nursery, "a", restart)]);
        let builder = builder.auto_shutdown(auto_shutdown);
        assert_eq!(builder.check(), Err(error.clone()));
        let refused = builder.start().await.unwrap_err();
        assert_eq!(refused, StartError::Spec(error.clone()));

        let (supervisor, []) = started(auto_shutdown, Strategy::OneForOne, []).await;
        let more = supervisor.start_child(significant(&nursery, "a", restart));
        assert_eq!(more.await.unwrap_err(), StartChildError::Spec(error));
    }
    assert_eq!(nursery.story(), "");
    for auto_shutdown in [AutoShutdown::AnySignificant, AutoShutdown::AllSignificant] {
        for restart in [Restart::Transient, Restart::Temporary] {
            let (supervisor, []) = started(auto_shutdown, Strategy::OneForOne, []).await;
            let more = supervisor.start_child(significant(&nursery, "a", restart));
            assert!(more.await.is_ok());
        }
    }
}

#[otp_core::test]
async fn sup_060_any_the_first_significant_child_that_ends_for_good_shuts_the_supervisor_down() {
    for (restart, reason) in last_ends() {
        let nursery = Nursery::new();
        let specs = [
            significant(&nursery, "a", Restart::Transient),
            significant(&nursery, "b", restart),
            nursery.child("c"),
        ];
        let any = AutoShutdown::AnySignificant;
        let (supervisor, [_, b, _]) = started(any, Strategy::OneForOne, specs).await;
        drop(nursery.take());
        end_child(&supervisor, &b, reason).await;
        assert_eq!(supervisor.ended().await, ExitReason::Shutdown);
        assert_eq!(nursery.story(), "gone b, gone c, gone a");
    }
}

#[otp_core::test]
async fn sup_061_a_significant_child_that_crashes_and_is_restarted_shuts_nothing_down() {
    for auto_shutdown in [AutoShutdown::AnySignificant, AutoShutdown::AllSignificant] {
        for strategy in [
            Strategy::OneForOne,
            Strategy::OneForAll,
            Strategy::RestForOne,
        ] {
            let nursery = Nursery::new();
            let specs = [significant(&nursery, "a", Restart::Transient)];
            let (supervisor, [a]) = started(auto_shutdown, strategy, specs).await;
            end_child(&supervisor, &a, boom()).await;
            assert_eq!(supervisor.count_children().await.unwrap().active, 1);
            assert_eq!(nursery.story(), "start a, gone a, start a");
        }
    }
}

#[otp_core::test]
async fn sup_062_all_the_last_significant_child_that_ends_shuts_the_supervisor_down() {
    for (restart, reason) in last_ends() {
        let nursery = Nursery::new();
        let specs = [
            significant(&nursery, "a", restart),
            significant(&nursery, "b", Restart::Transient),
            significant(&nursery, "c", restart),
            nursery.child("d"),
        ];
        let all = AutoShutdown::AllSignificant;
        let (supervisor, [a, b, c, _]) = started(all, Strategy::OneForOne, specs).await;
        drop(nursery.take());
        end_child(&supervisor, &c, reason.clone()).await;
        end_child(&supervisor, &b, ExitReason::Normal).await;
        assert_eq!(supervisor.count_children().await.unwrap().active, 2);
        end_child(&supervisor, &a, reason).await;
        assert_eq!(supervisor.ended().await, ExitReason::Shutdown);
        assert_eq!(nursery.story(), "gone c, gone b, gone a, gone d");
    }
}

#[otp_core::test]
async fn sup_062_a_significant_child_that_was_terminated_is_not_waited_for() {
    let nursery = Nursery::new();
    let specs = ["a", "b"].map(|id| significant(&nursery, id, Restart::Transient));
    let all = AutoShutdown::AllSignificant;
    let (supervisor, [_, b]) = started(all, Strategy::OneForOne, specs).await;
    supervisor.terminate_child("a").await.unwrap();
    assert!(supervisor.is_alive());
    end_child(&supervisor, &b, ExitReason::Normal).await;
    assert_eq!(supervisor.ended().await, ExitReason::Shutdown);
}

#[otp_core::test]
async fn sup_063_a_child_that_is_not_significant_shuts_nothing_down() {
    for auto_shutdown in [
        AutoShutdown::Never,
        AutoShutdown::AnySignificant,
        AutoShutdown::AllSignificant,
    ] {
        for (restart, reason) in last_ends() {
            let nursery = Nursery::new();
            let specs = [nursery.child("a").restart(restart)];
            let (supervisor, [a]) = started(auto_shutdown, Strategy::OneForOne, specs).await;
            end_child(&supervisor, &a, reason).await;
            assert_eq!(supervisor.count_children().await.unwrap().active, 0);
        }
    }
}

#[otp_core::test]
async fn sup_064_a_significant_sibling_that_is_taken_down_shuts_nothing_down() {
    for auto_shutdown in [AutoShutdown::AnySignificant, AutoShutdown::AllSignificant] {
        for strategy in [Strategy::OneForAll, Strategy::RestForOne] {
            let nursery = Nursery::new();
            let specs = [
                nursery.child("a"),
                significant(&nursery, "b", Restart::Temporary),
                significant(&nursery, "c", Restart::Transient),
            ];
            let (supervisor, [a, ..]) = started(auto_shutdown, strategy, specs).await;
            drop(nursery.take());
            end_child(&supervisor, &a, boom()).await;
            assert_eq!(supervisor.count_children().await.unwrap().active, 2);
            assert_eq!(nursery.story(), "gone a, gone c, gone b, start a, start c");
        }
    }
}

/// As in Elixir. Erlang's `simple_one_for_one` takes significant children.
#[otp_core::test]
async fn sup_065_a_dynamic_supervisor_takes_no_significant_child() {
    let nursery = Nursery::new();
    let supervisor = apart(DynamicSupervisor::<AnyChild>::new().start()).await;
    for restart in [Restart::Transient, Restart::Temporary, Restart::Permanent] {
        let refused = supervisor.start_child(significant(&nursery, "a", restart));
        let error = SpecError::SignificantDynamic("a".to_owned());
        assert_eq!(refused.await.unwrap_err(), StartChildError::Spec(error));
    }
    assert_eq!(nursery.story(), "");
}

/// A supervisor that shuts down with its one significant child.
fn chain(nursery: &Nursery, id: &'static str, is_significant: bool) -> ChildSpec<SupervisorRef> {
    let nursery = nursery.clone();
    let spec = ChildSpec::new(id, move || {
        let leaf = significant(&nursery, "leaf", Restart::Transient);
        let (builder, _) = tree(Strategy::OneForOne, [leaf]);
        builder
            .auto_shutdown(AutoShutdown::AnySignificant)
            .start_link()
    });
    spec.restart(Restart::Transient).significant(is_significant)
}

#[otp_core::test]
async fn sup_066_a_shutdown_goes_up_a_chain_of_significant_supervisors_and_no_further() {
    for is_significant in [true, false] {
        let nursery = Nursery::new();
        let specs = [chain(&nursery, "inner", is_significant)];
        let (builder, [inner]) = tree(Strategy::OneForOne, specs);
        let builder = builder.auto_shutdown(AutoShutdown::AnySignificant);
        let outer = apart(builder.child(nursery.child("other")).start()).await;
        let leaf = inner.get_child("leaf").await.unwrap();
        drop(nursery.take());
        let stop = ExitReason::Shutdown;
        process::exit(leaf.state.pid().unwrap(), stop.clone());
        assert_eq!(inner.ended().await, stop);
        if is_significant {
            assert_eq!(outer.ended().await, stop);
            assert_eq!(nursery.story(), "gone leaf, gone other");
        } else {
            assert_eq!(outer.count_children().await.unwrap().active, 1);
            assert_eq!(nursery.story(), "gone leaf");
        }
    }
}
