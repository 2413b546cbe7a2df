//! The rules of a server. Each reports at the token to change, in one sentence that ends in what to write.
//!
//! What rustc says well is left to rustc.

mod handler;
pub(crate) mod owned;
mod param;

use quote::ToTokens;
use syn::Type;

use super::ast::Block;
use super::model::{Handler, Server, type_path};
use crate::errors::Errors;
use crate::names;
use crate::symbol::{Kind, STARTERS};

/// What is wrong with an impl block whatever it is for.
pub(crate) fn block(errors: &mut Errors, block: &Block) {
    let header = &block.header;
    if let Some((path, for_token)) = &header.trait_ {
        let place = path
            .to_token_stream()
            .into_iter()
            .chain(for_token.to_token_stream());
        errors.push(
            place.collect::<proc_macro2::TokenStream>(),
            format!(
                "`#[gen_server]` belongs on the inherent impl; write `impl {}`",
                text(&header.self_ty)
            ),
        );
    }
    if let Some(unsafety) = &header.unsafety {
        errors.push(unsafety, "an inherent impl is safe; remove `unsafe`");
    }
    owned::block_has_no_lifetime(errors, block);
    for method in block.methods() {
        let name = &method.sig.ident;
        if STARTERS.iter().any(|starter| name == starter) && header.trait_.is_none() {
            errors.push(
                name,
                format!("`{name}` is the name of a starter, which `#[gen_server]` writes; choose another name"),
            );
        }
    }
}

/// An impl for `[T]` or `(A, B)`.
pub(crate) fn unnamed(errors: &mut Errors, block: &Block) {
    errors.push(
        &block.header.self_ty,
        "a server is a struct or an enum; write `impl Name`",
    );
}

/// What is wrong with a server.
pub(crate) fn server(errors: &mut Errors, server: &Server<'_>) {
    one_init(errors, server);
    one_callback_of_a_kind(errors, server);
    variants_differ(errors, server);
    protocols_differ(errors, server);
    let messages = server.messages.iter().map(|message| &message.handler);
    for handler in server.inits.iter().chain(messages).chain(&server.callbacks) {
        one_handler(errors, handler, server);
    }
}

/// What is wrong with one handler, of a server or of a protocol.
pub(crate) fn one_handler(errors: &mut Errors, handler: &Handler<'_>, server: &Server<'_>) {
    handler::handler(errors, handler, server);
    param::params(errors, handler, server);
}

/// A protocol is a variant beside those of the handlers.
fn protocols_differ(errors: &mut Errors, server: &Server<'_>) {
    for (place, protocol) in server.protocols.iter().enumerate() {
        let (variant, path) = (&protocol.variant, protocol.path);
        let written = names::text(path);
        let mut earlier = server.protocols.iter().take(place);
        if earlier.any(|earlier| names::text(earlier.path) == written) {
            let message = format!("`{written}` is listed already; remove one of the two");
            errors.push(path, message);
        }
        let handler = server
            .messages
            .iter()
            .find(|message| message.variant == *variant);
        if let Some(handler) = handler {
            let name = handler.handler.name();
            errors.push(
                name,
                format!("the message of `{name}` would be `{variant}`, which is the protocol's; choose another name"),
            );
        }
    }
}

fn one_init(errors: &mut Errors, server: &Server<'_>) {
    if server.inits.is_empty() {
        let name = &server.names.server;
        errors.push(
            name,
            format!(
                "`{name}` has no `#[init]`; write `#[init] fn init() -> Self {{ … }}` in this impl"
            ),
        );
    }
    no_second(errors, &server.inits);
    for attr in server.inits.iter().flat_map(Handler::cfgs) {
        errors.push(
            attr,
            "every build starts its servers; put the `#[cfg]` inside of the `#[init]` method",
        );
    }
}

fn one_callback_of_a_kind(errors: &mut Errors, server: &Server<'_>) {
    const KINDS: [Kind; 5] = [
        Kind::Down,
        Kind::Exit,
        Kind::Timeout,
        Kind::Terminate,
        Kind::FormatStatus,
    ];
    for kind in KINDS {
        let of_kind = server
            .callbacks
            .iter()
            .filter(|handler| handler.kind == kind && handler.cfgs().next().is_none());
        no_second(errors, of_kind);
    }
}

fn no_second<'a: 'b, 'b>(errors: &mut Errors, handlers: impl IntoIterator<Item = &'b Handler<'a>>) {
    for second in handlers.into_iter().skip(1) {
        let name = second.kind.name();
        for mark in second.method.marks.iter().take(1) {
            errors.push(
                &mark.attr,
                format!("a server has one `#[{name}]`; remove this one or the other"),
            );
        }
    }
}

/// `load_it` and `loadIt` would be one variant.
pub(crate) fn variants_differ(errors: &mut Errors, server: &Server<'_>) {
    for (place, message) in server.messages.iter().enumerate() {
        let earlier = server
            .messages
            .iter()
            .take(place)
            .find(|earlier| earlier.variant == message.variant);
        let Some(earlier) = earlier else { continue };
        let has_cfgs = |handler: &Handler<'_>| handler.cfgs().next().is_some();
        if has_cfgs(&message.handler) || has_cfgs(&earlier.handler) {
            continue;
        }
        let (name, other, variant) = (
            message.handler.name(),
            earlier.handler.name(),
            &message.variant,
        );
        errors.push(
            name,
            if name == other {
                format!("`{name}` is a handler already; choose another name for one of the two")
            } else {
                format!("`{name}` and `{other}` are both the message `{variant}`; choose another name for one of them")
            },
        );
    }
}

/// A type in the words of a sentence: `Vec<u8>` for `Vec < u8 >`.
fn text(ty: &Type) -> String {
    if let Some(ident) = type_path(ty).and_then(syn::Path::get_ident) {
        return ident.to_string();
    }
    names::text(ty)
}
