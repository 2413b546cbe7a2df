//! A tree as it is written. Syntax only: what a setting's value means, and who may use whom, is said elsewhere.
//!
//! Arguments and the methods behind them stay tokens, so that the compiler and an editor see what the user wrote. A part
//! that cannot be read is told of and left out; the rest is read on.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::token::{Brace, Bracket, Paren};
use syn::{
    AngleBracketedGenericArguments, Attribute, ExprPath, Path, PathArguments, PathSegment, Token,
    Type, Visibility,
};

use crate::attr::Setting;
use crate::errors::Errors;
use crate::names;
use crate::symbol::{self, CHILDREN, TREE_SETTINGS};

/// `pub struct CacheTree(options: TreeOptions); strategy: …, children: { … }`
pub(crate) struct Tree {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) vis: Visibility,
    pub(crate) name: Ident,
    pub(crate) params: Vec<Param>,
    pub(crate) settings: Vec<Setting>,
    /// None where nothing is said of children.
    pub(crate) children: Option<Vec<Child>>,
    /// Whether there is a setting that cannot be read, so that none is missing for sure.
    pub(crate) is_misread: bool,
}

/// `options: TreeOptions`
pub(crate) struct Param {
    pub(crate) name: Ident,
    pub(crate) ty: Type,
}

/// `primary: UserCache(options).name("primary") { restart: transient }`
pub(crate) struct Child {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) name: Ident,
    /// None where it cannot be read.
    pub(crate) start: Option<Start>,
    /// The type or function that stands there without arguments.
    pub(crate) unfinished: Option<Path>,
    pub(crate) options: Vec<Setting>,
}

/// `UserCache(options).name("primary")`, `Registry::<RoomId, Room>::unique()`
pub(crate) struct Start {
    /// `UserCache`, `Registry::<RoomId, Room>`
    pub(crate) ty: Path,
    /// `unique`
    pub(crate) function: Option<Ident>,
    /// With their parentheses.
    pub(crate) arguments: TokenTree,
    /// `.name("primary")`
    pub(crate) methods: TokenStream,
}

impl Start {
    /// Where its type begins and ends.
    pub(crate) fn ends(&self) -> (Span, Span) {
        let spans = self.ty.to_token_stream().into_iter();
        let mut spans = spans.map(|token| token.span());
        let first = spans.next().unwrap_or_else(Span::call_site);
        (first, spans.last().unwrap_or(first))
    }
}

impl Tree {
    /// Reads what is between the braces of `supervisor!`. None if it has not even a name.
    pub(crate) fn parse(tokens: TokenStream, errors: &mut Errors) -> Option<Self> {
        let mut told = Errors::default();
        let parse = |input: ParseStream<'_>| {
            let tree = tree(input, &mut told);
            // Behind a mistake there may be more, of which nothing is told.
            input.parse::<TokenStream>()?;
            tree
        };
        let tree = parse.parse2(tokens);
        errors.take(told.finish());
        errors.take(tree).flatten()
    }
}

