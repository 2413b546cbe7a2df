//! `#[protocol]`: parse, model, check, expand. A protocol is a server's messages without the server, so that the model, the
//! rules of handlers, the message enum and the client methods are those of `#[gen_server]`.

mod ast;
mod check;
mod expand;

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use self::ast::Protocol;
use crate::attr::Settings;
use crate::errors::Errors;
use crate::gen_server::ast::item_keyword;
use crate::gen_server::model::Server;
use crate::runtime::Runtime;
use crate::symbol;

/// What `#[protocol(arguments)]` above `item` becomes.
pub(crate) fn expand(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let keyword = item_keyword(item.clone());
    let expanded = match &keyword {
        Some(word) if word == "trait" => expand_trait(arguments, item.clone()),
        _ => Err(syn::Error::new_spanned(
            keyword,
            "`#[protocol]` belongs above a trait whose methods are the messages; move it there",
        )),
    };
    expanded.unwrap_or_else(|error| {
        let error = error.into_compile_error();
        quote!(#error #item)
    })
}

fn expand_trait(arguments: TokenStream, item: TokenStream) -> syn::Result<TokenStream> {
    let mut errors = Errors::default();
    let settings = Settings::parse(arguments, &[symbol::CRATE], &mut errors);
    let path = settings.crate_path(&mut errors);
    let protocol = Protocol::new(syn::parse2(item)?);
    check::item(&mut errors, &protocol);
    let Some(mut server) = Server::new(Runtime::new(path.as_ref()), &protocol.block) else {
        errors.finish()?;
        return Ok(TokenStream::new());
    };
    server.names.address = format_ident!("ProtocolRef");
    check::messages(&mut errors, &server);
    Ok(match errors.finish() {
        Ok(()) => expand::protocol(&protocol, &server),
        // Without its names: the compiler says nothing of what a failed macro has not made.
        Err(error) => {
            let error = error.into_compile_error();
            let attributes = protocol.block.attributes();
            let item = protocol.as_trait(&server.runtime, None);
            quote!(#item #attributes #error)
        }
    })
}
