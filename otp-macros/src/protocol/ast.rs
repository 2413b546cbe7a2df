//! A trait with its handler attributes resolved. Syntax only.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote};
use syn::parse::{ParseStream, Parser};
use syn::{
    Attribute, GenericParam, ItemImpl, ItemTrait, Lifetime, ReturnType, Signature, TraitItem,
    TraitItemFn, Visibility, parse_quote,
};

use crate::gen_server::ast::{Block, Method};
use crate::runtime::Runtime;

/// `pub trait KeyValue { … }`.
pub(crate) struct Protocol {
    pub(crate) item: ItemTrait,
    /// What its servers handle: the messages of a server whose type has the trait's name.
    pub(crate) block: Block,
    /// The `pub`s of its methods, where none belongs.
    pub(crate) visibilities: Vec<Visibility>,
}

impl Protocol {
    pub(crate) fn new(mut item: ItemTrait) -> Self {
        let mut visibilities = Vec::new();
        for member in &mut item.items {
            if let TraitItem::Verbatim(tokens) = member
                && let Ok((vis, method)) = visible.parse2(tokens.clone())
            {
                visibilities.push(vis);
                *member = TraitItem::Fn(method);
            }
        }
        let (ident, generics) = (&item.ident, &item.generics);
        let (params, arguments, where_clause) = generics.split_for_impl();
        let header: ItemImpl = parse_quote!(impl #params #ident #arguments #where_clause {});
        let attrs = item.attrs.iter().filter(|attr| attr.path().is_ident("cfg"));
        let header = ItemImpl {
            attrs: attrs.cloned().collect(),
            ..header
        };
        let methods = methods(&item)
            .map(|method| Method::new(method.attrs.clone(), item.vis.clone(), method.sig.clone()));
        let methods: Vec<Method> = methods.filter(|method| !method.marks.is_empty()).collect();
        Protocol {
            block: Block::of_methods(header, methods),
            item,
            visibilities,
        }
    }

    pub(crate) fn name(&self) -> &Ident {
        &self.item.ident
    }

    pub(crate) fn vis(&self) -> &Visibility {
        &self.item.vis
    }

    pub(crate) fn methods(&self) -> impl Iterator<Item = &TraitItemFn> {
        methods(&self.item)
    }

    /// The lifetimes of its generics.
    pub(crate) fn lifetimes(&self) -> impl Iterator<Item = &Lifetime> {
        let params = self.item.generics.params.iter();
        params.filter_map(|param| match param {
            GenericParam::Lifetime(param) => Some(&param.lifetime),
            GenericParam::Type(_) | GenericParam::Const(_) => None,
        })
    }

    /// The trait as its servers implement it: without the handler attributes, with `bound` above it, and with
    /// `-> impl Future<…> + Send` for `async`.
    pub(crate) fn as_trait(&self, rt: &Runtime, bound: Option<&TokenStream>) -> ItemTrait {
        let mut item = self.item.clone();
        item.supertraits.push(match bound {
            Some(bound) => parse_quote!(#bound),
            None => parse_quote!(#rt::core::marker::Sized),
        });
        for member in &mut item.items {
            if let TraitItem::Fn(method) = member {
                let (attrs, vis, sig) = (
                    std::mem::take(&mut method.attrs),
                    Visibility::Inherited,
                    method.sig.clone(),
                );
                method.attrs = Method::new(attrs, vis, sig).attrs;
                desugar(method, rt);
            }
        }
        item
    }
}

/// `pub fn get(&self);`, which Rust has no place for.
fn visible(input: ParseStream<'_>) -> syn::Result<(Visibility, TraitItemFn)> {
    let attrs = Attribute::parse_outer(input)?;
    let vis = input.parse()?;
    let mut method: TraitItemFn = input.parse()?;
    method.attrs = attrs;
    Ok((vis, method))
}

fn methods(item: &ItemTrait) -> impl Iterator<Item = &TraitItemFn> {
    item.items.iter().filter_map(|item| match item {
        TraitItem::Fn(method) => Some(method),
        _ => None,
    })
}

/// `async fn get(&mut self) -> T` -> `fn get(&mut self) -> impl Future<Output = T> + Send`
fn desugar(method: &mut TraitItemFn, rt: &Runtime) {
    let Signature {
        asyncness, output, ..
    } = &mut method.sig;
    if asyncness.take().is_none() {
        return;
    }
    let answer = match &*output {
        ReturnType::Default => quote!(()),
        ReturnType::Type(_, ty) => ty.to_token_stream(),
    };
    *output = parse_quote! {
        -> impl #rt::core::future::Future<Output = #answer> + #rt::core::marker::Send
    };
    if let Some(body) = &mut method.default {
        let statements = body.to_token_stream();
        *body = parse_quote!({ async move #statements });
    }
}
