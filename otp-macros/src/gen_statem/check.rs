//! The rules of a machine. Each reports at the token to change, in one sentence that ends in what to write.
//!
//! What the handlers of every server have to observe is told by the rules of `#[gen_server]`.

use std::collections::BTreeSet;

use proc_macro2::Ident;
use quote::ToTokens;
use syn::{Data, Fields, GenericParam, ItemImpl, Type};

use super::ast::On;
use super::body;
use super::kind::Kind;
use super::model::{self, Entry, Event, Handler, Machine, Role};
use super::sentence;
use super::states::{State, States};
use crate::errors::Errors;
use crate::gen_server::ast::is_cfg;
use crate::gen_server::check as server_check;
use crate::gen_server::model::Server;
use crate::names;
use crate::runtime::Runtime;
use crate::symbol::STARTERS;

/// What is wrong with the enum.
pub(super) fn states(errors: &mut Errors, states: &States) {
    let name = &states.item.ident;
    if !matches!(states.item.data, Data::Enum(_)) || states.states.is_empty() {
        errors.push(
            name,
            format!("`{name}` has no state; write one as a variant, with `#[initial]` above it"),
        );
        return;
    }
    for param in &states.item.generics.params {
        if let GenericParam::Lifetime(lifetime) = param {
            errors.push(
                lifetime,
                "a state machine owns its state, for it outlives its starter; remove the lifetime",
            );
        }
    }
    for cfg in states.states.iter().filter_map(|state| state.cfg.as_ref()) {
        errors.push(
            cfg,
            "a machine has the same states in every build; remove the `#[cfg]`",
        );
    }
    let mut initial = states
        .states
        .iter()
        .filter_map(|state| state.initial.as_ref());
    if initial.next().is_none() {
        errors.push(
            name,
            format!(
                "`{name}` does not say where it begins; write `#[initial]` above one of its states"
            ),
        );
    }
    for second in initial {
        errors.push(
            second,
            "a machine begins in one state; remove this `#[initial]`, or the other",
        );
    }
}

/// What is wrong with an impl before anything in it is read.
pub(super) fn header(errors: &mut Errors, header: &ItemImpl) {
    if let Some((path, for_token)) = &header.trait_ {
        let place = path.to_token_stream().into_iter();
        let place = place.chain(for_token.to_token_stream());
        errors.push(
            place.collect::<proc_macro2::TokenStream>(),
            format!(
                "`#[gen_statem]` belongs on the inherent impl; write `impl {}`",
                names::text(&header.self_ty)
            ),
        );
    }
    if let Some(unsafety) = &header.unsafety {
        errors.push(unsafety, "an inherent impl is safe; remove `unsafe`");
    }
}

/// What is wrong with a machine. What depends on all handlers is told once each of them is right.
pub(super) fn machine(errors: &mut Errors, machine: &Machine<'_>) {
    for handler in machine.handlers() {
        marks(errors, handler);
        if handler.kind == Kind::Foreign {
            continue;
        }
        name(errors, handler);
        on(errors, handler, machine.states);
        targets(errors, handler, machine.states);
        receiver(errors, handler);
        params(errors, handler);
        if errors.is_empty() {
            leads(errors, handler, machine.states);
        }
    }
    servers_rules(errors, machine);
    for event in &machine.events {
        one_event(errors, event);
        one_handler_a_state(errors, event.handlers.iter(), &format!("`{}`", event.name));
    }
    one_handler_a_state(errors, machine.enters.iter(), "its enter call");
    one_of_a_kind(errors, machine);
    for (list, entries) in [
        ("postpone", &machine.postponed),
        ("ignore", &machine.ignored),
    ] {
        for entry in entries {
            entry_is_right(errors, entry, list, machine);
        }
    }
    initial_has_its_data(errors, machine);
    if errors.is_empty() {
        for event in &machine.events {
            is_covered(errors, event, machine);
        }
        is_reached(errors, machine);
    }
}

/// What is wrong with the messages that the events are.
pub(super) fn server(errors: &mut Errors, server: &Server<'_>) {
    server_check::variants_differ(errors, server);
}

