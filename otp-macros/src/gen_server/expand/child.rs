//! What makes a server a child of supervisors: how it is started, with what, and its specification.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Generics, parse_quote};

use super::start::{construct, parameters};
use crate::gen_server::model::Server;
use crate::names::local;

/// `impl Supervised for Counter`, `impl FromValues<i64> for CounterArguments`, `child_spec`, and the way to start one
/// under a dynamic supervisor.
pub(super) fn child(server: &Server<'_>) -> TokenStream {
    let supervised = supervised(server);
    let from_values = from_values(server);
    let child_spec = child_spec(server);
    let starter = starter(server);
    quote! {
        #supervised
        #from_values
        #child_spec
        #starter
    }
}

/// `impl Supervised for Counter where for<'any> CounterArguments: Send { … }`
///
/// The lifetime, which nothing uses, keeps the compiler from telling here once more that something is not `Send`.
fn supervised(server: &Server<'_>) -> TokenStream {
    let rt = &server.runtime;
    let generics = can_be_a_child(server);
    let (generics, _, where_clause) = generics.split_for_impl();
    let server_type = &server.names.server_type;
    let handle = &server.names.handle;
    let arguments = server.arguments_type();
    let value = local("arguments");
    quote! {
        #[automatically_derived]
        #[allow(deprecated, private_interfaces)]
        impl #generics #rt::Supervised for #server_type #where_clause {
            type Handle = #handle;
            type Args = #arguments;
            fn start_child(#value: Self::Args) -> impl #rt::ChildStart<Handle = Self::Handle> {
                #rt::LinkedStart::<#handle>(#value)
            }
        }
    }
}

/// `impl FromValues<i64> for CounterArguments { fn from_values(values: i64) -> Self { CounterArguments(values) } }`
fn from_values(server: &Server<'_>) -> TokenStream {
    let rt = &server.runtime;
    let generics = server.bounded_generics();
    let (generics, _, where_clause) = generics.split_for_impl();
    let arguments = server.arguments_type();
    let values = local("values");
    let types: Vec<_> = parameters(server).map(|param| &param.ty).collect();
    let places = (0..).map(syn::Index::from);
    let (values_type, taken): (TokenStream, Vec<TokenStream>) = match types.as_slice() {
        [one] => (quote!(#one), vec![quote!(#values)]),
        several => (
            quote!((#(#several),*)),
            std::iter::zip(several, places)
                .map(|(_, place)| quote!(#values.#place))
                .collect(),
        ),
    };
    let mut taken = taken.into_iter();
    let constructed = construct(server, |_| taken.next().unwrap_or_default());
    let bind = if types.is_empty() {
        quote!(_)
    } else {
        quote!(#values)
    };
    quote! {
        #[automatically_derived]
        #[allow(deprecated, private_interfaces)]
        impl #generics #rt::FromValues<#values_type> for #arguments #where_clause {
            fn from_values(#bind: #values_type) -> Self { #constructed }
        }
    }
}

/// `impl Counter { pub fn child_spec(value: i64) -> ChildSpec<CounterRef> where for<'any> i64: Clone { … } }`
///
/// The lifetime, which nothing uses, leaves the bound to those who call: a server whose arguments are not `Clone`
/// compiles, without this function.
fn child_spec(server: &Server<'_>) -> TokenStream {
    let rt = &server.runtime;
    let generics = can_be_a_child(server);
    let (generics, _, where_clause) = generics.split_for_impl();
    let server_type = &server.names.server_type;
    let handle = &server.names.handle;
    let doc = format!(
        "A child specification that starts a `{}` with clones of these arguments.",
        server.names.server
    );
    let params = typed(server);
    let bounds = cloned(server);
    let arguments = clones(server);
    quote! {
        #[allow(dead_code, deprecated, private_bounds, private_interfaces, unreachable_pub)]
        #[allow(clippy::too_many_arguments, clippy::type_complexity, clippy::used_underscore_binding)]
        impl #generics #server_type #where_clause {
            #[doc = #doc]
            pub fn child_spec(#(#params),*) -> #rt::ChildSpec<#handle> where #(#bounds),* {
                #rt::ChildSpec::new(
                    #rt::core::any::type_name::<Self>(),
                    move || #rt::LinkedStart::<#handle>(#arguments),
                )
            }
        }
    }
}

/// `pub struct CounterStarter(DynamicStarter<Counter>);` with its `start_child`, and `impl DynamicChild for Counter`.
fn starter(server: &Server<'_>) -> TokenStream {
    let rt = &server.runtime;
    let name = &server.names.starter;
    let any = server.bounded_generics();
    let (generics, arguments_of_type, where_clause) = any.split_for_impl();
    let child = can_be_a_child(server);
    let (_, _, is_a_child) = child.split_for_impl();
    let server_type = &server.names.server_type;
    let handle = &server.names.handle;
    let doc = format!("Starts a `{}` under this supervisor.", server.names.server);
    let params = typed(server);
    let bounds = cloned(server);
    let arguments = clones(server);
    let inner = local("inner");
    quote! {
        #[allow(missing_debug_implementations, missing_docs, private_bounds, unreachable_pub)]
        pub struct #name #generics (#rt::DynamicStarter<#server_type>) #where_clause;

        #[automatically_derived]
        impl #generics #rt::core::convert::From<#rt::DynamicStarter<#server_type>> for #name #arguments_of_type #where_clause {
            fn from(#inner: #rt::DynamicStarter<#server_type>) -> Self { #name(#inner) }
        }

        #[allow(dead_code, deprecated, private_bounds, private_interfaces, unreachable_pub)]
        #[allow(clippy::too_many_arguments, clippy::type_complexity, clippy::used_underscore_binding)]
        impl #generics #name #arguments_of_type #is_a_child {
            #[doc = #doc]
            pub fn start_child(&self, #(#params),*) -> #rt::StartingChild<#handle> where #(#bounds),* {
                self.0.start_child(move || #arguments)
            }
        }

        #[automatically_derived]
        #[allow(deprecated, private_interfaces)]
        impl #generics #rt::DynamicChild for #server_type #where_clause {
            type Starter = #name #arguments_of_type;
        }
    }
}

/// The generics of the impl, for those servers whose arguments are `Send`; handles always are.
fn can_be_a_child(server: &Server<'_>) -> Generics {
    let rt = &server.runtime;
    let mut generics = server.bounded_generics();
    let arguments = server.arguments_type();
    let predicates = &mut generics.make_where_clause().predicates;
    predicates.push(parse_quote!(for<'any> #arguments: #rt::core::marker::Send));
    generics
}

/// `value: i64`
fn typed<'a>(server: &'a Server<'a>) -> impl Iterator<Item = TokenStream> + 'a {
    parameters(server).map(|param| {
        let (ident, ty) = (&param.ident, &param.ty);
        quote!(#ident: #ty)
    })
}

/// `for<'any> i64: Clone + Send`
fn cloned<'a>(server: &'a Server<'a>) -> impl Iterator<Item = TokenStream> + 'a {
    let rt = &server.runtime;
    parameters(server).map(move |param| {
        let ty = &param.ty;
        quote!(for<'any> #ty: #rt::core::clone::Clone + #rt::core::marker::Send)
    })
}

/// `CounterArguments(Clone::clone(&value))`
fn clones(server: &Server<'_>) -> TokenStream {
    let rt = &server.runtime;
    construct(server, |param| {
        let ident = &param.ident;
        quote!(#rt::core::clone::Clone::clone(&#ident))
    })
}
