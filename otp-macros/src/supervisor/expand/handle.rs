//! The type that names the tree, and its handle.

use proc_macro2::TokenStream;
use quote::quote;

use crate::names::local;
use crate::place;
use crate::supervisor::model::{Child, Tree};

/// `pub struct CacheTree`, and `pub struct CacheTreeRef` with its impls and a method for each child.
pub(super) fn handle(tree: &Tree<'_>) -> TokenStream {
    let rt = &tree.runtime;
    let (vis, name, handle) = (&tree.written.vis, &tree.written.name, &tree.names.handle);
    let item = item(tree);
    let cfgs = tree.cfgs();
    let hidden = tree
        .written
        .attrs
        .iter()
        .filter(|attr| attr.path().is_ident("deprecated"));
    let doc = format!(
        "The handle of a [`{name}`]: an address that is cheap to clone, with a method for each child, whose handle \
         follows it through restarts.\n\n\
         It derefs to the handle of the supervisor. Dropping it stops nothing."
    );
    let accessors = accessors(tree);
    let impls = impls(tree);
    quote! {
        #item

        #(#cfgs)*
        #(#hidden)*
        #[doc = #doc]
        #[allow(dead_code)]
        #vis struct #handle(#rt::TreeRef);

        #accessors
        #impls
    }
}

/// `pub struct CacheTree`, and `pub type CacheTreeRef = {error};`
pub(super) fn broken(tree: &Tree<'_>) -> TokenStream {
    let vis = &tree.written.vis;
    let (item, handle, broken) = (item(tree), &tree.names.handle, tree.broken());
    let cfgs = tree.cfgs();
    quote! {
        #item

        #(#cfgs)*
        #[allow(dead_code, missing_docs)]
        #vis type #handle = #broken;
    }
}

/// `pub struct CacheTree(Infallible);`
fn item(tree: &Tree<'_>) -> TokenStream {
    let rt = &tree.runtime;
    let attrs = &tree.written.attrs;
    let (vis, name) = (&tree.written.vis, &tree.written.name);
    quote! {
        #(#attrs)*
        #[allow(dead_code, missing_debug_implementations)]
        #vis struct #name(#rt::core::convert::Infallible);
    }
}

/// `impl CacheTreeRef { pub fn primary(&self) -> UserCacheRef { … } … }`
fn accessors(tree: &Tree<'_>) -> TokenStream {
    let cfgs = tree.cfgs();
    let handle = &tree.names.handle;
    let accessors = tree
        .children
        .iter()
        .filter(|child| is_first_of_its_name(tree, child))
        .map(|child| accessor(tree, child));
    quote! {
        #(#cfgs)*
        #[allow(dead_code, deprecated, non_snake_case, private_bounds, private_interfaces)]
        impl #handle {
            #(#accessors)*
        }
    }
}

/// Whether its accessor can stand beside the others, which holds unless there is a mistake.
fn is_first_of_its_name(tree: &Tree<'_>, child: &Child<'_>) -> bool {
    let is_name = syn::parse_str::<syn::Ident>(&child.name.to_string()).is_ok();
    let has_cfgs = |child: &Child<'_>| child.cfgs().next().is_some();
    let mut earlier = tree.children.iter().take(child.place);
    is_name
        && !earlier
            .any(|earlier| earlier.name == child.name && !(has_cfgs(earlier) && has_cfgs(child)))
}

/// `pub fn primary(&self) -> <UserCache as Supervised>::Handle { … }`
fn accessor(tree: &Tree<'_>, child: &Child<'_>) -> TokenStream {
    let rt = &tree.runtime;
    let vis = &tree.written.vis;
    let (name, place) = (child.name, child.place);
    let (cfgs, docs) = (child.cfgs(), child.name_attrs());
    let doc = (!child.has_docs()).then(|| {
        let doc = format!("The handle of the child `{}`.", child.id());
        quote!(#[doc = #doc])
    });
    let handle = child_handle(tree, child);
    quote! {
        #(#cfgs)*
        #(#docs)*
        #doc
        #[must_use]
        #vis fn #name(&self) -> #handle {
            #rt::TreeRef::child(&self.0, #place)
        }
    }
}

/// `<UserCache as Supervised>::Handle`, shown at `UserCache`: a child that is no server is one mistake there.
fn child_handle(tree: &Tree<'_>, child: &Child<'_>) -> TokenStream {
    let Some(start) = child.start else {
        return tree.broken();
    };
    let rt = &tree.runtime;
    let ty = &start.ty;
    let (first, last) = start.ends();
    let open = place::at(first, quote!(<));
    let close = place::at(last, quote!(as #rt::Supervised>::Handle));
    quote!(#open #ty #close)
}

/// The traits of an address, and what makes it one that follows a tree.
fn impls(tree: &Tree<'_>) -> TokenStream {
    let rt = &tree.runtime;
    let handle = &tree.names.handle;
    let text = handle.to_string();
    let [other, state, f] = ["other", "state", "f"].map(local);
    let hasher = quote!(OtpHasher);
    let number = tree.children.len();
    let bodies = [
        (
            quote!(#rt::core::clone::Clone),
            quote!(fn clone(&self) -> Self { #handle(#rt::core::clone::Clone::clone(&self.0)) }),
        ),
        (
            quote!(#rt::core::cmp::PartialEq),
            quote!(fn eq(&self, #other: &Self) -> bool { #rt::core::cmp::PartialEq::eq(&self.0, &#other.0) }),
        ),
        (quote!(#rt::core::cmp::Eq), quote!()),
        (
            quote!(#rt::core::hash::Hash),
            quote! {
                fn hash<#hasher: #rt::core::hash::Hasher>(&self, #state: &mut #hasher) {
                    #rt::core::hash::Hash::hash(&self.0, #state);
                }
            },
        ),
        (
            quote!(#rt::core::fmt::Debug),
            quote! {
                fn fmt(&self, #f: &mut #rt::core::fmt::Formatter<'_>) -> #rt::core::fmt::Result {
                    #rt::core::fmt::Formatter::debug_tuple(#f, #text)
                        .field(#rt::TreeRef::supervisor(&self.0))
                        .finish()
                }
            },
        ),
        (
            quote!(#rt::core::ops::Deref),
            quote! {
                type Target = #rt::SupervisorRef;
                fn deref(&self) -> &Self::Target { #rt::TreeRef::supervisor(&self.0) }
            },
        ),
        (
            quote!(#rt::ChildHandle),
            quote! {
                const OPTIONS: #rt::ServerOptions = #rt::ServerOptions::SUPERVISOR;
                fn vacant() -> Self { #handle(#rt::TreeRef::vacant(#number)) }
                fn pid(&self) -> #rt::Option<#rt::Pid> { #rt::TreeRef::pid(&self.0) }
            },
        ),
        (
            quote!(#rt::TreeHandle),
            quote!(fn supervisor(&self) -> &#rt::SupervisorRef { #rt::TreeRef::supervisor(&self.0) }),
        ),
    ];
    let cfgs: Vec<_> = tree.cfgs().collect();
    let impls = bodies.into_iter().map(|(of, body)| {
        quote! {
            #(#cfgs)*
            #[automatically_derived]
            #[allow(deprecated)]
            impl #of for #handle { #body }
        }
    });
    quote!(#(#impls)*)
}