/// The rules of servers' handlers.
fn servers_rules(errors: &mut Errors, machine: &Machine<'_>) {
    let block = model::handlers_block(machine);
    let Some(server) = Server::new(Runtime::new(None), &block) else {
        return;
    };
    let messages = server.messages.iter().map(|message| &message.handler);
    for handler in server
        .inits
        .iter()
        .take(1)
        .chain(messages)
        .chain(&server.callbacks)
    {
        server_check::one_handler(errors, handler, &server);
    }
}

fn marks(errors: &mut Errors, handler: &Handler<'_>) {
    let marks = &handler.method.marks;
    let Some(first) = marks.first() else {
        let name = handler.name();
        errors.push(
            name,
            format!(
                "`{name}` does not say what it handles; write `#[call]`, `#[cast]`, `#[handle_info]`, `#[internal]`, \
                 `#[state_timeout]` or another above it"
            ),
        );
        return;
    };
    match first.kind {
        None => {
            let meant = Kind::meant_by(first.attr.path()).unwrap_or_default();
            let written = names::text(first.attr.path());
            errors.push(
                first.attr.path(),
                format!("there is no `#[{written}]`; write `#[{meant}]`"),
            );
        }
        Some(Kind::Foreign) => {
            let written = names::text(first.attr.path());
            let instead = if written.ends_with("timeout") {
                "event_timeout"
            } else {
                "internal"
            };
            errors.push(
                first.attr.path(),
                format!("a state machine has no `#[{written}]`; write `#[{instead}]`"),
            );
        }
        Some(Kind::Internal | Kind::Timeout | Kind::Enter | Kind::Down | Kind::Exit) => {
            if !matches!(first.attr.meta, syn::Meta::Path(_)) {
                let written = names::text(first.attr.path());
                errors.push(
                    &first.attr,
                    format!("`#[{written}]` takes no options; write `#[{written}]`"),
                );
            }
        }
        Some(_) => {}
    }
    for second in marks.iter().skip(1) {
        let first = names::text(first.attr.path());
        errors.push(
            &second.attr,
            format!(
                "a method handles one thing, and this one is a `#[{first}]`; remove one of the two"
            ),
        );
    }
}

fn name(errors: &mut Errors, handler: &Handler<'_>) {
    let name = handler.name();
    if STARTERS.iter().any(|starter| name == starter) {
        errors.push(
            name,
            format!("`{name}` is the name of a starter, which `#[gen_statem]` writes; choose another name"),
        );
    }
    for cfg in handler.method.attrs.iter().filter(|attr| is_cfg(attr)) {
        errors.push(
            cfg,
            "a machine handles the same events in every build; put the `#[cfg]` inside of the handler",
        );
    }
}

fn on(errors: &mut Errors, handler: &Handler<'_>, states: &States) {
    let attrs = &handler.method.on;
    let runs_in_states = handler.kind.is_event() || handler.kind == Kind::Enter;
    if !runs_in_states {
        for attr in attrs {
            let kind = handler.kind.name();
            errors.push(
                attr,
                format!("`#[{kind}]` is of no state; remove the `#[on]`"),
            );
        }
        return;
    }
    if attrs.is_empty() {
        let name = handler.name();
        let one = states
            .initial()
            .map_or_else(|| "_".to_owned(), |state| state.name.to_string());
        errors.push(
            name,
            format!("`{name}` does not say in which states it runs; write `#[on({one})]` above it"),
        );
    }
    for on in &handler.on {
        if let On::State { name, .. } = on {
            is_a_state(errors, name, states);
        }
    }
}

/// Reports a name that is no state's. True if it is one.
fn is_a_state(errors: &mut Errors, name: &Ident, states: &States) -> bool {
    let is_state = states.find(name).is_some();
    if !is_state {
        let names = sentence(&states.names(), "or");
        errors.push(name, format!("there is no state `{name}`; write {names}"));
    }
    is_state
}

