//! The enum of a machine: its states, with their data.

use proc_macro2::{Ident, TokenStream};
use syn::{Attribute, Data, DeriveInput, Fields};

use crate::attr::Settings;
use crate::errors::Errors;
use crate::gen_server::ast::is_cfg;
use crate::gen_server::options::Options;
use crate::runtime::Runtime;
use crate::symbol;

/// The states of a machine.
pub(super) struct States {
    pub(super) runtime: Runtime,
    /// The attribute's arguments, for the impl.
    pub(super) arguments: TokenStream,
    /// The enum without `#[initial]`.
    pub(super) item: DeriveInput,
    pub(super) states: Vec<State>,
    pub(super) options: Options,
}

/// One state.
pub(super) struct State {
    pub(super) name: Ident,
    pub(super) fields: Fields,
    pub(super) initial: Option<Attribute>,
    pub(super) cfg: Option<Attribute>,
}

impl States {
    pub(super) fn parse(
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
        let settings = Settings::parse(arguments.clone(), &KNOWN, errors);
        let path = settings.crate_path(errors);
        let mut item: DeriveInput = syn::parse2(written)?;
        let mut states = Vec::new();
        if let Data::Enum(data) = &mut item.data {
            for variant in &mut data.variants {
                let is_initial = |attr: &Attribute| attr.path().is_ident("initial");
                let initial = variant.attrs.iter().position(is_initial);
                let initial = initial.map(|place| variant.attrs.remove(place));
                states.push(State {
                    name: variant.ident.clone(),
                    fields: variant.fields.clone(),
                    initial,
                    cfg: variant.attrs.iter().find(|attr| is_cfg(attr)).cloned(),
                });
            }
        }
        Ok(States {
            runtime: Runtime::new(path.as_ref()),
            arguments,
            item,
            states,
            options: Options::new(&settings, errors),
        })
    }

    pub(super) fn cfgs(&self) -> impl Iterator<Item = &Attribute> + Clone {
        self.item.attrs.iter().filter(|attr| is_cfg(attr))
    }

    pub(super) fn initial(&self) -> Option<&State> {
        self.states
            .iter()
            .find(|state| state.initial.is_some())
            .or(self.states.first())
    }

    pub(super) fn names(&self) -> Vec<&Ident> {
        self.states.iter().map(|state| &state.name).collect()
    }

    pub(super) fn find(&self, name: &Ident) -> Option<&State> {
        self.states.iter().find(|state| state.name == *name)
    }
}
