//! One client method for each call and cast, on the handle.

use proc_macro2::TokenStream;
use quote::quote;

use crate::gen_server::model::{Message, Server};
use crate::names::local;
use crate::symbol::Kind;

/// `impl CounterRef { pub fn add(&self, by: i64) -> Call<CounterMessage, i64> { … } … }`
pub(crate) fn methods(server: &Server<'_>) -> Option<TokenStream> {
    server.clients().next()?;
    let generics = server.bounded_generics();
    let (generics, _, where_clause) = generics.split_for_impl();
    let cfgs = server.cfgs();
    let handle = &server.names.handle;
    let methods = server.clients().map(|message| method(server, message));
    Some(quote! {
        #(#cfgs)*
        #[allow(deprecated, non_snake_case, private_bounds, private_interfaces, clippy::used_underscore_binding)]
        #[allow(clippy::too_many_arguments, clippy::type_complexity)]
        impl #generics #handle #where_clause {
            #(#methods)*
        }
    })
}

/// `pub fn add(&self, by: i64) -> Call<CounterMessage, i64> { … }`
fn method(server: &Server<'_>, message: &Message<'_>) -> TokenStream {
    let rt = &server.runtime;
    let Message {
        handler,
        variant,
        reply_to,
    } = message;
    let (vis, name) = (handler.vis(), handler.name());
    let cfgs = handler.cfgs();
    let docs = handler.name_attrs();
    let default_doc = (!handler.has_docs()).then(|| {
        let verb = if handler.kind == Kind::Call {
            "Calls"
        } else {
            "Casts"
        };
        let doc = format!("{verb} `{name}`.");
        quote!(#[doc = #doc])
    });
    let params = handler.data().map(|param| {
        let (ident, ty) = (&param.ident, &param.ty);
        quote!(#ident: #ty)
    });
    let fields = handler.data().map(|param| {
        let (field, ident) = (&param.field, &param.ident);
        if field == ident {
            quote!(#ident)
        } else {
            quote!(#field: #ident)
        }
    });
    let enumeration = &server.names.message;
    let address = &server.names.address;
    let message_type = server.message_type();
    let (answers, body) = match message.answer() {
        None => {
            let fields = handler.data().next().map(|_| quote!({ #(#fields),* }));
            (
                quote!(#rt::Sent<#message_type>),
                quote!(cast(self, #enumeration::#variant #fields)),
            )
        }
        Some(answer) => {
            let reply_local = local("reply_to");
            let build = quote!(|#reply_local| #enumeration::#variant { #(#fields,)* #reply_to: #reply_local });
            if message.answers_a_result() {
                (
                    quote!(#rt::TryCall<#message_type, #answer>),
                    quote!(try_call(self, #build)),
                )
            } else {
                (
                    quote!(#rt::Call<#message_type, #answer>),
                    quote!(call(self, #build)),
                )
            }
        }
    };
    quote! {
        #(#cfgs)*
        #(#docs)*
        #default_doc
        #vis fn #name(&self #(, #params)*) -> #answers {
            #rt::#address::#body
        }
    }
}
