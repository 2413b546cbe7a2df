//! What a wrong item becomes: itself, the mistakes, and the generated names as types that are errors themselves.
//!
//! The compiler says nothing about what touches an error type, so that one mistake is one error however much the
//! program uses the server. A half-made type would not do: each use of what it lacks would be one more error.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Type, parse_quote};

use super::ast::{self, Block};
use super::expand;
use super::model::{Message, Param, Server, type_path};
use super::state::State;
use crate::errors::Errors;
use crate::names;
use crate::symbol::{REPLY_TO, STARTERS};

/// The user's impl, the mistakes, a server that does nothing, and its names.
pub(crate) fn server(server: &Server<'_>, error: &syn::Error) -> TokenStream {
    let block = server.block;
    let attributes = block.attributes();
    let error = error.to_compile_error();
    let stubs = stubs(server);
    quote! {
        #block
        #attributes
        #error
        #stubs
    }
}

/// `impl GenServer for Counter`, starters that take whatever they are given, and the client methods.
fn stubs(server: &Server<'_>) -> TokenStream {
    let rt = &server.runtime;
    let cfgs: Vec<_> = server.cfgs().collect();
    let (server_type, broken) = (&server.names.server_type, server.message_type());
    let generics = server.bounded_generics();
    let (generics, _, where_clause) = generics.split_for_impl();
    let starters_and_clients = starters_and_clients(server);
    // What borrows can be no server at all.
    if server.block.has_lifetimes() {
        return starters_and_clients;
    }
    let any = names::local("P");
    let mut of_any = server.bounded_generics();
    of_any.params.push(parse_quote!(#any));
    let (of_any, _, _) = of_any.split_for_impl();
    quote! {
        #(#cfgs)*
        impl #of_any #rt::Serves<#any> for #server_type #where_clause {
            fn handle_part(
                &mut self,
                _: #any,
                _: &mut #rt::Context<Self>,
            ) -> impl #rt::core::future::Future<Output = ()> + #rt::core::marker::Send {
                #rt::core::future::ready(())
            }
        }
        #(#cfgs)*
        impl #generics #rt::GenServer for #server_type #where_clause {
            type Args = ();
            type Message = #broken;
            async fn init(_: (), _: &mut #rt::Context<Self>) -> #rt::Result<Self, #rt::InitError> {
                #rt::core::unimplemented!()
            }
            async fn handle_message(&mut self, _: #broken, _: &mut #rt::Context<Self>) {}
        }
        #starters_and_clients
    }
}

/// Starters that take whatever they are given, and the client methods; without those if it borrows.
pub(crate) fn starters_and_clients(server: &Server<'_>) -> TokenStream {
    let cfgs: Vec<_> = server.cfgs().collect();
    let names = &server.names;
    let (server_type, handle, broken) = (&names.server_type, &names.handle, server.message_type());
    let generics = server.bounded_generics();
    let (generics, _, where_clause) = generics.split_for_impl();
    let starters = STARTERS.map(|starter| syn::Ident::new(starter, proc_macro2::Span::call_site()));
    let is_free = |name: &&syn::Ident| {
        server
            .block
            .methods()
            .all(|method| method.sig.ident != **name)
    };
    let starters = starters.iter().filter(is_free);
    let starters = quote! {
        #(#cfgs)*
        #[allow(dead_code, missing_docs, non_upper_case_globals)]
        impl #generics #server_type #where_clause {
            #(pub const #starters: #broken = loop {};)*
        }
    };
    if server.block.has_lifetimes() {
        return starters;
    }
    let is_first = |(place, message): &(usize, &Message<'_>)| {
        let mut earlier = server.clients().take(*place);
        earlier.all(|earlier| earlier.handler.name() != message.handler.name())
    };
    let clients = server.clients().enumerate().filter(is_first);
    let clients = clients.map(|(_, message)| client(server, message, &broken));
    quote! {
        #starters
        #(#cfgs)*
        #[allow(dead_code, missing_docs, unused_variables)]
        impl #generics #handle #where_clause {
            #(#clients)*
        }
    }
}

/// `pub fn add(&self, by: {error}) -> {error}`
fn client(server: &Server<'_>, message: &Message<'_>, broken: &TokenStream) -> TokenStream {
    let handler = &message.handler;
    let (vis, name) = (handler.vis(), handler.name());
    let cfgs = handler.cfgs();
    let params = handler.data().filter(|param| is_sent(server, param));
    let params = params.map(|param| {
        let cfgs = param.attrs.iter().filter(|attr| ast::is_cfg(attr));
        quote!(#(#cfgs)* _: #broken)
    });
    quote!(#(#cfgs)* #vis fn #name(&self, #(#params),*) -> #broken { loop {} })
}

/// Whether a client passes what is part of the message as it was written: a context in another form is not.
fn is_sent(server: &Server<'_>, param: &Param<'_>) -> bool {
    let ty = match param.written {
        Type::Reference(reference) => &reference.elem,
        ty => ty,
    };
    let last = type_path(ty).and_then(|path| path.segments.last());
    let last = last.map(|last| last.ident.to_string()).unwrap_or_default();
    let is_context = ["context", "ctx", "cx"]
        .iter()
        .any(|end| last.to_lowercase().ends_with(end));
    let is_state = last == "Self" || server.names.server == last;
    let is_reference = matches!(param.written, Type::Reference(_));
    !is_context && last != REPLY_TO && !(is_state && is_reference)
}

/// The user's impl and the mistakes, where there is no server.
pub(crate) fn block(block: &Block, errors: Errors) -> TokenStream {
    let error = errors.finish().err().map(syn::Error::into_compile_error);
    let attributes = block.attributes();
    quote!(#block #attributes #error)
}

/// A struct with wrong options is a server with the right ones; one that can be no server has no handle.
pub(crate) fn state(state: &State, options: Errors, errors: Errors) -> TokenStream {
    let option_errors = options.finish().err().map(syn::Error::into_compile_error);
    let Err(error) = errors.finish() else {
        let expanded = expand::state(state);
        return quote!(#expanded #option_errors);
    };
    let error = error.into_compile_error();
    let State {
        runtime: rt,
        written,
        item,
        ..
    } = state;
    let cfgs = state.cfgs();
    let (generics, arguments, where_clause) = item.generics.split_for_impl();
    let server = &item.ident;
    quote! {
        #written
        #option_errors
        #error
        #(#cfgs)*
        impl #generics #rt::Configured for #server #arguments #where_clause {
            const OPTIONS: #rt::ServerOptions = #rt::ServerOptions::DEFAULT;
        }
    }
}
