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
            let children = expand::children_for_editors(&tree);
            quote!(#error #names #children)
        }
    }
}

#[cfg(test)]
mod tests {
    use proc_macro2::{Group, TokenTree};

    use super::*;

    /// The texts of all `compile_error!`s.
    fn mistakes(tokens: TokenStream) -> Vec<String> {
        let file: syn::File = syn::parse2(expand(tokens)).unwrap();
        let macros = file.items.iter().filter_map(|item| match item {
            syn::Item::Macro(item) => Some(&item.mac),
            _ => None,
        });
        macros
            .map(|error| error.parse_body::<syn::LitStr>().unwrap().value())
            .collect()
    }

    fn tree() -> TokenStream {
        quote! {
            /// A tree.
            pub struct CacheTree(options: a::Options<u8, u8>);
            strategy: one_for_one,
            max_restarts: 3 in 5s,
            back_off: 100ms to 10s,
            children: {
                #[cfg(unix)]
                primary: UserCache(options.cache, |a, b| a + b) { restart: transient, shutdown: 10s },
                rooms: Registry::<RoomId, Room>::unique().name("rooms") { any: map::<A, B>(primary) },
                warmer: b::Warmer(primary, rooms),
            }
        }
    }

    /// All that an editor may see of it while it is written.
    fn beginnings(tokens: TokenStream) -> Vec<TokenStream> {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut beginnings = vec![TokenStream::new()];
        for (place, token) in tokens.iter().enumerate() {
            let before = || tokens.iter().take(place).cloned();
            if let TokenTree::Group(group) = token {
                let inside = beginnings_of_group(group).into_iter();
                beginnings.extend(inside.map(|group| before().chain([group]).collect()));
            } else {
                beginnings.push(before().chain([token.clone()]).collect());
            }
        }
        beginnings
    }

    fn beginnings_of_group(group: &Group) -> Vec<TokenTree> {
        let inside = beginnings(group.stream()).into_iter();
        inside
            .map(|inside| Group::new(group.delimiter(), inside).into())
            .collect()
    }

    #[test]
    fn a_right_tree_has_no_mistake() {
        assert_eq!(mistakes(tree()), [""; 0]);
    }

    #[test]
    fn a_tree_that_is_being_written_comes_to_something() {
        for beginning in beginnings(tree()) {
            // Arguments that are no expressions reach the compiler, and an editor, as they are.
            assert!(!expand(beginning.clone()).is_empty(), "{beginning}");
        }
    }

    #[test]
    fn an_editor_sees_the_children_of_a_wrong_tree() {
        let text = expand(quote! {
            struct CacheTree(options: Options);
            strategy: one_for_one,
            children: {
                primary: UserCache(options.),
                secondary: User
            }
        })
        .to_string();
        let (_, shown) = text.split_once("as_written ! {").expect("it is there");
        for expected in ["start_link (options .)", "let _ = User ;"] {
            assert!(shown.contains(expected), "{expected}\n is not in\n{text}");
        }
    }

    #[test]
    fn all_mistakes_of_a_tree_are_told_at_once() {
        let mistakes = mistakes(quote! {
            struct CacheTree(options: &str);
            strategy: OneForAll,
            max_restarts: 3,
            children: {
                one: UserCache,
                UserCache(options),
                two: UserCache::start(options) { restrat: transient },
                two: UserCache(three) { shutdown: 2h },
                three: UserCache(three)?.await,
            },
            shutdown: 5s
        });
        let expected = [
            "a child is started; write `UserCache(…)`",
            "a child has a name; write `user_cache: UserCache(…)`",
            "unknown option `restrat`; write `restart`",
            "a supervisor looks after its children's starts; remove `?`",
            "a supervisor awaits its children's starts; remove `.await`",
            "unknown setting `shutdown`; write one of `strategy`, `max_restarts`, `auto_shutdown`, `back_off`, `children`, `crate`",
            "`strategy` has no such value; write `one_for_all`",
            "restarts are counted over a time; write `max_restarts: 3 in 5s`",
            "a time is in seconds or milliseconds; write `7200s`",
            "a tree is started anew, so it owns its parameters; write `String` instead of `&str`",
            "a supervisor starts its children itself; write `UserCache(…)`",
            "`two` is a child already; choose another name for one of the two",
            "`three` starts after `two`; write `three` above it",
            "`three` is not there before it starts; name a child that is written above it",
        ];
        assert_eq!(mistakes, expected);
    }
}
