//! The body of a handler: where it leads, and what is put before it.

use proc_macro2::{Ident, TokenStream, TokenTree};

use super::is_punct;

/// The `Unlocked` of each `To::Unlocked`, with its `To`.
pub(super) fn targets(body: TokenStream) -> Vec<(Ident, Ident)> {
    let tokens: Vec<TokenTree> = body.into_iter().collect();
    let mut found = Vec::new();
    for (place, token) in tokens.iter().enumerate() {
        match token {
            TokenTree::Group(group) => found.extend(targets(group.stream())),
            TokenTree::Ident(to) if *to == "To" => {
                let behind = |distance| tokens.get(place + distance);
                let is_path = is_punct(behind(1), ':') && is_punct(behind(2), ':');
                if let (true, Some(TokenTree::Ident(state))) = (is_path, behind(3)) {
                    found.push((to.clone(), state.clone()));
                }
            }
            TokenTree::Ident(_) | TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use quote::quote;

    use super::*;

    #[test]
    fn targets_are_found_wherever_they_stand() {
        let body = quote!({
            if paid {
                To::Unlocked { until }
            } else {
                vec![To::Locked].pop()
            }
            Other::Broken;
            To.field;
            Into::into(x)
        });
        let found: Vec<String> = targets(body)
            .into_iter()
            .map(|(_, state)| state.to_string())
            .collect();
        assert_eq!(found, ["Unlocked", "Locked"]);
    }
}
