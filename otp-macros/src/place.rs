//! Where generated tokens show in an editor and in errors, which is not where their names are looked up.

use proc_macro2::{Group, Span, TokenStream, TokenTree};

/// `tokens` shown at `span`, with their names found as before.
pub(crate) fn at(span: Span, tokens: TokenStream) -> TokenStream {
    respan(tokens, &|token| token.located_at(span))
}

/// `tokens` in place of the user's token at `span`.
pub(crate) fn as_if_written(span: Span, tokens: TokenStream) -> TokenStream {
    respan(tokens, &|_| span)
}

fn respan(tokens: TokenStream, span: &impl Fn(Span) -> Span) -> TokenStream {
    let place = |token: TokenTree| {
        let place = span(token.span());
        let mut token = match token {
            TokenTree::Group(group) => {
                Group::new(group.delimiter(), respan(group.stream(), span)).into()
            }
            other => other,
        };
        token.set_span(place);
        token
    };
    tokens.into_iter().map(place).collect()
}
