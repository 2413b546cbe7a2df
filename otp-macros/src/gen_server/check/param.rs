//! The rules of a handler's parameters.

use syn::{Pat, Type, TypeReference};

use super::handler::is_server;
use super::owned::{self, Place};
use super::text;
use crate::errors::Errors;
use crate::gen_server::ast;
use crate::gen_server::model::{Handler, Param, Role, Server, last_segment_is, type_path};
use crate::symbol::{CONTEXT, Kind, REPLY_TO};

pub(super) fn params(errors: &mut Errors, handler: &Handler<'_>, server: &Server<'_>) {
    let contexts = handler
        .params
        .iter()
        .filter(|param| matches!(param.role, Role::Context));
    for second in contexts.skip(1) {
        errors.push(second.written, "one context is enough; remove this one");
    }
    if handler.kind == Kind::FormatStatus {
        for param in &handler.params {
            errors.push(
                param.written,
                "`#[format_status]` sees the server only; remove this parameter",
            );
        }
        return;
    }
    reply_tos(errors, handler);
    for param in &handler.params {
        for attr in param.attrs.iter().filter(|attr| ast::is_cfg(attr)) {
            errors.push(
                attr,
                "a message has the same fields in every build; put the `#[cfg]` on the handler",
            );
        }
        // `fn add(state: &mut Counter, …)` has been told of its missing `self`.
        let is_state = handler.method.sig.receiver().is_none()
            && matches!(param.written, Type::Reference(state) if is_server(&state.elem, server));
        if matches!(param.role, Role::Data) && handler.kind != Kind::Terminate && !is_state {
            data(errors, handler, param);
        }
    }
    callback(errors, handler);
}

fn reply_tos(errors: &mut Errors, handler: &Handler<'_>) {
    let reply_tos = handler
        .params
        .iter()
        .filter(|param| matches!(param.role, Role::ReplyTo(_)));
    for (place, param) in reply_tos.enumerate() {
        let ty = param.written;
        match handler.kind {
            Kind::Call if place > 0 => errors.push(
                ty,
                "a call has one answer; remove this `ReplyTo`, or the other",
            ),
            Kind::Call => {}
            Kind::Init => errors.push(
                ty,
                "`#[init]` answers by what it returns; remove the `ReplyTo`",
            ),
            kind => {
                errors.push(ty, format!("nobody waits for an answer of {}; write `#[call]`, or remove the `ReplyTo`", kind.noun()));
            }
        }
    }
}

/// A parameter that is part of the message.
fn data(errors: &mut Errors, handler: &Handler<'_>, param: &Param<'_>) {
    let ty = param.written;
    let is_message = handler.kind.is_message() || handler.kind == Kind::Init;
    if !matches!(param.pat, Pat::Ident(pat) if pat.by_ref.is_none() && pat.subpat.is_none())
        && is_message
    {
        errors.push(
            param.pat,
            format!("a message's fields have names; write `name: {}`", text(ty)),
        );
    }
    if last_segment_is(ty, CONTEXT) {
        errors.push(
            ty,
            "the context is lent to the handler; write `&mut Context<Self>`",
        );
        return;
    }
    if let Type::Reference(reference) = ty {
        if last_segment_is(&reference.elem, CONTEXT) {
            errors.push(
                ty,
                "a handler may change its context; write `&mut Context<Self>`",
            );
            return;
        }
        if last_segment_is(&reference.elem, REPLY_TO) {
            errors.push(
                ty,
                format!(
                    "a `ReplyTo` is used up by its answer; write `{}`",
                    text(&reference.elem)
                ),
            );
            return;
        }
    }
    if let Type::Reference(TypeReference {
        mutability: Some(_),
        elem,
        ..
    }) = ty
        && type_path(elem).is_some()
    {
        let (owned, borrowed) = (text(elem), text(ty));
        errors.push(
            ty,
            format!(
                "a message owns its data; write `{owned}` instead of `{borrowed}`, or `&mut Context<Self>` if that is \
                 what it names"
            ),
        );
        return;
    }
    let place = if handler.kind == Kind::Init {
        Place::Argument
    } else {
        Place::Message
    };
    owned::check(errors, place, ty);
}

/// What the callbacks take is fixed.
fn callback(errors: &mut Errors, handler: &Handler<'_>) {
    let (most, takes) = match handler.kind {
        Kind::Down => (1, "a `Down` and the context"),
        Kind::Exit => (1, "an `Exit` and the context"),
        Kind::Terminate => (1, "an `&ExitReason` and the context"),
        Kind::Timeout => (0, "the context"),
        _ => return,
    };
    for param in handler.data().skip(most) {
        errors.push(
            param.written,
            format!(
                "{} takes {takes} only; remove this parameter",
                handler.kind.noun()
            ),
        );
    }
    if handler.kind == Kind::Terminate {
        for param in handler
            .data()
            .take(1)
            .filter(|param| !matches!(param.written, Type::Reference(_)))
        {
            errors.push(
                param.written,
                "`#[terminate]` looks at the reason; write `&ExitReason`",
            );
        }
    }
}
