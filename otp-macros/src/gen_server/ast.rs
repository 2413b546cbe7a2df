//! An impl block with its handler attributes resolved. Syntax only: no rules, no names.
//!
//! Bodies stay tokens: nothing here needs them, and an impl of a thousand lines parses in no time.

use proc_macro2::{Delimiter, Group, Ident, TokenStream, TokenTree};
use quote::{ToTokens, TokenStreamExt, quote};
use syn::parse::discouraged::Speculative;
use syn::parse::{Parse, ParseStream, Parser};
use syn::token::Brace;
use syn::visit::Visit;
use syn::{Attribute, ImplItem, ItemImpl, Lifetime, Signature, Token, Visibility};

use crate::errors::Errors;
use crate::symbol::Kind;

/// `impl Counter { … }`.
pub(crate) struct Block {
    /// The impl without its items.
    pub(crate) header: ItemImpl,
    inner_attrs: Vec<Attribute>,
    items: Vec<Item>,
}

enum Item {
    Method(Box<Method>),
    Other(Box<ImplItem>),
    /// What is no item yet, as an editor sees it while it is written.
    Unfinished(TokenStream),
}

/// A method, without its handler attributes.
pub(crate) struct Method {
    pub(crate) marks: Vec<Mark>,
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) vis: Visibility,
    pub(crate) sig: Signature,
    body: TokenTree,
}

/// A handler attribute.
pub(crate) struct Mark {
    pub(crate) kind: Kind,
    /// Whether it bears another name, which is a mistake.
    pub(crate) is_misnamed: bool,
    pub(crate) attr: Attribute,
}

impl Block {
    pub(crate) fn methods(&self) -> impl Iterator<Item = &Method> {
        self.items.iter().filter_map(|item| match item {
            Item::Method(method) => Some(&**method),
            Item::Other(_) | Item::Unfinished(_) => None,
        })
    }

    /// Whether the impl's type borrows: `impl<'a> Counter<'a>`, `impl Counter<'_>`.
    pub(crate) fn has_lifetimes(&self) -> bool {
        self.header.generics.lifetimes().next().is_some() || self.elided_lifetime().is_some()
    }

    /// The `'_` of `impl Counter<'_>`.
    pub(crate) fn elided_lifetime(&self) -> Option<&Lifetime> {
        #[derive(Default)]
        struct Elided<'a>(Option<&'a Lifetime>);
        impl<'a> Visit<'a> for Elided<'a> {
            fn visit_lifetime(&mut self, lifetime: &'a Lifetime) {
                if lifetime.ident == "_" {
                    self.0 = Some(lifetime);
                }
            }
        }
        let mut elided = Elided::default();
        elided.visit_type(&self.header.self_ty);
        elided.0
    }

    /// The handler attributes, on an item that is nothing: as they are taken from the methods, this is what makes
    /// their names resolve, so that an import of them is used and an editor explains them.
    pub(crate) fn attributes(&self) -> TokenStream {
        let paths = self
            .methods()
            .flat_map(|method| &method.marks)
            .filter(|mark| !mark.is_misnamed)
            .map(|mark| mark.attr.path());
        quote!(#(#[#paths(handler)])* const _: () = ();)
    }

    /// A block of nothing but these methods.
    pub(crate) fn of_methods(header: ItemImpl, methods: impl IntoIterator<Item = Method>) -> Self {
        let methods = methods.into_iter().map(Box::new).map(Item::Method);
        Block {
            header,
            inner_attrs: Vec::new(),
            items: methods.collect(),
        }
    }

    /// Reads an impl. An item that cannot be read is told of; the others are read on.
    pub(crate) fn parse(tokens: TokenStream, errors: &mut Errors) -> syn::Result<Self> {
        let (header, items) = split_braces(tokens)?;
        let parse_items = |input: ParseStream<'_>| {
            let inner_attrs = Attribute::parse_inner(input)?;
            let mut items = Vec::new();
            while !input.is_empty() {
                let ahead = input.fork();
                match ahead.parse() {
                    Ok(item) => {
                        input.advance_to(&ahead);
                        items.push(item);
                    }
                    Err(error) => {
                        errors.add(error);
                        items.push(Item::Unfinished(unfinished(input)?));
                    }
                }
            }
            Ok((inner_attrs, items))
        };
        let (inner_attrs, items) = parse_items.parse2(items)?;
        Ok(Block {
            header: syn::parse2(header)?,
            inner_attrs,
            items,
        })
    }
}

impl Method {
    /// A method without its body, whose marks are taken from its attributes.
    pub(crate) fn new(attrs: Vec<Attribute>, vis: Visibility, sig: Signature) -> Self {
        let mut method = Method {
            marks: Vec::new(),
            attrs: Vec::new(),
            vis,
            sig,
            body: TokenTree::Group(Group::new(Delimiter::Brace, TokenStream::new())),
        };
        for attr in attrs {
            let known = Kind::of(attr.path());
            match known.or_else(|| Kind::meant_by(attr.path())) {
                Some(kind) => method.marks.push(Mark {
                    kind,
                    is_misnamed: known.is_none(),
                    attr,
                }),
                None => method.attrs.push(attr),
            }
        }
        method
    }
}

