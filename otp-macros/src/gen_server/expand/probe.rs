//! Aliases of `Result` and `ReplyTo`, which a macro cannot see through: the compiler can.

use proc_macro2::TokenStream;
use quote::quote;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{GenericArgument, Lifetime, Type};

use crate::gen_server::model::{Message, Server, type_path};
use crate::names;
use crate::place;
use crate::symbol::Kind;

/// One constant assertion for each type that may be such an alias; mostly none.
pub(crate) fn aliases(server: &Server<'_>) -> TokenStream {
    server
        .messages
        .iter()
        .filter(|message| message.handler.kind == Kind::Call)
        .map(|call| alias(server, call))
        .collect()
}

fn alias(server: &Server<'_>, call: &Message<'_>) -> TokenStream {
    let handler = &call.handler;
    match &handler.output {
        Some(output) if !output.is_result && may_be_alias(server, output.written) => probe(
            server,
            call,
            output.written,
            &quote!(NotAResult),
            &quote!(IS_RESULT),
            "this names a `Result` by another name; write `Result<…, …>`",
        ),
        None if handler.reply_to().is_none() => handler
            .data()
            .filter(|param| may_be_alias(server, param.written))
            .map(|param| {
                let message = "this names a `ReplyTo` by another name; write `ReplyTo<…>`";
                probe(
                    server,
                    call,
                    param.written,
                    &quote!(NotAReplyTo),
                    &quote!(IS_REPLY_TO),
                    message,
                )
            })
            .collect(),
        _ => TokenStream::new(),
    }
}

/// `const _: () = { use NotAResult as _; assert!(!Probe::<Answer>::IS_RESULT, "…") };`
fn probe(
    server: &Server<'_>,
    call: &Message<'_>,
    ty: &Type,
    otherwise: &TokenStream,
    question: &TokenStream,
    message: &str,
) -> TokenStream {
    let rt = &server.runtime;
    let (server_cfgs, cfgs) = (server.cfgs(), call.handler.cfgs());
    let assertion = place::at(
        ty.span(),
        quote!(#rt::core::assert!(!#rt::Probe::<#ty>::#question, #message);),
    );
    quote! {
        #(#server_cfgs)*
        #(#cfgs)*
        #[allow(deprecated)]
        const _: () = {
            #[allow(unused_imports)]
            use #rt::#otherwise as _;
            #assertion
        };
    }
}

/// A path of the user's, without anything that only the impl knows.
fn may_be_alias(server: &Server<'_>, ty: &Type) -> bool {
    let Some(path) = type_path(ty) else {
        return false;
    };
    let Some(last) = path.segments.last() else {
        return false;
    };
    let params = server
        .generics()
        .params
        .iter()
        .filter_map(|param| match param {
            syn::GenericParam::Type(param) => Some(&param.ident),
            syn::GenericParam::Const(param) => Some(&param.ident),
            syn::GenericParam::Lifetime(_) => None,
        });
    let tokens = || quote!(#ty);
    !KNOWN.iter().any(|known| last.ident == known)
        && !names::mentions(tokens(), &syn::Ident::new("Self", last.ident.span()))
        && !params
            .into_iter()
            .any(|param| names::mentions(tokens(), param))
        && !Incomplete::is(ty)
}

/// Types that are no alias of ours: the constant would be for nothing.
const KNOWN: [&str; 32] = [
    "bool",
    "char",
    "str",
    "u8",
    "u16",
    "u32",
    "u64",
    "u128",
    "usize",
    "i8",
    "i16",
    "i32",
    "i64",
    "i128",
    "isize",
    "f32",
    "f64",
    "String",
    "Option",
    "Vec",
    "Box",
    "Arc",
    "Duration",
    "Instant",
    "PathBuf",
    "HashMap",
    "HashSet",
    "BTreeMap",
    "BTreeSet",
    "VecDeque",
    "Pid",
    "SystemTime",
];

/// Whether a type has what a constant cannot spell: `'_`, `_`.
#[derive(Default)]
struct Incomplete(bool);

impl Incomplete {
    fn is(ty: &Type) -> bool {
        let mut incomplete = Incomplete::default();
        incomplete.visit_type(ty);
        incomplete.0
    }
}

impl<'ast> Visit<'ast> for Incomplete {
    fn visit_lifetime(&mut self, lifetime: &'ast Lifetime) {
        self.0 |= lifetime.ident != "static";
    }

    fn visit_generic_argument(&mut self, argument: &'ast GenericArgument) {
        self.0 |= matches!(argument, GenericArgument::Type(Type::Infer(_)));
        visit::visit_generic_argument(self, argument);
    }
}
