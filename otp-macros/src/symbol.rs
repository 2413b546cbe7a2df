//! Every attribute word, once.

/// What a handler attribute marks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Init,
    Call,
    Cast,
    Info,
    Continue,
    Down,
    Exit,
    Timeout,
    Terminate,
    FormatStatus,
}

impl Kind {
    const ALL: [Kind; 10] = [
        Kind::Init,
        Kind::Call,
        Kind::Cast,
        Kind::Info,
        Kind::Continue,
        Kind::Down,
        Kind::Exit,
        Kind::Timeout,
        Kind::Terminate,
        Kind::FormatStatus,
    ];

    /// The attribute's name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Kind::Init => "init",
            Kind::Call => "call",
            Kind::Cast => "cast",
            Kind::Info => "handle_info",
            Kind::Continue => "handle_continue",
            Kind::Down => "handle_down",
            Kind::Exit => "handle_exit",
            Kind::Timeout => "handle_timeout",
            Kind::Terminate => "terminate",
            Kind::FormatStatus => "format_status",
        }
    }

    /// The kind that an attribute's path names, by its last segment.
    pub(crate) fn of(path: &syn::Path) -> Option<Kind> {
        let last = &path.segments.last()?.ident;
        Self::ALL.into_iter().find(|kind| last == kind.name())
    }

    /// The kind that is meant by a name that is none of ours: a callback of Elixir, an attribute of kameo, a slip.
    pub(crate) fn meant_by(path: &syn::Path) -> Option<Kind> {
        let written = path.get_ident()?.to_string();
        match written.as_str() {
            "handle_call" | "message" => return Some(Kind::Call),
            "handle_cast" => return Some(Kind::Cast),
            _ => {}
        }
        Self::ALL
            .into_iter()
            .find(|kind| is_one_slip(&written, kind.name()))
    }

    /// Whether its handlers are variants of the message enum.
    pub(crate) const fn is_message(self) -> bool {
        matches!(self, Kind::Call | Kind::Cast | Kind::Info | Kind::Continue)
    }

    /// The kind with an article, as a sentence needs it.
    pub(crate) const fn noun(self) -> &'static str {
        match self {
            Kind::Call => "a call",
            Kind::Cast => "a cast",
            Kind::Info => "a `#[handle_info]`",
            Kind::Continue => "a `#[handle_continue]`",
            Kind::Init => "`#[init]`",
            Kind::Down => "`#[handle_down]`",
            Kind::Exit => "`#[handle_exit]`",
            Kind::Timeout => "`#[handle_timeout]`",
            Kind::Terminate => "`#[terminate]`",
            Kind::FormatStatus => "`#[format_status]`",
        }
    }
}

/// Whether two words differ by one letter that is missing, added or another, or by two that have changed places.
pub(crate) fn is_one_slip(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let same = a.iter().zip(b).take_while(|(a, b)| a == b).count();
    let (a, b) = (a.get(same..), b.get(same..));
    match (a, b) {
        (Some([_, a @ ..]), Some([_, b @ ..])) if a == b => true,
        (Some([x, y, a @ ..]), Some([v, w, b @ ..])) if (x, y, a) == (w, v, b) => true,
        (Some([_, a @ ..]), Some(b)) if a == b => true,
        (Some(a), Some([_, b @ ..])) => a == b,
        _ => false,
    }
}

/// Types that are known by the last segment of their path.
pub(crate) const CONTEXT: &str = "Context";
pub(crate) const REPLY_TO: &str = "ReplyTo";
pub(crate) const RESULT: &str = "Result";

/// Options.
pub(crate) const CRATE: &str = "crate";
pub(crate) const RESTART: &str = "restart";
pub(crate) const SHUTDOWN: &str = "shutdown";
pub(crate) const MAILBOX: &str = "mailbox";
pub(crate) const PROTOCOLS: &str = "protocols";
pub(crate) const FLAVOR: &str = "flavor";
pub(crate) const WORKER_THREADS: &str = "worker_threads";
pub(crate) const LEAKS: &str = "leaks";
pub(crate) const CRASHES: &str = "crashes";
pub(crate) const SHUFFLED: &str = "shuffled";
pub(crate) const ALLOWED: &str = "allowed";

