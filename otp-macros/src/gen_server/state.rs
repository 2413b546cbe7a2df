//! The struct (or enum) of a server: parse, check, model in one, for it is small.

use proc_macro2::TokenStream;
use syn::{Attribute, Data, DeriveInput, GenericParam};

use super::ast;
use super::options::Options;
use crate::attr::Settings;
use crate::errors::Errors;
use crate::runtime::Runtime;
use crate::symbol;

/// A server, from its struct.
pub(crate) struct State {
    pub(crate) runtime: Runtime,
    /// The struct's tokens: parsed and written anew, its braces would lie over its fields, and an editor could not tell
    /// them apart.
    pub(crate) written: TokenStream,
    pub(crate) item: DeriveInput,
    pub(crate) options: Options,
}

impl State {
    /// Reads the struct and the attribute's options.
    pub(crate) fn parse(
        arguments: TokenStream,
        written: TokenStream,
        errors: &mut Errors,
    ) -> syn::Result<Self> {
        const KNOWN: [&str; 4] = [
            symbol::RESTART,
            symbol::SHUTDOWN,
            symbol::MAILBOX,
            symbol::CRATE,
        ];
        let settings = Settings::parse(arguments, &KNOWN, errors);
        let path = settings.crate_path(errors);
        Ok(State {
            runtime: Runtime::new(path.as_ref()),
            item: item(&written, errors)?,
            written,
            options: Options::new(&settings, errors),
        })
    }

    pub(crate) fn cfgs(&self) -> impl Iterator<Item = &Attribute> + Clone {
        self.item.attrs.iter().filter(|attr| ast::is_cfg(attr))
    }

    /// What no handle can be made for.
    pub(crate) fn check(&self, errors: &mut Errors) {
        if let Data::Union(union) = &self.item.data {
            errors.push(
                union.union_token,
                "a server is a struct or an enum; write `struct`",
            );
        }
        for param in &self.item.generics.params {
            if let GenericParam::Lifetime(lifetime) = param {
                errors.push(
                    lifetime,
                    "a server owns its state, for it outlives its starter; remove the lifetime",
                );
            }
        }
    }
}

/// The struct; with fields that are being written, and cannot be read, it is told of and has none.
fn item(written: &TokenStream, errors: &mut Errors) -> syn::Result<DeriveInput> {
    syn::parse2(written.clone()).or_else(|error: syn::Error| {
        let without_fields =
            ast::split_braces(written.clone()).and_then(|(header, _)| syn::parse2(header));
        let item = without_fields.map_err(|_| error.clone())?;
        errors.add(error);
        Ok(item)
    })
}
