//! One child: its specification, and what is known of it when it compiles.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{format_ident, quote, quote_spanned};

use crate::attr;
use crate::names::local;
use crate::place;
use crate::runtime::Runtime;
use crate::supervisor::ast::{Param, Start};
use crate::supervisor::model::{Child, Tree};

/// `let builder = builder.child(ChildSpec::at(place, "primary", { … }).restart(…));`
pub(super) fn child(tree: &Tree<'_>, child: &Child<'_>) -> Option<TokenStream> {
    let rt = &tree.runtime;
    let start = child.start?;
    let (cfgs, id) = (child.cfgs().collect::<Vec<_>>(), child.id());
    let [builder, followed] = ["builder", "followed"].map(local);
    let accessed = accessed(tree, child)?;
    let captured = captured(tree, child);
    let cloned = cloned(tree, child);
    let options = child.options.expand(rt);
    let start = started(child, start, rt);
    let name = child.name;
    Some(quote! {
        #(#cfgs)*
        let #builder = {
            let #followed = #accessed;
            let #followed = #rt::ChildSpec::at(#followed, #id, {
                #captured
                move || {
                    #cloned
                    #start
                }
            });
            #rt::SupervisorBuilder::child(#builder, #followed #options)
        };
        // What an editor can offer to the children below.
        #(#cfgs)*
        #[cfg(rust_analyzer)]
        #[allow(unused_variables)]
        let #name = #accessed;
    })
}

/// `CacheTreeRef::primary(handle)`
fn accessed(tree: &Tree<'_>, child: &Child<'_>) -> Option<TokenStream> {
    let (_, last) = child.start?.ends();
    let (accessor, handle) = (accessor(tree, child)?, local("handle"));
    let argument = place::at(last, quote!((#handle)));
    Some(quote!(#accessor #argument))
}

/// `CacheTreeRef::primary`, shown at the child's type, as the handle that it gives is in its signature: a child that is
/// no server is one mistake in both.
fn accessor(tree: &Tree<'_>, child: &Child<'_>) -> Option<TokenStream> {
    let (first, last) = child.start?.ends();
    let (handle, name) = (&tree.names.handle, child.name);
    let handle = place::at(first, quote!(#handle));
    let name = place::at(last, quote!(::#name));
    Some(quote!(#handle #name))
}

/// What the child's starts have for themselves: clones of the parameters, and handles of siblings.
fn captured(tree: &Tree<'_>, child: &Child<'_>) -> TokenStream {
    let rt = &tree.runtime;
    let params = params(child, |name| quote!(#rt::core::clone::Clone::clone(&#name)));
    let siblings = siblings(tree, child, |sibling| {
        accessed(tree, sibling).unwrap_or_default()
    });
    quote!(#params #siblings)
}

/// What one start has for itself.
fn cloned(tree: &Tree<'_>, child: &Child<'_>) -> TokenStream {
    let rt = &tree.runtime;
    let clone = |name: &syn::Ident| quote!(#rt::core::clone::Clone::clone(&#name));
    let params = params(child, clone);
    let siblings = siblings(tree, child, |sibling| clone(sibling.name));
    quote!(#params #siblings)
}

/// `let options = …;`
fn params(child: &Child<'_>, value: impl Fn(&syn::Ident) -> TokenStream) -> TokenStream {
    let lets = child.params.iter().map(|Param { name, .. }| {
        let value = value(name);
        quote!(#[allow(unused_variables)] let #name = #value;)
    });
    lets.collect()
}

/// `let primary = …;`
fn siblings(
    tree: &Tree<'_>,
    child: &Child<'_>,
    value: impl Fn(&Child<'_>) -> TokenStream,
) -> TokenStream {
    let siblings = child.siblings.iter();
    let siblings = siblings.filter_map(|place| tree.children.get(*place));
    let lets = siblings.map(|sibling| {
        let (cfgs, name) = (sibling.cfgs(), sibling.name);
        let value = value(sibling);
        quote!(#(#cfgs)* #[allow(unused_variables)] let #name = #value;)
    });
    lets.collect()
}

/// `UserCache::start_link(options).name("primary")`, `DynamicSupervisor::<Room>::new().max_children(10).start_link()`
fn started(child: &Child<'_>, start: &Start, rt: &Runtime) -> TokenStream {
    let Start {
        ty,
        function,
        arguments,
        methods,
    } = start;
    let (first, last) = start.ends();
    let (open, close) = (place::at(first, quote!(<)), place::at(last, quote!(>::)));
    let Some(function) = function else {
        let otherwise = no_server(arguments, rt);
        let start_link = place::at(last, quote!(start_link));
        return quote!(#otherwise #open #ty #close #start_link #arguments #methods);
    };
    let start_link = place::at(function.span(), quote!(.start_link()));
    let options = child.options.methods.iter();
    let options = options.map(|method| method.expand(rt));
    quote! {
        #[allow(unused_imports)]
        use #rt::NoBuilder as _;
        #open #ty #close #function #arguments #methods #(#options)* #start_link
    }
}

/// `use NoServer1 as _;`, where the type has no `start_link`.
fn no_server(arguments: &TokenTree, rt: &Runtime) -> Option<TokenStream> {
    const MOST: usize = 6;
    let TokenTree::Group(arguments) = arguments else {
        return None;
    };
    let count = attr::split_at_commas(arguments.stream()).len();
    let name = format_ident!("NoServer{count}");
    (count <= MOST).then(|| {
        quote! {
            #[allow(unused_imports)]
            use #rt::#name as _;
        }
    })
}

/// Of a significant child without a restart type of its own: whether it ends for good.
pub(super) fn significant(tree: &Tree<'_>) -> TokenStream {
    let rt = &tree.runtime;
    let children = tree.children.iter();
    let assertions = children.filter_map(|child| {
        let significant = child.options.significant?;
        if child.options.restart.is_some() {
            return None;
        }
        let (cfgs, name) = (child.cfgs(), child.name);
        let message = format!(
            "`{name}` is significant, and its server is permanent, so that it never ends for good; write `restart: transient` beside it"
        );
        let accessor = accessor(tree, child)?;
        let at = significant.span();
        let ends = place::at(at, quote!(#rt::ends_for_good));
        let ends = quote!(#ends(#accessor));
        let assert = place::at(at, quote!(#rt::core::assert!));
        let arguments = quote_spanned!(Span::call_site().located_at(at)=> (#ends, #message));
        let assertion = quote!(#assert #arguments;);
        Some(quote! {
            #(#cfgs)*
            #[allow(deprecated)]
            const _: () = { #assertion };
        })
    });
    assertions.collect()
}
