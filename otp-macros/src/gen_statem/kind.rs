//! What an attribute of a handler marks.

use syn::Path;

use crate::symbol;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Init,
    Call,
    Cast,
    Info,
    Internal,
    StateTimeout,
    EventTimeout,
    Timeout,
    Down,
    Exit,
    Enter,
    Terminate,
    FormatStatus,
    /// What servers have and machines do not: `#[handle_continue]`, `#[handle_timeout]`.
    Foreign,
}

impl Kind {
    const OWN: [(&'static str, Kind); 5] = [
        ("internal", Kind::Internal),
        ("state_timeout", Kind::StateTimeout),
        ("event_timeout", Kind::EventTimeout),
        ("timeout", Kind::Timeout),
        ("enter", Kind::Enter),
    ];

    /// The kind that an attribute's path names, by its last segment.
    pub(super) fn of(path: &Path) -> Option<Kind> {
        let last = path.segments.last()?.ident.to_string();
        let own = Self::OWN.into_iter().find(|(name, _)| *name == last);
        own.map(|(_, kind)| kind)
            .or_else(|| symbol::Kind::of(path).map(Kind::from))
    }

    /// The name of the kind that is meant by a name that is one slip from it.
    pub(super) fn meant_by(path: &Path) -> Option<&'static str> {
        let written = path.get_ident()?.to_string();
        if symbol::is_one_slip(&written, "on") && written.len() == 2 {
            return None;
        }
        let own = Self::OWN.into_iter().map(|(name, _)| name);
        own.into_iter()
            .find(|name| symbol::is_one_slip(&written, name))
            .or_else(|| symbol::Kind::meant_by(path).map(symbol::Kind::name))
    }

    /// Whether its handlers are variants of the message enum.
    pub(super) const fn is_event(self) -> bool {
        !matches!(
            self,
            Kind::Init | Kind::Enter | Kind::Terminate | Kind::FormatStatus | Kind::Foreign
        )
    }

    /// Whether it can come in any state, so that every state has to say what becomes of it. A state timeout goes with its
    /// state, an event timeout with the next event.
    pub(super) const fn comes_in_every_state(self) -> bool {
        self.is_event() && !matches!(self, Kind::StateTimeout | Kind::EventTimeout)
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Kind::Init => "init",
            Kind::Call => "call",
            Kind::Cast => "cast",
            Kind::Info => "handle_info",
            Kind::Internal => "internal",
            Kind::StateTimeout => "state_timeout",
            Kind::EventTimeout => "event_timeout",
            Kind::Timeout => "timeout",
            Kind::Down => "handle_down",
            Kind::Exit => "handle_exit",
            Kind::Enter => "enter",
            Kind::Terminate => "terminate",
            Kind::FormatStatus => "format_status",
            Kind::Foreign => "handle_continue",
        }
    }
}

impl From<symbol::Kind> for Kind {
    fn from(kind: symbol::Kind) -> Self {
        match kind {
            symbol::Kind::Init => Kind::Init,
            symbol::Kind::Call => Kind::Call,
            symbol::Kind::Cast => Kind::Cast,
            symbol::Kind::Info => Kind::Info,
            symbol::Kind::Down => Kind::Down,
            symbol::Kind::Exit => Kind::Exit,
            symbol::Kind::Terminate => Kind::Terminate,
            symbol::Kind::FormatStatus => Kind::FormatStatus,
            symbol::Kind::Continue | symbol::Kind::Timeout => Kind::Foreign,
        }
    }
}