fn targets(errors: &mut Errors, handler: &Handler<'_>, states: &States) {
    let Some(targets) = &handler.targets else {
        return;
    };
    let may_lead = handler.kind.is_event();
    if !may_lead {
        let message = match handler.kind {
            Kind::Enter => "an enter call stays in the state that it enters; remove the `To!`",
            Kind::Init => {
                "`#[init]` gives the first state; write `-> Self` or `-> Result<Self, E>`"
            }
            _ => "this leads nowhere; remove the `To!`",
        };
        errors.push(&targets.written, message);
        return;
    }
    if targets.states.is_empty() && targets.written.to_string().ends_with("[]") {
        errors.push(
            &targets.written,
            "a handler that leads nowhere keeps its state; name a state, or write `&mut self` and remove the `To!`",
        );
    }
    for (place, target) in targets.states.iter().enumerate() {
        if !is_a_state(errors, target, states) {
            continue;
        }
        if targets
            .states
            .iter()
            .take(place)
            .any(|earlier| earlier == target)
        {
            errors.push(
                target,
                format!("`{target}` is named already; remove one of the two"),
            );
        }
    }
    if let (true, true) = (targets.is_optional, handler.takes_the_state()) {
        errors.push(
            &targets.written,
            "a handler that takes `self` leaves a state behind; write the `To!` without `Option`, or `&mut self`",
        );
    }
}

fn receiver(errors: &mut Errors, handler: &Handler<'_>) {
    let Some(receiver) = handler.receiver() else {
        return;
    };
    if !handler.takes_the_state() {
        return;
    }
    let name = handler.name();
    match handler.kind {
        Kind::Enter | Kind::Terminate | Kind::FormatStatus => errors.push(
            receiver,
            format!("`#[{}]` leaves the state where it is; write `&mut self`", handler.kind.name()),
        ),
        Kind::Init => {}
        _ if handler.targets.is_none() => errors.push(
            receiver,
            format!("`{name}` takes the state and leads nowhere; write `&mut self`, or where it leads: `-> To![…]`"),
        ),
        _ => {}
    }
}

fn params(errors: &mut Errors, handler: &Handler<'_>) {
    for param in &handler.params {
        let ty = &*param.typed.ty;
        if param.role == Role::Context {
            errors.push(
                ty,
                "a machine's callback is lent its actions; write `&mut Actions<Self>`",
            );
        }
        if param.role == Role::ReplyTo && handler.kind != Kind::Call {
            errors.push(
                ty,
                "nobody waits for an answer; write `#[call]`, or remove the `ReplyTo`",
            );
        }
    }
    let mut actions = handler
        .params
        .iter()
        .filter(|param| param.role == Role::Actions);
    actions.next();
    for second in actions {
        errors.push(
            &second.typed.ty,
            "one list of actions is enough; remove this one",
        );
    }
    if handler.kind == Kind::FormatStatus {
        for param in handler
            .params
            .iter()
            .filter(|param| param.role == Role::Actions)
        {
            errors.push(
                &param.typed.ty,
                "`#[format_status]` sees the state only; remove this parameter",
            );
        }
    }
    let mut data = handler.data();
    if handler.time.is_some()
        && let Some(param) = data.next()
    {
        errors.push(
            param,
            "a timeout with a time of its own brings nothing; remove this parameter, or the time, and set it by `actions`",
        );
    }
    let most = match handler.kind {
        Kind::Enter | Kind::Down | Kind::Exit => 1,
        _ => return,
    };
    let (takes, example) = match handler.kind {
        Kind::Enter => ("the state that it comes from", "from: State"),
        Kind::Down => ("a `Down`", "down: Down"),
        _ => ("an `Exit`", "exit: Exit"),
    };
    for param in handler.data().skip(most) {
        errors.push(
            param,
            format!(
                "`#[{}]` takes {takes} and the actions only; remove this parameter",
                handler.kind.name()
            ),
        );
    }
    if handler.kind != Kind::Enter && handler.data().next().is_none() {
        let name = handler.name();
        errors.push(
            name,
            format!("`{name}` is told of {takes}; write `{example}` among its parameters"),
        );
    }
    if handler.answer.is_some() && handler.kind == Kind::Enter {
        errors.push(
            &handler.answer,
            "nobody waits for an answer of an enter call; remove it",
        );
    }
}

/// Each `To::State` of the body is among the targets of the signature.
fn leads(errors: &mut Errors, handler: &Handler<'_>, states: &States) {
    let name = handler.name();
    for (to, state) in body::targets(handler.method.body.stream()) {
        match &handler.targets {
            None if handler.kind.is_event() => errors.push(
                to,
                format!("`{name}` leads nowhere; write `-> To![{state}]`, or remove this"),
            ),
            None => {}
            Some(targets) if targets.states.contains(&state) => {}
            Some(targets) if is_a_state(errors, &state, states) => {
                let written = names::text(&targets.written)
                    .replace(" ! ", "!")
                    .replace("! ", "!");
                errors.push(
                    &state,
                    format!(
                        "`{name}` does not lead to `{state}`; add it to `{written}`, or write {}",
                        sentence(&targets.states, "or")
                    ),
                );
            }
            Some(_) => {}
        }
        if !errors.is_empty() {
            return;
        }
    }
}

