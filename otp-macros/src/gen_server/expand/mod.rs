//! From a checked model to tokens, one generated item a file. Nothing here can fail.

mod child;
pub(crate) mod client;
pub(crate) mod dispatch;
pub(crate) mod handle;
pub(crate) mod message;
mod part;
pub(crate) mod probe;
mod start;

use proc_macro2::TokenStream;
use quote::quote;
use syn::parse_quote;

use super::model::Server;
use super::state::State;

/// The user's impl, and everything that comes with it.
pub(crate) fn server(server: &Server<'_>) -> TokenStream {
    let Server { block, .. } = server;
    let attributes = block.attributes();
    let message = message::enumeration(server, &parse_quote!(pub));
    let clients = client::methods(server);
    let probes = probe::aliases(server);
    let cfgs: Vec<_> = server.cfgs().collect();
    let arguments = start::arguments(server);
    let debug = message::debug(server);
    let dispatch = dispatch::implementation(server);
    let starters = start::starters(server);
    let child = child::child(server);
    let parts = part::parts(server);
    quote! {
        #block
        #(#cfgs)*
        #attributes
        #message
        #clients
        #probes
        #(#cfgs)*
        const _: () = {
            #arguments
            #debug
            #dispatch
            #starters
            #child
            #parts
        };
    }
}

/// All of a server but its impl and its dispatch: what its clients and its supervisors see.
pub(crate) fn client_side(server: &Server<'_>) -> TokenStream {
    let message = message::enumeration(server, &parse_quote!(pub));
    let clients = client::methods(server);
    let probes = probe::aliases(server);
    let cfgs: Vec<_> = server.cfgs().collect();
    let arguments = start::arguments(server);
    let debug = message::debug(server);
    let starters = start::starters(server);
    let child = child::child(server);
    quote! {
        #message
        #clients
        #probes
        #(#cfgs)*
        #arguments
        #(#cfgs)*
        #debug
        #(#cfgs)*
        const _: () = {
            #starters
            #child
        };
    }
}

/// The user's struct, and everything that comes with it.
pub(crate) fn state(state: &State) -> TokenStream {
    let mut tokens = state.written.clone();
    tokens.extend(handle::handle(state));
    tokens
}
