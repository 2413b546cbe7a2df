//! `Self` in a type that is copied out of its impl becomes the server's type.

use proc_macro2::{Group, Spacing, TokenStream, TokenTree};
use quote::quote_spanned;

use crate::place;

/// `tokens` with `Counter<K>` for `Self`, and `<Counter<K>>::N` for `Self::N`.
pub(crate) fn replace(tokens: TokenStream, server: &TokenStream) -> TokenStream {
    let mut tokens = tokens.into_iter().peekable();
    let mut replaced = TokenStream::new();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Ident(ident) if ident == "Self" => {
                let is_path = matches!(tokens.peek(), Some(TokenTree::Punct(colon))
                    if colon.as_char() == ':' && colon.spacing() == Spacing::Joint);
                let server = place::at(ident.span(), server.clone());
                replaced.extend(if is_path {
                    quote_spanned!(ident.span()=> <#server>)
                } else {
                    server
                });
            }
            TokenTree::Group(group) => {
                let mut inside = Group::new(group.delimiter(), replace(group.stream(), server));
                inside.set_span(group.span());
                replaced.extend([TokenTree::Group(inside)]);
            }
            other => replaced.extend([other]),
        }
    }
    replaced
}

#[cfg(test)]
mod tests {
    use quote::quote;

    use super::*;

    #[test]
    fn self_is_replaced_in_every_position() {
        let server = quote!(Cache<K, V>);
        let cases = [
            (quote!(Self), quote!(Cache<K, V>)),
            (quote!(Vec<Self>), quote!(Vec<Cache<K, V>>)),
            (
                quote!((Self, [u8; Self::SIZE])),
                quote!((Cache<K, V>, [u8; <Cache<K, V>>::SIZE])),
            ),
            (
                quote!(<Self as Iterator>::Item),
                quote!(<Cache<K, V> as Iterator>::Item),
            ),
            (quote!(Selfish), quote!(Selfish)),
        ];
        for (written, expected) in cases {
            let text = |tokens: TokenStream| tokens.to_string().replace(' ', "");
            assert_eq!(text(replace(written, &server)), text(expected));
        }
    }
}
