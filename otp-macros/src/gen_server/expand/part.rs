//! What makes a server one of its protocols' servers: their messages become its own, its handle becomes theirs.

use proc_macro2::TokenStream;
use quote::quote;

use crate::gen_server::model::{Protocol, Server};
use crate::names::local;

/// For each protocol `impl From<KeyValueMessage> for MemoryStoreMessage` and `impl From<MemoryStoreRef> for KeyValueRef`.
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
    let Protocol {
        variant, message, ..
    } = protocol;
    let [value, from] = ["message", "handle"].map(local);
    quote! {
        #[automatically_derived]
        #[allow(deprecated)]
        impl #generics #rt::core::convert::From<#message> for #own #where_clause {
            fn from(#value: #message) -> Self { #name::#variant(#value) }
        }

        #[automatically_derived]
        #[allow(deprecated)]
        impl #generics #rt::core::convert::From<#handle> for <#message as #rt::ProtocolMessage>::Handle #where_clause {
            fn from(#from: #handle) -> Self {
                #rt::core::convert::From::from(#rt::ProtocolRef::from(#rt::core::clone::Clone::clone(&*#from)))
            }
        }
    }
}
