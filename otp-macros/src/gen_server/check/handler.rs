//! The rules of a handler's signature but for its parameters.

use syn::{Receiver, ReceiverKind, Safety, Type};

use super::owned::{self, Place};
use super::text;
use crate::errors::Errors;
use crate::gen_server::model::{Handler, Server, last_argument, last_segment_is};
use crate::symbol::Kind;

pub(super) fn handler(errors: &mut Errors, handler: &Handler<'_>, server: &Server<'_>) {
    attributes(errors, handler);
    qualifiers(errors, handler);
    generics(errors, handler);
    receiver(errors, handler);
    output(errors, handler, server);
}

fn attributes(errors: &mut Errors, handler: &Handler<'_>) {
    let marks = &handler.method.marks;
    for mark in marks {
        if mark.is_misnamed {
            let (path, name) = (mark.attr.path(), mark.kind.name());
            let written = path
                .get_ident()
                .map_or_else(String::new, ToString::to_string);
            errors.push(
                path,
                format!("there is no `#[{written}]`; write `#[{name}]`"),
            );
            continue;
        }
        if let syn::Meta::Path(_) = mark.attr.meta {
            continue;
        }
        errors.push(
            &mark.attr,
            format!(
                "`#[{0}]` takes no options; write `#[{0}]`",
                mark.kind.name()
            ),
        );
    }
    for mark in marks.iter().skip(1) {
        let first = handler.kind.name();
        errors.push(
            &mark.attr,
            format!(
                "a method handles one thing, and this one is a `#[{first}]`; remove one of the two"
            ),
        );
    }
}

fn qualifiers(errors: &mut Errors, handler: &Handler<'_>) {
    let sig = &handler.method.sig;
    if let Some(token) = &sig.constness {
        errors.push(
            token,
            "a handler runs with its server, never in a constant; remove `const`",
        );
    }
    if let Safety::Unsafe(token) = &sig.safety {
        errors.push(
            token,
            "a handler is called by its server, which vouches for nothing; remove `unsafe`",
        );
    }
    if let Some(abi) = &sig.abi {
        errors.push(abi, "a handler is a Rust function; remove `extern`");
    }
    if let (Kind::FormatStatus, Some(token)) = (handler.kind, &sig.asyncness) {
        errors.push(
            token,
            "`#[format_status]` only describes what is there; remove `async`",
        );
    }
}

fn generics(errors: &mut Errors, handler: &Handler<'_>) {
    for param in &handler.method.sig.generics.params {
        let message = match param {
            syn::GenericParam::Lifetime(_) => {
                "a message outlives its sender; remove the lifetime and take owned data"
            }
            syn::GenericParam::Type(_) | syn::GenericParam::Const(_) => {
                "one server has one type for each message; name the type, or put the parameter on the server"
            }
        };
        errors.push(param, message);
    }
}

fn receiver(errors: &mut Errors, handler: &Handler<'_>) {
    let name = handler.name();
    let Some(receiver) = handler.method.sig.receiver() else {
        if handler.kind == Kind::FormatStatus {
            errors.push(
                name,
                format!(
                    "`{name}` describes a running server; write `&self` as its first parameter"
                ),
            );
        } else if handler.kind != Kind::Init {
            errors.push(
                name,
                format!("`{name}` runs on a server; write `&mut self` as its first parameter"),
            );
        }
        return;
    };
    if handler.kind == Kind::Init {
        errors.push(
            receiver,
            "`#[init]` makes the server, so there is no `self` yet; remove it",
        );
        return;
    }
    match (mutability(receiver), handler.kind) {
        (None | Some(true), Kind::FormatStatus) => {
            errors.push(
                receiver,
                "`#[format_status]` only looks at the server; write `&self`",
            );
        }
        (None, _) => errors.push(
            receiver,
            "a handler borrows its server, which lives on; write `&mut self`",
        ),
        (Some(false), kind) if handler.is_async() && kind != Kind::FormatStatus => {
            errors.push(
                receiver,
                "an async handler has the server for itself while it waits; write `&mut self`",
            );
        }
        (Some(_), _) => {}
    }
}

/// Whether `self` is borrowed mutably; none when it is not borrowed.
fn mutability(receiver: &Receiver) -> Option<bool> {
    match &receiver.kind {
        ReceiverKind::Reference(_, _, mutability) => Some(mutability.is_some()),
        ReceiverKind::Typed(_, ty) => match &**ty {
            Type::Reference(reference) => Some(reference.mutability.is_some()),
            _ => None,
        },
        _ => None,
    }
}

/// A `Box<dyn Error>` is no error itself, and no reason.
fn init_error(errors: &mut Errors, result: &Type) {
    let Some(error) = last_argument(result) else {
        return;
    };
    let is_object =
        last_segment_is(error, "Box") && matches!(last_argument(error), Some(Type::TraitObject(_)));
    if is_object {
        errors.push(
            error,
            format!(
                "the error of `#[init]` is the reason of a failed start; write `ExitReason`, or a type of error, \
                 instead of `{}`",
                text(error)
            ),
        );
    }
}

/// `Self` or `Counter<K>`.
pub(super) fn is_server(ty: &Type, server: &Server<'_>) -> bool {
    last_segment_is(ty, "Self") || last_segment_is(ty, &server.names.server.to_string())
}

fn output(errors: &mut Errors, handler: &Handler<'_>, server: &Server<'_>) {
    let Some(output) = &handler.output else {
        match handler.kind {
            Kind::Init => errors.push(
                handler.name(),
                "`#[init]` gives the server; write `-> Self` or `-> Result<Self, E>`",
            ),
            Kind::FormatStatus => errors.push(
                handler.name(),
                "`#[format_status]` gives a text; write `-> String`",
            ),
            _ => {}
        }
        return;
    };
    let ty = output.written;
    match handler.kind {
        Kind::Init if !output.is_result && !is_server(ty, server) => {
            errors.push(
                ty,
                "`#[init]` gives the server; write `-> Self` or `-> Result<Self, E>`",
            );
        }
        Kind::Init => init_error(errors, ty),
        Kind::FormatStatus => {}
        Kind::Call => {
            if handler.reply_to().is_some() {
                errors.push(
                    ty,
                    format!(
                        "this call answers through its `ReplyTo`; remove `-> {}`, or the `ReplyTo`",
                        text(ty)
                    ),
                );
            } else {
                owned::check(errors, Place::Answer, ty);
            }
        }
        Kind::Cast => errors.push(
            ty,
            format!(
                "a cast has no answer; write `#[call]`, or remove `-> {}`",
                text(ty)
            ),
        ),
        kind => errors.push(
            ty,
            format!(
                "nobody waits for an answer of {}; remove `-> {}`",
                kind.noun(),
                text(ty)
            ),
        ),
    }
}
