//! The impl of a machine with its handler attributes resolved, and what they say. Syntax only: no rules.

use proc_macro2::{Group, Ident, TokenStream};
use quote::{ToTokens, TokenStreamExt};
use syn::parse::discouraged::Speculative;
use syn::parse::{Parse, ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::token::Brace;
use syn::{Attribute, ItemImpl, Signature, Token, Visibility};

use super::kind::Kind;
use crate::errors::Errors;
use crate::gen_server::ast::split_braces;

/// `impl Turnstile { … }`.
pub(super) struct Block {
    /// The impl without its items.
    pub(super) header: ItemImpl,
    pub(super) methods: Vec<Method>,
    /// What is no handler, as it was written.
    pub(super) others: TokenStream,
}

/// A method with a mark.
pub(super) struct Method {
    pub(super) marks: Vec<Mark>,
    pub(super) on: Vec<Attribute>,
    pub(super) attrs: Vec<Attribute>,
    pub(super) vis: Visibility,
    pub(super) sig: Signature,
    pub(super) body: Group,
}

/// An attribute that says what a method handles.
pub(super) struct Mark {
    /// None if its name is a slip.
    pub(super) kind: Option<Kind>,
    pub(super) attr: Attribute,
}

/// What `#[on(…)]` lists.
pub(super) enum On {
    /// `_`: every state that has no handler of its own.
    Any(Token![_]),
    /// `Locked`, or `Unlocked { until }`, which binds the data.
    State { name: Ident, pattern: Option<Group> },
}

impl Parse for On {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        if input.peek(Token![_]) {
            return input.parse().map(On::Any);
        }
        let name = input.parse()?;
        let has_pattern = !input.is_empty() && !input.peek(Token![,]);
        let pattern = if has_pattern {
            Some(input.parse()?)
        } else {
            None
        };
        Ok(On::State { name, pattern })
    }
}

/// Reads `Locked, Unlocked { until }`.
pub(super) fn states_of(attr: &Attribute) -> syn::Result<Vec<On>> {
    let states = attr.parse_args_with(Punctuated::<On, Token![,]>::parse_terminated)?;
    Ok(states.into_iter().collect())
}

impl Block {
    /// Reads an impl. An item that cannot be read is told of; the others are read on.
    pub(super) fn parse(tokens: TokenStream, errors: &mut Errors) -> syn::Result<Self> {
        let (header, items) = split_braces(tokens)?;
        let mut block = Block {
            header: syn::parse2(header)?,
            methods: Vec::new(),
            others: TokenStream::new(),
        };
        let parse = |input: ParseStream<'_>| {
            while !input.is_empty() {
                let ahead = input.fork();
                match ahead.parse::<Method>() {
                    Ok(method) if method.is_handler() => {
                        input.advance_to(&ahead);
                        block.methods.push(method);
                    }
                    _ => {
                        let ahead = input.fork();
                        match ahead.parse::<syn::ImplItem>() {
                            Ok(other) => {
                                input.advance_to(&ahead);
                                other.to_tokens(&mut block.others);
                            }
                            // What follows is not told of: one mistake is one error.
                            Err(error) => {
                                errors.add(error);
                                input.parse::<TokenStream>()?;
                            }
                        }
                    }
                }
            }
            Ok(())
        };
        parse.parse2(items)?;
        Ok(block)
    }
}

impl Method {
    fn is_handler(&self) -> bool {
        !self.marks.is_empty() || !self.on.is_empty()
    }

    /// The method with another body and return type, as `name`.
    pub(super) fn to_tokens_as(
        &self,
        name: &Ident,
        output: &syn::ReturnType,
        body: &TokenStream,
    ) -> TokenStream {
        let mut sig = self.sig.clone();
        sig.ident = name.clone();
        sig.output = output.clone();
        let mut tokens = TokenStream::new();
        tokens.append_all(&self.attrs);
        let mut group = Group::new(proc_macro2::Delimiter::Brace, body.clone());
        group.set_span(self.body.span());
        quote::quote! {
            #tokens
            #[allow(clippy::must_use_candidate, clippy::needless_pass_by_value, clippy::trivially_copy_pass_by_ref)]
            #[allow(clippy::unnecessary_wraps, clippy::unused_self)]
            #sig #group
        }
    }
}

impl Parse for Method {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut method = Method {
            marks: Vec::new(),
            on: Vec::new(),
            attrs: Vec::new(),
            vis: Visibility::Inherited,
            sig: syn::parse_quote!(fn nothing()),
            body: Group::new(proc_macro2::Delimiter::Brace, TokenStream::new()),
        };
        for attr in Attribute::parse_outer(input)? {
            let kind = Kind::of(attr.path());
            if attr.path().is_ident("on") {
                method.on.push(attr);
            } else if kind.is_some() || Kind::meant_by(attr.path()).is_some() {
                method.marks.push(Mark { kind, attr });
            } else {
                method.attrs.push(attr);
            }
        }
        method.vis = input.parse()?;
        method.sig = input.parse()?;
        if !input.peek(Brace) {
            return Err(input.error("expected the body of a method"));
        }
        method.body = input.parse()?;
        Ok(method)
    }
}
