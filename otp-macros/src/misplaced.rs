//! A handler attribute that `#[gen_server]` has not seen stands in a wrong place.

use proc_macro2::{Span, TokenStream};
use quote::quote;

use crate::symbol::Kind;

/// The user's item, and where the attribute belongs; `#[gen_server]` leaves the word `handler` for those it has seen.
pub(crate) fn expand(kind: Kind, arguments: &TokenStream, item: TokenStream) -> TokenStream {
    if arguments.to_string() == "handler" {
        return item;
    }
    let name = kind.name();
    let message = match kind {
        Kind::Call | Kind::Cast => format!(
            "`#[{name}]` belongs on a method in a server's own impl, or in the trait of a protocol; write \
             `#[gen_server]` above that impl, or `#[protocol]` above that trait"
        ),
        _ => format!(
            "`#[{name}]` belongs on a method in the impl of a server; write `#[gen_server]` above that impl"
        ),
    };
    let error = syn::Error::new(Span::call_site(), message).into_compile_error();
    quote!(#error #item)
}
