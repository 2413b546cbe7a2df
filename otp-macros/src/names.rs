//! Every generated name and the case rule, in one place.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident};
use syn::ext::IdentExt;

/// `Counter` -> `CounterRef`, shown at `Counter`.
pub(crate) fn handle(server: &Ident) -> Ident {
    format_ident!("{}Ref", server.unraw(), span = shown_at(server))
}

/// `Counter` -> `CounterMessage`, shown at `Counter`.
pub(crate) fn message(server: &Ident) -> Ident {
    format_ident!("{}Message", server.unraw(), span = shown_at(server))
}

/// `Counter` -> `CounterArguments`, or longer where `taken` says so.
pub(crate) fn arguments(server: &Ident, taken: impl Fn(&Ident) -> bool) -> Ident {
    free(
        format_ident!("{}Arguments", server.unraw(), span = shown_at(server)),
        taken,
    )
}

/// `Counter` -> `CounterStarter`, or longer where `taken` says so.
pub(crate) fn starter(server: &Ident, taken: impl Fn(&Ident) -> bool) -> Ident {
    free(
        format_ident!("{}Starter", server.unraw(), span = shown_at(server)),
        taken,
    )
}

/// `UserCache` -> `user_cache`.
pub(crate) fn snake_case(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 4);
    for letter in name.chars() {
        if letter.is_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.extend(letter.to_lowercase());
    }
    snake
}

/// The place of a user's name for one of ours: the compiler does not take it for what the user wrote.
fn shown_at(ident: &Ident) -> Span {
    Span::call_site().located_at(ident.span())
}

/// `load_history` -> `LoadHistory`, with the handler's span.
pub(crate) fn variant(handler: &Ident) -> Ident {
    let name = handler.unraw().to_string();
    let mut camel = String::with_capacity(name.len());
    for word in name.split('_') {
        let mut letters = word.chars();
        camel.extend(letters.next().into_iter().flat_map(char::to_uppercase));
        camel.push_str(letters.as_str());
    }
    let is_name = camel.starts_with(|first: char| first.is_alphabetic()) && camel != "Self";
    if is_name {
        Ident::new(&camel, handler.span())
    } else {
        format_ident!("Message{camel}", span = handler.span())
    }
}

/// The first of `name`, `name_`, `name__`, … that is not taken.
pub(crate) fn free(name: Ident, taken: impl Fn(&Ident) -> bool) -> Ident {
    let mut name = name;
    while taken(&name) {
        name = format_ident!("{name}_", span = name.span());
    }
    name
}

/// A name inside generated code, which no name of the user's can meet.
pub(crate) fn local(name: &str) -> Ident {
    Ident::new(name, Span::mixed_site())
}

/// Code in the words of a sentence: `Vec<u8>` for `Vec < u8 >`.
pub(crate) fn text(tokens: impl ToTokens) -> String {
    let mut text = tokens.to_token_stream().to_string();
    for (spaced, tight) in [
        (" < ", "<"),
        (" >", ">"),
        ("< ", "<"),
        (" ::", "::"),
        (":: ", "::"),
        (" ,", ","),
        ("& ", "&"),
        (" ;", ";"),
    ] {
        text = text.replace(spaced, tight);
    }
    text
}

/// Whether `tokens` mention `name`.
pub(crate) fn mentions(tokens: TokenStream, name: &Ident) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => ident == *name,
        TokenTree::Group(group) => mentions(group.stream(), name),
        TokenTree::Punct(_) | TokenTree::Literal(_) => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variant_is_its_handler_in_camel_case() {
        let cases = [
            ("add", "Add"),
            ("load_history", "LoadHistory"),
            ("r#type", "Type"),
            ("_quiet", "Quiet"),
            ("v2_get", "V2Get"),
            ("größe", "Größe"),
            ("_2", "Message2"),
            ("__", "Message"),
        ];
        for (handler, expected) in cases {
            let handler: Ident = syn::parse_str(handler).unwrap();
            assert_eq!(variant(&handler).to_string(), expected);
        }
    }
}
