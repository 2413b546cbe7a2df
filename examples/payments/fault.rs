//! Failures that are asked for on the command line.

use std::fmt;
use std::future;
use std::str::FromStr;

use otp_core::prelude::*;
use otp_core::time;

/// What goes wrong in a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// A panic in a handler.
    Crash,
    /// A handler that does not return.
    Hang,
}

impl Fault {
    /// To be awaited in the handler that is to fail.
    pub async fn strike(self) {
        match self {
            Fault::Crash => panic!("as was asked for"),
            Fault::Hang => future::pending().await,
        }
    }
}

/// What can be made to fail.
#[protocol]
pub trait Fallible {
    #[cast]
    async fn fail(&mut self, fault: Fault);
}

/// Which server is to fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    Fraud,
    Gateway,
    Intake,
    Ledger,
}

impl Target {
    const ALL: [(&'static str, Target); 4] = [
        ("fraud", Target::Fraud),
        ("gateway", Target::Gateway),
        ("intake", Target::Intake),
        ("ledger", Target::Ledger),
    ];
}

/// `crash:ledger@2s`, `hang:gateway@500ms`, `crash:fraud@1s*20`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Injection {
    pub fault: Fault,
    pub target: Target,
    pub after: Duration,
    pub times: u32,
}

/// Why a failure cannot be injected.
#[derive(Debug, PartialEq, Eq)]
pub struct BadInjection(String);

impl fmt::Display for BadInjection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for BadInjection {}

impl FromStr for Injection {
    type Err = BadInjection;

    fn from_str(text: &str) -> Result<Self, BadInjection> {
        let bad = |what: &str| BadInjection(what.to_owned());
        let form = || bad("expected FAULT:SERVER@TIME, such as `crash:ledger@2s`");
        let (fault, rest) = text.split_once(':').ok_or_else(form)?;
        let (target, rest) = rest.split_once('@').ok_or_else(form)?;
        let (time, times) = rest.split_once('*').unwrap_or((rest, "1"));
        let fault = match fault {
            "crash" => Fault::Crash,
            "hang" => Fault::Hang,
            _ => return Err(bad("expected `crash` or `hang`")),
        };
        let target = Target::ALL.into_iter().find(|(name, _)| *name == target);
        let (_, target) =
            target.ok_or_else(|| bad("expected `fraud`, `gateway`, `intake` or `ledger`"))?;
        Ok(Injection {
            fault,
            target,
            after: duration(time).ok_or_else(|| bad("expected a time, such as `2s` or `500ms`"))?,
            times: times
                .parse()
                .map_err(|_| bad("expected a number after `*`"))?,
        })
    }
}

/// `2s`, `500ms`
fn duration(text: &str) -> Option<Duration> {
    let (digits, unit): (_, fn(u64) -> Duration) = match text.strip_suffix("ms") {
        Some(digits) => (digits, Duration::from_millis),
        None => (text.strip_suffix('s')?, Duration::from_secs),
    };
    digits.parse().ok().map(unit)
}

/// How long a server that is to fail several times has for coming back.
const BETWEEN: Duration = Duration::from_millis(50);

impl Injection {
    /// Waits for its time, and makes the server fail.
    pub async fn carry_out(self, server: FallibleRef) {
        time::sleep(self.after).await;
        for _ in 0..self.times {
            tracing::warn!("{:?} of {:?} injected", self.fault, self.target);
            server.fail(self.fault);
            time::sleep(BETWEEN).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_injection_is_read() {
        let crash = Injection {
            fault: Fault::Crash,
            target: Target::Ledger,
            after: Duration::from_secs(2),
            times: 1,
        };
        assert_eq!("crash:ledger@2s".parse(), Ok(crash));
        let hang = Injection {
            fault: Fault::Hang,
            target: Target::Gateway,
            after: Duration::from_millis(500),
            times: 3,
        };
        assert_eq!("hang:gateway@500ms*3".parse(), Ok(hang));
    }

    #[test]
    fn a_bad_one_is_refused_with_what_was_expected() {
        for (text, expected) in [
            ("ledger", "FAULT:SERVER@TIME"),
            ("crash:ledger", "FAULT:SERVER@TIME"),
            ("burn:ledger@2s", "`crash` or `hang`"),
            ("crash:bank@2s", "`fraud`, `gateway`"),
            ("crash:ledger@2m", "a time"),
            ("crash:ledger@soon", "a time"),
            ("crash:ledger@2s*many", "a number"),
        ] {
            let error = text.parse::<Injection>().unwrap_err().to_string();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }
}
