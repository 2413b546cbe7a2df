//! `supervisor!`: parse, model, check, expand.

mod ast;
mod check;
mod expand;
mod mention;
mod model;
mod options;

use proc_macro2::TokenStream;
use quote::quote;

use crate::errors::Errors;

/// What `supervisor! { tokens }` becomes.
///
/// A wrong tree becomes the mistakes and all its names, which do nothing: one mistake is one error however much the
/// program uses the tree.
pub(crate) fn expand(tokens: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let Some(tree) = ast::Tree::parse(tokens.clone(), &mut errors) else {
        return errors
            .finish()
            .err()
            .map_or_else(TokenStream::new, syn::Error::into_compile_error);
    };
    let tree = model::Tree::new(&tree, tokens, &mut errors);
    check::tree(&mut errors, &tree);
    match errors.finish() {
        Ok(()) => expand::tree(&tree),
        Err(error) => {
            let (error, names) = (error.into_compile_error(), expand::names(&tree));
            quote!(#error #names)
        }
    }
}
