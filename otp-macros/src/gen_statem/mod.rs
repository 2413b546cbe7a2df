//! `#[gen_statem]`: parse, model, check, expand.
//!
//! The impl has to know the states, which stand in the enum. So the enum leaves a macro of its own name behind, which
//! hands the enum on, and the impl is handed to that: [`expand_machine`] sees both.
//!
//! What clients see of a machine is what they see of a server: its events are the messages of a server, which the model
//! makes of the handlers, and `#[gen_server]` expands them.

mod ast;
mod body;
mod check;
mod expand;
mod fallback;
mod kind;
mod model;
mod states;

use proc_macro2::{Group, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::parse::{ParseStream, Parser};

use self::ast::Block;
use self::model::Machine;
use self::states::States;
use crate::errors::Errors;
use crate::gen_server::ast::{item_keyword, split_braces};
use crate::names;

/// What `#[gen_statem(arguments)]` above `item` becomes.
pub(crate) fn expand(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let keyword = item_keyword(item.clone());
    let word = keyword.as_ref().map(ToString::to_string);
    let expanded = match word.as_deref() {
        Some("impl") => hand_over(&arguments, item.clone()),
        Some("enum") => expand_enum(arguments, item.clone()),
        Some("struct" | "union") => Err(syn::Error::new_spanned(
            keyword,
            "the states of a machine are the variants of an enum; write `enum`",
        )),
        _ => Err(syn::Error::new_spanned(
            keyword,
            "`#[gen_statem]` belongs above the enum of the states and above its inherent impl; move it there",
        )),
    };
    expanded.unwrap_or_else(|error| {
        let error = error.into_compile_error();
        quote!(#error #item)
    })
}

/// `impl Turnstile { … }` -> `Turnstile! { { arguments } impl Turnstile { … } }`
fn hand_over(arguments: &TokenStream, item: TokenStream) -> syn::Result<TokenStream> {
    let (header, _) = split_braces(item.clone())?;
    let header: syn::ItemImpl = syn::parse2(header)?;
    let mut errors = Errors::default();
    check::header(&mut errors, &header);
    let path = crate::gen_server::model::type_path(&header.self_ty);
    if path.is_none() {
        errors.push(
            &header.self_ty,
            "a state machine is an enum; write `impl Name`",
        );
    }
    errors.finish()?;
    let mut path = path.cloned().unwrap_or_else(|| syn::parse_quote!(Self));
    for segment in &mut path.segments {
        segment.arguments = syn::PathArguments::None;
    }
    Ok(quote!(#path! { { #arguments } #item }))
}

fn expand_enum(arguments: TokenStream, item: TokenStream) -> syn::Result<TokenStream> {
    let mut errors = Errors::default();
    let states = States::parse(arguments, item, &mut errors)?;
    check::states(&mut errors, &states);
    let expanded = expand::states(&states);
    let error = errors.finish().err().map(syn::Error::into_compile_error);
    Ok(quote!(#expanded #error))
}

/// What the macro that an enum leaves behind becomes: `{ crate path } { enum } { arguments } impl`.
pub(crate) fn expand_machine(tokens: TokenStream) -> TokenStream {
    let parts = |input: ParseStream<'_>| {
        let parts: [Group; 3] = [input.parse()?, input.parse()?, input.parse()?];
        Ok((parts, input.parse::<TokenStream>()?))
    };
    let machine = parts
        .parse2(tokens)
        .and_then(|([path, item, arguments], block)| {
            machine(path.stream(), item.stream(), arguments.stream(), block)
        });
    machine.unwrap_or_else(syn::Error::into_compile_error)
}

fn machine(
    path: TokenStream,
    item: TokenStream,
    arguments: TokenStream,
    block: TokenStream,
) -> syn::Result<TokenStream> {
    let mut errors = Errors::default();
    // Its own mistakes were told where it stands.
    let states = States::parse(path, item, &mut Errors::default())?;
    let block = Block::parse(block, &mut errors)?;
    let machine = Machine::new(&states, &block, arguments, &mut errors);
    check::machine(&mut errors, &machine);
    let events = model::events_block(&machine);
    let Some(server) = machine.server(&events) else {
        errors.finish()?;
        return Ok(TokenStream::new());
    };
    check::server(&mut errors, &server);
    Ok(match errors.finish() {
        Ok(()) => expand::machine(&machine, &server),
        Err(error) => fallback::machine(&machine, &server, &error),
    })
}

/// Words as a sentence lists them: `` `Locked` ``, `` `Locked` and `Unlocked` ``.
fn sentence<T: ToTokens>(words: &[T], and: &str) -> String {
    let words: Vec<String> = words
        .iter()
        .map(|word| format!("`{}`", names::text(word)))
        .collect();
    match words.split_last() {
        None => String::new(),
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} {and} {last}", others.join(", ")),
    }
}

/// Whether `token` is this punctuation.
fn is_punct(token: Option<&TokenTree>, punctuation: char) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == punctuation)
}
