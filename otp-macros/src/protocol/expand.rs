//! From a checked protocol to tokens. Nothing here can fail.

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::Attribute;

use super::ast::Protocol;
use crate::gen_server::expand::{client, dispatch, handle, message, probe};
use crate::gen_server::model::{Handler, Server};
use crate::names::local;

/// The trait, its messages, its handle.
pub(super) fn protocol(protocol: &Protocol, server: &Server<'_>) -> TokenStream {
    let rt = &server.runtime;
    let cfgs: Vec<&Attribute> = server.cfgs().collect();
    let message_type = server.message_type();
    let item = protocol.as_trait(rt, Some(&quote!(#rt::Serves<#message_type>)));
    let attributes = protocol.block.attributes();
    let message = message::enumeration(server, protocol.vis());
    let handle = handle(protocol, server);
    let clients = client::methods(server);
    let probes = probe::aliases(server);
    let debug = message::debug(server);
    let handle_message = handle_message(protocol, server);
    let name = name(protocol, server);
    quote! {
        #[allow(private_bounds, private_interfaces)]
        #item
        #(#cfgs)*
        #attributes
        #message
        #handle
        #clients
        #probes
        #(#cfgs)*
        #handle_message
        #(#cfgs)*
        const _: () = {
            #debug
            #name
        };
    }
}

/// `pub struct KeyValueRef(ProtocolRef<KeyValueMessage>);` with its impls.
fn handle(protocol: &Protocol, server: &Server<'_>) -> TokenStream {
    let rt = &server.runtime;
    let cfgs: Vec<&Attribute> = server.cfgs().collect();
    let (vis, name) = (protocol.vis(), protocol.name());
    let message = server.message_type();
    let inner = quote!(#rt::ProtocolRef<#message>);
    let handle_name = crate::names::handle(name);
    let generics = server.bounded_generics();
    let (params, arguments, where_clause) = generics.split_for_impl();
    let doc = format!(
        "The handle of a server of the protocol [`{name}`], whichever it is: an address that is cheap to clone, with a \
         method for each call and cast.\n\nDropping it stops nothing."
    );
    let mut impls = handle::address(rt, &handle_name, &inner);
    let [value, server_type] = ["server", "S"].map(local);
    impls.push((
        quote!(#rt::ProtocolHandle),
        quote!(type Message = #message;),
    ));
    impls.push((
        quote!(#rt::core::convert::From<#rt::Address<#message>>),
        quote!(fn from(#value: #rt::Address<#message>) -> Self { #handle_name(#rt::core::convert::From::from(#value)) }),
    ));
    let impls = impls.into_iter().map(|(of, body)| {
        quote! {
            #(#cfgs)*
            #[automatically_derived]
            #[allow(deprecated)]
            impl #params #of for #handle_name #arguments #where_clause { #body }
        }
    });
    let mut of_servers = generics.clone();
    of_servers
        .params
        .push(syn::parse_quote!(#server_type: #rt::Serves<#message, Message: #rt::core::convert::From<#message>>));
    let (of_servers, _, _) = of_servers.split_for_impl();
    let generic = (!generics.params.is_empty()).then(|| quote!(#params));
    quote! {
        #(#cfgs)*
        #[doc = #doc]
        #[allow(dead_code, deprecated, private_bounds)]
        #vis struct #handle_name #generic (#inner) #where_clause;

        #(#impls)*

        #(#cfgs)*
        #[automatically_derived]
        #[allow(deprecated)]
        impl #of_servers #rt::core::convert::From<#rt::ServerRef<#server_type>> for #handle_name #arguments #where_clause {
            fn from(#value: #rt::ServerRef<#server_type>) -> Self { #handle_name(#rt::core::convert::From::from(#value)) }
        }

        #(#cfgs)*
        #[automatically_derived]
        #[allow(deprecated)]
        impl #params #rt::Target for &#handle_name #arguments #where_clause {
            fn locate(&self) -> #rt::Location { #rt::Target::locate(&&self.0) }
        }

        #(#cfgs)*
        #[automatically_derived]
        #[allow(deprecated)]
        impl #params #rt::ProtocolMessage for #message #where_clause {
            type Handle = #handle_name #arguments;
        }
    }
}

/// `impl KeyValueMessage { pub async fn handle<S: KeyValue>(self, server: &mut S, cx: &mut Context<S>) { match self { … } } }`
fn handle_message(protocol: &Protocol, server: &Server<'_>) -> TokenStream {
    let rt = &server.runtime;
    let generics = server.bounded_generics();
    let (params, _, where_clause) = generics.split_for_impl();
    let message_type = server.message_type();
    let trait_type = &server.names.server_type;
    let enumeration = &server.names.message;
    let vis = protocol.vis();
    let [own, cx, never, server_type] = ["server", "cx", "never", "S"].map(local);
    let of = quote!(<#server_type as #trait_type>);
    let arms = server
        .messages
        .iter()
        .map(|message| dispatch::arm(server, message, |data| call(&message.handler, &of, data)));
    let unused = message::unused(server).map(|unused| {
        let variant = unused.variant;
        quote!(#enumeration::#variant(_, #never) => match #never {},)
    });
    quote! {
        #[allow(dead_code, deprecated, private_bounds, private_interfaces)]
        impl #params #message_type #where_clause {
            /// Has a server of the protocol handle this message.
            #[allow(unused_variables, clippy::unused_async)]
            #vis async fn handle<#server_type: #trait_type>(
                self,
                #own: &mut #server_type,
                #cx: &mut #rt::Context<#server_type>,
            ) {
                match self { #(#arms)* #unused }
            }
        }
    }
}

/// `impl KeyValueMessage { pub fn name(&self) -> &'static str { message_name(self) } }`
fn name(protocol: &Protocol, server: &Server<'_>) -> TokenStream {
    let (params, _, where_clause) = server.generics().split_for_impl();
    let message_type = server.message_type();
    let function = message::name_function();
    let vis = protocol.vis();
    quote! {
        #[allow(dead_code, deprecated, private_bounds)]
        impl #params #message_type #where_clause {
            /// What the message is called, in reports.
            #vis fn name(&self) -> &'static str {
                #function(self)
            }
        }
    }
}

/// `<S as KeyValue>::get(server, key, cx).await`, with `data` for the message's fields.
fn call(handler: &Handler<'_>, of: &TokenStream, data: &[Ident]) -> TokenStream {
    let (own, method) = (local("server"), handler.name());
    let arguments = dispatch::arguments(handler, data);
    let dot_await = handler.is_async().then(|| quote!(.await));
    quote!(#of::#method(#own, #(#arguments),*) #dot_await)
}
