//! From a checked tree to tokens, one generated item a file. Nothing here can fail.

mod child;
mod handle;
mod start;
mod supervised;

use proc_macro2::TokenStream;
use quote::quote;

use super::model::Tree;

/// The tree, and everything that comes with it.
pub(crate) fn tree(tree: &Tree<'_>) -> TokenStream {
    let handle = handle::handle(tree);
    let cfgs = tree.cfgs();
    let starters = start::starters(tree);
    let make = start::make(tree);
    let supervised = supervised::supervised(tree);
    let significant = child::significant(tree);
    quote! {
        #handle
        #(#cfgs)*
        const _: () = {
            #starters
            #make
            #supervised
            #significant
        };
    }
}

/// The names of a tree that is wrong; where its children are not known, its handle is an error itself.
pub(crate) fn names(tree: &Tree<'_>) -> TokenStream {
    let handle = if tree.written.children.is_some() {
        handle::handle(tree)
    } else {
        handle::broken(tree)
    };
    let stubs = start::stubs(tree);
    quote!(#handle #stubs)
}

/// The children of a tree that is wrong, for an editor to complete in.
///
/// The compiler, which has its mistake, leaves them out; as the tokens of a macro, it does not even parse them.
pub(crate) fn children_for_editors(tree: &Tree<'_>) -> TokenStream {
    let make = start::make(tree);
    let unfinished = tree.children.iter().filter_map(|child| child.unfinished);
    quote! {
        #[allow(unexpected_cfgs)]
        const _: () = {
            #[cfg(rust_analyzer)]
            macro_rules! as_written {
                ($($token:tt)*) => { $($token)* };
            }
            #[cfg(rust_analyzer)]
            as_written! {
                #make
                fn unfinished() {
                    #(let _ = #unfinished;)*
                }
            }
        };
    }
}
