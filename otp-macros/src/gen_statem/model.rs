//! What a machine is: its events, its handlers by state, where they lead. Total but for what cannot be read at all.

use proc_macro2::{Group, Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote};
use syn::parse::{ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{
    Attribute, FnArg, GenericArgument, LitInt, PatType, Path, PathArguments, Receiver,
    ReceiverKind, ReturnType, Token, Type, Visibility, parse_quote,
};

use super::ast::{self, Block, Method, On};
use super::kind::Kind;
use super::states::States;
use crate::duration;
use crate::errors::Errors;
use crate::gen_server::ast as server_ast;
use crate::gen_server::model::{Server, last_segment_is, type_path};
use crate::names;
use crate::runtime::Runtime;
use crate::symbol::{CONTEXT, REPLY_TO};

pub(super) const ACTIONS: &str = "Actions";

pub(super) struct Machine<'a> {
    pub(super) states: &'a States,
    pub(super) block: &'a Block,
    pub(super) init: Option<Handler<'a>>,
    pub(super) events: Vec<Event<'a>>,
    pub(super) enters: Vec<Handler<'a>>,
    pub(super) callbacks: Vec<Handler<'a>>,
    /// The handlers in the order in which they were written, those of no kind among them, for the rules.
    pub(super) rest: Vec<Handler<'a>>,
    pub(super) postponed: Vec<Entry>,
    pub(super) ignored: Vec<Entry>,
}

/// `push: Locked`, in `postpone(…)` or `ignore(…)`.
pub(super) struct Entry {
    pub(super) event: Ident,
    pub(super) states: Vec<Ident>,
}

/// What comes under one name, with a handler for each of some states.
pub(super) struct Event<'a> {
    pub(super) name: &'a Ident,
    pub(super) kind: Kind,
    pub(super) handlers: Vec<Handler<'a>>,
}

/// A method with its marks understood.
pub(super) struct Handler<'a> {
    pub(super) method: &'a Method,
    pub(super) kind: Kind,
    pub(super) mark: Option<&'a Attribute>,
    /// `#[state_timeout(5s)]`, in milliseconds.
    pub(super) time: Option<u64>,
    pub(super) on: Vec<On>,
    pub(super) params: Vec<Param<'a>>,
    pub(super) targets: Option<Targets>,
    /// What stands beside the targets.
    pub(super) answer: Option<Type>,
}

pub(super) struct Param<'a> {
    pub(super) typed: &'a PatType,
    pub(super) role: Role,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Data,
    Actions,
    ReplyTo,
    /// Meant as the actions.
    Context,
}

/// `To![Unlocked, Locked]`.
pub(super) struct Targets {
    pub(super) written: TokenStream,
    pub(super) to: Ident,
    pub(super) states: Vec<Ident>,
    /// Inside of an `Option`: none keeps the state.
    pub(super) is_optional: bool,
}

impl<'a> Machine<'a> {
    pub(super) fn new(
        states: &'a States,
        block: &'a Block,
        arguments: TokenStream,
        errors: &mut Errors,
    ) -> Self {
        let mut machine = Machine {
            states,
            block,
            init: None,
            events: Vec::new(),
            enters: Vec::new(),
            callbacks: Vec::new(),
            rest: Vec::new(),
            postponed: Vec::new(),
            ignored: Vec::new(),
        };
        for (list, entries) in lists(arguments, errors) {
            if list == "postpone" {
                machine.postponed.extend(entries);
            } else {
                machine.ignored.extend(entries);
            }
        }
        for method in &block.methods {
            machine.add(Handler::new(method, errors));
        }
        machine
    }

    fn add(&mut self, handler: Handler<'a>) {
        match handler.kind {
            Kind::Init if self.init.is_none() => self.init = Some(handler),
            Kind::Enter => self.enters.push(handler),
            Kind::Terminate | Kind::FormatStatus => self.callbacks.push(handler),
            Kind::Init | Kind::Foreign => self.rest.push(handler),
            kind => {
                let name = &handler.method.sig.ident;
                match self.events.iter_mut().find(|event| event.name == name) {
                    Some(event) => event.handlers.push(handler),
                    None => self.events.push(Event {
                        name,
                        kind,
                        handlers: vec![handler],
                    }),
                }
            }
        }
    }

