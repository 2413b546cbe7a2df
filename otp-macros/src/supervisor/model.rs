//! What a tree is: its names, its flags, and its children with those that each one names. The rules are in `check`.

use proc_macro2::{Ident, Span, TokenStream};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::{Attribute, Path};

use super::ast::{self, Param, Start};
use super::mention;
use super::options::{Flags, Options};
use crate::attr::Setting;
use crate::errors::Errors;
use crate::gen_server::ast::{is_about_the_name, is_cfg};
use crate::names;
use crate::runtime::Runtime;
use crate::symbol::CRATE;

/// A tree.
pub(crate) struct Tree<'a> {
    pub(crate) runtime: Runtime,
    pub(crate) written: &'a ast::Tree,
    pub(crate) names: Names,
    pub(crate) flags: Flags,
    pub(crate) children: Vec<Child<'a>>,
}

/// What is generated under a name.
pub(crate) struct Names {
    /// `CacheTreeRef`
    pub(crate) handle: Ident,
    /// `CacheTreeArguments`
    pub(crate) arguments: Ident,
    /// `CacheTreeStarter`
    pub(crate) starter: Ident,
    /// The function that starts it.
    pub(crate) start: Ident,
    /// The function that makes it.
    pub(crate) make: Ident,
}

/// A child.
pub(crate) struct Child<'a> {
    /// Which one it is, from 0.
    pub(crate) place: usize,
    pub(crate) attrs: &'a [Attribute],
    pub(crate) name: &'a Ident,
    /// None where it could not be read.
    pub(crate) start: Option<&'a Start>,
    /// What is there of it, then.
    pub(crate) unfinished: Option<&'a Path>,
    pub(crate) options: Options<'a>,
    /// What its arguments name of the tree's parameters.
    pub(crate) params: Vec<&'a Param>,
    /// Whom its arguments name of those before it, by their places.
    pub(crate) siblings: Vec<usize>,
}

impl<'a> Tree<'a> {
    pub(crate) fn new(written: &'a ast::Tree, tokens: TokenStream, errors: &mut Errors) -> Self {
        let mut settings = written.settings.iter();
        let path = settings
            .find(|setting| setting.key == CRATE)
            .and_then(|setting| errors.take(crate_path(setting)));
        let name = &written.name;
        let taken = |name: &Ident| names::mentions(tokens.clone(), name);
        let free = |name: &str| names::free(Ident::new(name, Span::call_site()), taken);
        let mut tree = Tree {
            runtime: Runtime::new(path.as_ref()),
            written,
            names: Names {
                handle: names::handle(name),
                arguments: names::arguments(name, taken),
                starter: names::starter(name, taken),
                start: free("start_tree"),
                make: free("make_tree"),
            },
            flags: Flags::new(&written.settings, errors),
            children: Vec::new(),
        };
        for child in written.children.iter().flatten() {
            tree.add(child, errors);
        }
        tree
    }

    fn add(&mut self, child: &'a ast::Child, errors: &mut Errors) {
        let mut added = Child {
            place: self.children.len(),
            attrs: &child.attrs,
            name: &child.name,
            start: child.start.as_ref(),
            unfinished: child.unfinished.as_ref(),
            options: Options::new(&child.options, errors),
            params: Vec::new(),
            siblings: Vec::new(),
        };
        if let Some(tokens) = added.tokens() {
            // A parameter may be called, a handle may not.
            let uses = |param: &&Param| {
                names::mentions(tokens.clone(), &param.name)
                    || mention::uses(tokens.clone(), &param.name)
            };
            added.params = self.written.params.iter().filter(uses).collect();
            let earlier = self.children.iter();
            let used = earlier.filter(|earlier| mention::uses(tokens.clone(), earlier.name));
            added.siblings = used.map(|earlier| earlier.place).collect();
        }
        self.children.push(added);
    }

    /// The tree's `#[cfg]`s, which hold for everything that is generated from it.
    pub(crate) fn cfgs(&self) -> impl Iterator<Item = &'a Attribute> + Clone + use<'a> {
        self.written.attrs.iter().filter(|attr| is_cfg(attr))
    }

    /// A type that there is not: behind a mistake the compiler says nothing about it, and about what touches it.
    pub(crate) fn broken(&self) -> TokenStream {
        self.names.arguments.to_token_stream()
    }

    pub(crate) fn can_shut_down(&self) -> bool {
        Flags::can_shut_down(&self.written.settings)
    }
}

impl<'a> Child<'a> {
    /// Where others may be named: the arguments, the methods behind them, the options.
    pub(crate) fn tokens(&self) -> Option<TokenStream> {
        let start = self.start?;
        let mut tokens = start.arguments.to_token_stream();
        start.methods.to_tokens(&mut tokens);
        for method in &self.options.methods {
            tokens.extend(method.value().cloned());
        }
        Some(tokens)
    }

    pub(crate) fn cfgs(&self) -> impl Iterator<Item = &'a Attribute> + Clone + use<'a> {
        self.attrs.iter().filter(|attr| is_cfg(attr))
    }

    /// Docs and deprecation, for what carries the child's name.
    pub(crate) fn name_attrs(&self) -> impl Iterator<Item = &'a Attribute> + Clone + use<'a> {
        self.attrs.iter().filter(|attr| is_about_the_name(attr))
    }

    pub(crate) fn has_docs(&self) -> bool {
        self.attrs.iter().any(|attr| attr.path().is_ident("doc"))
    }

    /// The name as a text, which is the child's id.
    pub(crate) fn id(&self) -> String {
        self.name.unraw().to_string()
    }
}

fn crate_path(setting: &Setting) -> syn::Result<syn::Path> {
    setting.read("the path of otp-core, such as `crate: ::my_crate::otp_core`")
}
