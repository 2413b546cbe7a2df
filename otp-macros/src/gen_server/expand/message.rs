//! The message enum: one variant for each call, cast, info and continue.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, format_ident, quote};
use syn::{Attribute, Generics, TypeParam, Visibility};

use crate::gen_server::model::{Message, Server};
use crate::names::{self, local};
use crate::symbol::Kind;

/// `pub enum CounterMessage { Add { by: i64, reply_to: ReplyTo<i64> }, Reset, KeyValue(KeyValueMessage) }`
pub(crate) fn enumeration(server: &Server<'_>, vis: &Visibility) -> TokenStream {
    let rt = &server.runtime;
    let cfgs = server.cfgs();
    let name = &server.names.message;
    let doc = format!("The messages of a `{}`.", server.names.server);
    let generics = &server.generics();
    let where_clause = &generics.where_clause;
    let variants = server
        .messages
        .iter()
        .map(|message| variant(server, message));
    let parts = server.protocols.iter().map(|protocol| {
        let (variant, message) = (&protocol.variant, &protocol.message);
        let doc = format!("A message of the protocol `{variant}`.");
        quote!(#[doc = #doc] #variant(#message),)
    });
    let unused = unused(server).map(|Unused { variant, params }| {
        quote! {
            #[doc(hidden)]
            #variant(#rt::core::marker::PhantomData<fn() -> (#(#params,)*)>, #rt::core::convert::Infallible),
        }
    });
    quote! {
        #(#cfgs)*
        #[doc = #doc]
        #[allow(dead_code, deprecated, private_bounds, private_interfaces, unreachable_pub)]
        #[allow(clippy::type_complexity)]
        #vis enum #name #generics #where_clause {
            #(#variants)*
            #(#parts)*
            #unused
        }
    }
}

/// `Add { by: i64, reply_to: ReplyTo<i64> },`
fn variant(server: &Server<'_>, message: &Message<'_>) -> TokenStream {
    let rt = &server.runtime;
    let Message {
        handler,
        variant,
        reply_to,
    } = message;
    let cfgs = handler.cfgs();
    let docs = docs(message);
    let mut fields: Vec<TokenStream> = Vec::new();
    for param in handler.data() {
        let doc = format!("Argument of `{}`.", handler.name());
        let (field, ty) = (&param.field, &param.ty);
        fields.push(quote!(#[doc = #doc] #field: #ty,));
    }
    if let Some(answer) = message.answer() {
        fields.push(quote!(#[doc = "Takes the answer."] #reply_to: #rt::ReplyTo<#answer>,));
    }
    let fields = (!fields.is_empty()).then(|| quote!({ #(#fields)* }));
    quote!(#(#cfgs)* #(#docs)* #variant #fields,)
}

/// The first paragraph of the handler's docs (its examples would run once more for the variant), and its deprecation.
fn docs(message: &Message<'_>) -> Vec<TokenStream> {
    let handler = &message.handler;
    let is_doc = |attr: &&Attribute| attr.path().is_ident("doc");
    let summary = handler
        .name_attrs()
        .filter(is_doc)
        .take_while(|attr| !is_blank_line(attr));
    let mut docs: Vec<TokenStream> = summary.map(ToTokens::to_token_stream).collect();
    if docs.is_empty() {
        let doc = match handler.kind {
            Kind::Call => format!("The call `{}`.", handler.name()),
            Kind::Cast => format!("The cast `{}`.", handler.name()),
            _ => format!("Handled by `{}`.", handler.name()),
        };
        docs.push(quote!(#[doc = #doc]));
    }
    docs.extend(
        handler
            .name_attrs()
            .filter(|attr| !is_doc(attr))
            .map(ToTokens::to_token_stream),
    );
    docs
}

fn is_blank_line(doc: &Attribute) -> bool {
    let syn::Meta::NameValue(doc) = &doc.meta else {
        return false;
    };
    let syn::Expr::Lit(syn::ExprLit {
        lit: syn::Lit::Str(line),
        ..
    }) = &doc.value
    else {
        return false;
    };
    line.value().trim().is_empty()
}

/// The name of the function that [`debug`] makes.
pub(crate) fn name_function() -> Ident {
    format_ident!("message_name")
}

/// `fn message_name(message: &CounterMessage) -> &'static str { match message { … } }` and `impl Debug`, which prints
/// that: a message's fields need not be `Debug`.
pub(crate) fn debug(server: &Server<'_>) -> TokenStream {
    let rt = &server.runtime;
    let generics = server.generics();
    let (generics, _, where_clause) = generics.split_for_impl();
    let name = &server.names.message;
    let message_type = server.message_type();
    let function = name_function();
    let [f, message, never, part] = ["f", "message", "never", "part"].map(local);
    let arms = server.messages.iter().map(|message| {
        let cfgs = message.handler.cfgs();
        let variant = &message.variant;
        let text = format!("{name}::{variant}");
        quote!(#(#cfgs)* #name::#variant { .. } => #text,)
    });
    let parts = server.protocols.iter().map(|protocol| {
        let (variant, of) = (&protocol.variant, &protocol.message);
        quote!(#name::#variant(ref #part) => <#of>::name(#part),)
    });
    let unused = unused(server).map(|unused| {
        let variant = unused.variant;
        quote!(#name::#variant(_, #never) => match #never {},)
    });
    quote! {
        #[allow(deprecated)]
        fn #function #generics (#message: &#message_type) -> &'static str #where_clause {
            match *#message { #(#arms)* #(#parts)* #unused }
        }

        #[automatically_derived]
        #[allow(deprecated)]
        impl #generics #rt::core::fmt::Debug for #message_type #where_clause {
            fn fmt(&self, #f: &mut #rt::core::fmt::Formatter<'_>) -> #rt::core::fmt::Result {
                #rt::core::fmt::Formatter::write_str(#f, #function(self))
            }
        }
    }
}

/// The variant that no message has, for the type parameters that no message names.
pub(crate) struct Unused<'a> {
    pub(crate) variant: Ident,
    params: Vec<&'a Ident>,
}

/// Rust wants every type parameter of an enum to be used.
pub(crate) fn unused<'a>(server: &'a Server<'_>) -> Option<Unused<'a>> {
    let generics: &Generics = server.generics();
    let params: Vec<_> = generics
        .type_params()
        .filter(|param| !is_used(server, param))
        .map(|p| &p.ident)
        .collect();
    let taken = |name: &Ident| {
        server
            .messages
            .iter()
            .any(|message| message.variant == *name)
    };
    let variant = names::free(format_ident!("Unused"), taken);
    (!params.is_empty()).then_some(Unused { variant, params })
}

fn is_used(server: &Server<'_>, param: &TypeParam) -> bool {
    let in_every_build = server
        .messages
        .iter()
        .filter(|message| message.handler.cfgs().next().is_none());
    in_every_build.into_iter().any(|message| {
        let fields = message.handler.data().map(|field| field.ty.clone());
        fields
            .chain(message.answer())
            .any(|ty| names::mentions(ty, &param.ident))
    }) || server
        .protocols
        .iter()
        .any(|protocol| names::mentions(protocol.message.clone(), &param.ident))
}
