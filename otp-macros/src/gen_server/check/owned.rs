//! What goes through a mailbox, and what lives in a server, borrows nothing.

use syn::visit::{self, Visit};
use syn::{
    Lifetime, ParenthesizedGenericArguments, PathSegment, Type, TypeFnPtr, TypeImplTrait,
    TypeParamBound, TypePath, TypeReference, TypeTraitObject,
};

use super::text;
use crate::errors::Errors;
use crate::gen_server::ast::Block;
use crate::gen_server::model::type_path;

/// Where data leaves its owner.
#[derive(Clone, Copy)]
pub(crate) enum Place {
    Parameter,
    Argument,
    Message,
    Answer,
}

/// Reports what cannot leave its owner, or its thread.
pub(crate) fn check(errors: &mut Errors, place: Place, ty: &Type) {
    Leaving { errors, place }.visit_type(ty);
}

impl Place {
    const fn owns(self) -> &'static str {
        match self {
            Place::Parameter => "a tree is started anew, so it owns its parameters",
            Place::Argument => "a server outlives its starter, so its init owns what it takes",
            Place::Message => "a message outlives its sender, so it owns its data",
            Place::Answer => "an answer leaves the server, so it owns its data",
        }
    }

    const fn moves(self) -> &'static str {
        match self {
            Place::Parameter => "a tree starts on any thread",
            Place::Argument => "init runs on any thread",
            Place::Message => "a message goes to any thread",
            Place::Answer => "an answer goes to any thread",
        }
    }

    const fn has_one_type(self) -> &'static str {
        match self {
            Place::Parameter => "a parameter of a tree has one type",
            Place::Argument => "an argument of init has one type",
            Place::Message => "a message's field has one type",
            Place::Answer => "an answer has one type",
        }
    }
}

/// `impl<'a> Counter<'a>`, `impl Counter<'_>`.
pub(super) fn block_has_no_lifetime(errors: &mut Errors, block: &Block) {
    const MESSAGE: &str =
        "a server owns its state, for it outlives its starter; remove the lifetime";
    for param in block.header.generics.lifetimes() {
        errors.push(param, MESSAGE);
    }
    if let Some(elided) = block.elided_lifetime() {
        errors.push(elided, MESSAGE);
    }
}

struct Leaving<'e> {
    errors: &'e mut Errors,
    place: Place,
}

impl<'ast> Visit<'ast> for Leaving<'_> {
    fn visit_type_reference(&mut self, reference: &'ast TypeReference) {
        if reference
            .lifetime
            .as_ref()
            .is_some_and(|lifetime| lifetime.ident == "static")
        {
            visit::visit_type_reference(self, reference);
            return;
        }
        let (owned, borrowed) = (
            owned(&reference.elem),
            text(&Type::Reference(reference.clone())),
        );
        let owns = self.place.owns();
        self.errors.push(
            reference,
            format!("{owns}; write `{owned}` instead of `{borrowed}`"),
        );
    }

    fn visit_lifetime(&mut self, lifetime: &'ast Lifetime) {
        if lifetime.ident != "static" {
            let owns = self.place.owns();
            self.errors
                .push(lifetime, format!("{owns}; write `'static`"));
        }
    }

    fn visit_type_impl_trait(&mut self, ty: &'ast TypeImplTrait) {
        let has_one_type = self.place.has_one_type();
        self.errors.push(
            ty,
            format!("{has_one_type}; name it, or write `Box<dyn … + Send>`"),
        );
    }

    // The compiler tells of whatever is not `Send`, but once for each item that it is part of.
    fn visit_type_path(&mut self, ty: &'ast TypePath) {
        let is_rc = |last: &PathSegment| last.ident == "Rc" && !last.arguments.is_none();
        if ty.qself.is_none() && ty.path.segments.last().is_some_and(is_rc) {
            let rc = text(&Type::Path(ty.clone()));
            let moves = self.place.moves();
            let arc = rc
                .rfind("Rc<")
                .map_or("", |at| rc.get(at + 3..).unwrap_or_default());
            self.errors.push(
                ty,
                format!("{moves}, and an `Rc` stays on one; write `Arc<{arc}` instead of `{rc}`"),
            );
            return;
        }
        visit::visit_type_path(self, ty);
    }

    fn visit_type_trait_object(&mut self, object: &'ast TypeTraitObject) {
        let bounds = object.bounds.iter().filter_map(|bound| match bound {
            TypeParamBound::Trait(bound) => bound.path.segments.last(),
            _ => None,
        });
        let bounds: Vec<String> = bounds.map(|last| last.ident.to_string()).collect();
        let stays = bounds.iter().any(|bound| STAY.contains(&bound.as_str()));
        if stays && !bounds.iter().any(|bound| bound == "Send") {
            let sync = if bounds.iter().any(|bound| bound == "Error") {
                " + Sync"
            } else {
                ""
            };
            let (moves, object_text) =
                (self.place.moves(), text(&Type::TraitObject(object.clone())));
            self.errors.push(
                object,
                format!("{moves}; write `{object_text} + Send{sync}`"),
            );
        }
        visit::visit_type_trait_object(self, object);
    }

    // `fn(&str)` and `Fn(&str)` borrow nothing themselves.
    fn visit_type_fn_ptr(&mut self, _: &'ast TypeFnPtr) {}
    fn visit_parenthesized_generic_arguments(&mut self, _: &'ast ParenthesizedGenericArguments) {}
}

/// Traits of std whose objects are not `Send` unless they say so.
const STAY: [&str; 7] = [
    "Error", "Fn", "FnMut", "FnOnce", "Future", "Iterator", "Any",
];

/// The type to write instead of a reference to `ty`.
fn owned(ty: &Type) -> String {
    let last = type_path(ty)
        .and_then(|path| path.segments.last())
        .map(|last| last.ident.to_string());
    match (ty, last.as_deref()) {
        (_, Some("str")) => "String".to_owned(),
        (_, Some("Path")) => "PathBuf".to_owned(),
        (_, Some("OsStr")) => "OsString".to_owned(),
        (_, Some("CStr")) => "CString".to_owned(),
        (Type::Slice(slice), _) => format!("Vec<{}>", text(&slice.elem)),
        (Type::TraitObject(object), _) => {
            format!("Box<{}>", text(&Type::TraitObject(object.clone())))
        }
        _ => text(ty),
    }
}