    /// All handlers.
    pub(super) fn handlers(&self) -> impl Iterator<Item = &Handler<'a>> {
        let events = self.events.iter().flat_map(|event| &event.handlers);
        self.init
            .iter()
            .chain(events)
            .chain(&self.enters)
            .chain(&self.callbacks)
            .chain(&self.rest)
    }

    pub(super) fn event(&self, name: &Ident) -> Option<&Event<'a>> {
        self.events.iter().find(|event| event.name == name)
    }

    /// The handler that an event has in a state: its own, else that of `_`.
    pub(super) fn handler<'b>(
        &self,
        event: &'b Event<'a>,
        state: &Ident,
    ) -> Option<&'b Handler<'a>> {
        let own = event.handlers.iter().find(|handler| handler.is_on(state));
        let listed =
            Self::lists(&self.postponed, event, state) || Self::lists(&self.ignored, event, state);
        own.or_else(|| {
            let mut handlers = event.handlers.iter().filter(|_| !listed);
            handlers.find(|handler| handler.is_on_any())
        })
    }

    pub(super) fn is_postponed(&self, event: &Event<'a>, state: &Ident) -> bool {
        Self::lists(&self.postponed, event, state)
    }

    pub(super) fn is_ignored(&self, event: &Event<'a>, state: &Ident) -> bool {
        Self::lists(&self.ignored, event, state)
    }

    fn lists(entries: &[Entry], event: &Event<'a>, state: &Ident) -> bool {
        entries
            .iter()
            .any(|entry| entry.event == *event.name && entry.states.contains(state))
    }

    /// The states that a handler runs in.
    pub(super) fn states_of<'b>(
        &'b self,
        event: &'b Event<'a>,
        handler: &'b Handler<'a>,
    ) -> impl Iterator<Item = &'b Ident> {
        self.states
            .states
            .iter()
            .map(|state| &state.name)
            .filter(|name| {
                self.handler(event, name)
                    .is_some_and(|found| std::ptr::eq(found, handler))
            })
    }

    /// As a server that has the events for messages. None when the impl is not for a type with a name.
    pub(super) fn server<'b>(&self, events: &'b server_ast::Block) -> Option<Server<'b>> {
        let path = self.crate_path();
        let mut server = Server::new(Runtime::new(path.as_ref()), events)?;
        let rt = &server.runtime;
        server.names.runs = quote!(#rt::Machine<Self>);
        server.names.address = format_ident!("StatemCalls");
        Some(server)
    }

    /// The attributes that servers have as well, on an item that is nothing, so that their names resolve; a machine's own
    /// have no macro.
    pub(super) fn attributes(&self) -> TokenStream {
        let marks = self.block.methods.iter().flat_map(|method| &method.marks);
        let paths = marks
            .map(|mark| mark.attr.path())
            .filter(|path| crate::symbol::Kind::of(path).is_some());
        quote!(#(#[#paths(handler)])* const _: () = ();)
    }

    fn crate_path(&self) -> Option<Path> {
        let mut silent = Errors::default();
        let settings = crate::attr::Settings::parse(
            self.states.arguments.clone(),
            &[crate::symbol::CRATE],
            &mut Errors::default(),
        );
        settings.crate_path(&mut silent)
    }

    /// `a::Turnstile<K>` -> `a::TurnstileState`.
    pub(super) fn state_type(&self) -> TokenStream {
        let mut path = type_path(&self.block.header.self_ty)
            .cloned()
            .unwrap_or_else(|| parse_quote!(Self));
        if let Some(last) = path.segments.last_mut() {
            last.ident = state_name(&self.states.item.ident);
            last.arguments = PathArguments::None;
        }
        path.into_token_stream()
    }
}

/// `Turnstile` -> `TurnstileState`.
pub(super) fn state_name(machine: &Ident) -> Ident {
    format_ident!(
        "{}State",
        machine,
        span = Span::call_site().located_at(machine.span())
    )
}

impl<'a> Handler<'a> {
    fn new(method: &'a Method, errors: &mut Errors) -> Self {
        let mark = method.marks.first();
        let mut handler = Handler {
            method,
            kind: mark.and_then(|mark| mark.kind).unwrap_or(Kind::Foreign),
            mark: mark.map(|mark| &mark.attr),
            time: None,
            on: Vec::new(),
            params: params(method),
            targets: None,
            answer: None,
        };
        for on in &method.on {
            match ast::states_of(on) {
                Ok(states) => handler.on.extend(states),
                Err(_) => errors.push(
                    on,
                    "these are no states; write their names, such as `#[on(Locked, Unlocked)]`, or `#[on(_)]`",
                ),
            }
        }
        handler.read_time(errors);
        if let ReturnType::Type(_, ty) = &method.sig.output {
            handler.read_output(ty, errors);
        }
        handler
    }