/// The handlers of one event are of one kind, take the same and answer the same.
fn one_event(errors: &mut Errors, event: &Event<'_>) {
    let name = event.name;
    let Some((first, others)) = event.handlers.split_first() else {
        return;
    };
    let text = |ty: &Type| names::text(ty);
    for other in others {
        if other.kind != first.kind {
            errors.push(
                other.mark,
                format!(
                    "`{name}` is a `#[{0}]` in other states; write `#[{0}]`",
                    first.kind.name()
                ),
            );
            continue;
        }
        let (mut expected, mut found) = (first.data(), other.data());
        loop {
            match (expected.next(), found.next()) {
                (None, None) => break,
                (Some(expected), Some(found)) => {
                    if text(&expected.ty) != text(&found.ty) {
                        errors.push(
                            &found.ty,
                            format!("`{name}` takes `{}` in other states; write that, or give the event another name", text(&expected.ty)),
                        );
                    }
                }
                (Some(missing), None) => {
                    let missing = format!("{}: {}", names::text(&missing.pat), text(&missing.ty));
                    errors.push(other.name(), format!("`{name}` takes `{missing}` in other states; write that parameter here, too"));
                    break;
                }
                (None, Some(found)) => {
                    errors.push(
                        found,
                        format!(
                            "`{name}` takes no such thing in other states; remove this parameter"
                        ),
                    );
                    break;
                }
            }
        }
        if first.kind != Kind::Call {
            continue;
        }
        let answers = [first, other].map(|handler| {
            handler
                .answers()
                .map_or_else(|| "()".to_owned(), |ty| text(&ty))
        });
        let [expected, found] = answers;
        if expected != found {
            let place = other.answers().map_or_else(
                || other.name().to_token_stream(),
                ToTokens::into_token_stream,
            );
            errors.push(
                place,
                format!("`{name}` answers `{expected}` in other states; answer that, or give the event another name"),
            );
        }
    }
    for handler in &event.handlers {
        if let (
            Kind::Internal
            | Kind::StateTimeout
            | Kind::EventTimeout
            | Kind::Timeout
            | Kind::Info
            | Kind::Down
            | Kind::Exit,
            Some(answer),
        ) = (handler.kind, &handler.answer)
        {
            errors.push(
                answer,
                format!(
                    "nobody waits for an answer of a `#[{}]`; remove `-> {}`",
                    handler.kind.name(),
                    text(answer)
                ),
            );
        }
    }
}

/// No state has two handlers.
fn one_handler_a_state<'a: 'b, 'b>(
    errors: &mut Errors,
    handlers: impl Iterator<Item = &'b Handler<'a>>,
    what: &str,
) {
    let mut seen: BTreeSet<String> = BTreeSet::new();
    for on in handlers.flat_map(|handler| &handler.on) {
        match on {
            On::State { name, .. } if !seen.insert(name.to_string()) => {
                errors.push(
                    name,
                    format!("`{name}` has a handler of {what} already; remove one of the two"),
                );
            }
            On::Any(any) if !seen.insert("_".to_owned()) => {
                errors.push(
                    any,
                    format!(
                        "the other states have a handler of {what} already; remove one of the two"
                    ),
                );
            }
            On::State { .. } | On::Any(_) => {}
        }
    }
}

fn one_of_a_kind(errors: &mut Errors, machine: &Machine<'_>) {
    let second_init = machine
        .rest
        .iter()
        .filter(|handler| handler.kind == Kind::Init);
    let callbacks = |kind| {
        let of_kind = machine
            .callbacks
            .iter()
            .filter(move |handler| handler.kind == kind);
        of_kind.skip(1)
    };
    let events = |kind| {
        let of_kind = machine
            .events
            .iter()
            .filter(move |event| event.kind == kind);
        of_kind.skip(1).filter_map(|event| event.handlers.first())
    };
    let seconds = second_init
        .chain(callbacks(Kind::Terminate))
        .chain(callbacks(Kind::FormatStatus))
        .chain(events(Kind::Down))
        .chain(events(Kind::Exit));
    for second in seconds {
        let kind = second.kind.name();
        let message = if second.kind.is_event() {
            format!(
                "a machine has one event for `#[{kind}]`; give this handler the name of the other"
            )
        } else {
            format!("a machine has one `#[{kind}]`; remove this one or the other")
        };
        errors.push(second.mark, message);
    }
}

