//! What a server is: its message kinds, callbacks and names. Total: the rules are in `check`.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, format_ident};
use syn::spanned::Spanned;
use syn::{
    Attribute, FnArg, GenericArgument, Generics, Pat, Path, PathArguments, PathSegment, ReturnType,
    Type, Visibility, WherePredicate,
};

use super::ast::{self, Block, Method};
use super::self_type;
use crate::names;
use crate::runtime::Runtime;
use crate::symbol::{self, Kind};

/// A server, from its impl.
pub(crate) struct Server<'a> {
    pub(crate) runtime: Runtime,
    pub(crate) block: &'a Block,
    pub(crate) names: Names,
    pub(crate) inits: Vec<Handler<'a>>,
    pub(crate) messages: Vec<Message<'a>>,
    pub(crate) callbacks: Vec<Handler<'a>>,
    pub(crate) protocols: Vec<Protocol<'a>>,
}

/// A protocol whose messages are a variant of the enum.
pub(crate) struct Protocol<'a> {
    /// `store::KeyValue<K>`.
    pub(crate) path: &'a Path,
    /// `KeyValue`.
    pub(crate) variant: Ident,
    /// `store::KeyValueMessage<K>`, shown at the path's last segment.
    pub(crate) message: TokenStream,
}

/// The types that belong to a server, as paths with the impl's generic arguments.
pub(crate) struct Names {
    /// `Counter`.
    pub(crate) server: Ident,
    /// `Counter<K>`.
    pub(crate) server_type: TokenStream,
    /// `CounterRef<K>`.
    pub(crate) handle: TokenStream,
    /// What the handle derefs to: `ServerRef`.
    pub(crate) address: Ident,
    /// What its process runs: `Self`.
    pub(crate) runs: TokenStream,
    /// `CounterMessage`.
    pub(crate) message: Ident,
    /// `CounterArguments`.
    pub(crate) arguments: Ident,
    /// `CounterStarter`.
    pub(crate) starter: Ident,
}

/// A method with a handler attribute.
pub(crate) struct Handler<'a> {
    pub(crate) kind: Kind,
    pub(crate) method: &'a Method,
    pub(crate) params: Vec<Param<'a>>,
    /// The return type, with `Self` replaced; none for `()`.
    pub(crate) output: Option<Output<'a>>,
}

/// A handler whose message is a variant of the enum.
pub(crate) struct Message<'a> {
    pub(crate) handler: Handler<'a>,
    pub(crate) variant: Ident,
    /// The field that carries a call's answer; not among the user's names.
    pub(crate) reply_to: Ident,
}

/// A return type.
pub(crate) struct Output<'a> {
    pub(crate) written: &'a Type,
    pub(crate) ty: TokenStream,
    pub(crate) is_result: bool,
}

/// A parameter other than `self`.
pub(crate) struct Param<'a> {
    pub(crate) pat: &'a Pat,
    pub(crate) attrs: &'a [Attribute],
    pub(crate) ident: Ident,
    /// The field of the message: the name, unless a `macro_rules!` has given one name to two parameters.
    pub(crate) field: Ident,
    pub(crate) written: &'a Type,
    /// The type, with `Self` replaced.
    pub(crate) ty: TokenStream,
    pub(crate) role: Role,
}

/// What a parameter is for.
pub(crate) enum Role {
    /// Part of the message.
    Data,
    /// `&mut Context<Self>`.
    Context,
    /// `ReplyTo<T>`, with its `T`.
    ReplyTo(Option<TokenStream>),
}

impl<'a> Server<'a> {
    /// None when the impl is not for a type with a name.
    pub(crate) fn new(runtime: Runtime, block: &'a Block) -> Option<Self> {
        let path = type_path(&block.header.self_ty)?;
        let last = path.segments.last()?;
        let server_type = block.header.self_ty.to_token_stream();
        let mut server = Server {
            runtime,
            block,
            names: Names {
                handle: renamed(path, names::handle(&last.ident)),
                address: format_ident!("ServerRef"),
                runs: quote::quote!(Self),
                message: names::message(&last.ident),
                arguments: names::arguments(&last.ident, |_| false),
                starter: names::starter(&last.ident, |_| false),
                server: last.ident.clone(),
                server_type,
            },
            inits: Vec::new(),
            messages: Vec::new(),
            callbacks: Vec::new(),
            protocols: Vec::new(),
        };
        for method in block.methods() {
            if let Some(mark) = method.marks.first() {
                server.add(mark.kind, method);
            }
        }
        let inits = &server.inits;
        let taken = |name: &Ident| {
            let mut types = inits.iter().flat_map(Handler::data);
            types.any(|param| names::mentions(param.ty.clone(), name)) || *name == last.ident
        };
        server.names.arguments = names::arguments(&last.ident, taken);
        server.names.starter = names::starter(&last.ident, taken);
        Some(server)
    }

