//! What starts a tree.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::spanned::Spanned;

use super::child;
use crate::names::local;
use crate::supervisor::ast::Param;
use crate::supervisor::model::Tree;

/// `impl CacheTree { pub fn start_link(options: TreeOptions) -> SupervisorStart<CacheTreeRef> … start … child_spec … }`
pub(super) fn starters(tree: &Tree<'_>) -> TokenStream {
    let rt = &tree.runtime;
    let (vis, name) = (&tree.written.vis, &tree.written.name);
    let (handle, start) = (&tree.names.handle, &tree.names.start);
    let params: Vec<TokenStream> = typed(tree).collect();
    let arguments: Vec<&Ident> = names(tree).collect();
    let linked = format!("Starts a `{name}` that is linked to the process that starts it.");
    let alone = format!("Starts a `{name}` that is linked to nothing.");
    let spec =
        format!("A child specification that starts a `{name}` with clones of these arguments.");
    let bounds = bounds(tree);
    quote! {
        #[allow(dead_code, deprecated, private_bounds, private_interfaces)]
        #[allow(clippy::too_many_arguments, clippy::type_complexity, clippy::used_underscore_binding)]
        impl #name {
            #[doc = #linked]
            #vis fn start_link(#(#params),*) -> #rt::SupervisorStart<#handle> {
                #start(true #(, #arguments)*)
            }

            #[doc = #alone]
            #vis fn start(#(#params),*) -> #rt::SupervisorStart<#handle> {
                #start(false #(, #arguments)*)
            }

            #[doc = #spec]
            #vis fn child_spec(#(#params),*) -> #rt::ChildSpec<#handle> #bounds {
                #rt::ChildSpec::new(
                    #rt::core::any::type_name::<Self>(),
                    move || #start(true #(, #rt::core::clone::Clone::clone(&#arguments))*),
                )
            }
        }
    }
}

/// `fn start_tree(link: bool, options: TreeOptions) -> SupervisorStart<CacheTreeRef> { make_tree(link, options) }`, and
/// `fn make_tree` with the children.
///
/// The bounds of the second are asked for in the first: a parameter that is not `Clone` is one mistake there.
pub(super) fn make(tree: &Tree<'_>) -> TokenStream {
    let rt = &tree.runtime;
    let handle_type = &tree.names.handle;
    let (start, make) = (&tree.names.start, &tree.names.make);
    let params: Vec<TokenStream> = typed(tree).collect();
    let link = local("link");
    let [builder, handle] = ["builder", "handle"].map(local);
    let flags = tree.flags.expand(rt);
    let children = tree
        .children
        .iter()
        .filter_map(|child| child::child(tree, child));
    let bounds = bounds(tree);
    let arguments = tree.written.params.iter().map(|Param { name, ty }| {
        let mut name = name.clone();
        name.set_span(name.span().located_at(ty.span()));
        name
    });
    quote! {
        #[allow(private_interfaces, clippy::used_underscore_binding)]
        fn #start(#link: bool #(, #params)*) -> #rt::SupervisorStart<#handle_type> {
            #make(#link #(, #arguments)*)
        }

        #[allow(deprecated, private_bounds, private_interfaces, unexpected_cfgs, clippy::used_underscore_binding)]
        fn #make(#link: bool #(, #params)*) -> #rt::SupervisorStart<#handle_type> #bounds {
            #rt::SupervisorStart::new(#link, move |#handle: &#handle_type| {
                let #builder = #flags;
                #(#children)*
                #rt::SupervisorBuilder::setup(#builder)
            })
        }
    }
}

/// `impl CacheTree { pub const start_link: {error} = loop {}; … }`, and what makes it a child.
pub(super) fn stubs(tree: &Tree<'_>) -> TokenStream {
    let rt = &tree.runtime;
    let (vis, name) = (&tree.written.vis, &tree.written.name);
    let handle = &tree.names.handle;
    let cfgs: Vec<_> = tree.cfgs().collect();
    let broken = tree.broken();
    let starters = ["start", "start_link", "child_spec"];
    let starters = starters.map(|starter| Ident::new(starter, Span::call_site()));
    quote! {
        #(#cfgs)*
        #[allow(dead_code, missing_docs, non_upper_case_globals)]
        impl #name {
            #(#vis const #starters: #broken = loop {};)*
        }

        #(#cfgs)*
        impl #rt::Supervised for #name {
            type Handle = #handle;
            type Args = ();
            fn start_child(_: ()) -> impl #rt::ChildStart<Handle = Self::Handle> {
                #rt::SupervisorStart::<#handle>::new(true, |_| #rt::core::unimplemented!())
            }
        }

        #(#cfgs)*
        impl #rt::DynamicChild for #name {
            type Starter = #broken;
        }
    }
}

/// `options: TreeOptions`
pub(super) fn typed<'a>(tree: &'a Tree<'a>) -> impl Iterator<Item = TokenStream> + 'a {
    let params = tree.written.params.iter();
    params.map(|Param { name, ty }| quote!(#name: #ty))
}

/// `options`
pub(super) fn names<'a>(tree: &'a Tree<'a>) -> impl Iterator<Item = &'a Ident> {
    tree.written.params.iter().map(|param| &param.name)
}

/// `where for<'any> TreeOptions: Clone + Send`
///
/// The lifetime, which nothing uses, leaves the bound to those who call.
pub(super) fn bounds(tree: &Tree<'_>) -> Option<TokenStream> {
    let rt = &tree.runtime;
    let bounds = tree.written.params.iter().map(
        |Param { ty, .. }| quote!(for<'any> #ty: #rt::core::clone::Clone + #rt::core::marker::Send),
    );
    let bounds: Vec<TokenStream> = bounds.collect();
    (!bounds.is_empty()).then(|| quote!(where #(#bounds),*))
}