    fn read_time(&mut self, errors: &mut Errors) {
        let (Some(mark), Kind::StateTimeout | Kind::EventTimeout) = (self.mark, self.kind) else {
            return;
        };
        let syn::Meta::List(list) = &mark.meta else {
            return;
        };
        let time = syn::parse2::<LitInt>(list.tokens.clone()).ok();
        self.time = time.as_ref().and_then(duration::milliseconds);
        if self.time.is_none() {
            let instead = time.as_ref().and_then(duration::rewritten);
            let instead = instead.unwrap_or_else(|| "5s` or `500ms".to_owned());
            errors.push(
                &list.tokens,
                format!("this is no time; write a time such as `{instead}`"),
            );
        }
    }

    fn read_output(&mut self, ty: &Type, errors: &mut Errors) {
        match ty {
            Type::Tuple(tuple) if tuple.elems.first().is_some_and(leads_somewhere) => {
                let mut elems = tuple.elems.iter();
                self.targets = elems.next().and_then(|ty| targets(ty, errors));
                self.answer = elems.next().cloned();
                if let Some(third) = elems.next() {
                    errors.push(
                        third,
                        "a handler gives its targets and one answer; write `(To![…], Answer)`",
                    );
                }
            }
            ty if leads_somewhere(ty) => self.targets = targets(ty, errors),
            Type::Tuple(tuple) if tuple.elems.is_empty() => {}
            other => self.answer = Some(other.clone()),
        }
    }

    pub(super) fn name(&self) -> &'a Ident {
        &self.method.sig.ident
    }

    pub(super) fn is_async(&self) -> bool {
        self.method.sig.asyncness.is_some()
    }

    pub(super) fn is_on(&self, state: &Ident) -> bool {
        self.on
            .iter()
            .any(|on| matches!(on, On::State { name, .. } if name == state))
    }

    pub(super) fn is_on_any(&self) -> bool {
        self.on.iter().any(|on| matches!(on, On::Any(_)))
    }

    pub(super) fn receiver(&self) -> Option<&'a Receiver> {
        self.method.sig.receiver()
    }

    /// Whether it takes the state out: `self`.
    pub(super) fn takes_the_state(&self) -> bool {
        match self.receiver().map(|receiver| &receiver.kind) {
            None | Some(ReceiverKind::Reference(..)) => false,
            Some(ReceiverKind::Typed(_, ty)) => !matches!(**ty, Type::Reference(_)),
            Some(_) => true,
        }
    }

    pub(super) fn data(&self) -> impl Iterator<Item = &'a PatType> {
        self.params
            .iter()
            .filter(|param| param.role == Role::Data)
            .map(|param| param.typed)
    }

    pub(super) fn reply_to(&self) -> Option<&'a PatType> {
        let mut params = self.params.iter();
        params
            .find(|param| param.role == Role::ReplyTo)
            .map(|param| param.typed)
    }

    /// What a caller gets: by the return type, or by the `T` of a `ReplyTo<T>`.
    pub(super) fn answers(&self) -> Option<Type> {
        match self.reply_to() {
            Some(reply_to) => argument(&reply_to.ty).cloned(),
            None => self.answer.clone(),
        }
    }
}

fn params(method: &Method) -> Vec<Param<'_>> {
    let typed = method.sig.inputs.iter().filter_map(|input| match input {
        FnArg::Typed(typed) => Some(typed),
        FnArg::Receiver(_) => None,
    });
    let role = |ty: &Type| match ty {
        Type::Reference(reference)
            if reference.mutability.is_some() && last_segment_is(&reference.elem, ACTIONS) =>
        {
            Role::Actions
        }
        ty if last_segment_is(ty, REPLY_TO) => Role::ReplyTo,
        ty if is_context(ty) => Role::Context,
        _ => Role::Data,
    };
    typed
        .map(|typed| Param {
            typed,
            role: role(&typed.ty),
        })
        .collect()
}

fn is_context(ty: &Type) -> bool {
    let inner = match ty {
        Type::Reference(reference) => &reference.elem,
        ty => ty,
    };
    last_segment_is(inner, CONTEXT) || last_segment_is(inner, ACTIONS)
}