    fn add(&mut self, kind: Kind, method: &'a Method) {
        let handler = Handler::new(kind, method, &self.names.server_type);
        match kind {
            Kind::Init => self.inits.push(handler),
            _ if kind.is_message() => self.messages.push(Message::new(handler)),
            _ => self.callbacks.push(handler),
        }
    }

    pub(crate) fn generics(&self) -> &'a Generics {
        &self.block.header.generics
    }

    /// The impl's generics, and what the runtime asks of every type in them: `K: Send + 'static`.
    pub(crate) fn bounded_generics(&self) -> Generics {
        let rt = &self.runtime;
        let mut generics = self.generics().clone();
        let params: Vec<Ident> = generics
            .type_params()
            .map(|param| param.ident.clone())
            .collect();
        if !params.is_empty() {
            let bounds = params.iter().map(|param| -> WherePredicate {
                syn::parse_quote!(#param: #rt::core::marker::Send + 'static)
            });
            generics.make_where_clause().predicates.extend(bounds);
        }
        generics
    }

    /// The impl's `#[cfg]`s, which hold for everything that is generated from it.
    pub(crate) fn cfgs(&self) -> impl Iterator<Item = &'a Attribute> + Clone {
        self.block
            .header
            .attrs
            .iter()
            .filter(|attr| ast::is_cfg(attr))
    }

    /// `CounterMessage<K>`.
    pub(crate) fn message_type(&self) -> TokenStream {
        let (_, arguments, _) = self.generics().split_for_impl();
        let message = &self.names.message;
        quote::quote!(#message #arguments)
    }

    /// `CounterArguments<K>`.
    pub(crate) fn arguments_type(&self) -> TokenStream {
        let (_, arguments, _) = self.generics().split_for_impl();
        let name = &self.names.arguments;
        quote::quote!(#name #arguments)
    }

    pub(crate) fn clients(&self) -> impl Iterator<Item = &Message<'a>> {
        self.messages
            .iter()
            .filter(|message| matches!(message.handler.kind, Kind::Call | Kind::Cast))
    }
}

impl<'a> Protocol<'a> {
    /// One for each path. Those that end in the same name, `Typed<u8>` and `Typed<u16>`, have variants of different names.
    pub(crate) fn all(paths: &'a [Path]) -> Vec<Self> {
        let mut protocols: Vec<Self> = Vec::new();
        for path in paths {
            let Some(last) = path.segments.last() else {
                continue;
            };
            let name = &last.ident;
            let taken = |variant: &Ident| {
                let mut earlier = protocols.iter();
                earlier.any(|earlier| earlier.variant == *variant)
            };
            protocols.push(Protocol {
                path,
                variant: names::free(name.clone(), taken),
                message: renamed(path, names::message(name)),
            });
        }
        protocols
    }
}

impl<'a> Message<'a> {
    fn new(handler: Handler<'a>) -> Self {
        let taken = |name: &Ident| handler.data().any(|param| param.field == *name);
        let reply_to = names::free(
            format_ident!("reply_to", span = handler.name().span()),
            taken,
        );
        Message {
            variant: names::variant(handler.name()),
            reply_to,
            handler,
        }
    }

    /// What the call answers: by return type, by `ReplyTo<T>`, or `()`; none for the other kinds.
    pub(crate) fn answer(&self) -> Option<TokenStream> {
        if self.handler.kind != Kind::Call {
            return None;
        }
        let unit = || quote::quote!(());
        Some(match (self.handler.reply_to(), &self.handler.output) {
            (Some((_, Some(answer))), _) => answer.clone(),
            // Rustc asks for the missing argument.
            (Some((param, None)), _) => param.ty.clone(),
            (None, Some(output)) => output.ty.clone(),
            (None, None) => unit(),
        })
    }

    /// Whether the answer is written as a `Result`.
    pub(crate) fn answers_a_result(&self) -> bool {
        match (self.handler.reply_to(), &self.handler.output) {
            (Some((param, _)), _) => reply_argument(param.written).is_some_and(is_result),
            (None, output) => output.as_ref().is_some_and(|output| output.is_result),
        }
    }
}

