//! From a checked machine to tokens, one generated item a file. Nothing here can fail.

mod diagram;
mod dispatch;
mod handle;
mod handler;
mod state;

use proc_macro2::TokenStream;
use quote::quote;
use syn::Attribute;

use super::model::Machine;
use super::states::States;
use crate::gen_server::expand as server_expand;
use crate::gen_server::model::Server;

/// The user's enum, its handle, its states' names, and the macro that hands it to its impl.
pub(super) fn states(states: &States) -> TokenStream {
    let item = &states.item;
    let handle = handle::handle(states);
    let state = state::state(states);
    let hand_over = state::hand_over(states);
    quote! {
        #item
        #handle
        #state
        #hand_over
    }
}

/// The user's impl, and everything that comes with it.
pub(super) fn machine(machine: &Machine<'_>, server: &Server<'_>) -> TokenStream {
    let cfgs: Vec<&Attribute> = server.cfgs().collect();
    let attributes = machine.attributes();
    let handlers = handler::handlers(machine, server);
    let diagram = diagram::diagram(machine, server);
    let client = server_expand::client_side(server);
    let dispatch = dispatch::implementation(machine, server);
    quote! {
        #attributes
        #handlers
        #diagram
        #client
        #(#cfgs)*
        const _: () = { #dispatch };
    }
}
