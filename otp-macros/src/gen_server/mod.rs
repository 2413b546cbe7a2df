//! `#[gen_server]`: parse, model, check, expand.

pub(crate) mod ast;
pub(crate) mod check;
pub(crate) mod expand;
pub(crate) mod fallback;
pub(crate) mod model;
pub(crate) mod options;
pub(crate) mod self_type;
mod state;

use proc_macro2::TokenStream;
use quote::quote;

use self::ast::Block;
use self::model::{Protocol, Server};
use self::state::State;
use crate::attr::Settings;
use crate::errors::Errors;
use crate::runtime::Runtime;
use crate::symbol;

/// What `#[gen_server(arguments)]` above `item` becomes.
pub(crate) fn expand(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let keyword = ast::item_keyword(item.clone());
    let word = keyword.as_ref().map(ToString::to_string);
    let expanded = match word.as_deref() {
        Some("impl") => expand_impl(arguments, item.clone()),
        Some("struct" | "enum" | "union") => expand_struct(arguments, item.clone()),
        _ => Err(syn::Error::new_spanned(
            keyword,
            "`#[gen_server]` belongs above a server's struct and above its inherent impl; move it there",
        )),
    };
    expanded.unwrap_or_else(|error| {
        let error = error.into_compile_error();
        quote!(#error #item)
    })
}

fn expand_impl(arguments: TokenStream, item: TokenStream) -> syn::Result<TokenStream> {
    let mut errors = Errors::default();
    let mut block = Block::parse(item, &mut errors)?;
    let settings = Settings::parse(arguments, &symbol::IMPL_OPTIONS, &mut errors);
    let path = settings.crate_path(&mut errors);
    let protocols = options::protocols(&settings, &mut errors);
    check::block(&mut errors, &block);
    if block.header.trait_.is_some() {
        if block.methods().all(|method| method.marks.is_empty()) {
            return Ok(fallback::block(&block, errors));
        }
        // What has handlers was meant as the inherent impl; as such it is no further mistake.
        block.header.trait_ = None;
    }
    let Some(mut server) = Server::new(Runtime::new(path.as_ref()), &block) else {
        check::unnamed(&mut errors, &block);
        return Ok(fallback::block(&block, errors));
    };
    server.protocols = Protocol::all(&protocols);
    check::server(&mut errors, &server);
    Ok(match errors.finish() {
        Ok(()) => expand::server(&server),
        Err(error) => fallback::server(&server, &error),
    })
}

fn expand_struct(arguments: TokenStream, item: TokenStream) -> syn::Result<TokenStream> {
    let mut option_errors = Errors::default();
    let state = State::parse(arguments, item, &mut option_errors)?;
    let mut errors = Errors::default();
    state.check(&mut errors);
    Ok(fallback::state(&state, option_errors, errors))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(item: TokenStream) -> syn::File {
        syn::parse2(expand(TokenStream::new(), item)).unwrap()
    }

    /// The texts of all `compile_error!`s.
    fn mistakes(item: TokenStream) -> Vec<String> {
        let file = expanded(item);
        let macros = file.items.iter().filter_map(|item| match item {
            syn::Item::Macro(item) => Some(&item.mac),
            _ => None,
        });
        macros
            .map(|error| error.parse_body::<syn::LitStr>().unwrap().value())
            .collect()
    }

    #[test]
    fn all_mistakes_of_an_impl_are_told_at_once() {
        let mistakes = mistakes(quote! {
            impl Counter {
                #[init]
                fn init(&self) -> Self {}
                #[call]
                fn add(self, by: &str) -> i64 {}
                #[cast]
                async fn reset(&self) -> u8 {}
                #[terminate]
                fn end(&mut self, reason: ExitReason) {}
                fn start() {}
            }
        });
        let expected = [
            "`start` is the name of a starter, which `#[gen_server]` writes; choose another name",
            "`#[init]` makes the server, so there is no `self` yet; remove it",
            "a handler borrows its server, which lives on; write `&mut self`",
            "a message outlives its sender, so it owns its data; write `String` instead of `&str`",
            "an async handler has the server for itself while it waits; write `&mut self`",
            "a cast has no answer; write `#[call]`, or remove `-> u8`",
            "`#[terminate]` looks at the reason; write `&ExitReason`",
        ];
        assert_eq!(mistakes, expected);
    }

    #[test]
    fn a_server_that_is_being_written_keeps_its_other_handlers() {
        let unfinished = [
            quote!(pub),
            quote!(pub fn subtract),
            quote!(#[call] pub fn subtract(&mut self, by: )),
            quote!(#[call] pub async fn subtract(&mut self, by: ) -> i64 { self. }),
            quote!(#[doc = ""] subtract;),
        ];
        for unfinished in unfinished {
            let expanded = expand(
                TokenStream::new(),
                quote! {
                    impl Counter {
                        #[init]
                        fn init() -> Self {}
                        #unfinished
                        #[call]
                        pub fn add(&mut self, by: i64) -> i64 {}
                    }
                },
            );
            let text = expanded.to_string();
            assert!(text.contains("compile_error"), "{unfinished}\n{text}");
            let client = "pub fn add (& self";
            assert!(text.contains(client), "{unfinished}\n{text}");
        }
    }

    #[test]
    fn a_struct_that_is_being_written_has_its_handle() {
        for field in [quote!(highest), quote!(highest:), quote!(pub)] {
            let item = quote!(pub struct Counter { value: i64, #field });
            let text = expand(TokenStream::new(), item).to_string();
            assert!(text.contains("compile_error"), "{field}\n{text}");
            assert!(text.contains("pub struct CounterRef"), "{field}\n{text}");
        }
    }

    #[test]
    fn a_server_expands_to_one_variant_and_one_client_method_a_message() {
        let file = expanded(quote! {
            impl<K: Ord> a::Cache<K> {
                #[init]
                fn init() -> Self {}
                #[call]
                #[cfg(unix)]
                fn get(&self, reply_to: u8) -> Option<Self> {}
                #[handle_info]
                fn tick(&mut self) {}
            }
        });
        let text = prettyplease::unparse(&file);
        for expected in [
            "pub enum CacheMessage<K: Ord> {\n    #[cfg(unix)]\n",
            "reply_to: u8,",
            "reply_to_: ::otp_core::__private::ReplyTo<Option<a::Cache<K>>>,",
            "    Tick,\n",
            "impl<K: Ord> a::CacheRef<K>\n",
            "    #[cfg(unix)]\n    ///Calls `get`.\n    fn get(",
        ] {
            assert!(text.contains(expected), "{expected}\n is not in\n{text}");
        }
        assert!(!text.contains("fn tick(&self)"), "{text}");
    }
}