impl<'a> Handler<'a> {
    fn new(kind: Kind, method: &'a Method, server: &TokenStream) -> Self {
        let typed = method.sig.inputs.iter().filter_map(|input| match input {
            FnArg::Typed(typed) => Some(typed),
            FnArg::Receiver(_) => None,
        });
        let mut params: Vec<Param<'_>> = Vec::new();
        for typed in typed {
            let ident = match &*typed.pat {
                Pat::Ident(pat) => pat.ident.clone(),
                other => format_ident!("argument", span = other.span()),
            };
            params.push(Param {
                attrs: &typed.attrs,
                pat: &typed.pat,
                field: names::free(ident.clone(), |name| {
                    params.iter().any(|param| param.field == *name)
                }),
                ident,
                written: &typed.ty,
                ty: self_type::replace(typed.ty.to_token_stream(), server),
                role: role(&typed.ty, server),
            });
        }
        let output = match &method.sig.output {
            ReturnType::Type(_, ty) if !is_unit(ty) => Some(Output {
                written: ty,
                ty: self_type::replace(ty.to_token_stream(), server),
                is_result: is_result(ty),
            }),
            _ => None,
        };
        Handler {
            kind,
            method,
            params,
            output,
        }
    }

    pub(crate) fn name(&self) -> &'a Ident {
        &self.method.sig.ident
    }

    pub(crate) fn is_async(&self) -> bool {
        self.method.sig.asyncness.is_some()
    }

    pub(crate) fn vis(&self) -> &'a Visibility {
        &self.method.vis
    }

    /// The parameters that are part of the message.
    pub(crate) fn data(&self) -> impl Iterator<Item = &Param<'a>> + Clone {
        self.params
            .iter()
            .filter(|param| matches!(param.role, Role::Data))
    }

    /// The `ReplyTo<T>` parameter and its `T`.
    pub(crate) fn reply_to(&self) -> Option<(&Param<'a>, Option<&TokenStream>)> {
        self.params.iter().find_map(|param| match &param.role {
            Role::ReplyTo(answer) => Some((param, answer.as_ref())),
            Role::Data | Role::Context => None,
        })
    }

    pub(crate) fn cfgs(&self) -> impl Iterator<Item = &'a Attribute> + Clone {
        self.method.attrs.iter().filter(|attr| ast::is_cfg(attr))
    }

    /// Docs and deprecation, for what carries the handler's name.
    pub(crate) fn name_attrs(&self) -> impl Iterator<Item = &'a Attribute> + Clone {
        self.method
            .attrs
            .iter()
            .filter(|attr| ast::is_about_the_name(attr))
    }

    pub(crate) fn has_docs(&self) -> bool {
        self.method
            .attrs
            .iter()
            .any(|attr| attr.path().is_ident("doc"))
    }
}

fn role(ty: &Type, server: &TokenStream) -> Role {
    match ty {
        Type::Reference(reference)
            if reference.mutability.is_some()
                && last_segment_is(&reference.elem, symbol::CONTEXT) =>
        {
            Role::Context
        }
        ty if last_segment_is(ty, symbol::REPLY_TO) => Role::ReplyTo(
            reply_argument(ty).map(|answer| self_type::replace(answer.to_token_stream(), server)),
        ),
        _ => Role::Data,
    }
}

/// The `T` of `ReplyTo<T>`.
fn reply_argument(ty: &Type) -> Option<&Type> {
    match &last_segment(ty)?.arguments {
        PathArguments::AngleBracketed(arguments) => {
            arguments.args.iter().find_map(|argument| match argument {
                GenericArgument::Type(ty) => Some(ty),
                _ => None,
            })
        }
        PathArguments::None | PathArguments::Parenthesized(_) => None,
    }
}

/// The `E` of `Result<T, E>`.
pub(crate) fn last_argument(ty: &Type) -> Option<&Type> {
    match &last_segment(ty)?.arguments {
        PathArguments::AngleBracketed(arguments) => match arguments.args.last()? {
            GenericArgument::Type(ty) => Some(ty),
            _ => None,
        },
        PathArguments::None | PathArguments::Parenthesized(_) => None,
    }
}

/// `a::Counter<K>` -> `a::CounterRef<K>`.
fn renamed(path: &Path, name: Ident) -> TokenStream {
    let mut path = path.clone();
    if let Some(last) = path.segments.last_mut() {
        last.ident = name;
    }
    path.to_token_stream()
}

fn is_result(ty: &Type) -> bool {
    last_segment_is(ty, symbol::RESULT)
}

fn is_unit(ty: &Type) -> bool {
    matches!(ty, Type::Tuple(tuple) if tuple.elems.is_empty())
}

/// Whether `ty` is a path that ends in `name`.
pub(crate) fn last_segment_is(ty: &Type, name: &str) -> bool {
    last_segment(ty).is_some_and(|segment| segment.ident == name)
}

fn last_segment(ty: &Type) -> Option<&PathSegment> {
    type_path(ty)?.segments.last()
}

/// The path of a type that is one, also inside the invisible groups of a `macro_rules!`.
pub(crate) fn type_path(ty: &Type) -> Option<&Path> {
    match ty {
        Type::Path(ty) if ty.qself.is_none() => Some(&ty.path),
        Type::Group(group) => type_path(&group.elem),
        Type::Paren(paren) => type_path(&paren.elem),
        _ => None,
    }
}