/// Options of an application.
pub(crate) const NAME: &str = "name";
pub(crate) const ENV: &str = "env";
pub(crate) const ENV_PREFIX: &str = "env_prefix";
pub(crate) const DEFAULTS: &str = "defaults";
pub(crate) const APPLICATIONS: &str = "applications";
pub(crate) const OPTIONAL: &str = "optional";
pub(crate) const INCLUDED: &str = "included";
pub(crate) const START_PHASES: &str = "start_phases";
pub(crate) const SHUTDOWN_TIMEOUT: &str = "shutdown_timeout";

/// The options of `#[otp_core::application]`.
pub(crate) const APPLICATION_OPTIONS: [&str; 10] = [
    NAME,
    ENV,
    ENV_PREFIX,
    DEFAULTS,
    APPLICATIONS,
    OPTIONAL,
    INCLUDED,
    START_PHASES,
    SHUTDOWN_TIMEOUT,
    CRATE,
];

/// The options of `#[otp_core::main]`, and those of `#[otp_core::test]`.
pub(crate) const MAIN_OPTIONS: [&str; 3] = [FLAVOR, WORKER_THREADS, CRATE];
pub(crate) const TEST_OPTIONS: [&str; 6] =
    [FLAVOR, WORKER_THREADS, LEAKS, CRASHES, SHUFFLED, CRATE];

/// The options that may stand without a value.
pub(crate) const FLAGS: [&str; 1] = [SHUFFLED];

/// The options that are a list in parentheses.
pub(crate) const LISTS: [&str; 5] = [PROTOCOLS, APPLICATIONS, OPTIONAL, INCLUDED, START_PHASES];

/// What a list may hold, as a sentence shows it.
pub(crate) fn one_of_list(key: &proc_macro2::Ident) -> &'static str {
    match key.to_string().as_str() {
        START_PHASES => "\"listen\"",
        APPLICATIONS | OPTIONAL | INCLUDED => "Repo",
        _ => "KeyValue",
    }
}

/// Settings of a tree, and options of a child.
pub(crate) const STRATEGY: &str = "strategy";
pub(crate) const MAX_RESTARTS: &str = "max_restarts";
pub(crate) const AUTO_SHUTDOWN: &str = "auto_shutdown";
pub(crate) const BACK_OFF: &str = "back_off";
pub(crate) const CHILDREN: &str = "children";
pub(crate) const SIGNIFICANT: &str = "significant";

/// What a tree says of itself.
pub(crate) const TREE_SETTINGS: [&str; 6] = [
    STRATEGY,
    MAX_RESTARTS,
    AUTO_SHUTDOWN,
    BACK_OFF,
    CHILDREN,
    CRATE,
];

/// What a tree says of every child.
pub(crate) const CHILD_OPTIONS: [&str; 3] = [RESTART, SHUTDOWN, SIGNIFICANT];

/// What a tree says beside that of what is built before it starts; of what is not here, any method.
pub(crate) const BUILDER_OPTIONS: [(&str, &[&str]); 3] = [
    (
        "DynamicSupervisor",
        &["max_children", MAX_RESTARTS, BACK_OFF],
    ),
    ("PartitionSupervisor", &[MAX_RESTARTS, BACK_OFF]),
    ("TaskSupervisor", &["max_children", MAX_RESTARTS, BACK_OFF]),
];

/// The options that belong above the struct.
pub(crate) const SERVER_OPTIONS: [&str; 3] = [RESTART, SHUTDOWN, MAILBOX];

/// The options that belong above the impl.
pub(crate) const IMPL_OPTIONS: [&str; 2] = [PROTOCOLS, CRATE];

/// The starters that `#[gen_server]` puts on a server.
pub(crate) const STARTERS: [&str; 4] = ["start", "start_link", "start_monitor", "child_spec"];

/// Words as a sentence lists them: `` `restart`, `shutdown` ``.
pub(crate) fn list(words: &[&str]) -> String {
    let words: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    words.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_one_letter() {
        for (written, expected) in [
            ("cal", Some(Kind::Call)),
            ("calls", Some(Kind::Call)),
            ("cost", Some(Kind::Cast)),
            ("handle_call", Some(Kind::Call)),
            ("call", None),
            ("cold", None),
            ("clal", Some(Kind::Call)),
            ("test", None),
            ("inline", None),
        ] {
            let path = syn::parse_str(written).unwrap();
            assert_eq!(Kind::meant_by(&path), expected, "{written}");
        }
    }
}