/// What cannot be read, up to its braces, its `;` or the next item; without its handler attributes.
fn unfinished(input: ParseStream<'_>) -> syn::Result<TokenStream> {
    let mut skipped = TokenStream::new();
    if Attribute::parse_outer(&input.fork()).is_ok() {
        let attrs = Attribute::parse_outer(input)?;
        skipped.append_all(attrs.iter().filter(|attr| Kind::of(attr.path()).is_none()));
    }
    let mut is_end = input.is_empty();
    while !is_end {
        let is_last = input.peek(Brace) || input.peek(Token![;]);
        skipped.append(input.parse::<TokenTree>()?);
        let is_next = input.peek(Token![#]) || input.peek(Token![pub]);
        is_end = is_last || is_next || input.is_empty();
    }
    Ok(skipped)
}

/// `impl Counter { … }` -> `impl Counter {}` and `…`.
pub(crate) fn split_braces(tokens: TokenStream) -> syn::Result<(TokenStream, TokenStream)> {
    let mut tokens: Vec<TokenTree> = tokens.into_iter().collect();
    match tokens.pop() {
        Some(TokenTree::Group(braces)) if braces.delimiter() == Delimiter::Brace => {
            let mut empty = Group::new(Delimiter::Brace, TokenStream::new());
            empty.set_span(braces.span());
            tokens.push(empty.into());
            Ok((tokens.into_iter().collect(), braces.stream()))
        }
        last => Err(syn::Error::new_spanned(
            last,
            "expected the braces of an impl",
        )),
    }
}

impl Parse for Item {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let ahead = input.fork();
        Attribute::parse_outer(&ahead)?;
        ahead.parse::<Visibility>()?;
        if ahead.parse::<Signature>().is_ok() && ahead.peek(Brace) {
            input.parse().map(Box::new).map(Item::Method)
        } else {
            input.parse().map(Box::new).map(Item::Other)
        }
    }
}

impl Parse for Method {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let attrs = Attribute::parse_outer(input)?;
        let mut method = Method::new(attrs, input.parse()?, input.parse()?);
        method.body = input.parse()?;
        Ok(method)
    }
}

impl ToTokens for Block {
    /// The user's impl, as written but for the handler attributes.
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let mut header: Vec<TokenTree> = self.header.to_token_stream().into_iter().collect();
        header.pop();
        tokens.append_all(header);
        self.header.brace_token.surround(tokens, |tokens| {
            for attr in &self.inner_attrs {
                attr.to_tokens(tokens);
            }
            for item in &self.items {
                match item {
                    Item::Method(method) => method.to_tokens(tokens),
                    Item::Other(other) => other.to_tokens(tokens),
                    Item::Unfinished(unfinished) => unfinished.to_tokens(tokens),
                }
            }
        });
    }
}

impl ToTokens for Method {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        tokens.append_all(&self.attrs);
        if !self.marks.is_empty() {
            // What a handler takes and gives is the protocol's business.
            tokens.extend(quote! {
                #[allow(clippy::must_use_candidate, clippy::needless_pass_by_value, clippy::unnecessary_wraps, clippy::unused_self)]
            });
        }
        self.vis.to_tokens(tokens);
        self.sig.to_tokens(tokens);
        self.body.to_tokens(tokens);
    }
}

/// The word that says what an item is: `struct`, `impl`, `fn`, …
pub(crate) fn item_keyword(tokens: TokenStream) -> Option<Ident> {
    const MODIFIERS: [&str; 6] = ["pub", "unsafe", "async", "default", "auto", "extern"];
    tokens.into_iter().find_map(|token| match token {
        TokenTree::Ident(word) if MODIFIERS.iter().all(|modifier| word != *modifier) => Some(word),
        _ => None,
    })
}

/// Whether what an attribute says holds for what is generated from its item, too: `#[cfg]`s.
pub(crate) fn is_cfg(attr: &Attribute) -> bool {
    attr.path().is_ident("cfg")
}

/// As [`is_cfg`], for what is generated under a name of its own: docs and deprecation.
pub(crate) fn is_about_the_name(attr: &Attribute) -> bool {
    let path = attr.path();
    path.is_ident("doc") || path.is_ident("deprecated") || is_conditional_doc(attr)
}

/// `#[cfg_attr(docsrs, doc(cfg(…)))]`.
fn is_conditional_doc(attr: &Attribute) -> bool {
    let after_comma = |input: ParseStream<'_>| {
        while !input.is_empty() {
            if input.parse::<Option<Token![,]>>()?.is_some() {
                let rest: TokenStream = input.parse()?;
                return Ok(
                    matches!(rest.into_iter().next(), Some(TokenTree::Ident(word)) if word == "doc"),
                );
            }
            input.parse::<TokenTree>()?;
        }
        Ok(false)
    };
    attr.path().is_ident("cfg_attr") && attr.parse_args_with(after_comma).unwrap_or(false)
}
