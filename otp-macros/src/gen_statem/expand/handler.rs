//! The handlers as methods of their own, each with the enum of where it leads.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote};
use syn::{Generics, ReturnType, parse_quote};

use crate::gen_server::model::Server;
use crate::gen_statem::ast::On;
use crate::gen_statem::model::{Event, Handler, Machine, Targets, pattern};
use crate::names;

/// `impl Turnstile { fn coin_in_locked(self, cents: u32) -> TurnstileCoinInLocked { … } … }`, and these enums.
pub(super) fn handlers(machine: &Machine<'_>, server: &Server<'_>) -> TokenStream {
    let header = &machine.block.header;
    let cfgs: Vec<_> = server.cfgs().collect();
    let (generics, _, where_clause) = header.generics.split_for_impl();
    let (server_type, others) = (&server.names.server_type, &machine.block.others);
    let attrs = header
        .attrs
        .iter()
        .filter(|attr| !attr.path().is_ident("cfg"));
    let events = machine.events.iter().flat_map(|event| {
        event
            .handlers
            .iter()
            .map(move |handler| (Some(event), handler))
    });
    let callbacks = machine
        .init
        .iter()
        .chain(&machine.enters)
        .chain(&machine.callbacks);
    let all: Vec<_> = events
        .chain(callbacks.map(|handler| (None, handler)))
        .collect();
    let methods = all
        .iter()
        .map(|(event, handler)| method(machine, server, *event, handler));
    let targets = all.iter().filter_map(|(event, handler)| {
        let targets = handler.targets.as_ref()?;
        Some(target(
            machine,
            server,
            &target_name(machine, (*event)?, handler),
            handler,
            targets,
        ))
    });
    quote! {
        #(#targets)*
        #(#cfgs)*
        #(#attrs)*
        impl #generics #server_type #where_clause {
            #(#methods)*
            #others
        }
    }
}

/// `coin`, or `coin_in_locked` if other states have handlers of their own.
pub(super) fn method_name(event: &Event<'_>, handler: &Handler<'_>) -> Ident {
    if event.handlers.len() == 1 {
        return handler.name().clone();
    }
    let on = handler.on.first().map(|on| match on {
        On::Any(_) => "others".to_owned(),
        On::State { name, .. } => names::snake_case(&name.to_string()),
    });
    format_ident!(
        "{}_in_{}",
        handler.name(),
        on.unwrap_or_default(),
        span = handler.name().span()
    )
}

/// `TurnstileCoinInLocked`.
fn target_name(machine: &Machine<'_>, event: &Event<'_>, handler: &Handler<'_>) -> Ident {
    let method = names::variant(&method_name(event, handler));
    format_ident!(
        "{}{}",
        machine.states.item.ident,
        method,
        span = Span::call_site()
    )
}

/// The handler with the state's data bound, and `To` for where it leads.
fn method(
    machine: &Machine<'_>,
    server: &Server<'_>,
    event: Option<&Event<'_>>,
    handler: &Handler<'_>,
) -> TokenStream {
    let rt = &server.runtime;
    let method = handler.method;
    let body = method.body.stream();
    let bind = pattern(handler).map(|pattern| {
        let receiver = handler.receiver().map(|receiver| receiver.self_token);
        quote! {
            #[allow(irrefutable_let_patterns)]
            let #pattern = #receiver else { #rt::core::unreachable!() };
        }
    });
    let (Some(event), Some(targets)) = (event, &handler.targets) else {
        let name = event.map_or_else(
            || handler.name().clone(),
            |event| method_name(event, handler),
        );
        return method.to_tokens_as(&name, &method.sig.output, &quote!(#bind #body));
    };
    let (name, to) = (target_name(machine, event, handler), &targets.to);
    let arguments = arguments(&generics(machine, targets));
    let target = match targets.is_optional {
        false => quote!(#name #arguments),
        true => quote!(#rt::Option<#name #arguments>),
    };
    let output: ReturnType = match &handler.answer {
        Some(answer) => parse_quote!(-> (#target, #answer)),
        None => parse_quote!(-> #target),
    };
    let body = quote! {
        #[allow(unused_imports)]
        use #name as #to;
        #bind
        #body
    };
    method.to_tokens_as(&method_name(event, handler), &output, &body)
}

/// `enum TurnstileCoinInLocked { Unlocked { until: Instant } }`, and its way into the machine's own enum.
fn target(
    machine: &Machine<'_>,
    server: &Server<'_>,
    name: &Ident,
    handler: &Handler<'_>,
    targets: &Targets,
) -> TokenStream {
    let rt = &server.runtime;
    let cfgs: Vec<_> = server.cfgs().collect();
    let doc = format!("Where `{}` leads.", handler.name());
    let states = targets
        .states
        .iter()
        .filter_map(|name| machine.states.find(name));
    let states: Vec<_> = states.collect();
    let variants = states.iter().map(|state| {
        let (name, fields) = (&state.name, &state.fields);
        let mut fields = fields.clone();
        fields.iter_mut().for_each(|field| {
            field.attrs.clear();
            field.vis = syn::Visibility::Inherited;
        });
        quote!(#name #fields)
    });
    let arms = states.iter().map(|state| {
        let variant = &state.name;
        let members: Vec<_> = state.fields.members().collect();
        let values = (0..members.len()).map(|place| names::local(&format!("data{place}")));
        let values: Vec<_> = values.collect();
        quote!(#name::#variant { #(#members: #values),* } => Self::#variant { #(#members: #values),* })
    });
    let own = generics(machine, targets);
    let (params, arguments, where_clause) = own.split_for_impl();
    let all = &machine.block.header.generics;
    let (of_all, _, of_all_where) = all.split_for_impl();
    let server_type = &server.names.server_type;
    let to = names::local("to");
    let params = (!own.params.is_empty()).then(|| params.to_token_stream());
    quote! {
        #(#cfgs)*
        #[doc = #doc]
        #[allow(dead_code, deprecated, clippy::enum_variant_names, clippy::large_enum_variant)]
        enum #name #params #where_clause { #(#variants),* }

        #(#cfgs)*
        #[automatically_derived]
        #[allow(deprecated)]
        impl #of_all #rt::core::convert::From<#name #arguments> for #server_type #of_all_where {
            fn from(#to: #name #arguments) -> Self {
                match #to { #(#arms),* }
            }
        }
    }
}

/// The parameters of the impl that the data of the targets mentions.
fn generics(machine: &Machine<'_>, targets: &Targets) -> Generics {
    let states = targets
        .states
        .iter()
        .filter_map(|name| machine.states.find(name));
    let fields: Vec<TokenStream> = states.map(|state| state.fields.to_token_stream()).collect();
    let is_mentioned = |name: &Ident| {
        fields
            .iter()
            .any(|fields| names::mentions(fields.clone(), name))
    };
    let all = &machine.block.header.generics;
    let params = all.params.iter().filter(|param| match param {
        syn::GenericParam::Type(param) => is_mentioned(&param.ident),
        syn::GenericParam::Const(param) => is_mentioned(&param.ident),
        syn::GenericParam::Lifetime(_) => false,
    });
    Generics {
        params: params.cloned().collect(),
        ..Generics::default()
    }
}

fn arguments(generics: &Generics) -> TokenStream {
    let (_, arguments, _) = generics.split_for_impl();
    arguments.into_token_stream()
}
