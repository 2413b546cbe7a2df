//! `#[otp_core::application]`: the name of an application, and what it needs.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::parse::{Parse, Parser};
use syn::punctuated::Punctuated;
use syn::{Expr, Generics, Ident, Item, LitInt, LitStr, Token, Type};

use crate::attr::{Setting, Settings};
use crate::duration;
use crate::errors::Errors;
use crate::names::snake_case;
use crate::runtime::Runtime;
use crate::symbol;

/// What the attribute above `item` becomes.
pub(crate) fn expand(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let Some(named) = Named::find(item.clone()) else {
        let error = misplaced(&item).into_compile_error();
        return quote!(#error #item);
    };
    let mut errors = Errors::default();
    if named.is_impl {
        errors.take::<()>(Err(misplaced(&item)));
    }
    let settings = Settings::parse(arguments, &symbol::APPLICATION_OPTIONS, &mut errors);
    let rt = Runtime::new(settings.crate_path(&mut errors).as_ref());
    let resource = Resource::read(&named.ident, &settings, &mut errors);
    let expanded = resource.expand(&named, &rt);
    match errors.finish() {
        Ok(()) => quote!(#item #expanded),
        Err(error) => {
            let error = error.into_compile_error();
            quote!(#error #item #expanded)
        }
    }
}

fn misplaced(item: &TokenStream) -> syn::Error {
    let first = item.clone().into_iter().next();
    let message = "`#[otp_core::application]` belongs above the struct of the application; write `struct Chat;`";
    syn::Error::new_spanned(first, message)
}

/// The type of the application.
struct Named {
    ident: Ident,
    generics: Generics,
    /// Whether the attribute is above its impl, by mistake. All the same it is an application, so that nobody else complains.
    is_impl: bool,
}

impl Named {
    fn find(item: TokenStream) -> Option<Self> {
        let (ident, generics, is_impl) = match syn::parse2(item).ok()? {
            Item::Struct(item) => (item.ident, item.generics, false),
            Item::Enum(item) => (item.ident, item.generics, false),
            Item::Impl(item) => match *item.self_ty {
                Type::Path(ty) => (ty.path.require_ident().ok()?.clone(), item.generics, true),
                _ => return None,
            },
            _ => return None,
        };
        Some(Named {
            ident,
            generics,
            is_impl,
        })
    }
}

/// What the options say.
struct Resource {
    name: LitStr,
    env: Option<LitStr>,
    env_prefix: Option<LitStr>,
    defaults: Option<Expr>,
    applications: Vec<Expr>,
    optional: Vec<Type>,
    included: Vec<Expr>,
    start_phases: Vec<LitStr>,
    /// In milliseconds.
    shutdown_timeout: Option<u64>,
}

impl Resource {
    fn read(ident: &Ident, settings: &Settings, errors: &mut Errors) -> Self {
        let mut text =
            |key, expected| settings.get(key, errors, |setting| setting.read::<LitStr>(expected));
        let name = text(symbol::NAME, NAME);
        let env = text(symbol::ENV, FILE);
        let env_prefix = text(symbol::ENV_PREFIX, PREFIX);
        let from_ident = || LitStr::new(&snake_case(&ident.unraw().to_string()), Span::call_site());
        Resource {
            name: name.unwrap_or_else(from_ident),
            env,
            env_prefix,
            defaults: settings.get(symbol::DEFAULTS, errors, |setting| setting.read(DEFAULTS)),
            applications: list(symbol::APPLICATIONS, settings, errors, VALUES),
            optional: list(symbol::OPTIONAL, settings, errors, TYPES),
            included: list(symbol::INCLUDED, settings, errors, VALUES),
            start_phases: list(symbol::START_PHASES, settings, errors, PHASES),
            shutdown_timeout: settings.get(symbol::SHUTDOWN_TIMEOUT, errors, milliseconds),
        }
    }

    /// `impl ApplicationResource for Chat { const NAME: &'static str = "chat"; fn spec(&self) -> ApplicationSpec { … } }`
    fn expand(&self, named: &Named, rt: &Runtime) -> TokenStream {
        let ident = &named.ident;
        let (parameters, arguments, bounds) = named.generics.split_for_impl();
        let name = &self.name;
        let env = self.env.iter().map(|path| quote!(.env_file(#path)));
        let prefix = self.env_prefix.iter();
        let prefix = prefix.map(|prefix| quote!(.env_prefix(#prefix)));
        let defaults = self.defaults.iter().map(|toml| quote!(.defaults(#toml)));
        let applications = self.applications.iter();
        let applications = applications.map(|value| quote!(.application(#value)));
        let optional = self.optional.iter().map(|ty| quote!(.optional::<#ty>()));
        let included = self.included.iter().map(|value| quote!(.included(#value)));
        let phases = &self.start_phases;
        let phases = (!phases.is_empty()).then(|| quote!(.start_phases(&[#(#phases),*])));
        let timeout = self.shutdown_timeout.iter();
        let timeout = timeout
            .map(|time| quote!(.shutdown_timeout(#rt::core::time::Duration::from_millis(#time))));
        quote! {
            #[automatically_derived]
            impl #parameters #rt::ApplicationResource for #ident #arguments #bounds {
                const NAME: &'static str = #name;

                fn spec(&self) -> #rt::ApplicationSpec {
                    #rt::ApplicationSpec::new()
                        #(#defaults)* #(#env)* #(#prefix)* #(#applications)* #(#optional)* #(#included)* #phases #(#timeout)*
                }
            }
        }
    }
}

const NAME: &str = "a text, such as `\"chat\"`";
const FILE: &str = "the path of a file as a text, such as `\"config/app.toml\"`";
const PREFIX: &str = "a text, such as `\"CHAT\"`";
const DEFAULTS: &str = "TOML as a text, such as `\"port = 4000\"`";
const VALUES: &str = "values of applications, such as `Repo, Cache::default()`";
const TYPES: &str = "types of applications, such as `Metrics`";
const PHASES: &str = "texts, such as `\"connect\", \"listen\"`";
const TIME: &str = "a time, such as `30s` or `500ms`";

fn list<T: Parse + ToTokens>(
    key: &str,
    settings: &Settings,
    errors: &mut Errors,
    expected: &str,
) -> Vec<T> {
    let read = |setting: &Setting| {
        let parser = Punctuated::<T, Token![,]>::parse_terminated;
        let list = parser.parse2(setting.value.clone());
        let list = list.map_err(|_| setting.expected(expected))?;
        Ok(list.into_iter().collect())
    };
    settings.get(key, errors, read).unwrap_or_default()
}

fn milliseconds(setting: &Setting) -> syn::Result<u64> {
    let time: LitInt = setting.read(TIME)?;
    duration::milliseconds(&time).ok_or_else(|| match duration::rewritten(&time) {
        Some(rewritten) => setting.expected(&format!("`{rewritten}`")),
        None => setting.expected(TIME),
    })
}

#[cfg(test)]
mod tests {
    use quote::quote;

    use super::*;

    #[test]
    fn an_application_is_called_after_its_struct() {
        let expanded = expand(
            quote!(env = "app.toml"),
            quote!(
                pub struct UserCache;
            ),
        )
        .to_string();
        assert!(expanded.contains("\"user_cache\""), "{expanded}");
        assert!(expanded.contains(". env_file (\"app.toml\")"), "{expanded}");
    }

    #[test]
    fn all_options_become_methods_of_the_specification() {
        let options = quote!(
            name = "talk",
            env_prefix = "TALK",
            defaults = "a = 1",
            applications(Repo, Cache::default()),
            optional(Metrics),
            included(Admin),
            start_phases("connect", "listen"),
            shutdown_timeout = 30s,
            crate = otp
        );
        let expanded = expand(
            options,
            quote!(
                enum Chat {
                    A,
                }
            ),
        )
        .to_string();
        for part in [
            "\"talk\"",
            ". env_prefix (\"TALK\")",
            ". defaults (\"a = 1\")",
            ". application (Repo) . application (Cache :: default ())",
            ". optional :: < Metrics > ()",
            ". included (Admin)",
            ". start_phases (& [\"connect\" , \"listen\"])",
            "from_millis (30000u64)",
            "impl otp :: __private :: ApplicationResource for Chat",
        ] {
            assert!(expanded.contains(part), "{part} in {expanded}");
        }
    }

    #[test]
    fn an_application_may_have_parameters() {
        let expanded = expand(
            quote!(),
            quote!(
                struct Chat<R: Repo>(R);
            ),
        )
        .to_string();
        let expected =
            "impl < R : Repo > :: otp_core :: __private :: ApplicationResource for Chat < R > {";
        assert!(expanded.contains(expected), "{expanded}");
    }

    #[test]
    fn mistakes_are_told_all_at_once_and_the_item_stays() {
        let options = quote!(evn = "a", shutdown_timeout = 5m, optional(1), name = chat);
        let expanded = expand(
            options,
            quote!(
                struct Chat;
            ),
        )
        .to_string();
        assert_eq!(expanded.matches("compile_error").count(), 4, "{expanded}");
        assert!(expanded.contains("struct Chat ;"), "{expanded}");
        let nothing = expand(
            quote!(),
            quote!(
                fn chat() {}
            ),
        )
        .to_string();
        assert!(nothing.contains("belongs above the struct"), "{nothing}");
    }
}
