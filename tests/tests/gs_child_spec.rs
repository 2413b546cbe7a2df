//! GS-013: what a server says of itself to its supervisor.

use otp_core::prelude::*;
use otp_core::{Restart, Shutdown};
use tests::{Act, Journal, Puppet, PuppetRef};

#[otp_core::test]
async fn gs_013_the_child_spec_says_what_the_attribute_says_and_can_be_overridden() {
    let spec = Puppet::child_spec(Journal::new());
    assert_eq!(spec.id, std::any::type_name::<Puppet>());
    assert_eq!(
        (spec.restart, spec.shutdown),
        (
            Restart::Permanent,
            Shutdown::Timeout(Duration::from_secs(5))
        )
    );

    #[gen_server(restart = transient, shutdown = 10s)]
    struct Patient {}

    #[gen_server]
    impl Patient {
        #[init]
        fn init() -> Self {
            Patient {}
        }
    }

    let spec = Patient::child_spec();
    assert_eq!(
        (spec.restart, spec.shutdown),
        (
            Restart::Transient,
            Shutdown::Timeout(Duration::from_secs(10))
        )
    );
    let spec = spec
        .id("other")
        .restart(Restart::Temporary)
        .shutdown(Shutdown::BrutalKill);
    assert_eq!(
        (&*spec.id, spec.restart, spec.shutdown),
        ("other", Restart::Temporary, Shutdown::BrutalKill)
    );
}

#[otp_core::test]
async fn gs_013_the_child_spec_starts_with_a_link_and_the_same_arguments_each_time() {
    let journal = Journal::new();
    let mut spec = Puppet::child_spec(journal.clone());
    for name in ["first", "second"] {
        let pid = spec.start().await.unwrap().pid().unwrap();
        process::register(name, pid).unwrap();
        PuppetRef::named(name).ask(Act::Nothing).await.unwrap();
        assert_eq!(journal.take(), ["call"]);
        let links = process::info(process::self_pid()).unwrap().links;
        assert_eq!(links.last(), Some(&pid));
    }
}
