//! What each macro writes of a small and of a full input, as snapshots, and the documentation that is made of them.
//!
//! An input is a file of `inputs`, in which the attributes and macros are expanded as the compiler would; the snapshot
//! beside them is all that comes of it. What the small ones come to is also a file `…_shown.snap.md`, which the macro's
//! documentation includes: it is a snapshot itself, so that it cannot drift. It is written for readers: see [`shown`].
//!
//! A difference fails the test, here and in CI. If it is meant:
//!
//! ```sh
//! INSTA_UPDATE=always cargo test -p otp-macros snapshots
//! ```

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::{Attribute, Item, Meta};

use crate::entry::{self, Entry};
use crate::{gen_server, gen_statem, protocol, supervisor};

/// The name of a snapshot, and the input of that name.
macro_rules! input {
    ($name:literal) => {
        ($name, include_str!(concat!("inputs/", $name, ".rs")))
    };
}

#[test]
fn a_server() {
    check(input!("gen_server_small"));
    check(input!("gen_server_full"));
}

#[test]
fn a_state_machine() {
    check(input!("gen_statem_small"));
    check(input!("gen_statem_full"));
}

#[test]
fn a_tree() {
    check(input!("supervisor_small"));
    check(input!("supervisor_full"));
}

#[test]
fn a_protocol() {
    check(input!("protocol_small"));
    check(input!("protocol_full"));
}

#[test]
fn a_main_function() {
    check(input!("main_small"));
    check(input!("main_full"));
}

#[test]
fn a_test() {
    check(input!("test_small"));
    check(input!("test_full"));
}

#[test]
fn documentation_shows_what_the_small_inputs_come_to() {
    document("gen_server_shown", input!("gen_server_small"));
    document("gen_statem_shown", input!("gen_statem_small"));
    document("supervisor_shown", input!("supervisor_small"));
    document("protocol_shown", input!("protocol_small"));
    document("main_shown", input!("main_small"));
    document("test_shown", input!("test_small"));
}

/// Compares all that comes of the input with its snapshot.
fn check((name, input): (&str, &str)) {
    settings().bind(|| insta::assert_snapshot!(name, text(expanded(input))));
}

/// Compares the page with what the documentation includes.
fn document(page: &str, (_, input): (&str, &str)) {
    let output = text(shown(expanded(input)));
    let text = format!(
        "```text\n{input}```\n\nbecomes, where `::otp_core::__private::`, the path by which generated code finds all that \
         it names, and attributes that silence lints are left out:\n\n```text\n{output}```\n"
    );
    let file = format!("{page}.md");
    settings().bind(|| insta::assert_binary_snapshot!(&file, text.into_bytes()));
}

fn settings() -> insta::Settings {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(".");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings
}

fn text(tokens: TokenStream) -> String {
    prettyplease::unparse(&syn::parse2(tokens).unwrap())
}

/// The program with each macro of ours in place of what it writes.
fn expanded(program: &str) -> TokenStream {
    let program = syn::parse_file(program).unwrap();
    let machine = program.items.iter().find_map(|item| match item {
        Item::Enum(item) => Some(item.clone()),
        _ => None,
    });
    let expanded = |item| expanded_item(item, machine.as_ref());
    program.items.into_iter().map(expanded).collect()
}

fn expanded_item(mut item: Item, machine: Option<&syn::ItemEnum>) -> TokenStream {
    if let Item::Macro(item) = &item
        && item.mac.path.is_ident("supervisor")
    {
        return supervisor::expand(item.mac.tokens.clone());
    }
    let attribute = match &mut item {
        Item::Struct(item) => taken(&mut item.attrs),
        Item::Enum(item) => taken(&mut item.attrs),
        Item::Impl(item) => taken(&mut item.attrs),
        Item::Trait(item) => taken(&mut item.attrs),
        Item::Fn(item) => taken(&mut item.attrs),
        _ => None,
    };
    let Some((name, arguments)) = attribute else {
        return item.into_token_stream();
    };
    if let ("gen_statem", Item::Impl(block), Some(machine)) = (name.as_str(), &item, machine) {
        // What the macro of the enum hands on.
        let mut machine = machine.clone();
        let of_enum = taken(&mut machine.attrs).map(|(_, arguments)| arguments);
        return gen_statem::expand_machine(quote!({ #of_enum } { #machine } { #arguments } #block));
    }
    let item = item.into_token_stream();
    match name.as_str() {
        "gen_server" => gen_server::expand(arguments, item),
        "gen_statem" => gen_statem::expand(arguments, item),
        "protocol" => protocol::expand(arguments, item),
        "main" => entry::expand(Entry::Main, arguments, item),
        _ => entry::expand(Entry::Test, arguments, item),
    }
}

/// Takes the attribute of ours away: its name, and its arguments.
fn taken(attributes: &mut Vec<Attribute>) -> Option<(String, TokenStream)> {
    let name = |attribute: &Attribute| {
        let last = attribute.path().segments.last()?.ident.to_string();
        ["gen_server", "gen_statem", "protocol", "main", "test"]
            .contains(&last.as_str())
            .then_some(last)
    };
    let place = attributes.iter().position(|other| name(other).is_some())?;
    let attribute = attributes.remove(place);
    let arguments = match &attribute.meta {
        Meta::List(list) => list.tokens.clone(),
        Meta::Path(_) | Meta::NameValue(_) => TokenStream::new(),
    };
    Some((name(&attribute)?, arguments))
}

/// What readers are shown: without `::otp_core::__private::`, and without attributes that only silence lints.
fn shown(tokens: TokenStream) -> TokenStream {
    let path: Vec<String> = quote!(::otp_core::__private::)
        .into_iter()
        .map(|token| token.to_string())
        .collect();
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut left = tokens.as_slice();
    let mut output = TokenStream::new();
    while let [first, others @ ..] = left {
        let beginning = left.iter().take(path.len()).map(ToString::to_string);
        left = match (first, others) {
            _ if beginning.eq(path.iter().cloned()) => &left[path.len()..],
            (TokenTree::Punct(hash), [TokenTree::Group(attribute), others @ ..])
                if hash.as_char() == '#' && is_for_lints(attribute) =>
            {
                others
            }
            (TokenTree::Group(group), _) => {
                let group = Group::new(group.delimiter(), shown(group.stream()));
                output.extend([TokenTree::Group(group)]);
                others
            }
            (other, _) => {
                output.extend([other.clone()]);
                others
            }
        };
    }
    output
}

fn is_for_lints(attribute: &Group) -> bool {
    let name = attribute.stream().into_iter().next();
    let name = name.map(|name| name.to_string()).unwrap_or_default();
    attribute.delimiter() == Delimiter::Bracket
        && ["allow", "automatically_derived"].contains(&name.as_str())
}
