//! What init takes, and the starters.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::Attribute;

use crate::gen_server::model::{Handler, Param, Server};
use crate::names;

/// `pub struct CounterArguments(i64);`, whose fields are private: their types may be, too.
pub(super) fn arguments(server: &Server<'_>) -> TokenStream {
    let rt = &server.runtime;
    let name = &server.names.arguments;
    let generics = server.generics();
    let where_clause = &generics.where_clause;
    let types = parameters(server).map(|param| &param.ty);
    let unused = unused(server);
    let phantom = (!unused.is_empty())
        .then(|| quote!(#rt::core::marker::PhantomData<fn() -> (#(#unused,)*)>));
    let has_fields = parameters(server).next().is_some() || phantom.is_some();
    let fields = has_fields.then(|| quote!((#(#types,)* #phantom)));
    quote! {
        #[allow(missing_debug_implementations, missing_docs, deprecated, private_bounds, unreachable_pub)]
        #[allow(clippy::type_complexity)]
        pub struct #name #generics #fields #where_clause;
    }
}

/// `impl Counter { pub fn start(value: i64) -> … start_link … start_monitor … }`
pub(super) fn starters(server: &Server<'_>) -> TokenStream {
    let rt = &server.runtime;
    let generics = server.bounded_generics();
    let (generics, _, where_clause) = generics.split_for_impl();
    let server_type = &server.names.server_type;
    let handle = &server.names.handle;
    let monitored = quote!((#handle, #rt::MonitorRef));
    let starters = [
        starter(server, "start", handle, "linked to nothing"),
        starter(
            server,
            "start_link",
            handle,
            "linked to the process that starts it",
        ),
        starter(
            server,
            "start_monitor",
            &monitored,
            "monitored by the process that starts it",
        ),
    ];
    quote! {
        #[allow(dead_code, deprecated, private_bounds, private_interfaces, unreachable_pub)]
        #[allow(clippy::too_many_arguments, clippy::type_complexity, clippy::used_underscore_binding)]
        impl #generics #server_type #where_clause {
            #(#starters)*
        }
    }
}

/// `pub fn start(value: i64) -> Start<CounterRef, impl Future<…> + Send> { start::<CounterRef>(CounterArguments(value)) }`
fn starter(server: &Server<'_>, name: &str, started: &TokenStream, how: &str) -> TokenStream {
    let rt = &server.runtime;
    let handle = &server.names.handle;
    let doc = format!("Starts a `{}` that is {how}.", server.names.server);
    let docs = init_docs(server);
    let runs = &server.names.runs;
    let name = Ident::new(name, Span::call_site());
    let params = parameters(server).map(|param| {
        let (ident, ty) = (&param.ident, &param.ty);
        quote!(#ident: #ty)
    });
    let arguments = construct(server, |param| {
        let ident = &param.ident;
        quote!(#ident)
    });
    quote! {
        #[doc = #doc]
        #docs
        #[track_caller]
        pub fn #name(#(#params),*) -> #rt::Start<
            #started,
            impl #rt::core::future::Future<Output = #rt::Initialized<#runs>> + #rt::core::marker::Send,
        > {
            #rt::#name::<#handle>(#arguments)
        }
    }
}

/// `CounterArguments(value)`
pub(super) fn construct(
    server: &Server<'_>,
    value: impl FnMut(&Param<'_>) -> TokenStream,
) -> TokenStream {
    let rt = &server.runtime;
    let name = &server.names.arguments;
    let values = parameters(server).map(value);
    let phantom = (!unused(server).is_empty()).then(|| quote!(#rt::core::marker::PhantomData));
    let fields = (parameters(server).next().is_some() || phantom.is_some())
        .then(|| quote!((#(#values,)* #phantom)));
    quote!(#name #fields)
}

pub(super) fn parameters<'a>(
    server: &'a Server<'a>,
) -> impl Iterator<Item = &'a Param<'a>> + Clone {
    server.inits.iter().flat_map(Handler::data)
}

/// The type parameters that no argument of init names.
fn unused<'a>(server: &'a Server<'a>) -> Vec<&'a Ident> {
    let is_used =
        |ident: &&Ident| parameters(server).any(|param| names::mentions(param.ty.clone(), ident));
    server
        .generics()
        .type_params()
        .map(|param| &param.ident)
        .filter(|ident| !is_used(ident))
        .collect()
}

/// What the user says of init, after a blank line.
fn init_docs(server: &Server<'_>) -> TokenStream {
    let docs = server.inits.iter().flat_map(Handler::name_attrs);
    let docs: Vec<&Attribute> = docs.collect();
    let blank_line = (!docs.is_empty()).then(|| quote!(#[doc = ""]));
    quote!(#blank_line #(#docs)*)
}
