//! What makes a server one of its protocols' servers: their messages become its own, its handle becomes theirs.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};

use crate::gen_server::model::{Protocol, Server};
use crate::names::local;
use crate::place;

/// For each protocol `impl From<KeyValueMessage> for MemoryStoreMessage`, `impl Serves<KeyValueMessage> for MemoryStore` and
/// `impl From<MemoryStoreRef> for KeyValueRef`.
pub(super) fn parts(server: &Server<'_>) -> TokenStream {
    server
        .protocols
        .iter()
        .map(|protocol| part(server, protocol))
        .collect()
}

fn part(server: &Server<'_>, protocol: &Protocol<'_>) -> TokenStream {
    let rt = &server.runtime;
    let generics = server.bounded_generics();
    let (generics, _, where_clause) = generics.split_for_impl();
    let (name, own, handle) = (
        &server.names.message,
        server.message_type(),
        &server.names.handle,
    );
    let server_type = &server.names.server_type;
    let Protocol {
        variant, message, ..
    } = protocol;
    let [value, from] = ["message", "handle"].map(local);
    // As if the user had written all of it: that the protocol is not implemented is told once then.
    let future = place::as_if_written(
        variant.span(),
        quote!(impl #rt::core::future::Future<Output = ()> + #rt::core::marker::Send),
    );
    let handle_part = quote_spanned! {variant.span()=>
        fn handle_part(&mut self, message: #message, cx: &mut #rt::Context<Self>) -> #future {
            <#message>::handle(message, self, cx)
        }
    };
    quote! {
        #[automatically_derived]
        #[allow(deprecated)]
        impl #generics #rt::core::convert::From<#message> for #own #where_clause {
            fn from(#value: #message) -> Self { #name::#variant(#value) }
        }

        #[automatically_derived]
        #[allow(deprecated)]
        impl #generics #rt::Serves<#message> for #server_type #where_clause {
            #handle_part
        }

        #[automatically_derived]
        #[allow(deprecated)]
        impl #generics #rt::core::convert::From<#handle> for <#message as #rt::ProtocolMessage>::Handle #where_clause {
            fn from(#from: #handle) -> Self {
                #rt::narrowed::<#handle, #message>(&#from)
            }
        }
    }
}