fn entry_is_right(errors: &mut Errors, entry: &Entry, list: &str, machine: &Machine<'_>) {
    let name = &entry.event;
    let Some(event) = machine.event(name) else {
        let events: Vec<_> = machine.events.iter().map(|event| event.name).collect();
        errors.push(
            name,
            format!(
                "there is no event `{name}`; write {}",
                sentence(&events, "or")
            ),
        );
        return;
    };
    for state in &entry.states {
        if !is_a_state(errors, state, machine.states) {
            continue;
        }
        let is_handled = event.handlers.iter().any(|handler| handler.is_on(state));
        let other = [
            ("ignore", &machine.ignored),
            ("postpone", &machine.postponed),
        ];
        let is_listed_twice = other.into_iter().any(|(other, entries)| {
            let mut entries = entries.iter();
            other != list
                && list == "postpone"
                && entries.any(|other| other.event == *name && other.states.contains(state))
        });
        if is_handled {
            errors.push(
                state,
                format!("`{state}` handles `{name}`; remove it here, or there"),
            );
        } else if is_listed_twice {
            errors.push(
                state,
                format!("`{state}` ignores `{name}`; remove it here, or there"),
            );
        }
    }
}

fn has_data(state: &State) -> bool {
    !matches!(state.fields, Fields::Unit) && !state.fields.is_empty()
}

fn initial_has_its_data(errors: &mut Errors, machine: &Machine<'_>) {
    let initial = machine.states.initial();
    let Some(initial) = initial.filter(|state| has_data(state) && machine.init.is_none()) else {
        return;
    };
    let (name, state) = (&machine.states.item.ident, &initial.name);
    let has_init = machine
        .rest
        .iter()
        .any(|handler| handler.kind == Kind::Init);
    if !has_init {
        errors.push(
            &machine.block.header.self_ty,
            format!("`{name}` begins in `{state}`, which has data; write `#[init] fn init() -> Self {{ … }}` in this impl"),
        );
    }
}

/// Every state handles the event, postpones it or ignores it.
fn is_covered(errors: &mut Errors, event: &Event<'_>, machine: &Machine<'_>) {
    if !event.kind.comes_in_every_state() {
        return;
    }
    let open: Vec<&Ident> = machine
        .states
        .names()
        .into_iter()
        .filter(|state| {
            machine.handler(event, state).is_none()
                && !machine.is_postponed(event, state)
                && !machine.is_ignored(event, state)
        })
        .collect();
    let Some(one) = open.first() else { return };
    let name = event.name;
    errors.push(
        name,
        format!(
            "`{name}` is not handled in {}; write a handler with `#[on({one})]`, or \
             `#[gen_statem(ignore({name}: {one}))]` or `postpone` above the impl",
            sentence(&open, "and")
        ),
    );
}

/// Every state can be reached from the first one.
fn is_reached(errors: &mut Errors, machine: &Machine<'_>) {
    let Some(initial) = machine.states.initial() else {
        return;
    };
    let mut reached = vec![&initial.name];
    let mut next = 0;
    while let Some(from) = reached.get(next).copied() {
        next += 1;
        for event in &machine.events {
            let handler = machine.handler(event, from);
            let targets = handler.and_then(|handler| handler.targets.as_ref());
            for target in targets.iter().flat_map(|targets| &targets.states) {
                if !reached.contains(&target) {
                    reached.push(target);
                }
            }
        }
    }
    // As if it were told of where the enum stands: it has come here through a macro.
    let here = machine.block.header.impl_token.span;
    for state in &machine.states.states {
        let mut name = state.name.clone();
        if !reached.contains(&&name) {
            name.set_span(here.located_at(name.span()));
            errors.push(
                &name,
                format!(
                    "nothing leads from `{}` to `{name}`; write it in the `To![…]` of a handler, or remove it",
                    initial.name
                ),
            );
        }
    }
}
