//! What makes a tree a child of other trees and of dynamic supervisors.

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::start::{bounds, names, typed};
use crate::names::local;
use crate::supervisor::model::Tree;

/// `impl Supervised for CacheTree`, `impl FromValues<TreeOptions> for CacheTreeArguments`, and the way to start one
/// under a dynamic supervisor.
pub(super) fn supervised(tree: &Tree<'_>) -> TokenStream {
    let rt = &tree.runtime;
    let name = &tree.written.name;
    let (handle, arguments, start) = (&tree.names.handle, &tree.names.arguments, &tree.names.start);
    let types = tree.written.params.iter().map(|param| &param.ty);
    let fields = (!tree.written.params.is_empty()).then(|| quote!((#(#types),*)));
    let bounds = bounds(tree);
    let value = local("arguments");
    let places = (0..tree.written.params.len()).map(syn::Index::from);
    let bind = if tree.written.params.is_empty() {
        quote!(_)
    } else {
        quote!(#value)
    };
    let from_values = from_values(tree);
    let starter = starter(tree);
    quote! {
        #[allow(missing_debug_implementations, missing_docs, deprecated, unreachable_pub)]
        #[allow(clippy::type_complexity)]
        pub struct #arguments #fields;

        #[automatically_derived]
        #[allow(deprecated, private_bounds, private_interfaces)]
        impl #rt::Supervised for #name #bounds {
            type Handle = #handle;
            type Args = #arguments;
            fn start_child(#bind: Self::Args) -> impl #rt::ChildStart<Handle = Self::Handle> {
                #start(true #(, #value.#places)*)
            }
        }

        #from_values
        #starter
    }
}

/// `impl FromValues<TreeOptions> for CacheTreeArguments { … }`
fn from_values(tree: &Tree<'_>) -> TokenStream {
    let rt = &tree.runtime;
    let arguments = &tree.names.arguments;
    let values = local("values");
    let types: Vec<_> = tree.written.params.iter().map(|param| &param.ty).collect();
    let (bind, values_type, made) = match types.as_slice() {
        [] => (quote!(_), quote!(()), quote!(#arguments)),
        [one] => (quote!(#values), quote!(#one), quote!(#arguments(#values))),
        several => {
            let places = (0..several.len()).map(syn::Index::from);
            (
                quote!(#values),
                quote!((#(#several),*)),
                quote!(#arguments(#(#values.#places),*)),
            )
        }
    };
    quote! {
        #[automatically_derived]
        #[allow(deprecated, private_interfaces)]
        impl #rt::FromValues<#values_type> for #arguments {
            fn from_values(#bind: #values_type) -> Self { #made }
        }
    }
}

/// `pub struct CacheTreeStarter(DynamicStarter<CacheTree>);` with its `start_child`, and `impl DynamicChild for
/// CacheTree`.
fn starter(tree: &Tree<'_>) -> TokenStream {
    let rt = &tree.runtime;
    let name = &tree.written.name;
    let (handle, arguments, starter) = (
        &tree.names.handle,
        &tree.names.arguments,
        &tree.names.starter,
    );
    let doc = format!("Starts a `{name}` under this supervisor.");
    let params = typed(tree);
    let bounds = bounds(tree);
    let clones = names(tree).map(|name: &Ident| quote!(#rt::core::clone::Clone::clone(&#name)));
    let clones = (!tree.written.params.is_empty()).then(|| quote!((#(#clones),*)));
    let inner = local("inner");
    quote! {
        #[allow(missing_debug_implementations, missing_docs, unreachable_pub)]
        pub struct #starter(#rt::DynamicStarter<#name>);

        #[automatically_derived]
        #[allow(deprecated)]
        impl #rt::core::convert::From<#rt::DynamicStarter<#name>> for #starter {
            fn from(#inner: #rt::DynamicStarter<#name>) -> Self { #starter(#inner) }
        }

        #[allow(dead_code, deprecated, private_bounds, private_interfaces, unreachable_pub)]
        #[allow(clippy::too_many_arguments, clippy::type_complexity, clippy::used_underscore_binding)]
        impl #starter {
            #[doc = #doc]
            pub fn start_child(&self #(, #params)*) -> #rt::StartingChild<#handle> #bounds {
                self.0.start_child(move || #arguments #clones)
            }
        }

        #[automatically_derived]
        #[allow(deprecated)]
        impl #rt::DynamicChild for #name {
            type Starter = #starter;
        }
    }
}
