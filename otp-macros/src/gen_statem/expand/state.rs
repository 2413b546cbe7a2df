//! The states' names, and the macro by which an enum hands itself to its impl.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::Attribute;

use crate::gen_statem::model::state_name;
use crate::gen_statem::states::States;
use crate::names;

/// `pub enum TurnstileState { Locked, Unlocked }`
pub(super) fn state(states: &States) -> TokenStream {
    let rt = &states.runtime;
    let vis = &states.item.vis;
    let cfgs: Vec<&Attribute> = states.cfgs().collect();
    let name = state_name(&states.item.ident);
    let doc = format!(
        "Which state a [`{}`] is in, without its data.",
        states.item.ident
    );
    let variants = states.states.iter().map(|state| {
        let variant = &state.name;
        let doc = format!("It is `{variant}`.");
        quote!(#[doc = #doc] #variant,)
    });
    let traits = [
        quote!(#rt::core::clone::Clone),
        quote!(#rt::core::marker::Copy),
        quote!(#rt::core::fmt::Debug),
        quote!(#rt::core::cmp::PartialEq),
        quote!(#rt::core::cmp::Eq),
        quote!(#rt::core::hash::Hash),
    ];
    quote! {
        #(#cfgs)*
        #[doc = #doc]
        #[derive(#(#traits),*)]
        #[allow(dead_code, unreachable_pub, clippy::enum_variant_names)]
        #vis enum #name { #(#variants)* }
    }
}

/// `macro_rules! turnstile_states { … } pub(crate) use turnstile_states as Turnstile;`
pub(super) fn hand_over(states: &States) -> TokenStream {
    let rt = &states.runtime;
    let cfgs: Vec<&Attribute> = states.cfgs().collect();
    let (machine, arguments) = (&states.item.ident, &states.arguments);
    let name = format_ident!(
        "{}_states",
        names::snake_case(&machine.to_string().replace("r#", ""))
    );
    let mut item = states.item.clone();
    item.attrs.retain(crate::gen_server::ast::is_cfg);
    if let syn::Data::Enum(data) = &mut item.data {
        for variant in &mut data.variants {
            let initial = states
                .find(&variant.ident)
                .and_then(|state| state.initial.clone());
            variant.attrs = initial.into_iter().collect();
            variant
                .fields
                .iter_mut()
                .for_each(|field| field.attrs.clear());
        }
    }
    quote! {
        #(#cfgs)*
        #[allow(unused_macros)]
        macro_rules! #name {
            ($($machine:tt)*) => {
                #rt::gen_statem_impl! { { #arguments } { #item } $($machine)* }
            };
        }
        #(#cfgs)*
        #[allow(unused_imports, clippy::redundant_pub_crate)]
        pub(crate) use #name as #machine;
    }
}
