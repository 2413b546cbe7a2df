//! The handle of a server, and what its options say.

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::{Attribute, Generics, WhereClause, parse_quote};

use crate::gen_server::state::State;
use crate::names::{self, local};
use crate::place;
use crate::runtime::Runtime;

/// `pub struct CounterRef(ServerRef<Counter>);` with its impls, and `impl Configured for Counter`.
pub(super) fn handle(state: &State) -> TokenStream {
    let item = &state.item;
    let (vis, server) = (&item.vis, &item.ident);
    let name = names::handle(server);
    let cfgs = state.cfgs();
    let hidden = item.attrs.iter().filter(|attr| is_about_use(attr));
    let doc = format!(
        "The handle of a [`{server}`]: an address that is cheap to clone, with a method for each call and cast.\n\n\
         Dropping it stops nothing."
    );
    let params = &item.generics.params;
    let params = (!params.is_empty()).then(|| quote!(<#params>));
    let inner = inner(state);
    let where_clause = where_clause(state);
    let configured = configured(state);
    let impls = impls(state);
    quote! {
        #(#cfgs)*
        #(#hidden)*
        #[doc = #doc]
        #[allow(dead_code, deprecated, private_bounds)]
        #vis struct #name #params (#inner) #where_clause;

        #configured
        #impls
    }
}

/// `impl Configured for Counter { const OPTIONS: ServerOptions = ServerOptions::DEFAULT.restart(…); }`, and the one
/// place that asks for the impl of `GenServer`.
fn configured(state: &State) -> TokenStream {
    let rt = &state.runtime;
    let server = &state.item.ident;
    let cfgs: Vec<&Attribute> = state.cfgs().collect();
    let (generics, arguments, where_clause) = state.item.generics.split_for_impl();
    let options = state.options.expand(rt);
    let is_server = state.item.generics.params.is_empty().then(|| {
        let is_server = place::at(server.span(), quote!(is_server::<#server>()));
        quote! {
            #(#cfgs)*
            #[allow(deprecated)]
            const _: () = {
                const fn is_server<T: #rt::GenServer>() {}
                #is_server
            };
        }
    });
    quote! {
        #is_server

        #(#cfgs)*
        #[automatically_derived]
        #[allow(deprecated)]
        impl #generics #rt::Configured for #server #arguments #where_clause {
            const OPTIONS: #rt::ServerOptions = #options;
        }
    }
}

/// The traits of an address: `Clone`, `Eq`, `Hash`, `Debug`, the way to the `ServerRef` inside, and the way here from the
/// server: `impl HasHandle for Counter { type Handle = CounterRef; }`.
fn impls(state: &State) -> TokenStream {
    let rt = &state.runtime;
    let server = &state.item.ident;
    let name = names::handle(server);
    let (generics, arguments, _) = state.item.generics.split_for_impl();
    let where_clause = where_clause(state);
    let inner = inner(state);
    let mut bodies = address(rt, &name, &inner);
    bodies.push((
        quote!(#rt::ServerHandle),
        quote!(type Server = #server #arguments;),
    ));
    let cfgs: Vec<&Attribute> = state.cfgs().collect();
    let impls = bodies.into_iter().map(|(of, body)| {
        quote! {
            #(#cfgs)*
            #[automatically_derived]
            #[allow(deprecated)]
            impl #generics #of for #name #arguments #where_clause { #body }
        }
    });
    quote! {
        #(#impls)*

        #(#cfgs)*
        #[automatically_derived]
        #[allow(deprecated, private_interfaces)]
        impl #generics #rt::HasHandle for #server #arguments #where_clause {
            type Handle = #name #arguments;
        }
    }
}

/// The traits of an address of its own type, `name(inner)`, with what their impls hold.
pub(crate) fn address(
    rt: &Runtime,
    name: &Ident,
    inner: &TokenStream,
) -> Vec<(TokenStream, TokenStream)> {
    let text = name.to_string();
    let [other, state_, f, inner_value] = ["other", "state", "f", "inner"].map(local);
    let hasher = quote!(OtpHasher);
    vec![
        (
            quote!(#rt::core::clone::Clone),
            quote!(fn clone(&self) -> Self { #name(#rt::core::clone::Clone::clone(&self.0)) }),
        ),
        (
            quote!(#rt::core::cmp::PartialEq),
            quote!(fn eq(&self, #other: &Self) -> bool { #rt::core::cmp::PartialEq::eq(&self.0, &#other.0) }),
        ),
        (quote!(#rt::core::cmp::Eq), quote!()),
        (
            quote!(#rt::core::hash::Hash),
            quote! {
                fn hash<#hasher: #rt::core::hash::Hasher>(&self, #state_: &mut #hasher) {
                    #rt::core::hash::Hash::hash(&self.0, #state_);
                }
            },
        ),
        (
            quote!(#rt::core::fmt::Debug),
            quote! {
                fn fmt(&self, #f: &mut #rt::core::fmt::Formatter<'_>) -> #rt::core::fmt::Result {
                    #rt::core::fmt::Formatter::debug_tuple(#f, #text).field(&self.0).finish()
                }
            },
        ),
        (
            quote!(#rt::core::ops::Deref),
            quote!(type Target = #inner; fn deref(&self) -> &Self::Target { &self.0 }),
        ),
        (
            quote!(#rt::core::convert::From<#inner>),
            quote!(fn from(#inner_value: #inner) -> Self { #name(#inner_value) }),
        ),
        (
            quote!(#rt::core::convert::AsRef<#inner>),
            quote!(fn as_ref(&self) -> &#inner { &self.0 }),
        ),
    ]
}

/// `ServerRef<Counter>`, shown at the struct's name: a server without `impl GenServer` is one mistake there.
fn inner(state: &State) -> TokenStream {
    let rt = &state.runtime;
    let server = &state.item.ident;
    let (_, arguments, _) = state.item.generics.split_for_impl();
    place::at(server.span(), quote!(#rt::ServerRef<#server #arguments>))
}

/// The struct's where clause and `Cache<K, V>: GenServer`, which [`configured`] asks for, too.
fn where_clause(state: &State) -> WhereClause {
    let rt = &state.runtime;
    let item = &state.item;
    bounded(&item.ident, &item.generics, &quote!(#rt::GenServer))
}

/// An item's where clause and `Cache<K, V>: GenServer`.
///
/// Where nothing is generic, a lifetime that nothing uses keeps the compiler from telling of a missing impl once for
/// each item here: one place asks for it.
pub(crate) fn bounded(item: &Ident, generics: &Generics, bound: &TokenStream) -> WhereClause {
    let (_, arguments, _) = generics.split_for_impl();
    let any = generics.params.is_empty().then(|| quote!(for<'any>));
    let predicate = place::at(item.span(), quote!(#any #item #arguments: #bound));
    let mut where_clause = generics
        .where_clause
        .clone()
        .unwrap_or_else(|| parse_quote!(where));
    where_clause.predicates.push(parse_quote!(#predicate));
    where_clause
}

fn is_about_use(attr: &Attribute) -> bool {
    attr.path().is_ident("deprecated")
}
