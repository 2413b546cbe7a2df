//! The rules of a tree. Each reports at the token to change, in one sentence that ends in what to write.
//!
//! What rustc says well is left to rustc.

use syn::ext::IdentExt;

use super::mention;
use super::model::{Child, Tree};
use crate::errors::Errors;
use crate::gen_server::ast::{is_about_the_name, is_cfg};
use crate::gen_server::check::owned::{self, Place};
use crate::names;
use crate::symbol::STARTERS;

/// What is wrong with a tree.
pub(crate) fn tree(errors: &mut Errors, tree: &Tree<'_>) {
    has_a_strategy(errors, tree);
    has_children(errors, tree);
    for (place, param) in tree.written.params.iter().enumerate() {
        owned::check(errors, Place::Parameter, &param.ty);
        let mut earlier = tree.written.params.iter().take(place);
        if earlier.any(|earlier| earlier.name == param.name) {
            let name = &param.name;
            errors.push(
                name,
                format!("`{name}` is a parameter already; choose another name for one of the two"),
            );
        }
    }
    for child in &tree.children {
        is_named(errors, tree, child);
        names_earlier_siblings_only(errors, tree, child);
        is_not_started_by_hand(errors, child);
        may_be_significant(errors, tree, child);
        has_attributes_that_say_something(errors, child);
    }
}

fn has_a_strategy(errors: &mut Errors, tree: &Tree<'_>) {
    if !tree.flags.has_strategy && !tree.written.is_misread {
        let name = &tree.written.name;
        errors.push(
            name,
            format!(
                "`{name}` has no strategy; write `strategy: one_for_one`, `one_for_all` or `rest_for_one`"
            ),
        );
    }
}

fn has_children(errors: &mut Errors, tree: &Tree<'_>) {
    if tree.written.children.is_none() && !tree.written.is_misread {
        let name = &tree.written.name;
        errors.push(
            name,
            format!("`{name}` has no children; write `children: {{ … }}`"),
        );
    }
}

fn is_named(errors: &mut Errors, tree: &Tree<'_>, child: &Child<'_>) {
    let name = child.name;
    let is_keyword = syn::parse_str::<syn::Ident>(&name.to_string()).is_err();
    let has_cfgs = child.cfgs().next().is_some();
    let mut earlier = tree.children.iter().take(child.place);
    let is_taken = earlier.any(|earlier| {
        let is_alternative = has_cfgs && earlier.cfgs().next().is_some();
        earlier.name == name && !is_alternative
    });
    let mut params = tree.written.params.iter();
    if is_keyword {
        errors.push(name, format!("`{name}` is a keyword; choose another name"));
    } else if is_taken {
        errors.push(
            name,
            format!("`{name}` is a child already; choose another name for one of the two"),
        );
    } else if params.any(|param| param.name == *name) {
        errors.push(
            name,
            format!("`{name}` is a parameter of the tree; choose another name for the child"),
        );
    }
}

fn names_earlier_siblings_only(errors: &mut Errors, tree: &Tree<'_>, child: &Child<'_>) {
    let Some(tokens) = child.tokens() else {
        return;
    };
    for other in tree.children.iter().skip(child.place) {
        let (name, other) = (child.name, other.name);
        let is_earlier = tree
            .children
            .iter()
            .take(child.place)
            .any(|earlier| earlier.name == other);
        let is_param = tree.written.params.iter().any(|param| param.name == *other);
        if is_earlier || is_param {
            continue;
        }
        if let Some(place) = mention::use_of(tokens.clone(), other) {
            let message = if name == other {
                format!(
                    "`{name}` is not there before it starts; name a child that is written above it"
                )
            } else {
                format!("`{other}` starts after `{name}`; write `{other}` above it")
            };
            errors.push(place, message);
        }
    }
}

fn is_not_started_by_hand(errors: &mut Errors, child: &Child<'_>) {
    let Some(start) = child.start else {
        return;
    };
    if let Some(function) = &start.function
        && STARTERS.iter().any(|starter| function == starter)
    {
        let ty = names::text(&start.ty);
        errors.push(
            function,
            format!("a supervisor starts its children itself; write `{ty}(…)`"),
        );
    }
    let is_type = |name: &str| name.starts_with(char::is_uppercase);
    let last = start.ty.segments.last();
    if let Some(last) = last.filter(|last| !is_type(&last.ident.unraw().to_string())) {
        errors.push(
            &last.ident,
            "a child is a server or what makes one; write `UserCache(…)` or `Type::function(…)`",
        );
    }
}

fn may_be_significant(errors: &mut Errors, tree: &Tree<'_>, child: &Child<'_>) {
    let Some(significant) = child.options.significant else {
        return;
    };
    let name = child.name;
    if !tree.can_shut_down() {
        errors.push(
            significant,
            format!(
                "`{name}` is significant, and its tree never shuts down by itself; write `auto_shutdown: any_significant` in the tree"
            ),
        );
    } else if let Some((restart, "Permanent")) = child.options.restart {
        errors.push(
            &restart.value,
            format!(
                "`{name}` is significant, and what is permanent never ends for good; write `restart: transient`"
            ),
        );
    }
}

fn has_attributes_that_say_something(errors: &mut Errors, child: &Child<'_>) {
    let attrs = child.attrs.iter();
    for attr in attrs.filter(|attr| !is_cfg(attr) && !is_about_the_name(attr)) {
        errors.push(attr, "this attribute says nothing of a child; remove it");
    }
}
