//! What a wrong impl becomes: what is no handler in it, the mistakes, and a machine that does nothing.

use proc_macro2::TokenStream;
use quote::quote;

use super::model::Machine;
use crate::gen_server::fallback;
use crate::gen_server::model::Server;

/// The mistakes, `impl GenStatem for Turnstile`, starters and client methods whose types are errors themselves.
pub(super) fn machine(
    machine: &Machine<'_>,
    server: &Server<'_>,
    error: &syn::Error,
) -> TokenStream {
    let rt = &server.runtime;
    let error = error.to_compile_error();
    let cfgs: Vec<_> = server.cfgs().collect();
    let server_type = &server.names.server_type;
    let generics = server.bounded_generics();
    let (generics, _, where_clause) = generics.split_for_impl();
    let (others, broken) = (&machine.block.others, server.message_type());
    let clients = fallback::starters_and_clients(server);
    let attributes = machine.attributes();
    quote! {
        #error
        #attributes
        #(#cfgs)*
        #[allow(dead_code)]
        impl #generics #server_type #where_clause { #others }
        #(#cfgs)*
        impl #generics #rt::GenStatem for #server_type #where_clause {
            type Args = ();
            type Event = #broken;
            type State = ();
            async fn init(_: (), _: &mut #rt::Actions<Self>) -> #rt::Result<Self, #rt::InitError> {
                #rt::core::unimplemented!()
            }
            fn state(&self) {}
            async fn handle_event(_: &mut #rt::Slot<Self>, _: #rt::EventType, _: #broken, _: &mut #rt::Actions<Self>) {}
        }
        #clients
    }
}
