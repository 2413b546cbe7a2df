//! `impl GenStatem`: one exhaustive match over events and states, and the callbacks.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote};
use syn::spanned::Spanned;

use super::handler::method_name;
use crate::gen_server::expand::message;
use crate::gen_server::model::{Message, Server, last_segment_is};
use crate::gen_statem::kind::Kind;
use crate::gen_statem::model::{Event, Handler, Machine, Role, output_span};
use crate::names::local;
use crate::place;
use crate::symbol::RESULT;

/// `impl GenStatem for Turnstile { … }`
pub(super) fn implementation(machine: &Machine<'_>, server: &Server<'_>) -> TokenStream {
    let rt = &server.runtime;
    let generics = server.bounded_generics();
    let (generics, _, where_clause) = generics.split_for_impl();
    let server_type = &server.names.server_type;
    let (arguments, event, state) = (
        server.arguments_type(),
        server.message_type(),
        machine.state_type(),
    );
    let (of, event_name) = (local("event"), message::name_function());
    let init = init(machine, server);
    let state_of = state_of(machine);
    let handle_event = handle_event(machine, server);
    let enter = enter(machine, server);
    let ends = [
        (Kind::Down, quote!(down), quote!(Down)),
        (Kind::Exit, quote!(exit), quote!(Exit)),
    ];
    let ends = ends
        .into_iter()
        .map(|(kind, function, ty)| end(machine, server, kind, &function, &ty));
    let callbacks = machine
        .callbacks
        .iter()
        .map(|handler| callback(server, handler));
    let trait_ = place::at(server.names.server.span(), quote!(#rt::GenStatem));
    quote! {
        #[automatically_derived]
        #[allow(deprecated)]
        impl #generics #trait_ for #server_type #where_clause {
            type Args = #arguments;
            type Event = #event;
            type State = #state;
            const OPTIONS: #rt::ServerOptions = <Self as #rt::Configured>::OPTIONS;
            #init
            #state_of
            #handle_event
            #enter
            #(#ends)*
            #(#callbacks)*
            fn event_name(#of: &Self::Event) -> &'static str { #event_name(#of) }
        }
    }
}

/// `async fn name(params) -> output { body }`, whose future is `Send`.
fn future(
    server: &Server<'_>,
    name: &str,
    params: &TokenStream,
    output: &TokenStream,
    body: &TokenStream,
) -> TokenStream {
    let rt = &server.runtime;
    let name = local(name);
    quote! {
        #[allow(unreachable_code, unused_variables, clippy::manual_async_fn, clippy::too_many_lines)]
        fn #name(#params) -> impl #rt::core::future::Future<Output = #output> + #rt::core::marker::Send {
            async move { #body }
        }
    }
}

/// `fn init(arguments: TurnstileArguments, actions: &mut Actions<Self>) -> impl Future<…> + Send { … }`
fn init(machine: &Machine<'_>, server: &Server<'_>) -> TokenStream {
    let rt = &server.runtime;
    let [arguments, actions] = ["arguments", "actions"].map(local);
    let body = match &machine.init {
        Some(handler) => {
            let data = (0..).map(syn::Index::from);
            let data = data.map(|place| quote!(#arguments.#place));
            let call = call(handler, handler.name(), None, data);
            let is_result = matches!(&handler.method.sig.output, syn::ReturnType::Type(_, ty) if last_segment_is(ty, RESULT));
            if is_result {
                quote!(#rt::Result::map_err(#call, #rt::core::convert::Into::into))
            } else {
                quote!(#rt::Result::Ok(#call))
            }
        }
        None => {
            let initial = machine.states.initial().map(|state| &state.name);
            quote!(#rt::Result::Ok(Self::#initial {}))
        }
    };
    let params = quote!(#arguments: Self::Args, #actions: &mut #rt::Actions<Self>);
    future(
        server,
        "init",
        &params,
        &quote!(#rt::Result<Self, #rt::InitError>),
        &body,
    )
}

/// `fn state(&self) -> TurnstileState { match self { Self::Locked { .. } => TurnstileState::Locked, … } }`
fn state_of(machine: &Machine<'_>) -> TokenStream {
    let state = machine.state_type();
    let arms = machine
        .states
        .names()
        .into_iter()
        .map(|name| quote!(Self::#name { .. } => #state::#name,));
    quote! {
        fn state(&self) -> Self::State {
            match self { #(#arms)* }
        }
    }
}

/// `fn handle_event(slot: &mut Slot<Self>, …) -> impl Future<…> + Send { … }`
fn handle_event(machine: &Machine<'_>, server: &Server<'_>) -> TokenStream {
    let rt = &server.runtime;
    let [slot, event_type, event, actions, state, never] =
        ["slot", "event_type", "event", "actions", "state", "never"].map(local);
    let name = &server.names.message;
    let messages = || machine.events.iter().zip(&server.messages);
    let postponed =
        messages().filter_map(|(event, message)| postponed(machine, server, event, message));
    let arms = messages().map(|(event, message)| arm(machine, server, event, message));
    let unused = message::unused(server).map(|unused| {
        let variant = unused.variant;
        quote!(#name::#variant(_, #never) => match #never {},)
    });
    let idle = armed(
        machine,
        server,
        Kind::EventTimeout,
        &quote!(event_timeout_by_default),
    );
    let idle = idle.map(|arms| quote!(match #rt::GenStatem::state(&**#slot) { #arms _ => {} }));
    let body = quote! {
        let #state = #rt::GenStatem::state(&**#slot);
        match #event {
            #(#postponed)*
            #(#arms)*
            #unused
        }
        #idle
    };
    let params = quote! {
        #slot: &mut #rt::Slot<Self>,
        #event_type: #rt::EventType,
        #event: Self::Event,
        #actions: &mut #rt::Actions<Self>
    };
    future(server, "handle_event", &params, &quote!(()), &body)
}

/// `event @ TurnstileMessage::Push { .. } if matches!(state, TurnstileState::Locked) => Actions::postpone(actions, event),`
fn postponed(
    machine: &Machine<'_>,
    server: &Server<'_>,
    event: &Event<'_>,
    message: &Message<'_>,
) -> Option<TokenStream> {
    let rt = &server.runtime;
    let [whole, actions, state] = ["event", "actions", "state"].map(local);
    let (name, variant, state_type) = (
        &server.names.message,
        &message.variant,
        machine.state_type(),
    );
    let states = machine
        .states
        .names()
        .into_iter()
        .filter(|state| machine.is_postponed(event, state));
    let states: Vec<_> = states.collect();
    (!states.is_empty()).then(|| {
        quote! {
            #whole @ #name::#variant { .. } if #rt::core::matches!(#state, #(#state_type::#states)|*) => {
                #rt::Actions::postpone(#actions, #whole);
            }
        }
    })
}

/// `TurnstileMessage::Coin { cents: data0, reply_to } => match state { TurnstileState::Locked => { … } … },`
fn arm(
    machine: &Machine<'_>,
    server: &Server<'_>,
    event: &Event<'_>,
    message: &Message<'_>,
) -> TokenStream {
    let state_type = machine.state_type();
    let state = local("state");
    let (name, variant) = (&server.names.message, &message.variant);
    let fields = message.handler.data().enumerate().map(|(place, param)| {
        let (field, value) = (&param.field, local(&format!("data{place}")));
        quote!(#field: #value,)
    });
    let reply_to = (event.kind == Kind::Call).then(|| {
        let (field, value) = (&message.reply_to, local("reply_to"));
        quote!(#field: #value,)
    });
    let all = machine.states.names().len();
    let mut covered = 0;
    let arms: Vec<TokenStream> = event
        .handlers
        .iter()
        .filter_map(|handler| {
            let states: Vec<&Ident> = machine.states_of(event, handler).collect();
            covered += states.len();
            let handled = handled(server, event, handler);
            (!states.is_empty()).then(|| quote!(#(#state_type::#states)|* => { #handled }))
        })
        .collect();
    let others = (covered < all).then(|| quote!(_ => {}));
    quote! {
        #name::#variant { #(#fields)* #reply_to } => match #state { #(#arms)* #others },
    }
}

/// `let to = Self::coin(Slot::take(slot), data0); Slot::put(slot, Into::into(to));`
fn handled(server: &Server<'_>, event: &Event<'_>, handler: &Handler<'_>) -> TokenStream {
    let rt = &server.runtime;
    let [slot, to, answer, reply_to] = ["slot", "to", "answer", "reply_to"].map(local);
    let receiver = handler.receiver().map(|_| {
        if handler.takes_the_state() {
            quote!(#rt::Slot::take(#slot))
        } else {
            quote!(&mut **#slot)
        }
    });
    let data = (0..).map(|place| local(&format!("data{place}")).into_token_stream());
    let call = call(handler, &method_name(event, handler), receiver, data);
    let bind = match (&handler.targets, &handler.answer) {
        (Some(_), Some(_)) => quote!(let (#to, #answer) = #call;),
        (Some(_), None) => quote!(let #to = #call;),
        (None, Some(_)) => quote!(let #answer = #call;),
        (None, None) => quote!(#call;),
    };
    let put = handler.targets.as_ref().map(|targets| {
        let put = quote!(#rt::Slot::put(#slot, #rt::core::convert::Into::into(#to)););
        if targets.is_optional {
            quote!(if let #rt::Option::Some(#to) = #to { #put })
        } else {
            put
        }
    });
    let replies = event.kind == Kind::Call && handler.reply_to().is_none();
    let reply = replies.then(|| match handler.answer {
        Some(_) => quote!(#rt::ReplyTo::send(#reply_to, #answer);),
        None => quote!(#rt::ReplyTo::send(#reply_to, ());),
    });
    quote!(#bind #put #reply)
}

/// `Self::coin(receiver, data0, actions, reply_to).await`
fn call(
    handler: &Handler<'_>,
    name: &Ident,
    receiver: Option<TokenStream>,
    mut data: impl Iterator<Item = TokenStream>,
) -> TokenStream {
    let arguments = handler.params.iter().map(|param| {
        let argument = match param.role {
            Role::Data => data.next().unwrap_or_default(),
            Role::Actions | Role::Context => local("actions").into_token_stream(),
            Role::ReplyTo => local("reply_to").into_token_stream(),
        };
        place::at(param.typed.ty.span(), argument)
    });
    let arguments: Vec<_> = receiver.into_iter().chain(arguments).collect();
    let dot_await = handler.is_async().then(|| quote!(.await));
    let called = place::at(output_span(handler), quote!(Self::#name));
    quote!(#called(#(#arguments),*) #dot_await)
}

/// `TurnstileState::Unlocked => { Actions::state_timeout_by_default(actions, Duration::from_millis(5000), TurnstileMessage::TooLate); }`
/// for each timeout of the kind that has a time; none if there is none.
fn armed(
    machine: &Machine<'_>,
    server: &Server<'_>,
    kind: Kind,
    function: &TokenStream,
) -> Option<TokenStream> {
    let rt = &server.runtime;
    let (actions, state_type, name) = (
        local("actions"),
        machine.state_type(),
        &server.names.message,
    );
    let of_kind = machine
        .events
        .iter()
        .zip(&server.messages)
        .filter(|(event, _)| event.kind == kind);
    let mut arms = TokenStream::new();
    for (event, message) in of_kind {
        for handler in &event.handlers {
            let Some(time) = handler.time else { continue };
            let variant = &message.variant;
            for state in machine.states_of(event, handler) {
                arms.extend(quote! {
                    #state_type::#state => #rt::Actions::#function(
                        #actions,
                        #rt::core::time::Duration::from_millis(#time),
                        #name::#variant,
                    ),
                });
            }
        }
    }
    (!arms.is_empty()).then_some(arms)
}

/// `const STATE_ENTER: bool = true; fn enter(&mut self, from: TurnstileState, …) -> impl Future<…> + Send { … }`
fn enter(machine: &Machine<'_>, server: &Server<'_>) -> Option<TokenStream> {
    let rt = &server.runtime;
    let [from, actions] = ["from", "actions"].map(local);
    let state_type = machine.state_type();
    let timeouts = armed(
        machine,
        server,
        Kind::StateTimeout,
        &quote!(state_timeout_by_default),
    );
    let idle = armed(
        machine,
        server,
        Kind::EventTimeout,
        &quote!(event_timeout_by_default),
    );
    if machine.enters.is_empty() && timeouts.is_none() && idle.is_none() {
        return None;
    }
    let calls = machine.enters.iter().map(|handler| {
        let states: Vec<_> = super::diagram::own_states(handler).collect();
        let pattern = if states.is_empty() {
            quote!(_)
        } else {
            quote!(#(#state_type::#states)|*)
        };
        let receiver = handler.receiver().map(|_| quote!(self));
        let call = call(
            handler,
            handler.name(),
            receiver,
            std::iter::once(from.to_token_stream()),
        );
        // That of all others comes last.
        (states.is_empty(), quote!(#pattern => { #call; }))
    });
    let (any, own): (Vec<_>, Vec<_>) = calls.partition(|(is_any, _)| *is_any);
    let others = any.is_empty().then(|| quote!(_ => {}));
    let arms = own.into_iter().chain(any).map(|(_, arm)| arm);
    let calls = (!machine.enters.is_empty())
        .then(|| quote!(match #rt::GenStatem::state(self) { #(#arms)* #others }));
    let timeouts = [timeouts, idle].into_iter().flatten();
    let body = quote! {
        #calls
        #(match #rt::GenStatem::state(self) { #timeouts _ => {} })*
    };
    let params = quote!(&mut self, #from: Self::State, #actions: &mut #rt::Actions<Self>);
    let enter = future(server, "enter", &params, &quote!(()), &body);
    Some(quote! {
        const STATE_ENTER: bool = true;
        #[allow(unreachable_patterns)]
        #enter
    })
}

/// `fn down(down: Down) -> Option<Self::Event> { Some(TurnstileMessage::Gone { down }) }`
fn end(
    machine: &Machine<'_>,
    server: &Server<'_>,
    kind: Kind,
    function: &TokenStream,
    ty: &TokenStream,
) -> Option<TokenStream> {
    let rt = &server.runtime;
    let mut events = machine.events.iter().zip(&server.messages);
    let (_, message) = events.find(|(event, _)| event.kind == kind)?;
    let (name, variant) = (&server.names.message, &message.variant);
    let field = message.handler.data().next().map(|param| &param.field)?;
    let value = local("value");
    Some(quote! {
        fn #function(#value: #rt::#ty) -> #rt::Option<Self::Event> {
            #rt::Option::Some(#name::#variant { #field: #value })
        }
    })
}

/// `fn terminate(&mut self, reason: &ExitReason, actions: &mut Actions<Self>) -> impl Future<…> + Send { … }`
fn callback(server: &Server<'_>, handler: &Handler<'_>) -> TokenStream {
    let rt = &server.runtime;
    let [reason, actions] = ["reason", "actions"].map(local);
    let receiver = handler.receiver().map(|_| quote!(self));
    let call = call(
        handler,
        handler.name(),
        receiver,
        std::iter::once(reason.to_token_stream()),
    );
    if handler.kind == Kind::FormatStatus {
        return quote!(fn format_status(&self) -> #rt::std::string::String { #call });
    }
    let params = quote!(&mut self, #reason: &#rt::ExitReason, #actions: &mut #rt::Actions<Self>);
    future(server, "terminate", &params, &quote!(()), &quote!(#call;))
}