fn tree(input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<Option<Tree>> {
    let attrs = input.call(Attribute::parse_outer)?;
    let vis = input.parse()?;
    let is_struct = input.parse::<Option<Token![struct]>>()?.is_some();
    if !is_struct && !another_item(input, errors)? {
        return Ok(None);
    }
    let name: Ident = input.parse()?;
    let params = if is_struct {
        generics(input, errors);
        params(input, &name, errors)?
    } else {
        Vec::new()
    };
    let mut tree = Tree {
        attrs,
        vis,
        name,
        params,
        settings: Vec::new(),
        children: None,
        is_misread: !is_struct,
    };
    while is_struct && !input.is_empty() {
        if let Err(error) = setting_of_tree(input, &mut tree, errors) {
            errors.add(error);
            tree.is_misread = true;
            break;
        }
    }
    Ok(Some(tree))
}

/// Tells of what is no struct; whether it has a name nevertheless.
fn another_item(input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<bool> {
    const ITEMS: [&str; 8] = [
        "enum", "union", "fn", "mod", "trait", "type", "const", "static",
    ];
    let found = next_token(input);
    let is_item =
        matches!(&found, Some(TokenTree::Ident(word)) if ITEMS.iter().any(|item| word == item));
    if let Some(found) = found {
        input.parse::<TokenTree>()?;
        errors.push(
            found,
            "a tree begins with its name; write `pub struct CacheTree;`",
        );
    } else {
        errors.add(input.error("a tree begins with its name; write `pub struct CacheTree;`"));
    }
    Ok(is_item && input.peek(syn::Ident))
}

fn generics(input: ParseStream<'_>, errors: &mut Errors) {
    if input.peek(Token![<])
        && let Ok(generics) = input.parse::<syn::Generics>()
    {
        errors.push(
            &generics.params,
            "a tree is not generic; remove the parameters, and name the types of its children",
        );
    }
}

/// `(options: TreeOptions);`
fn params(input: ParseStream<'_>, tree: &Ident, errors: &mut Errors) -> syn::Result<Vec<Param>> {
    let Some(TokenTree::Group(group)) = next_token(input) else {
        end_of_header(input, tree, errors)?;
        return Ok(Vec::new());
    };
    input.parse::<TokenTree>()?;
    if group.delimiter() != Delimiter::Parenthesis {
        errors.add(syn::Error::new(
            group.span_open(),
            format!("a tree takes parameters, as a function does; write `{tree}(name: Type);`"),
        ));
        // A struct with fields has no semicolon.
        input.parse::<Option<Token![;]>>()?;
    } else {
        end_of_header(input, tree, errors)?;
    }
    let each = |input: ParseStream<'_>| {
        let mut params = Vec::new();
        while !input.is_empty() {
            params.extend(param(input, errors)?);
            separator(input, errors)?;
        }
        Ok(params)
    };
    each.parse2(group.stream())
}

fn end_of_header(input: ParseStream<'_>, tree: &Ident, errors: &mut Errors) -> syn::Result<()> {
    if input.parse::<Option<Token![;]>>()?.is_some() {
        return Ok(());
    }
    let message = format!("write `;` behind `{tree}` and its parameters");
    match next_token(input) {
        Some(TokenTree::Punct(comma)) if comma.as_char() == ',' => {
            input.parse::<Token![,]>()?;
            errors.push(comma, message);
        }
        Some(next) => errors.push(next, message),
        None => errors.push(tree, message),
    }
    Ok(())
}

/// One parameter; None if it is none.
fn param(input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<Option<Param>> {
    for attr in input.call(Attribute::parse_outer)? {
        errors.push(&attr, "a parameter has no attributes; remove it");
    }
    input.parse::<Visibility>()?;
    if let Ok(receiver) = input.fork().parse::<syn::Receiver>() {
        input.parse::<syn::Receiver>()?;
        errors.push(
            receiver,
            "a tree is started, so there is no `self`; remove it",
        );
        return Ok(None);
    }
    if let Some(mutability) = input.parse::<Option<Token![mut]>>()? {
        errors.push(
            mutability,
            "each child gets clones of its own, so nobody sees a change; remove `mut`",
        );
    }
    let has_name = input.peek(Ident::peek_any) && is_key(input);
    if !has_name {
        let ty: Type = input.parse()?;
        let name = snake_case(&ty.to_token_stream());
        errors.push(
            &ty,
            format!(
                "a parameter has a name; write `{name}: {}`",
                names::text(&ty)
            ),
        );
        return Ok(None);
    }
    let name = input.parse()?;
    input.parse::<Token![:]>()?;
    Ok(Some(Param {
        name,
        ty: input.parse()?,
    }))
}

/// One setting, or the children.
fn setting_of_tree(
    input: ParseStream<'_>,
    tree: &mut Tree,
    errors: &mut Errors,
) -> syn::Result<()> {
    let Some(key) = key(input, "setting", &TREE_SETTINGS, errors)? else {
        tree.is_misread = true;
        return Ok(());
    };
    let is_known = is_known_setting(&key, errors);
    tree.is_misread |= !is_known;
    if key == CHILDREN {
        match (children(input, &key, errors)?, &mut tree.children) {
            (Some(read), Some(earlier)) => {
                set_twice(&key, errors);
                earlier.extend(read);
            }
            (Some(read), None) => tree.children = Some(read),
            (None, _) => tree.is_misread = true,
        }
    } else {
        let value = value(input)?;
        tree.is_misread |= value.is_empty();
        add(&mut tree.settings, is_known, key, value, errors);
    }
    separator(input, errors)
}

/// Tells of a setting that no tree has.
fn is_known_setting(key: &Ident, errors: &mut Errors) -> bool {
    let word = key.to_string();
    let message = match word.as_str() {
        known if TREE_SETTINGS.contains(&known) => return true,
        "max_seconds" | "period" | "intensity" => format!(
            "`{word}` is part of `max_restarts`; write `max_restarts: 3 in 5s` instead of both"
        ),
        "name" | "id" => {
            "a tree is named when it starts; write `.name(…)` behind `start_link(…)`".to_owned()
        }
        _ => unknown(&word, "setting", &TREE_SETTINGS),
    };
    errors.push(key, message);
    false
}

/// `unknown option `restrat`; write `restart``
pub(crate) fn unknown(word: &str, what: &str, known: &[&str]) -> String {
    match known.iter().find(|known| symbol::is_one_slip(word, known)) {
        Some(meant) => format!("unknown {what} `{word}`; write `{meant}`"),
        None => format!(
            "unknown {what} `{word}`; write one of {}",
            symbol::list(known)
        ),
    }
}

fn set_twice(key: &Ident, errors: &mut Errors) {
    let key_text = key.unraw();
    errors.push(
        key,
        format!("`{key_text}` is set twice; remove one of the two"),
    );
}

/// Notes a setting, if it is the first of its key and has a value.
fn add(
    settings: &mut Vec<Setting>,
    is_known: bool,
    key: Ident,
    value: TokenStream,
    errors: &mut Errors,
) {
    if !is_known {
        return;
    }
    if settings.iter().any(|earlier| earlier.key == key) {
        set_twice(&key, errors);
    } else if value.is_empty() {
        let message = format!("`{key}` has no value; write `{key}: …`");
        errors.push(key, message);
    } else {
        settings.push(Setting { key, value });
    }
}

/// `strategy:`; None if it cannot be read, and then all up to the next comma is skipped.
fn key(
    input: ParseStream<'_>,
    what: &str,
    known: &[&str],
    errors: &mut Errors,
) -> syn::Result<Option<Ident>> {
    for attr in input.call(Attribute::parse_outer)? {
        errors.push(
            &attr,
            "an attribute belongs to the tree or to a child; move it there, or remove it",
        );
    }
    if input.is_empty() {
        return Ok(None);
    }
    if !input.peek(Ident::peek_any) {
        let found = next_token(input).into_token_stream();
        errors.push(
            found,
            format!("this is no {what}; write one of {}", symbol::list(known)),
        );
        skip_to_comma(input)?;
        return Ok(None);
    }
    let key = input.call(Ident::parse_any)?;
    if input.peek(Token![:]) && !input.peek(Token![::]) {
        input.parse::<Token![:]>()?;
        return Ok(Some(key));
    }
    match next_token(input) {
        Some(TokenTree::Punct(sign)) if sign.as_char() == '=' || sign.as_char() == ':' => {
            errors.push(sign, format!("write `{key}: …`"));
        }
        _ => errors.push(&key, format!("`{key}` has no value; write `{key}: …`")),
    }
    skip_to_comma(input)?;
    Ok(None)
}

/// What stands behind a key, up to the next comma or the next key.
fn value(input: ParseStream<'_>) -> syn::Result<TokenStream> {
    let mut value = TokenStream::new();
    while !at_end_of_value(input) {
        if input.peek(Token![::]) && input.peek3(Token![<]) {
            AngleBracketedGenericArguments::parse_turbofish(input)?.to_tokens(&mut value);
        } else {
            value.extend([input.parse::<TokenTree>()?]);
        }
    }
    Ok(value)
}

fn at_end_of_value(input: ParseStream<'_>) -> bool {
    input.is_empty()
        || input.peek(Token![,])
        || input.peek(Token![;])
        || (input.peek(Ident::peek_any) && is_key(input))
}

/// Whether the next but one token is a `:`.
fn is_key(input: ParseStream<'_>) -> bool {
    input.peek2(Token![:]) && !input.peek2(Token![::])
}

/// The comma behind an element.
fn separator(input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<()> {
    if input.is_empty() || input.parse::<Option<Token![,]>>()?.is_some() {
        return Ok(());
    }
    if let Some(semicolon) = input.parse::<Option<Token![;]>>()? {
        errors.push(semicolon, "write `,` instead of `;`");
        return Ok(());
    }
    if let Some(next) = next_token(input) {
        let text = match &next {
            TokenTree::Group(_) => "this".to_owned(),
            next => format!("`{next}`"),
        };
        errors.push(next, format!("write `,` before {text}"));
    }
    if !at_end_of_value(input) && !input.peek(Token![#]) {
        skip_to_comma(input)?;
    }
    Ok(())
}

fn skip_to_comma(input: ParseStream<'_>) -> syn::Result<()> {
    while !input.is_empty() && input.parse::<Option<Token![,]>>()?.is_none() {
        input.parse::<TokenTree>()?;
    }
    Ok(())
}

/// `{ primary: UserCache(…), … }`; None if it is no such thing.
fn children(
    input: ParseStream<'_>,
    key: &Ident,
    errors: &mut Errors,
) -> syn::Result<Option<Vec<Child>>> {
    const EXPECTED: &str =
        "children stand in braces, each with its name; write `children: { primary: UserCache(…) }`";
    let Some(TokenTree::Group(group)) = next_token(input).filter(|_| input.peek(Brace)) else {
        let found = if input.peek(Bracket) {
            input.parse::<TokenTree>()?.into_token_stream()
        } else {
            value(input)?
        };
        if found.is_empty() {
            errors.push(key, EXPECTED);
        } else {
            errors.push(found, EXPECTED);
        }
        return Ok(None);
    };
    input.parse::<TokenTree>()?;
    let each = |input: ParseStream<'_>| {
        let mut children = Vec::new();
        while !input.is_empty() {
            match child(input, errors) {
                Ok(child) => children.extend(child),
                Err(error) => {
                    errors.add(error);
                    skip_to_next_child(input)?;
                }
            }
        }
        Ok(children)
    };
    each.parse2(group.stream()).map(Some)
}

/// One child, with the comma behind it; None if it has no name.
fn child(input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<Option<Child>> {
    let attrs = input.call(Attribute::parse_outer)?;
    if input.is_empty() {
        return Ok(None);
    }
    if !input.peek(Ident::peek_any) || !is_key(input) {
        unnamed(input, errors)?;
        return Ok(None);
    }
    let mut child = Child {
        attrs,
        name: input.call(Ident::parse_any)?,
        start: None,
        unfinished: None,
        options: Vec::new(),
    };
    input.parse::<Token![:]>()?;
    child.start = start(input, &mut child.unfinished, errors)?;
    if child.start.is_none() && !input.peek(Token![,]) {
        skip_to_next_child(input)?;
        return Ok(Some(child));
    }
    if let Some(TokenTree::Group(options)) = next_token(input).filter(|_| input.peek(Brace)) {
        input.parse::<TokenTree>()?;
        child.options = options_of_child(&child, &options, errors)?;
    }
    separator(input, errors)?;
    Ok(Some(child))
}

/// What stands for a child and has no name.
fn unnamed(input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<()> {
    let ahead = input.fork();
    match ahead.parse::<ExprPath>() {
        Ok(path) if ahead.peek(Paren) => {
            let name = snake_case(&path.to_token_stream());
            let text = names::text(&path);
            errors.push(
                &path,
                format!("a child has a name; write `{name}: {text}(…)`"),
            );
        }
        Ok(name) if ahead.peek(Token![=]) => {
            let sign = next_token(&ahead);
            let name = names::text(&name);
            errors.push(sign, format!("write `{name}: Server(…)`"));
        }
        _ => errors.push(
            next_token(input),
            "this is no child; write `name: Server(…)`",
        ),
    }
    skip_to_next_child(input)
}

/// `UserCache(options).name("primary")`; None if it cannot be read.
fn start(
    input: ParseStream<'_>,
    unfinished: &mut Option<Path>,
    errors: &mut Errors,
) -> syn::Result<Option<Start>> {
    const EXPECTED: &str =
        "a child is a server or what makes one; write `UserCache(…)` or `Type::function(…)`";
    let is_path = input.peek(Ident::peek_any) || input.peek(Token![::]);
    let path = is_path.then(|| input.parse::<ExprPath>().ok()).flatten();
    let Some(ExprPath {
        path, qself: None, ..
    }) = path
    else {
        match next_token(input) {
            Some(next) => errors.push(next, EXPECTED),
            None => errors.add(input.error(EXPECTED)),
        }
        return Ok(None);
    };
    if !input.peek(Paren) {
        without_arguments(input, &path, errors);
        *unfinished = Some(path);
        return Ok(None);
    }
    let arguments = input.parse()?;
    let methods = methods(input, errors)?;
    let (ty, function) = split_function(path);
    Ok(Some(Start {
        ty,
        function,
        arguments,
        methods,
    }))
}

fn without_arguments(input: ParseStream<'_>, path: &Path, errors: &mut Errors) {
    let text = names::text(path);
    let first_of_arguments = next_token(input).filter(|_| input.peek(Token![<]));
    match first_of_arguments {
        Some(sign) => errors.push(sign, format!("write `{text}::<…>`")),
        None => errors.push(path, format!("a child is started; write `{text}(…)`")),
    }
}

/// `Registry::<RoomId, Room>::unique` -> `Registry::<RoomId, Room>` and `unique`.
fn split_function(path: Path) -> (Path, Option<Ident>) {
    let is_function = |last: &PathSegment| {
        let name = last.ident.unraw().to_string();
        name.starts_with(|first: char| first.is_lowercase() || first == '_')
    };
    let mut ty = path.clone();
    match ty.segments.pop() {
        Some(last) if is_function(&last) && !ty.segments.is_empty() => {
            // Without the `::` before it.
            let separated = std::mem::take(&mut ty.segments);
            ty.segments = separated.into_iter().collect::<Punctuated<_, _>>();
            match last.arguments {
                PathArguments::None => (ty, Some(last.ident)),
                _ => (path, None),
            }
        }
        _ => (path, None),
    }
}

/// `.name("primary").timeout(TIME)`, as it is written.
fn methods(input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<TokenStream> {
    let mut methods = TokenStream::new();
    loop {
        if let Some(question) = input.parse::<Option<Token![?]>>()? {
            errors.push(
                question,
                "a supervisor looks after its children's starts; remove `?`",
            );
        } else if input.peek(Token![.]) && input.peek2(Token![await]) {
            let tokens = [input.parse::<TokenTree>()?, input.parse::<TokenTree>()?];
            errors.push(
                tokens.into_iter().collect::<TokenStream>(),
                "a supervisor awaits its children's starts; remove `.await`",
            );
        } else if input.peek(Token![.]) {
            let (dot, method) = (input.parse::<Token![.]>()?, input.parse::<Option<Ident>>()?);
            let generics = if input.peek(Token![::]) && input.peek3(Token![<]) {
                Some(AngleBracketedGenericArguments::parse_turbofish(input)?)
            } else {
                None
            };
            let arguments = if input.peek(Paren) {
                Some(input.parse::<TokenTree>()?)
            } else {
                None
            };
            match &method {
                None => errors.push(
                    dot,
                    "a method is missing; write its name, or remove the dot",
                ),
                Some(start) if start == "start_link" || start == "start" => errors.push(
                    start,
                    format!("a supervisor starts its children itself; remove `.{start}()`"),
                ),
                Some(method) => methods.extend(quote!(#dot #method #generics #arguments)),
            }
        } else {
            return Ok(methods);
        }
    }
}

/// `{ restart: transient, shutdown: 10s }`
fn options_of_child(
    child: &Child,
    group: &Group,
    errors: &mut Errors,
) -> syn::Result<Vec<Setting>> {
    let (known, is_open) = child.known_options();
    let each = |input: ParseStream<'_>| {
        let mut options = Vec::new();
        while !input.is_empty() {
            let Some(key) = key(input, "option", &known, errors)? else {
                continue;
            };
            let is_known = is_known_option(&key, &known, is_open, errors);
            let value = value(input)?;
            add(&mut options, is_known, key, value, errors);
            separator(input, errors)?;
        }
        Ok(options)
    };
    each.parse2(group.stream())
}

impl Child {
    /// The options that it may have, and whether any other is a method of what makes it.
    fn known_options(&self) -> (Vec<&'static str>, bool) {
        let mut known = symbol::CHILD_OPTIONS.to_vec();
        let Some(start) = self.start.as_ref().filter(|start| start.function.is_some()) else {
            return (known, false);
        };
        let last = start.ty.segments.last();
        let builder = last.and_then(|last| {
            let mut builders = symbol::BUILDER_OPTIONS.iter();
            builders.find(|(builder, _)| last.ident == builder)
        });
        known.extend(builder.into_iter().flat_map(|(_, options)| *options));
        (known, builder.is_none())
    }
}

/// Tells of an option that a child has not.
fn is_known_option(key: &Ident, known: &[&str], is_open: bool, errors: &mut Errors) -> bool {
    let word = key.to_string();
    let is_slip = known.iter().any(|known| symbol::is_one_slip(&word, known));
    if known.contains(&word.as_str()) || (is_open && !is_slip) {
        return true;
    }
    let message = match word.as_str() {
        "id" | "name" if !is_open => {
            format!("a child's id is its name in the tree; remove `{word}`")
        }
        "max_seconds" if known.contains(&symbol::MAX_RESTARTS) => {
            "`max_seconds` is part of `max_restarts`; write `max_restarts: 3 in 5s` instead of both"
                .to_owned()
        }
        _ => unknown(&word, "option", known),
    };
    errors.push(key, message);
    false
}

/// Skips what cannot be read, up to what begins as a child.
fn skip_to_next_child(input: ParseStream<'_>) -> syn::Result<()> {
    loop {
        skip_to_comma(input)?;
        let is_child = input.peek(Token![#]) || (input.peek(Ident::peek_any) && is_key(input));
        if input.is_empty() || is_child {
            return Ok(());
        }
    }
}

/// The token that comes next.
fn next_token(input: ParseStream<'_>) -> Option<TokenTree> {
    input.fork().parse().ok()
}

/// `UserCache` -> `user_cache`, by the last name in `tokens` that begins like a type.
fn snake_case(tokens: &TokenStream) -> String {
    let is_type = |token: TokenTree| match token {
        TokenTree::Ident(ident) => {
            Some(ident.unraw().to_string()).filter(|name| name.starts_with(char::is_uppercase))
        }
        _ => None,
    };
    let Some(name) = tokens.clone().into_iter().find_map(is_type) else {
        return "name".to_owned();
    };
    crate::names::snake_case(&name)
}
