//! The handle of a machine, and what its options say.

use proc_macro2::TokenStream;
use quote::quote;
use syn::Attribute;

use crate::gen_server::expand::handle::{address, bounded};
use crate::gen_statem::states::States;
use crate::names;
use crate::place;

/// `pub struct TurnstileRef(StatemRef<Turnstile>);` with its impls, and `impl Configured for Turnstile`.
pub(super) fn handle(states: &States) -> TokenStream {
    let rt = &states.runtime;
    let item = &states.item;
    let (vis, machine) = (&item.vis, &item.ident);
    let name = names::handle(machine);
    let cfgs: Vec<&Attribute> = states.cfgs().collect();
    let hidden = item
        .attrs
        .iter()
        .filter(|attr| attr.path().is_ident("deprecated"));
    let doc = format!(
        "The handle of a [`{machine}`]: an address that is cheap to clone, with a method for each call and cast. Its calls \
         wait as long as it takes, unless told otherwise.\n\nDropping it stops nothing."
    );
    let params = &item.generics.params;
    let params = (!params.is_empty()).then(|| quote!(<#params>));
    let (generics, arguments, of_item) = item.generics.split_for_impl();
    let where_clause = bounded(machine, &item.generics, &quote!(#rt::GenStatem));
    let inner = place::at(machine.span(), quote!(#rt::StatemRef<#machine #arguments>));
    let mut bodies = address(rt, &name, &inner);
    bodies.push((
        quote!(#rt::ServerHandle),
        quote!(type Server = #rt::Machine<#machine #arguments>;),
    ));
    let impls = bodies.into_iter().map(|(of, body)| {
        quote! {
            #(#cfgs)*
            #[automatically_derived]
            #[allow(deprecated)]
            impl #generics #of for #name #arguments #where_clause { #body }
        }
    });
    let options = states.options.expand(rt);
    let is_machine = is_machine(states);
    quote! {
        #(#cfgs)*
        #(#hidden)*
        #[doc = #doc]
        #[allow(dead_code, deprecated, private_bounds)]
        #vis struct #name #params (#inner) #where_clause;

        #is_machine

        #(#cfgs)*
        #[automatically_derived]
        #[allow(deprecated)]
        impl #generics #rt::Configured for #machine #arguments #of_item {
            const OPTIONS: #rt::ServerOptions = #options;
        }

        #(#impls)*

        #(#cfgs)*
        #[automatically_derived]
        #[allow(deprecated, private_interfaces)]
        impl #generics #rt::HasHandle for #machine #arguments #where_clause {
            type Handle = #name #arguments;
        }
    }
}

/// The one place that asks for the impl of `GenStatem`.
fn is_machine(states: &States) -> Option<TokenStream> {
    let rt = &states.runtime;
    let machine = &states.item.ident;
    let cfgs = states.cfgs();
    let is_machine = place::at(machine.span(), quote!(is_machine::<#machine>()));
    states.item.generics.params.is_empty().then(|| {
        quote! {
            #(#cfgs)*
            #[allow(deprecated)]
            const _: () = {
                const fn is_machine<T: #rt::GenStatem>() {}
                #is_machine
            };
        }
    })
}
