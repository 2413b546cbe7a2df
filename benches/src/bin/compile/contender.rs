//! Who is compared, and what the program of each is made of.

/// A way to write the servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Contender {
    /// otp-core's macros.
    Macros,
    /// otp-core's traits, without a macro.
    ByHand,
    /// kameo's macros.
    Kameo,
    /// ractor's trait.
    Ractor,
}

impl Contender {
    pub(crate) const ALL: [Contender; 4] = [
        Contender::Macros,
        Contender::ByHand,
        Contender::Kameo,
        Contender::Ractor,
    ];

    /// None if there is no such contender.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        Contender::ALL
            .into_iter()
            .find(|contender| contender.name() == name)
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Contender::Macros => "macros",
            Contender::ByHand => "by_hand",
            Contender::Kameo => "kameo",
            Contender::Ractor => "ractor",
        }
    }

    /// One server, number 0.
    pub(crate) const fn server(self) -> &'static str {
        match self {
            Contender::Macros => include_str!("../../../compile/macros.rs"),
            Contender::ByHand => include_str!("../../../compile/by_hand.rs"),
            Contender::Kameo => include_str!("../../../compile/kameo.rs"),
            Contender::Ractor => include_str!("../../../compile/ractor.rs"),
        }
    }

    /// The lines of Cargo.toml that say what it stands on. `{otp-core}` is a path. Peers come without what they can be
    /// compiled without, as in `benches/peers`.
    pub(crate) const fn dependencies(self) -> &'static str {
        match self {
            Contender::Macros => "otp-core = { path = \"{otp-core}\" }",
            Contender::ByHand => {
                "otp-core = { path = \"{otp-core}\", default-features = false, features = [\"rt-multi-thread\"] }"
            }
            Contender::Kameo => {
                "kameo = { version = \"0.22.2\", default-features = false, features = [\"macros\"] }"
            }
            Contender::Ractor => {
                "ractor = { version = \"0.16.5\", default-features = false, features = [\"tokio_runtime\"] }"
            }
        }
    }

    /// The lock file that its dependencies are taken from.
    pub(crate) const fn lock(self) -> &'static str {
        match self {
            Contender::Macros | Contender::ByHand => "../Cargo.lock",
            Contender::Kameo | Contender::Ractor => "peers/Cargo.lock",
        }
    }

    /// How its program runs the async function `run`.
    pub(crate) const fn main(self) -> &'static str {
        match self {
            Contender::Macros => {
                "#[otp_core::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    run().await
}
"
            }
            Contender::ByHand => {
                "fn main() -> Result<(), Box<dyn std::error::Error>> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(otp_core::Node::new().run(run()))
}
"
            }
            Contender::Kameo | Contender::Ractor => {
                "fn main() -> Result<(), Box<dyn std::error::Error>> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(run())
}
"
            }
        }
    }
}
