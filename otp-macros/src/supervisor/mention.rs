//! Who is named in a child's arguments, which are tokens.

use proc_macro2::{Delimiter, Ident, TokenStream, TokenTree};

/// Whether `tokens` may use the value `name`; if in doubt, they do.
pub(crate) fn uses(tokens: TokenStream, name: &Ident) -> bool {
    find(tokens, name).0.is_some()
}

/// Where `tokens` use the value `name`, which they do not bind themselves.
pub(crate) fn use_of(tokens: TokenStream, name: &Ident) -> Option<TokenTree> {
    match find(tokens, name) {
        (Some(place), false) => Some(place),
        _ => None,
    }
}

/// The first use, and whether there is a binding of the name as well.
fn find(tokens: TokenStream, name: &Ident) -> (Option<TokenTree>, bool) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let (mut first, mut is_bound, mut closure) = (None, false, Closure::None);
    for (place, token) in tokens.iter().enumerate() {
        let before = |back: usize| place.checked_sub(back).and_then(|place| tokens.get(place));
        closure = closure.after(token, before(1));
        let (used, bound) = match token {
            TokenTree::Group(group) => find(group.stream(), name),
            TokenTree::Ident(ident) if ident == name => {
                let next = (tokens.get(place + 1), tokens.get(place + 2));
                let binds = closure == Closure::Parameters || is_binding(before(1), next);
                let is_value = !binds && is_value(before(1), before(2), next);
                (is_value.then(|| token.clone()), binds)
            }
            // `format!("{name}")`
            TokenTree::Literal(text) if text.to_string().contains(&format!("{{{name}")) => {
                (Some(token.clone()), false)
            }
            _ => (None, false),
        };
        first = first.or(used);
        is_bound |= bound;
    }
    (first, is_bound)
}

type Next<'a> = (Option<&'a TokenTree>, Option<&'a TokenTree>);

/// Neither a field, a method, a function, a macro nor a part of a path.
fn is_value(
    before: Option<&TokenTree>,
    before_that: Option<&TokenTree>,
    (next, after_next): Next<'_>,
) -> bool {
    let is_member = is_punct(before, '.') && !is_punct(before_that, '.');
    let is_end_of_path = is_punct(before, ':') && is_punct(before_that, ':');
    let is_field_or_path = is_punct(next, ':');
    let is_function = matches!(next, Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Parenthesis);
    let is_macro = is_punct(next, '!') && !is_punct(after_next, '=');
    let is_lifetime = is_punct(before, '\'');
    !(is_member || is_end_of_path || is_field_or_path || is_function || is_macro || is_lifetime)
}

/// `let name`, `name => …`
fn is_binding(before: Option<&TokenTree>, (next, after_next): Next<'_>) -> bool {
    const WORDS: [&str; 5] = ["let", "mut", "ref", "for", "fn"];
    let follows_word = matches!(before, Some(TokenTree::Ident(word)) if WORDS.iter().any(|binding| word == binding));
    follows_word || (is_punct(next, '=') && is_punct(after_next, '>'))
}

fn is_punct(token: Option<&TokenTree>, sign: char) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == sign)
}

/// Where in a closure's parameters one is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Closure {
    None,
    Parameters,
    /// At the `|` that ends them.
    End,
}

impl Closure {
    fn after(self, token: &TokenTree, before: Option<&TokenTree>) -> Self {
        let TokenTree::Punct(punct) = token else {
            return if self == Closure::Parameters {
                self
            } else {
                Closure::None
            };
        };
        match (self, punct.as_char()) {
            (Closure::Parameters, '|') => Closure::End,
            (Closure::Parameters, _) => Closure::Parameters,
            (Closure::None | Closure::End, '|') if begins(before) => Closure::Parameters,
            _ => Closure::None,
        }
    }
}

/// Whether an expression begins behind this token, so that a `|` there begins a closure.
fn begins(before: Option<&TokenTree>) -> bool {
    match before {
        None => true,
        Some(TokenTree::Punct(punct)) => ",=>(;&*!".contains(punct.as_char()),
        Some(TokenTree::Ident(word)) => ["move", "async", "return", "static"]
            .iter()
            .any(|keyword| word == keyword),
        Some(TokenTree::Group(_) | TokenTree::Literal(_)) => false,
    }
}

#[cfg(test)]
mod tests {
    use quote::{format_ident, quote};

    use super::*;

    #[test]
    fn a_value_is_used_where_it_is_no_part_of_another_name() {
        let used = [
            quote!((primary)),
            quote!((a, primary.clone())),
            quote!((Config { primary })),
            quote!(
                (Config {
                    cache: primary,
                    ..rest
                })
            ),
            quote!((..primary)),
            quote!((move || primary.get())),
            quote!((|x| primary.get(x))),
            quote!((vec![primary])),
            quote!((format!("{primary:?}"))),
            quote!((primary != other)),
            quote!((&primary)),
        ];
        for tokens in used {
            let place = use_of(tokens.clone(), &format_ident!("primary"));
            assert!(place.is_some(), "{tokens}");
        }
        let unused = [
            quote!((Config { primary: 1 })),
            quote!((config.primary)),
            quote!((config.primary())),
            quote!((primary())),
            quote!((primary!())),
            quote!((primary::new())),
            quote!((a::primary)),
            quote!((|primary| primary.get())),
            quote!((move |a, primary: &Ref| a + primary)),
            quote!({
                let primary = 1;
                primary
            }),
            quote!(
                (match a {
                    primary => primary,
                })
            ),
            quote!("primary"),
        ];
        for tokens in unused {
            let place = use_of(tokens.clone(), &format_ident!("primary"));
            assert!(place.is_none(), "{tokens}");
        }
    }

    #[test]
    fn what_is_bound_and_used_is_used() {
        let tokens = quote!((primary, |primary| primary));
        assert!(uses(tokens, &format_ident!("primary")));
    }
}