/// The `T` of `Option<T>`.
fn argument(ty: &Type) -> Option<&Type> {
    match &type_path(ty)?.segments.last()?.arguments {
        PathArguments::AngleBracketed(arguments) => match arguments.args.first()? {
            GenericArgument::Type(ty) => Some(ty),
            _ => None,
        },
        PathArguments::None | PathArguments::Parenthesized(_) => None,
    }
}

/// Whether it is `To![…]` or `Option<To![…]>`.
fn leads_somewhere(ty: &Type) -> bool {
    match ty {
        Type::Macro(ty) => ty.mac.path.is_ident("To"),
        Type::Group(group) => leads_somewhere(&group.elem),
        ty => last_segment_is(ty, "Option") && argument(ty).is_some_and(leads_somewhere),
    }
}

fn targets(ty: &Type, errors: &mut Errors) -> Option<Targets> {
    match ty {
        Type::Macro(written) => {
            let parser = Punctuated::<Ident, Token![,]>::parse_terminated;
            let states = parser.parse2(written.mac.tokens.clone());
            if states.is_err() {
                errors.push(
                    &written.mac.tokens,
                    "these are no states; write their names, such as `To![Locked, Unlocked]`",
                );
            }
            Some(Targets {
                written: ty.to_token_stream(),
                to: written.mac.path.segments.last()?.ident.clone(),
                states: states
                    .map(|states| states.into_iter().collect())
                    .unwrap_or_default(),
                is_optional: false,
            })
        }
        Type::Group(group) => targets(&group.elem, errors),
        option => Some(Targets {
            is_optional: true,
            ..targets(argument(option)?, errors)?
        }),
    }
}

/// Reads `postpone(push: Locked), ignore(coin: Unlocked | Open)`.
fn lists(arguments: TokenStream, errors: &mut Errors) -> Vec<(Ident, Vec<Entry>)> {
    let parse = |input: ParseStream<'_>| {
        let mut lists = Vec::new();
        while !input.is_empty() {
            let list: Ident = input.parse()?;
            if list != "postpone" && list != "ignore" {
                let message = if crate::symbol::SERVER_OPTIONS.contains(&list.to_string().as_str())
                    || list == "crate"
                {
                    format!(
                        "`{list}` says what a machine is; write it in the `#[gen_statem]` above the enum"
                    )
                } else {
                    format!("unknown option `{list}`; write one of `postpone`, `ignore`")
                };
                return Err(syn::Error::new_spanned(list, message));
            }
            let entries: Group = input.parse().map_err(|_| {
                syn::Error::new_spanned(
                    &list,
                    format!("`{list}` is a list; write `{list}(push: Locked)`"),
                )
            })?;
            let entries = Punctuated::<Entry, Token![,]>::parse_terminated.parse2(entries.stream());
            let entries = entries.map_err(|error| {
                syn::Error::new(
                    error.span(),
                    format!(
                        "`{list}` lists events with their states; write `{list}(push: Locked)`"
                    ),
                )
            })?;
            lists.push((list, entries.into_iter().collect()));
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(lists)
    };
    errors.take(parse.parse2(arguments)).unwrap_or_default()
}

impl syn::parse::Parse for Entry {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let event = input.parse()?;
        input.parse::<Token![:]>()?;
        let states = Punctuated::<Ident, Token![|]>::parse_separated_nonempty(input)?;
        Ok(Entry {
            event,
            states: states.into_iter().collect(),
        })
    }
}

