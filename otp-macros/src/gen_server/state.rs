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
    pub(crate) item: DeriveInput,
    pub(crate) options: Options,
}

impl State {
    /// Reads the struct and the attribute's options.
    pub(crate) fn new(arguments: TokenStream, item: DeriveInput, errors: &mut Errors) -> Self {
        const KNOWN: [&str; 4] = [
            symbol::RESTART,
            symbol::SHUTDOWN,
            symbol::MAILBOX,
            symbol::CRATE,
        ];
        let settings = Settings::parse(arguments, &KNOWN, errors);
        let path = settings.crate_path(errors);
        State {
            runtime: Runtime::new(path.as_ref()),
            item,
            options: Options::new(&settings, errors),
        }
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
