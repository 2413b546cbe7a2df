//! The rules of a protocol, beside those of every handler. Each ends in what to write.

use syn::visit::{self, Visit};
use syn::{PathSegment, TraitItem};

use super::ast::Protocol;
use crate::errors::Errors;
use crate::gen_server::check;
use crate::gen_server::model::{Handler, Server};
use crate::symbol::Kind;

/// What is wrong with the trait.
pub(super) fn item(errors: &mut Errors, protocol: &Protocol) {
    let item = &protocol.item;
    if let Some(unsafety) = &item.unsafety {
        errors.push(
            unsafety,
            "a protocol asks nothing unsafe of its servers; remove `unsafe`",
        );
    }
    for lifetime in protocol.lifetimes() {
        errors.push(
            lifetime,
            "a message outlives its sender, so a protocol borrows nothing; remove the lifetime",
        );
    }
    for member in &item.items {
        match member {
            TraitItem::Fn(_) => {}
            TraitItem::Type(member) => errors.push(
                &member.ident,
                format!(
                    "a client does not know which server it asks; write `trait {}<{}>`, or name the type",
                    item.ident, member.ident
                ),
            ),
            other => errors.push(
                other,
                "a protocol is made of `#[call]`s and `#[cast]`s; move this out of the trait",
            ),
        }
    }
    for vis in &protocol.visibilities {
        errors.push(
            vis,
            "a protocol's messages are as visible as its trait; remove `pub`",
        );
    }
    for method in protocol.methods() {
        let has_mark = protocol
            .block
            .methods()
            .any(|marked| marked.sig.ident == method.sig.ident);
        if !has_mark && method.default.is_none() {
            let name = &method.sig.ident;
            errors.push(
                name,
                format!("`{name}` is no message of the protocol yet; write `#[call]` or `#[cast]` above it"),
            );
        }
    }
    if protocol.methods().next().is_none() && item.items.is_empty() {
        let name = &item.ident;
        errors.push(
            name,
            format!("`{name}` has no message; write a `#[call]` or a `#[cast]` in it"),
        );
    }
}

/// What is wrong with its messages.
pub(super) fn messages(errors: &mut Errors, server: &Server<'_>) {
    check::variants_differ(errors, server);
    let messages = server.messages.iter().map(|message| &message.handler);
    for handler in messages.chain(&server.inits).chain(&server.callbacks) {
        if !matches!(handler.kind, Kind::Call | Kind::Cast) {
            let kind = handler.kind.name();
            for mark in handler.method.marks.iter().take(1) {
                errors.push(
                    &mark.attr,
                    format!(
                        "`#[{kind}]` is each server's own business; move it to the server's impl"
                    ),
                );
            }
            continue;
        }
        check::one_handler(errors, handler, server);
        names_no_server(errors, handler);
    }
}

/// `Self` in a message would be another type for each server.
fn names_no_server(errors: &mut Errors, handler: &Handler<'_>) {
    let mut names = NamesSelf { errors };
    for param in handler.data() {
        names.visit_type(param.written);
    }
    if let Some(output) = &handler.output {
        names.visit_type(output.written);
    }
    if let Some((param, _)) = handler.reply_to() {
        names.visit_type(param.written);
    }
}

struct NamesSelf<'e> {
    errors: &'e mut Errors,
}

impl<'ast> Visit<'ast> for NamesSelf<'_> {
    fn visit_path_segment(&mut self, segment: &'ast PathSegment) {
        if segment.ident == "Self" {
            self.errors.push(
                segment,
                "a client does not know which server it asks; name the type instead of `Self`",
            );
        }
        visit::visit_path_segment(self, segment);
    }
}