/// The impl of a server whose messages are the events, one method each, and whose init is the machine's.
pub(super) fn events_block(machine: &Machine<'_>) -> server_ast::Block {
    let init = machine.init.as_ref().map_or_else(
        || {
            let mark = parse_quote!(#[init]);
            server_ast::Method::new(
                vec![mark],
                Visibility::Inherited,
                parse_quote!(fn init() -> Self),
            )
        },
        |init| as_servers(init),
    );
    let events = machine.events.iter().filter_map(event_method);
    let mut header = machine.block.header.clone();
    header.attrs.retain(|attr| !attr.path().is_ident("doc"));
    header.attrs.extend(machine.states.cfgs().cloned());
    server_ast::Block::of_methods(header, std::iter::once(init).chain(events))
}

/// The impl of a server that has each handler for a method, for the rules that servers' handlers have.
pub(super) fn handlers_block(machine: &Machine<'_>) -> server_ast::Block {
    let handlers = machine
        .handlers()
        .filter(|handler| handler.kind != Kind::Foreign && handler.kind != Kind::Enter);
    server_ast::Block::of_methods(machine.block.header.clone(), handlers.map(as_servers))
}

/// The method of a whole event: the docs and the visibility of the first handler that has some.
fn event_method(event: &Event<'_>) -> Option<server_ast::Method> {
    let mut method = as_servers(event.handlers.first()?);
    let documented = event.handlers.iter().find(|handler| {
        handler
            .method
            .attrs
            .iter()
            .any(|attr| attr.path().is_ident("doc"))
    });
    if let Some(documented) = documented {
        method.attrs.clone_from(&documented.method.attrs);
    }
    let is_public = |vis: &&Visibility| !matches!(vis, Visibility::Inherited);
    let mut visibilities = event.handlers.iter().map(|handler| &handler.method.vis);
    if let Some(vis) = visibilities.find(is_public) {
        method.vis = vis.clone();
    }
    // A name that says something wins over one that says that the parameter is not used.
    for (place, input) in method.sig.inputs.iter_mut().skip(1).enumerate() {
        let FnArg::Typed(typed) = input else { continue };
        let mut named = event
            .handlers
            .iter()
            .filter_map(|handler| handler.data().nth(place));
        let says = |typed: &&PatType| !names::text(&typed.pat).starts_with('_');
        if let Some(better) = named.find(says) {
            typed.pat.clone_from(&better.pat);
        }
    }
    Some(method)
}

/// A handler as one of a server: it borrows the state, answers what it answers, and has a mark that servers have.
fn as_servers(handler: &Handler<'_>) -> server_ast::Method {
    let method = handler.method;
    let mut sig = method.sig.clone();
    sig.inputs = method
        .sig
        .inputs
        .iter()
        .filter(|input| match input {
            FnArg::Receiver(_) => true,
            FnArg::Typed(typed) => handler
                .params
                .iter()
                .any(|param| param.role == Role::Data && std::ptr::eq(param.typed, typed)),
        })
        .cloned()
        .collect();
    if let (true, Some(FnArg::Receiver(receiver))) = (
        handler.takes_the_state() && handler.kind != Kind::Init,
        sig.inputs.first_mut(),
    ) {
        *receiver = parse_quote!(&mut self);
    }
    if handler.kind != Kind::Init {
        sig.output = match handler.answers() {
            Some(answer) if has_output(handler.kind) => parse_quote!(-> #answer),
            _ => ReturnType::Default,
        };
    }
    let mark: Attribute = match (handler.kind, handler.mark) {
        (
            Kind::Init
            | Kind::Call
            | Kind::Cast
            | Kind::Info
            | Kind::Terminate
            | Kind::FormatStatus,
            Some(mark),
        ) => mark.clone(),
        _ => parse_quote!(#[handle_info]),
    };
    let mut attrs = method.attrs.clone();
    attrs.push(mark);
    server_ast::Method::new(attrs, method.vis.clone(), sig)
}

/// Whether what it gives is for the rules of servers; the rules of machines tell of the others.
const fn has_output(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Call | Kind::Cast | Kind::Terminate | Kind::FormatStatus
    )
}

/// `Self::Unlocked { until }`, or the alternatives of several states; None if the handler binds no data.
pub(super) fn pattern(handler: &Handler<'_>) -> Option<TokenStream> {
    let states = handler.on.iter().filter_map(|on| match on {
        On::State { name, pattern } => Some((name, pattern.as_ref())),
        On::Any(_) => None,
    });
    let patterns: Vec<_> = states.collect();
    patterns.iter().find(|(_, pattern)| pattern.is_some())?;
    let pattern = |(name, pattern): &(&Ident, Option<&Group>)| {
        let pattern = pattern.map_or_else(|| quote!({ .. }), ToTokens::to_token_stream);
        quote!(Self::#name #pattern)
    };
    let patterns: Vec<TokenStream> = patterns.iter().map(pattern).collect();
    Some(match &patterns[..] {
        [one] => one.clone(),
        several => quote!((#(#several)|*)),
    })
}

/// Where a handler's types are told of.
pub(super) fn output_span(handler: &Handler<'_>) -> Span {
    match &handler.method.sig.output {
        ReturnType::Default => handler.name().span(),
        ReturnType::Type(_, ty) => ty.span(),
    }
}
